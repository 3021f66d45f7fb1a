//! The YAML reader: a comparison with another reader, and tests with arbitrary text and malicious text.

use std::fs;
use std::path::Path;

use flagctl::codes::Code;
use flagctl::diag::Diagnostics;
use flagctl::snapshot::{File, FileId};
use flagctl::yaml::{self, Completeness, Node, Value};
use proptest::prelude::*;

fn parse(text: &str) -> (yaml::Document, Diagnostics) {
    let file = File::new("x.yaml".to_owned(), text.as_bytes().to_vec());
    let mut diagnostics = Vec::new();
    let document = yaml::parse(FileId(0), &file, &mut diagnostics);
    (document, diagnostics)
}

fn check_spans(node: &Node, text: &str) {
    let (start, end) = (node.span.start as usize, node.span.end as usize);
    assert!(start <= end && text.get(start..end).is_some(), "{:?} in {text:?}", node.span);
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| check_spans(item, text)),
        Value::Map(entries) => entries.iter().for_each(|entry| {
            assert!(text.get(entry.key_span.start as usize..entry.key_span.end as usize).is_some());
            check_spans(&entry.value, text);
        }),
        _ => {}
    }
}

fn yaml_files(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            yaml_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            found.push(fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn the_examples_read_as_serde_yaml_reads_them() {
    let mut files = Vec::new();
    yaml_files(Path::new("examples"), &mut files);
    assert!(files.len() > 20);
    for text in files {
        let (document, diagnostics) = parse(&text);
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        let theirs: serde_json::Value = serde_yaml::from_str(&text).unwrap();
        assert_eq!(document.root.to_json(), theirs, "{text}");
        check_spans(&document.root, &text);
    }
}

#[test]
fn scalars_read_as_serde_yaml_reads_them() {
    let plain = [
        "on",
        "off",
        "yes",
        "no",
        "y",
        "n",
        "NO",
        "null",
        "~",
        "true",
        "False",
        "0",
        "-1",
        "+1",
        "0o17",
        "0x1F",
        "1.5",
        "1e3",
        "-2.5e-3",
        ".5",
        "5.",
        "1_000",
        "12:30:00",
        "2.4.0",
        "1.2.3-rc.1",
        "2026-11-22",
        "25%",
        "a: b",
    ];
    for text in plain.iter().flat_map(|text| [format!("[{text}]"), format!("'{text}'"), format!("\"{text}\"")]) {
        let theirs: Result<serde_json::Value, _> = serde_yaml::from_str(&text);
        let (document, _) = parse(&text);
        assert_eq!(document.root.to_json(), theirs.unwrap(), "{text}");
    }
}

#[test]
fn each_harmful_text_is_refused_with_its_reason() {
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n\
                d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n";
    let long = format!("a: &a '{}'\nb: [{}]\n", "x".repeat(100_000), "*a,".repeat(20_000));
    let chain: String = (1..80).map(|at| format!("a{at}: &a{at} [*a{}]\n", at - 1)).collect();
    let cases = [
        (bomb.to_owned(), Code::LimitExceeded),
        (long, Code::LimitExceeded),
        (format!("a0: &a0 x\n{chain}"), Code::LimitExceeded),
        ("- ".repeat(100_000), Code::LimitExceeded),
        ("[".repeat(100_000), Code::LimitExceeded),
        (format!("a:\n {}", "{a: ".repeat(100)), Code::LimitExceeded),
        ("a: &a [*a]\n".to_owned(), Code::UnsupportedYaml),
        ("a: 1\na: 2\n".to_owned(), Code::DuplicateKey),
        ("a: 1\n---\nb: 2\n".to_owned(), Code::MultipleDocuments),
        ("a:\n\tb: 1\n".to_owned(), Code::YamlSyntax),
        ("a: \u{0}\n".to_owned(), Code::YamlSyntax),
        ("a: *nowhere\n".to_owned(), Code::YamlSyntax),
        ("a: !!binary aGk=\n".to_owned(), Code::UnsupportedYaml),
        ("? [a, b]\n: c\n".to_owned(), Code::UnsupportedYaml),
        ("a: 9007199254740993\n".to_owned(), Code::InexactNumber),
        ("a: 1e400\n".to_owned(), Code::InexactNumber),
        ("a: .nan\n".to_owned(), Code::InexactNumber),
    ];
    for (text, code) in cases {
        let (_, diagnostics) = parse(&text);
        let codes: Vec<_> = diagnostics.iter().map(|one| one.code).collect();
        assert!(codes.contains(&code), "{:.60}: {codes:?}", text);
    }
}

#[test]
fn a_hundred_comment_lines_do_not_break_an_edit() {
    let text = format!("{}# flagctl: allow unused-variant -- why\na: 1\n", "# words\n".repeat(1_000));
    let (document, diagnostics) = parse(&text);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert_eq!(document.comments[0].line, 1_002);
}

#[test]
fn invalid_utf8_is_located() {
    let file = File::new("x.yaml".to_owned(), b"a: b\nc: caf\xe9\n".to_vec());
    let mut diagnostics = Vec::new();
    let document = yaml::parse(FileId(0), &file, &mut diagnostics);
    assert_eq!(
        (document.completeness, diagnostics[0].code, diagnostics[0].span.start),
        (Completeness::Incomplete, Code::InvalidEncoding, 11)
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_text_is_parsed_or_refused_with_valid_spans(text in "[ -~\n\t\u{e4}\u{1f600}:#&*!|>'\"%@`{}\\[\\],?-]{0,80}") {
        let (document, diagnostics) = parse(&text);
        check_spans(&document.root, &text);
        for one in diagnostics {
            prop_assert!(text.get(one.span.start as usize..one.span.end as usize).is_some(), "{:?}", one.span);
        }
    }
}
