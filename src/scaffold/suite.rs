//! The file of a new test, which expects what a flag serves now.

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::edit::plain_or_quoted;

/// What a flag serves to a context in an environment.
#[derive(Debug, Clone)]
pub struct Expected {
    /// The environment.
    pub environment: String,
    /// The variant.
    pub variant: String,
}

/// Returns the text of a test. `context` is the attributes of the request, and `now` the time of the decisions, if they
/// depend on it.
pub fn suite(flag: &str, context: &[(&str, &str)], now: Option<Timestamp>, expected: &[Expected]) -> String {
    let flag = plain_or_quoted(flag);
    let mut text = "description: Who gets what, as it was when the test was written.\n".to_owned();
    if let Some(now) = now {
        // A write to a string cannot fail.
        let _ = writeln!(text, "now: {now}");
    }
    let context = context.iter().map(|(name, value)| format!("{}: {}", plain_or_quoted(name), plain_or_quoted(value)));
    let context: Vec<String> = context.collect();
    let _ = write!(text, "contexts:\n  someone: {{{}}}\ncases:\n", context.join(", "));
    for Expected { environment, variant } in expected {
        let environment = plain_or_quoted(environment);
        let variant = plain_or_quoted(variant);
        let _ =
            write!(text, "  - environments: {environment}\n    context: someone\n    expect: {{{flag}: {variant}}}\n");
    }
    text
}
