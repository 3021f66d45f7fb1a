//! Which rules and variants no check decided by.

use std::collections::BTreeSet;

use crate::bundle::Bundle;
use crate::model::Project;
use crate::snapshot::Span;
use crate::test::TestResults;

/// What of one flag was exercised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagCoverage {
    /// The flag's key.
    pub flag: String,
    /// Rules that decided, and rules that there are.
    pub rules: (usize, usize),
    /// Variants that were served, and variants that there are.
    pub variants: (usize, usize),
    /// Rules that never decided, by name, with their environments where not all have them.
    pub uncovered_rules: Vec<String>,
    /// Variants that were never served.
    pub uncovered_variants: Vec<String>,
}

/// What the checks exercised of every flag that can be decided in one of the bundles, by key.
///
/// A rule that several environments share counts once, and is covered if it decided in any of them.
pub fn coverage(project: &Project, bundles: &[Bundle], results: &TestResults<'_>) -> Vec<FlagCoverage> {
    let mut hits: BTreeSet<(&str, &str, Option<usize>)> = BTreeSet::new();
    let mut served: BTreeSet<(&str, u16)> = BTreeSet::new();
    for check in &results.checks {
        for hit in &check.hits {
            hits.insert((check.flag, check.environment, hit.rule));
            served.insert((check.flag, hit.variant.0));
        }
    }
    let mut flags: Vec<_> = project.flags.iter().collect();
    flags.sort_by_key(|flag| &flag.key);
    flags.dedup_by_key(|flag| &flag.key);
    let mut coverages = Vec::new();
    for definition in flags {
        let key = definition.key.as_str();
        let here: Vec<&Bundle> = bundles.iter().filter(|bundle| bundle.flag(key).is_some()).collect();
        let Some(flag) = here.first().and_then(|bundle| bundle.flag(key)) else { continue };
        let mut rules: Vec<(Span, String, Vec<&str>, bool)> = Vec::new();
        for bundle in &here {
            let environment: &str = &bundle.environment;
            let Some(flag) = bundle.flag(key) else { continue };
            for (at, rule) in definition.serving(environment).rules.iter().enumerate() {
                let hit = hits.contains(&(key, environment, Some(at)));
                match rules.iter_mut().find(|(span, ..)| *span == rule.span) {
                    Some((_, _, environments, covered)) => {
                        environments.push(environment);
                        *covered |= hit;
                    }
                    None => rules.push((rule.span, flag.rule_name(at), vec![environment], hit)),
                }
            }
        }
        let idle = rules.iter().filter(|(.., covered)| !covered).map(|(_, name, environments, _)| {
            let everywhere = environments.len() == here.len();
            if everywhere { name.clone() } else { format!("{name} ({})", environments.join(", ")) }
        });
        let uncovered_rules: Vec<_> = idle.collect();
        let numbered = (0u16..).zip(&flag.variants);
        let idle = numbered.filter(|(at, _)| !served.contains(&(key, *at))).map(|(_, one)| one.name.to_string());
        let uncovered_variants: Vec<_> = idle.collect();
        coverages.push(FlagCoverage {
            flag: key.to_owned(),
            rules: (rules.len() - uncovered_rules.len(), rules.len()),
            variants: (flag.variants.len() - uncovered_variants.len(), flag.variants.len()),
            uncovered_rules,
            uncovered_variants,
        });
    }
    coverages
}
