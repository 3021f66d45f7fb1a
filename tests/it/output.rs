//! One hostile repository goes through every command in every format, and nothing of it acts in a terminal, in the log of
//! a CI service, in Markdown, in XML or in JSON. Bundles, stores, servers and other programs are hostile, too.
//!
//! The definitions are valid, so every command shows their texts. A second repository has the same texts in invalid
//! definitions.
//!
//! The program itself lists its commands and formats, so the test fails if a new one is not in [`RUNS`].

use std::collections::BTreeSet;
use std::fs;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::git_bench::{TestRepository, executable};
use crate::html_plan;
use crate::pseudo_terminal::without_colours;
use crate::publish::key;

/// A string in double quotes, for YAML.
const HOSTILE: &str = r##""A\e[31mB\u009bC\r\n::error::owned\n##[group]x ##vso[t]y \u202Ez\u200b <img src=x> [l](http://evil.example) @evil #12 | `a` ``` ]]> &""##;
/// A name of a branch, which git accepts.
const BRANCH: &str = "evil\u{202e}@evil|<b>`#12\u{200b}";
/// The path of a file.
const PATH: &str = "tests/evil\u{1b}[31m\n::error::owned\u{202e}##[group]@evil|`<b>.yaml";

/// A shell command that writes hostile bytes.
const SAYS: &str = r"printf 'a\033[31m\r\n::error::owned\n##[group]\342\200\256\n\377'";

