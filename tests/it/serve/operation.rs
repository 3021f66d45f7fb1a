//! Tokens, headers, overrides, cross-origin requests, TLS, metrics and the end of a server.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::serve::client::{Connection, Response, flag, flags, request};
use crate::serve::protocol::shop;
use crate::serve::server::Server;
use flagctl::publish::Digest;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value as Json, json};

/// Returns the text of a file with tokens. The text of each token is its name.
fn tokens(tokens: &[(&str, &str, &str)]) -> String {
    let mut text = "tokens:\n".to_owned();
    for (name, environments, usage) in tokens {
        let digest = Digest::sha256(name.as_bytes());
        text += &format!("- name: {name}\n  sha256: {digest}\n  environments: {environments}\n  use: {usage}\n");
    }
    text
}

fn with_token(address: &str, path: &str, token: &str) -> Response {
    request(address, "POST", path, &[("authorization", &format!("Bearer {token}"))], r#"{"context":{}}"#)
}

const ON: &str = "/ofrep/v1/evaluate/flags/on";
const ALL: &str = "/ofrep/v1/evaluate/flags";

#[test]
fn a_token_allows_its_environments_and_its_use() {
    let repository = shop();
    let file = tokens(&[
        ("backend", "[production]", "server"),
        ("page", "[production]", "browser"),
        ("other", "[staging]", "server"),
        ("hook", "[production]", "webhook"),
    ]);
    fs::write(repository.beside("tokens.yaml"), file).unwrap();
    let server = Server::start(&repository, &["--tokens", "../tokens.yaml"]);
    let address = &server.address;
    let status = |path: &str, token: &str| with_token(address, path, token).status;
    assert_eq!([ON, ALL, "/flagd/production.json"].map(|path| status(path, "wrong")), [401, 401, 405]);
    let missing = flag(address, "on", "{}");
    assert_eq!((missing.status, missing.body.as_str(), missing.header("www-authenticate")), (401, "", "Bearer"));
    assert_eq!(["backend", "page", "other", "hook"].map(|token| status(ON, token)), [200, 200, 404, 403]);
    assert_eq!(["backend", "page", "other", "hook"].map(|token| status(ALL, token)), [200, 200, 404, 403]);
    assert_eq!(["backend", "page", "other", "hook"].map(|token| status("/refresh", token)), [202, 403, 202, 202]);
    // A page sees the flags with `client: true` alone, and cannot tell the other flags from unknown ones.
    let keys = |token: &str| {
        let answer = with_token(address, ALL, token).json();
        let keys = answer["flags"].as_array().unwrap().iter().map(|flag| flag["key"].as_str().unwrap().to_owned());
        keys.collect::<Vec<_>>()
    };
    assert_eq!(keys("page"), ["on", "targeted"]);
    assert_eq!(keys("backend").len(), 11);
    let hidden = with_token(address, "/ofrep/v1/evaluate/flags/killed", "page");
    let unknown = with_token(address, "/ofrep/v1/evaluate/flags/killex", "page");
    assert_eq!((hidden.status, hidden.body.replace("killed", "killex")), (unknown.status, unknown.body));
    let file = |token: &str| {
        let header = format!("Bearer {token}");
        request(address, "GET", "/flagd/production.json", &[("authorization", &header)], "").status
    };
    assert_eq!([file("page"), file("other")], [403, 403]);
    assert_eq!(status("/staging/ofrep/v1/evaluate/flags/on", "backend"), 403);
    // The other header of the protocol.
    assert_eq!(request(address, "POST", ON, &[("x-api-key", "backend")], r#"{"context":{}}"#).status, 200);
    // Each token has a stream of its own.
    let stream =
        |token: &str| with_token(address, ALL, token).json()["eventStreams"][0]["endpoint"]["requestUri"].clone();
    assert_ne!(stream("backend"), stream("page"));
}

#[test]
fn tokens_are_read_again_and_the_streams_of_a_removed_one_end() {
    let repository = shop();
    let file = repository.beside("tokens.yaml");
    fs::write(&file, tokens(&[("first", "[production]", "server"), ("second", "[production]", "server")])).unwrap();
    let mut server = Server::start(&repository, &["--tokens", "../tokens.yaml"]);
    let answer = with_token(&server.address, ALL, "first").json();
    let stream = answer["eventStreams"][0]["endpoint"]["requestUri"].as_str().unwrap().to_owned();
    let mut open = Connection::open(&server.address);
    open.send(format!("GET {stream} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes());
    assert_eq!(open.head().unwrap().0, 200);
    fs::write(&file, tokens(&[("second", "[production]", "server")])).unwrap();
    server.wait("file-reloaded");
    while open.line().is_some_and(|line| line != "0") {}
    assert_eq!(request(&server.address, "GET", &stream, &[], "").status, 404);
    assert_eq!(["first", "second"].map(|token| with_token(&server.address, ON, token).status), [401, 200]);
    // A file with a fault changes nothing.
    fs::write(&file, "tokens:\n- name: second\n").unwrap();
    let refused = server.wait("file-refused");
    assert!(refused["problem"].as_str().unwrap().contains("missing field `sha256` at line 2 column 3"), "{refused}");
    assert_eq!(with_token(&server.address, ON, "second").status, 200);
}

#[test]
fn tokens_may_be_in_the_environment() {
    let repository = shop();
    let text = tokens(&[("backend", "[production]", "server")]);
    let mut server = Server::start_with(&repository, &[], &[("FLAGCTL_TOKENS", &text)]);
    server.wait("bundle-current");
    assert_eq!(["wrong", "backend"].map(|token| with_token(&server.address, ON, token).status), [401, 200]);
}

#[test]
fn a_file_of_tokens_with_a_fault_is_an_error_at_the_start() {
    let repository = shop();
    for (text, why) in [
        ("tokens: []\n", "it has no tokens"),
        ("tokens:\n- name: a\n  sha256: abc\n  use: server\n", "the token `a` has no digest as `sha256`: expected 64"),
        ("tokens:\n- name: a\n  sha256: abc\n  use: admin\n", "unknown variant `admin`, expected one of"),
        ("token: a\n", "`../tokens.yaml`: unknown field `token`, expected `tokens`"),
    ] {
        fs::write(repository.beside("tokens.yaml"), text).unwrap();
        let ran = repository.flagctl(&["serve", "--listen", "127.0.0.1:0", "--tokens", "../tokens.yaml"]);
        assert_eq!(ran.code, Some(3), "{}", ran.stderr);
        assert!(ran.stderr.contains(why), "{}", ran.stderr);
    }
}

#[test]
fn headers_set_attributes_that_a_client_cannot_choose() {
    let repository = shop();
    let arguments = ["--header-attribute", "X-Country=country", "--header-attribute", "X-Age=age"];
    let server = Server::start(&repository, &arguments);
    let ask = |headers: &[(&str, &str)], context: &str| {
        let body = format!(r#"{{"context":{context}}}"#);
        let path = "/ofrep/v1/evaluate/flags/targeted";
        request(&server.address, "POST", path, headers, &body).json()["variant"].clone()
    };
    assert_eq!(ask(&[("x-country", "CA")], "{}"), "on");
    assert_eq!(ask(&[("x-country", "US")], r#"{"country":"CA"}"#), "off");
    assert_eq!(ask(&[], r#"{"country":"CA"}"#), "off");
    assert_eq!(ask(&[("x-country", "CA"), ("x-age", "seventy")], "{}"), "on");
}

#[test]
fn an_override_is_marked_in_every_answer() {
    let repository = shop();
    let arguments = ["--override", "killed=on", "--override", "split=b", "--override", "nope=on"];
    let mut server = Server::start(&repository, &arguments);
    let ignored = server.wait("override-ignored");
    assert_eq!((&ignored["flag"], &ignored["variant"]), (&json!("nope"), &json!("on")));
    let expected = json!({
        "key": "killed", "value": true, "variant": "on", "reason": "STATIC",
        "metadata": {"environment": "production", "overridden": true},
    });
    assert_eq!(flag(&server.address, "killed", "{}").json(), expected);
    // A split without a unit is overridden, too.
    assert_eq!(flag(&server.address, "split", "{}").json()["variant"], "b");
    let all = flags(&server.address, &[], "{}").json();
    assert!(all["flags"].as_array().unwrap().contains(&expected));
}

#[test]
fn pages_of_other_origins_are_allowed_only_if_they_are_named() {
    let repository = shop();
    let origin = "https://shop.example.com";
    let ask = |server: &Server, method: &str, origin: &str| {
        request(&server.address, method, ALL, &[("origin", origin)], r#"{"context":{}}"#)
    };
    let closed = Server::start(&repository, &[]);
    assert_eq!(ask(&closed, "POST", origin).header("access-control-allow-origin"), "");
    let server = Server::start(&repository, &["--cors-origin", origin]);
    let allowed = ask(&server, "POST", origin);
    assert_eq!(allowed.header("access-control-allow-origin"), origin);
    assert_eq!(allowed.header("access-control-expose-headers"), "ETag, Retry-After");
    assert_eq!(ask(&server, "POST", "https://evil.example.com").header("access-control-allow-origin"), "");
    let preflight = ask(&server, "OPTIONS", origin);
    assert_eq!((preflight.status, preflight.header("access-control-allow-methods")), (204, "POST, OPTIONS"));
    assert!(preflight.header("access-control-allow-headers").contains("If-None-Match"));
    for origin in
        ["shop.example.com", "https://shop.example.com/", "https://a@shop.example.com", "ftp://shop.example.com"]
    {
        let ran = repository.flagctl(&["serve", "--cors-origin", origin]);
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    }
    // Browsers write an origin in lower case and without the usual port.
    let server = Server::start(&repository, &["--cors-origin", "https://Shop.example.com:443"]);
    assert_eq!(ask(&server, "POST", origin).header("access-control-allow-origin"), origin);
}

#[test]
fn metrics_count_requests_decisions_and_bundles() {
    let mut repository = shop();
    let mut server = Server::start(&repository, &[]);
    for _ in 0..3 {
        flag(&server.address, "on", "{}");
    }
    flag(&server.address, "nope", "{}");
    flags(&server.address, &[], "{}");
    repository.write("flags/text.yaml", "description: A flag.\nvariants: {a: one, b: two}\noff: a\ndefault: a\n");
    repository.commit("change");
    server.wait("bundle-current");
    let metrics = request(&server.management, "GET", "/metrics", &[], "");
    assert_eq!(metrics.header("content-type"), "application/openmetrics-text; version=1.0.0; charset=utf-8");
    for line in [
        r#"flagctl_requests_total{endpoint="flag",status="200"} 3"#,
        r#"flagctl_requests_total{endpoint="flag",status="404"} 1"#,
        r#"flagctl_requests_total{endpoint="flags",status="200"} 1"#,
        r#"flagctl_request_duration_seconds_count{endpoint="flag"} 4"#,
        r#"flagctl_evaluations_total{environment="production",flag="on",variant="on"} 3"#,
        r#"flagctl_evaluations_total{environment="production",flag="text",variant="b"} 0"#,
        r#"flagctl_bundle_swaps_total{environment="production"} 2"#,
        "flagctl_refused_connections_total 0",
        "# EOF",
    ] {
        assert!(metrics.body.lines().any(|found| found == line), "{line}:\n{}", metrics.body);
    }
    let last = r#"flagctl_last_evaluation_timestamp_seconds{environment="production",flag="on"} "#;
    let last: u64 = metrics.body.lines().find_map(|line| line.strip_prefix(last)).unwrap().parse().unwrap();
    assert!(last > 1_700_000_000);
    // The port for applications does not have them.
    assert_eq!(request(&server.address, "GET", "/metrics", &[], "").status, 404);
    assert_eq!(request(&server.management, "POST", "/metrics", &[], "").status, 405);
}

#[test]
fn a_connection_is_encrypted_with_the_certificate() {
    let repository = shop();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/serve");
    let [certificate, key] = ["certificate.pem", "key.pem"].map(|name| folder.join(name));
    let [certificate_text, key_text] = [&certificate, &key].map(|path| path.to_str().unwrap());
    let server = Server::start(&repository, &["--tls-certificate", certificate_text, "--tls-key", key_text]);
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&certificate).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let connection = rustls::ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    let stream = TcpStream::connect(&server.address).unwrap();
    let mut stream = rustls::StreamOwned::new(connection, stream);
    let body = r#"{"context":{}}"#;
    let head = format!("POST {ON} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all((head + body).as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains(r#""variant":"on""#), "{answer}");
    // Without TLS, the server does not answer.
    let mut plain = Connection::open(&server.address);
    plain.send(head_of(ON).as_bytes());
    assert!(plain.line().is_none_or(|line| !line.starts_with("HTTP")));
}

fn head_of(path: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n")
}

#[test]
fn a_server_that_stops_answers_the_open_request() {
    let repository = shop();
    let mut server = Server::start(&repository, &[]);
    let mut open = Connection::open(&server.address);
    let body = r#"{"context":{}}"#;
    open.send(format!("POST {ON} HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", body.len()).as_bytes());
    // The server has begun to read the request.
    thread::sleep(Duration::from_millis(200));
    let address = server.address.clone();
    let stopped = thread::spawn(move || (server.stop(), server));
    while TcpStream::connect(&address).is_ok() {
        thread::sleep(Duration::from_millis(10));
    }
    open.send(body.as_bytes());
    assert_eq!(open.response().unwrap().json()["variant"], "on");
    assert_eq!(stopped.join().unwrap().0, Some(0));
}

#[test]
fn an_address_that_is_not_free_is_an_error() {
    let repository = shop();
    let server = Server::start(&repository, &[]);
    let ran = repository.flagctl(&["serve", "--listen", &server.address, "--management", "off"]);
    assert_eq!(ran.code, Some(3));
    assert!(ran.stderr.contains(&format!("cannot listen at {}", server.address)), "{}", ran.stderr);
}

#[test]
fn an_idle_connection_is_closed() {
    let repository = shop();
    let server = Server::start(&repository, &["--max-wait", "1"]);
    let started = Instant::now();
    let mut idle = Connection::open(&server.address);
    idle.send(b"POST /ofrep/v1/evaluate/flags HTTP/1.1\r\nhost:");
    assert!(idle.line().is_none_or(|line| line.contains("408")));
    assert!(started.elapsed() < Duration::from_secs(15));
    let log: Vec<&Json> = server.seen.iter().filter(|event| event.is_string()).collect();
    assert!(log.is_empty(), "{log:?}");
}

#[test]
fn options_may_be_in_variables_and_in_a_file() {
    let repository = shop();
    let file = repository.beside("serve.yaml");
    let text = "override: [killed=on, split=b]\nmax-streams: 0\npublic-url: https://flags.example.com\n";
    fs::write(&file, text).unwrap();
    let arguments = ["--config", "../serve.yaml", "--override", "text=a"];
    let variables = [("FLAGCTL_SERVE_PUBLIC_URL", "https://variable.example.com")];
    let mut server = Server::start_with(&repository, &arguments, &variables);
    server.wait("bundle-current");
    let all = flags(&server.address, &[], r#"{"targetingKey":"user-1"}"#).json();
    // A variable is stronger than the file, and an option of the command line replaces both.
    let url = all["eventStreams"][0]["url"].as_str().unwrap();
    let path = url.strip_prefix("https://variable.example.com").unwrap();
    assert_eq!(request(&server.address, "GET", path, &[], "").status, 503);
    let variant = |key: &str| flag(&server.address, key, r#"{"targetingKey":"user-1"}"#).json()["variant"].clone();
    assert_eq!(["killed", "text"].map(variant), [json!("off"), json!("a")]);
    for (text, why) in [
        ("max-stream: 3\n", "`max-stream` is not an option of the server; did you mean `max-streams`?"),
        ("max-streams: {a: 1}\n", "`max-streams`: expected a text, a number or a list of these"),
        ("max-streams: many\n", "invalid value 'many' for '--max-streams <NUMBER>'"),
        ("- a\n", "invalid type: sequence, expected a map"),
    ] {
        fs::write(&file, text).unwrap();
        let ran = repository.flagctl(&["serve", "--check", "--config", "../serve.yaml"]);
        assert!(matches!(ran.code, Some(2 | 3)) && ran.stderr.contains(why), "{}", ran.stderr);
    }
}

#[test]
fn a_check_reads_every_source_once() {
    let repository = shop();
    let good = repository.flagctl(&["serve", "--check"]);
    assert_eq!((good.code, good.stdout.as_str()), (Some(0), ""));
    assert!(
        good.stderr.ends_with("production: serves files that are not committed, with 11 flags\n"),
        "{}",
        good.stderr
    );
    repository.write("flags/on.yaml", "variants: {on: true}\noff: of\ndefault: on\n");
    let bad = repository.flagctl(&["serve", "--check"]);
    assert_eq!(bad.code, Some(1));
    assert!(bad.stderr.contains("error: production: flags/on.yaml:2:6: `of` is not a variant"), "{}", bad.stderr);
}

#[test]
fn a_webhook_of_github_signs_its_body() {
    let repository = shop();
    fs::write(repository.beside("secret"), "It's a Secret to Everybody\n").unwrap();
    let server = Server::start(&repository, &["--webhook-secret", "../secret"]);
    let ask = |signature: &str, body: &str| {
        request(&server.address, "POST", "/refresh", &[("x-hub-signature-256", signature)], body).status
    };
    // The example of GitHub's documentation.
    let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    assert_eq!(ask(signature, "Hello, World!"), 202);
    assert_eq!([ask(signature, "Hello, World"), ask("sha256=", ""), ask("sha1=00", ""), ask("", "")], [401; 4]);
    fs::write(repository.beside("secret"), "short\n").unwrap();
    let ran = repository.flagctl(&["serve", "--check", "--webhook-secret", "../secret"]);
    assert_eq!(ran.code, Some(3));
    assert!(ran.stderr.contains("has no secret: expected at least 16 bytes"), "{}", ran.stderr);
}

#[test]
fn a_token_has_a_rate() {
    let repository = shop();
    let text = tokens(&[("page", "[production]", "browser"), ("backend", "[production]", "server")]);
    let text = text.replace("use: browser\n", "use: browser\n  requests-per-second: 2\n");
    fs::write(repository.beside("tokens.yaml"), text).unwrap();
    let server = Server::start(&repository, &["--tokens", "../tokens.yaml"]);
    let statuses: Vec<u16> = (0..20).map(|_| with_token(&server.address, ON, "page").status).collect();
    assert_eq!(statuses[..2], [200, 200]);
    assert!(statuses.contains(&429), "{statuses:?}");
    let refused = loop {
        let response = with_token(&server.address, ON, "page");
        if response.status == 429 {
            break response;
        }
    };
    assert_eq!(refused.header("retry-after"), "1");
    // Another token has a rate of its own, or none.
    assert!((0..20).all(|_| with_token(&server.address, ON, "backend").status == 200));
}
