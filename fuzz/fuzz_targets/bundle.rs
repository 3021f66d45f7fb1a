//! Runs `fuzz/targets/bundle.rs` with the inputs of libFuzzer.

#![no_main]
#![allow(dead_code, reason = "each fuzz target uses one of the functions")]

#[path = "../targets/mod.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|input: &[u8]| targets::bundle::run(input));
