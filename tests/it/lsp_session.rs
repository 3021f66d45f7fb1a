//! A whole session of an editor with the language server, from `initialize` to `exit`.
//!
//! `tests/lsp_session.txt` has the messages of both in their order. `SNAPSHOTS=overwrite cargo test --test it lsp_session` updates it.

use std::fs;

use serde_json::{Value as Json, json};

use crate::git_bench::TestRepository;
use crate::lsp_client::Client;

const TRANSCRIPT: &str = "tests/lsp_session.txt";
const PROJECT: &str =
    "version: 1\nenvironments: [staging, production]\nattributes:\n  plan: {type: string, enum: [free, pro]}\n";
const STAFF: &str = "description: Our colleagues.\nif: {plan: pro}\n";
const PATH: &str = "flags/sale.yaml";
const SALE: &str = "\
description: Sells.
owner: team-shop
expires: 2099-01-01
variants: {cheap: true, dear: false}
off: dear
default: dear
rules: [{if: {segment: staff}, serve: cheap}]
";

#[test]
fn an_editor_finds_and_corrects_a_mistake_and_renames_a_variant() {
    let repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    repository.write("segments/staff.yaml", STAFF);
    repository.write(PATH, SALE);
    let mut client = Client::start(&repository, repository.root());
    let document = json!({"uri": client.uri(PATH)});
    let root = client.uri("").trim_end_matches('/').to_owned();
    client.ask("initialize", json!({"processId": null, "rootUri": root, "capabilities": {}}));
    client.notify("initialized", json!({}));
    client.open(PATH, SALE);
    assert_eq!(client.diagnostics(PATH), [""; 0]);
    client.replace(PATH, (4, 5), "dear", "deer");
    assert_eq!(client.diagnostics(PATH), ["4:5 unknown-variant"]);
    let range = json!({"start": {"line": 4, "character": 5}, "end": {"line": 4, "character": 9}});
    client.ask(
        "textDocument/codeAction",
        json!({"textDocument": document, "range": range, "context": {"diagnostics": []}}),
    );
    client.replace(PATH, (4, 5), "deer", "dear");
    assert_eq!(client.diagnostics(PATH), [""; 0]);
    client.replace(PATH, (6, 23), "staff", "s");
    assert_eq!(client.diagnostics(PATH), ["6:23 unknown-segment"]);
    client.at("textDocument/completion", PATH, 6, 24);
    client.replace(PATH, (6, 23), "s", "staff");
    assert_eq!(client.diagnostics(PATH), [""; 0]);
    for method in ["hover", "definition"] {
        client.at(&format!("textDocument/{method}"), PATH, 6, 25);
    }
    let place = json!({"textDocument": document, "position": {"line": 3, "character": 12}});
    let with = |name: &str, value: Json| {
        let mut place = place.clone();
        place[name] = value;
        place
    };
    client.ask("textDocument/references", with("context", json!({"includeDeclaration": true})));
    client.ask("textDocument/prepareRename", place.clone());
    client.request("textDocument/rename", with("newName", json!("dear")));
    client.ask("textDocument/rename", with("newName", json!("low")));
    client.ask("shutdown", Json::Null);
    client.notify("exit", Json::Null);
    assert_eq!(client.server.wait().unwrap().code(), Some(0));
    let transcript = client.transcript.replace(env!("CARGO_PKG_VERSION"), "[VERSION]");
    if std::env::var("SNAPSHOTS").is_ok_and(|value| value == "overwrite") {
        fs::write(TRANSCRIPT, &transcript).unwrap();
    }
    assert_eq!(transcript, fs::read_to_string(TRANSCRIPT).unwrap());
}
