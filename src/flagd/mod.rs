//! Exports flags to flagd. The format is the JSON that flagd's clients read, with JsonLogic for targeting.
//!
//! The input is a [`Bundle`](crate::bundle::Bundle) and some of its flags. The output is flagd's JSON, or every reason
//! why a flag cannot be written.
//!
//! **Invariant:** for every context, a client that reads the JSON serves the same variant as
//! [`decide`](crate::eval::decide). The export refuses a flag that flagd's targeting cannot express, and never
//! approximates a flag.
//!
//! Variants and values are the same. flagd has fewer reasons:
//!
//! | flagctl | flagd | |
//! |---|---|---|
//! | STATIC | STATIC | |
//! | DEFAULT | DEFAULT | |
//! | TARGETING_MATCH, SPLIT | TARGETING_MATCH | |
//! | DISABLED by a kill or `enabled: false` | STATIC | flagd's own `DISABLED` would make the application use its own default value |
//! | DISABLED by a prerequisite | TARGETING_MATCH | |
//! | ERROR, a split without a unit | TARGETING_MATCH | |
//!
//! JsonLogic has two truth values and converts between types implicitly. A condition of flagctl can also be unknown.
//! The export therefore writes a condition in one of two forms. The first form is true exactly if the condition is
//! true. The second form, which is used under a `not`, is true exactly if the condition is false. Both forms are false
//! for a value that cannot be compared, because each begins with a guard that admits only values of the declared type.
//!
//! Some differences remain, because the clients interpret the context. A context must nest the parts of a dotted name.
//! The JavaScript client does not read versions of more than 256 characters or with numbers of 2^53 or more, and hashes
//! units outside ASCII to other buckets. The Python client accepts the digits of all scripts as digits of a version.
//!
//! `export` writes flags, `targeting` writes their rules, and `condition` writes the conditions of the rules.
//! `json_logic` and `type_guard` contain the building blocks.

mod condition;
mod export;
mod json_logic;
mod metadata;
mod regex_literals;
mod targeting;
mod text_predicate;
mod type_guard;
mod version;
mod writer;

pub use crate::flagd::export::{Refusal, export};
pub use crate::flagd::metadata::metadata;
pub use crate::flagd::writer::{Cause, FlagPart};
