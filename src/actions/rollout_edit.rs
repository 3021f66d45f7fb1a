//! The edit of a flag's file that sets the rollout of a rule, in the rule or in entries of its `environments`.

use crate::actions::rule_selector::{RuleLocation, ShareField};
use crate::bundle::Percent;
use crate::edit;
use crate::edit::{Refusal, Scalar, Step};
use crate::yaml::Value;

/// Sets the rollout of a rule in the text of a flag's file, and returns the new text. Everything else in the text stays
/// the same.
pub(super) fn with_rollout(text: &str, location: &RuleLocation, percent: Percent) -> Result<String, Refusal> {
    location.fields.iter().try_fold(text.to_owned(), |text, field| with_field(&text, location, field, percent))
}

fn with_field(text: &str, location: &RuleLocation, field: &ShareField, percent: Percent) -> Result<String, Refusal> {
    let (rule, percent) = (location.yaml_path(), percent.to_string());
    let rollout = Scalar::Text(&percent);
    let below = |path: &[Step<'_>]| -> bool { edit::value_at(text, path).is_some() };
    match field {
        ShareField::Rule => {
            let path = [&rule[..], &[Step::Key("rollout")]].concat();
            if below(&path) {
                return edit::set(text, &path, rollout);
            }
            let has = |key: &'static str| below(&[&rule[..], &[Step::Key(key)]].concat());
            let previous_key = ["if", "name"].into_iter().find(|key| has(key)).unwrap_or("serve");
            edit::insert(text, &rule, previous_key, "rollout", rollout)
        }
        ShareField::Entry(name) => {
            let environments = [&rule[..], &[Step::Key("environments")]].concat();
            let entry = [&environments[..], &[Step::Key(name)]].concat();
            let path = [&entry[..], &[Step::Key("rollout")]].concat();
            let mapping = |key: &str, value: Value| edit::mapping([(key.to_owned(), value)]);
            if below(&path) {
                edit::set(text, &path, rollout)
            } else if below(&entry) {
                edit::append(text, &entry, "rollout", rollout)
            } else if below(&environments) {
                edit::append(text, &environments, name, mapping("rollout", rollout.into()))
            } else {
                let entries = mapping(name, mapping("rollout", rollout.into()));
                edit::append(text, &rule, "environments", entries)
            }
        }
    }
}
