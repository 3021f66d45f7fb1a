//! The reasons why a definition cannot be renamed or removed, each with advice.

use std::fmt::Write as _;

use crate::edit::Refusal;

/// The reason why a definition cannot be renamed or removed. Nothing has been written.
#[derive(Debug, thiserror::Error)]
pub enum NameError {
    /// The text is not a name.
    #[error("`{name}` is not the name of {kind}: {expected}")]
    Invalid {
        /// The text.
        name: String,
        /// The noun with its article.
        kind: &'static str,
        /// The form of a name.
        expected: &'static str,
    },
    /// The new name is the present one.
    #[error("`{0}` is its name already")]
    Same(String),
    /// Windows has no files with this name.
    #[error("{0}")]
    Unportable(String),
    /// No definition has this name.
    #[error("`{name}` is not {kind} on {branch}; {similar}")]
    Unknown {
        /// The name.
        name: String,
        /// The noun with its article.
        kind: &'static str,
        /// The name of the branch.
        branch: String,
        /// A question that suggests the most similar name, or a list of all names.
        similar: String,
    },
    /// The new name has a meaning of its own.
    #[error("`{0}` is reserved, because it has a meaning in conditions: choose another name")]
    Reserved(String),
    /// The name has a meaning of its own.
    #[error("`{0}` has a fixed meaning for flagctl and for applications, and is neither renamed nor removed")]
    BuiltIn(String),
    /// Several files define the name.
    #[error("`{name}` is defined more than once, at {}: remove all but one", .locations.join(" and "))]
    Duplicate {
        /// The name.
        name: String,
        /// The positions.
        locations: Vec<String>,
    },
    /// The new name is already used.
    #[error("`{name}` is taken: {location} names it; choose another name")]
    Taken {
        /// The new name.
        name: String,
        /// The position.
        location: String,
    },
    /// The new name differs from another one only in case or in the Unicode normal form.
    #[error("`{name}` and `{other}` are one name on macOS and Windows: choose a name that differs in more than case")]
    OnlyCase {
        /// The new name.
        name: String,
        /// The other name.
        other: String,
    },
    /// Some files could not be read completely, so they may have references that are not known.
    #[error("{} cannot be read completely, and may refer to it: run `flagctl validate`, and try again when it is correct",
        quoted(.0))]
    Incomplete(Vec<String>),
    /// A file is reached through a link.
    #[error("`{0}` is reached through a link, which a commit does not follow: change it by hand")]
    Linked(String),
    /// The name at a position cannot be replaced.
    #[error(
        "the name cannot be replaced at {0}: it is a block of lines, or begins in the key of a mapping around it; write it as \
         one key or word, and run the command again"
    )]
    Unreplaceable(String),
    /// The declaration at a position cannot be removed.
    #[error("the declaration at {0} cannot be removed without changing others: remove it by hand")]
    Unremovable(String),
    /// A file cannot be edited.
    #[error("cannot change `{path}`: {refusal}")]
    Edit {
        /// The path of the file.
        path: String,
        /// The reason.
        refusal: Refusal,
    },
    /// Other definitions refer to the definition.
    #[error("`{name}` is still used{}\n{kind} is removed only when nothing refers to it", listed(.places))]
    Used {
        /// The name.
        name: String,
        /// The noun with its article.
        kind: &'static str,
        /// The position of each reference, and what to do about it.
        places: Vec<String>,
    },
    /// A name would not be replaced at exactly the positions where it is written.
    #[error(
        "after the change, {0} would not be named as often as before: change the files by hand, and report this as a fault of flagctl"
    )]
    Unproven(String),
    /// Another flag would decide differently.
    #[error("{flag} would not decide as before in {environment}, so nothing was changed")]
    Decides {
        /// The key of the flag.
        flag: String,
        /// The name of the environment.
        environment: String,
    },
    /// The definitions would have errors that they did not have before.
    #[error("the definitions would have new errors{}", listed(.0))]
    Errors(Vec<String>),
}

fn quoted(paths: &[String]) -> String {
    paths.iter().map(|path| format!("`{path}`")).collect::<Vec<_>>().join(", ")
}

/// The maximum number of lines in a list.
const LISTED: usize = 100;

/// Returns a colon and the lines, each on a line of its own.
fn listed(lines: &[String]) -> String {
    let mut text = String::from(":");
    for line in lines.iter().take(LISTED) {
        // A write to a string cannot fail.
        let _ = write!(text, "\n{line}");
    }
    if lines.len() > LISTED {
        let _ = write!(text, "\nand {} more", lines.len() - LISTED);
    }
    text
}
