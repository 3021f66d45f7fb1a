//! The language server, driven by a client over its standard streams.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value as Json, json};

use crate::git_bench::TestRepository;
use crate::lsp_client::{Client, end};

const PROJECT: &str = "version: 1\nenvironments: [dev, production]\nattributes:\n  plan: {type: string, enum: [free, pro], description: What is paid for.}\n  age: number\n  beta: boolean\n";
const SALE: &str = "description: Sells.\nowner: team-shop\nexpires: 2099-01-01\nvariants: {cheap: true, dear: false}\noff: dear\ndefault: dear\nrules: [{if: {segment: staff}, serve: cheap}]\n";

fn repository() -> TestRepository {
    let repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    repository.write("segments/staff.yaml", "description: Our colleagues.\nif: {plan: pro}\n");
    repository.write("flags/sale.yaml", SALE);
    repository
}

const NEW: &str = "flags/new.yaml";
const HEAD: &str =
    "description: New.\nowner: team-shop\nexpires: 2099-01-01\nvariants:\n  dark: true\n  light: false\n";

#[test]
fn a_flag_is_typed_from_nothing_with_completion() {
    let repository = repository();
    let mut client = Client::new(&repository, &json!({}));
    client.open(NEW, "");
    let mut text = String::new();
    // Words after `>` are chosen from the completions; the other parts have no names.
    for part in [
        ">description",
        "New.\n",
        ">owner",
        ">team-shop",
        "\n",
        ">expires",
        "2099-01-01\n",
        ">variants",
        "\n  dark: true\n  light: false\n",
        ">off",
        ">light",
        "\n",
        ">default",
        ">light",
        "\n",
        ">rules",
        "\n  - ",
        ">if",
        "\n      ",
        ">plan",
        ">pro",
        "\n      ",
        ">age",
        "\n        ",
        ">gte",
        "18\n      ",
        ">segment",
        ">staff",
        "\n    ",
        ">serve",
        ">dark",
        "\n",
        ">requires",
        "\n  ",
        ">sale",
        ">cheap",
        "\n",
        ">environments",
        "\n  ",
        ">dev",
        "\n    ",
        ">enabled",
        ">true",
        "\n",
    ] {
        match part.strip_prefix('>') {
            None => text.push_str(part),
            Some(wanted) => {
                let (line, character) = end(&text);
                client.set(NEW, &text);
                let result = client.at("textDocument/completion", NEW, line, character);
                let items = result["items"].as_array().unwrap();
                let item = items.iter().find(|item| item["label"] == wanted);
                let labels: Vec<_> = items.iter().map(|item| &item["label"]).collect();
                let item = item.unwrap_or_else(|| panic!("`{wanted}` is not among {labels:?} after {text:?}"));
                text.push_str(item["textEdit"]["newText"].as_str().unwrap());
            }
        }
    }
    repository.write(NEW, &text);
    let ran = repository.flagctl(&["validate", "--errors-only"]);
    assert_eq!(ran.code, Some(0), "{text}\n{ran:?}");
    client.stop();
}

#[test]
fn names_fit_their_position_also_while_the_file_is_no_yaml() {
    let repository = repository();
    let mut client = Client::new(&repository, &json!({}));
    client.open(NEW, "");
    let condition = format!("{HEAD}broken [\nrules:\n  - if:\n      ");
    for (text, wanted, unwanted) in [
        ("", "plan", "eq"),
        ("plan:\n        ", "starts_with", "lt"),
        ("age:\n        ", "lt", "starts_with"),
        ("plan: [fr", "free", "plan"),
        ("{beta: ", "true", "free"),
        ("any: [{plan: ", "pro", "staff"),
        ("segment: [", "staff", "sale"),
        ("flag: {", "sale", "staff"),
        ("flag: {sale: ", "cheap", "dark"),
        ("plan: pro # flagctl: allow ", "unused-variant", "yaml-syntax"),
    ] {
        // Open brackets of an earlier line are closed by the line break in what people type.
        let text = format!("{}{text}", condition.replace("broken [\n", "broken\n"));
        let labels = client.labels(NEW, &text);
        assert!(labels.iter().any(|label| label == wanted), "{text:?}: `{wanted}` is not among {labels:?}");
        assert!(!labels.iter().any(|label| label == unwanted), "{text:?}: `{unwanted}` is among {labels:?}");
    }
    client.open("flagctl.yaml", PROJECT);
    let labels = client.labels("flagctl.yaml", &format!("{PROJECT}lint:\n  "));
    assert!(labels.iter().any(|label| label == "missing-owner"), "{labels:?}");
    client.stop();
}

