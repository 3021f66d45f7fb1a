//! Kinds of flags that `flagctl.yaml` declares, and links of flags.

use serde_json::{Value as Json, json};

use crate::git_bench::{PROJECT, TestRepository};

const KINDS: &str = "kinds:\n  launch: {requires: [owner, expires], max-age: 90d}\n  toggle: {description: Forever.}\n";
const FLAG: &str = "variants: {on: true, off: false}\noff: off\ndefault: off\ndescription: A test's.\n";

fn repository(kinds: &str, fields: &str) -> TestRepository {
    let repository = TestRepository::new();
    repository.write("flagctl.yaml", &format!("{PROJECT}{kinds}"));
    repository.write("flags/sale.yaml", &format!("{fields}{FLAG}"));
    repository
}

/// Returns the codes and messages of the findings.
fn findings(kinds: &str, fields: &str) -> Vec<String> {
    let ran = repository(kinds, fields).flagctl(&["validate", "--now", "2026-11-22", "--format", "json"]);
    let json: Json = serde_json::from_str(&ran.stdout).unwrap();
    let findings = json["findings"].as_array().unwrap().iter();
    findings
        .map(|found| format!("{}: {}", found["code"].as_str().unwrap(), found["message"].as_str().unwrap()))
        .collect()
}

#[test]
fn a_kind_says_what_its_flags_require() {
    assert_eq!(findings(KINDS, "kind: toggle\n"), [""; 0]);
    let missing =
        ["missing-owner: `sale` has no owner", "missing-expiry: `sale` has the kind `launch`, but no expiry date"];
    let mut found = findings(KINDS, "kind: launch\n");
    found.sort_by(|a, b| b.cmp(a));
    assert_eq!(found, missing);
    assert_eq!(findings(KINDS, "kind: launch\nowner: a\nexpires: 2027-02-20\n"), [""; 0]);
    assert_eq!(
        findings(KINDS, "kind: launch\nowner: a\nexpires: 2027-02-21\n"),
        ["distant-expiry: `sale` expires on 2027-02-21, but flags of the kind `launch` last at most 90 days"]
    );
    // Without `kinds`, the four default kinds apply.
    assert_eq!(findings("", "kind: ops\nowner: a\n"), [""; 0]);
    assert_eq!(findings("", "owner: a\n"), ["missing-expiry: `sale` has the kind `release`, but no expiry date"]);
}

#[test]
fn an_unknown_kind_is_reported_with_a_similar_one() {
    let ran = repository(KINDS, "kind: toggel\n").flagctl(&["validate"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stdout.contains("error[invalid-value]: `toggel` is not a kind of flag"), "{}", ran.stdout);
    assert!(ran.stdout.contains("did you mean `toggle`?"), "{}", ran.stdout);
    assert_eq!(findings(KINDS, ""), ["missing-key: `kind` is missing: the default `release` is not a declared kind"]);
    let list = repository(KINDS, "kind: toggle\n");
    let ran = list.flagctl(&["list", "--kind", "toggel"]);
    assert_eq!(ran.code, Some(2));
    assert_eq!(ran.stderr, "error: `toggel` is not a kind of flag; did you mean `toggle`?\n");
    assert!(list.flagctl(&["list", "--kind", "toggle"]).stdout.contains("sale"));
    assert!(!list.flagctl(&["list", "--kind", "launch"]).stdout.contains("sale"));
}

#[test]
fn links_reach_the_list_and_are_web_addresses_only() {
    let links = "kind: ops\nowner: a\nlinks: [https://example.com/SHOP-41, {title: Design, url: http://wiki/x}]\n";
    let mut repository = repository("", links);
    let ran = repository.flagctl(&["list", "--format", "json"]);
    let list: Json = serde_json::from_str(&ran.stdout).unwrap();
    let expected = json!([{"url": "https://example.com/SHOP-41"}, {"title": "Design", "url": "http://wiki/x"}]);
    assert_eq!(list["flags"][0]["links"], expected);
    repository.commit("links");
    repository.write("flags/sale.yaml", &format!("{}{FLAG}", links.replace("SHOP-41", "SHOP-42")));
    let diff = repository.flagctl(&["diff", "HEAD"]).stdout;
    assert!(diff.contains("links: added https://example.com/SHOP-42; removed https://example.com/SHOP-41"), "{diff}");
    let markdown = repository.flagctl(&["diff", "HEAD", "--format", "markdown"]).stdout;
    let expected = "Links: <a href=\"https&#58;&#47;&#47;example&#46;com&#47;SHOP-42\"><code>https&#58;&#47;&#47;example&#46;com&#47;SHOP-42</code></a>, \
                    <a href=\"http&#58;&#47;&#47;wiki&#47;x\"><code>Design</code></a>\n\n";
    assert!(markdown.contains(expected), "{markdown}");
    let hostile = "kind: ops\nowner: a\nlinks: [{title: 'a</code> ![x](http://y) @all', url: 'https://x\"onclick=\"y'}, {url: 'javascript:x'}]\n";
    repository.write("flags/sale.yaml", &format!("{hostile}{FLAG}"));
    let markdown = repository.flagctl(&["diff", "HEAD", "--format", "markdown"]).stdout;
    assert!(
        !["\"onclick", "![x]", "@all", "a</code> ", "javascript"].iter().any(|text| markdown.contains(text)),
        "{markdown}"
    );
    for link in
        ["javascript:alert(1)", "\"https://a b\"", "https://", "ftp://example.com", "{title: x}", "1", "{url: x}"]
    {
        let found = findings("", &format!("kind: ops\nowner: a\nlinks: [{link}]\n"));
        assert!(!found.is_empty(), "{link}");
    }
}