/// Arguments of the runs. `BRANCH` stands for the branch, and `FORMAT` for each format of the command.
const RUNS: &[&[&str]] = &[
    &["init", "--dry-run", "--on-call", "@owned", "--format", "FORMAT"],
    &["doctor", "--offline", "--format", "FORMAT"],
    &["new", "flag", "owned", "--from", "y", "--dry-run", "--format", "FORMAT"],
    &["new", "segment", "owned", "--from", "s", "--dry-run", "--format", "FORMAT"],
    &["new", "environment", "a\u{1b}[31m\n::error::owned"],
    &["init", "--on-call", "a\u{1b}[31m\n::error::owned"],
    &["eval", "x", "-e", "production", "-c", "country=CA", "--explain", "--format", "FORMAT"],
    &["eval", "-e", "production", "-c", "country=CA", "--format", "FORMAT"],
    &["eval", "-e", "production", "-c", "targetingKey=a\u{1b}[31m\n::error::owned", "--format", "FORMAT"],
    &["eval", "-e", "production", "--context", "evil.json", "--format", "FORMAT"],
    &["eval", "-e", "production", "--contexts", "evil.json"],
    &["eval", "y", "-e", "production", "--at", "BRANCH", "--explain", "--format", "FORMAT"],
    &["eval", "nothing\u{1b}[31m\n::error::owned", "-e", "production"],
    &["validate", "--format", "FORMAT"],
    &["validate", "--at", "BRANCH", "--format", "FORMAT"],
    &["validate", "--fix", "--dry-run"],
    &["fmt", "--check", "--format", "FORMAT"],
    &["test", "--coverage", "--format", "FORMAT"],
    &["diff", "HEAD~1", "--format", "FORMAT"],
    &["diff", "HEAD~2..BRANCH", "--format", "FORMAT"],
    &["diff", "--merge", "HEAD~2", "BRANCH", "main", "--format", "FORMAT"],
    &["-C", "../invalid", "validate", "--format", "FORMAT"],
    &["-C", "../invalid", "test", "--format", "FORMAT"],
    &["-C", "../invalid", "diff", "HEAD", "--format", "FORMAT"],
    &["-C", "../invalid", "show", "x", "--format", "FORMAT"],
    &["-C", "../invalid", "list", "--format", "FORMAT"],
    &["-C", "../invalid", "eval", "x", "-e", "production", "--format", "FORMAT"],
    &["-C", "../invalid", "export", "bundle", "-e", "production"],
    &["show", "x", "--format", "FORMAT"],
    &["show", "y", "--at", "BRANCH", "--format", "FORMAT"],
    &["list", "--format", "FORMAT"],
    &["list", "segments", "--format", "FORMAT"],
    &["list", "layers", "--format", "FORMAT"],
    &["show", "layer", "l", "--format", "FORMAT"],
    &["list", "attributes", "--format", "FORMAT"],
    &["list", "environments", "--format", "FORMAT"],
    &["list", "nothing\u{1b}[31m\n::error::owned"],
    &["show", "segment", "nothing\u{1b}[31m\n::error::owned"],
    &["show", "environment", "production", "--format", "FORMAT"],
    &["log", "x", "--format", "FORMAT"],
    &["log", "--format", "FORMAT"],
    &["log", "--at", "BRANCH", "-e", "production", "--format", "FORMAT"],
    &["blame", "x", "-e", "production", "-c", "country=CA", "--format", "FORMAT"],
    &["kill", "y", "-e", "production", "--reason", "a\u{1b}\n::error::owned", "--dry-run", "--format", "FORMAT"],
    &["kill", "y", "-e", "production", "--reason", "r", "--push", "--yes", "--format", "FORMAT"],
    &["revive", "x", "-e", "production", "--dry-run", "--format", "FORMAT"],
    &["revive", "x", "-e", "production", "--push", "--yes", "--format", "FORMAT"],
    &["rollout", "y", "status", "--format", "FORMAT"],
    &["guard", "run", "-e", "production", "--dry-run", "--now", "2026-11-22", "--metrics", "evil.csv"],
    &["exposures", "check", "evil.ndjson", "-e", "production", "--now", "2026-11-22", "--format", "FORMAT"],
    &["exposures", "check", "evil.csv", "-e", "production", "--now", "2026-11-22"],
    &["guard", "check", "y", "-e", "production", "--now", "2026-11-22", "--metrics", "evil.csv"],
    &["shadow", "report", "y", "evil-shadow.ndjson", "-e", "production", "--format", "FORMAT"],
    &["promote", "y", "--from", "production", "--to", "staging", "--dry-run", "--format", "FORMAT"],
    &["promote", "y", "--from", "production", "--to", "staging", "--push", "--yes", "--format", "FORMAT"],
    &["rename", "flag", "y", "z", "--dry-run", "--format", "FORMAT"],
    &["rename", "flag", "y", "a\u{1b}\n::error::owned", "--dry-run", "--format", "FORMAT"],
    &["rename", "attribute", "country", "market", "--push", "--yes", "--format", "FORMAT"],
    &["remove", "flag", "y", "--dry-run", "--format", "FORMAT"],
    &["remove", "segment", "a\u{1b}\n::error::owned", "--dry-run", "--format", "FORMAT"],
    &["rollout", "y", "--rule", "r", "--to", "50%", "--dry-run", "-e", "production", "--format", "FORMAT"],
    &["rollout", "y", "--rule", "r", "--to", "50%", "-e", "production", "--push", "--yes", "--format", "FORMAT"],
    &["policy", "HEAD~2...BRANCH", "--now", "2026-11-22", "--format", "FORMAT"],
    &["rollout", "due", "--now", "2026-11-22", "--format", "FORMAT"],
    &["rollout", "advance", "--dry-run", "--now", "2026-11-22", "--format", "FORMAT"],
    &["verify-kill", "HEAD~2..BRANCH", "x", "-e", "production", "--format", "FORMAT"],
    &["export", "flagd", "-e", "production"],
    &["export", "openfeature-manifest", "-e", "production"],
    &["export", "bundle", "-e", "production"],
    &["publish", "../out\u{1b}[31m\n::error::owned/", "--format", "FORMAT"],
    &["verify", "../out\u{1b}[31m\n::error::owned/", "--format", "FORMAT"],
    &[
        "pull",
        "../out\u{1b}[31m\n::error::owned/",
        "-e",
        "production",
        "--to",
        "../a\n::error::owned",
        "--format",
        "FORMAT",
    ],
    &["eval", "x", "--bundle", "../bundle.json", "-c", "country=CA", "--explain", "--format", "FORMAT"],
    &["eval", "--bundle", "../bundle.json", "--format", "FORMAT"],
    &["eval", "nothing", "--bundle", "../bundle.json"],
    &["eval", "x", "--bundle", "../wrong.json"],
    &["eval", "--bundle", "../wrong.json"],
    &["show", "x", "--bundle", "../bundle.json", "--format", "FORMAT"],
    &["diff", "--bundle", "../bundle.json", "HEAD~2", "--format", "FORMAT"],
    &["diff", "--bundle", "../wrong.json"],
    &["verify", "../signed/", "--allowed-signers", "../evil.signers", "--format", "FORMAT"],
    &["verify", "../signed/", "--allowed-signers", "../wrong.signers", "--format", "FORMAT"],
    &["verify", "../fake/", "--format", "FORMAT"],
    &["status", "../out\u{1b}[31m\n::error::owned/", "--base", "HEAD", "--format", "FORMAT"],
    &["status", "../fake/", "--base", "HEAD", "--format", "FORMAT"],
    &["status", "../signed/", "--base", "HEAD", "--allowed-signers", "../evil.signers", "--format", "FORMAT"],
    &["pull", "../fake/", "-e", "production", "--to", "../pulled.json", "--format", "FORMAT"],
    &["serve", "--check", "--override", "x\u{1b}[31m=on\n::error::owned", "--format", "FORMAT"],
    &["serve", "../fake/", "-e", "production", "--check", "--format", "FORMAT"],
    &["serve", "--bundle", "../wrong.json", "--check"],
    &["guard", "simulate", "--rate", "a\u{1b}[31m\n::error::owned"],
    &["experiment", "analyze", "y", "-e", "production", "--stats", "evil-statistics.json"],
    &["experiment", "analyze", "y", "-e", "production", "--stats", "evil-statistics.json", "--format", "markdown"],
    &["experiment", "analyze", "y", "-e", "production", "--stats", "evil-statistics.json", "--format", "json"],
    &["experiment", "analyze", "y", "-e", "production", "--stats", "evil-statistics.json", "--format", "html"],
    &["experiment", "analyze", "y", "-e", "production", "--stats", "evil.csv"],
    &["experiment", "power", "--rate", "a\u{1b}[31m\n::error::owned"],
    &["experiment", "sql", "a\u{1b}[31m\n::error::owned", "--dialect", "ansi"],
    &["explain", "a\u{1b}[31m\n::error::owned"],
    &["schema", "a\u{1b}[31m\n::error::owned"],
    &["completions", "bash"],
    &["lsp"],
    &["man", "flagctl.yaml/a\u{1b}[31m\n::error::owned"],
    &["help", "a\u{1b}[31m\n::error::owned"],
    &[
        "kill",
        "y",
        "-e",
        "production",
        "--reason",
        "r",
        "--push",
        "--remote",
        "friendly",
        "--yes",
        "--format",
        "FORMAT",
    ],
    &["a\u{1b}[31m\n::error::owned"],
    &["-C", "a\u{1b}[31m\n::error::owned", "list"],
];

