//! The OpenFeature Remote Evaluation Protocol: values, reasons, errors, entity tags.

use crate::git_bench::TestRepository;
use crate::serve::client::{Response, flag, flags, request};
use crate::serve::server::Server;
use serde_json::{Value as Json, json};

const PROJECT: &str = "\
version: 1
environments: [production]
attributes:
  country: string
  plan: string
  age: number
";

/// Returns a repository with a flag for each type and each reason.
pub(super) fn shop() -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    let files = [
        ("on", "variants: {on: true, off: false}\noff: off\ndefault: on\nclient: true\n"),
        ("text", "variants: {a: one, b: two}\noff: a\ndefault: b\nmetadata: {team: checkout, tier: 2}\n"),
        ("integer", "variants: {few: 10, many: 50}\noff: few\ndefault: many\n"),
        ("float", "variants: {low: 0.5, full: 1}\noff: low\ndefault: full\n"),
        ("object", "variants: {a: {size: 1, tags: [x]}, b: {}}\noff: b\ndefault: a\n"),
        (
            "targeted",
            "variants: {on: true, off: false}\noff: off\ndefault: off\nclient: true\nrules:\n\
             - name: canada\n  if: {country: CA}\n  serve: on\n",
        ),
        ("split", "variants: {a: 1, b: 2}\noff: a\ndefault: a\nrules:\n- name: halves\n  serve: {a: 50%, b: 50%}\n"),
        (
            "partial",
            "variants: {on: true, off: false}\noff: off\ndefault: off\nrules:\n- name: beta\n  rollout: 50%\n  serve: on\n",
        ),
        ("disabled", "variants: {on: true, off: false}\noff: off\ndefault: on\nenabled: false\n"),
        ("killed", "variants: {on: true, off: false}\noff: off\ndefault: on\n"),
        ("needy", "variants: {on: true, off: false}\noff: off\ndefault: on\nrequires: {targeted: on}\n"),
    ];
    for (key, text) in files {
        repository.write(&format!("flags/{key}.yaml"), &format!("description: A flag.\n{text}"));
    }
    repository.write("kills/production/killed.yaml", "reason: a test\n");
    repository.commit("flags");
    repository
}

fn answered(response: &Response, status: u16, body: &Json) {
    assert_eq!((response.status, &response.json()), (status, body));
}

