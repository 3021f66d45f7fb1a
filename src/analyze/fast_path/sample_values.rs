//! Sample values for one attribute, from the operands of its tests.
//!
//! The input is the tests of one attribute. The output is values equal to their operands and next to them. The values
//! that most likely satisfy the tests come first.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use semver::Version;

use crate::bundle::{AttributeId, Bundle, Element, Operands, Ordered, Polarity, Predicate, Test, TextOperator, Type};
use crate::eval::{EXACT, FIRST_SECOND, Value};

/// The maximum number of values that the operands of one `in` contribute.
const MAX_OPERANDS: usize = 16;

/// The operands of the tests: complete values, parts of texts, and elements of lists.
#[derive(Default)]
struct TestOperands<'b> {
    values: Vec<Value<'b>>,
    starts: Vec<&'b str>,
    middles: Vec<&'b str>,
    ends: Vec<&'b str>,
    elements: Vec<&'b str>,
    numbers: Vec<f64>,
}

/// Returns values of the attribute that may satisfy the tests. The caller checks whether they do.
pub(crate) fn sample_values<'b>(
    bundle: &'b Bundle,
    id: AttributeId,
    tests: impl Iterator<Item = (&'b Test, bool)>,
) -> Vec<Value<'b>> {
    let mut operands = TestOperands::default();
    let Some(attribute) = bundle.attributes.get(id) else { return Vec::new() };
    for (test, wanted) in tests {
        if wants_absence(test, wanted) {
            operands.values.push(Value::Absent);
        }
        operands.add(&test.predicate);
    }
    let mut values = operands.values;
    match attribute.kind {
        Type::String => match &attribute.allowed {
            Some(allowed) => values.extend(allowed.iter().map(|text| Value::Text(text.as_ref().into()))),
            None => {
                let parts = [operands.starts.as_slice(), &["x"], &operands.middles, &operands.ends];
                values.push(Value::Text(parts.concat().concat().into()));
                values.push(Value::Text("~".into()));
            }
        },
        Type::List(Element::String) => {
            let texts = |all: &[&'b str]| Value::Texts(all.iter().map(|text| (*text).into()).collect());
            values.push(texts(&operands.elements));
            values.extend(operands.elements.iter().map(|text| texts(&[text])));
            values.push(Value::Texts(Vec::new()));
        }
        Type::List(Element::Number) => {
            values.push(Value::Numbers(operands.numbers.clone()));
            values.extend(operands.numbers.iter().map(|number| Value::Numbers(vec![*number])));
            values.push(Value::Numbers(Vec::new()));
        }
        Type::Boolean => values.extend([Value::Boolean(true), Value::Boolean(false)]),
        Type::Number => values.push(Value::Number(0.5)),
        Type::Semver => values.push(Value::Version(Version::new(0, 0, 1))),
        Type::Version => values.extend("0.0.1".parse().ok().map(Value::DottedVersion)),
        Type::Datetime => values.push(Value::Time(Timestamp::UNIX_EPOCH)),
        Type::Ip => values.push(Value::Address(IpAddr::from([192, 0, 2, 77]))),
    }
    let allowed =
        |text: &str| attribute.allowed.as_ref().is_none_or(|all| all.iter().any(|value| value.as_ref() == text));
    let is_exact = |number: &f64| number.abs() <= EXACT;
    values.retain(|value| match value {
        Value::Text(text) => allowed(text),
        Value::Texts(texts) => texts.iter().all(|text| allowed(text)),
        Value::Number(number) => is_exact(number),
        Value::Numbers(numbers) => numbers.iter().all(is_exact),
        // A context reads an IPv4 address in IPv6 notation as an IPv4 address.
        Value::Address(address) => address.to_canonical() == *address,
        Value::Time(time) => time.as_second() >= FIRST_SECOND,
        Value::Absent
        | Value::Null
        | Value::Unusable(_)
        | Value::Boolean(_)
        | Value::Version(_)
        | Value::DottedVersion(_) => true,
    });
    values
}

