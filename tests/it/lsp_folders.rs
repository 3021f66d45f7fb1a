//! The folder that the language server reads: that of the editor, or else its working folder.

use std::fs::create_dir_all;

use serde_json::{Value as Json, json};

use crate::git_bench::{PROJECT, TestRepository, flag};
use crate::lsp_client::Client;

const PATH: &str = "flags/sale.yaml";

fn repository() -> TestRepository {
    let repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    repository.write(PATH, &flag("on"));
    create_dir_all(repository.beside("elsewhere")).unwrap();
    repository
}

/// Initializes the server, and asserts that it reads the repository. Returns its warnings.
#[track_caller]
fn warnings(mut client: Client, initialize: Json) -> Vec<String> {
    client.ask("initialize", initialize);
    client.notify("initialized", json!({}));
    client.open(PATH, &flag("onn"));
    let mut warnings = Vec::new();
    loop {
        let message = client.receive();
        let found = &message["params"];
        match message["method"].as_str() {
            Some("window/logMessage") => warnings.push(found["message"].as_str().unwrap().to_owned()),
            Some("textDocument/publishDiagnostics") => {
                assert_eq!(found["uri"], client.uri(PATH));
                assert_eq!(found["diagnostics"][0]["code"], "unknown-variant");
                break;
            }
            _ => {}
        }
    }
    client.stop();
    warnings
}

#[test]
fn the_folder_of_the_editor_counts() {
    let repository = repository();
    let elsewhere = repository.beside("elsewhere");
    let address = |path: &std::path::Path| format!("file://{}", path.canonicalize().unwrap().display());
    let root = address(repository.root());
    let below = format!("{root}/flags");
    for initialize in [
        json!({"capabilities": {}, "rootUri": root}),
        json!({"capabilities": {}, "rootUri": below}),
        json!({"capabilities": {}, "rootUri": root.replace("file://", "file://localhost")}),
        json!({"capabilities": {}, "rootUri": root.replace("shop", "%73hop")}),
        json!({"capabilities": {}, "rootUri": "file:///gone", "workspaceFolders": [{"uri": root, "name": "shop"}]}),
    ] {
        assert_eq!(warnings(Client::start(&repository, &elsewhere), initialize), [""; 0]);
    }
    let folders = json!([{"uri": address(&elsewhere), "name": "elsewhere"}, {"uri": root, "name": "shop"}]);
    let found = warnings(Client::start(&repository, &elsewhere), json!({"workspaceFolders": folders}));
    assert!(found.len() == 1 && found[0].contains("elsewhere"), "{found:?}");
}

#[test]
fn without_a_usable_folder_the_working_folder_counts_and_the_editor_is_warned() {
    let repository = repository();
    for (root, reason) in [
        (json!("vscode-remote://host/shop"), "is not the address of a folder"),
        (json!("file://host/shop"), "is not the address of a folder"),
        (json!("file://%zz"), "is not the address of a folder"),
        (json!("file:///%ff"), "is not the address of a folder"),
        (json!("file:///gone%20away"), "gone"),
        (json!("file:///a%00b"), "is not used"),
        (json!(format!("file://{}/flagctl.yaml", repository.root().display())), "is not a folder"),
        (json!(format!("file://{}", repository.beside("elsewhere").display())), "is not used"),
    ] {
        let found = warnings(Client::start(&repository, repository.root()), json!({"rootUri": root}));
        assert!(found.len() == 1 && found[0].contains(reason), "{root}: {found:?}");
        assert!(found[0].contains("; the flag repository is `"), "{root}: {found:?}");
    }
    for initialize in [
        Json::Null,
        json!({"rootUri": 5, "workspaceFolders": {"uri": "x"}}),
        json!({"rootUri": null, "workspaceFolders": null}),
        json!({"workspaceFolders": [5, {"uri": 5}, {}]}),
    ] {
        assert_eq!(warnings(Client::start(&repository, repository.root()), initialize), [""; 0]);
    }
}

#[cfg(unix)]
#[test]
fn addresses_keep_the_links_of_the_editor() {
    let repository = repository();
    let link = repository.beside("my flags");
    std::os::unix::fs::symlink(repository.root(), &link).unwrap();
    let root = format!("file://{}", link.display()).replace(' ', "%20");
    let mut client = Client::start(&repository, &repository.beside("elsewhere"));
    client.ask("initialize", json!({"rootUri": root}));
    client.notify("initialized", json!({}));
    let uri = format!("{root}/{PATH}");
    let parameters = json!({"textDocument": {"uri": uri, "languageId": "yaml", "version": 1, "text": flag("onn")}});
    client.notify("textDocument/didOpen", parameters);
    assert_eq!(client.receive()["params"]["uri"], uri);
    client.stop();
}

#[test]
fn without_a_flag_repository_the_editor_gets_an_error() {
    let repository = repository();
    let mut client = Client::start(&repository, &repository.beside("elsewhere"));
    let answer = client.request("initialize", json!({"rootUri": null}));
    assert!(answer["error"]["message"].as_str().unwrap().contains("flagctl.yaml"), "{answer}");
    assert_eq!(client.server.wait().unwrap().code(), Some(3));
}

#[test]
fn an_exit_without_a_shutdown_is_told_by_the_exit_code() {
    let repository = repository();
    let mut client = Client::new(&repository, &json!({}));
    client.notify("exit", Json::Null);
    assert_eq!(client.server.wait().unwrap().code(), Some(1));
}