#[test]
fn diagnostics_follow_each_change_in_all_files() {
    let repository = repository();
    let mut client = Client::new(&repository, &json!({}));
    client.open("flags/sale.yaml", SALE);
    assert_eq!(client.diagnostics("flags/sale.yaml"), [""; 0]);
    client.set("flags/sale.yaml", &SALE.replace("off: dear", "off: deer"));
    assert_eq!(client.diagnostics("flags/sale.yaml"), ["4:5 unknown-variant"]);
    client.set("flags/sale.yaml", &SALE.replace("off: dear", "off: [deer"));
    assert!(client.diagnostics("flags/sale.yaml").iter().any(|found| found.contains("yaml-syntax")));
    client.set("flags/sale.yaml", SALE);
    assert_eq!(client.diagnostics("flags/sale.yaml"), [""; 0]);
    client.open("segments/staff.yaml", "if: {city: Rome}\n");
    assert_eq!(client.diagnostics("segments/staff.yaml"), ["0:5 unknown-attribute"]);
    client.stop();
}

#[test]
fn positions_are_counted_in_the_agreed_units() {
    let text = SALE.replace("Sells.", "東京 😀") + "# 😀\n";
    let text = text.replace("off: dear", "\"off\": \"😀\"").replace(
        "rules: [{if: {segment: staff}, serve: cheap}]",
        "rules: [{description: 東京 😀, if: {segment: staf}, serve: cheap}]",
    );
    for (encodings, character) in [(json!([]), 43), (json!(["utf-8"]), 49)] {
        let repository = repository();
        let mut client = Client::new(&repository, &json!({"general": {"positionEncodings": encodings}}));
        client.open("flags/sale.yaml", &text);
        let found = client.diagnostics("flags/sale.yaml");
        assert!(found.contains(&format!("6:{character} unknown-segment")), "{found:?}");
        client.stop();
    }
}

#[test]
fn names_are_described_found_and_renamed() {
    let repository = repository();
    let mut client = Client::new(&repository, &json!({}));
    let other = "description: B.\nowner: team-shop\nexpires: 2099-01-01\nvariants: {on: true, off: false}\noff: off\ndefault: off\nrequires: {sale: cheap}\nrules: [{if: {age: {gte: 5}, plan: pro}, serve: on}]\n";
    repository.write("flags/other.yaml", other);
    client.open("flags/other.yaml", other);
    let text = |hover: Json| hover["contents"]["value"].as_str().unwrap_or_default().to_owned();
    let hover = text(client.at("textDocument/hover", "flags/other.yaml", 6, 12));
    assert!(hover.contains("`production`: 1 condition") && hover.contains("Sells"), "{hover}");
    let hover = text(client.at("textDocument/hover", "flags/other.yaml", 7, 32));
    assert!(hover.contains("What is paid for") && hover.contains("`free`"), "{hover}");
    let hover = text(client.at("textDocument/hover", "flags/other.yaml", 7, 20));
    assert!(hover.contains("greater than or equal"), "{hover}");
    let found = client.at("textDocument/definition", "flags/other.yaml", 6, 12);
    assert_eq!(found["uri"], client.uri("flags/sale.yaml"));
    let found = client.at("textDocument/definition", "flags/other.yaml", 7, 32);
    assert_eq!(
        (&found["uri"], &found["range"]["start"]),
        (&json!(client.uri("flagctl.yaml")), &json!({"line": 3, "character": 2}))
    );
    let document = json!({"uri": client.uri("flags/other.yaml")});
    let place = json!({"textDocument": document, "position": {"line": 6, "character": 18}, "context": {"includeDeclaration": true}, "newName": "low"});
    let found = client.ask("textDocument/references", place.clone());
    assert_eq!(found.as_array().unwrap().len(), 3, "{found}");
    assert_eq!(client.ask("textDocument/prepareRename", place.clone())["placeholder"], "cheap");
    let changes = client.ask("textDocument/rename", place.clone())["changes"].clone();
    assert_eq!(changes[client.uri("flags/sale.yaml")].as_array().unwrap().len(), 2, "{changes}");
    assert_eq!(changes[client.uri("flags/other.yaml")][0]["newText"], "low");
    let refused = client.request(
        "textDocument/rename",
        json!({"textDocument": document, "position": {"line": 6, "character": 18}, "newName": "dear"}),
    );
    assert!(refused["error"]["message"].as_str().unwrap().contains("already"), "{refused}");
    client.stop();
}

