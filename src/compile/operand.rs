//! Operators with operands of their attribute's type.

use std::net::IpAddr;

use ipnet::IpNet;
use jiff::Timestamp;
use semver::Version;

use crate::bundle::{
    Attribute, AttributeId, Comparison, Condition, Element, Folded, Operands, Ordered, Pattern, Polarity, Predicate,
    Quantifier, Test, TextOperator, TextSet, Type,
};
use crate::codes::Code;
use crate::compile::compiler::{Broken, Compiled, Compiler};
use crate::diag::{Diagnostic, did_you_mean};
use crate::eval::parse_datetime;
use crate::model::{Operation, Operator};
use crate::snapshot::Span;
use crate::yaml::{Node, Value};

impl Compiler<'_> {
    pub(super) fn test(
        &mut self,
        attribute: AttributeId,
        operation: &Operation,
        ignore_case: Option<Span>,
    ) -> Compiled<Condition> {
        let declared = self.attributes.get(attribute).cloned().ok_or(Broken)?;
        let (sign, predicate) = self.predicate(&declared, operation, ignore_case)?;
        Ok(Condition::Test(Test { attribute, sign, predicate }))
    }

    fn predicate(
        &mut self,
        attribute: &Attribute,
        operation: &Operation,
        ignore_case: Option<Span>,
    ) -> Compiled<(Polarity, Predicate)> {
        let operator = operation.operator;
        if !fits(operator, attribute.kind) {
            return Err(self.unfit(attribute, operation));
        }
        if let Some(span) = ignore_case
            && attribute.kind != Type::String
        {
            let message = format!("`ignore_case` does not fit `{}`, {}", attribute.name, attribute.kind.described());
            let diagnostic = Diagnostic::new(Code::UnfitOperator, span, message);
            return Err(self.report(diagnostic.help("it is for the comparisons of strings: leave it out")));
        }
        let operands: &[Node] = match &operation.operand.value {
            Value::List(items) => items,
            _ => std::slice::from_ref(&operation.operand),
        };
        let sign = match (operator, &operation.operand.value) {
            (Operator::Ne | Operator::NotIn, _) | (Operator::Exists, Value::Boolean(false)) => Polarity::IsNot,
            _ => Polarity::Is,
        };
        let predicate = match operator {
            Operator::Exists => Predicate::Exists,
            operator if ignore_case.is_some() => {
                let membership = match text_operator(operator) {
                    TextOperator::Equals => Membership::EnumInAnyCase,
                    _ => Membership::Any,
                };
                let texts = self.texts(attribute, operands, membership)?;
                if operator == Operator::Matches {
                    self.pattern(&operation.operand)?;
                }
                let folded = Folded::new(text_operator(operator), texts.into());
                Predicate::Folded(folded.map_err(|error| self.bad_pattern(&operation.operand, &error.to_string()))?)
            }
            Operator::Eq | Operator::Ne | Operator::In | Operator::NotIn => {
                Predicate::OneOf(self.operands(attribute, operands)?)
            }
            Operator::Lt => self.compare(attribute, Comparison::Less, &operation.operand)?,
            Operator::Lte => self.compare(attribute, Comparison::LessOrEqual, &operation.operand)?,
            Operator::Gt => self.compare(attribute, Comparison::Greater, &operation.operand)?,
            Operator::Gte => self.compare(attribute, Comparison::GreaterOrEqual, &operation.operand)?,
            Operator::StartsWith => Predicate::StartsWith(operation.operand.written().into()),
            Operator::EndsWith => Predicate::EndsWith(operation.operand.written().into()),
            Operator::Contains => Predicate::Contains(operation.operand.written().into()),
            Operator::Matches => Predicate::Matches(self.pattern(&operation.operand)?),
            Operator::Has | Operator::HasAny => Predicate::Has(Quantifier::Any, self.operands(attribute, operands)?),
            Operator::HasAll => Predicate::Has(Quantifier::All, self.operands(attribute, operands)?),
        };
        Ok((sign, predicate))
    }

    fn unfit(&mut self, attribute: &Attribute, operation: &Operation) -> Broken {
        let fitting = Operator::ALL.iter().filter(|operator| fits(**operator, attribute.kind));
        let fitting: Vec<_> = fitting.map(|operator| format!("`{}`", operator.name())).collect();
        let (operator, kind) = (operation.operator.name(), attribute.kind.described());
        let message = format!("`{operator}` does not fit `{}`, {kind}", attribute.name);
        // The short form names no operator.
        let short = operation.span == operation.operand.span && matches!(attribute.kind, Type::List(_));
        let help = match &operation.operand.value {
            Value::List(_) if short => "write `{has_any: […]}` or `{has_all: […]}`".to_owned(),
            _ if short => format!("write `{{has: {}}}`", operation.operand.written()),
            _ => format!("{kind} takes {}", fitting.join(", ")),
        };
        self.report(Diagnostic::new(Code::UnfitOperator, operation.span, message).help(help))
    }

    fn operands(&mut self, attribute: &Attribute, nodes: &[Node]) -> Compiled<Operands> {
        Ok(match attribute.kind {
            Type::Boolean => {
                let mut booleans = self.each(nodes, |compiler, node| match node.value {
                    Value::Boolean(boolean) => Ok(boolean),
                    _ => Err(compiler.wrong(attribute, node)),
                })?;
                booleans.sort_unstable();
                booleans.dedup();
                Operands::Booleans(booleans.into())
            }
            Type::Number | Type::List(Element::Number) => {
                let mut numbers = self.each(nodes, |compiler, node| compiler.number(attribute, node))?;
                numbers.sort_by(f64::total_cmp);
                numbers.dedup();
                Operands::Numbers(numbers.into())
            }
            Type::String | Type::List(Element::String) => {
                Operands::Texts(TextSet::from(self.texts(attribute, nodes, Membership::Enum)?))
            }
            Type::Semver => {
                let mut versions = self.each(nodes, Self::version)?;
                versions.sort_by(Version::cmp_precedence);
                versions.dedup_by(|a, b| a.cmp_precedence(b).is_eq());
                Operands::Versions(versions.into())
            }
            Type::Datetime => {
                let mut times = self.each(nodes, Self::time)?;
                times.sort_unstable();
                times.dedup();
                Operands::Times(times.into())
            }
            Type::Ip => {
                let mut networks = self.each(nodes, Self::network)?;
                networks.sort_unstable();
                networks.dedup();
                Operands::Networks(networks.into())
            }
        })
    }

    fn each<T>(&mut self, nodes: &[Node], read: impl Fn(&mut Self, &Node) -> Compiled<T>) -> Compiled<Vec<T>> {
        let read: Vec<_> = nodes.iter().map(|node| read(self, node)).collect();
        read.into_iter().collect()
    }

    fn compare(&mut self, attribute: &Attribute, comparison: Comparison, node: &Node) -> Compiled<Predicate> {
        let operand = match attribute.kind {
            Type::Semver => Ordered::Version(self.version(node)?),
            Type::Datetime => Ordered::Time(self.time(node)?),
            _ => Ordered::Number(self.number(attribute, node)?),
        };
        Ok(Predicate::Compare(comparison, operand))
    }

    fn number(&mut self, attribute: &Attribute, node: &Node) -> Compiled<f64> {
        match &node.value {
            Value::Number(number, _) => number.as_f64().ok_or(Broken),
            _ => Err(self.wrong(attribute, node)),
        }
    }

    fn texts(&mut self, attribute: &Attribute, nodes: &[Node], membership: Membership) -> Compiled<Vec<Box<str>>> {
        self.each(nodes, |compiler, node| {
            let Some(text) = node.as_text() else { return Err(compiler.wrong(attribute, node)) };
            match &attribute.allowed {
                Some(allowed) if !membership.admits(allowed, text) => {
                    let names = || allowed.iter().map(AsRef::as_ref);
                    let message = format!("`{text}` is not a value of `{}`", attribute.name);
                    let help = did_you_mean(text, names())
                        .unwrap_or_else(|| format!("its values are {}", names().collect::<Vec<_>>().join(", ")));
                    Err(compiler.report(Diagnostic::new(Code::OutsideEnum, node.span, message).help(help)))
                }
                _ => Ok(text.into()),
            }
        })
    }

    fn version(&mut self, node: &Node) -> Compiled<Version> {
        let written = node.written();
        written.parse().map_err(|error: semver::Error| {
            let bare = written.trim_start_matches(['v', 'V', '=', '^', '~']);
            let whole = (0..3).map(|missing| format!("{bare}{}", ".0".repeat(missing)));
            let help = whole.into_iter().find(|whole| whole.parse::<Version>().is_ok());
            let help = help.map(|whole| format!("write `{whole}`"));
            let message = format!("`{written}` is not a version: {error}");
            self.report(Diagnostic::new(Code::InvalidSemver, node.span, message).maybe_help(help))
        })
    }

    fn time(&mut self, node: &Node) -> Compiled<Timestamp> {
        let written = node.written();
        parse_datetime(written).ok_or_else(|| {
            let joined = written.replacen(' ', "T", 1);
            let whole = [format!("{joined}Z"), format!("{written}T00:00:00Z"), joined];
            let help = whole.iter().find(|whole| parse_datetime(whole).is_some());
            let help = help.map_or_else(
                || "the form is `2026-11-22T11:02:00+01:00`, and the last moment `9999-12-30T22:00:00Z`".to_owned(),
                |whole| format!("write `{whole}` if that is what is meant, or another offset"),
            );
            let message = format!("`{written}` is not a moment with a date, `T`, a time and an offset");
            self.report(Diagnostic::new(Code::InvalidDatetime, node.span, message).help(help))
        })
    }

    fn network(&mut self, node: &Node) -> Compiled<IpNet> {
        let written = node.written();
        let address = written.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
        let network = address.or_else(|_| written.parse::<IpNet>().map(canonical));
        match network {
            Ok(network) if network == network.trunc() => Ok(network),
            Ok(network) => {
                let message = format!("`{written}` has bits beyond its prefix");
                let help = format!("write `{}` for the network, `{}` for the address", network.trunc(), network.addr());
                Err(self.report(Diagnostic::new(Code::InvalidNetwork, node.span, message).help(help)))
            }
            Err(_) => {
                let message = format!("`{written}` is neither an address nor a network");
                let help = "the forms are `192.0.2.1` and `192.0.2.0/24`, or the same of IPv6";
                Err(self.report(Diagnostic::new(Code::InvalidNetwork, node.span, message).help(help)))
            }
        }
    }

    fn pattern(&mut self, node: &Node) -> Compiled<Pattern> {
        let written = node.written().to_owned();
        if let Err(error) = regex_syntax::parse(&written) {
            let (what, part) = match &error {
                regex_syntax::Error::Parse(error) => (error.kind().to_string(), Some(error.span())),
                regex_syntax::Error::Translate(error) => (error.kind().to_string(), Some(error.span())),
                _ => (error.to_string(), None),
            };
            let part = part.and_then(|span| written.get(span.start.offset..span.end.offset));
            let part = part.filter(|part| !part.is_empty()).map(|part| format!("`{part}`: "));
            return Err(self.bad_pattern(node, &format!("{}{what}", part.unwrap_or_default())));
        }
        Pattern::try_from(written).map_err(|error| self.bad_pattern(node, &error.to_string()))
    }

    fn bad_pattern(&mut self, node: &Node, why: &str) -> Broken {
        let message = format!("this regular expression does not compile: {why}");
        let help = "patterns are those of Rust's `regex`: linear time, so no look-around and no back-references";
        self.report(Diagnostic::new(Code::InvalidRegex, node.span, message).help(help))
    }

    fn wrong(&mut self, attribute: &Attribute, node: &Node) -> Broken {
        let element = match attribute.kind {
            Type::List(Element::String) => Type::String,
            Type::List(Element::Number) => Type::Number,
            kind => kind,
        };
        let message = format!(
            "`{}` takes {}, found {} `{}`",
            attribute.name,
            element.described(),
            node.type_name(),
            node.written()
        );
        let help = match (element, &node.value) {
            (Type::String, Value::Number(..) | Value::Boolean(_)) => {
                Some(format!("write `\"{}\"` to make it a string", node.written()))
            }
            (Type::Number, Value::Text(text)) if text.parse::<f64>().is_ok_and(f64::is_finite) => {
                Some(format!("write `{text}` without quotes"))
            }
            (Type::Boolean, Value::Text(text)) => match text.to_ascii_lowercase().as_str() {
                "on" | "yes" | "y" | "true" => Some("write `true`".to_owned()),
                "off" | "no" | "n" | "false" => Some("write `false`".to_owned()),
                _ => None,
            },
            _ => None,
        };
        self.report(Diagnostic::new(Code::WrongOperand, node.span, message).maybe_help(help))
    }
}

