//! Selects the rule of a rollout request, and the fields in the file that have to change.
//!
//! The share of a rule in an environment is in one of three fields: in the entry of the environment under the rule's
//! `environments`, in the entry of a group that contains the environment, or in the rule itself. A field is changed only
//! if all environments that use it are requested. For any other request, each environment gets an entry of its own, so a
//! rollout never changes another environment.

use std::collections::BTreeSet;

use crate::actions::error::{ActionError, Ambiguity};
use crate::bundle::Percent;
use crate::diag::{did_you_mean_or_list, quoted_list};
use crate::edit::Step;
use crate::model::{EffectiveRule, EnvironmentGroup, Flag, Rule, Settings};

/// A field of a rule that has the share of one or more environments.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ShareField {
    /// `rollout` of the rule itself.
    Rule,
    /// `rollout` in the entry of this environment or group.
    Entry(String),
}

/// A rule in the file of a flag, and its fields that have to change.
#[derive(Debug)]
pub(super) struct RuleLocation {
    /// The environment or group whose own list has the rule, or `None` for the flag's list.
    list_owner: Option<String>,
    /// The requested environments, in the order of promotion.
    pub(super) environments: Vec<String>,
    /// The index of the rule in the written list.
    rule_index: usize,
    /// The definition of the rule.
    pub(super) rule: Rule,
    /// The present share in the requested environments.
    pub(super) rollout: Percent,
    /// The planned shares of the rollout.
    pub(super) steps: Vec<Percent>,
    /// The fields to change.
    pub(super) fields: BTreeSet<ShareField>,
}

impl RuleLocation {
    /// Selects a rule by its name or by its number, such as `#2`. Without a name or number, selects the only rule with
    /// a rollout. `wanted` has the names of environments or groups.
    ///
    /// # Errors
    /// Returns [`ActionError::Ambiguous`] if several rules or lists match, and another error if no rule matches.
    pub(super) fn find(
        flag: &Flag,
        settings: &Settings,
        wanted: &[String],
        rule: Option<&str>,
    ) -> Result<Self, ActionError> {
        let requested: Vec<&str> = requested_environments(settings, wanted);
        let list = RuleList::find(flag, settings, &requested)?;
        let rule_index = match rule {
            Some(name) => list.named_rule(name)?,
            None => list.only_rollout()?,
        };
        let written = list.rules.get(rule_index).ok_or_else(|| ActionError::NoRules(flag.key.clone()))?;
        let mut fields = BTreeSet::new();
        let mut environments = BTreeSet::new();
        let share_field = |environment: &str| share_field(settings, written, environment);
        for name in wanted {
            let group = settings.group(name).filter(|_| list.owner != Some(name));
            let Some(group) = group else {
                environments.extend(settings.members(name));
                continue;
            };
            if !written.environments.iter().any(|(entry, _)| entry.value == *name) {
                return Err(missing_entry(group, written, rule_index));
            }
            // An environment with a share of its own is not affected by the share of the group.
            let members = settings.members(name).into_iter();
            let members = members.filter(|member| share_field(member) != ShareField::Entry((*member).to_owned()));
            environments.extend(members);
            fields.insert(ShareField::Entry(name.clone()));
        }
        for environment in environments.iter().copied() {
            let field = share_field(environment);
            let is_group_requested = fields.iter().any(|field| {
                matches!(field, ShareField::Entry(name) if settings.group(name).is_some_and(|group| group.contains(environment)))
            });
            let is_shared = list.users.iter().any(|user| !environments.contains(user) && share_field(user) == field);
            if !is_group_requested {
                fields.insert(if is_shared { ShareField::Entry(environment.to_owned()) } else { field });
            }
        }
        let environments: Vec<&str> = settings.environment_names().filter(|name| environments.contains(name)).collect();
        let effective = |name: &&str| written.effective(rule_index, &settings.names_of(name));
        let rules: Vec<(&str, EffectiveRule<'_>)> = environments.iter().map(|name| (*name, effective(name))).collect();
        if let Some((name, _)) = rules.iter().find(|(_, rule)| !rule.is_enabled()) {
            return Err(ActionError::DisabledRule {
                rule: written.name_at(rule_index),
                environment: (*name).to_owned(),
            });
        }
        let Some((_, first)) = rules.first() else {
            return Err(ActionError::NoRules(flag.key.clone()));
        };
        if rules.iter().any(|(_, rule)| rule.share() != first.share()) {
            let shares = rules.iter().map(|(name, rule)| ((*name).to_owned(), rule.share().to_string())).collect();
            return Err(Ambiguity::DifferentShares { rule: first.name(), shares }.into());
        }
        Ok(Self {
            list_owner: list.owner.map(str::to_owned),
            rule_index,
            rollout: first.share(),
            steps: first.steps.iter().map(|step| step.value).collect(),
            rule: written.clone(),
            environments: environments.into_iter().map(str::to_owned).collect(),
            fields,
        })
    }

    /// Returns the name of the rule, or its number.
    pub(super) fn name(&self) -> String {
        self.rule.name_at(self.rule_index)
    }

    /// Returns the path of the rule in the YAML file.
    pub(super) fn yaml_path(&self) -> Vec<Step<'_>> {
        let own = self.list_owner.iter().flat_map(|name| [Step::Key("environments"), Step::Key(name)]);
        own.chain([Step::Key("rules"), Step::Index(self.rule_index)]).collect()
    }
}

