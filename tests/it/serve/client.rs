//! A client that sends any bytes, and reads one response.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use serde_json::Value as Json;

/// The time after which a test fails because the server does not answer.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A response.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) status: u16,
    /// The headers, with names in lower case.
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: String,
}

impl Response {
    pub(super) fn json(&self) -> Json {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// An open connection.
pub(super) struct Connection(BufReader<TcpStream>);

impl Connection {
    pub(super) fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        Self(BufReader::new(stream))
    }

    /// Sends bytes. The server may have closed the connection.
    pub(super) fn send(&mut self, bytes: &[u8]) {
        let _ = self.0.get_mut().write_all(bytes);
    }

    /// Reads a response, or `None` if the server closes the connection without one.
    pub(super) fn response(&mut self) -> Option<Response> {
        let (status, headers) = self.head()?;
        let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        Some(Response { status, headers, body: String::from_utf8(body).unwrap() })
    }

    /// Ends the request, and reads what the server still sends.
    pub(super) fn response_after_end(mut self) -> String {
        let _ = self.0.get_mut().shutdown(Shutdown::Write);
        let mut rest = String::new();
        let _ = self.0.read_to_string(&mut rest);
        rest
    }

    /// Reads the head of a response.
    pub(super) fn head(&mut self) -> Option<(u16, BTreeMap<String, String>)> {
        let status = self.line()?;
        let status = status.split(' ').nth(1).unwrap_or_else(|| panic!("{status}")).parse().unwrap();
        let mut headers = BTreeMap::new();
        loop {
            let line = self.line()?;
            match line.split_once(": ") {
                None => return Some((status, headers)),
                Some((name, value)) => headers.insert(name.to_ascii_lowercase(), value.to_owned()),
            };
        }
    }

    /// Reads a line, or `None` at the end of the connection.
    pub(super) fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.0.read_line(&mut line).unwrap_or_default();
        (read > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
    }
}

/// Sends bytes on a new connection, and returns the response, or `None` if the server closes the connection.
pub(super) fn raw(address: &str, bytes: &[u8]) -> Option<Response> {
    let mut connection = Connection::open(address);
    connection.send(bytes);
    connection.response()
}

/// Sends a request on a new connection.
pub(super) fn request(address: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    raw(address, format!("{head}\r\n{body}").as_bytes()).expect("a response")
}

/// Asks for one flag.
pub(super) fn flag(address: &str, key: &str, context: &str) -> Response {
    let path = format!("/ofrep/v1/evaluate/flags/{key}");
    request(address, "POST", &path, &[("content-type", "application/json")], &format!(r#"{{"context":{context}}}"#))
}

/// Asks for all flags.
pub(super) fn flags(address: &str, headers: &[(&str, &str)], context: &str) -> Response {
    request(address, "POST", "/ofrep/v1/evaluate/flags", headers, &format!(r#"{{"context":{context}}}"#))
}
