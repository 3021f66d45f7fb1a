//! The export to flagd: flags as its clients read them, JSON with JsonLogic for targeting.
//!
//! Takes a [`Bundle`](crate::bundle::Bundle) and some of its flags; gives flagd's JSON, or every reason why a flag cannot
//! be written.
//!
//! **Invariant:** a client that reads the JSON serves what [`decide`](crate::eval::decide) serves, to every context. A
//! flag that flagd's targeting cannot express is refused. Nothing is approximated.
//!
//! Variants and values are the same. flagd has fewer reasons:
//!
//! | flagctl | flagd | |
//! |---|---|---|
//! | STATIC | STATIC | |
//! | DEFAULT | DEFAULT | |
//! | TARGETING_MATCH, SPLIT | TARGETING_MATCH | |
//! | DISABLED by a kill or `enabled: false` | STATIC | flagd's own `DISABLED` would leave the value to the application's code |
//! | DISABLED by a prerequisite | TARGETING_MATCH | |
//! | ERROR, a split without a unit | TARGETING_MATCH | |
//!
//! JsonLogic has two truth values and converts between types freely; a condition of flagctl can also be unknown. So a
//! condition is written in one of two forms: one that is true exactly where the condition is true, and under a `not` one
//! that is true exactly where the condition is false. Both forms are false for a value that cannot be compared, because
//! each begins with a guard that admits only values of the declared type.
//!
//! Some differences of the clients remain, because the context is theirs: a context must nest the parts of a dotted name.
//! The JavaScript client does not read versions of more than 256 characters or with numbers beyond 2^53, and hashes units
//! outside ASCII to other buckets. The Python client accepts the digits of all scripts as digits of a version.
//!
//! `export` writes flags, `targeting` their rules, `condition` the conditions in them; `json_logic` and `type_guard` are
//! the building blocks.

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
