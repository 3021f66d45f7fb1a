//! Decides from metrics whether a rollout harms: the tests of guardrails.
//!
//! Takes the numbers of each arm of a rollout, and returns the evidence of harm or of health.
//!
//! **Invariant:** the modules here read no clock. A verdict is a function of the numbers, the settings and a given time.

pub mod evidence;
