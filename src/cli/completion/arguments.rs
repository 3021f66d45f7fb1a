//! Which values each argument of the command line has.
//!
//! An argument is recognized by the name of its value, such as `FLAG`, which is the same in all commands. Arguments with a
//! fixed set of values need no completer.

use std::ffi::OsStr;
use std::sync::Arc;

use clap::builder::ValueHint;
use clap::{Arg, Command};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter as _};

use crate::cli::completion::typed::Typed;
use crate::cli::completion::{attribute_values, definition_names, revisions};
use crate::cli::help_topic::HelpTopic;
use crate::codes::Code;
use crate::report::completions::Candidate;
use crate::schema::NameKind;

/// The values of an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Values {
    Flags,
    FlagAndVariant,
    /// The kind of a definition and its name, or the key of a flag.
    KindAndName,
    /// The kind of definitions, or keys of flags.
    KindOrFlags,
    Names(NameKind),
    Rules,
    AttributeAndValue,
    HeaderAndAttribute,
    Revisions,
    Range,
    Branches,
    Remotes,
    Targets,
    Codes,
    Topics,
    Paths,
    Folders,
    /// Any text, such as a number, a time or a sentence.
    Free,
}

/// Adds completers to all arguments whose values are names.
pub(super) fn with_completers(definition: Command, typed: &Arc<Typed>) -> Command {
    let topics: Arc<[Candidate]> = topics(&definition).into();
    command_with_completers(definition, "", typed, &topics)
}

/// Adds completers to a command. `path` has its name, after those of the commands that contain it.
fn command_with_completers(command: Command, path: &str, typed: &Arc<Typed>, topics: &Arc<[Candidate]>) -> Command {
    let completed = |argument: Arg| {
        let Some(values) = values(path, &argument).filter(|values| *values != Values::Free) else { return argument };
        let (typed, topics) = (Arc::clone(typed), Arc::clone(topics));
        argument.add(ArgValueCompleter::new(move |current: &OsStr| match values {
            Values::Paths => paths(&PathCompleter::any(), current),
            Values::Folders => paths(&PathCompleter::dir(), current),
            values => current.to_str().map(|current| names(values, current, &typed, &topics)).unwrap_or_default(),
        }))
    };
    command.mut_args(completed).mut_subcommands(|command| {
        let path = path_of(&command, path);
        command_with_completers(command, &path, typed, topics)
    })
}

fn path_of(command: &Command, parent: &str) -> String {
    format!("{parent} {}", command.get_name()).trim_start().to_owned()
}

/// Returns the values of an argument of a command, or `None` if clap knows all of them.
fn values(path: &str, argument: &Arg) -> Option<Values> {
    let value_name = argument.get_value_names().unwrap_or_default().first()?.as_str();
    if !argument.get_action().takes_values() || !argument.get_possible_values().is_empty() {
        return None;
    }
    Some(match (path, argument.get_long(), value_name) {
        ("show", None, "NAME") => Values::KindAndName,
        ("list", None, "PATTERN") => Values::KindOrFlags,
        ("rename flag" | "remove flag", None, "OLD" | "NAME") => Values::Flags,
        ("rename segment" | "remove segment", None, "OLD" | "NAME") => Values::Names(NameKind::Segment),
        ("rename attribute" | "remove attribute", None, "OLD" | "NAME") => Values::Names(NameKind::Attribute),
        ("rollout" | "rollout due" | "rollout advance", _, "ENV") => Values::Names(NameKind::EnvironmentOrGroup),
        (_, Some("rule"), "NAME") => Values::Rules,
        (_, Some("branch"), "NAME") | (_, _, "BRANCH") => Values::Branches,
        (_, Some("remote"), "NAME") | (_, _, "REMOTE") => Values::Remotes,
        (_, Some("target"), "NAME") | (_, _, "TARGET") => Values::Targets,
        ("serve", Some("exposure-attribute"), "NAME") | (_, Some("by"), "NAME") => Values::Names(NameKind::Attribute),
        (_, _, "FLAG") => Values::Flags,
        (_, _, "FLAG=VARIANT") => Values::FlagAndVariant,
        (_, _, "ENV") => Values::Names(NameKind::Environment),
        (_, _, "SEGMENT") => Values::Names(NameKind::Segment),
        (_, _, "TAG") => Values::Names(NameKind::Tag),
        (_, _, "OWNER") => Values::Names(NameKind::Owner),
        (_, _, "KIND") => Values::Names(NameKind::Kind),
        (_, _, "NAME=VALUE") => Values::AttributeAndValue,
        (_, _, "HEADER=ATTRIBUTE") => Values::HeaderAndAttribute,
        (_, _, "REV" | "BASE") => Values::Revisions,
        (_, _, "RANGE" | "TARGET..HEAD" | "BASE...HEAD") => Values::Range,
        (_, _, "CODE") => Values::Codes,
        (_, _, "COMMAND|TOPIC") => Values::Topics,
        (_, _, "DIR") => Values::Folders,
        (_, _, "FILE" | "PATH" | "JSON|FILE" | "RECORDS") => Values::Paths,
        _ if argument.get_value_hint() != ValueHint::Unknown => Values::Paths,
        _ => Values::Free,
    })
}

