//! All findings of a flag repository. `flagctl validate` reports them, and `flagctl publish` refuses a commit if they
//! include an error.
//!
//! The module takes loaded definitions and test files, and the time, which decides which flags and kills have expired. It returns the
//! findings of every environment, with the severities in the project's settings. The compilation, the lint rules and
//! the resolution of names in test files are independent of each other and run on all cores.

use jiff::Timestamp;
use rayon::prelude::*;

use crate::bundle::Bundle;
use crate::compile::compile;
use crate::diag::{Diagnostics, Finding};
use crate::load::Loaded;
use crate::rules;
use crate::snapshot::Spanned;
use crate::test;
use crate::test::TestBundles;
use crate::yaml::Completeness;

/// The findings of a flag repository.
#[derive(Debug)]
pub struct Checked {
    /// The sorted findings, after lint levels and allow comments were applied.
    pub findings: Vec<Finding>,
    /// The bundles that the proofs used. Every flag is enabled in them, so they must not be used for decisions. They
    /// are part of the result because dropping them takes long in a large repository, and the caller can avoid this.
    pub scratch: Vec<Bundle>,
}

/// Finds all problems in definitions and their test files. `now` decides which flags and kills have expired.
pub fn check(loaded: &Loaded, now: Timestamp) -> Checked {
    let project = &loaded.project;
    // If the settings are incomplete, the checks stop here, because they would report every environment and attribute
    // as unknown.
    if project.settings.completeness == Completeness::Incomplete {
        return Checked { findings: loaded.settle(Vec::new()), scratch: Vec::new() };
    }
    let compile = |name: &Spanned<String>| compile(project, &name.value);
    let compile_all = || project.settings.environments.par_iter().map(compile).unzip();
    let ((mut bundles, diagnostics), advice): ((Vec<_>, Vec<_>), _) =
        rayon::join(compile_all, || rules::check(project, now));
    let mut diagnostics: Diagnostics = diagnostics.into_iter().flatten().collect();
    if !project.suites.is_empty() {
        let keys: Vec<&str> = project.flags.iter().map(|flag| flag.key.as_str()).collect();
        diagnostics.extend(test::plan(project, &TestBundles::for_planning(&bundles), &keys).1);
    }
    diagnostics.extend(rules::prove(project, &mut bundles));
    diagnostics.extend(advice);
    Checked { findings: loaded.settle(diagnostics), scratch: bundles }
}
