//! Requests that are malformed, too large, too slow or ambiguous. The server refuses each, and answers the next client.

use std::thread;

use crate::serve::client::{Connection, flag, raw, request};
use crate::serve::protocol::shop;
use crate::serve::server::Server;

const ALL: &str = "/ofrep/v1/evaluate/flags";

/// Returns a request with a body.
fn post(body: &[u8]) -> Vec<u8> {
    let head = format!("POST {ALL} HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// Asserts that the server still answers.
fn is_alive(server: &mut Server) {
    assert!(server.is_running());
    assert_eq!(flag(&server.address, "on", "{}").status, 200);
    let messages: Vec<_> = server.seen.iter().filter(|event| event.is_string()).collect();
    assert!(messages.is_empty(), "{messages:?}");
}

#[test]
fn bytes_that_are_not_http_get_an_error_or_nothing() {
    let repository = shop();
    let mut server = Server::start(&repository, &[]);
    let requests: [&[u8]; 9] = [
        b"\x00\x01\x02\x03\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"POST /ofrep/v1/evaluate/flags HTTP/9.9\r\n\r\n",
        b"POST /ofrep/v1/evaluate/flags HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"POST /ofrep/v1/evaluate/flags HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 30\r\n\r\n{}\n",
        b"POST /ofrep/v1/evaluate/flags HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n",
        b"POST /ofrep/v1/evaluate/flags HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked, identity\r\n\r\n",
        b"POST /ofrep/v1/evaluate/flags HTTP/1.1\r\nbad header: x\r\n\r\n",
    ];
    for bytes in requests {
        let mut connection = Connection::open(&server.address);
        connection.send(bytes);
        // A client that sends half a request closes the connection.
        drop(connection.response_after_end());
    }
    is_alive(&mut server);
}

#[test]
fn a_request_with_two_lengths_is_never_two_requests() {
    let repository = shop();
    let mut server = Server::start(&repository, &[]);
    let smuggled = format!("POST {ALL}/killed HTTP/1.1\r\nhost: x\r\ncontent-length: 14\r\n\r\n{{\"context\":{{}}}}");
    let bytes = format!(
        "POST {ALL}/on HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}",
        5 + smuggled.len()
    );
    let mut connection = Connection::open(&server.address);
    connection.send(bytes.as_bytes());
    let first = connection.response();
    assert!(first.as_ref().is_none_or(|response| response.status == 400), "{first:?}");
    assert!(connection.response().is_none(), "the second request was answered");
    is_alive(&mut server);
}

#[test]
fn a_body_past_the_limit_is_refused_before_it_is_read() {
    let repository = shop();
    let mut server = Server::start(&repository, &[]);
    let head = format!("POST {ALL} HTTP/1.1\r\nhost: x\r\ncontent-length: 10000000\r\n\r\n");
    let response = raw(&server.address, head.as_bytes()).unwrap();
    assert_eq!(response.status, 413);
    assert_eq!(response.json()["errorDetails"], "expected at most 1048576 bytes");
    assert_eq!(response.header("connection"), "close");
    let mut chunked = Connection::open(&server.address);
    chunked.send(format!("POST {ALL} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n").as_bytes());
    let chunk = [format!("{:x}\r\n", 1 << 20).into_bytes(), vec![b' '; 1 << 20], b"\r\n".to_vec()].concat();
    (0..3).for_each(|_| chunked.send(&chunk));
    let response = chunked.response();
    assert!(response.as_ref().is_none_or(|response| response.status == 413), "{response:?}");
    is_alive(&mut server);
}

#[test]
fn a_head_past_the_limit_is_refused() {
    let repository = shop();
    let mut server = Server::start(&repository, &[]);
    for head in [
        format!("POST {ALL}/{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(100_000)),
        format!("POST {ALL} HTTP/1.1\r\nhost: x\r\nx-long: {}\r\n\r\n", "a".repeat(100_000)),
        format!("POST {ALL} HTTP/1.1\r\nhost: x\r\n{}\r\n", "x-many: 1\r\n".repeat(200)),
    ] {
        let response = raw(&server.address, head.as_bytes());
        assert!(response.as_ref().is_none_or(|response| matches!(response.status, 414 | 431)), "{response:?}");
    }
    is_alive(&mut server);
}

#[test]
fn a_context_of_any_form_gets_an_answer_or_an_error() {
    let repository = shop();
    let mut server = Server::start(&repository, &["--max-body", "20000000"]);
    let nested =
        |open: &str, close: &str, depth| format!(r#"{{"context":{}1{}}}"#, open.repeat(depth), close.repeat(depth));
    let long = format!(r#"{{"context":{{"country":"{}"}}}}"#, "x".repeat(10_000_000));
    let many: String = (0..100_000).map(|index| format!(r#""a{index}":1,"#)).collect();
    let cases: [(Vec<u8>, u16); 9] = [
        (nested(r#"{"a":"#, "}", 10_000).into_bytes(), 400),
        (format!(r#"{{"context":{{"country":{}1{}}}}}"#, "[".repeat(10_000), "]".repeat(10_000)).into_bytes(), 400),
        (format!(r#"{{"other":{}1{},"context":{{}}}}"#, "[".repeat(10_000), "]".repeat(10_000)).into_bytes(), 200),
        (long.into_bytes(), 200),
        (format!(r#"{{"context":{{{many}"country":"CA"}}}}"#).into_bytes(), 200),
        (b"{\"context\":{\"country\":\"\xff\xfe\"}}".to_vec(), 400),
        (b"{\"context\":{\"country\":\"\\ud800\"}}".to_vec(), 400),
        (b"{\"context\":{\"age\":1e999}}".to_vec(), 400),
        (b"{\"context\":{\"country\":\"\\u0000\"}}".to_vec(), 200),
    ];
    for (body, status) in cases {
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        let response = raw(&server.address, &post(&body)).unwrap();
        assert_eq!(response.status, status, "{shown}: {}", &response.body[..response.body.len().min(200)]);
    }
    is_alive(&mut server);
}

#[test]
fn pipelined_requests_are_answered_in_their_order() {
    let repository = shop();
    let server = Server::start(&repository, &[]);
    let body = r#"{"context":{}}"#;
    let request =
        |key: &str| format!("POST {ALL}/{key} HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let keys = ["on", "text", "nope", "integer", "killed"];
    let mut connection = Connection::open(&server.address);
    connection.send(keys.map(request).concat().as_bytes());
    for key in keys {
        assert_eq!(connection.response().unwrap().json()["key"], key);
    }
}

#[test]
fn connections_have_a_limit() {
    let repository = shop();
    let mut server = Server::start(&repository, &["--max-connections", "2"]);
    let mut open: Vec<Connection> = (0..2).map(|_| Connection::open(&server.address)).collect();
    for connection in &mut open {
        connection.send(&post(br#"{"context":{}}"#));
        assert_eq!(connection.response().unwrap().status, 200);
    }
    assert!(raw(&server.address, &post(br#"{"context":{}}"#)).is_none());
    drop(open);
    // The server sees the end of the connections a moment later.
    while raw(&server.address, &post(br#"{"context":{}}"#)).is_none() {
        thread::yield_now();
    }
    assert!(server.is_running());
}

#[test]
fn a_path_never_leaves_the_endpoints() {
    let repository = shop();
    let mut server = Server::start(&repository, &[]);
    for path in [
        "/ofrep/v1/evaluate/flags/../../../etc/passwd",
        "/ofrep/v1/evaluate/flags/%2e%2e%2f%2e%2e",
        "/ofrep/v1/evaluate/flags/%00",
        "/flagd/../production.json",
        "/flagd/%2e%2e.json",
        "/a//ofrep/v1/evaluate/flags",
        "/ofrep/v1/events/",
    ] {
        let method = if path.contains("evaluate") { "POST" } else { "GET" };
        let response = request(&server.address, method, path, &[], r#"{"context":{}}"#);
        assert_eq!(response.status, 404, "{path}: {response:?}");
    }
    is_alive(&mut server);
}
