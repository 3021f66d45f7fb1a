//! Questions to a person at a terminal, each with an option and a default.
//!
//! An option that is given answers its question. Otherwise a person is asked, and an empty line means the default. Without
//! a terminal, or with `--yes`, the default is the answer.

use anyhow::Result;
use clap::ValueEnum;

use crate::cli::console;
use crate::cli::console::{ask, can_ask};
use crate::report::Lines;

/// Whether questions are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Questions {
    Asked,
    /// Each question gets its default.
    Answered,
}

impl Questions {
    /// Returns whether questions can be asked. `yes` is the option `--yes`.
    pub(crate) fn new(yes: bool) -> Self {
        if !yes && can_ask() { Self::Asked } else { Self::Answered }
    }

    /// Returns the given value, or the answer to the question. An answer that cannot be parsed is asked for again.
    ///
    /// # Errors
    /// Returns an error if the terminal cannot be read.
    pub(crate) fn text<T>(
        self,
        given: Option<T>,
        question: &str,
        (default, default_text): (T, &str),
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T> {
        match (given, self) {
            (Some(given), _) => return Ok(given),
            (None, Self::Answered) => return Ok(default),
            (None, Self::Asked) => {}
        }
        loop {
            let answer = ask(&format!("{question} [{default_text}] "))?;
            // The end of the input is an empty line, so the loop ends.
            if answer.is_empty() {
                return Ok(default);
            }
            match parse(&answer) {
                Ok(answer) => return Ok(answer),
                Err(problem) => console::error(problem),
            }
        }
    }

    /// Returns the given value, or one of the values of an option, which are shown with their descriptions.
    ///
    /// # Errors
    /// Returns an error if the terminal cannot be read.
    pub(crate) fn choice<T: ValueEnum + Clone>(self, given: Option<T>, question: &str, default: T) -> Result<T> {
        if given.is_none() && self == Self::Asked {
            let value = |value: &T| {
                let value = value.to_possible_value()?;
                Some(format!(
                    "  {:<8} {}",
                    value.get_name(),
                    value.get_help().map(ToString::to_string).unwrap_or_default()
                ))
            };
            let values = T::value_variants().iter().filter_map(value);
            console::write_stderr(std::iter::once(question.to_owned()).chain(values).collect::<Lines>());
        }
        let name = default.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        let names = T::value_variants().iter().filter_map(ValueEnum::to_possible_value);
        let names: Vec<String> = names.map(|value| value.get_name().to_owned()).collect();
        let parse = |text: &str| T::from_str(text, true).map_err(|_| format!("expected one of {}", names.join(", ")));
        self.text(given, "  which?", (default, &name), parse)
    }
}
