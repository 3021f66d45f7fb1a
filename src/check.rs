//! All findings of a flag repository: what `flagctl validate` reports, and what keeps a commit from being published.
//!
//! Takes definitions with their test files as they were loaded, and a day, by which flags expire; gives the findings of
//! every environment, with the severities that the project sets. Compiling, the lint rules and the resolution of names
//! in test files are independent of each other and run on all cores.

use jiff::civil::Date;
use rayon::prelude::*;

use crate::bundle::Bundle;
use crate::compile::compile;
use crate::diag::{Diagnostics, Finding};
use crate::load::Loaded;
use crate::rules;
use crate::snapshot::Spanned;
use crate::test;
use crate::yaml::Completeness;

/// The findings of a flag repository.
#[derive(Debug)]
pub struct Checked {
    /// The findings, sorted, after lint levels and allow comments were applied.
    pub findings: Vec<Finding>,
    /// The bundles that the proofs used. Every flag is enabled in them, so they must not be used for decisions. They
    /// are returned so that the caller can skip dropping them, which takes long in a large repository.
    pub scratch: Vec<Bundle>,
}

/// Finds all problems in definitions and their test files. `today` decides which flags have expired.
pub fn check(loaded: &Loaded, today: Date) -> Checked {
    let project = &loaded.project;
    // Without complete settings, every environment and attribute would be reported as unknown.
    if project.settings.completeness == Completeness::Incomplete {
        return Checked { findings: loaded.settle(Vec::new()), scratch: Vec::new() };
    }
    let compile = |name: &Spanned<String>| compile(project, &name.value);
    let compile_all = || project.settings.environments.par_iter().map(compile).unzip();
    let ((mut bundles, diagnostics), advice): ((Vec<_>, Vec<_>), _) =
        rayon::join(compile_all, || rules::check(project, today));
    let mut diagnostics: Diagnostics = diagnostics.into_iter().flatten().collect();
    if !project.suites.is_empty() {
        let keys: Vec<&str> = project.flags.iter().map(|flag| flag.key.as_str()).collect();
        diagnostics.extend(test::plan(project, &bundles, &keys).1);
    }
    diagnostics.extend(rules::prove(project, &mut bundles));
    diagnostics.extend(advice);
    Checked { findings: loaded.settle(diagnostics), scratch: bundles }
}
