//! The state of a flag in an environment, as a badge or a few words.

use crate::bundle::{Bundle, Flag};
use crate::report::Role;
use crate::report::diff::html::markup::Html;
use crate::report::flags::{FlagStateJson, ServingState};
use crate::report::page::facts::EnvironmentFacts;
use crate::report::text::{killed, shortened};

/// The maximum number of characters of a summary.
const LONGEST: usize = 120;

/// The state of a flag in an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ShownState {
    /// The state in words.
    pub(super) text: String,
    /// The class of the badge, or `None` for plain text.
    badge: Option<&'static str>,
}

impl ShownState {
    /// Returns the state of a flag.
    pub(super) fn new(environment: &EnvironmentFacts<'_>, bundle: &Bundle, flag: &Flag) -> Self {
        if let Some(variant) = environment.overriding(flag) {
            let variant = flag.variant(variant);
            return Self { text: format!("overridden: {}", variant.name), badge: Some("badge override") };
        }
        let state = FlagStateJson::new(bundle, &flag.key);
        match (state.state, state.role) {
            (ServingState::Killed, _) => Self { text: killed(flag.state.admits()), badge: Some("badge killed") },
            (ServingState::Disabled, _) => Self { text: "disabled".to_owned(), badge: Some("badge idle") },
            (ServingState::Invalid | ServingState::Enabled, Role::Bad) => {
                Self { text: shortened(&state.summary, LONGEST), badge: Some("badge idle") }
            }
            (ServingState::Invalid | ServingState::Enabled, _) => {
                Self { text: shortened(&state.summary, LONGEST), badge: None }
            }
        }
    }

    /// Adds the state.
    pub(super) fn add(&self, html: &mut Html) {
        html.leaf("span", &[("class", self.badge.unwrap_or("summary"))], &self.text);
    }
}