#[test]
fn a_quick_fix_is_offered() {
    let repository = repository();
    let mut client = Client::new(&repository, &json!({}));
    client.open("flags/sale.yaml", &SALE.replace("default:", "defualt:"));
    let document = json!({"uri": client.uri("flags/sale.yaml")});
    let range = json!({"start": {"line": 5, "character": 1}, "end": {"line": 5, "character": 2}});
    let actions = client.ask(
        "textDocument/codeAction",
        json!({"textDocument": document, "range": range, "context": {"diagnostics": []}}),
    );
    let edits = &actions[0]["edit"]["changes"][client.uri("flags/sale.yaml")];
    assert_eq!(edits[0]["newText"], "default", "{actions}");
    client.stop();
}

#[test]
fn a_hostile_client_gets_errors_and_the_server_goes_on() {
    let repository = repository();
    let mut client = Client::new(&repository, &json!({}));
    write!(client.input, "Content-Length: 3\r\n\r\n{{x}}").unwrap();
    assert_eq!(client.receive()["error"]["code"], -32700);
    for (method, parameters) in [
        ("textDocument/hover", json!({"textDocument": {"uri": 5}})),
        (
            "textDocument/hover",
            json!({"textDocument": {"uri": "file:///etc/passwd"}, "position": {"line": 0, "character": 0}}),
        ),
        ("textDocument/completion", json!([1])),
        ("textDocument/completion", json!({"textDocument": {"uri": client.uri("flags/sale.yaml")}})),
        ("textDocument/rename", json!({"textDocument": {"uri": format!("{}/../../x", client.uri("flags"))}})),
        ("nothing", Json::Null),
        ("initialize", json!({})),
    ] {
        client.request(method, parameters);
    }
    client.notify("textDocument/didOpen", json!({"textDocument": {"uri": "file://%zz", "text": ""}}));
    client.notify(
        "textDocument/didChange",
        json!({"textDocument": {"uri": client.uri("flags/sale.yaml")}, "contentChanges": [{"range": 5}]}),
    );
    client.open("flags/sale.yaml", SALE);
    for position in [
        json!({"line": 4_000_000_000_u64, "character": 0}),
        json!({"line": 0, "character": u64::MAX}),
        json!({"line": -1, "character": 0}),
    ] {
        for method in ["completion", "hover", "definition", "references", "prepareRename", "rename"] {
            client.request(
                &format!("textDocument/{method}"),
                json!({"textDocument": {"uri": client.uri("flags/sale.yaml")}, "position": position, "newName": "x"}),
            );
        }
    }
    let deep = "[".repeat(100_000);
    let long = "a: ".repeat(30_000);
    for text in [deep.as_str(), long.as_str(), "\u{feff}\r\n'", "- - - -\n :", "? a\n: b", "{a: [b, {c: 'd"] {
        client.set("flags/sale.yaml", text);
        let (line, character) = end(text);
        client.at("textDocument/completion", "flags/sale.yaml", line, character);
    }
    client.stop();
}

#[test]
fn a_broken_frame_ends_the_server_with_an_error() {
    let repository = repository();
    for broken in
        ["Content-Length: 99999999999\r\n\r\n", "Content-Length: x\r\n\r\n", "\r\n", "Content-Length: 5\r\n\r\n{"]
    {
        let mut client = Client::new(&repository, &json!({}));
        client.input.write_all(broken.as_bytes()).unwrap();
        let input = std::mem::replace(
            &mut client.input,
            Command::new("true").stdin(Stdio::piped()).spawn().unwrap().stdin.take().unwrap(),
        );
        drop(input);
        assert_eq!(client.server.wait().unwrap().code(), Some(3), "{broken:?}");
    }
}
