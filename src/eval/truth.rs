//! Kleene's three truth values.

/// The truth of a condition.
///
/// ```
/// # use flagctl::eval::Truth;
/// assert_eq!(Truth::Unknown.not(), Truth::Unknown);
/// assert_eq!(Truth::all([Truth::Unknown, Truth::False]), Truth::False);
/// assert_eq!(Truth::any([Truth::Unknown, Truth::True]), Truth::True);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Truth {
    /// The condition does not hold.
    False,
    /// The context has no usable value for an attribute that the condition needs.
    Unknown,
    /// The condition holds.
    True,
}

impl Truth {
    /// Returns the negation. The negation of unknown is unknown.
    #[allow(clippy::should_implement_trait, reason = "the operator `!` would hide that it is not Boolean")]
    pub fn not(self) -> Self {
        match self {
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
            Self::True => Self::False,
        }
    }

    /// Returns the smallest of the truth values, or true if there are none. Stops at the first false value.
    #[inline]
    pub fn all(truths: impl IntoIterator<Item = Self>) -> Self {
        let mut least = Self::True;
        for truth in truths {
            match truth {
                Self::False => return Self::False,
                truth => least = least.min(truth),
            }
        }
        least
    }

    /// Returns the greatest of the truth values, or false if there are none. Stops at the first true value.
    #[inline]
    pub fn any(truths: impl IntoIterator<Item = Self>) -> Self {
        let mut greatest = Self::False;
        for truth in truths {
            match truth {
                Self::True => return Self::True,
                truth => greatest = greatest.max(truth),
            }
        }
        greatest
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}
