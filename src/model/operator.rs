//! The operators of conditions.

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

impl Operator {
    /// Returns whether the operand must be a list.
    pub fn takes_list(self) -> bool {
        matches!(self, Self::In | Self::NotIn | Self::HasAny | Self::HasAll)
    }
}