/// IPv4 in IPv6's notation as IPv4, as contexts' addresses are read.
fn canonical(network: IpNet) -> IpNet {
    const MAPPED: u8 = 96;
    match (network, network.addr().to_canonical()) {
        (IpNet::V6(v6), address @ IpAddr::V4(_)) => {
            let length = v6.prefix_len().checked_sub(MAPPED);
            length.and_then(|length| IpNet::new(address, length).ok()).unwrap_or(network)
        }
        _ => network,
    }
}

/// Whether texts must be values of the attribute's enum.
#[derive(Clone, Copy)]
enum Membership {
    Enum,
    EnumInAnyCase,
    Any,
}

impl Membership {
    fn admits(self, allowed: &[Box<str>], text: &str) -> bool {
        match self {
            Self::Enum => allowed.iter().any(|one| one.as_ref() == text),
            Self::EnumInAnyCase => allowed.iter().any(|one| one.to_lowercase() == text.to_lowercase()),
            Self::Any => true,
        }
    }
}

fn fits(operator: Operator, kind: Type) -> bool {
    match operator {
        Operator::Exists => true,
        Operator::Eq | Operator::Ne | Operator::In | Operator::NotIn => !matches!(kind, Type::List(_)),
        Operator::Lt | Operator::Lte | Operator::Gt | Operator::Gte => {
            matches!(kind, Type::Number | Type::Semver | Type::Datetime)
        }
        Operator::StartsWith | Operator::EndsWith | Operator::Contains | Operator::Matches => kind == Type::String,
        Operator::Has | Operator::HasAny | Operator::HasAll => matches!(kind, Type::List(_)),
    }
}

fn text_operator(operator: Operator) -> TextOperator {
    match operator {
        Operator::StartsWith => TextOperator::StartsWith,
        Operator::EndsWith => TextOperator::EndsWith,
        Operator::Contains => TextOperator::Contains,
        Operator::Matches => TextOperator::Matches,
        _ => TextOperator::Equals,
    }
}
