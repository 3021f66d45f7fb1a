//! What was checked, in a few words, for the last line of `flagctl validate`.

use std::fmt;

use crate::report::text::counted;

/// What was checked.
#[derive(Debug, Clone)]
pub enum CheckedContents {
    /// Some files of a flag repository.
    Files {
        /// How many files.
        number: usize,
        /// The arguments that select them.
        arguments: Vec<String>,
    },
    /// A whole flag repository: how many definitions of each kind it has.
    Everything {
        /// Flags.
        flags: usize,
        /// Segments.
        segments: usize,
        /// Kills.
        kills: usize,
        /// Test files.
        test_files: usize,
        /// Environments.
        environments: usize,
    },
}

impl fmt::Display for CheckedContents {
    /// Writes `3 files in flags`, or `12 flags, 2 segments in 3 environments`; kinds without a definition are left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Files { number, arguments } => write!(f, "{} in {}", counted(*number, "file"), arguments.join(", ")),
            Self::Everything { flags, segments, kills, test_files, environments } => {
                write!(f, "{}", counted(*flags, "flag"))?;
                for (number, noun) in [(segments, "segment"), (kills, "kill"), (test_files, "test file")] {
                    if *number > 0 {
                        write!(f, ", {}", counted(*number, noun))?;
                    }
                }
                write!(f, " in {}", counted(*environments, "environment"))
            }
        }
    }
}
