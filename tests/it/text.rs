//! Every text that flagctl reads may begin with a byte order mark and may have either kind of line break.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use crate::git_bench::{Ran, TestRepository};

/// How an editor writes a text.
#[derive(Debug, Clone, Copy)]
struct Form {
    mark: &'static str,
    line_break: &'static str,
}

const FORMS: [Form; 4] = [
    Form { mark: "", line_break: "\n" },
    Form { mark: "\u{feff}", line_break: "\n" },
    Form { mark: "", line_break: "\r\n" },
    Form { mark: "\u{feff}", line_break: "\r\n" },
];

impl Form {
    fn of(self, text: &str) -> String {
        format!("{}{}", self.mark, text.replace('\n', self.line_break))
    }
}

const FILES: [(&str, &str); 9] = [
    (
        "flagctl.yaml",
        "# flagctl: allow unused-segment -- it comes soon\nversion: 1\nenvironments: [production]\nattributes:\n  country: string\n",
    ),
    (
        "flags/sale.yaml",
        "description: A sale.\nowner: tests\nexpires: 2027-01-01\nschema: schemas/texts.json\nvariants:\n  new: |\n    two\n    lines\n  old: >-\n    one\n    line\n  gone: \"folded\n    text\"\noff: gone\nrules:\n- {if: {segment: near}, serve: new}\ndefault: old\n",
    ),
    (
        "flags/banner.yaml",
        "description: A banner.\nowner: tests\nexpires: 2027-01-01\nschema: schemas/texts.yaml\nvariants: {on: 'yes', off: 'no'}\noff: off\ndefault: on\n",
    ),
    ("flags/broken.yaml", "variants: {on: true, off: false}\noff: nothing\ndefault: on\n"),
    ("segments/near.yaml", "description: Near.\nif: {country: [DE, AT]}\n"),
    ("kills/production/banner.yaml", "reason: INC-1\nby: Dana\nat: 2026-11-01T00:00:00Z\n"),
    (
        "tests/sale.yaml",
        "contexts:\n  near: {country: DE, targetingKey: u1}\ncases:\n- context: near\n  expect: {sale: new, banner: off}\ngolden:\n  flags: [sale]\n  cells: {}\n",
    ),
    ("schemas/texts.json", "{\n  \"type\": \"string\"\n}\n"),
    ("schemas/texts.yaml", "type: string\nmaxLength: 1\n"),
];
const CONTEXT_JSON: &str = "{\n  \"country\": \"DE\",\n  \"targetingKey\": \"u1\"\n}\n";
const CONTEXT_YAML: &str = "country: DE\ntargetingKey: u1\n";
const CONTEXTS: &str = "{\"country\": \"DE\"}\n\n{\"country\": \"FR\", \"targetingKey\": \"u2\"}\n[]\n";
const POPULATION: &str = "{\"country\": \"DE\"}\n{\"country\": \"FR\"}\n";

fn write_all(repository: &TestRepository, form: Form) {
    for (path, text) in FILES {
        repository.write(path, &form.of(text));
    }
}

