//! The answers of one flag, with the parts of their JSON that do not depend on a context.

use std::ptr;

use jiff::Timestamp;
use serde_json::{Map, Number, Value as Json, json};

use crate::bundle::{AttributeId, Attributes, Flag, Rule, VariantId};
use crate::eval::{Cause, Decision, ErrorCode, Reason};
use crate::serve::metrics::FlagMetrics;

/// A flag with the parts of its answers. Each part begins with the separator after the part before it.
pub(super) struct PreparedFlag {
    /// `{"key":"new-cart"`
    start: String,
    /// `,"value":true,"variant":"on"` of each variant.
    variants: Vec<String>,
    /// `,"metadata":{"environment":"production"`, without the end of the object.
    metadata: String,
    /// `,"rule":"beta"` of each rule.
    rules: Vec<String>,
    /// `,"unit":"accountId"` of each rule that hashes another attribute than the targeting key, and else nothing.
    units: Vec<String>,
    overridden: Option<VariantId>,
    metrics: FlagMetrics,
}

/// Whether an answer has a value or an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AnswerKind {
    Value,
    Error,
}

impl PreparedFlag {
    /// Prepares the answers of a flag. `common` is the metadata that all flags of the bundle have.
    pub(super) fn new(
        (attributes, flag): (&Attributes, &Flag),
        common: &Map<String, Json>,
        overridden: Option<VariantId>,
        metrics: FlagMetrics,
    ) -> Self {
        let has_floats = flag.variants.iter().any(|variant| variant.value.is_f64());
        let variant = |name: &str, value: &Json| {
            let value = if has_floats { as_float(value) } else { value.clone() };
            format!(r#","value":{value},"variant":{}"#, json!(name))
        };
        let mut metadata = flag.metadata.clone();
        metadata.extend(common.clone());
        // The answer has these names itself.
        for name in ["cause", "overridden", "rule", "unit", "withoutUnit"] {
            metadata.shift_remove(name);
        }
        if overridden.is_some() {
            metadata.insert("overridden".to_owned(), json!(true));
        }
        let metadata = json!(metadata).to_string();
        let unit = |rule: &Rule| {
            let id = flag.unit_of(rule);
            let is_named = rule.depends_on_bucket() && id != AttributeId::TARGETING_KEY;
            let name = attributes.get(id).filter(|_| is_named).map(|attribute| &attribute.name);
            name.map_or_else(String::new, |name| format!(r#","unit":{}"#, json!(name)))
        };
        Self {
            start: format!(r#"{{"key":{}"#, json!(flag.key)),
            variants: flag.variants.iter().map(|each| variant(&each.name, &each.value)).collect(),
            metadata: format!(r#","metadata":{}"#, metadata.trim_end_matches('}')),
            rules: (0..flag.rules.len()).map(|index| format!(r#","rule":{}"#, json!(flag.rule_name(index)))).collect(),
            units: flag.rules.iter().map(unit).collect(),
            overridden,
            metrics,
        }
    }

    /// Returns whether the flag serves one variant to every context, whatever its definition says.
    pub(super) fn is_overridden(&self) -> bool {
        self.overridden.is_some()
    }

    /// Counts a decision.
    pub(super) fn count(&self, flag: &Flag, decision: &Decision<'_>, now: Timestamp) {
        self.metrics.count(self.served(flag, decision), now);
    }

    /// Appends the answer with a decision to `out`.
    pub(super) fn write(&self, flag: &Flag, decision: &Decision<'_>, out: &mut Vec<u8>) -> AnswerKind {
        out.extend_from_slice(self.start.as_bytes());
        let kind = match (decision.reason, self.overridden) {
            (Reason::Error(code), None) => {
                write_error(flag, decision, code, out);
                AnswerKind::Error
            }
            (reason, overridden) => {
                let variant = self.variants.get(self.served(flag, decision)).map_or("", String::as_str);
                // OpenFeature's clients know a fixed set of reasons, and none of them is for an override.
                let reason = if overridden.is_some() { Reason::Static } else { reason };
                out.extend_from_slice(variant.as_bytes());
                out.extend_from_slice(b",\"reason\":\"");
                out.extend_from_slice(reason.name().as_bytes());
                out.push(b'"');
                AnswerKind::Value
            }
        };
        out.extend_from_slice(self.metadata.as_bytes());
        if self.overridden.is_none() {
            self.write_cause(decision, out);
        }
        out.extend_from_slice(b"}}");
        kind
    }

    /// Appends the metadata of a single decision: the rule that decided, the attribute that it hashes, and why the rules did not decide.
    ///
    /// The reason of a kill is not among them, because it is written for the people who operate the flags.
    fn write_cause(&self, decision: &Decision<'_>, out: &mut Vec<u8>) {
        let rule = |index: Option<usize>| index.and_then(|index| self.rules.get(index));
        if let Some(rule) = rule(decision.rule) {
            out.extend_from_slice(rule.as_bytes());
        }
        if let Some(unit) = decision.rule.and_then(|index| self.units.get(index)) {
            out.extend_from_slice(unit.as_bytes());
        }
        let cause: &[u8] = match decision.reason {
            Reason::Disabled(Cause::Kill) => b",\"cause\":\"kill\"",
            Reason::Disabled(Cause::Disabled) => b",\"cause\":\"disabled\"",
            Reason::Disabled(Cause::Prerequisite(_)) => b",\"cause\":\"prerequisite\"",
            Reason::Static | Reason::TargetingMatch | Reason::Split | Reason::Default | Reason::Error(_) => b"",
        };
        out.extend_from_slice(cause);
        if let Some(name) = rule(decision.without_unit).and_then(|rule| rule.strip_prefix(",\"rule\"")) {
            out.extend_from_slice(b",\"withoutUnit\"");
            out.extend_from_slice(name.as_bytes());
        }
    }

    /// Returns the index of the variant that an answer has.
    fn served(&self, flag: &Flag, decision: &Decision<'_>) -> usize {
        let decided = || flag.variants.iter().position(|variant| ptr::eq(variant, decision.variant));
        self.overridden.map(|id| usize::from(id.0)).or_else(decided).unwrap_or_default()
    }
}

/// Appends the members of an error.
fn write_error(flag: &Flag, decision: &Decision<'_>, code: ErrorCode, out: &mut Vec<u8>) {
    let rule = decision.rule.map(|index| flag.rule_name(index)).unwrap_or_default();
    let details = match code {
        ErrorCode::TargetingKeyMissing => format!("rule `{rule}` splits by `targetingKey`, which the context lacks"),
        ErrorCode::InvalidContext => format!("rule `{rule}` splits by an attribute that is missing or not a string"),
    };
    let members = format!(r#","errorCode":"{}","errorDetails":{}"#, code.name(), json!(details));
    out.extend_from_slice(members.as_bytes());
}

/// Returns a number as a float. If one value of a flag has a fraction, the flag is one of floats, and clients for typed
/// languages refuse `1` where they expect a float.
fn as_float(value: &Json) -> Json {
    let float = value.as_number().and_then(Number::as_f64).and_then(Number::from_f64);
    float.map_or_else(|| value.clone(), Json::Number)
}
