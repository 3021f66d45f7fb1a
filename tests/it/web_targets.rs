//! Targets behind a web server: they are read with GET alone, from any server of static files, and never written.

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use flagctl::store::{ConditionalRead, Object, ObjectVersion, Store, StoreError};

use crate::git_bench::{Ran, TestRepository};
use crate::hostile_server::Server;
use crate::publish::{publish, target};

/// What a server of files sends beside the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Files {
    /// The time of the change, as `python3 -m http.server` does.
    WithTimes,
    /// A tag, as nginx does.
    WithTags,
    /// No length of the body, as caches that compress do.
    WithoutLengths,
}

const SERVERS: [Files; 3] = [Files::WithTimes, Files::WithTags, Files::WithoutLengths];

/// Starts a server of the files in a folder.
fn serve(folder: impl Into<PathBuf>, files: Files) -> Server {
    let folder = folder.into();
    Server::start(move |head, stream| answer(&folder, files, head, stream))
}

fn answer(folder: &Path, files: Files, head: &str, stream: &mut TcpStream) -> std::io::Result<()> {
    let empty = |status: &str| format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    let Some((path, _)) = head.strip_prefix("GET /").and_then(|rest| rest.split_once(' ')) else {
        return stream.write_all(empty("501 Unsupported method").as_bytes());
    };
    let path = folder.join(path);
    let Ok(bytes) = fs::read(&path) else {
        let page = "<html>not found</html>";
        return write!(stream, "HTTP/1.1 404 Not Found\r\nContent-Length: {}\r\n\r\n{page}", page.len());
    };
    let changed = path.metadata()?.modified()?.duration_since(UNIX_EPOCH).unwrap().as_nanos();
    let tag = format!("\"{changed:x}-{:x}\"", bytes.len());
    let asked = |name: &str| {
        head.lines().find_map(|line| Some(line.split_once(": ").filter(|(own, _)| own.eq_ignore_ascii_case(name))?.1))
    };
    match files {
        Files::WithTimes if asked("if-modified-since").is_some() => {
            return stream.write_all(b"HTTP/1.1 304 Same\r\n\r\n");
        }
        Files::WithTags if asked("if-none-match") == Some(&tag) => {
            return stream.write_all(empty("304 Not Modified").as_bytes());
        }
        Files::WithTimes | Files::WithTags | Files::WithoutLengths => {}
    }
    let length = format!("Content-Length: {}\r\n", bytes.len());
    let headers = match files {
        Files::WithTimes => length + "Last-Modified: Wed, 21 Oct 2015 07:28:00 GMT\r\n",
        Files::WithTags => format!("{length}ETag: {tag}\r\n"),
        Files::WithoutLengths => String::new(),
    };
    write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\n{headers}\r\n")?;
    stream.write_all(&bytes)
}

fn failed(ran: &Ran, code: i32, why: &str) {
    assert_eq!(ran.code, Some(code), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains(why), "{why}: {}", ran.stderr);
}

#[test]
fn every_command_that_reads_a_target_reads_it_from_a_server_of_files() {
    for files in SERVERS {
        let mut repository = TestRepository::with_sale();
        publish(&repository, &[]);
        repository.commit("again");
        publish(&repository, &[]);
        let server = serve(target(&repository), files);
        let run = |location: &str, arguments: &[&str]| {
            let arguments: Vec<&str> =
                arguments.iter().map(|argument| if *argument == "TARGET" { location } else { argument }).collect();
            let ran = repository.flagctl(&arguments);
            assert_eq!(ran.code, Some(0), "{files:?} {arguments:?}: {}{}", ran.stdout, ran.stderr);
            ran.stdout.replace(location, "TARGET").replace("[FOLDER]/fleet", "TARGET")
        };
        let file = repository.beside("flags.json").to_str().unwrap().to_owned();
        for arguments in [
            &["verify", "TARGET", "-e", "production"][..],
            &["pull", "TARGET", "-e", "production", "--to", &file],
            &["status", "TARGET", "-e", "production", "--base", "main", "--now", "2026-11-09T00:00:00Z"],
            &["diff", "--live", "TARGET", "-e", "production", "HEAD"],
        ] {
            let from_server = run(&server.address, arguments);
            for state in ["", ".state"] {
                let _ = fs::remove_file(format!("{file}{state}"));
            }
            assert_eq!(run(&target(&repository), arguments), from_server, "{files:?}");
            // A `/` at the end is the same address.
            assert_eq!(
                run(&format!("{}/", server.address), &["verify", "TARGET", "-e", "production"]).lines().count(),
                1
            );
        }
        let requests = server.requests();
        assert!(requests.iter().all(|head| head.starts_with("GET /production/")), "{requests:?}");
    }
}

#[test]
fn nothing_is_written_to_a_web_server() {
    let repository = TestRepository::with_sale();
    let server = serve(target(&repository), Files::WithTags);
    let why = "which is read-only: publish to the bucket or the folder behind it";
    failed(&repository.flagctl(&["publish", &server.address]), 2, why);
    failed(&repository.flagctl(&["publish", &server.address, "--dry-run"]), 2, why);
    assert_eq!(server.requests(), Vec::<String>::new());
}

