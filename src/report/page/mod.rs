//! The page of a server: its environments and flags, for the people who operate it.
//!
//! The input is [`ServerFacts`], which the server collects for each request, and what a form sent. The output is a complete
//! document. It has the markup of the page of `diff --format html`: no script, nothing that is loaded, and two styles that
//! the security policy allows by their hashes.
//!
//! The file `facts` has the inputs. `document` writes the frame of every page. `overview` writes the start page with
//! `kills`, `filter` and `flag_table`, `environment` the page of an environment, and `flag` the page of a flag with
//! `serving`, `question` and `definition`. `bars`, `links` and `time` are their common parts.
//!
//! **Invariant:** a page has a bounded number of flags, steps, commits and changes, whatever the repository has.
//! **Invariant:** every page is complete without scripts, without styles and without colours.

mod bars;
mod definition;
mod document;
mod environment;
mod facts;
mod filter;
mod flag;
mod flag_table;
mod kills;
mod links;
mod overview;
mod question;
mod serving;
mod state;
mod time;
mod written_flags;

pub use crate::report::page::document::{POLICY, problem};
pub use crate::report::page::environment::environment;
pub use crate::report::page::facts::{
    BundleFacts, BundlePlan, EnvironmentFacts, FlagHistory, LastPlan, Question, ServerFacts,
};
pub use crate::report::page::filter::FlagFilter;
pub use crate::report::page::flag::flag;
pub use crate::report::page::overview::overview;
pub use crate::report::page::written_flags::WrittenFlags;
