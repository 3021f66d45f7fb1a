//! What contradicts the definitions.

use std::collections::BTreeMap;

use crate::events::Position;

/// The maximum number of subjects of which each has an example. The others are counted together.
const MAX_SUBJECTS: usize = 200;

/// A kind of contradiction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingKind {
    /// The environment is not declared, or not known.
    UnknownEnvironment,
    /// The version is neither a published number nor a commit of the clone.
    UnknownVersion,
    /// The definitions do not have the flag.
    UnknownFlag,
    /// The flag does not have the variant.
    UnknownVariant,
    /// No context with the attributes of the exposure could get the variant.
    ImpossibleVariant,
    /// The exposure is in the future.
    Future,
    /// The exposure is older than the definitions that it names.
    BeforeVersion,
    /// Units got several variants from one definition.
    SeveralVariants,
    /// The same exposure occurs again.
    Duplicate,
}

impl FindingKind {
    /// Returns the name.
    pub fn name(self) -> &'static str {
        match self {
            Self::UnknownEnvironment => "unknown-environment",
            Self::UnknownVersion => "unknown-version",
            Self::UnknownFlag => "unknown-flag",
            Self::UnknownVariant => "unknown-variant",
            Self::ImpossibleVariant => "impossible-variant",
            Self::Future => "future-time",
            Self::BeforeVersion => "time-before-version",
            Self::SeveralVariants => "several-variants",
            Self::Duplicate => "duplicate",
        }
    }

    /// Returns whether exposures with the contradiction are wrong. A log that delivers an event twice is not wrong.
    pub fn is_error(self) -> bool {
        self != Self::Duplicate
    }
}

/// A contradiction, and how many exposures have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its kind.
    pub kind: FindingKind,
    /// The key of the flag, or `None` for those that are counted together.
    pub flag: Option<String>,
    /// The number of exposures. For [`FindingKind::SeveralVariants`], the number of units.
    pub count: u64,
    /// The input with the first exposure.
    pub file: String,
    /// The line of the first exposure, counted from one.
    pub line: u64,
    /// What is wrong with the first exposure.
    pub message: String,
}

/// The contradictions, by kind and subject.
#[derive(Debug, Default)]
pub(super) struct Findings(BTreeMap<(FindingKind, String), Finding>);

impl Findings {
    /// Counts an exposure with a contradiction. `subject` tells apart those that have an example of their own, such as the
    /// flag and its variant.
    pub(super) fn add(
        &mut self,
        kind: FindingKind,
        flag: &str,
        subject: &str,
        position: Position<'_>,
        message: impl FnOnce() -> String,
    ) {
        let has_room = self.0.len() < MAX_SUBJECTS;
        let key = (kind, format!("{flag}\n{subject}"));
        if let Some(known) = self.0.get_mut(&key) {
            known.count += 1;
            return;
        }
        let (key, flag) = if has_room { (key, Some(flag.to_owned())) } else { ((kind, "\n".to_owned()), None) };
        let first = || {
            let (file, line) = (position.file.to_owned(), position.line);
            Finding { kind, flag, count: 0, file, line, message: message() }
        };
        self.0.entry(key).or_insert_with(first).count += 1;
    }

    /// Returns the contradictions in the order of their kinds and flags.
    pub(super) fn into_list(self) -> Vec<Finding> {
        self.0.into_values().collect()
    }
}
