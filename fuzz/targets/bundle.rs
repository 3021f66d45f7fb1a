//! Reads a bundle with all readers, and decides its flags for a context.
//!
//! The input is split at lines of `---8<---` into two parts: a bundle and a context.
//!
//! **Invariant:** a bundle that was read is written and read again without a difference.
//! **Invariant:** a flag of a lazily read bundle decides as the same flag of a completely read bundle.
//! **Invariant:** if the complete bundle is valid, so is the lazily read one.

use flagctl::bundle::{Bundle, LazyBundle};
use flagctl::eval::Context;
use jiff::Timestamp;

use super::definitions::split;

const NOW: Timestamp = Timestamp::constant(1_795_345_320, 0);

/// Runs the target with one input.
pub(crate) fn run(input: &[u8]) {
    let mut parts = split(input).into_iter();
    let (json, context) = (parts.next().unwrap_or_default(), parts.next().unwrap_or(b"{}"));
    let complete = Bundle::from_json(json);
    let lazy = LazyBundle::from_json(json.to_vec());
    if let Ok(bundle) = &complete {
        let written = bundle.to_json().expect("every part of a bundle has a JSON form");
        let again = Bundle::from_json(&written).expect("a written bundle is a bundle");
        assert_eq!(written, again.to_json().expect("every part of a bundle has a JSON form"));
        let lazy_again = LazyBundle::from_json(written).expect("a written bundle can be read lazily");
        compare(bundle, &lazy_again, context);
    }
    match (&complete, &lazy) {
        (Ok(bundle), Ok(lazy)) => compare(bundle, lazy, context),
        (Ok(_), Err(error)) => panic!("the bundle is valid, but cannot be read lazily: {error}"),
        (Err(_), Ok(lazy)) => {
            // Errors in flags are found when the flags are used.
            let keys: Vec<String> = lazy.keys().map(str::to_owned).collect();
            for key in &keys {
                decide_lazily(lazy, key, context);
            }
        }
        (Err(_), Err(_)) => {}
    }
}

fn compare(bundle: &Bundle, lazy: &LazyBundle, context: &[u8]) {
    let Ok(parsed) = Context::from_slice(bundle.attributes(), context) else { return };
    for flag in bundle.flags() {
        let found = lazy.flag(&flag.key).expect("a flag of a valid bundle is valid");
        assert_eq!(found.map(|found| &found.key), Some(&flag.key));
        let decided = bundle.decide(&flag.key, &parsed.context, NOW).expect("the bundle has the flag");
        let lazily = lazy.decide(&flag.key, &parsed.context, NOW).expect("a flag of a valid bundle is valid");
        let lazily = lazily.expect("the bundle has the flag");
        let compared = |decision: &flagctl::eval::Decision<'_>| {
            (decision.variant.name.clone(), decision.variant.value.clone(), decision.reason, decision.rule)
        };
        assert_eq!(compared(&decided), compared(&lazily), "{}", flag.key);
    }
}

fn decide_lazily(lazy: &LazyBundle, key: &str, context: &[u8]) {
    if let Ok(parsed) = Context::from_slice(lazy.attributes(), context) {
        let _ = lazy.decide(key, &parsed.context, NOW);
    }
}
