//! All integration tests, in one binary: linking one binary is much faster than linking twenty.
//!
//! `cargo test --test it kill` runs the tests of one file. Files in `tests/` beside this folder are the input and the
//! expected output of the test with the same name.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "a test may end in a panic, reads the files that it needs, and counts small numbers"
)]

mod example_shop;
#[cfg(unix)]
mod fast_import;
mod files;
#[cfg(unix)]
mod first_screen;
mod first_steps;
mod git_bench;
mod lsp_client;
#[cfg(unix)]
mod pseudo_terminal;
mod random;
mod region_words;

#[cfg(unix)]
mod advice;
mod agreement;
mod analyze;
mod architecture;
mod assertions;
mod audit_log;
mod blame;
mod bundle;
mod change_classes;
mod cli;
mod client_flags;
#[cfg(unix)]
mod commits;
#[cfg(unix)]
mod completion;
mod context_space;
mod dark_launch;
mod diff;
mod diff_live;
#[cfg(unix)]
mod diverged;
mod doctor;
#[cfg(unix)]
mod documents;
mod edit;
#[cfg(unix)]
mod environment;
mod environment_fields;
mod events;
#[cfg(unix)]
mod examples;
mod experiment;
mod experiment_events;
#[cfg(unix)]
mod experiment_example;
mod experiment_sql;
mod experiment_statistics;
mod explanations;
mod exposures;
mod fixes;
mod flag_keys;
#[cfg(unix)]
mod flag_life;
mod fmt;
mod fuzz_seeds;
mod golden;
#[cfg(unix)]
mod guard;
mod guard_evidence;
mod guard_simulation;
#[cfg(unix)]
mod guard_source;
#[cfg(unix)]
mod half_open;
#[cfg(unix)]
mod help;
#[cfg(unix)]
mod hostile_repository;
mod hostile_server;
mod html_plan;
#[cfg(unix)]
mod init;
#[cfg(unix)]
mod interrupted;
#[cfg(unix)]
mod kill;
mod kill_expiry;
mod kill_wait;
#[cfg(unix)]
mod kills_alone;
mod kills_in_tests;
mod kinds;
mod layers;
mod limits;
mod lists;
mod log;
mod long_output;
#[cfg(unix)]
mod lsp;
mod lsp_folders;
mod lsp_session;
mod man;
#[cfg(unix)]
mod merges;
mod metadata;
mod misordered_rules;
mod mistakes;
mod names;
#[cfg(unix)]
mod new;
mod new_since;
mod operators;
#[cfg(unix)]
mod output;
mod overview;
mod pages;
mod plan_questions;
mod planted_facts;
mod policy;
mod project_schemas;
mod projects;
#[cfg(unix)]
mod promote;
mod promoted;
mod publish;
#[cfg(unix)]
mod pull_requests;
mod reduction;
mod references;
mod rename;
mod repository_search;
mod required_version;
mod revisions;
#[cfg(unix)]
mod rollout;
mod rollout_schedule;
mod rule_units;
#[cfg(unix)]
#[cfg(unix)]
mod serve;
mod shadow;
mod shadow_report;
mod shares;
mod shown_findings;
mod stage;
mod statistics;
#[cfg(unix)]
mod status;
mod store_attacks;
#[cfg(unix)]
mod targets;
#[cfg(unix)]
mod terminal;
mod text;
mod values;
mod vectors;
mod verify_kill;
mod versions;
mod web_targets;
mod words;
mod yaml;
