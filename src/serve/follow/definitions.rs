//! Compiles the definitions of a source for the server.

use std::sync::Arc;

use jiff::Timestamp;

use crate::compile::compile;
use crate::load;
use crate::report::page::WrittenFlags;
use crate::serve::follower::{Freshness, NewBundle, Reading};
use crate::serve::served_bundle::Origin;
use crate::source::Source;

/// The maximum number of errors in a problem.
const MAX_ERRORS: usize = 3;

/// Compiles environments, in their order. If a definition has an error, the result has the errors instead of a bundle.
pub(super) fn compile_all(source: &Source, environments: &[String], created: Timestamp) -> Vec<Reading> {
    let loaded = match load::all(source) {
        Ok(loaded) => loaded,
        Err(error) => {
            return environments.iter().map(|_| Reading::Failed(error.to_string().into())).collect();
        }
    };
    let commit = source.revision().map(|revision| revision.commit());
    let definitions = Arc::new(WrittenFlags::new(&loaded.project, &loaded.snapshot));
    let reading = |environment: &String| {
        let (bundle, diagnostics) = compile(&loaded.project, environment);
        let errors = loaded.located_errors(diagnostics);
        if errors.is_empty() {
            let origin = Origin { commit: commit.clone(), sequence: None, created };
            let definitions = Some(Arc::clone(&definitions));
            let freshness = Freshness::Current;
            Reading::New(Box::new(NewBundle { bundle, origin, freshness, definitions }))
        } else {
            Reading::Failed(problem(&errors).into())
        }
    };
    environments.iter().map(reading).collect()
}

fn problem(errors: &[String]) -> String {
    let shown = errors.iter().take(MAX_ERRORS).map(String::as_str).collect::<Vec<_>>().join("; ");
    let more = errors.len().saturating_sub(MAX_ERRORS);
    if more == 0 { shown } else { format!("{shown}; and {more} more errors: `flagctl validate` shows them") }
}
