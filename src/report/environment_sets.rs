//! Names for sets of environments, so that text about a project with sixty environments stays readable.
//!
//! The input is the environments and the groups of a project, and some environments. The output is a short text: the names
//! of groups whose environments are all in the set, and then the other names. A project with few environments always gets
//! all names, because they are short enough and easier to search for.

use crate::model::Settings;

/// The maximum number of environments of a project whose names are always written.
const FEW: usize = 6;
/// The maximum number of names in a text. The text contains only the number of the others.
const NAMES: usize = 4;

/// The environments and groups of a project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EnvironmentSets {
    environments: Vec<String>,
    groups: Vec<(String, Vec<String>)>,
}

impl EnvironmentSets {
    /// Returns the environments and groups that settings declare.
    pub fn new(settings: &Settings) -> Self {
        let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect::<Vec<_>>();
        let mut groups: Vec<(String, Vec<String>)> =
            settings.groups.iter().map(|group| (group.name.value.clone(), owned(group.names()))).collect();
        // A larger group says more with one name.
        groups.sort_by_key(|(_, members)| std::cmp::Reverse(members.len()));
        Self { environments: owned(settings.environment_names().collect()), groups }
    }

    /// Returns whether the project has so many environments that those with one state are written together.
    pub fn is_large(&self) -> bool {
        self.environments.len() > FEW
    }

    /// Returns a short text for some environments.
    pub fn shown(&self, names: &[&str]) -> String {
        if !self.is_large() || names.len() == 1 {
            return names.join(", ");
        }
        if self.environments.iter().all(|name| names.contains(&name.as_str())) {
            return format!("all {} environments", self.environments.len());
        }
        let missing: Vec<&str> =
            self.environments.iter().map(String::as_str).filter(|name| !names.contains(name)).collect();
        if missing.len() <= NAMES && missing.len() < names.len() {
            return format!("all but {}", missing.join(", "));
        }
        let mut rest = names.to_vec();
        let mut shown: Vec<&str> = Vec::new();
        for (group, members) in self.groups.iter().filter(|(_, members)| members.len() > 1) {
            if members.iter().all(|member| rest.contains(&member.as_str())) {
                rest.retain(|name| !members.iter().any(|member| member == name));
                shown.push(group);
            }
        }
        shown.extend(&rest);
        match shown.len() {
            ..=NAMES => shown.join(", "),
            length => format!("{} and {} more", shown.get(..NAMES).unwrap_or_default().join(", "), length - NAMES),
        }
    }

    /// Combines the environments with an equal value, in the order of their first environment.
    pub fn merged<'n, T: PartialEq>(&self, values: impl Iterator<Item = (&'n str, T)>) -> Vec<(String, T)> {
        let mut merged: Vec<(Vec<&str>, T)> = Vec::new();
        for (name, value) in values {
            match merged.iter_mut().find(|(_, known)| self.is_large() && *known == value) {
                Some((names, _)) => names.push(name),
                None => merged.push((vec![name], value)),
            }
        }
        merged.into_iter().map(|(names, value)| (self.shown(&names), value)).collect()
    }
}
