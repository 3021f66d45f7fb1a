//! Reads the share of units that the text of one kill file admits, for commands that look at a commit that has no other
//! form yet.

use crate::bundle::Percent;
use crate::load::parsed_file::{Definition, parse_file};
use crate::snapshot::{File, FileId};

/// Returns the share of units that a kill file admits. It is none for a file with errors, which is a kill of all units.
pub fn kill_share(path: &str, text: Vec<u8>) -> Percent {
    match parse_file(File::new(path.to_owned(), text), FileId(0)).definition {
        Definition::Kill(kill) => kill.admits(),
        Definition::Settings(_)
        | Definition::Flag(_)
        | Definition::Segment(_)
        | Definition::Layer(_)
        | Definition::Suite(_)
        | Definition::InvalidName => Percent::ZERO,
    }
}
