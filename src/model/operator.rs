//! The operators of conditions.

use crate::bundle::Type;

macro_rules! operators {
    ($($variant:ident $name:literal;)*) => {
        /// An operation on the value of an attribute.
        #[allow(missing_docs, reason = "`docs/conditions.md` documents every operator")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Operator {
            $($variant),*
        }

        impl Operator {
            /// All operators.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Returns the name that conditions use.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),*
                }
            }
        }
    };
}

operators! {
    Eq "eq"; Ne "ne"; In "in"; NotIn "not_in";
    Lt "lt"; Lte "lte"; Gt "gt"; Gte "gte";
    StartsWith "starts_with"; EndsWith "ends_with"; Contains "contains"; Matches "matches";
    Has "has"; HasAny "has_any"; HasAll "has_all";
    Exists "exists";
}

/// The YAML form of an operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperandForm {
    /// A boolean, a number or a text.
    Scalar,
    /// A number or a text.
    Ordered,
    /// A text, or a list of texts that is not empty.
    Texts,
    /// A list of scalars that is not empty.
    List,
    /// `true` or `false`.
    Boolean,
}

impl Operator {
    /// Returns the form that the operand must have. Its type depends on the attribute.
    pub fn operand_form(self) -> OperandForm {
        match self {
            Self::Eq | Self::Ne | Self::Has => OperandForm::Scalar,
            Self::Lt | Self::Lte | Self::Gt | Self::Gte => OperandForm::Ordered,
            Self::StartsWith | Self::EndsWith | Self::Contains | Self::Matches => OperandForm::Texts,
            Self::In | Self::NotIn | Self::HasAny | Self::HasAll => OperandForm::List,
            Self::Exists => OperandForm::Boolean,
        }
    }

    /// Returns whether the operator can be used with attributes of a type.
    pub fn applies_to(self, kind: Type) -> bool {
        match self {
            Self::Exists => true,
            Self::Eq | Self::Ne | Self::In | Self::NotIn => !matches!(kind, Type::List(_)),
            Self::Lt | Self::Lte | Self::Gt | Self::Gte => {
                matches!(kind, Type::Number | Type::Semver | Type::Version | Type::Datetime)
            }
            Self::StartsWith | Self::EndsWith | Self::Contains | Self::Matches => kind == Type::String,
            Self::Has | Self::HasAny | Self::HasAll => matches!(kind, Type::List(_)),
        }
    }
}