fn with_stdin(repository: &TestRepository, arguments: &[&str], stdin: &[u8]) -> Ran {
    let mut command = repository.command(env!("CARGO_BIN_EXE_flagctl"));
    command.current_dir(repository.root()).args(arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A command that refuses the beginning of its input does not read the rest.
    child.stdin.take().unwrap().write_all(stdin).unwrap_or_default();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// Asserts that all forms give the same output.
fn gives_the_same(name: &str, mut run: impl FnMut(Form) -> Ran) {
    let [first, others @ ..] = FORMS;
    let expected = run(first);
    for form in others {
        assert_eq!(run(form), expected, "{name}: {form:?}");
    }
}

#[test]
fn definitions_are_read_the_same_in_every_form() {
    let mut repository = TestRepository::new();
    write_all(&repository, FORMS[0]);
    repository.commit("all kinds");
    let commands: [&[&str]; 10] = [
        &["validate", "--now", "2026-11-22"],
        &["validate", "--now", "2026-11-22", "--format", "json"],
        &["validate", "--now", "2026-11-22", "--format", "sarif"],
        &["eval", "sale", "-e", "production", "-c", "country=DE", "--now", "2026-11-22", "--format", "json"],
        &["eval", "sale", "-e", "production", "--now", "2026-11-22", "--explain"],
        &["eval", "banner", "-e", "production"],
        &["list"],
        &["show", "sale"],
        &["show", "banner"],
        &["test"],
    ];
    for arguments in commands {
        gives_the_same(&format!("{arguments:?}"), |form| {
            write_all(&repository, form);
            repository.flagctl(arguments)
        });
    }
    let shown = repository.flagctl(&["eval", "sale", "-e", "production", "-c", "country=DE"]).stdout;
    assert!(shown.contains(r#"new = "two\nlines\n""#), "{shown}");
    for arguments in commands {
        gives_the_same(&format!("{arguments:?} --at"), |form| {
            write_all(&repository, form);
            let commit = repository.commit("another form");
            let ran = repository.flagctl(&[arguments, &["--at", "HEAD"][..]].concat());
            Ran { stdout: ran.stdout.replace(&commit, "COMMIT"), ..ran }
        });
    }
    // The form of a file changes no decision.
    repository.remove("flags/broken.yaml");
    repository.commit("no broken flag");
    for form in FORMS {
        write_all(&repository, form);
        repository.remove("flags/broken.yaml");
        let ran = repository.flagctl(&["diff", "HEAD"]);
        let is_same = ran.stdout.contains("no flag changes") || ran.stdout.contains("2 flags change no decision");
        assert!(ran.code == Some(0) && is_same, "{form:?}: {}", ran.stdout);
    }
}

#[test]
fn files_keep_their_form_when_they_are_changed() {
    for form in FORMS {
        let mut repository = TestRepository::new();
        write_all(&repository, form);
        repository.remove("flags/broken.yaml");
        let ran = repository.flagctl(&["test", "--update"]);
        assert!(ran.stderr.contains("1 cell changed"), "{}", ran.stderr);
        let (_, text) = FILES[6];
        let cells = "cells:\n    sale:\n      near: {production: new}";
        let expected = form.of(&text.replace("cells: {}", cells));
        assert_eq!(fs::read_to_string(repository.root().join("tests/sale.yaml")).unwrap(), expected, "{form:?}");
        let rollout = "description: D.\nvariants: {on: true, off: false}\noff: off\nrules:\n- {rollout: 5%, steps: [5%, 10%], serve: on}\ndefault: off\n";
        repository.write("flags/step.yaml", &form.of(rollout));
        repository.commit("a rollout");
        let ran = repository.flagctl(&["rollout", "step", "next", "-e", "production", "--yes"]);
        assert_eq!(ran.code, Some(0), "{form:?}: {}{}", ran.stdout, ran.stderr);
        let expected = form.of(&rollout.replace("rollout: 5%", "rollout: 10%"));
        assert_eq!(fs::read_to_string(repository.root().join("flags/step.yaml")).unwrap(), expected, "{form:?}");
    }
}

#[test]
fn contexts_and_bundles_are_read_the_same_in_every_form() {
    let mut repository = TestRepository::new();
    write_all(&repository, FORMS[0]);
    repository.remove("flags/broken.yaml");
    repository.write("schemas/texts.yaml", "type: string\n");
    repository.commit("all kinds");
    let exported = repository.flagctl(&["export", "bundle", "-e", "production"]).stdout;
    assert!(exported.starts_with('{'), "{exported}");
    repository.write("flags/sale.yaml", &FILES[1].1.replace("serve: new", "serve: old"));
    let inputs: [(&str, &[&str]); 8] = [
        (CONTEXT_JSON, &["eval", "sale", "-e", "production", "--now", "2026-11-22", "--explain", "--context"]),
        (CONTEXT_YAML, &["eval", "sale", "-e", "production", "--now", "2026-11-22", "--explain", "--context"]),
        ("country: [\n", &["eval", "sale", "-e", "production", "--context"]),
        ("{\"country\": \n", &["eval", "sale", "-e", "production", "--context"]),
        (CONTEXTS, &["eval", "-e", "production", "--contexts"]),
        (POPULATION, &["diff", "HEAD", "--population"]),
        (&exported, &["eval", "sale", "-c", "country=DE", "--bundle"]),
        (&exported, &["list", "--bundle"]),
    ];
    for (text, arguments) in inputs {
        gives_the_same(&format!("{arguments:?} {text}"), |form| {
            repository.write("input", &form.of(text));
            repository.flagctl(&[arguments, &["input"]].concat())
        });
        gives_the_same(&format!("{arguments:?} from stdin: {text}"), |form| {
            with_stdin(&repository, &[arguments, &["-"]].concat(), form.of(text).as_bytes())
        });
    }
}

#[test]
fn other_encodings_are_reported_with_their_position() {
    let utf16 = |text: &str, mark: bool, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        let mark = if mark { "\u{feff}" } else { "" };
        format!("{mark}{text}").encode_utf16().flat_map(bytes).collect()
    };
    let utf16_forms = |text: &str| {
        let orders: [fn(u16) -> [u8; 2]; 2] = [u16::to_le_bytes, u16::to_be_bytes];
        orders.map(|bytes| [true, false].map(|mark| utf16(text, mark, bytes))).concat()
    };
    let repository = TestRepository::new();
    write_all(&repository, FORMS[0]);
    let write = |path: &str, bytes: &[u8]| fs::write(repository.root().join(path), bytes).unwrap();
    let says = |arguments: &[&str], expected: &str| {
        let ran = repository.flagctl(arguments);
        assert_ne!(ran.code, Some(0), "{arguments:?}");
        let text = format!("{}{}", ran.stdout, ran.stderr);
        assert!(text.contains(expected), "{arguments:?}: {text}");
    };
    let validate: &[&str] = &["validate", "--now", "2026-11-22"];
    for (path, text) in FILES {
        let is_schema = path.starts_with("schemas");
        for bytes in utf16_forms(text) {
            write(path, &bytes);
            says(validate, "is not UTF-8, but probably UTF-16");
            if !is_schema {
                says(validate, &format!("{path}:1:1"));
            }
        }
        write(path, &[text.as_bytes(), b"# caf\xe9\n"].concat());
        let line = text.matches('\n').count() + 1;
        if is_schema {
            says(validate, &format!("is not UTF-8 at the byte 0xe9, in line {line}"));
        } else {
            says(validate, "byte 0xe9 is not UTF-8");
            says(validate, &format!("{path}:{line}:6"));
        }
        write(path, text.as_bytes());
    }
    let inputs: [(&str, &[&str]); 4] = [
        (CONTEXT_JSON, &["eval", "sale", "-e", "production", "--context", "input"]),
        (CONTEXT_YAML, &["eval", "sale", "-e", "production", "--context", "input"]),
        (CONTEXTS, &["eval", "-e", "production", "--contexts", "input"]),
        ("{}", &["eval", "sale", "--bundle", "input"]),
    ];
    repository.remove("flags/broken.yaml");
    for (text, arguments) in inputs {
        for bytes in utf16_forms(text) {
            write("input", &bytes);
            says(arguments, "input");
            says(arguments, "is not UTF-8, but probably UTF-16");
        }
    }
    write("input", b"country: DE\ntargetingKey: caf\xe9\n");
    says(inputs[1].1, "input:2:18: byte 0xe9 is not UTF-8");
    write("input", b"{\n\"country\": \"caf\xe9\"}\n");
    says(inputs[0].1, "input:2:16: byte 0xe9 is not UTF-8");
    write("input", b"{}\n{\"country\": \"caf\xe9\"}\n");
    says(inputs[2].1, "\"line\":2,\"error\":\"invalid unicode code point at line 1 column 17\"");
}
