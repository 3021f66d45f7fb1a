//! `flagctl guard` and a server of metrics on this machine: what is asked, what is believed, and who gets the token.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::git_bench::{Ran, TestRepository};
use crate::hostile_server::Server;

const TOKEN: &str = "token-of-this-test";
const NOW: &str = "2026-11-03T02:00:00Z";
/// The bad events and events of the treatment and the control, with which the guard trips.
const HARM: [(&str, &str); 2] = [("100", "10000"), ("50", "10000")];

/// A repository with a flag that is served as it is now since 2026-11-03T00:00:00Z, and whose guard asks an address.
fn shop(url: Option<&str>) -> TestRepository {
    shop_with(url, "{on: true, off: false}", "")
}

/// Returns the repository of [`shop`] with other variants and more fields of the guard. The control is `off`.
fn shop_with(url: Option<&str>, variants: &str, fields: &str) -> TestRepository {
    let mut repository = TestRepository::with_sale();
    let url = url.map_or_else(String::new, |url| format!("          url: {url}\n"));
    let query = |metric: &str| format!("sum(increase({metric}{{f=\"$flag\",e='$env',v=\"$variant\"}}[$window]))");
    let text = format!(
        "description: A test's.\nowner: tests\nexpires: 2027-01-01\nvariants: {variants}\noff: off\ndefault: off\n\
         guard:\n{fields}  guardrails:\n    - name: errors\n      source:\n        prometheus:\n{url}          \
         bad: >-\n            {}\n          total: >-\n            {}\n",
        query("failed"),
        query("requests"),
    );
    repository.write("flags/sale.yaml", &text);
    repository.commit("sale: guarded");
    repository
}

/// Runs `flagctl guard` in the repository, with the token in its environment variable.
fn guard(repository: &TestRepository, arguments: &[&str]) -> Ran {
    let mut command = repository.command(env!("CARGO_BIN_EXE_flagctl"));
    command.current_dir(repository.root()).env("FLAGCTL_GUARD_TOKEN", TOKEN);
    command.env("GIT_AUTHOR_DATE", NOW).env("GIT_COMMITTER_DATE", NOW).arg("guard").args(arguments);
    let output = command.args(["-e", "production", "--now", NOW]).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let ran = Ran { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) };
    let all = format!("{}{}", ran.stdout, ran.stderr);
    assert!(!all.contains(TOKEN) && !all.contains('\u{1b}') && !all.contains("panicked"), "{all}");
    ran
}

/// Checks the flag, and returns the exit code and the result.
fn check(repository: &TestRepository, arguments: &[&str]) -> (Option<i32>, Json) {
    let ran = guard(repository, &[&["check", "sale", "--format", "json"], arguments].concat());
    (ran.code, serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}")))
}

/// Asserts that a check ends with a data problem of this name.
fn assert_problem(repository: &TestRepository, arguments: &[&str], name: &str, case: &str) {
    let (code, json) = check(repository, arguments);
    assert_eq!((code, json["verdict"].as_str()), (Some(3), Some("data-problem")), "{case}: {json:#}");
    assert_eq!(json["evidence"]["guardrails"][0]["problem"], name, "{case}: {json:#}");
}

