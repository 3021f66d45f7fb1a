//! A summary of the checked files for the last line of `flagctl validate`.

use std::fmt;

use crate::report::text::counted;

/// The content that was checked.
#[derive(Debug, Clone)]
pub enum CheckedContents {
    /// One file, which the user has named.
    File(String),
    /// Some files of a flag repository.
    Files {
        /// The number of files.
        number: usize,
        /// The arguments that select the files, or nothing if each argument is one file.
        folders: Vec<String>,
    },
    /// A complete flag repository, with the number of definitions of each kind.
    Everything {
        /// The number of flags.
        flags: usize,
        /// The number of segments.
        segments: usize,
        /// The number of layers.
        layers: usize,
        /// The number of kills.
        kills: usize,
        /// The number of test files.
        test_files: usize,
        /// The number of environments.
        environments: usize,
    },
}

impl fmt::Display for CheckedContents {
    /// Writes `flags/sale.yaml`, `3 files in flags`, or `12 flags, 2 segments in 3 environments`. Kinds without a definition are omitted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.write_str(path),
            Self::Files { number, folders } if folders.is_empty() => f.write_str(&counted(*number, "file")),
            Self::Files { number, folders } => write!(f, "{} in {}", counted(*number, "file"), folders.join(", ")),
            Self::Everything { flags, segments, layers, kills, test_files, environments } => {
                write!(f, "{}", counted(*flags, "flag"))?;
                for (number, noun) in
                    [(segments, "segment"), (layers, "layer"), (kills, "kill"), (test_files, "test file")]
                {
                    if *number > 0 {
                        write!(f, ", {}", counted(*number, noun))?;
                    }
                }
                write!(f, " in {}", counted(*environments, "environment"))
            }
        }
    }
}
