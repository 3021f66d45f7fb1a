//! Feature flags whose control plane is a git repository.
//!
//! Definitions go one way, from files to an answer:
//!
//! ```text
//! source → yaml → model → compile → { eval · analyze · diff · rules · test } → report → cli
//! ```
//!
//! A stage is a module; it may use those that this table allows, and a test holds the code to it.
//!
//! | module | takes | gives | may use |
//! |---|---|---|---|
//! | codes | nothing | Code, Severity: the one list of diagnostic codes | |
//! | retry | a limit | random, growing pauses between attempts | |
//! | snapshot | the texts of files | File, FileId, Span: positions in definitions | |
//! | git | a folder, a revision | files of commits, history, merges (the only reader of git) | snapshot |
//! | source | a folder, a revision, a merge | files of definitions (the only reader of definitions) | snapshot, git |
//! | diag | codes, spans | Diagnostic, Finding (levels and inline allows are decided here) | codes, snapshot |
//! | yaml | a file's text | Node tree with spans (the only module that knows the YAML parser) | codes, snapshot, diag |
//! | bundle | nothing, or JSON | Bundle: what the evaluator reads | |
//! | eval | Bundle, context, now | Decision, Trace | bundle |
//! | analyze | one or two Bundles | exact answers about all contexts: what changes, what is reachable, what is proven | bundle, eval |
//! | model | Node trees | Project: every definition as written, spanned | snapshot, yaml, bundle, eval |
//! | schema | a Node tree, its kind | diagnostics: departures from the published schemas | codes, snapshot, diag, yaml, model, bundle |
//! | compile | Project, environment | Bundle: names resolved, order fixed, percentages as bucket ranges | codes, snapshot, diag, yaml, model, bundle, eval |
//! | test | Project, Bundles | the result of every expectation and assertion in the test files | codes, snapshot, diag, yaml, bundle, eval, analyze, model, compile |
//! | flagd | Bundle | the flags as flagd's clients read them, or what they cannot say | bundle, eval |
//! | openfeature | flags, their descriptions | the manifest of OpenFeature's command line | bundle |
//! | store | a target | objects, each whole, written under conditions (the only one that knows object stores) | |
//! | publish | an environment's bytes, their commit, a Store | the next number of its log, or why there is none | retry, bundle, store |
//! | history | a revision, a flag's key | what past commits say about the flag | git, model |
//! | edit | a file's text, one change | the new text, everything else byte for byte | snapshot, yaml |
//! | commit | changes of a branch's files | a git commit (the only writer of git) | retry |
//! | rules | Project, a day, Bundles | diagnostics, one lint rule a file | codes, snapshot, diag, yaml, bundle, analyze, model |
//! | load | a source | Project, diagnostics: everything that happens before compiling | codes, snapshot, source, diag, yaml, model, schema |
//! | check | Loaded, a day | every finding: what `validate` reports | snapshot, diag, yaml, bundle, compile, test, rules, load |
//! | diff | two Sources or Bundles, keys of flags | what a change does to all contexts, per flag and environment | codes, snapshot, git, source, diag, model, bundle, eval, compile, load, analyze |
//! | report | any result | text in one format a file | codes, snapshot, git, diag, model, bundle, eval, analyze, diff, test, publish |
//! | cli | arguments | Exit; reads clock, environment, working folder | codes, snapshot, git, source, diag, yaml, bundle, eval, analyze, model, schema, compile, diff, test, flagd, openfeature, store, publish, edit, commit, rules, load, check, history, report |
//!
//! `bundle` and `eval` are the evaluator: with `default-features = false` they are all there is, for programs
//! that decide flags themselves. They read neither files nor YAML, and know no command line.

#[cfg(feature = "cli")]
pub mod analyze;
pub mod bundle;
#[cfg(feature = "cli")]
pub mod check;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "cli")]
pub mod codes;
#[cfg(feature = "cli")]
pub mod commit;
#[cfg(feature = "cli")]
pub mod compile;
#[cfg(feature = "cli")]
pub mod diag;
#[cfg(feature = "cli")]
pub mod diff;
#[cfg(feature = "cli")]
pub mod edit;
pub mod eval;
#[cfg(feature = "cli")]
pub mod flagd;
#[cfg(feature = "cli")]
pub mod git;
#[cfg(feature = "cli")]
pub mod history;
#[cfg(feature = "cli")]
pub mod load;
#[cfg(feature = "cli")]
pub mod model;
#[cfg(feature = "cli")]
pub mod openfeature;
#[cfg(feature = "cli")]
pub mod publish;
#[cfg(feature = "cli")]
pub mod report;
#[cfg(feature = "cli")]
pub mod retry;
#[cfg(feature = "cli")]
pub mod rules;
#[cfg(feature = "cli")]
pub mod schema;
#[cfg(feature = "cli")]
pub mod snapshot;
#[cfg(feature = "cli")]
pub mod source;
#[cfg(feature = "cli")]
pub mod store;
#[cfg(feature = "cli")]
pub mod test;
#[cfg(feature = "cli")]
pub mod yaml;

/// Runs the examples of the library's page as documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../docs/library.md")]
pub struct LibraryPage;
