//! The assertions of a test file in their written form: claims about all contexts.

use crate::bundle::Percent;
use crate::model::condition::Condition;
use crate::model::lower::{Lowering, read_all};
use crate::snapshot::{Span, Spanned};
use crate::yaml::{Entry, Node};

/// A claim that must hold for all contexts.
#[derive(Debug, Clone)]
pub struct Assertion {
    /// The name of the assertion.
    pub name: Option<Spanned<String>>,
    /// The environments in which the claim must hold. If the list is empty, the environments of the suite apply.
    pub environments: Vec<Spanned<String>>,
    /// The claim.
    pub claim: Claim,
    /// The key of the claim.
    pub claim_span: Span,
    /// Limits the claim to the contexts that satisfy this condition.
    pub when: Option<Condition>,
}

/// A claim about the variants that flags serve.
#[derive(Debug, Clone)]
pub enum Claim {
    /// No context gets any of these variants.
    Never(Vec<FlagVariant>),
    /// Every context gets all of these variants.
    Always(Vec<FlagVariant>),
    /// No context gets two of these variants.
    Exclusive(Vec<FlagVariant>),
    /// At most this share of the units gets any of these variants.
    AtMost(Spanned<Percent>, Vec<FlagVariant>),
    /// Every context that gets one of the first variants gets all of the second variants.
    Implies(Vec<FlagVariant>, Vec<FlagVariant>),
    /// Every context that got one of these variants at the revision gets the same variant now.
    MonotoneSince(Spanned<String>, Vec<FlagVariant>),
}

/// A flag and one of its variants.
#[derive(Debug, Clone)]
pub struct FlagVariant {
    /// The key of the flag.
    pub flag: Spanned<String>,
    /// The name of the variant.
    pub variant: Spanned<String>,
}

impl Claim {
    /// Iterates over all flags and variants of the claim.
    pub fn servings(&self) -> impl Iterator<Item = &FlagVariant> {
        let (first, second) = match self {
            Self::Never(all) | Self::Always(all) | Self::Exclusive(all) => (all, None),
            Self::AtMost(_, all) | Self::MonotoneSince(_, all) => (all, None),
            Self::Implies(serve, implied) => (serve, Some(implied)),
        };
        first.iter().chain(second.into_iter().flatten())
    }
}

const CLAIMS: [&str; 6] = ["never", "always", "exclusive", "at_most", "implies", "monotone_since"];

impl Assertion {
    pub(super) fn lower(lowering: &mut Lowering, node: &Node) -> Option<Self> {
        let known = [&["name", "environments", "when", "serve"][..], &CLAIMS].concat();
        let fields = lowering.fields(node, &known);
        let mut claims = CLAIMS.iter().filter_map(|claim| node.entry(claim));
        let (Some(entry), None) = (claims.next(), claims.next()) else {
            return lowering.misfit(
                node.span,
                "an assertion with exactly one of `never`, `always`, `exclusive`, `at_most`, `implies` and `monotone_since`",
            );
        };
        let value = &entry.value;
        let serve = fields.get("serve");
        let takes_serve = matches!(entry.key.as_str(), "at_most" | "implies" | "monotone_since");
        if serve.is_some() != takes_serve {
            let span = serve.unwrap_or(node).span;
            return lowering.misfit(span, "`serve` only with `at_most`, `implies` or `monotone_since`");
        }
        let serve = serve.map_or_else(Vec::new, |node| flag_variants(lowering, node));
        let claim = match entry.key.as_str() {
            "never" => Claim::Never(flag_variants(lowering, value)),
            "always" => Claim::Always(flag_variants(lowering, value)),
            "exclusive" => {
                let all = flag_variants(lowering, value);
                if all.len() < 2 {
                    return lowering.misfit(value.span, "a mapping from at least two flags to variants");
                }
                Claim::Exclusive(all)
            }
            "at_most" => Claim::AtMost(lowering.percent(value)?, serve),
            "implies" => Claim::Implies(serve, flag_variants(lowering, value)),
            _ => Claim::MonotoneSince(lowering.nonempty_text(value)?, serve),
        };
        Some(Self {
            name: fields.get("name").and_then(|node| lowering.nonempty_text(node)),
            environments: fields.names("environments", lowering),
            claim,
            claim_span: entry.key_span,
            when: fields.get("when").and_then(|node| lowering.condition(node)),
        })
    }
}

fn flag_variants(lowering: &mut Lowering, node: &Node) -> Vec<FlagVariant> {
    read_all(lowering.nonempty_mapping(node), |entry: &Entry| {
        Some(FlagVariant { flag: lowering.flag_key(entry)?, variant: lowering.variant(&entry.value)? })
    })
}
