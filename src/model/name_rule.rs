//! The rules for names: which texts can be a name, the key of a flag, or the name of a variant.

/// The length limit of a name in bytes.
const LONGEST: usize = 128;

/// Which texts are names.
#[derive(Debug, Clone, Copy)]
pub(super) enum NameRule {
    /// A name that is none of the others. It is safe in a URL and in a file name.
    Name,
    /// The key of a flag: names that are joined with `/` or `:`.
    Flag,
    /// The name of a variant. It is never part of a path, so it may have more characters, for example `10%` or `v2/blue`.
    Variant,
}

impl NameRule {
    /// Returns whether a text is such a name.
    pub(super) fn admits(self, text: &str) -> bool {
        let punctuation: &[u8] = match self {
            Self::Flag => return text.len() <= LONGEST && text.split(['/', ':']).all(is_name),
            Self::Name => b"._-",
            Self::Variant => b"._-%+/:",
        };
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || punctuation.contains(&byte);
        text.len() <= LONGEST
            && text.bytes().all(is_plain)
            && text.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
    }

    /// Returns the expected form, which is the `title` in the schemas.
    pub(super) fn expected(self) -> &'static str {
        match self {
            Self::Name => "a name of at most 128 letters, digits, `.`, `_` and `-`, beginning with a letter or digit",
            Self::Flag => {
                "a key of at most 128 letters, digits, `.`, `_` and `-`, beginning with a letter or digit, also after each \
                 `/` or `:`"
            }
            Self::Variant => {
                "a variant of at most 128 letters, digits, `.`, `_`, `-`, `%`, `+`, `/` and `:`, beginning with a letter \
                 or digit"
            }
        }
    }
}

/// Returns whether a text can be a name other than the key of a flag or the name of a variant.
pub(crate) fn is_name(text: &str) -> bool {
    NameRule::Name.admits(text)
}
