//! The reasons why a range of commits is not a kill.

use crate::analyze::Region;
use crate::bundle::Percent;
use crate::git::EntryMode;

/// A reason why a range of commits is not a kill.
#[derive(Debug, Clone)]
pub enum Objection {
    /// A commit does something other than adding the file of a kill.
    Form {
        /// The full id of the commit.
        commit: String,
        /// The path from git's root, or `None` if the problem is the commit itself.
        path: Option<String>,
        /// The problem.
        problem: FormProblem,
    },
    /// The merge of the range into the target changes more than the files of the kills.
    Merge {
        /// The path from git's root.
        path: String,
        /// The problem.
        problem: MergeProblem,
    },
    /// A flag that may be killed does not exist at the target.
    UnknownFlag {
        /// The key.
        flag: String,
    },
    /// The merge has an error that stops the publication of the kill.
    InvalidDefinition {
        /// The position and the message of the error.
        problem: String,
    },
    /// A flag in an environment changes in a way that is not allowed, or that is unknown.
    Effect {
        /// The key of the flag.
        flag: String,
        /// The name of the environment.
        environment: String,
        /// The problem.
        problem: EffectProblem,
    },
    /// The range turns no flag off.
    NothingTurnedOff,
}

/// How a commit differs from a commit that only adds the files of kills.
#[derive(Debug, Clone)]
pub enum FormProblem {
    /// It adds, changes or removes another file.
    OtherFile,
    /// It changes or removes a file of a kill that exists.
    NotAdded,
    /// It adds something else than a regular file.
    NotRegular(EntryMode),
    /// It is a merge, and it has other content than git's own merge of its parents.
    EditedMerge,
    /// It is a merge with a conflict, so its content is the author's choice.
    Conflict,
    /// It merges more than two parents.
    ManyParents,
    /// The file has this error.
    Invalid(String),
    /// The kill admits this share of units, so it does not turn the flag off for everyone.
    Admits(Percent),
    /// The target does not declare this environment.
    UnknownEnvironment(String),
    /// The target does not define this flag.
    UnknownFlag(String),
    /// The target's definition of this flag has `kills: review`.
    NeedsReview(String),
    /// The flag is not one of the flags, or the environment is not one of the environments, that may be killed.
    NotRequested,
}

/// How the merge of the range into the target is more than the target with the files of the kills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MergeProblem {
    /// Git cannot merge this file.
    Conflict,
    /// The merge changes this file, or does not have it.
    Differs,
}

/// A change of a flag's decisions that is not allowed, or that is unknown.
#[derive(Debug, Clone)]
pub enum EffectProblem {
    /// These contexts get another value, and it is not that of the flag's unchanged `off`.
    Moves(Box<Region>),
    /// The flag changes, and it does not depend on a killed flag.
    NotReached,
    /// The flag may be killed, and it does not serve `off` to everyone.
    NotOff,
    /// The flag serves another variant or value when it is off.
    OffChanges,
    /// The analysis exceeds its budget.
    Unknown,
    /// The flag has no decision, because of this error.
    Undecidable(String),
}