fn hostile() -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write(
        "flagctl.yaml",
        &format!(
            "version: 1\nbucketing: flagd-v3\nenvironments: [staging, production]\nattributes:\n  \
             country: {{type: string, description: {HOSTILE}}}\n  plan: string\npolicy:\n  production:\n    min-soak: 1h\n    freeze:\n    \
             - {{from: 2026-11-01T00:00:00Z, until: 2027-01-01T00:00:00Z, reason: {HOSTILE}}}\n"
        ),
    );
    for key in ["x", "y"] {
        repository.write(&format!("flags/{key}.yaml"), &definition(25));
    }
    repository.write(
        "segments/s.yaml",
        &format!("description: {HOSTILE}\nowner: {HOSTILE}\nif: {{plan: [{HOSTILE}, pro]}}\n"),
    );
    repository.write(
        "layers/l.yaml",
        &format!("description: {HOSTILE}\nowner: {HOSTILE}\nsalt: {HOSTILE}\nslots: {{a: 0%..20%}}\n"),
    );
    let context = format!("{{targetingKey: {HOSTILE}, country: {HOSTILE}, plan: {HOSTILE}}}");
    repository.write(
        PATH,
        &format!(
            "description: {HOSTILE}\ncases:\n  - name: {HOSTILE}\n    context: {context}\n    \
             expect: {{x: {{variant: \"on\", value: {HOSTILE}}}, y: \"on\"}}\n\
             assert:\n  - description: {HOSTILE}\n    never: {{y: \"on\"}}\n    when: {{country: [{HOSTILE}, CA]}}\n"
        ),
    );
    repository
        .write("evil.json", &format!("{{\"country\": {}, \"targetingKey\": \"u\\u001b[31m\\u202e\"}}\n", json_text()));
    repository.write("evil.ndjson", &format!("{}\n", evil_exposure()));
    let record = |pair: &str, request: &str| {
        format!(
            "{{\"ts\":\"2026-11-03T00:00:00Z\",\"feature_flag.key\":\"y\",\"request_id\":{text},\"pair\":\"{pair}\",\
             \"control\":{{\"ok\":true}},\"candidate\":{{\"ok\":true}},\"match\":false,\"diff_paths\":[{text}],\
             \"feature_flag.version\":{text},\"attrs\":{{\"a\":{text}}}}}\n",
            text = json_text().replacen('"', &format!("\"{request}"), 1),
        )
    };
    repository.write(
        "evil-shadow.ndjson",
        &(record("candidate", "1") + &record("control", "2") + "{\"evil\u{1b}[31m##[x]owned\u{202e}\n"),
    );
    repository.write("evil.csv", "guardrail,\u{1b}[31m##[x]owned\u{202e},bad\n1,2,3\n");
    let row = |variant: &str| {
        let text = json_text();
        format!(
            "{{\"flag\": \"y\", \"variant\": \"{variant}\", \"metric\": {text}, \"phase\": {text}, \"n\": 900, \"sum_y\": 5, \"sum_yy\": 5}}\n"
        )
    };
    repository.write("evil-statistics.json", &(row("on") + &row("off")));
    repository.commit("first");
    repository.write("flags/y.yaml", &definition(75));
    repository.git(&["add", "-A"]);
    let message =
        "evil \u{1b}[31m ##[group] \u{202e}@evil <b>\n\nFlag: y\nFlagctl-Action: kill\u{1b}[31m\nReason: a\u{9b}##[x]";
    repository.git(&["commit", "-q", "-m", message, "--author", "Evil\u{1b}[31m\u{202e}##[x] <e@example.com>"]);
    repository
        .write("kills/production/x.yaml", &format!("reason: {HOSTILE}\nby: {HOSTILE}\nat: 2026-11-01T00:00:00Z\n"));
    repository.commit("kill");
    // The branch changes the segment of the flag that `main` changed, and kills the same flag.
    repository.git(&["checkout", "--quiet", "-b", BRANCH, "main~2"]);
    repository.git(&["checkout", "--quiet", "main", "kills"]);
    repository.write("segments/s.yaml", &format!("description: {HOSTILE}\nif: {{plan: [{HOSTILE}, pro, gold]}}\n"));
    repository.commit("wider");
    repository.git(&["checkout", "--quiet", "main"]);
    write_store_and_bundles(&repository);
    let invalid = repository.clone_to("invalid", &[]);
    let definition = definition(25)
        .replace("\"off\": \"off\"", &format!("\"off\": {HOSTILE}"))
        .replace("{not_in:", &format!("{{{HOSTILE}:"));
    fs::write(invalid.join("flags/x.yaml"), definition + &format!("{HOSTILE}: {HOSTILE}\n")).unwrap();
    fs::write(invalid.join(PATH), format!("cases:\n  - name: {HOSTILE}\n    expect: {{{HOSTILE}: {HOSTILE}}}\n"))
        .unwrap();
    repository
}

