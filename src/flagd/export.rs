//! Writes flags as flagd's JSON.

use serde_json::{Map, Value as Json, json};

use crate::bundle::{Bundle, Flag, Percent, State, Variant};
use crate::flagd::json_logic::{depth, stack_depth};
use crate::flagd::writer::{Cause, FlagPart, MAX_TESTS, Problem, Writer};

/// The reason why a flag cannot be written for flagd.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refusal {
    /// The key of the flag.
    pub flag: String,
    /// The part of the flag that cannot be written.
    pub part: FlagPart,
    /// The rule or prerequisite, followed by the feature that it needs and that flagd lacks.
    pub why: String,
    /// What to write instead.
    pub help: &'static str,
    /// What flagd lacks.
    pub cause: Cause,
}

/// The maximum nesting depth of operators. The Python client stops at a thousand stack frames, and uses several for
/// each operator.
const MAX_DEPTH: usize = 128;
/// The maximum depth of the expression that the JavaScript client builds from the logic, see [`stack_depth`]. The
/// client supports a depth of about 2,500.
const MAX_STACK_DEPTH: usize = 1_000;

/// The advice for a flag that is too large.
const SMALLER: &str = "let the application compute a part of the condition, and send the result as an attribute";

/// Returns flagd's JSON for these flags. `metadata` is the metadata of the complete set.
///
/// # Errors
/// Returns every reason why a flag cannot be written, in the order of the flags.
pub fn export(bundle: &Bundle, flags: &[&Flag], metadata: Map<String, Json>) -> Result<Json, Vec<Refusal>> {
    let mut exported = Map::new();
    let mut refusals = Vec::new();
    for flag in flags {
        let mut writer = Writer::new(bundle);
        let written = writer.flag(flag);
        let key = || flag.key.to_string();
        let refusal = |Problem { part, why, help, cause }| Refusal { flag: key(), part, why, help, cause };
        refusals.extend(writer.problems.into_iter().map(refusal));
        exported.insert(flag.key.to_string(), written);
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    Ok(json!({ "$schema": "https://flagd.dev/schema/v0/flags.json", "flags": exported, "metadata": metadata }))
}

impl<'b> Writer<'b> {
    fn flag(&mut self, flag: &'b Flag) -> Json {
        for (index, variant) in flag.variants.iter().enumerate() {
            // flagd's clients serve a list as an object, although flagd's schema has only mappings.
            if variant.value.is_null() {
                self.part = FlagPart::Variant(index);
                let why = format_args!("the value of variant `{}` is null, which flagd does not have", variant.name);
                self.refuse(Cause::Other, why, "write another value, such as an empty mapping");
            }
        }
        self.part = FlagPart::Flag;
        let mut variants: Vec<_> = flag.variants.iter().collect();
        variants.sort_by(|a, b| a.name.cmp(&b.name));
        let mut written = Map::new();
        let mut metadata = flag.metadata.clone();
        let (default, targeting) = match &flag.state {
            State::Enabled => (flag.default, self.targeting(flag)),
            State::Disabled => {
                metadata.insert("disabled".to_owned(), json!("enabled: false"));
                (flag.off, None)
            }
            State::Killed { reason, by, at, expires, admit } => {
                let except = match *admit {
                    Percent::ZERO => String::new(),
                    admit => format!(" except {admit}"),
                };
                metadata.insert("disabled".to_owned(), json!(format!("killed{except}: {reason}")));
                metadata.extend(by.as_ref().map(|by| ("killedBy".to_owned(), json!(by))));
                metadata.extend(expires.as_ref().map(|expires| ("killExpires".to_owned(), json!(expires))));
                metadata.extend(at.as_ref().map(|at| ("killedAt".to_owned(), json!(at))));
                if flag.state.is_half_open() { (flag.default, self.targeting(flag)) } else { (flag.off, None) }
            }
        };
        written.insert("defaultVariant".to_owned(), json!(flag.variant(default).name));
        if !metadata.is_empty() {
            metadata.sort_keys();
            written.insert("metadata".to_owned(), Json::Object(metadata));
        }
        written.insert("state".to_owned(), json!("ENABLED"));
        written.extend(targeting.map(|targeting| ("targeting".to_owned(), targeting)));
        let value = |variant: &&Variant| (variant.name.to_string(), variant.value.clone());
        written.insert("variants".to_owned(), variants.iter().map(value).collect());
        Json::Object(written)
    }

    /// Returns the targeting of a flag that is not off, or `None` if it is enabled and has no rules and no prerequisites.
    /// flagd's reason is then STATIC.
    fn targeting(&mut self, flag: &'b Flag) -> Option<Json> {
        if flag.state == State::Enabled && flag.rules.is_empty() && flag.prerequisites.is_empty() {
            return None;
        }
        // For null, flagd serves the default variant with the reason DEFAULT.
        let targeting = json!({ "if": self.arms(flag).into_operands(Json::Null) });
        if self.tests > MAX_TESTS {
            let why = format_args!(
                "it has more than {MAX_TESTS} tests, including those of the flags and segments that it refers to"
            );
            self.refuse(Cause::Other, why, SMALLER);
        } else if depth(&targeting) > MAX_DEPTH {
            let why = format_args!("its conditions nest deeper than {MAX_DEPTH} operators");
            self.refuse(Cause::Other, why, SMALLER);
        } else if stack_depth(&targeting) > MAX_STACK_DEPTH {
            let why = format_args!("its conditions have more than {MAX_STACK_DEPTH} parts side by side");
            self.refuse(Cause::Other, why, SMALLER);
        }
        Some(targeting)
    }
}
