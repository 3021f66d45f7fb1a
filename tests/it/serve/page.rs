//! The page for the people who operate the server.

use std::fs;
use std::time::{Duration, Instant};

use roxmltree::{Document, Node, ParsingOptions};
use serde_json::{Value as Json, json};

use crate::git_bench::TestRepository;
use crate::serve::client::{Response, raw, request};
use crate::serve::protocol::shop;
use crate::serve::server::Server;

/// The elements of the pages.
const ELEMENTS: [&str; 51] = [
    "a", "article", "aside", "b", "body", "button", "circle", "code", "dd", "defs", "details", "div", "dl", "dt",
    "footer", "form", "h1", "h2", "h3", "head", "header", "html", "input", "label", "li", "main", "meta", "nav", "ol",
    "option", "p", "pattern", "rect", "section", "select", "span", "strong", "style", "summary", "svg", "table",
    "tbody", "td", "textarea", "th", "thead", "time", "title", "tr", "ul", "i",
];

/// Returns the answer for a page.
fn get(server: &Server, path: &str) -> Response {
    request(&server.management, "GET", path, &[], "")
}

/// Parses a page, and checks that it is well-formed and has only markup of the program.
fn parsed(text: &str) -> Document<'_> {
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    let page = Document::parse_with_options(text, options).unwrap_or_else(|error| panic!("{error}\n{text}"));
    for element in page.descendants().filter(Node::is_element) {
        let name = element.tag_name().name();
        assert!(ELEMENTS.contains(&name), "an element `{name}`");
        for attribute in element.attributes() {
            assert!(!attribute.name().starts_with("on") && attribute.name() != "style", "{attribute:?}");
        }
        for address in ["href", "action", "src"].into_iter().filter_map(|name| element.attribute(name)) {
            let starts = ["/", "#", "https://", "http://"];
            assert!(starts.iter().any(|start| address.starts_with(start)) && !address.starts_with("//"), "{address}");
        }
    }
    page
}