/// Writes bundles, a store that a hostile signer has signed, a store that another program wrote, and a signing program
/// that fails with a hostile message.
fn write_store_and_bundles(repository: &TestRepository) {
    let mut valid = TestRepository::new();
    valid.write("flagctl.yaml", "version: 1\nenvironments: [production]\nattributes:\n  country: string\n");
    let definition = format!(
        "description: {HOSTILE}\nowner: {HOSTILE}\nvariants: {{on: {HOSTILE}, off: \"no\"}}\noff: off\ndefault: off\nrules:\n  \
         - if: {{country: {{not_in: [{HOSTILE}, DE]}}}}\n    rollout: 50%\n    serve: on\n"
    );
    valid.write("flags/x.yaml", &definition);
    valid.commit("valid");
    let bundle = valid.flagctl(&["export", "bundle", "-e", "production"]);
    assert_eq!(bundle.code, Some(0), "{}", bundle.stderr);
    fs::write(repository.beside("bundle.json"), &bundle.stdout).unwrap();
    let field = format!("{{\"format\": 1, {}: 1}}", json_text());
    fs::write(repository.beside("wrong.json"), &field).unwrap();
    fs::create_dir_all(repository.beside("fake/production")).unwrap();
    let field = format!("{{{}: 1}}", json_text());
    fs::write(repository.beside("fake/production/manifest.json"), field).unwrap();

    let signers = fs::read_to_string(key(&valid, "dana")).unwrap();
    let target = repository.beside("signed");
    let published = valid.flagctl(&["publish", target.to_str().unwrap(), "--sign", "-e", "production"]);
    assert_eq!(published.code, Some(0), "{}", published.stderr);
    let name = "\"evil\u{1b}[31m\u{9b}\u{202e}##[group]@x\"";
    fs::write(repository.beside("evil.signers"), signers.replace("dana@example.com", name)).unwrap();
    let rest = "namespaces=\"\u{1b}[31m\u{202e}##[x]\" ssh-ed25519 \u{1b}[31m\n::error::owned\n";
    fs::write(repository.beside("wrong.signers"), format!("{name} {rest}")).unwrap();
    // `git` and `ssh-keygen` sign for a writer; this program stands for both.
    let program = repository.beside("programs/ssh-keygen");
    fs::create_dir(repository.beside("programs")).unwrap();
    executable(&program, &format!("{SAYS} >&2; {SAYS}; [ \"$2\" = find-principals ]"));
    valid.git(&["config", "gpg.ssh.program", program.to_str().unwrap()]);
    valid.write("flags/x.yaml", &definition.replace("50%", "60%"));
    valid.commit("refused");
    let refused = valid.flagctl(&["publish", target.to_str().unwrap(), "--sign", "-e", "production"]);
    assert!(refused.code != Some(0) && refused.stderr.contains("owned"), "{}", refused.stderr);
    check_text("publish --sign", &refused.stderr, false);
    check_text("publish --sign", &refused.stdout, false);
}