#[test]
fn the_environments_of_a_web_server_must_be_named() {
    let repository = TestRepository::with_sale();
    publish(&repository, &[]);
    let server = serve(target(&repository), Files::WithTags);
    for command in [&["verify"][..], &["status", "--base", "main"], &["diff", "--live"]] {
        let ran = repository.flagctl(&[command, &[server.address.as_str()]].concat());
        failed(&ran, 2, "is a web server, which cannot list its environments: pass `-e`");
    }
    assert_eq!(server.requests(), Vec::<String>::new());
}

#[test]
fn an_address_that_others_can_change_or_that_has_a_password_is_refused() {
    let repository = TestRepository::with_sale();
    let verify = |address: &str| repository.flagctl(&["verify", address, "-e", "production"]);
    failed(&verify("http://flags.example.com/acme"), 2, "is only for this machine: use `https://`");
    let ran = verify("https://dana:secret@flags.example.com/acme");
    failed(&ran, 2, "cannot use `https://flags.example.com/acme`: expected an address without a user and a password");
    assert!(!ran.stderr.contains("secret"), "{}", ran.stderr);
    failed(&verify("ftp://flags.example.com"), 2, "or `https://`, found `ftp://`");
}

#[test]
fn a_web_server_cannot_redirect_and_cannot_send_without_an_end() {
    let repository = TestRepository::with_sale();
    let other = serve(target(&repository), Files::WithTags);
    let address = other.address.clone();
    let redirects = Server::start(move |_, stream| {
        write!(stream, "HTTP/1.1 302 Found\r\nLocation: {address}/stolen\r\nContent-Length: 0\r\n\r\n")
    });
    let endless = Server::start(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
        loop {
            stream.write_all(&[b' '; 0x1000])?;
        }
    });
    let large = Server::start(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1125899906842624\r\n\r\n")?;
        loop {
            stream.write_all(&[b' '; 0x1000])?;
        }
    });
    let file = repository.beside("flags.json").to_str().unwrap().to_owned();
    for command in [&["verify"][..], &["pull", "--to", &file]] {
        let run = |server: &Server| repository.flagctl(&[command, &[&server.address, "-e", "production"]].concat());
        failed(&run(&redirects), 3, "the store redirects to another address (302), which is not followed");
        for server in [&endless, &large] {
            let ran = run(server);
            let all = ran.stdout + &ran.stderr;
            assert!(ran.code == Some(1) && all.contains("is too large: expected at most 65536 bytes"), "{all}");
        }
    }
    assert_eq!(other.requests(), Vec::<String>::new());
}

fn changed(read: Result<ConditionalRead, StoreError>) -> Object {
    match read {
        Ok(ConditionalRead::Changed(object)) => object,
        Ok(ConditionalRead::Unchanged) => panic!("unchanged"),
        Ok(ConditionalRead::Missing) => panic!("missing"),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_conditional_read_returns_only_another_object() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("production/manifest.json");
    fs::create_dir(path.parent().unwrap()).unwrap();
    let servers = SERVERS.map(|files| serve(folder.path(), files));
    let mut stores = vec![Store::open(folder.path().to_str().unwrap(), &[]).unwrap()];
    stores.extend(servers.iter().map(|server| Store::open(&server.address, &[]).unwrap()));
    for store in &stores {
        let name = store.name();
        let read = |known: Option<&ObjectVersion>| store.get_if_changed("production/manifest.json", known, 10);
        let is_unchanged = |version: &ObjectVersion| matches!(read(Some(version)), Ok(ConditionalRead::Unchanged));
        let _ = fs::remove_file(&path);
        assert!(matches!(read(None), Ok(ConditionalRead::Missing)), "{name}");
        fs::write(&path, "first").unwrap();
        let first = changed(read(None));
        assert_eq!(first.bytes, b"first");
        assert!(is_unchanged(&first.version) && is_unchanged(&first.version), "{name}");
        // Another content of the same size, which may be written in the same second.
        fs::write(&path, "other").unwrap();
        let other = changed(read(Some(&first.version)));
        assert_eq!(other.bytes, b"other");
        assert!(is_unchanged(&other.version), "{name}");
        // The version of an unconditional read is as good.
        let object = store.get("production/manifest.json", 10).unwrap().unwrap();
        assert!(is_unchanged(&object.version), "{name}");
        fs::write(&path, "more than ten").unwrap();
        assert!(matches!(read(Some(&other.version)), Err(StoreError::TooLarge { .. })), "{name}");
        fs::remove_file(&path).unwrap();
        assert!(matches!(read(Some(&other.version)), Ok(ConditionalRead::Missing)), "{name}");
    }
    // A server that sends tags is asked for another tag only, and a server that does not is asked for everything.
    let conditional =
        |server: &Server| server.requests().iter().filter(|head| head.contains("if-none-match: \"")).count();
    assert_eq!(servers.each_ref().map(conditional), [0, 7, 0]);
}
