//! Flags as flagd's clients read them: JSON with JsonLogic for targeting.
//!
//! Takes a [`Bundle`] and some of its flags; gives flagd's JSON, or every reason why there can be none.
//!
//! **Invariant:** a client that reads the JSON serves what [`decide`](crate::eval::decide) serves, to every
//! context. What flagd's targeting cannot say is refused; nothing is approximated.
//!
//! Variants and values are the same; of reasons flagd has fewer:
//!
//! | here | in flagd | |
//! |---|---|---|
//! | STATIC | STATIC | |
//! | DEFAULT | DEFAULT | |
//! | TARGETING_MATCH, SPLIT | TARGETING_MATCH | |
//! | DISABLED by a kill or `enabled: false` | STATIC | flagd's own `DISABLED` would leave the value to the application's code |
//! | DISABLED by a prerequisite | TARGETING_MATCH | |
//! | ERROR, a split without a unit | TARGETING_MATCH | |
//!
//! JsonLogic knows two truth values and converts between types as it likes. So of every condition that is asked
//! which holds in a rule, "it is true" is written, and under a `not` "it is false"; both are false of a value
//! that cannot be compared, because each begins with a guard that only values of the declared type pass.
//!
//! What the clients themselves do not read, no export can mend: a context must nest what has a dotted name; the
//! JavaScript client knows no versions of more than 256 characters or with numbers beyond 2^53, and buckets units
//! outside ASCII by themselves; the Python client takes the digits of all scripts for digits of a version.

mod condition;
mod decision;
mod guard;
mod logic;
mod pattern;
mod text;
mod version;

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};

use crate::bundle::{Bundle, Flag, State, Variant};
use crate::flagd::decision::Arms;
use crate::flagd::logic::{depth, number, reach};

/// Something that flagd's targeting cannot say.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refusal {
    /// The key of the flag that is lost by it.
    pub flag: String,
    /// What flagd lacks, and where the flag needs it.
    pub why: String,
}

/// Operators in operators; Python's clients stop at a thousand frames, some for each.
const DEPTH: usize = 128;
/// Operands of `and`, `or` and `if`, one after the other and in each other; JavaScript's client manages about 2,500.
const REACH: usize = 1_000;
/// Tests in one flag, with everything that it refers to.
const TESTS: usize = 5_000;

/// The flags as flagd's clients read them, with what is said of all of them together.
///
/// # Errors
/// All that cannot be carried over, in the order of the flags.
pub fn export(bundle: &Bundle, flags: &[&Flag], metadata: Map<String, Json>) -> Result<Json, Vec<Refusal>> {
    let mut exported = Map::new();
    let mut refusals = Vec::new();
    for flag in flags {
        let mut writer = Writer { bundle, place: String::new(), tests: 0, refused: BTreeSet::new() };
        let written = writer.flag(flag);
        refusals.extend(writer.refused.into_iter().map(|why| Refusal { flag: flag.key.to_string(), why }));
        exported.insert(flag.key.to_string(), written);
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    Ok(json!({ "$schema": "https://flagd.dev/schema/v0/flags.json", "flags": exported, "metadata": metadata }))
}

/// Writes one flag, and notes why it cannot.
struct Writer<'b> {
    bundle: &'b Bundle,
    /// The rule or prerequisite that is being written, for refusals.
    place: String,
    /// Written so far.
    tests: usize,
    refused: BTreeSet<String>,
}

impl<'b> Writer<'b> {
    /// Gives something to go on with, so that all refusals are found at once.
    fn refuse(&mut self, why: impl std::fmt::Display) -> Json {
        self.refused.insert(format!("{}{why}", self.place));
        Json::Bool(false)
    }

    fn flag(&mut self, flag: &'b Flag) -> Json {
        let mut variants: Vec<_> = flag.variants.iter().collect();
        variants.sort_by(|a, b| a.name.cmp(&b.name));
        for variant in &variants {
            if variant.value.is_array() || variant.value.is_null() {
                self.refuse(format_args!("variant `{}` is a list, and flagd has objects only", variant.name));
            }
        }
        let mut written = Map::new();
        let mut metadata = Map::new();
        let (fixed, targeting) = match &flag.state {
            State::Enabled => (flag.default, self.targeting(flag)),
            State::Disabled => {
                metadata.insert("disabled".to_owned(), json!("enabled: false"));
                (flag.off, None)
            }
            State::Killed { reason, by, at } => {
                metadata.insert("disabled".to_owned(), json!(format!("killed: {reason}")));
                metadata.extend(by.as_ref().map(|by| ("killedBy".to_owned(), json!(by))));
                metadata.extend(at.as_ref().map(|at| ("killedAt".to_owned(), json!(at))));
                (flag.off, None)
            }
        };
        written.insert("defaultVariant".to_owned(), json!(flag.variant(fixed).name));
        if !metadata.is_empty() {
            metadata.sort_keys();
            written.insert("metadata".to_owned(), Json::Object(metadata));
        }
        written.insert("state".to_owned(), json!("ENABLED"));
        written.extend(targeting.map(|targeting| ("targeting".to_owned(), targeting)));
        let value = |variant: &&Variant| (variant.name.to_string(), value(&variant.value));
        written.insert("variants".to_owned(), variants.iter().map(value).collect());
        Json::Object(written)
    }

    /// None where flagd's reason shall be STATIC.
    fn targeting(&mut self, flag: &'b Flag) -> Option<Json> {
        if flag.rules.is_empty() && flag.prerequisites.is_empty() {
            return None;
        }
        let arms: Arms = self.arms(flag);
        // Null leaves the flag to its default variant, with the reason that says so.
        let targeting = json!({ "if": arms.otherwise(Json::Null) });
        if self.tests > TESTS {
            self.refuse(format_args!("it has more than {TESTS} tests, with all that it refers to"));
        } else if depth(&targeting) > DEPTH {
            self.refuse(format_args!("its conditions nest deeper than {DEPTH} operators"));
        } else if reach(&targeting) > REACH {
            self.refuse(format_args!("its conditions have more than {REACH} parts side by side"));
        }
        Some(targeting)
    }
}

/// To Python's clients `24.0` is no integer, and `24` is also a float.
fn value(value: &Json) -> Json {
    match value {
        Json::Number(written) => written.as_f64().map_or_else(|| value.clone(), number),
        value => value.clone(),
    }
}