#[test]
fn each_type_and_each_reason_has_its_answer() {
    let repository = shop();
    let commit = repository.git(&["rev-parse", "HEAD"]);
    let server = Server::start(&repository, &["--follow", "main"]);
    let common = json!({"commit": commit, "environment": "production"});
    let with = |more: Json| {
        let mut metadata = common.clone();
        metadata.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        metadata
    };
    let user = r#"{"targetingKey":"user-1","country":"CA"}"#;
    let cases = [
        ("on", json!(true), "on", "STATIC", with(json!({}))),
        ("text", json!("two"), "b", "STATIC", with(json!({"team": "checkout", "tier": 2}))),
        ("integer", json!(50), "many", "STATIC", with(json!({}))),
        ("object", json!({"size": 1, "tags": ["x"]}), "a", "STATIC", with(json!({}))),
        ("targeted", json!(true), "on", "TARGETING_MATCH", with(json!({"rule": "canada"}))),
        ("split", json!(1), "a", "SPLIT", with(json!({"rule": "halves"}))),
        ("disabled", json!(false), "off", "DISABLED", with(json!({"cause": "disabled"}))),
        ("killed", json!(false), "off", "DISABLED", with(json!({"cause": "kill"}))),
        ("needy", json!(true), "on", "DEFAULT", with(json!({}))),
    ];
    for (key, value, variant, reason, metadata) in cases {
        let body = json!({"key": key, "value": value, "variant": variant, "reason": reason, "metadata": metadata});
        answered(&flag(&server.address, key, user), 200, &body);
    }
    // Clients for typed languages refuse an integer where they expect a float.
    assert!(flag(&server.address, "float", user).body.starts_with(r#"{"key":"float","value":1.0,"variant":"full""#));
    let missing = flag(&server.address, "needy", r#"{"targetingKey":"user-1"}"#);
    assert_eq!(
        (&missing.json()["reason"], &missing.json()["metadata"]["cause"]),
        (&json!("DISABLED"), &json!("prerequisite"))
    );
    assert_eq!(missing.header("content-type"), "application/json");
}

#[test]
fn a_unit_that_is_missing_is_an_error_for_a_split_and_a_default_for_a_rollout() {
    let repository = shop();
    let server = Server::start(&repository, &[]);
    let split = flag(&server.address, "split", "{}");
    assert_eq!(split.status, 400);
    assert_eq!(split.json()["errorCode"], "TARGETING_KEY_MISSING");
    assert_eq!(split.json()["errorDetails"], "rule `halves` splits by `targetingKey`, which the context lacks");
    assert_eq!(split.json()["key"], "split");
    let partial = flag(&server.address, "partial", "{}");
    assert_eq!((partial.status, &partial.json()["reason"]), (200, &json!("DEFAULT")));
    assert_eq!(partial.json()["metadata"]["withoutUnit"], "beta");
    let all = flags(&server.address, &[], "{}").json();
    let in_all = all["flags"].as_array().unwrap().iter().find(|answer| answer["key"] == "split").unwrap().clone();
    assert_eq!(in_all, split.json());
}

#[test]
fn a_request_with_a_fault_gets_the_error_of_the_protocol() {
    let repository = shop();
    let server = Server::start(&repository, &[]);
    let address = &server.address;
    let post = |path: &str, headers: &[(&str, &str)], body: &str| request(address, "POST", path, headers, body);
    let on = "/ofrep/v1/evaluate/flags/on";
    let all = "/ofrep/v1/evaluate/flags";
    let unknown = json!({
        "key": "nope", "errorCode": "FLAG_NOT_FOUND",
        "errorDetails": "`nope` is not a flag of the environment `production`",
    });
    answered(&flag(address, "nope", "{}"), 404, &unknown);
    for (body, code) in [
        ("", "PARSE_ERROR"),
        ("{", "PARSE_ERROR"),
        (r#"{"context":{"country":"CA"}"#, "PARSE_ERROR"),
        ("{}", "INVALID_CONTEXT"),
        ("[]", "INVALID_CONTEXT"),
        (r#"{"context":[]}"#, "INVALID_CONTEXT"),
        (r#"[{"targetingKey":"user-1"}]"#, "INVALID_CONTEXT"),
        (r#"{"context":null}"#, "INVALID_CONTEXT"),
        (r#"{"context":{"now":"2026-01-01T00:00:00Z"}}"#, "INVALID_CONTEXT"),
        (r#"{"context":{"a":{"b":1,"b":2}},"context":{}}"#, "INVALID_CONTEXT"),
    ] {
        for (path, key) in [(on, json!("on")), (all, Json::Null)] {
            let response = post(path, &[("content-type", "application/json")], body);
            let json = response.json();
            assert_eq!((response.status, &json["errorCode"], &json["key"]), (400, &json!(code), &key), "{path} {body}");
            assert!(json["errorDetails"].as_str().is_some_and(|details| !details.is_empty()), "{json}");
        }
    }
    let statuses = [
        (request(address, "GET", on, &[], ""), 405),
        (request(address, "PUT", all, &[], "{}"), 405),
        (request(address, "POST", "/flagd/production.json", &[], ""), 405),
        // A part of a method is another method.
        (request(address, "P", on, &[], r#"{"context":{}}"#), 405),
        // The base address of a client may end with a slash.
        (post("//ofrep/v1/evaluate/flags/on", &[], r#"{"context":{}}"#), 200),
        (post(on, &[("content-type", "text/plain")], "{}"), 415),
        (post(on, &[("content-encoding", "gzip")], "{}"), 415),
        (post("/nothing", &[], "{}"), 404),
        (post("/ofrep/v1/configuration", &[], "{}"), 404),
        (post("/staging/ofrep/v1/evaluate/flags", &[], r#"{"context":{}}"#), 404),
    ];
    for (response, status) in statuses {
        assert_eq!(response.status, status, "{response:?}");
    }
    assert_eq!(request(address, "GET", on, &[], "").header("allow"), "POST, OPTIONS");
}

#[test]
fn a_path_or_a_header_names_the_environment_of_a_request() {
    let mut repository = shop();
    repository.write("flagctl.yaml", &PROJECT.replace("[production]", "[staging, production]"));
    repository.write(
        "flags/on.yaml",
        "description: A flag.\nvariants: {on: true, off: false}\noff: off\ndefault: on\nenvironments: {staging: {default: off}}\n",
    );
    repository.commit("staging");
    let mut server = Server::start(&repository, &[]);
    server.wait("bundle-current");
    let address = &server.address;
    let ask = |path: &str, headers: &[(&str, &str)]| {
        request(address, "POST", &format!("{path}/ofrep/v1/evaluate/flags/on"), headers, r#"{"context":{}}"#)
    };
    assert_eq!(ask("/staging", &[]).json()["variant"], "off");
    assert_eq!(ask("/production", &[]).json()["variant"], "on");
    assert_eq!(ask("", &[("x-flagctl-environment", "staging")]).json()["variant"], "off");
    // The path is stronger than the header.
    assert_eq!(ask("/production", &[("x-flagctl-environment", "staging")]).json()["variant"], "on");
    let unnamed = ask("", &[]);
    assert_eq!((unnamed.status, &unnamed.json()["key"]), (400, &json!("on")));
    assert_eq!(ask("/other", &[]).json()["key"], "on");
    assert_eq!(
        unnamed.json()["errorDetails"],
        "the server has several environments: put one of `/production`, `/staging` before `/ofrep` in the path"
    );
}

#[test]
fn an_entity_tag_covers_the_bundle_the_context_and_the_values() {
    let mut repository = shop();
    let mut server = Server::start(&repository, &[]);
    let ask = |address: &str, headers: &[(&str, &str)], context: &str| flags(address, headers, context);
    let canada = r#"{"targetingKey":"user-1","country":"CA"}"#;
    let first = ask(&server.address, &[], canada);
    let tag = first.header("etag").to_owned();
    let known = [("if-none-match", tag.as_str())];
    let same = ask(&server.address, &known, canada);
    assert_eq!((same.status, same.body.as_str(), same.header("etag")), (304, "", tag.as_str()));
    for list in [format!("\"other\", {tag}"), format!("W/{tag}")] {
        assert_eq!(ask(&server.address, &[("if-none-match", &list)], canada).status, 304, "{list}");
    }
    // The same unit with other attributes gets another answer.
    let us = ask(&server.address, &known, r#"{"targetingKey":"user-1","country":"US"}"#);
    assert_eq!(us.status, 200);
    // An attribute that no flag uses changes the tag, too.
    assert_eq!(ask(&server.address, &known, r#"{"targetingKey":"user-1","country":"CA","plan":"free"}"#).status, 200);
    repository.write("flags/text.yaml", "description: A flag.\nvariants: {a: one, b: two}\noff: a\ndefault: a\n");
    repository.commit("change");
    server.wait("bundle-current");
    assert_eq!(ask(&server.address, &known, canada).status, 200);
}

#[test]
fn a_client_that_was_told_of_another_bundle_never_gets_not_modified() {
    let repository = shop();
    let server = Server::start(&repository, &[]);
    let first = flags(&server.address, &[], "{}");
    let tag = first.header("etag").to_owned();
    let ask = |query: &str| {
        let path = format!("/ofrep/v1/evaluate/flags{query}");
        request(&server.address, "POST", &path, &[("if-none-match", &tag)], r#"{"context":{}}"#).status
    };
    assert_eq!(ask(""), 304);
    assert_eq!(ask("?flagConfigEtag=other&flagConfigLastModified=1771622898"), 200);
    assert_eq!(ask("?flagConfigEtag=%22other%22"), 200);
}

#[test]
fn a_server_has_flagds_file_with_an_entity_tag() {
    let mut repository = TestRepository::with_sale();
    repository.commit("sale");
    let server = Server::start(&repository, &[]);
    let file = request(&server.address, "GET", "/flagd/production.json", &[], "");
    assert_eq!(file.status, 200, "{}", file.body);
    let exported = repository.flagctl(&["export", "flagd"]);
    assert_eq!(file.json(), serde_json::from_str::<Json>(&exported.stdout).unwrap());
    let tag = file.header("etag").to_owned();
    let known = request(&server.address, "GET", "/flagd/production.json", &[("if-none-match", &tag)], "");
    assert_eq!((known.status, known.header("cache-control")), (304, "no-cache"));
    let weak = request(&server.address, "GET", "/flagd/production.json", &[("if-none-match", &format!("W/{tag}"))], "");
    assert_eq!(weak.status, 304);
}

#[test]
fn metadata_of_a_flag_never_repeats_a_name_of_the_answer() {
    let repository = TestRepository::with_sale();
    repository.write(
        "flags/sale.yaml",
        "description: A flag.\nvariants: {on: true, off: false}\noff: off\ndefault: off\nmetadata: {rule: mine, environment: mine}\n\
         rules:\n- name: all\n  serve: on\n",
    );
    let server = Server::start(&repository, &[]);
    let body = flag(&server.address, "sale", "{}").body;
    assert!(body.ends_with(r#""metadata":{"environment":"production","rule":"all"}}"#), "{body}");
}

#[test]
fn a_flag_that_flagd_cannot_express_is_named() {
    let repository = shop();
    let server = Server::start(&repository, &[]);
    let file = request(&server.address, "GET", "/flagd/production.json", &[], "");
    assert_eq!(file.status, 406);
    let details = file.json()["errorDetails"].as_str().unwrap().to_owned();
    assert!(details.starts_with("flagd cannot express 2 parts of flags: partial: rule beta: its buckets"), "{details}");
}
