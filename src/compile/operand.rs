//! Reads each operand as the type of its attribute.
//!
//! Sets of operands are sorted and have no duplicates, so a different order in the file results in the same bundle.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;
use jiff::Timestamp;
use semver::Version;

use crate::bundle::{Attribute, DottedVersion, Element, Operands, Ordered, Pattern, TextSet, Type};
use crate::codes::Code;
use crate::compile::compiler::{Broken, Compiled, Compiler};
use crate::compile::operand_help;
use crate::diag::{Advice, Diagnostic};
use crate::eval::parse_datetime;
use crate::yaml::{Node, Value};

/// Whether texts must be values of the attribute's enum.
#[derive(Clone, Copy)]
pub(super) enum EnumCheck {
    Exact,
    IgnoreCase,
    /// Parts of values, such as prefixes, are not checked.
    None,
}

/// The texts that an attribute allows, in the form in which they are compared.
struct AllowedTexts(Option<BTreeSet<String>>, EnumCheck);

impl EnumCheck {
    fn of(self, attribute: &Attribute) -> AllowedTexts {
        let allowed = attribute.allowed.as_ref().filter(|_| !matches!(self, Self::None));
        AllowedTexts(allowed.map(|allowed| allowed.iter().map(|text| self.compared(text)).collect()), self)
    }

    fn compared(self, text: &str) -> String {
        match self {
            Self::Exact | Self::None => text.to_owned(),
            Self::IgnoreCase => text.to_lowercase(),
        }
    }
}

impl AllowedTexts {
    fn admits(&self, text: &str) -> bool {
        let Self(allowed, check) = self;
        allowed.as_ref().is_none_or(|allowed| allowed.contains(&check.compared(text)))
    }
}

