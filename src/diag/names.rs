//! Diagnostics and text about names: unknown names, suggestions and lists of names.

use std::cmp::Ordering;

use crate::codes::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::diag::fix::{Advice, Fix};
use crate::snapshot::Span;

/// Creates the diagnostic for a name that does not exist: "`x` is not a flag". `kind` has an article, and `known` has
/// the names of this kind. The advice suggests a similar known name, and the fix writes it in place of the scalar at the
/// position, which is the name and nothing else.
pub fn unknown_name<'n>(
    code: Code,
    span: Span,
    name: &str,
    kind: &str,
    known: impl IntoIterator<Item = &'n str>,
) -> Diagnostic {
    Diagnostic::new(code, span, format!("`{name}` is not {kind}")).advice(suggestion(span, name, known))
}

/// Creates the diagnostic for the key of a flag that does not exist. The advice is that of [`flag_help`].
pub fn unknown_flag<'n>(span: Span, key: &str, known: impl IntoIterator<Item = &'n str>) -> Diagnostic {
    let known: Vec<&str> = known.into_iter().collect();
    let diagnostic = unknown_name(Code::UnknownFlag, span, key, "a flag", []);
    match key.rsplit_once('/').filter(|(_, name)| known.contains(name)) {
        Some((_, name)) => diagnostic.maybe_help(flag_help(key, known)).fix(Fix::text(span, name)),
        None => diagnostic.advice(suggestion(span, key, known)),
    }
}

/// Suggests the most similar known key of a flag, as advice. A key that is the path of a flag's file gets the advice that
/// folders are not part of a key. Returns `None` if no key is similar.
pub fn flag_help<'n>(key: &str, known: impl IntoIterator<Item = &'n str>) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    match key.rsplit_once('/') {
        Some((_, name)) if known.contains(&name) => Some(format!(
            "did you mean `{name}`? folders are not part of a key; the name of a file has `%2F` where the key has `/`"
        )),
        _ => did_you_mean(key, known),
    }
}

/// Suggests the most similar known name in place of the scalar at a position. The advice has a fix unless a second name is
/// equally similar.
pub fn suggestion<'n>(span: Span, name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<Advice> {
    let (close, rival) = ranked(name, known)?;
    let help = format!("did you mean `{close}`?");
    let fix = matches!(rival, Rival::None).then(|| Fix::text(span, close));
    Some(Advice { help, fix })
}

/// Suggests the most similar known name, as advice. Returns `None` if no name is similar.
pub fn did_you_mean<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<String> {
    closest(name, known).map(|close| format!("did you mean `{close}`?"))
}

/// Suggests the most similar known name, or lists all known names after `introduction`, as advice.
pub fn did_you_mean_or_list<'n>(
    name: &str,
    introduction: &str,
    known: impl IntoIterator<Item = &'n str> + Clone,
) -> String {
    did_you_mean(name, known.clone()).unwrap_or_else(|| format!("{introduction} {}", quoted_list(known)))
}

impl Diagnostic {
    /// Adds the suggestion of the most similar known name for the scalar at the diagnostic's position or, if no name is
    /// similar, the list of all known names after `introduction`.
    #[must_use]
    pub fn suggest_or_list<'n>(
        self,
        name: &str,
        introduction: &str,
        known: impl IntoIterator<Item = &'n str> + Clone,
    ) -> Self {
        let advice = suggestion(self.span, name, known.clone());
        let advice = advice.unwrap_or_else(|| format!("{introduction} {}", quoted_list(known)).into());
        self.advice(advice)
    }
}

/// Creates the diagnostic for a name that is not an environment. The advice is that of [`environment_help`].
pub fn unknown_environment<'n>(
    span: Span,
    name: &str,
    members: Option<Vec<&'n str>>,
    environments: impl IntoIterator<Item = &'n str> + Clone,
) -> Diagnostic {
    let diagnostic = unknown_name(Code::UnknownEnvironment, span, name, "an environment", []);
    match members {
        Some(_) => diagnostic.help(environment_help(name, members, environments)),
        None => diagnostic.suggest_or_list(name, "the environments are", environments),
    }
}

/// Returns advice for a name that is not an environment. If it is the name of a group, lists the environments `members` of
/// the group. Otherwise suggests a similar environment, or lists all environments.
pub fn environment_help<'n>(
    name: &str,
    members: Option<Vec<&'n str>>,
    environments: impl IntoIterator<Item = &'n str> + Clone,
) -> String {
    match members {
        Some(members) => format!("it is a group: name its environments {}", quoted_list(members)),
        None => did_you_mean_or_list(name, "the environments are", environments),
    }
}

/// Returns the most similar known name by Jaro-Winkler similarity, and among equally similar names the one with the
/// longest common beginning. Returns `None` if no name has a similarity of at least 0.8, or of 0.88 if it begins with
/// another letter. The comparison ignores case.
pub fn closest<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    ranked(name, known).map(|(name, _)| name)
}

/// Whether a second name is as similar as the most similar one.
enum Rival {
    None,
    Some,
}

fn ranked<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<(&'n str, Rival)> {
    let written = name.to_lowercase();
    let scored = known.into_iter().filter_map(|known| {
        let lower = known.to_lowercase();
        let common = written.chars().zip(lower.chars()).take_while(|(a, b)| a == b).count();
        let similarity = strsim::jaro_winkler(&written, &lower);
        let minimum = if common > 0 { 0.8 } else { 0.88 };
        (similarity >= minimum).then_some((similarity, common, known))
    });
    let mut best: Option<(f64, usize, &'n str)> = None;
    let mut rival = Rival::None;
    for (similarity, common, known) in scored {
        let order = best.map_or(Ordering::Greater, |best| similarity.total_cmp(&best.0).then(common.cmp(&best.1)));
        match order {
            Ordering::Less => continue,
            Ordering::Equal if best.is_some_and(|best| best.2 == known) => {}
            Ordering::Equal => rival = Rival::Some,
            Ordering::Greater => rival = Rival::None,
        }
        best = Some((similarity, common, known));
    }
    best.map(|(_, _, known)| (known, rival))
}

/// The maximum number of names in a list. A longer list is not read, and each of many messages can have a list.
const LISTED_NAMES: usize = 30;

/// Returns names as code, separated by commas: "`a`, `b`". A long list ends with the number of the other names.
pub fn quoted_list<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let mut names = names.into_iter();
    let mut listed: Vec<_> = names.by_ref().take(LISTED_NAMES).map(|name| format!("`{name}`")).collect();
    match names.count() {
        0 => {}
        others => listed.push(format!("{others} more")),
    }
    listed.join(", ")
}
