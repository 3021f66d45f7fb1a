//! `flagctl eval` commands that repeat a decision.
//!
//! The input is a context as the definitions of one version read it, and the version. The output is one line for a
//! POSIX shell. `-c NAME=VALUE` is used if it can express every value, because it is easier to read. Otherwise the
//! complete context is the JSON of `--context`: `-c` cannot express null and values of a wrong type, and a terminal
//! does not show some characters of a text unchanged.
//!
//! **Invariant:** the command gives the decision for this context, in this version, at this time.
//! **Invariant:** every report displays the context in the command unchanged.

use std::path::Path;

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use crate::bundle::{AttributeId, Attributes};
use crate::diff::Endpoint;
use crate::eval::{Context, Value};
use crate::model::RepositoryKills;
use crate::report::escape;
use crate::report::escape::shell_word;

/// The parts of a `flagctl eval` command.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EvalCommand<'e> {
    /// The folder of `-C`, if the user has given one.
    pub(crate) folder: Option<&'e Path>,
    pub(crate) flags: &'e [&'e str],
    pub(crate) environment: &'e str,
    /// The version of the definitions.
    pub(crate) endpoint: &'e Endpoint,
    /// The attributes that this version declares.
    pub(crate) attributes: &'e Attributes,
    /// The context, as this version reads it.
    pub(crate) context: &'e Context<'e>,
    /// The flags that count as killed.
    pub(crate) kills: EvalKills<'e>,
    /// The time of the decision, if the decision depends on it.
    pub(crate) now: Option<Timestamp>,
}

/// The flags that count as killed for a decision.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EvalKills<'e> {
    /// Whether the kills of the repository count.
    pub(crate) repository: RepositoryKills,
    /// The keys of the flags that count as killed in addition.
    pub(crate) assumed: &'e [&'e str],
}

impl EvalKills<'static> {
    /// The kills of the repository, and no others.
    pub(crate) const REPOSITORY: Self = Self { repository: RepositoryKills::Counted, assumed: &[] };
}

impl EvalCommand<'_> {
    /// Returns the command, quoted for a POSIX shell.
    pub(crate) fn line(&self) -> String {
        let mut words = vec!["flagctl".to_owned()];
        if let Some(folder) = self.folder {
            words.extend(["-C".to_owned(), folder.display().to_string()]);
        }
        words.push("eval".to_owned());
        words.extend(self.flags.iter().map(|flag| (*flag).to_owned()));
        match self.endpoint {
            Endpoint::WorkingTree => words.extend(["-e".to_owned(), self.environment.to_owned()]),
            Endpoint::Revision(name) => {
                words.extend(["-e".to_owned(), self.environment.to_owned(), "--at".to_owned(), name.clone()]);
            }
            Endpoint::Bundle(path) => words.extend(["--bundle".to_owned(), path.clone()]),
        }
        if self.kills.repository == RepositoryKills::LeftOut {
            words.push("--without-kills".to_owned());
        }
        words.extend(self.kills.assumed.iter().flat_map(|key| ["--kill".to_owned(), (*key).to_owned()]));
        words.extend(self.context_words());
        words.extend(self.now.iter().flat_map(|now| ["--now".to_owned(), now.to_string()]));
        words.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" ")
    }

    fn context_words(&self) -> Vec<String> {
        let mut values: Vec<(&str, &Value<'_>)> = self
            .attributes
            .iter()
            .filter(|(id, _)| *id != AttributeId::NOW)
            .map(|(id, attribute)| (attribute.name.as_ref(), self.context.value(id)))
            .filter(|(_, value)| **value != Value::Absent)
            .collect();
        values.sort_by_key(|(name, _)| *name);
        let words: Option<Vec<String>> = values.iter().map(|(name, value)| attribute_word(name, value)).collect();
        match words {
            Some(words) => words.into_iter().flat_map(|word| ["-c".to_owned(), word]).collect(),
            None => {
                let json: Map<String, Json> =
                    values.iter().filter_map(|(name, value)| Some(((*name).to_owned(), json(value)?))).collect();
                vec!["--context".to_owned(), escape::json(&Json::Object(json).to_string()).into_owned()]
            }
        }
    }
}

/// Returns the argument of `-c`, or `None` if `-c` cannot express the value or a terminal would change the text.
fn attribute_word(name: &str, value: &Value<'_>) -> Option<String> {
    let text = match value {
        Value::Absent | Value::Null | Value::Unusable(_) => return None,
        Value::Text(text) => text.clone().into_owned(),
        Value::Version(version) => version.to_string(),
        Value::DottedVersion(version) => version.to_string(),
        Value::Time(time) => time.to_string(),
        Value::Address(address) => address.to_string(),
        Value::Boolean(_) | Value::Number(_) | Value::Texts(_) | Value::Numbers(_) => json(value)?.to_string(),
    };
    let word = format!("{name}={text}");
    let is_displayed = escape::line(&word) == word;
    (is_displayed && !name.contains('=') && !name.starts_with('-')).then_some(word)
}

/// Returns the value as JSON, or `None` if the context does not have the attribute.
pub(crate) fn json(value: &Value<'_>) -> Option<Json> {
    match value {
        Value::Absent => None,
        Value::Null => Some(Json::Null),
        Value::Unusable(json) => Some((**json).clone()),
        Value::Boolean(boolean) => Some(Json::from(*boolean)),
        Value::Number(number) => Some(number_json(*number)),
        Value::Text(text) => Some(Json::from(text.as_ref())),
        Value::Version(version) => Some(Json::from(version.to_string())),
        Value::DottedVersion(version) => Some(Json::from(version.to_string())),
        Value::Time(time) => Some(Json::from(time.to_string())),
        Value::Address(address) => Some(Json::from(address.to_string())),
        Value::Texts(items) => Some(items.iter().map(AsRef::as_ref).collect()),
        Value::Numbers(numbers) => Some(numbers.iter().map(|number| number_json(*number)).collect()),
    }
}

/// Returns the number without a fraction if it is an integer.
#[allow(clippy::cast_possible_truncation, reason = "a number of a context is within ±(2^53 - 1)")]
fn number_json(number: f64) -> Json {
    if number.fract() == 0.0 { Json::from(number as i64) } else { Json::from(number) }
}
