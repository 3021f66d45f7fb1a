//! Which rule's rollout is meant, where that is written, and for which environments.

use anyhow::{Result, bail};

use crate::bundle::Percent;
use crate::cli::branch_write::ask;
use crate::cli::exit::UsageError;
use crate::diag::did_you_mean;
use crate::edit::Step;
use crate::model::{Flag, Rule};

/// A rule as one place of a flag's file has it.
pub(crate) struct RuleLocation<'f> {
    /// The environment that has rules of its own; none for those that hold wherever there are no others.
    own: Option<&'f str>,
    /// Where the rule holds, in the order of promotion.
    pub(crate) environments: Vec<String>,
    /// The rule's place in the list.
    pub(crate) at: usize,
    pub(crate) rule: &'f Rule,
}

impl<'f> RuleLocation<'f> {
    /// The spot that is meant by environments, and by a rule's name or place such as `#2`.
    ///
    /// # Errors
    /// [`UsageError`] if several could be; an error if there is none.
    pub(crate) fn find(flag: &'f Flag, all: &[String], wanted: &[String], rule: Option<&str>) -> Result<Self> {
        let (own, environments, rules) = place(flag, all, wanted)?;
        let at = match rule {
            Some(name) => named(flag, rules, name)?,
            None => only(flag, rules)?,
        };
        match rules.get(at) {
            Some(rule) => Ok(Self { own, environments, at, rule }),
            None => bail!("`{}` has no rule {}", flag.key, at + 1),
        }
    }

    /// The share that the rule admits.
    pub(crate) fn rollout(&self) -> Percent {
        self.rule.rollout.as_ref().map_or(Percent::ALL, |rollout| rollout.value)
    }

    pub(crate) fn name(&self) -> String {
        self.rule.name_at(self.at)
    }

    /// The way to the rule in the file.
    pub(crate) fn way(&self) -> Vec<Step<'f>> {
        let mut way: Vec<Step<'f>> =
            self.own.map_or(Vec::new(), |name| vec![Step::Key("environments"), Step::Key(name)]);
        way.extend([Step::Key("rules"), Step::Index(self.at)]);
        way
    }
}

/// Rules, and whose they are.
type Place<'f> = (Option<&'f str>, Vec<String>, &'f [Rule]);

fn place<'f>(flag: &'f Flag, all: &[String], wanted: &[String]) -> Result<Place<'f>> {
    let own = |environment: &String| {
        let found = flag.environments.iter().find(|(name, _)| name.value == *environment);
        found.and_then(|(name, serving)| Some((name.value.as_str(), serving.rules.as_deref()?)))
    };
    let mut places: Vec<Place<'f>> = Vec::new();
    for environment in all {
        let (name, rules) = match own(environment) {
            Some((name, rules)) => (Some(name), rules),
            None => (None, flag.base.rules.as_deref().unwrap_or_default()),
        };
        match places.iter_mut().find(|(other, ..)| name.is_none() && other.is_none()) {
            Some((_, environments, _)) => environments.push(environment.clone()),
            None => places.push((name, vec![environment.clone()], rules)),
        }
    }
    places.retain(|(_, environments, rules)| {
        if wanted.is_empty() { !rules.is_empty() } else { environments.iter().any(|name| wanted.contains(name)) }
    });
    let whose = |environments: &[String]| environments.join(", ");
    match places.as_slice() {
        [] => bail!("`{}` has no rules", flag.key),
        [(_, environments, _)] => {
            let others: Vec<_> = environments.iter().filter(|name| !wanted.contains(name)).cloned().collect();
            if wanted.is_empty() || others.is_empty() {
                return Ok(places.swap_remove(0));
            }
            Err(UsageError(format!(
                "{} would change too, as the rules are the same there: add it with `-e`, or give it rules of its own \
                 under `environments`",
                whose(&others)
            ))
            .into())
        }
        several => {
            let listed: Vec<_> = several.iter().map(|(_, environments, _)| whose(environments)).collect();
            let missing = format!("the rules of {} are not the same: name one with `-e`", listed.join(" and of "));
            Err(UsageError(missing).into())
        }
    }
}

fn named(flag: &Flag, rules: &[Rule], wanted: &str) -> Result<usize> {
    let names: Vec<String> = rules.iter().enumerate().map(|(at, rule)| rule.name_at(at)).collect();
    let place = wanted.strip_prefix('#').and_then(|place| place.parse::<usize>().ok()?.checked_sub(1));
    if let Some(at) = names.iter().position(|name| name == wanted).or(place.filter(|at| *at < rules.len())) {
        return Ok(at);
    }
    let help = did_you_mean(wanted, names.iter().map(String::as_str));
    bail!("`{}` has no rule `{wanted}`; {}", flag.key, help.unwrap_or_else(|| format!("it has {}", names.join(", "))))
}

/// The only rule with a rollout, or the one that the person says.
fn only(flag: &Flag, rules: &[Rule]) -> Result<usize> {
    let rolled = |(_, rule): &(usize, &Rule)| rule.rollout.is_some() || !rule.steps.is_empty();
    let candidates: Vec<(usize, &Rule)> = rules.iter().enumerate().filter(rolled).collect();
    let names: Vec<String> = candidates.iter().map(|(at, rule)| rule.name_at(*at)).collect();
    match candidates.as_slice() {
        [(at, _)] => Ok(*at),
        [] if rules.is_empty() => bail!("`{}` has no rules there", flag.key),
        [] => bail!("no rule of `{}` has a `rollout`: name one with `--rule`", flag.key),
        _ if crate::cli::branch_write::can_ask() => {
            named(flag, rules, &ask(&format!("which rule ({})? ", names.join(", ")))?)
        }
        _ => {
            Err(UsageError(format!("several rules have a rollout: name one with `--rule`: {}", names.join(", ")))
                .into())
        }
    }
}
