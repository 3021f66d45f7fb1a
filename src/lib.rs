//! Feature flags whose control plane is a git repository: the evaluator, for programs that decide flags themselves.
//!
//! A program reads a [bundle](bundle::Bundle), which contains the compiled flags of one environment.
//! `flagctl export bundle` and `flagctl publish` write bundles. The program makes a [context](eval::Context) from the
//! attributes of a request, and [decides](bundle::Bundle::decide) flags by their keys. A decision allocates no memory,
//! reads no clock and cannot fail.
//!
//! ```toml
//! [dependencies]
//! flagctl = { version = "0.1", default-features = false }
//! jiff = "0.2"
//! serde_json = "1"
//! ```
//!
//! ```
//! use flagctl::bundle::Bundle;
//! use flagctl::eval::Context;
//! use serde_json::json;
//!
//! let bundle = Bundle::from_json(
//!     br#"{
//!         "format": 1, "environment": "production", "bucketing": "siphash",
//!         "attributes": [
//!             {"name": "targetingKey", "type": "string"},
//!             {"name": "now", "type": "datetime"},
//!             {"name": "country", "type": "string"}
//!         ],
//!         "segments": [],
//!         "flags": [{
//!             "key": "dark-mode", "off": 1, "default": 1, "state": "enabled", "unit": 0, "salt": "dark-mode",
//!             "variants": [{"name": "on", "value": true}, {"name": "off", "value": false}],
//!             "rules": [{
//!                 "name": "canada",
//!                 "if": {"test": {"attribute": 2, "sign": "is", "predicate": {"one-of": {"texts": ["CA"]}}}},
//!                 "rollout": 100000, "serve": {"variant": 0}
//!             }]
//!         }]
//!     }"#,
//! )?;
//!
//! let request = json!({"targetingKey": "user-42", "country": "CA"});
//! let parsed = Context::from_json(bundle.attributes(), &request)?;
//!
//! let now = jiff::Timestamp::now();
//! let decision = bundle.decide("dark-mode", &parsed.context, now).ok_or("the bundle has no flag `dark-mode`")?;
//! println!("{} = {} ({})", decision.variant.name, decision.variant.value, decision.reason.name());
//! # assert_eq!(decision.reason.name(), "TARGETING_MATCH");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Interface
//!
//! The interface is the documented items of [`bundle`] and [`eval`]. It follows semantic versioning. Enums and structs
//! that may grow are marked `#[non_exhaustive]`. It includes three types of other crates, which callers need anyway:
//! [`jiff::Timestamp`] is the time of a decision, [`serde_json::Value`] is the value of a variant and the JSON of a
//! context, and [`semver::Version`] is the value of a `semver` attribute.
//!
//! Without features, the crate has only the evaluator, and uses no git, no YAML, no files and no network. The default
//! features add the program: `cli` is the command line, `cloud` is the access to object stores, and `serve` is the server.
//!
//! All other modules are internal to the program `flagctl`. They are public only for its tests, benches and fuzz
//! target, are hidden from the documentation, and may change in any version.
//!
//! # Modules, for contributors
//!
//! Data flows in one direction, from the files of definitions to the output:
//!
//! ```text
//! source → yaml → model → compile → { eval · analyze · diff · rules · test } → report → cli
//! ```
//!
//! Each stage is a module. A test checks that a module uses only the modules in the last column of this table.
//!
//! | module | takes | returns | may use |
//! |---|---|---|---|
//! | codes | nothing | Code, Severity: the only list of diagnostic codes | |
//! | retry | a limit | random, growing pauses between attempts | |
//! | statistics | numbers | moments, tests, intervals, sequences, power: the mathematics of guards, experiments and shadows | |
//! | row_file | the text of a file of rows | its rows, or the position of the first problem | |
//! | temporary | a folder | temporary files and folders, which a later run removes if their process was killed | |
//! | snapshot | the texts of files | File, FileId, Span: positions in definitions | |
//! | tree | folders, files and links | the file at a path, with links followed inside the repository | snapshot |
//! | git | a folder, a revision | files of commits, history, merges (the only reader of git) | temporary, snapshot, tree |
//! | source | a folder, a revision | files of definitions (the only reader of definitions) | snapshot, tree, git |
//! | diag | codes, spans | Diagnostic, Finding (the only module that applies levels and allow comments) | codes, snapshot |
//! | yaml | a file's text | Node tree with spans (the only module that knows the YAML parser) | codes, snapshot, diag |
//! | bundle | nothing, or JSON | Bundle: the input of the evaluator | |
//! | eval | Bundle, context, now | Decision, Trace | bundle |
//! | context_text | the text of a context that a person types | Context, or the reason in words | bundle, eval, diag |
//! | analyze | one or two Bundles | exact results for all contexts: changes, reachability, proofs | bundle, eval |
//! | events | files of NDJSON or CSV | exposures, metric events, comparison records, and counts of the rows that are none (the only reader of events) | |
//! | model | Node trees | Project: every definition with its spans | snapshot, yaml, bundle, eval |
//! | schema | a Node tree, its kind | diagnostics: violations of the published schemas | codes, snapshot, diag, yaml, model, bundle |
//! | compile | Project, environment | Bundle, with resolved names, a fixed order, and percentages as bucket ranges | codes, snapshot, diag, yaml, model, bundle, eval |
//! | test | Project, Bundles | the result of every expectation and assertion in the test files | codes, snapshot, diag, yaml, bundle, eval, analyze, model, compile |
//! | flagd | Bundle | the flags in flagd's format, or the reasons why the format does not support them | bundle, eval |
//! | openfeature | flags, their descriptions | the manifest of OpenFeature's command line | bundle |
//! | store | a target | complete objects, with conditional writes (the only module that knows object stores) | temporary |
//! | publish | an environment's bytes, their commit, a Store | the next entry of its log, or the reason why nothing is published | retry, temporary, bundle, store |
//! | edit | a file's text, one change | the new text, in which all other bytes are the same | snapshot, yaml |
//! | formatting | a file's text | the text in the layout of `flagctl fmt`, which says the same | snapshot, yaml, edit |
//! | references | Project | the definition and the references of every name, with their bytes | snapshot, yaml, model, edit |
//! | scaffold | answers to a few questions | the paths and texts of new files | snapshot, yaml, bundle, model, schema, edit |
//! | commit | changes of a branch's files | a git commit (the only writer of git) | retry, temporary |
//! | forge | a remote's address, a pushed branch | a pull request, or the address that opens one (the only module that runs `gh`) | |
//! | rules | Project, a time, Bundles | diagnostics (each lint rule is a file) | codes, snapshot, diag, yaml, bundle, analyze, model, flagd |
//! | load | a source | Project, diagnostics: all steps before the compilation | codes, snapshot, source, diag, yaml, model, bundle, schema |
//! | check | Loaded, a time | all findings, which `validate` reports | snapshot, diag, yaml, bundle, compile, test, rules, load |
//! | fixes | findings and their files | the texts without the problems that have exactly one fix | codes, snapshot, source, diag, edit, load, check |
//! | diff | two Sources or Bundles, keys of flags | the effect of a change on all contexts, for each flag and environment | codes, snapshot, git, source, diag, model, bundle, eval, compile, load, analyze |
//! | history | a revision, a flag's key | the effects of past commits on the flag and on the decisions for contexts | codes, snapshot, git, source, diag, model, bundle, eval, compile, load, diff |
//! | live | a manifest | the published bundle, compiled again from git | codes, git, source, bundle, model, compile, load, publish |
//! | exposures | files of exposures, the commits and logs that they name | what contradicts the definitions | git, source, diag, bundle, eval, analyze, publish, events, diff, live, stage |
//! | stage | a flag, an environment, a published log or a branch | since when the environment serves the flag as it does now | git, source, bundle, publish, diff, history, live |
//! | shadow | comparison records of a flag, its definition | the rates of mismatches and failures, latencies, and the verdict | snapshot, bundle, model, publish, statistics, events |
//! | policy | a base, a change, its commits, a clock of stages | what the policy of the base allows and refuses | snapshot, git, source, bundle, eval, analyze, model, publish, diff, history, stage, shadow |
//! | actions | keys of flags, environments, a branch | plans of kills, rollouts, renames and other changes, their commits, and the proof of a kill | codes, snapshot, git, source, diag, yaml, bundle, analyze, model, compile, edit, references, commit, load, check, history, diff, policy |
//! | guard | a flag at a commit, the numbers of a rollout's arms | the evidence of harm or health, the verdict, the step that follows | snapshot, git, source, yaml, bundle, eval, model, stage, load, actions, statistics, row_file |
//! | experiment | sufficient statistics of units | the effects of an experiment's arms, and the verdict | bundle, model, statistics, row_file, guard |
//! | reduction | exposures and metric events, the phases of a flag | sufficient statistics of its experiment, or the numbers of guardrails | events, model, statistics, experiment, guard |
//! | report | any result | text (each format is a file) | codes, snapshot, git, diag, model, bundle, eval, analyze, fixes, diff, history, test, publish, live, policy, actions, statistics, guard, events, exposures, experiment, reduction, shadow |
//! | serve | Followers of sources, settings | answers to applications over HTTP, with the newest bundles, and a page for people (the only module that accepts connections) | git, source, bundle, eval, context_text, analyze, compile, flagd, store, publish, commit, events, load, diff, history, report |
//! | lsp | the messages of an editor, a folder | diagnostics, completions, descriptions, positions and changes (the only module that speaks the language server protocol) | codes, snapshot, source, diag, bundle, model, schema, compile, load, check, fixes, references, report |
//! | cli | arguments | Exit (the only module that reads the clock, the environment variables and the working folder) | codes, temporary, snapshot, git, source, diag, yaml, bundle, eval, context_text, analyze, model, schema, compile, diff, test, flagd, openfeature, retry, store, publish, commit, forge, formatting, load, check, fixes, history, live, stage, policy, actions, statistics, row_file, guard, events, exposures, experiment, reduction, shadow, scaffold, report, serve, lsp |

#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod actions;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod analyze;
pub mod bundle;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod check;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod codes;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod commit;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod compile;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod context_text;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod diag;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod diff;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod edit;
pub mod eval;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod events;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod experiment;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod exposures;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod fixes;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod flagd;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod forge;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod formatting;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod git;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod guard;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod history;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod live;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod load;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod lsp;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod model;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod openfeature;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod policy;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod publish;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod reduction;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod references;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod report;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod retry;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod row_file;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod rules;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod scaffold;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod schema;
#[cfg(feature = "serve")]
#[doc(hidden)]
pub mod serve;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod shadow;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod snapshot;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod source;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod stage;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod statistics;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod store;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod temporary;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod test;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod tree;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod yaml;

/// Runs the examples in `docs/library.md` as documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../docs/library.md")]
pub struct LibraryPage;