/// Returns the text of a page, or of an element, with one space between words and between the cells of a table.
fn words(node: Node<'_, '_>) -> String {
    let mut text = String::new();
    for node in node.descendants() {
        if node.is_element() && ["td", "th", "option", "select"].contains(&node.tag_name().name()) {
            text.push(' ');
        }
        if node.is_text() && node.parent().is_some_and(|parent| !parent.has_tag_name("style")) {
            text += node.text().unwrap_or_default();
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns the words of a page. Panics if the status is not 200.
fn page(server: &Server, path: &str) -> String {
    let response = get(server, path);
    assert_eq!(response.status, 200, "{path}: {}", response.body);
    words(parsed(&response.body).root())
}

fn rows(server: &Server, path: &str) -> Vec<String> {
    let response = get(server, path);
    let page = parsed(&response.body);
    let rows = page.descendants().filter(|element| element.attribute("scope") == Some("row"));
    rows.map(|row| words(row.descendants().find(|element| element.has_tag_name("code")).unwrap())).collect()
}

fn read(repository: &TestRepository, path: &str) -> String {
    fs::read_to_string(repository.root().join(path)).unwrap()
}

fn has_all(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is missing: {text}");
    }
}

#[test]
fn the_start_page_has_the_environments_the_kills_and_the_flags() {
    let mut repository = shop();
    repository.write(
        "flags/owned.yaml",
        "description: The cart.\nowner: team-shop\ntags: [basket]\nlinks: [{title: Design, url: https://example.com/d}]\n\
         variants: {on: true, off: false}\noff: off\ndefault: on\n",
    );
    let kill = "reason: it is slow\nby: Dana\nat: 2026-11-01T00:00:00Z\nexpires: 2026-11-02T00:00:00Z\n";
    repository.write("kills/production/killed.yaml", kill);
    let commit = repository.commit("owned");
    let server = Server::start(&repository, &["--follow", "main"]);
    let start = page(&server, "/");
    has_all(&start, &["production", "1 killed", "12 flags from commit", &commit[..10], "1 kill killed in production"]);
    has_all(&start, &["it is slow by Dana, since 2026-11-01 00:00 UTC", "should have ended 2026-11-02 00:00 UTC"]);
    has_all(&start, &["owned The cart. owner team-shop production on for everyone", "killed A flag. owner –"]);
    has_all(&start, &["partial A flag. owner – production 50%", "disabled A flag. owner – production disabled"]);
    assert_eq!(rows(&server, "/").len(), 12);
}

#[test]
fn a_page_has_headers_that_forbid_scripts_and_frames() {
    let repository = shop();
    let server = Server::start(&repository, &[]);
    for path in ["/", "/flags/production/on", "/environments/production", "/flags/production/nope"] {
        let response = get(&server, path);
        let policy = response.header("content-security-policy");
        has_all(policy, &["default-src 'none'; ", "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"]);
        assert!(!policy.contains("unsafe") && !policy.contains("script-src"), "{policy}");
        for (name, value) in [
            ("content-type", "text/html; charset=utf-8"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("x-frame-options", "DENY"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(response.header(name), value, "{path}");
        }
        assert_eq!(request(&server.management, "POST", path, &[], "").status, 405);
    }
    // The port for applications has no pages.
    assert_eq!(request(&server.address, "GET", "/", &[], "").status, 404);
}

#[test]
fn the_filter_selects_flags_by_text_state_and_environment() {
    let mut repository = shop();
    repository
        .write("flagctl.yaml", &read(&repository, "flagctl.yaml").replace("[production]", "[staging, production]"));
    repository
        .write("flags/on.yaml", "description: A Basket.\nowner: shop\nvariants: {a: 1, b: 2}\noff: a\ndefault: b\n");
    repository.commit("staging");
    let server = Server::start(&repository, &[]);
    let found = |query: &str| rows(&server, &format!("/?{query}"));
    assert_eq!(found("q=basKET"), ["on"]);
    assert_eq!(found("q=shop"), ["on"]);
    assert_eq!(found("q=PART"), ["partial"]);
    assert_eq!(found("q=%3Cscript%3E"), [""; 0]);
    assert_eq!(found("state=killed"), ["killed"]);
    assert_eq!(found("state=killed&environment=staging"), [""; 0]);
    assert_eq!(found("state=disabled&q=dis"), ["disabled"]);
    assert_eq!(found("state=wrong").len(), 11);
    assert_eq!(found("environment=nowhere"), [""; 0]);
    has_all(&page(&server, "/?q=part"), &["1 of 11 flags"]);
    has_all(&page(&server, "/?q=zzz"), &["none of 11 flags matches", "Show all"]);
    // The environments are in the order of promotion.
    has_all(&page(&server, "/?q=part"), &["flag owner staging production partial"]);
    let response = get(&server, "/?q=%22%3E%3Cb%3E");
    let form = parsed(&response.body);
    let field = form.descendants().find(|element| element.attribute("name") == Some("q")).unwrap();
    assert_eq!(field.attribute("value"), Some("\"><b>"));
}

#[test]
fn the_page_of_a_flag_has_its_rules_its_definition_and_its_history() {
    let mut repository = shop();
    repository.write(
        "flags/partial.yaml",
        "description: A flag.\nowner: shop\nkind: experiment\nlinks: [{title: Design, url: https://example.com/d}]\n\
         variants: {x: 1, y: 2, off: 0}\noff: off\ndefault: off\nrequires: {on: on}\nrules:\n\
         - name: beta\n  if: {country: [CA, US], plan: pro}\n  rollout: 50%\n  serve: {x: 50%, y: 50%}\n\
         - rollout: 30%\n  serve: y\n",
    );
    repository.commit("a wider <b>beta</b>");
    let server = Server::start(&repository, &["--follow", "main"]);
    let flag = page(&server, "/flags/production/partial");
    has_all(&flag, &["requires that on serves on; otherwise off", "rule beta where country in [\"CA\", \"US\"]"]);
    has_all(&flag, &["and plan eq \"pro\"", "x 25%, y 25%, next rule 50%", "rule #2 everyone y 30%, next rule 70%"]);
    has_all(&flag, &["default off everyone whom no condition matches, with all rules above y 30%, off 70%"]);
    has_all(&flag, &["owner shop kind experiment", "links Design file flags/partial.yaml", "unit targetingKey"]);
    has_all(
        &flag,
        &["x = 1", "off = 0 when off, by default", "This flag reads: targetingKey string country string plan string"],
    );
    has_all(&flag, &["requires nothing → flag on serves on", "Dana <dana@example.com>: a wider <b>beta</b>"]);
    has_all(&flag, &["rollout: 50%", "The server has served only one bundle since its start."]);
    assert_eq!(get(&server, "/flags/production/nope").status, 404);
    assert_eq!(get(&server, "/flags/nowhere/partial").status, 404);
    assert_eq!(get(&server, "/environments/nowhere").status, 404);
    has_all(&page(&server, "/flags/production/on"), &["required by partial"]);
    has_all(
        &page(&server, "/flags/production/killed"),
        &["Killed. Everyone gets off. a test", "While the flag is killed, none of these rules decides"],
    );
    has_all(&page(&server, "/flags/production/disabled"), &["Disabled. Everyone gets off."]);
}

#[test]
fn a_context_gets_its_decision_with_every_step() {
    let repository = shop();
    let server = Server::start(&repository, &["--follow", "main"]);
    let explained = |flag: &str, context: &[&str]| {
        let mut arguments = vec!["eval", flag, "-e", "production", "--explain"];
        arguments.extend(context.iter().flat_map(|attribute| ["-c", attribute]));
        repository.flagctl(&arguments).stdout
    };
    for (flag, context, query) in [
        ("targeted", &["country=CA"][..], "country%3DCA"),
        ("targeted", &["country=CA"], "%7B%22country%22%3A%22CA%22%7D"),
        ("targeted", &["country=US", "plan=pro"], "%0A+country+%3D+US%0D%0Aplan%3Dpro%0A"),
        ("partial", &["targetingKey=user-1"], "targetingKey%3Duser-1"),
        ("partial", &[], ""),
        ("split", &[], ""),
        ("needy", &["country=US"], "country%3DUS"),
        ("killed", &[], ""),
    ] {
        let text = page(&server, &format!("/flags/production/{flag}?context={query}"));
        let explained = explained(flag, context);
        let lines = explained.lines().map(|line| line.trim_start_matches([' ', '✓', '✗', '?', '·']));
        for (index, line) in lines.filter(|line| !line.is_empty()).enumerate() {
            let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
            let line = if index == 0 { line.split_once(": ").unwrap().1.to_owned() } else { line };
            assert!(text.contains(&line), "`{line}` is missing: {text}");
        }
    }
    // The field has what was typed.
    let response = get(&server, "/flags/production/targeted?context=country%3DCA%0D%0Aplan%3D%3C%2Ftextarea%3E");
    let page = parsed(&response.body);
    let field = page.descendants().find(|element| element.has_tag_name("textarea")).unwrap();
    assert_eq!(field.text(), Some("country=CA\nplan=</textarea>"));
}

#[test]
fn a_context_that_cannot_be_read_is_explained() {
    let repository = shop();
    let server = Server::start(&repository, &[]);
    for (query, problem) in [
        ("contry%3DCA", "`contry` is not an attribute; did you mean `country`?"),
        ("age%3Dold", "`old` is not a value of `age`; expected a number such as `12.5`, up to 2^53 - 1"),
        ("country", "`country` is not an attribute and its value: expected NAME=VALUE, such as `country=US`"),
        ("now%3D2026-01-01", "`now` is the time of the decision; a context cannot set it"),
        ("%7Bcountry", "the text is not JSON: key must be a string at line 1 column 2"),
        (
            "%7B%22a%22%3A1%7D",
            "`a` is not an attribute; flagctl.yaml declares `targetingKey`, `age`, `country`, `plan`",
        ),
        (&"%7B%22country%22%3A".repeat(200), "the text is not JSON: recursion limit exceeded"),
    ] {
        let response = get(&server, &format!("/flags/production/targeted?context={query}"));
        let page = parsed(&response.body);
        let problems = page.descendants().find(|element| element.attribute("id") == Some("context-problem"));
        let problems = problems.unwrap_or_else(|| panic!("{query}: {}", response.body));
        assert!(words(problems).starts_with(problem), "{query}: {}", words(problems));
        let field = page.descendants().find(|element| element.has_tag_name("textarea")).unwrap();
        assert_eq!(field.attribute("aria-invalid"), Some("true"));
    }
    let unusable = page(&server, "/flags/production/targeted?context=%7B%22age%22%3A%22old%22%7D");
    has_all(&unusable, &["\"old\" is not a value of `age`; expected a number"]);
    // A context past the limit of a request is refused before it is read.
    assert!(matches!(get(&server, &format!("/flags/production/on?context={}", "a".repeat(60_000))).status, 414 | 431));
}

#[test]
fn the_page_shows_what_the_last_bundle_changed() {
    let mut repository = shop();
    let mut server = Server::start(&repository, &["--follow", "main"]);
    has_all(&page(&server, "/environments/production"), &["The server has served only one bundle since its start."]);
    let before = repository.git(&["rev-parse", "--short=10", "HEAD"]);
    let text = read(&repository, "flags/partial.yaml").replace("50%", "75%");
    repository.write("flags/partial.yaml", &text);
    let after = repository.commit("more");
    server.wait("bundle-changes");
    let between = format!("From {} to {}", before.trim(), &after[..10]);
    let environment = page(&server, "/environments/production");
    has_all(&environment, &[&format!("{between}, 1 flag decides differently."), "pages of the flags: partial"]);
    let sentence = "expand partial in production serves on instead of off to another 25% of all people";
    has_all(&environment, &[sentence, "before on 50%, off 50% after on 75%, off 25%", "rule beta 50% → 75%"]);
    has_all(&environment, &[&format!("flagctl eval partial -e production --at {}", &after[..10])]);
    has_all(
        &page(&server, "/flags/production/partial"),
        &[&format!("{between}, this flag decides differently:"), sentence],
    );
    has_all(&page(&server, "/flags/production/on"), &[&format!("{between}, this flag decides as before.")]);
    has_all(&page(&server, "/"), &["with a change of 1 flag"]);
}

#[test]
fn a_change_of_an_owner_is_shown_although_the_bundle_is_the_same() {
    let repository = shop();
    let server = Server::start(&repository, &[]);
    assert!(!page(&server, "/").contains("team-new"));
    repository.write("flags/on.yaml", &format!("owner: team-new\n{}", read(&repository, "flags/on.yaml")));
    let end = Instant::now() + Duration::from_secs(10);
    while !page(&server, "/").contains("team-new") {
        assert!(Instant::now() < end, "the owner is not shown");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_source_without_definitions_and_history_says_so() {
    let repository = shop();
    let bundle = repository.flagctl(&["export", "bundle", "-e", "production"]);
    fs::write(repository.beside("production.json"), &bundle.stdout).unwrap();
    let server = Server::start(&repository, &["--bundle", "../production.json"]);
    has_all(&page(&server, "/"), &["11 flags from files that are not committed", "The source has compiled bundles"]);
    let flag = page(&server, "/flags/production/targeted");
    has_all(&flag, &["The source of this server is not a git repository, so it has no history."]);
    has_all(&flag, &["compiled bundles, without the owner", "rule canada where country eq \"CA\""]);
    assert!(!flag.contains("Definition"), "{flag}");
}

#[test]
fn a_problem_of_the_source_and_an_override_are_shown() {
    let repository = shop();
    let mut server = Server::start(&repository, &["--override", "partial=on"]);
    has_all(&page(&server, "/"), &["partial A flag. owner – production overridden: on"]);
    let flag = page(&server, "/flags/production/partial?context=");
    has_all(&flag, &["Overridden: this server serves on to everyone", "on = true Overridden. Without the override"]);
    repository.write("flags/on.yaml", "description: A flag.\nvariants: {on: true}\noff: nope\ndefault: on\n");
    server.wait("source-failed");
    for path in ["/", "/environments/production"] {
        has_all(&page(&server, path), &["The source has a problem: flags/on.yaml:3:6: `nope` is not a variant"]);
    }
}

#[test]
fn a_page_is_made_for_the_expected_hosts_only() {
    let repository = shop();
    let server = Server::start(&repository, &["--page-host", "flags.internal"]);
    let status = |path: &str, host: &str| {
        let head = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n\r\n");
        raw(&server.management, head.as_bytes()).unwrap().status
    };
    for host in ["localhost:8017", "127.0.0.1", "[::1]:8017", "FLAGS.internal"] {
        assert_eq!(status("/", host), 200, "{host}");
    }
    for host in ["evil.example", "localhost.evil.example:8017", "127.0.0.1.evil.example"] {
        assert_eq!(["/", "/flags/production/on"].map(|path| status(path, host)), [421; 2], "{host}");
    }
    // Probes and Prometheus use the names of services.
    assert_eq!(["/healthz", "/metrics"].map(|path| status(path, "flagctl.monitoring.svc")), [200; 2]);
}

const HOSTILE: &str =
    "\"'><script>alert(1)</script><img src=x onerror=alert(1)></textarea>&#60;b&gt;\u{202e}\u{0}\u{1b}[31m";

#[test]
fn hostile_text_is_never_markup() {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", "version: 1\nenvironments: [production]\nattributes: {country: string}\n");
    let hostile = json!(HOSTILE).to_string();
    let long = json!("<b>".repeat(100_000)).to_string();
    repository.write(
        "flags/x.yaml",
        &format!(
            "# {}\ndescription: {hostile}\nowner: {hostile}\ntags: [a]\nlinks: [{{title: {hostile}, url: \
             \"https://example.com/'onclick=x\"}}]\nmetadata: {{a: {hostile}}}\nvariants: {{on: {hostile}, off: {long}}}\n\
             off: off\ndefault: off\nrules:\n- if: {{country: {{in: [{hostile}, {long}]}}}}\n  serve: on\n",
            HOSTILE.replace(['\u{0}', '\u{1b}'], "")
        ),
    );
    repository.write("kills/production/x.yaml", &format!("reason: {hostile}\nby: {hostile}\n"));
    repository.commit(&HOSTILE.replace('\u{0}', ""));
    let server = Server::start(&repository, &["--follow", "main"]);
    let query = "context=country%3D%3C%2Ftextarea%3E%3Cscript%3E%00%1B%E2%80%AE%0Aplan%3D%22";
    for path in [
        "/",
        "/?q=%3Cscript%3E",
        "/environments/production",
        "/flags/production/x",
        &format!("/flags/production/x?{query}"),
    ] {
        let response = get(&server, path);
        assert_eq!(response.status, 200);
        parsed(&response.body);
        assert!(response.body.len() < 400_000, "{path}: {} bytes", response.body.len());
        assert!(!response.body.contains(['\u{0}', '\u{1b}', '\u{202e}']), "{path}");
    }
    // A bundle can have keys that no definition has.
    let variants = json!([{"name": HOSTILE, "value": HOSTILE}]);
    let flag = json!({"key": HOSTILE, "off": 0, "default": 0, "state": "enabled", "unit": 0, "salt": HOSTILE,
        "variants": variants, "rules": [{"name": HOSTILE, "rollout": 50_000, "serve": {"variant": 0}}]});
    let bundle = json!({"format": 1, "environment": HOSTILE, "bucketing": "siphash", "attributes": [
        {"name": "targetingKey", "type": "string"}, {"name": "now", "type": "datetime"}, {"name": HOSTILE, "type": "string"}],
        "segments": [], "flags": [flag]});
    fs::write(repository.beside("hostile.json"), bundle.to_string()).unwrap();
    let server = Server::start(&repository, &["--bundle", "../hostile.json"]);
    let start = get(&server, "/");
    let start = parsed(&start.body);
    let links = start.descendants().filter_map(|element| element.attribute("href"));
    let links: Vec<&str> = links.filter(|link| link.contains("script")).collect();
    assert_eq!(links.len(), 3, "{links:?}");
    for link in links {
        let response = get(&server, &format!("{link}?context=x"));
        assert_eq!(response.status, 200, "{link}");
        parsed(&response.body);
    }
}

#[test]
fn ten_thousand_flags_are_shown_two_hundred_at_a_time() {
    let repository = shop();
    let flag = |number: usize| {
        json!({"key": format!("flag-{number:05}"), "off": 1, "default": 1, "unit": 0, "salt": "a",
            "state": if number.is_multiple_of(100) { json!({"killed": {"reason": "r", "by": null, "at": null}}) } else { json!("enabled") },
            "variants": [{"name": "on", "value": true}, {"name": "off", "value": false}],
            "rules": [{"rollout": 50_000, "serve": {"variant": 0}}]})
    };
    let flags: Vec<Json> = (0..10_000).map(flag).collect();
    let bundle = json!({"format": 1, "environment": "production", "bucketing": "siphash",
        "attributes": [{"name": "targetingKey", "type": "string"}, {"name": "now", "type": "datetime"}],
        "segments": [], "flags": flags});
    fs::write(repository.beside("large.json"), bundle.to_string()).unwrap();
    let server = Server::start(&repository, &["--bundle", "../large.json"]);
    let started = Instant::now();
    let first = get(&server, "/");
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    assert!(first.body.len() < 500_000, "{} bytes", first.body.len());
    has_all(&page(&server, "/"), &["10,000 flags, page 1 of 50", "100 kills", "… and 50 more: all killed flags"]);
    assert_eq!(rows(&server, "/").len(), 200);
    assert_eq!(rows(&server, "/?page=50").last().unwrap(), "flag-09999");
    assert_eq!(rows(&server, "/?page=51"), rows(&server, "/?page=50"));
    assert_eq!(rows(&server, "/?state=killed").len(), 100);
    let found = get(&server, "/?q=flag-000&page=1");
    let found = parsed(&found.body);
    assert!(!words(found.root()).contains("Next"));
    let last = get(&server, "/?q=flag-0&page=2");
    let last = parsed(&last.body);
    let links = last.descendants().filter_map(|element| element.attribute("href"));
    let links: Vec<&str> = links.filter(|link| link.contains("q=flag-0")).collect();
    assert_eq!(links, ["/?q=flag-0#flags", "/?q=flag-0#flags", "/?q=flag-0&page=3#flags", "/?q=flag-0&page=50#flags"]);
}