/// Returns a complete response with additional header lines, each with its line break.
fn response(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// Returns the JSON of an answer with a result of this type.
fn success(kind: &str, result: &str) -> String {
    format!(r#"{{"status":"success","data":{{"resultType":"{kind}","result":{result}}}}}"#)
}

fn vector(number: &str) -> String {
    success("vector", &format!(r#"[{{"metric":{{}},"value":[1793671140.123,"{number}"]}}]"#))
}

/// Starts a server that sends the same bytes to every request.
fn always(bytes: Vec<u8>) -> Server {
    Server::start(move |_, stream| stream.write_all(&bytes))
}

/// Returns the parameters of a request.
fn parameter(head: &str, name: &str) -> String {
    let target = head.split(' ').nth(1).unwrap();
    let (_, query) = target.split_once('?').unwrap();
    form_urlencoded::parse(query.as_bytes()).find(|(own, _)| own == name).unwrap().1.into_owned()
}

/// Starts a server with the counts of both arms, whose answers a function writes.
fn prometheus(counts: [(&'static str, &'static str); 2], answer: fn(&str) -> String) -> Server {
    Server::start(move |head, stream| {
        let query = parameter(head, "query");
        let (bad, total) = counts[usize::from(query.contains("v=\"off\""))];
        let number = if query.contains("failed") { bad } else { total };
        stream.write_all(&response("200 OK", "", answer(number)))
    })
}

#[test]
fn no_answer_that_cannot_be_trusted_is_a_verdict() {
    let ok = |body: &str| response("200 OK", "", body);
    let nested = |open: &str| open.repeat(100_000);
    let other = always(ok(&vector("1")));
    let truncated = vector("7");
    let no_utf8: Vec<u8> = vector("x").bytes().map(|byte| if byte == b'x' { 0xff } else { byte }).collect();
    let redirect = format!("Location: {}/api/v1/query\r\n", other.address);
    let warned = vector("7").replacen('{', r#"{"warnings":["partial response"],"#, 1);
    let backwards = format!(r#"{{"status":"success","data":{{"result":{},"resultType":"vector"}}}}"#, nested("["));
    let two = r#"[{"metric":{"a":"1"},"value":[1,"7"]},{"metric":{"a":"2"},"value":[1,"7"]}]"#;
    let refusal = "{\"status\":\"error\",\"errorType\":\"internal\",\"error\":\"\u{1b}[31mno disk\"}";
    let cases = [
        ("empty-result", ok(&success("vector", "[]"))),
        ("several-series", ok(&success("vector", two))),
        ("invalid-number", ok(&vector("NaN"))),
        ("invalid-number", ok(&vector("+Inf"))),
        ("invalid-number", ok(&vector("-Inf"))),
        ("invalid-number", ok(&vector("-1"))),
        ("invalid-number", ok(&vector("1e300"))),
        ("invalid-number", ok(&success("scalar", r#"[1,"NaN"]"#))),
        ("malformed-answer", ok(&success("string", r#"[1,"7"]"#))),
        ("malformed-answer", ok(&success("matrix", r#"[{"metric":{},"values":[[1,"7"]]}]"#))),
        ("malformed-answer", ok(r#"{"status":"error","errorType":"timeout","error":"query timed out"}"#)),
        ("malformed-answer", ok(&truncated[..truncated.len() - 3])),
        ("malformed-answer", ok("")),
        ("malformed-answer", response("200 OK", "", no_utf8)),
        ("malformed-answer", ok(&nested("["))),
        ("malformed-answer", ok(&nested("{\"data\":"))),
        ("malformed-answer", ok(&success("vector", &nested("[")))),
        ("malformed-answer", ok(&backwards)),
        ("malformed-answer", ok(&format!("{{\"infos\":{}", nested("[")))),
        ("malformed-answer", response("200 OK", "Date: yesterday\r\n", vector("7"))),
        ("server-warning", ok(&warned)),
        ("http-status", response("500 Internal Server Error", "", refusal)),
        ("http-status", response("204 No Content", "", "")),
        ("redirect", response("302 Found", &redirect, "")),
        ("redirect", response("307 Temporary Redirect", &redirect, "")),
        ("clock-difference", response("200 OK", "Date: Tue, 03 Nov 2026 03:00:00 GMT\r\n", vector("7"))),
        ("clock-difference", response("200 OK", "Date: Tue, 03 Nov 2026 01:00:00 GMT\r\n", vector("7"))),
        // The server ends the connection before the answer is complete, or sends none.
        ("unreachable", truncated_body(&vector("7"))),
        ("unreachable", Vec::new()),
        ("unreachable", b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()),
    ];
    let repository = shop(None);
    for (name, bytes) in cases {
        let case = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
        let server = always(bytes);
        assert_problem(&repository, &["--source-url", &server.address], name, &case);
        assert!(server.requests().iter().all(|head| head.contains(TOKEN)), "{case}");
        let ran = guard(&repository, &["check", "sale", "--source-url", &server.address]);
        assert_eq!(ran.code, Some(3), "{case}: {ran:?}");
    }
    assert_eq!(other.requests(), Vec::<String>::new());
}

/// Returns a response whose length is larger than its body.
fn truncated_body(body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len() + 1).into_bytes()
}

#[test]
fn an_answer_without_an_end_is_not_read_to_its_end() {
    let endless = |head: &'static str, part: &'static str| {
        Server::start(move |_, stream| {
            stream.write_all(head.as_bytes())?;
            let part = part.repeat(1 << 12);
            loop {
                stream.write_all(part.as_bytes())?;
            }
        })
    };
    let claim = "HTTP/1.1 200 OK\r\nContent-Length: 1125899906842624\r\n\r\n";
    for (name, server) in [
        ("too-large", endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "4\r\n[[[[\r\n")),
        ("too-large", endless(claim, " ")),
        ("too-large", endless("HTTP/1.1 503 Down\r\n\r\n", "x")),
        ("unreachable", endless("HTTP/1.1 200 OK\r\nX: ", "x")),
        ("unreachable", endless("HTTP/1.1 200 OK\r\n", "X: x\r\n")),
    ] {
        assert_problem(&shop(Some(&server.address)), &[], name, name);
    }
    // The server is no longer there.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    assert_problem(&shop(Some(&address)), &[], "unreachable", "refused");
}

#[test]
fn an_answer_that_comes_byte_by_byte_ends_after_twenty_seconds() {
    let drip = |stream: &mut TcpStream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
        loop {
            stream.write_all(b" ")?;
            thread::sleep(Duration::from_millis(200));
        }
    };
    let server = Server::start(move |_, stream| drip(stream));
    let repository = shop(Some(&server.address));
    let start = Instant::now();
    assert_problem(&repository, &[], "timeout", "drip");
    assert!((19..60).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
}

#[test]
fn a_good_answer_gives_the_exact_evidence() {
    let scalar = |number: &str| success("scalar", &format!(r#"[1793671140.123,"{number}"]"#));
    // The treatment has fewer bad events and more events, the control more bad events and fewer events.
    let fractions = [("100.99", "9999.01"), ("49.01", "10000.99")];
    for (counts, answer) in
        [(HARM, vector as fn(&str) -> String), (HARM, scalar), (fractions, vector), (fractions, scalar)]
    {
        let server = prometheus(counts, answer);
        let (code, json) = check(&shop(Some(&server.address)), &[]);
        assert_eq!((code, json["verdict"].as_str()), (Some(1), Some("trip")), "{json:#}");
        let log_e = json["evidence"]["logE"].as_f64().unwrap();
        assert!((log_e - 6.7073).abs() < 5e-5, "{counts:?}: {log_e}");
        let requests = server.requests();
        assert_eq!(requests.len(), 4, "{requests:?}");
        for head in &requests {
            // The window ends `eval-delay` before the present, and begins `lag` after the stage.
            assert!(head.starts_with("GET /api/v1/query?"), "{head}");
            assert_eq!(parameter(head, "time"), "1793671140", "{head}");
            assert!(parameter(head, "query").ends_with("[7110s]))"), "{head}");
        }
    }
    let server = prometheus([("50", "10000"), ("100", "10000")], vector);
    let (code, json) = check(&shop(Some(&server.address)), &[]);
    assert_eq!((code, json["verdict"].as_str()), (Some(0), Some("healthy")), "{json:#}");
    // More bad events than events by less than one come from the extrapolation, and by more from a wrong query.
    let server = prometheus([("200", "100"), ("50", "10000")], vector);
    assert_problem(&shop(Some(&server.address)), &[], "invalid-number", "bad > total");
}

#[test]
fn the_token_goes_only_to_an_address_of_the_command_line() {
    let (own, named) = (prometheus(HARM, vector), prometheus(HARM, vector));
    let tokens = |server: &Server| server.requests().iter().filter(|head| head.contains(TOKEN)).count();
    let with_url = shop(Some(&own.address));
    // The file names the address: it is asked without the token.
    assert_eq!(check(&with_url, &[]).0, Some(1));
    assert_eq!((own.requests().len(), tokens(&own)), (4, 0));
    // The command line names another one, and neither is asked.
    for arguments in [&["--source-url", &named.address][..], &["--source-url", &format!("{}/x", own.address)]] {
        assert_problem(&with_url, arguments, "refused-address", "another address");
    }
    assert_eq!((own.requests().len(), named.requests().len()), (4, 0));
    // Both name it.
    assert_eq!(check(&with_url, &["--source-url", &named.address, "--source-url", &own.address]).0, Some(1));
    assert_eq!((own.requests().len(), tokens(&own), named.requests().len()), (8, 4, 0));
    assert!(own.requests()[7].contains(&format!("authorization: Bearer {TOKEN}\r\n")), "{:?}", own.requests());
    // Only the command line does.
    let without_url = shop(None);
    assert_problem(&without_url, &[], "no-source", "no address");
    assert_eq!(check(&without_url, &["--source-url", &named.address]).0, Some(1));
    assert_eq!((named.requests().len(), tokens(&named)), (4, 4));
}

#[test]
fn a_server_that_repeats_the_token_does_not_put_it_into_a_message() {
    let repository = shop(None);
    let cut = "a long text ".repeat(16);
    for (name, status, body) in [
        ("http-status", "401 Unauthorized", format!("not valid: {TOKEN}")),
        ("http-status", "403 Forbidden", format!("{cut}{TOKEN}")),
        ("malformed-answer", "200 OK", format!(r#"{{"status":"error","error":"{cut}{TOKEN}"}}"#)),
        ("malformed-answer", "200 OK", success(TOKEN, "[]")),
        ("invalid-number", "200 OK", vector(TOKEN)),
        ("server-warning", "200 OK", format!(r#"{{"status":"success","warnings":["{TOKEN}"]}}"#)),
    ] {
        let server = always(response(status, "", body));
        assert_problem(&repository, &["--source-url", &server.address], name, status);
        let ran = guard(&repository, &["check", "sale", "--source-url", &server.address]);
        assert!(ran.stdout.contains("[FLAGCTL") && !ran.stdout.contains(&TOKEN[..4]), "{ran:?}");
    }
}

#[test]
fn plain_http_to_another_machine_is_refused() {
    let server = prometheus(HARM, vector);
    // This address reaches this machine, but is not a loopback address.
    let other = server.address.replace("127.0.0.1", "0.0.0.0");
    let repository = shop(None);
    assert_problem(&repository, &["--source-url", &other], "refused-address", "plain http");
    assert_problem(&shop(Some(&other)), &[], "refused-address", "plain http");
    let with_user = server.address.replace("127.0.0.1", "dana:secret@127.0.0.1");
    assert_problem(&repository, &["--source-url", &with_user], "refused-address", "user");
    assert_eq!(server.requests(), Vec::<String>::new());
    assert_eq!(check(&repository, &["--source-url", &other, "--allow-http"]).0, Some(1));
    assert_eq!(server.requests().len(), 4);
}

#[test]
fn the_name_of_a_variant_cannot_leave_its_string_in_a_query() {
    let server = prometheus(HARM, vector);
    let repository = shop_with(Some(&server.address), "{v2/10%+a:b: true, off: false}", "");
    assert_eq!(check(&repository, &[]).0, Some(1));
    let query = parameter(&server.requests()[0], "query");
    assert_eq!(query, "sum(increase(failed{f=\"sale\",e='production',v=\"v2/10%+a:b\"}[7110s]))");
    // A name with quotes is not a name, so no query has it.
    for variant in [r#"'a"} or vector(0) #'"#, r#"'a\'"#, r#""a'b""#, r#""a\nb""#, "'a&time=0'"] {
        let repository = shop_with(Some(&server.address), &format!("{{{variant}: true, off: false}}"), "");
        let ran = guard(&repository, &["check", "sale"]);
        assert_eq!(ran.code, Some(3), "{variant}: {ran:?}");
    }
    assert_eq!(server.requests().len(), 4);
}

#[test]
fn a_proposal_is_pushed_once_and_main_stays() {
    let server = prometheus(HARM, vector);
    let repository = shop_with(Some(&server.address), "{on: true, off: false}", "  mode: propose\n");
    let bare = repository.beside("origin.git");
    repository.git(&["clone", "--quiet", "--bare", ".", bare.to_str().unwrap()]);
    repository.git(&["remote", "add", "origin", "https://github.com/acme/flags"]);
    repository.git(&["config", &format!("url.{}.insteadOf", bare.display()), "https://github.com/acme/flags"]);
    let main = repository.git(&["rev-parse", "main"]);
    let refs = || repository.git_in(&bare, &["for-each-ref", "--format=%(refname:short) %(objectname)"]);
    let first = guard(&repository, &["run", "sale", "--push"]);
    assert_eq!(first.code, Some(1), "{first:?}");
    let request = "open a pull request for it: https://github.com/acme/flags/compare/main...guard/";
    assert!(first.stdout.contains(request), "{first:?}");
    let pushed = refs();
    let second = guard(&repository, &["run", "sale", "--push"]);
    assert!(second.code == Some(1) && second.stdout.contains("already proposed on `guard/"), "{second:?}");
    assert_eq!(refs(), pushed);
    let lines: Vec<&str> = pushed.lines().collect();
    let [proposal, own] = lines.as_slice() else { panic!("{pushed}") };
    assert_eq!(*own, format!("main {main}"));
    let (branch, commit) = proposal.split_once(' ').unwrap();
    let decision =
        repository.git_in(&bare, &["log", "-1", "--format=%(trailers:key=Guard-Decision,valueonly)", commit]);
    assert_eq!(branch, format!("guard/{}", &decision[..16]));
    assert_eq!(repository.git_in(&bare, &["rev-parse", &format!("{commit}^")]), main);
    let files = repository.git_in(&bare, &["diff", "--name-only", &main, commit]);
    assert_eq!(files, "kills/production/sale.yaml");
    let here = [repository.git(&["rev-parse", "main"]), repository.git(&["status", "--porcelain"])];
    assert_eq!(here, [main, String::new()]);
}