fn definition(percent: u8) -> String {
    format!(
        "description: {HOSTILE}\nowner: {HOSTILE}\nmetadata: {{evil: {HOSTILE}}}\n\
         variants: {{\"on\": {HOSTILE}, \"off\": \"no\"}}\n\"off\": \"off\"\ndefault: \"off\"\nrules:\n  - name: r\n    \
         description: {HOSTILE}\n    if: {{country: {{not_in: [{HOSTILE}, DE]}}, not: {{plan: {{matches: \
         \"a|b\\u202E##[x]@evil\"}}}}, segment: s}}\n    rollout: {percent}%\n    serve: \"on\"\n  - if: {{country: \
         [CA, {HOSTILE}]}}\n    rollout: {percent}%\n    serve: \"on\"\n    steps: [25%, 75%, 100%]\nguard:\n  guardrails:\n  \
         - name: errors\n    source:\n      prometheus: {{url: \"http://127.0.0.1:9/owned\", bad: \"b[$window]\
         $variant\", total: \"t[$window]$variant\"}}\nshadow: {{candidate: \"on\", rollout: 5%, side-effects: none}}\n"
    )
}

/// Returns an exposure whose texts are [`HOSTILE`].
fn evil_exposure() -> String {
    let text = json_text();
    format!(
        "{{\"ts\": \"2026-11-10T00:00:00Z\", \"feature_flag.key\": {text}, \"feature_flag.result.variant\": {text}, \
         \"feature_flag.context.id\": {text}, \"feature_flag.version\": {text}}}"
    )
}

/// Returns [`HOSTILE`] as JSON.
fn json_text() -> String {
    HOSTILE.replace(r"\e", r"\u001b")
}

