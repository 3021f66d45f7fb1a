//! Object stores that send too much, redirect, or repeat secrets.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Output;
use std::sync::{Arc, Mutex};
use std::thread;

use crate::git_bench::TestRepository;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+secret";
const TOKEN: &str = "session-token-of-this-test";

/// A server that answers every request in the same way.
pub(crate) struct Server {
    pub(crate) address: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Starts a server. `answer` gets the head of the request, and writes the response until the client has enough.
    pub(crate) fn start(answer: impl Fn(&str, &mut TcpStream) -> std::io::Result<()> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (Arc::clone(&requests), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, log, answer) = (stream.unwrap(), Arc::clone(&log), Arc::clone(&answer));
                thread::spawn(move || {
                    let head = read_request(&stream);
                    log.lock().unwrap().push(head.clone());
                    // The client closes the connection when it has read enough.
                    let _ = answer(&head, &mut stream);
                });
            }
        });
        Self { address, requests }
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// Reads a request, and returns its first line and its headers.
fn read_request(stream: &TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap_or_default() > 0 {}
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let _ = reader.take(length.unwrap_or_default()).read_to_end(&mut Vec::new());
    head
}

/// Runs flagctl with the settings of an object store at this address.
fn flagctl(repository: &TestRepository, endpoint: &str, secret: &str, arguments: &[&str]) -> Output {
    let mut command = repository.command(env!("CARGO_BIN_EXE_flagctl"));
    command.args(arguments).current_dir(repository.root());
    command.env("AWS_ENDPOINT", endpoint).env("AWS_ALLOW_HTTP", "true").env("AWS_REGION", "us-east-1");
    command.env("AWS_ACCESS_KEY_ID", "an-access-key\n").env("AWS_SECRET_ACCESS_KEY", secret);
    command.env("AWS_SESSION_TOKEN", TOKEN).env("NO_PROXY", "127.0.0.1").output().unwrap()
}

/// Asserts that a command fails with a message, and that it prints no secret and does not panic.
fn failed(output: &Output, why: &str) {
    let all = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(1 | 3)), "{all}");
    assert!(all.contains(why), "{why}: {all}");
    for secret in [SECRET, "wJalrXUtnFEMI", TOKEN, "panicked"] {
        assert!(!all.contains(secret), "{secret}: {all}");
    }
}

const COMMANDS: [&[&str]; 4] = [
    &["pull", "s3://bucket/f", "-e", "production", "--to", "../flags.json"],
    &["verify", "s3://bucket/f", "-e", "production"],
    &["verify", "s3://bucket/f"],
    &["publish", "s3://bucket/f"],
];

#[test]
fn a_response_without_an_end_is_not_read_to_its_end() {
    let repository = TestRepository::with_sale();
    let headers = "HTTP/1.1 200 OK\r\nETag: \"x\"\r\nLast-Modified: Wed, 21 Oct 2015 07:28:00 GMT\r\n";
    let claims = Server::start(move |_, stream| {
        write!(stream, "{headers}Content-Length: {}\r\n\r\n", 1_u64 << 50)?;
        loop {
            stream.write_all(&[b'{'; 1 << 16])?;
        }
    });
    let chunks = Server::start(move |_, stream| {
        write!(stream, "{headers}Transfer-Encoding: chunked\r\n\r\n")?;
        loop {
            stream.write_all(b"1000\r\n")?;
            stream.write_all(&[b' '; 0x1000])?;
            stream.write_all(b"\r\n")?;
        }
    });
    // This server says that the object is small, and sends an error without an end.
    let errors = Server::start(|_, stream| {
        stream.write_all(b"HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n")?;
        loop {
            stream.write_all(b"1000\r\n")?;
            stream.write_all(&[b'x'; 0x1000])?;
            stream.write_all(b"\r\n")?;
        }
    });
    for server in [&claims, &chunks, &errors] {
        for command in COMMANDS {
            failed(&flagctl(&repository, &server.address, SECRET, command), "");
        }
    }
    failed(&flagctl(&repository, &claims.address, SECRET, COMMANDS[0]), "is too large: expected at most 65536 bytes");
    failed(&flagctl(&repository, &errors.address, SECRET, COMMANDS[0]), "is too large");
}

#[test]
fn a_list_without_an_end_is_not_read_to_its_end() {
    let repository = TestRepository::with_sale();
    let server = Server::start(|_, stream| {
        let entry = |number| format!("<CommonPrefixes><Prefix>f/e{number}/</Prefix></CommonPrefixes>");
        let body = format!(
            "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>more</NextContinuationToken>{}\
             </ListBucketResult>",
            (0..10_000).map(entry).collect::<String>()
        );
        write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    });
    failed(&flagctl(&repository, &server.address, SECRET, COMMANDS[2]), "the store sends more bytes than expected");
    let pages = server.requests().len();
    assert!((2..100).contains(&pages), "{pages}");
}

#[test]
fn credentials_are_not_sent_to_the_host_of_a_redirect() {
    let repository = TestRepository::with_sale();
    let other = Server::start(|_, stream| stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"));
    for status in [301, 302, 303, 307, 308] {
        let address = other.address.clone();
        let server = Server::start(move |_, stream| {
            write!(stream, "HTTP/1.1 {status} Moved\r\nLocation: {address}/stolen\r\nContent-Length: 0\r\n\r\n")
        });
        for command in COMMANDS {
            failed(&flagctl(&repository, &server.address, SECRET, command), "the store redirects to another address");
        }
        assert!(server.requests().iter().all(|head| head.contains(TOKEN)));
    }
    assert_eq!(other.requests(), Vec::<String>::new());
}

#[test]
fn secrets_are_not_in_messages_and_white_space_around_them_is_removed() {
    let repository = TestRepository::with_sale();
    // The server repeats what it got, and what it knows.
    let server = Server::start(|head, stream| {
        let body = format!("<Error><Message>{SECRET} \u{1b}[31m {head}</Message></Error>");
        write!(stream, "HTTP/1.1 403 Forbidden\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    });
    for secret in [SECRET.to_owned(), format!(" {SECRET}\r\n")] {
        for command in COMMANDS {
            failed(&flagctl(&repository, &server.address, &secret, command), "[AWS_SESSION_TOKEN]");
        }
    }
    let before = server.requests().len();
    for secret in [format!("{SECRET}\n{SECRET}"), format!("{SECRET}\u{e9}"), format!("{SECRET}\u{7f}")] {
        for command in COMMANDS {
            let output = flagctl(&repository, &server.address, &secret, command);
            failed(&output, "the environment variable `AWS_SECRET_ACCESS_KEY` has a line break");
        }
    }
    assert_eq!(server.requests().len(), before);
}