impl<'b> TestOperands<'b> {
    fn add(&mut self, predicate: &'b Predicate) {
        match predicate {
            Predicate::OneOf(operands) => self.one_of(operands),
            Predicate::Compare(_, Ordered::Number(number)) => {
                self.values.extend([*number, number + 1.0, number - 1.0, number + 0.25].map(Value::Number));
            }
            Predicate::Compare(_, Ordered::Version(version)) => {
                let (major, minor, patch) = (version.major, version.minor, version.patch);
                self.values.push(Value::Version(version.clone()));
                self.values.push(Value::Version(Version::new(major, minor, patch.saturating_add(1))));
                self.values.push(Value::Version(earlier_release(version)));
            }
            Predicate::Compare(_, Ordered::DottedVersion(version)) => {
                let release = version.release().collect::<Vec<_>>().join(".");
                let beside = [format!("{release}.1"), format!("{release}-0")];
                let beside = beside.iter().filter_map(|text| text.parse().ok());
                self.values.extend(std::iter::once(version.clone()).chain(beside).map(Value::DottedVersion));
            }
            Predicate::Compare(_, Ordered::Time(time)) => {
                let beside = [-1, 1]
                    .into_iter()
                    .filter_map(|side| time.checked_add(SignedDuration::from_secs(side)).ok().map(Value::Time));
                self.values.push(Value::Time(*time));
                self.values.extend(beside);
            }
            Predicate::StartsWith(text) => self.starts.push(text),
            Predicate::EndsWith(text) => self.ends.push(text),
            Predicate::Contains(text) => self.middles.push(text),
            Predicate::Folded(folded) => {
                let Some(first) = folded.operands().first() else { return };
                match folded.operator() {
                    TextOperator::Equals => self.values.push(Value::Text(first.as_ref().into())),
                    TextOperator::StartsWith => self.starts.push(first),
                    TextOperator::EndsWith => self.ends.push(first),
                    TextOperator::Contains => self.middles.push(first),
                    TextOperator::Matches => {}
                }
            }
            Predicate::Has(_, Operands::Texts(texts)) => self.elements.extend(texts.iter()),
            Predicate::Has(_, Operands::Numbers(numbers)) => self.numbers.extend(numbers.iter()),
            Predicate::Has(
                _,
                Operands::Booleans(_)
                | Operands::Versions(_)
                | Operands::DottedVersions(_)
                | Operands::Times(_)
                | Operands::Networks(_),
            )
            | Predicate::Exists
            | Predicate::Matches(_) => {}
        }
    }

    fn one_of(&mut self, operands: &'b Operands) {
        match operands {
            Operands::Booleans(_) => {}
            Operands::Numbers(all) => {
                self.values.extend(all.iter().take(MAX_OPERANDS).map(|number| Value::Number(*number)))
            }
            Operands::Texts(all) => {
                self.values.extend(all.iter().take(MAX_OPERANDS).map(|text| Value::Text(text.into())))
            }
            Operands::Versions(all) => {
                self.values.extend(all.iter().take(MAX_OPERANDS).map(|version| Value::Version(version.clone())));
            }
            Operands::DottedVersions(all) => {
                let versions = all.iter().take(MAX_OPERANDS).cloned();
                self.values.extend(versions.map(Value::DottedVersion));
            }
            Operands::Times(all) => self.values.extend(all.iter().take(MAX_OPERANDS).map(|time| Value::Time(*time))),
            Operands::Networks(all) => {
                self.values.extend(all.iter().take(MAX_OPERANDS).map(|network| Value::Address(network.addr())));
            }
        }
    }
}

/// Returns an earlier release: the previous one in the same minor or major version, or the first release of the
/// previous major version.
fn earlier_release(version: &Version) -> Version {
    let (major, minor, patch) = (version.major, version.minor, version.patch);
    match (minor.checked_sub(1), patch.checked_sub(1)) {
        (_, Some(patch)) => Version::new(major, minor, patch),
        (Some(minor), None) => Version::new(major, minor, 0),
        (None, None) => Version::new(major.saturating_sub(1), 0, 0),
    }
}

/// Returns whether the test is satisfied only if the attribute is absent.
fn wants_absence(test: &Test, wanted: bool) -> bool {
    matches!(test.predicate, Predicate::Exists) && (test.sign == Polarity::Is) != wanted
}
