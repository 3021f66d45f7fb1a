//! Kinds of flags: what a project requires of the flags of each kind.

use crate::model::lower::Lowering;
use crate::snapshot::Spanned;
use crate::yaml::Entry;

/// The kind of a flag whose file has none.
pub const DEFAULT_KIND: &str = "release";

/// The kind whose variants are a menu for operators, so some of them may be unused.
pub const OPERATORS_KIND: &str = "ops";

/// A kind that `flagctl.yaml` declares.
#[derive(Debug, Clone)]
pub struct KindDeclaration {
    /// The name.
    pub name: Spanned<String>,
    /// The fields that a flag of the kind must have.
    pub requires: Vec<RequiredField>,
    /// The number of days from today until the latest allowed expiry date.
    pub max_age: Option<u32>,
}

/// A field that a kind can require.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequiredField {
    /// `owner`
    Owner,
    /// `expires`
    Expires,
}

/// What a project requires of the flags of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindRequirements<'k> {
    /// The name of the kind.
    pub name: &'k str,
    /// The fields that a flag must have.
    pub requires: &'k [RequiredField],
    /// The number of days from today until the latest allowed expiry date.
    pub max_age: Option<u32>,
}

/// The kinds of a project that declares none.
pub(super) const DEFAULT_KINDS: [KindRequirements<'static>; 4] = {
    const TEMPORARY: &[RequiredField] = &[RequiredField::Owner, RequiredField::Expires];
    const PERMANENT: &[RequiredField] = &[RequiredField::Owner];
    [
        KindRequirements { name: DEFAULT_KIND, requires: TEMPORARY, max_age: None },
        KindRequirements { name: "experiment", requires: TEMPORARY, max_age: None },
        KindRequirements { name: OPERATORS_KIND, requires: PERMANENT, max_age: None },
        KindRequirements { name: "permission", requires: PERMANENT, max_age: None },
    ]
};

impl KindDeclaration {
    pub(super) fn lower(lowering: &mut Lowering, entry: &Entry) -> Option<Self> {
        let name = lowering.key(entry)?;
        let fields = lowering.fields(&entry.value, &["description", "requires", "max-age"]);
        fields.get("description").and_then(|node| lowering.nonempty_text(node));
        let requires = fields.get("requires").map_or_else(Vec::new, |node| {
            let choices = [("owner", RequiredField::Owner), ("expires", RequiredField::Expires)];
            let expected = "a field that a kind can require";
            lowering.distinct_list(node, |lowering, item| {
                lowering.choice(item, &choices, expected).map(|field| field.value)
            })
        });
        let max_age = fields.get("max-age").and_then(|node| match node.as_text().and_then(days) {
            None => lowering.misfit(node.span, "a number of days such as `90d`"),
            days => days,
        });
        Some(Self { name, requires, max_age })
    }

    pub(super) fn requirements(&self) -> KindRequirements<'_> {
        KindRequirements { name: &self.name.value, requires: &self.requires, max_age: self.max_age }
    }
}

/// Reads a number of days from 1 to 99,999, such as `90d`.
fn days(text: &str) -> Option<u32> {
    let digits = text.strip_suffix('d')?;
    let is_number = digits.len() <= 5 && digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    if is_number { digits.parse().ok() } else { None }
}