/// Returns the characters that must not be in any output. The list is independent of the program's own list.
fn is_dangerous(character: char) -> bool {
    character != '\n' && character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn check_text(run: &str, text: &str, is_github: bool) {
    if let Some(found) = text.chars().find(|character| is_dangerous(*character)) {
        panic!("{run} writes {found:?}: {text:?}");
    }
    for line in text.lines() {
        let own = is_github && (line.starts_with("::error file=") || line.starts_with("::warning file="));
        assert!(own || !line.trim_start().starts_with("::"), "{run} writes a command: {line}");
        assert!(!line.contains("##[") && !line.contains("##vso["), "{run} writes a command: {line}");
    }
}

/// Checks that no text from outside is outside of code.
fn check_markdown(run: &str, text: &str) {
    let mut code = 0;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_GFM) {
        match event {
            Event::Start(Tag::CodeBlock(_)) => code += 1,
            Event::End(TagEnd::CodeBlock) => code -= 1,
            Event::InlineHtml(html) => match &*html {
                "<code>" => code += 1,
                "</code>" => code -= 1,
                html => assert_eq!(html, "<br>", "{run}"),
            },
            Event::Html(html) => {
                let own = ["<!-- flagctl diff -->", "<details><summary>", "</details>"];
                assert!(own.iter().any(|own| html.starts_with(own)) && !html.contains("<img"), "{run}: {html}");
                let outside =
                    html.split("<code>").map(|part| part.split_once("</code>").map_or(part, |(_, rest)| rest));
                let foreign = ["evil", "owned", "@", "img", "#12"];
                for text in outside {
                    let found = foreign.iter().find(|word| text.contains(**word));
                    assert!(found.is_none(), "{run} has {found:?} outside of code: {html}");
                }
            }
            Event::Text(text) if code == 0 => {
                let foreign = ["evil", "owned", "@", "img", "#12"];
                assert!(!foreign.iter().any(|word| text.contains(word)), "{run} has text outside of code: {text}");
            }
            Event::Start(Tag::Link { .. } | Tag::Image { .. }) => panic!("{run} has a link: {text}"),
            _ => {}
        }
    }
}

/// Returns the words in `[possible values: …]` of an option with formats.
fn formats(help: &str) -> Vec<String> {
    let Some((_, after)) = help.split_once(" --format <FORMAT>") else { return Vec::new() };
    let values = after.split_once("[possible values: ").unwrap().1.split_once(']').unwrap().0;
    values.split(',').map(|value| value.trim().to_owned()).collect()
}

/// Makes the hostile repository, with a remote that refuses each push, and one that accepts it.
fn hostile_with_remotes() -> TestRepository {
    let repository = hostile();
    for (remote, name, code) in [("remote", "origin", 1), ("friend", "friendly", 0)] {
        repository.clone_to(remote, &["--bare"]);
        let remote = repository.beside(remote);
        executable(&remote.join("hooks/pre-receive"), &format!("{SAYS} >&2; exit {code}"));
        repository.git(&["remote", "add", name, remote.to_str().unwrap()]);
    }
    repository
}

