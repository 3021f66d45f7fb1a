//! Reads a context from bytes and from a JSON tree.
//!
//! The input is a context. The schema has an attribute of each type.
//!
//! **Invariant:** both readers have the same result.
//! **Invariant:** a text that is read is a part of the input or has an escape sequence.

use std::sync::LazyLock;

use flagctl::bundle::Bundle;
use flagctl::eval::Context;
use jiff::Timestamp;

const RESERVED: &[u8] = b"$serde_json::private::";
const NOW: Timestamp = Timestamp::constant(1_795_345_320, 0);

/// A bundle with an attribute of each type, and a flag that tests each of them.
static BUNDLE: LazyLock<Bundle> =
    LazyLock::new(|| Bundle::from_json(include_bytes!("context_bundle.json")).expect("the file is a bundle"));

/// Runs the target with one input.
pub(crate) fn run(input: &[u8]) {
    let attributes = BUNDLE.attributes();
    let from_bytes = Context::from_slice(attributes, input);
    // The tree reads an object with such a key as another value.
    if input.windows(RESERVED.len()).any(|part| part == RESERVED) {
        return;
    }
    let Ok(json) = serde_json::from_slice::<serde_json::Value>(input) else {
        assert!(from_bytes.is_err(), "bytes that are not JSON were read as a context");
        return;
    };
    let from_tree = Context::from_json(attributes, &json);
    match (&from_bytes, &from_tree) {
        (Ok(left), Ok(right)) => {
            assert_eq!(left, right);
            for flag in BUNDLE.flags() {
                let decide = |context| BUNDLE.decide(&flag.key, context, NOW).expect("the bundle has the flag");
                assert_eq!(decide(&left.context).reason, decide(&right.context).reason);
            }
        }
        (Err(left), Err(right)) => assert_eq!(left, right),
        // An object may have an attribute twice. Only a tree keeps the last one of the two.
        _ => panic!("one reader refuses the context: {from_bytes:?}, {from_tree:?}"),
    }
}
