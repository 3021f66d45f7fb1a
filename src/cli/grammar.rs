//! The rules that the command lines of all commands follow.
//!
//! Help lists the options of a command in one order: its own options; then the environment and the source of the
//! definitions; then how a change is written; then how the result is written; then the options of all commands. Every
//! heading of a help text has the same style.

use clap::{Arg, Command};

/// Options that say what is read, in the order of help.
const SOURCE: [&str; 5] = ["environment", "at", "base", "bundle", "now"];
/// Options that say how a commit or a publication is written, in the order of help.
const WRITING: [&str; 7] = ["branch", "push", "pr", "remote", "no-verify", "dry-run", "yes"];
/// Options that say how much of the result is written, and how, in the order of help.
const OUTPUT: [&str; 5] = ["errors-only", "code", "limit", "quiet", "format"];

/// The headings at the end of help texts.
const HEADINGS: [&str; 3] = ["Example:", "Examples:", "Help topics:"];

/// The position of the options of all commands.
pub(crate) const GLOBAL: usize = 900;

/// Puts the options of each command in the order of help, and styles the headings at the end of its help text.
pub(crate) fn ordered(definition: Command) -> Command {
    definition.mut_subcommands(|command| {
        let mut own = 0;
        with_styled_headings(ordered(command)).mut_args(|argument| {
            own += 1;
            let position = position(&argument).unwrap_or(own);
            argument.display_order(position)
        })
    })
}

/// Writes the headings at the end of a command's help text, such as `Example:`, in the style of the other headings.
pub(crate) fn with_styled_headings(definition: Command) -> Command {
    let style = *definition.get_styles().get_header();
    let end = definition.get_after_help().map(ToString::to_string).unwrap_or_default();
    let mut lines: Vec<String> = end.split('\n').map(str::to_owned).collect();
    for line in &mut lines {
        if let Some(heading) = HEADINGS.into_iter().find(|heading| line.starts_with(heading)) {
            *line = format!("{style}{heading}{style:#}{}", line.trim_start_matches(heading));
        }
    }
    definition.after_help(lines.join("\n"))
}

/// Returns the position of an option, or `None` for an option that is a command's own.
fn position(argument: &Arg) -> Option<usize> {
    let groups = [(100, SOURCE.as_slice()), (200, &WRITING), (300, &OUTPUT)];
    let long = argument.get_long()?;
    groups.into_iter().find_map(|(start, options)| {
        let index = options.iter().position(|option| *option == long)?;
        Some(start + index)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use clap::{Arg, Command};

    use crate::cli::command_line::definition;

    fn commands() -> Vec<Command> {
        let mut definition = definition();
        definition.build();
        definition.get_subcommands().cloned().collect()
    }

    /// Returns commands together with the commands inside each of them.
    fn with_inner(commands: Vec<Command>) -> Vec<Command> {
        let inner = |command: &Command| with_inner(command.get_subcommands().cloned().collect());
        commands.into_iter().flat_map(|command| [inner(&command), vec![command]].concat()).collect()
    }

    fn option<'c>(command: &'c Command, long: &str) -> Option<&'c Arg> {
        command.get_arguments().find(|argument| argument.get_long() == Some(long))
    }

    fn text(text: Option<&clap::builder::StyledStr>) -> String {
        text.map(ToString::to_string).unwrap_or_default()
    }

    #[test]
    fn help_lists_options_in_one_order() {
        let group = |long: &str| match long {
            "-C" | "--color" => 4,
            "--help" => 5,
            "--errors-only" | "--code" | "--limit" | "--quiet" | "--format" => 3,
            "--branch" | "--push" | "--pr" | "--remote" | "--no-verify" | "--dry-run" | "--yes" => 2,
            "--environment" | "--at" | "--base" | "--bundle" | "--now" => 1,
            _ => 0,
        };
        for mut command in commands() {
            let help = command.render_help().to_string();
            let (_, options) = help.split_once("\nOptions:\n").unwrap();
            let words = |line: &str| {
                line.split([' ', ',']).find(|word| word.starts_with("--") || *word == "-C").map(str::to_owned)
            };
            let options =
                options.split("\n\n").next().unwrap().lines().filter(|line| line.trim_start().starts_with('-'));
            let groups: Vec<(usize, String)> = options.filter_map(words).map(|long| (group(&long), long)).collect();
            assert!(groups.is_sorted_by_key(|(group, _)| *group), "{}: {groups:?}", command.get_name());
            assert!(groups.len() >= 3, "{}: {groups:?}", command.get_name());
        }
    }

    #[test]
    fn every_command_has_an_example_and_a_summary() {
        for command in with_inner(commands()) {
            let (name, end) = (command.get_bin_name().unwrap(), text(command.get_after_help()));
            let example = end.strip_prefix("Example: ").or_else(|| end.strip_prefix("Examples:\n  "));
            assert!(example.is_some_and(|example| example.contains(name)), "{name}: {end}");
            assert!(!text(command.get_about()).ends_with('.'), "{name}");
        }
    }

    #[test]
    fn the_option_for_environments_is_the_same_in_all_commands() {
        let texts = [
            "The environment; required if there are several",
            "The environment; may be repeated, and is required if there are several",
            "Only this environment; may be repeated [default: all environments]",
        ];
        let mut found = 0;
        for command in commands() {
            let Some(argument) = option(&command, "environment") else { continue };
            found += 1;
            let help = text(argument.get_help());
            assert_eq!(argument.get_short(), Some('e'), "{}", command.get_name());
            assert!(texts.contains(&help.as_str()), "{}: {help}", command.get_name());
            assert_eq!(help.contains("may be repeated"), matches!(argument.get_action(), clap::ArgAction::Append));
        }
        assert!(found >= 14, "{found}");
    }

    #[test]
    fn format_is_the_format_of_the_result_in_all_commands() {
        for command in commands() {
            let Some(argument) = option(&command, "format") else { continue };
            let values: Vec<String> =
                argument.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
            assert!(["human", "json"].iter().all(|name| values.iter().any(|value| value == name)), "{values:?}");
            assert_eq!(argument.get_default_values(), ["human"], "{}", command.get_name());
        }
    }

    #[test]
    fn an_option_has_one_value_name_in_all_commands() {
        let mut names: BTreeMap<String, (String, Vec<String>)> = BTreeMap::new();
        for command in commands() {
            for argument in command.get_arguments() {
                let Some(long) = argument.get_long() else { continue };
                let values: Vec<String> =
                    argument.get_value_names().unwrap_or_default().iter().map(ToString::to_string).collect();
                // What `--to` means follows from the verb: to a percentage, to an environment, to a file.
                if long == "to" {
                    continue;
                }
                let here = command.get_name().to_owned();
                let (first, known) = names.entry(long.to_owned()).or_insert_with(|| (here.clone(), values.clone()));
                assert_eq!(*known, values, "--{long} of {first} and of {here}");
            }
        }
    }
}