/// Each run has the same output with colours, apart from the escape sequences of the colours.
#[test]
fn nothing_from_a_hostile_repository_gets_through() {
    let [repository, coloured] = [hostile_with_remotes(), hostile_with_remotes()];
    let help = repository.flagctl(&["-h"]).stdout;
    let listed = help.split_once("Commands:\n").unwrap().1.split_once("\n\n").unwrap().0;
    let commands: BTreeSet<&str> = listed
        .lines()
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    for command in &commands {
        assert!(RUNS.iter().any(|run| run[0] == *command), "no run of `{command}`");
    }
    let (mut answered, mut has_colours, mut documents, mut silent) = (0, 0, 0, Vec::new());
    for run in RUNS {
        let command = run.iter().find(|word| commands.contains(**word));
        let all = command.map_or_else(Vec::new, |command| formats(&repository.flagctl(&[command, "-h"]).stdout));
        let has_formats = run.contains(&"FORMAT");
        let covered = RUNS.iter().any(|other| other[0] == run[0] && other.contains(&"FORMAT"));
        assert!(all.is_empty() || covered || run[0] == "export", "no run of `{}` has all formats", run[0]);
        for format in if has_formats { all } else { vec![String::new()] } {
            let arguments: Vec<String> =
                run.iter().map(|word| word.replace("FORMAT", &format).replace("BRANCH", BRANCH)).collect();
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let ran = repository.flagctl(&arguments);
            let shown = arguments.join(" ").escape_debug().to_string();
            assert!(!ran.stderr.contains("panicked"), "{shown}: {}", ran.stderr);
            // The lines of CSV end with both characters.
            let stdout = if format == "csv" { ran.stdout.replace("\r\n", "\n") } else { ran.stdout.clone() };
            check_text(&shown, &stdout, format == "github");
            check_text(&shown, &ran.stderr, false);
            let colours = coloured.flagctl(&[&["--color", "always"], arguments.as_slice()].concat());
            has_colours += usize::from(colours.stdout.contains('\u{1b}'));
            // A message repeats the arguments.
            let plain = |text: &str| without_colours(text).replace("--color always ", "");
            assert_eq!(plain(&colours.stderr), ran.stderr, "{shown} differs in more than colours");
            if ["", "human"].contains(&&*format) {
                assert_eq!(plain(&colours.stdout), ran.stdout, "{shown} differs in more than colours");
            } else {
                assert!(!colours.stdout.contains('\u{1b}'), "{shown} has colours in a format for programs");
            }
            answered += usize::from(!ran.stdout.is_empty());
            if !(ran.stdout.clone() + &ran.stderr).contains("owned") {
                silent.push(format!("{:?} {shown} {}", ran.code, ran.stderr));
            }
            if ["json", "sarif", "gitlab"].contains(&&*format) || run[0] == "export" {
                let is_json = ran.stdout.is_empty() || serde_json::from_str::<serde_json::Value>(&ran.stdout).is_ok();
                assert!(is_json, "{shown} writes no JSON: {}", ran.stdout);
            }
            if format == "junit" && !ran.stdout.is_empty() {
                let document = roxmltree::Document::parse(&ran.stdout);
                let document =
                    document.unwrap_or_else(|error| panic!("{shown} writes no XML: {error}\n{}", ran.stdout));
                let known = [
                    "testsuites",
                    "testsuite",
                    "testcase",
                    "failure",
                    "error",
                    "skipped",
                    "system-out",
                    "properties",
                    "property",
                ];
                for element in document.descendants().filter(roxmltree::Node::is_element) {
                    assert!(known.contains(&element.tag_name().name()), "{shown} has an element {element:?}");
                }
                documents += 1;
            }
            if format == "html" {
                assert!(ran.stdout.contains("owned"), "{shown}: {}{}", ran.stdout, ran.stderr);
                html_plan::parsed(&ran.stdout);
            }
            if format == "markdown" {
                assert!(ran.stdout.contains("owned"), "{shown}: {}{}", ran.stdout, ran.stderr);
                check_markdown(&shown, &ran.stdout);
            }
        }
    }
    assert!(answered > 90, "only {answered} runs have a result");
    assert!(has_colours > 30, "only {has_colours} runs have colours");
    assert!(documents >= 3, "only {documents} runs have a result in XML");
    // Some runs show none of the texts, such as a list of shell completions, or of files that are not in the layout.
    assert!(silent.len() * 4 < answered, "{} runs show no hostile text: {silent:#?}", silent.len());
}

#[test]
fn nothing_that_ssh_keygen_says_gets_through() {
    let repository = hostile();
    let commands = [
        "verify ../signed/ --allowed-signers ../evil.signers",
        "verify ../signed/ --allowed-signers ../evil.signers --format json",
        "pull ../signed/ -e production --to ../pulled.json --allowed-signers ../evil.signers",
        "pull ../signed/ -e production --to ../pulled.json --allowed-signers ../evil.signers --format json",
    ];
    for command in commands {
        let ran = repository.shell(&format!("PATH=\"$PWD/../programs:$PATH\" flagctl {command}"));
        assert_eq!(ran.code, Some(1), "{command}: {ran:?}");
        assert!((ran.stdout.clone() + &ran.stderr).contains("owned"), "{command}: {ran:?}");
        check_text(command, &ran.stdout, false);
        check_text(command, &ran.stderr, false);
    }
}
