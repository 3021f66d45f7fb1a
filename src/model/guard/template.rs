//! The substitutions in a query: `$variant`, `$window`, `$flag` and `$env`.

/// A name that is replaced in a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Substitution {
    /// The name of the arm's variant.
    Variant,
    /// The length of the window, such as `1800s`.
    Window,
    /// The key of the flag.
    Flag,
    /// The name of the environment.
    Environment,
}

impl Substitution {
    const ALL: [Self; 4] = [Self::Variant, Self::Window, Self::Flag, Self::Environment];

    /// Returns the name without `$`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Variant => "variant",
            Self::Window => "window",
            Self::Flag => "flag",
            Self::Environment => "env",
        }
    }
}

/// A part of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TemplatePart<'q> {
    /// Text that stays as it is. A `$` without a name, such as the end of a regular expression, is text.
    Text(&'q str),
    /// A name that is replaced.
    Replaced(Substitution),
}

/// Splits a query into text and substitutions.
///
/// # Errors
/// Returns the first name after a `$` that is not a substitution.
pub fn template(query: &str) -> Result<Vec<TemplatePart<'_>>, &str> {
    let mut parts = Vec::new();
    let mut rest = query;
    while let Some((before, after)) = rest.split_once('$') {
        let length = after.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
        let (name, after) = after.split_at(length);
        if !before.is_empty() {
            parts.push(TemplatePart::Text(before));
        }
        match Substitution::ALL.into_iter().find(|known| known.name() == name) {
            Some(known) => parts.push(TemplatePart::Replaced(known)),
            None if name.is_empty() => parts.push(TemplatePart::Text("$")),
            None => return Err(name),
        }
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(TemplatePart::Text(rest));
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::{Substitution, TemplatePart, template};

    #[test]
    fn a_dollar_without_a_name_is_text() {
        let parts = template(r#"x{a=~"^b$",v="$variant"}[$window]"#).unwrap();
        let replaced: Vec<_> = parts.iter().filter(|part| matches!(part, TemplatePart::Replaced(_))).collect();
        assert_eq!(replaced.len(), 2);
        assert!(parts.contains(&TemplatePart::Replaced(Substitution::Window)));
        assert_eq!(template("$windows"), Err("windows"));
        assert_eq!(template(""), Ok(Vec::new()));
    }
}
