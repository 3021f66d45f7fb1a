//! What a page shows: the current state of all environments, taken once for each request.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::context_text;
use crate::report::page::{BundleFacts, EnvironmentFacts, Question, ServerFacts};
use crate::serve::application::Application;
use crate::serve::served_bundle::{Override, ServedBundle};
use crate::serve::source_state::SourceState;

/// The state of the environments at the time of a request.
pub(super) struct Snapshot {
    environments: Vec<(String, Option<Arc<ServedBundle>>, SourceState)>,
    now: Timestamp,
}

impl Snapshot {
    /// Takes the current state.
    pub(super) fn take(application: &Application) -> Self {
        let environments = application.environments.in_order();
        let environments =
            environments.map(|served| (served.name().to_owned(), served.current(), served.source())).collect();
        Self { environments, now: (application.clock)() }
    }

    /// Returns the current bundle of an environment.
    pub(super) fn bundle(&self, environment: &str) -> Option<&ServedBundle> {
        let mut environments = self.environments.iter();
        environments.find(|(name, ..)| name == environment).and_then(|(_, bundle, _)| bundle.as_deref())
    }

    /// Returns what the pages show.
    pub(super) fn facts<'s>(&'s self, overrides: &'s [Override]) -> ServerFacts<'s> {
        let environment = |(name, served, source): &'s (String, Option<Arc<ServedBundle>>, SourceState)| {
            let bundle = served.as_ref().map(|served| BundleFacts {
                bundle: served.bundle(),
                commit: served.origin().commit.as_deref(),
                sequence: served.origin().sequence,
                created: served.origin().created,
                since: source.since,
            });
            EnvironmentFacts {
                name,
                bundle,
                definitions: source.definitions.as_deref(),
                plan: &source.plan,
                problem: source.problem.as_deref(),
                checked: source.checked,
                overrides: served.as_ref().map_or_else(BTreeMap::new, |served| used(served, overrides)),
            }
        };
        ServerFacts {
            environments: self.environments.iter().map(environment).collect(),
            now: self.now,
            version: env!("CARGO_PKG_VERSION"),
        }
    }

    /// Reads the context that a person typed, for a bundle.
    pub(super) fn question<'q>(bundle: &ServedBundle, text: &'q str) -> Question<'q> {
        let attributes = bundle.bundle().attributes();
        let context = context_text::parse(attributes, text).map_err(|problem| problem.to_string());
        let unusable =
            context.as_ref().map_or_else(|_| Vec::new(), |context| context_text::unusable(attributes, context));
        Question { text, context, unusable }
    }
}

/// Returns the overrides of flags and variants that the bundle has.
fn used<'o>(served: &ServedBundle, overrides: &'o [Override]) -> BTreeMap<&'o str, &'o str> {
    let unknown = served.unknown_overrides(overrides);
    let known = overrides.iter().filter(|overridden| !unknown.contains(overridden));
    // The first of several overrides of a flag is in use.
    known.rev().map(|overridden| (overridden.flag.as_str(), overridden.variant.as_str())).collect()
}
