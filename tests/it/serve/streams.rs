//! Streams of events.

use crate::git_bench::TestRepository;
use crate::serve::client::{Connection, flags, request};
use crate::serve::protocol::shop;
use crate::serve::server::Server;
use serde_json::Value as Json;

/// Returns the path of the event stream that an answer names.
fn path(server: &Server) -> String {
    let answer = flags(&server.address, &[], "{}").json();
    let stream = &answer["eventStreams"][0];
    assert_eq!(stream["type"], "sse");
    stream["endpoint"]["requestUri"].as_str().unwrap().to_owned()
}

/// Opens a stream.
fn open(address: &str, path: &str, header: &str) -> Connection {
    let mut connection = Connection::open(address);
    connection.send(format!("GET {path} HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\n{header}\r\n").as_bytes());
    let (status, headers) = connection.head().unwrap();
    assert_eq!((status, headers["content-type"].as_str()), (200, "text/event-stream"));
    connection
}

/// Reads the next event: its id and its data.
fn event(connection: &mut Connection) -> Option<(String, Json)> {
    let mut id = String::new();
    loop {
        let line = connection.line()?;
        if let Some(value) = line.strip_prefix("id: ") {
            value.clone_into(&mut id);
        }
        if let Some(data) = line.strip_prefix("data: ") {
            return Some((id, serde_json::from_str(data).unwrap()));
        }
    }
}

fn change(repository: &mut TestRepository) {
    repository.write("flags/text.yaml", "description: A flag.\nvariants: {a: one, b: two}\noff: a\ndefault: a\n");
    repository.commit("change");
}

#[test]
fn a_stream_has_an_event_for_each_new_bundle() {
    let mut repository = shop();
    let mut server = Server::start(&repository, &[]);
    let mut stream = open(&server.address, &path(&server), "");
    // The client may have its answer from the bundle before the current one.
    let (first, data) = event(&mut stream).unwrap();
    assert_eq!((&data["type"], &data["etag"]), (&Json::from("refetchEvaluation"), &Json::from(first.as_str())));
    assert!(data["lastModified"].is_i64());
    change(&mut repository);
    let (second, _) = event(&mut stream).unwrap();
    assert_ne!(first, second);
    server.wait("bundle-changes");
}

#[test]
fn a_client_that_connects_again_gets_an_event_only_if_it_missed_one() {
    let mut repository = shop();
    let server = Server::start(&repository, &[]);
    let address = path(&server);
    let (first, _) = event(&mut open(&server.address, &address, "")).unwrap();
    let known = format!("last-event-id: {first}\r\n");
    let mut knowing = open(&server.address, &address, &known);
    change(&mut repository);
    let (second, _) = event(&mut knowing).unwrap();
    assert_ne!(first, second);
    let (missed, _) = event(&mut open(&server.address, &address, &known)).unwrap();
    assert_eq!(missed, second);
}

#[test]
fn an_address_is_the_same_after_a_restart_and_an_unknown_one_is_refused() {
    let repository = shop();
    let first = path(&Server::start(&repository, &[]));
    let server = Server::start(&repository, &[]);
    assert_eq!(path(&server), first);
    let unknown = request(&server.address, "GET", "/ofrep/v1/events/0123456789abcdef", &[], "");
    assert_eq!(unknown.status, 404);
}

#[test]
fn streams_have_a_limit_and_end_with_the_server() {
    let repository = shop();
    let mut server = Server::start(&repository, &["--max-streams", "1"]);
    let address = path(&server);
    let mut stream = open(&server.address, &address, "");
    let refused = request(&server.address, "GET", &address, &[], "");
    assert_eq!((refused.status, refused.header("retry-after")), (503, "1"));
    assert_eq!(server.stop(), Some(0));
    while stream.line().is_some() {}
}

#[test]
fn a_public_url_is_that_of_the_streams() {
    let repository = shop();
    let server = Server::start(&repository, &["--public-url", "https://flags.example.com/x/"]);
    let answer = flags(&server.address, &[], "{}").json();
    let url = answer["eventStreams"][0]["url"].as_str().unwrap();
    assert!(url.starts_with("https://flags.example.com/x/ofrep/v1/events/"), "{url}");
}