/// Returns the environments for which the names stand, without repetitions.
pub(super) fn requested_environments<'s>(settings: &'s Settings, wanted: &[String]) -> Vec<&'s str> {
    let is_wanted = |environment: &&str| {
        wanted.iter().any(|name| match settings.group(name) {
            Some(group) => group.contains(environment),
            None => name == environment,
        })
    };
    settings.environment_names().filter(is_wanted).collect()
}

/// Returns whether a rule has a rollout or steps in an environment.
pub(super) fn has_rollout(rule: &EffectiveRule<'_>) -> bool {
    rule.rollout.is_some() || !rule.steps.is_empty()
}

/// Returns the field that has the share of a rule in an environment, or to which a share would be added.
fn share_field(settings: &Settings, rule: &Rule, environment: &str) -> ShareField {
    let names = settings.names_of(environment);
    let own = names.entries(&rule.environments).find(|(_, fields)| fields.rollout.is_some());
    own.map_or(ShareField::Rule, |(name, _)| ShareField::Entry(name.value.clone()))
}

fn missing_entry(group: &EnvironmentGroup, rule: &Rule, rule_index: usize) -> ActionError {
    ActionError::MissingGroupEntry {
        group: group.name.value.clone(),
        members: quoted_list(group.names()),
        rule: rule.name_at(rule_index),
    }
}

/// A list of rules, and the environments that use it.
struct RuleList<'f> {
    flag: &'f Flag,
    owner: Option<&'f str>,
    users: Vec<&'f str>,
    rules: &'f [Rule],
    /// The rules that are enabled in a requested environment, with their fields there.
    effective: Vec<EffectiveRule<'f>>,
}

impl<'f> RuleList<'f> {
    /// Returns the list that all requested environments use.
    fn find(flag: &'f Flag, settings: &'f Settings, requested: &[&'f str]) -> Result<Self, ActionError> {
        let owner =
            |environment: &str| flag.rule_list(&settings.names_of(environment)).0.map(|name| name.value.as_str());
        let mut owners: Vec<(Option<&str>, Vec<String>)> = Vec::new();
        for environment in requested {
            let own = owner(environment);
            match owners.iter_mut().find(|(owner, _)| *owner == own) {
                Some((_, environments)) => environments.push((*environment).to_owned()),
                None => owners.push((own, vec![(*environment).to_owned()])),
            }
        }
        if owners.len() > 1 {
            let environments = owners.into_iter().map(|(_, environments)| environments).collect();
            return Err(Ambiguity::DifferentRules(environments).into());
        }
        let (Some((owner_name, _)), Some(first)) = (owners.pop(), requested.first()) else {
            return Err(ActionError::NoRules(flag.key.clone()));
        };
        let rules = flag.rule_list(&settings.names_of(first)).1;
        let effective = requested.iter().flat_map(|name| {
            let names = settings.names_of(name);
            let rules = rules.iter().enumerate().map(|(index, rule)| rule.effective(index, &names));
            rules.filter(EffectiveRule::is_enabled).collect::<Vec<_>>()
        });
        let effective = effective.collect();
        let users = settings.environment_names().filter(|name| owner(name) == owner_name).collect();
        Ok(Self { flag, owner: owner_name, users, rules, effective })
    }

    /// Returns the index of the rule with a name, or with a number such as `#2`.
    fn named_rule(&self, wanted: &str) -> Result<usize, ActionError> {
        let mut rules = self.rules.iter().enumerate();
        if let Some((index, _)) = rules.find(|(index, rule)| rule.name_at(*index) == wanted) {
            return Ok(index);
        }
        let number = wanted.strip_prefix('#').and_then(|number| number.parse::<usize>().ok());
        let index = number.and_then(|number| number.checked_sub(1));
        if let Some(index) = index.filter(|index| *index < self.rules.len()) {
            return Ok(index);
        }
        let names: Vec<String> = self.rules.iter().enumerate().map(|(index, rule)| rule.name_at(index)).collect();
        let key = self.flag.key.clone();
        if names.is_empty() {
            return Err(ActionError::NoRules(key));
        }
        let help = did_you_mean_or_list(wanted, "its rules are", names.iter().map(String::as_str));
        Err(ActionError::UnknownRule { key, rule: wanted.to_owned(), help })
    }

    /// Returns the index of the only rule with a rollout.
    fn only_rollout(&self) -> Result<usize, ActionError> {
        let candidates = self.effective.iter().filter(|rule| has_rollout(rule));
        let candidates: BTreeSet<usize> = candidates.map(|rule| rule.written_index).collect();
        match candidates.iter().copied().collect::<Vec<_>>().as_slice() {
            [only] => Ok(*only),
            [] if self.effective.is_empty() => Err(ActionError::NoRules(self.flag.key.clone())),
            [] => Err(ActionError::NoRollout(self.flag.key.clone())),
            several => {
                let name = |index: &usize| self.rules.get(*index).map(|rule| rule.name_at(*index));
                Err(Ambiguity::Rules(several.iter().filter_map(name).collect()).into())
            }
        }
    }
}
