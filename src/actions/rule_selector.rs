//! Selects the rule of a rollout request, and the environments that share this rule.
//!
//! An environment either has its own list of rules, or uses the flag's list for all environments. An edit of a shared
//! list changes all environments that use it, so the request must include all of them.

use crate::actions::error::{ActionError, Ambiguity};
use crate::bundle::Percent;
use crate::diag::did_you_mean_or_list;
use crate::edit::Step;
use crate::model::{Flag, Rule};

/// A rule in the file of a flag.
#[derive(Debug)]
pub(super) struct RuleLocation {
    /// The environment whose own list has the rule, or `None` for the flag's list.
    own_environment: Option<String>,
    /// The environments that use the list, in the order of promotion.
    pub(super) environments: Vec<String>,
    /// The index of the rule in the list.
    pub(super) rule_index: usize,
    /// The definition of the rule.
    pub(super) rule: Rule,
}

impl RuleLocation {
    /// Selects a rule by its name or by its number, such as `#2`. Without a name or number, selects the only rule with
    /// a rollout.
    ///
    /// `declared` has all environments in the order of promotion. `wanted` has the requested environments, and an empty
    /// `wanted` means all environments that have rules.
    ///
    /// # Errors
    /// Returns [`ActionError::Ambiguous`] if several rules or lists match, and another error if no rule matches.
    pub(super) fn find(
        flag: &Flag,
        declared: &[String],
        wanted: &[String],
        rule: Option<&str>,
    ) -> Result<Self, ActionError> {
        let RuleList { own_environment, environments, rules } = rule_list(flag, declared, wanted)?;
        let (rule_index, rule) = match rule {
            Some(name) => named_rule(flag, rules, name)?,
            None => only_rollout(flag, rules)?,
        };
        let own_environment = own_environment.map(str::to_owned);
        Ok(Self { own_environment, environments, rule_index, rule: rule.clone() })
    }

    /// Returns the share of units that the rule admits.
    pub(super) fn rollout(&self) -> Percent {
        rollout(&self.rule)
    }

    /// Returns the name of the rule, or its number.
    pub(super) fn name(&self) -> String {
        self.rule.name_at(self.rule_index)
    }

    /// Returns the path of the rule in the YAML file.
    pub(super) fn yaml_path(&self) -> Vec<Step<'_>> {
        let own = self.own_environment.iter().flat_map(|name| [Step::Key("environments"), Step::Key(name)]);
        own.chain([Step::Key("rules"), Step::Index(self.rule_index)]).collect()
    }
}

/// Returns the share of units that a rule admits.
pub(super) fn rollout(rule: &Rule) -> Percent {
    rule.rollout.as_ref().map_or(Percent::ALL, |rollout| rollout.value)
}

/// Returns whether a rule has a rollout or steps.
pub(super) fn has_rollout(rule: &Rule) -> bool {
    rule.rollout.is_some() || !rule.steps.is_empty()
}

/// A list of rules, and the environments that use it.
struct RuleList<'f> {
    own_environment: Option<&'f str>,
    environments: Vec<String>,
    rules: &'f [Rule],
}

/// Returns the list that all wanted environments use and that no other environment uses.
fn rule_list<'f>(flag: &'f Flag, declared: &[String], wanted: &[String]) -> Result<RuleList<'f>, ActionError> {
    let mut lists = rule_lists(flag, declared);
    lists.retain(|list| {
        if wanted.is_empty() {
            !list.rules.is_empty()
        } else {
            list.environments.iter().any(|name| wanted.contains(name))
        }
    });
    if lists.len() > 1 {
        let environments = lists.into_iter().map(|list| list.environments).collect();
        return Err(Ambiguity::DifferentRules(environments).into());
    }
    let list = lists.pop().ok_or_else(|| ActionError::NoRules(flag.key.clone()))?;
    let unwanted: Vec<String> = list.environments.iter().filter(|name| !wanted.contains(name)).cloned().collect();
    if !wanted.is_empty() && !unwanted.is_empty() {
        return Err(Ambiguity::SharedRules(unwanted).into());
    }
    Ok(list)
}

/// Returns every list of rules, in the order of the first environment that uses each list.
fn rule_lists<'f>(flag: &'f Flag, declared: &[String]) -> Vec<RuleList<'f>> {
    let mut lists: Vec<RuleList<'f>> = Vec::new();
    for environment in declared {
        let own = flag.environments.iter().find(|(name, _)| name.value == *environment);
        let own = own.and_then(|(name, serving)| Some((name.value.as_str(), serving.rules.as_deref()?)));
        let (own_environment, rules) = match own {
            Some((name, rules)) => (Some(name), rules),
            None => (None, flag.base.rules.as_deref().unwrap_or_default()),
        };
        match lists.iter_mut().find(|list| own_environment.is_none() && list.own_environment.is_none()) {
            Some(shared) => shared.environments.push(environment.clone()),
            None => lists.push(RuleList { own_environment, environments: vec![environment.clone()], rules }),
        }
    }
    lists
}

/// Returns the rule with a name, or with a number such as `#2`, and its index.
fn named_rule<'f>(flag: &Flag, rules: &'f [Rule], wanted: &str) -> Result<(usize, &'f Rule), ActionError> {
    if let Some(found) = rules.iter().enumerate().find(|(rule_index, rule)| rule.name_at(*rule_index) == wanted) {
        return Ok(found);
    }
    let number = wanted.strip_prefix('#').and_then(|number| number.parse::<usize>().ok());
    let rule_index = number.and_then(|number| number.checked_sub(1));
    if let Some(found) = rule_index.and_then(|rule_index| Some((rule_index, rules.get(rule_index)?))) {
        return Ok(found);
    }
    let names: Vec<String> = rules.iter().enumerate().map(|(rule_index, rule)| rule.name_at(rule_index)).collect();
    let help = did_you_mean_or_list(wanted, "its rules are", names.iter().map(String::as_str));
    Err(ActionError::UnknownRule { key: flag.key.clone(), rule: wanted.to_owned(), help })
}

/// Returns the only rule with a rollout, and its index.
fn only_rollout<'f>(flag: &Flag, rules: &'f [Rule]) -> Result<(usize, &'f Rule), ActionError> {
    let candidates: Vec<(usize, &Rule)> = rules.iter().enumerate().filter(|(_, rule)| has_rollout(rule)).collect();
    match candidates.as_slice() {
        [only] => Ok(*only),
        [] if rules.is_empty() => Err(ActionError::NoRules(flag.key.clone())),
        [] => Err(ActionError::NoRollout(flag.key.clone())),
        several => {
            let names = several.iter().map(|(rule_index, rule)| rule.name_at(*rule_index)).collect();
            Err(Ambiguity::Rules(names).into())
        }
    }
}