/// Returns the values of an argument that begin with a text.
fn names(values: Values, current: &str, typed: &Typed, topics: &[Candidate]) -> Vec<CompletionCandidate> {
    let found = match values {
        Values::Flags => definition_names::flags(typed, current),
        Values::FlagAndVariant => definition_names::flag_and_variant(typed, current),
        Values::KindAndName => definition_names::kind_and_name(typed, current),
        Values::KindOrFlags => definition_names::kind_or_flags(typed, current),
        Values::Names(kind) => definition_names::of_kind(typed, kind),
        Values::Rules => definition_names::rules(typed),
        Values::AttributeAndValue => attribute_values::attribute_and_value(typed, current),
        Values::HeaderAndAttribute => attribute_values::header_and_attribute(typed, current),
        Values::Revisions => revisions::revisions(),
        Values::Range => revisions::range(current),
        Values::Branches => revisions::branches(),
        Values::Remotes => revisions::remotes(),
        Values::Targets => definition_names::targets(),
        Values::Codes => codes(),
        Values::Topics => topics.to_vec(),
        Values::Paths | Values::Folders | Values::Free => Vec::new(),
    };
    let found = found.into_iter().filter(|candidate| candidate.value.starts_with(current));
    found
        .map(|found| CompletionCandidate::new(&found.value).help(Some(found.description().to_owned().into())))
        .collect()
}

/// Returns paths that cannot be read as options.
fn paths(completer: &PathCompleter, current: &OsStr) -> Vec<CompletionCandidate> {
    let mut found = completer.complete(current);
    found.retain(|candidate| !candidate.get_value().as_encoded_bytes().starts_with(b"-"));
    found
}

fn codes() -> Vec<Candidate> {
    let summary = |code: &Code| code.page().lines().next().unwrap_or_default();
    Code::ALL.iter().map(|code| Candidate::new(code.name(), summary(code))).collect()
}

/// Returns the commands and the topics of `flagctl help`.
fn topics(definition: &Command) -> Vec<Candidate> {
    let visible = definition.get_subcommands().filter(|command| !command.is_hide_set());
    let about = |command: &Command| command.get_about().map(ToString::to_string).unwrap_or_default();
    let commands = visible.map(|command| Candidate::new(command.get_name(), &about(command)));
    commands.chain(HelpTopic::ALL.iter().map(|topic| Candidate::new(topic.name(), topic.summary()))).collect()
}

#[cfg(test)]
mod tests {
    use clap::Command;

    use super::{Values, path_of, values};
    use crate::cli::command_line::definition;

    /// The names of values that no definition and no file has.
    const FREE: [&str; 23] = [
        "ADDRESS", "AGE", "BYTES", "DATE", "DURATION", "FOLDER", "KEY", "LOCATION", "METRIC", "N", "NAME", "NAMES",
        "NEW", "NUMBER", "ORIGIN", "PERCENT", "SECONDS", "SEQ", "SHAPE", "TABLE", "TEXT", "TIME", "URL",
    ];

    fn uncompleted(command: &Command, path: &str, found: &mut Vec<String>) {
        for argument in command.get_arguments().filter(|argument| argument.get_action().takes_values()) {
            let name =
                argument.get_value_names().unwrap_or_default().first().map(ToString::to_string).unwrap_or_default();
            let is_free = values(path, argument) == Some(Values::Free);
            if is_free && !FREE.contains(&name.as_str()) {
                found.push(format!("{path} {}: {name}", argument.get_id()));
            }
        }
        for command in command.get_subcommands() {
            uncompleted(command, &path_of(command, path), found);
        }
    }

    #[test]
    fn each_argument_is_completed_or_takes_free_text() {
        let mut definition = definition();
        definition.build();
        let mut found = Vec::new();
        uncompleted(&definition, "", &mut found);
        assert_eq!(found, Vec::<String>::new());
    }
}
