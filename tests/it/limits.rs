//! The bounds on work and memory: a small input that would take too much of them is refused, with its position and what
//! to do.

use flagctl::codes::Code;
use flagctl::diag::Diagnostics;
use flagctl::snapshot::{File, FileId};
use flagctl::yaml;

const MIB: u64 = 1 << 20;

/// Parses a file and returns its diagnostics and the largest amount of memory that was allocated at one time, in bytes.
fn parse(text: String) -> (Diagnostics, u64) {
    let file = File::new("flags/x.yaml".to_owned(), text.into_bytes());
    let mut diagnostics = Vec::new();
    let measured = allocation_counter::measure(|| {
        yaml::parse(FileId(0), &file, &mut diagnostics);
    });
    (diagnostics, measured.bytes_max)
}

fn assert_refused((diagnostics, bytes): (Diagnostics, u64), message: &str, most: u64) {
    let found: Vec<_> = diagnostics.iter().map(|found| (found.code, found.message.as_str())).collect();
    assert_eq!(found, [(Code::LimitExceeded, message)]);
    assert!(diagnostics[0].help.is_some(), "no advice: {:?}", diagnostics[0]);
    assert!(bytes < most, "{} MiB", bytes / MIB);
}

#[test]
fn aliases_of_a_long_text_are_bounded_by_bytes() {
    let text = format!("a: &a {}\nb: [{}]\n", "z".repeat(400_000), "*a, ".repeat(9_990));
    assert_refused(parse(text), "aliases add more than 1048576 bytes of text", 8 * MIB);
}

#[test]
fn aliases_of_a_list_of_long_keys_are_bounded_by_bytes() {
    let text = format!("a: &a {{{}: 1}}\nb: [{}]\n", "k".repeat(1000), "*a, ".repeat(2_000));
    assert_refused(parse(text), "aliases add more than 1048576 bytes of text", 8 * MIB);
}

#[test]
fn anchors_inside_each_other_are_bounded_by_bytes() {
    let nested = |depth: usize| (0..depth).map(|index| format!("&a{index} [")).collect::<String>();
    let text = format!("{}{}{}\n", nested(60), "z".repeat(1_000_000), "]".repeat(60));
    assert_refused(parse(text), "anchors inside each other copy more than 16777216 bytes of text", 40 * MIB);
}

#[test]
fn the_values_of_a_file_are_bounded() {
    let text = format!("[{}]\n", "1,".repeat(4 << 20));
    assert_refused(parse(text), "the file has more than 1000000 values", 400 * MIB);
}

#[test]
fn a_list_of_many_long_texts_without_aliases_is_read() {
    let text = format!("a: &a [{}]\nb: *a\nc: [{}]\n", "abc, ".repeat(9_000), format!("{}, ", "z".repeat(36)).repeat(50_000));
    assert_eq!(parse(text).0, []);
}
