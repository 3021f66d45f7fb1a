//! Asks the analysis whether any context with some attributes gets a variant, and remembers the answers.

use std::collections::BTreeMap;

use crate::analyze::{Budget, Definition, ProofResult, ServedVariant, never};
use crate::bundle::{AttributeId, Bundle, Condition, Flag, Operands, Polarity, Predicate, Quantifier, Test};
use crate::eval::{Context, Value};
use crate::exposures::possibility::Possibility;

/// The maximum number of questions to the analysis. Each takes about a millisecond.
const MAX_QUESTIONS: usize = 20_000;
/// The limits of one question. A question that exceeds them has no answer.
const BUDGET: Budget = Budget {
    conflicts: 3_000,
    description_questions: 0,
    automaton_states: 500_000,
    bucket_cells: 20_000,
    regions: 100,
    units: 100_000,
    units_per_witness: 10_000,
};

/// Whether any context with some attributes gets a variant.
pub(super) struct Question<'q> {
    /// The index of the definition of the flag, which tells apart definitions.
    pub(super) definition: u64,
    pub(super) bundle: &'q Bundle,
    pub(super) flag: &'q Flag,
    pub(super) variant: &'q str,
    pub(super) context: &'q Context<'q>,
    /// The attributes of the context that are known, with the unit.
    pub(super) known: &'q [AttributeId],
    pub(super) unit: AttributeId,
}

/// The answers so far.
#[derive(Default)]
pub(super) struct Questions {
    answers: BTreeMap<String, Possibility>,
}

impl Questions {
    /// Answers a question. Units of one class have one answer.
    pub(super) fn ask(&mut self, question: &Question<'_>, class: Option<&[u16]>) -> Possibility {
        let values = question.known.iter().filter(|id| class.is_none() || **id != question.unit);
        let name = |id: AttributeId| question.bundle.attributes.get(id).map(|attribute| &attribute.name);
        let values: Vec<_> = values.map(|id| (name(*id), question.context.value(*id))).collect();
        let key = format!("{} {:?} {class:?} {values:?}", question.definition, question.variant);
        if let Some(answer) = self.answers.get(&key) {
            return answer.clone();
        }
        if self.answers.len() >= MAX_QUESTIONS {
            return Possibility::Unknown;
        }
        let answer = question.answer();
        self.answers.insert(key, answer.clone());
        answer
    }
}

impl Question<'_> {
    fn answer(&self) -> Possibility {
        let served = Definition::find(self.bundle, &self.flag.key)
            .and_then(|definition| ServedVariant::find(definition, self.variant));
        let Some(served) = served else { return Possibility::Unknown };
        let tests = self.known.iter().filter_map(|id| equals(*id, self.context.value(*id))).map(Condition::Test);
        let when = Condition::All(tests.collect());
        match never(served, Some(&when), &BUDGET) {
            Ok(ProofResult::Proven) => Possibility::Impossible(None),
            Ok(ProofResult::Refuted(_) | ProofResult::Exceeded { .. }) => Possibility::Possible,
            Ok(ProofResult::Undecided(_)) | Err(_) => Possibility::Unknown,
        }
    }
}

/// Returns the test that an attribute has a value, or a weaker one. Weaker tests can only make an impossible variant look
/// possible.
fn equals(attribute: AttributeId, value: &Value<'_>) -> Option<Test> {
    let one_of = |operands| Some(Predicate::OneOf(operands));
    let has_all = |operands| Some(Predicate::Has(Quantifier::All, operands));
    let texts = |texts: Vec<Box<str>>| Operands::Texts(texts.into());
    let predicate = match value {
        Value::Absent | Value::Unusable(_) => None,
        Value::Null => return Some(Test { attribute, sign: Polarity::IsNot, predicate: Predicate::Exists }),
        Value::Boolean(boolean) => one_of(Operands::Booleans([*boolean].into())),
        Value::Number(number) => one_of(Operands::Numbers([*number].into())),
        Value::Text(text) => one_of(texts(vec![text.as_ref().into()])),
        Value::Version(version) => one_of(Operands::Versions([version.clone()].into())),
        Value::DottedVersion(version) => one_of(Operands::DottedVersions([version.clone()].into())),
        Value::Time(time) => one_of(Operands::Times([*time].into())),
        Value::Address(address) => one_of(Operands::Networks([(*address).into()].into())),
        Value::Texts(list) if list.is_empty() => None,
        Value::Texts(list) => has_all(texts(list.iter().map(|text| text.as_ref().into()).collect())),
        Value::Numbers(list) if list.is_empty() => None,
        Value::Numbers(list) => {
            let mut numbers = list.clone();
            numbers.sort_by(f64::total_cmp);
            numbers.dedup();
            has_all(Operands::Numbers(numbers.into()))
        }
    };
    Some(Test { attribute, sign: Polarity::Is, predicate: predicate? })
}
