//! Lists the rules and variants that no check exercised.

use std::collections::BTreeSet;

use crate::bundle::Bundle;
use crate::model::Project;
use crate::snapshot::Span;
use crate::test::result::TestResults;

/// The rules and variants of one flag that checks exercised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagCoverage {
    /// The flag's key.
    pub flag: String,
    /// The number of rules that decided, and the number of all rules.
    pub rules: (usize, usize),
    /// The number of variants that were served, and the number of all variants.
    pub variants: (usize, usize),
    /// The names of rules that never decided, with their environments if not every environment has the rule.
    pub uncovered_rules: Vec<String>,
    /// The names of variants that were never served.
    pub uncovered_variants: Vec<String>,
}

/// Returns the coverage of every flag that one of the bundles contains, sorted by key.
///
/// A rule that several environments share is counted once. It is covered if it decided in at least one of them.
pub fn coverage(project: &Project, bundles: &[Bundle], results: &TestResults<'_>) -> Vec<FlagCoverage> {
    let mut hits: BTreeSet<(&str, &str, Option<usize>)> = BTreeSet::new();
    let mut served: BTreeSet<(&str, u16)> = BTreeSet::new();
    for check in &results.checks {
        for hit in &check.hits {
            hits.insert((check.flag, check.environment, hit.rule));
            served.insert((check.flag, hit.variant.0));
        }
    }
    let mut flags: Vec<_> = project.written_flags().collect();
    flags.sort_by_key(|flag| &flag.key);
    flags.dedup_by_key(|flag| &flag.key);
    let mut coverages = Vec::new();
    for definition in flags {
        let key = definition.key.as_str();
        let with_flag: Vec<&Bundle> = bundles.iter().filter(|bundle| bundle.flag(key).is_some()).collect();
        let Some(flag) = with_flag.first().and_then(|bundle| bundle.flag(key)) else { continue };
        let mut rules: Vec<(Span, String, Vec<&str>, bool)> = Vec::new();
        for bundle in &with_flag {
            let environment: &str = &bundle.environment;
            let Some(flag) = bundle.flag(key) else { continue };
            let names = project.settings.names_of(environment);
            for (index, rule) in definition.serving(&names).rules.iter().enumerate() {
                let hit = hits.contains(&(key, environment, Some(index)));
                match rules.iter_mut().find(|(span, ..)| *span == rule.written.span) {
                    Some((_, _, environments, covered)) => {
                        environments.push(environment);
                        *covered |= hit;
                    }
                    None => rules.push((rule.written.span, flag.rule_name(index), vec![environment], hit)),
                }
            }
        }
        let uncovered = rules.iter().filter(|(.., covered)| !covered).map(|(_, name, environments, _)| {
            let everywhere = environments.len() == with_flag.len();
            if everywhere { name.clone() } else { format!("{name} ({})", environments.join(", ")) }
        });
        let uncovered_rules: Vec<_> = uncovered.collect();
        let numbered = (0u16..).zip(&flag.variants);
        let uncovered =
            numbered.filter(|(index, _)| !served.contains(&(key, *index))).map(|(_, variant)| variant.name.to_string());
        let uncovered_variants: Vec<_> = uncovered.collect();
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