impl Compiler<'_> {
    /// Reads a set of operands for a comparison for equality.
    pub(super) fn operands(&mut self, attribute: &Attribute, nodes: &[Node]) -> Compiled<Operands> {
        Ok(match attribute.kind {
            Type::Boolean => {
                let mut booleans = self.read_nodes(nodes, |compiler, node| match node.value {
                    Value::Boolean(boolean) => Ok(boolean),
                    _ => Err(compiler.report_wrong_operand(attribute, node)),
                })?;
                booleans.sort_unstable();
                booleans.dedup();
                Operands::Booleans(booleans.into())
            }
            Type::Number | Type::List(Element::Number) => {
                let mut numbers = self.read_nodes(nodes, |compiler, node| compiler.number(attribute, node))?;
                numbers.sort_by(f64::total_cmp);
                numbers.dedup();
                Operands::Numbers(numbers.into())
            }
            Type::String | Type::List(Element::String) => {
                Operands::Texts(TextSet::from(self.texts(attribute, nodes, EnumCheck::Exact)?))
            }
            Type::Semver => {
                let mut versions = self.read_nodes(nodes, Self::version)?;
                versions.sort_by(Version::cmp_precedence);
                versions.dedup_by(|a, b| a.cmp_precedence(b).is_eq());
                Operands::Versions(versions.into())
            }
            Type::Version => {
                let mut versions = self.read_nodes(nodes, Self::dotted_version)?;
                versions.sort_unstable();
                versions.dedup();
                Operands::DottedVersions(versions.into())
            }
            Type::Datetime => {
                let mut times = self.read_nodes(nodes, Self::datetime)?;
                times.sort_unstable();
                times.dedup();
                Operands::Times(times.into())
            }
            Type::Ip => {
                let mut networks = self.read_nodes(nodes, Self::network)?;
                networks.sort_unstable();
                networks.dedup();
                Operands::Networks(networks.into())
            }
        })
    }

    /// Reads the operand of `lt`, `lte`, `gt` or `gte`.
    pub(super) fn ordered_operand(&mut self, attribute: &Attribute, node: &Node) -> Compiled<Ordered> {
        match attribute.kind {
            Type::Number => self.number(attribute, node).map(Ordered::Number),
            Type::Semver => self.version(node).map(Ordered::Version),
            Type::Version => self.dotted_version(node).map(Ordered::DottedVersion),
            Type::Datetime => self.datetime(node).map(Ordered::Time),
            Type::Boolean | Type::String | Type::Ip | Type::List(_) => Err(self.report_wrong_operand(attribute, node)),
        }
    }

    /// Reads texts. Reports texts that are not allowed values of the attribute.
    pub(super) fn texts(
        &mut self,
        attribute: &Attribute,
        nodes: &[Node],
        enum_check: EnumCheck,
    ) -> Compiled<Vec<Box<str>>> {
        let allowed_texts = enum_check.of(attribute);
        self.read_nodes(nodes, |compiler, node| {
            let Some(text) = node.as_text() else { return Err(compiler.report_wrong_operand(attribute, node)) };
            match &attribute.allowed {
                Some(allowed) if !allowed_texts.admits(text) => {
                    let values = allowed.iter().map(AsRef::as_ref);
                    let message = format!("`{text}` is not a value of `{}`", attribute.name);
                    let diagnostic = Diagnostic::new(Code::OutsideEnum, node.span, message);
                    Err(compiler.report(match operand_help::list_of_values(node, text, allowed) {
                        Some(advice) => diagnostic.advice(advice),
                        None => diagnostic.suggest_or_list(text, "its values are", values),
                    }))
                }
                _ => Ok(text.into()),
            }
        })
    }

    /// Reads a regular expression. Loading has limited its size. Errors come from the parser of the syntax, because its descriptions are better than
    /// those of the regex compiler.
    pub(super) fn pattern(&mut self, node: &Node) -> Compiled<Pattern> {
        let written = node.written().to_owned();
        if let Err(error) = regex_syntax::parse(&written) {
            let (reason, part) = match &error {
                regex_syntax::Error::Parse(error) => (error.kind().to_string(), Some(error.span())),
                regex_syntax::Error::Translate(error) => (error.kind().to_string(), Some(error.span())),
                _ => (error.to_string(), None),
            };
            let part = part.and_then(|span| written.get(span.start.offset..span.end.offset));
            let part = part.filter(|part| !part.is_empty()).map(|part| format!("`{part}`: "));
            return Err(self.report_invalid_pattern(node, &format!("{}{reason}", part.unwrap_or_default())));
        }
        Pattern::new(&written).map_err(|error| self.report_invalid_pattern(node, &error.to_string()))
    }

    pub(super) fn report_invalid_pattern(&mut self, node: &Node, reason: &str) -> Broken {
        let message = format!("invalid regular expression: {reason}");
        let help = "patterns have the syntax of Rust's `regex`, without look-around and back-references";
        self.report(Diagnostic::new(Code::InvalidRegex, node.span, message).help(help))
    }

    /// Reads all nodes even if one has failed, because a person fixes all problems at once.
    fn read_nodes<T>(&mut self, nodes: &[Node], read: impl Fn(&mut Self, &Node) -> Compiled<T>) -> Compiled<Vec<T>> {
        let mut all = Vec::with_capacity(nodes.len());
        let mut has_errors = false;
        for node in nodes {
            self.check_problems()?;
            match read(self, node) {
                Ok(value) => all.push(value),
                Err(Broken) => has_errors = true,
            }
        }
        if has_errors { Err(Broken) } else { Ok(all) }
    }

    fn number(&mut self, attribute: &Attribute, node: &Node) -> Compiled<f64> {
        match &node.value {
            Value::Number(number, _) => number.as_f64().ok_or(Broken),
            _ => Err(self.report_wrong_operand(attribute, node)),
        }
    }

    fn version(&mut self, node: &Node) -> Compiled<Version> {
        let written = node.written();
        written.parse().map_err(|error: semver::Error| {
            let message = format!("expected a semantic version, found `{written}`: {error}");
            let diagnostic = Diagnostic::new(Code::InvalidSemver, node.span, message);
            let advice = operand_help::operator_of_version(node, written)
                .or_else(|| operand_help::version(written).map(Advice::from));
            self.report(diagnostic.advice(advice))
        })
    }

    fn dotted_version(&mut self, node: &Node) -> Compiled<DottedVersion> {
        let written = node.written();
        written.parse().map_err(|_| {
            let message = format!("expected a version, found `{written}`");
            let diagnostic = Diagnostic::new(Code::InvalidVersion, node.span, message);
            self.report(diagnostic.help("write numbers joined by dots, such as `17.4`, optionally with `-beta.2`"))
        })
    }

    fn datetime(&mut self, node: &Node) -> Compiled<Timestamp> {
        let written = node.written();
        parse_datetime(written).ok_or_else(|| {
            let message = format!("expected a date, `T`, a time and an offset, found `{written}`");
            let diagnostic = Diagnostic::new(Code::InvalidDatetime, node.span, message);
            self.report(diagnostic.help(operand_help::datetime(written)))
        })
    }

    fn network(&mut self, node: &Node) -> Compiled<IpNet> {
        let written = node.written();
        let address = written.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
        let network = address.or_else(|_| written.parse::<IpNet>().map(canonical));
        match network {
            Ok(network) if network == network.trunc() => Ok(network),
            Ok(network) => {
                let message = format!("`{written}` has bits set after its prefix");
                let help =
                    format!("write `{}` for the network, or `{}` for the address", network.trunc(), network.addr());
                Err(self.report(Diagnostic::new(Code::InvalidNetwork, node.span, message).help(help)))
            }
            Err(_) => {
                let message = format!("expected an IP address or a network, found `{written}`");
                let help =
                    "write an address such as `192.0.2.1`, or a network such as `192.0.2.0/24` or `2001:db8::/32`";
                Err(self.report(Diagnostic::new(Code::InvalidNetwork, node.span, message).help(help)))
            }
        }
    }

    fn report_wrong_operand(&mut self, attribute: &Attribute, node: &Node) -> Broken {
        let expected = match attribute.kind {
            Type::List(Element::String) => Type::String,
            Type::List(Element::Number) => Type::Number,
            kind @ (Type::Boolean
            | Type::Number
            | Type::String
            | Type::Semver
            | Type::Version
            | Type::Datetime
            | Type::Ip) => kind,
        };
        let message = format!("expected {} for `{}`, found {}", expected.described(), attribute.name, node.described());
        let advice = operand_help::wrong_type(expected, node);
        self.report(Diagnostic::new(Code::WrongOperand, node.span, message).advice(advice))
    }
}

/// Returns an IPv4 network in IPv6 notation as an IPv4 network. Addresses in contexts are read in the same way.
fn canonical(network: IpNet) -> IpNet {
    const MAPPED_PREFIX: u8 = 96;
    match (network, network.addr().to_canonical()) {
        (IpNet::V6(v6), address @ IpAddr::V4(_)) => {
            let length = v6.prefix_len().checked_sub(MAPPED_PREFIX);
            length.and_then(|length| IpNet::new(address, length).ok()).unwrap_or(network)
        }
        _ => network,
    }
}
