//! Changes of long lists: what came and what went is named, in every output.

use serde_json::Value as Json;

use crate::git_bench::{Ran, TestRepository};

const PROJECT: &str = "\
version: 1
environments: [production]
attributes:
  email: string
  plan: string
  groups: {type: list, of: string}
  address: ip
";

/// Returns a flag with one rule for the contexts of this condition, as YAML in one line.
fn flag(condition: &str) -> String {
    format!(
        "description: A test's.\nowner: tests\nexpires: 2027-01-01\nvariants: {{on: true, off: false}}\noff: off\n\
         default: off\nrules:\n  - name: vip\n    if: {condition}\n    serve: on\n"
    )
}

/// Returns the addresses of these letters, separated by commas.
fn emails(letters: &str) -> String {
    let emails: Vec<String> = letters.chars().map(|letter| format!("{letter}@x.com")).collect();
    emails.join(", ")
}

/// Makes a repository in which the last commit changes the rule of the flag `vip` from one condition to another.
fn changed(before: &str, after: &str) -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    repository.write("flags/vip.yaml", &flag(before));
    repository.commit("before");
    repository.write("flags/vip.yaml", &flag(after));
    repository.commit("after");
    repository
}

fn json(ran: &Ran) -> Json {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", ran.stdout, ran.stderr))
}

/// Checks that `diff` as text, Markdown and JSON and `log` as text and JSON contain the text about the change.
fn said(repository: &TestRepository, text: &str) {
    let commands: [&[&str]; 3] =
        [&["diff", "HEAD~1..HEAD"], &["diff", "HEAD~1..HEAD", "--format", "markdown"], &["log", "vip", "-n", "1"]];
    for command in commands {
        let ran = repository.flagctl(command);
        assert!(ran.stdout.contains(text), "{command:?}: expected {text}, found {}{}", ran.stdout, ran.stderr);
    }
    let diff = json(&repository.flagctl(&["diff", "HEAD~1..HEAD", "--format", "json"]));
    assert_eq!(diff.pointer("/flags/0/changes/0/causes/0/text").unwrap(), text);
    let log = json(&repository.flagctl(&["log", "vip", "-n", "1", "--format", "json"]));
    assert_eq!(log.pointer("/commits/0/changes/0/text").unwrap(), text);
}

#[test]
fn entries_of_a_list_that_came_and_went_are_named() {
    let lists = [
        ("{email: [LIST]}", "email in"),
        ("{email: {not_in: [LIST]}}", "email not_in"),
        ("{email: {in: [LIST], ignore_case: true}}", "email in ignore_case"),
        ("{email: {starts_with: [LIST]}}", "email starts_with"),
        ("{email: {ends_with: [LIST]}}", "email ends_with"),
        ("{email: {contains: [LIST]}}", "email contains"),
        ("{email: {matches: [LIST]}}", "email matches"),
        ("{groups: {has_any: [LIST]}}", "groups has_any"),
        ("{groups: {has_all: [LIST]}}", "groups has_all"),
        ("{plan: pro, email: [LIST]}", "email in"),
        ("{any: [{plan: pro}, {email: [LIST]}]}", "email in"),
        ("{not: {email: [LIST]}}", "not email in"),
    ];
    for (condition, list) in lists {
        let [before, after] = ["abcdefgh", "abcdefhkl"].map(|letters| condition.replace("LIST", &emails(letters)));
        let text = format!(r#"rule vip: {list}: added "k@x.com", "l@x.com"; removed "g@x.com""#);
        said(&changed(&before, &after), &text);
    }
}

#[test]
fn networks_that_came_and_went_are_named() {
    let networks = |last: &str| format!("{{address: [10.1.0.0/16, 10.2.0.0/16, 10.3.0.0/16, {last}]}}");
    let repository = changed(&networks("10.4.0.0/16"), &networks("192.168.7.1"));
    said(&repository, "rule vip: address in: added 192.168.7.1; removed 10.4.0.0/16");
}

#[test]
fn parts_of_a_long_condition_that_came_and_went_are_named() {
    let condition = |last: &str| {
        let parts: Vec<String> =
            ('a'..='h').map(|name| format!("{{email: {{contains: {name}}}, plan: {name}}}")).collect();
        format!("{{any: [{}, {last}]}}", parts.join(", "))
    };
    let repository = changed(&condition("{groups: {has: staff}}"), &condition("{plan: pro}"));
    said(&repository, r#"rule vip: any of: added plan eq "pro"; removed groups has "staff""#);
}

#[test]
fn a_changed_list_of_a_segment_is_named_in_diff_and_blame() {
    let mut repository = changed("{segment: friends}", "{segment: friends, plan: pro}");
    let segment = |letters: &str| format!("description: Friends.\nif: {{email: [{}]}}\n", emails(letters));
    repository.write("segments/friends.yaml", &segment("abcdefgh"));
    repository.commit("a segment");
    repository.write("segments/friends.yaml", &segment("abcdefhk"));
    repository.commit("another friend");
    let text = r#"segment friends: email in: added "k@x.com"; removed "g@x.com""#;
    for command in [
        vec!["diff", "HEAD~1..HEAD"],
        vec!["blame", "vip", "-e", "production", "-c", "email=k@x.com", "-c", "plan=pro"],
    ] {
        let ran = repository.flagctl(&command);
        assert!(ran.stdout.contains(text), "{command:?}: {}{}", ran.stdout, ran.stderr);
    }
}

#[test]
fn changed_prerequisites_splits_and_variants_are_named() {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    for name in 'a'..='i' {
        repository.write(&format!("flags/base-{name}.yaml"), &flag("{plan: pro}"));
    }
    let big = |third: u32| format!("{{text: {}, items: [1, {{id: {third}}}]}}", "x".repeat(300));
    let experiment = |bases: &str, third: u32, variants: &str, shares: &str| {
        let requires: Vec<String> = bases.chars().map(|name| format!("base-{name}: on")).collect();
        format!(
            "description: A test's.\nowner: tests\nexpires: 2027-01-01\n\
             variants: {{v0: {}, v1: {{}}, v2: {{}}, v3: {{}}, v4: {{}}, v5: {{}}, v6: {{}}, v7: {{}}, v8: {{}}, v9: {{}}{variants}}}\n\
             off: v0\ndefault: v0\nrequires: {{{}}}\nrules:\n  - name: test\n    serve: {{v1: 10%, v2: 10%, v3: 10%, \
             v4: 10%, v5: 10%, v6: 10%, v7: 10%, {shares}}}\n",
            big(third),
            requires.join(", ")
        )
    };
    repository.write("flags/vip.yaml", &experiment("abcdefgh", 2, "", "v8: 10%, v9: 20%"));
    repository.commit("before");
    repository.write("flags/vip.yaml", &experiment("abcdefhi", 77, ", v10: {a: 1}", "v8: 20%, v9: 10%"));
    repository.commit("after");
    let log = json(&repository.flagctl(&["log", "vip", "-n", "1", "--format", "json"]));
    let texts: Vec<&str> =
        log["commits"][0]["changes"].as_array().unwrap().iter().filter_map(|change| change["text"].as_str()).collect();
    let expected = [
        "variant v0 = items[1].id 2 → 77, variant v10 added with the value {\"a\":1}",
        "requires: added flag base-i serves on; removed flag base-g serves on",
        "rule test: split: added v8 20%, v9 10%; removed v8 10%, v9 20%",
    ];
    assert_eq!(texts, expected);
}

#[test]
fn a_text_says_how_many_of_very_many_entries_it_leaves_out_and_json_leaves_out_none() {
    let list = |end: usize| {
        let emails: Vec<String> = (0..end).map(|number| format!("person-{number:04}@x.com")).collect();
        format!("{{email: [{}]}}", emails.join(", "))
    };
    let repository = changed(&list(10), &list(5_000));
    for command in [vec!["diff", "HEAD~1..HEAD", "--format", "markdown"], vec!["log", "vip", "-n", "1"]] {
        let ran = repository.flagctl(&command);
        assert!(ran.stdout.contains("\"person-0010@x.com\", "), "{}", ran.stdout);
        assert!(ran.stdout.contains(" and 4,895 more"), "{}", ran.stdout);
        assert!(ran.stdout.len() < 10_000, "{}", ran.stdout.len());
    }
    for command in [vec!["diff", "HEAD~1..HEAD", "--format", "json"], vec!["log", "vip", "-n", "1", "--format", "json"]]
    {
        let ran = repository.flagctl(&command);
        assert!(ran.stdout.contains("person-4999@x.com") && !ran.stdout.contains(" more"), "{command:?}");
    }
}

#[test]
fn a_condition_in_json_is_whole() {
    let whole = r#"email in ["a@x.com", "b@x.com", "c@x.com", "d@x.com", "e@x.com", "f@x.com", "g@x.com", "h@x.com"]"#;
    let repository = changed("{plan: pro}", &format!("{{email: [{}]}}", emails("abcdefgh")));
    assert_eq!(repository.shell("flagctl export bundle -e production > ../bundle.json").code, Some(0));
    for command in [
        vec!["diff", "HEAD~1..HEAD", "--format", "json"],
        vec!["eval", "vip", "-e", "production", "-c", "email=a@x.com", "--explain", "--format", "json"],
        vec!["show", "vip", "--bundle", "../bundle.json", "--format", "json"],
        vec!["log", "vip", "--format", "json"],
    ] {
        let ran = repository.flagctl(&command);
        let found = ran.stdout.replace("\\\"", "\"");
        assert!(found.contains(whole), "{command:?}: {}{}", ran.stdout, ran.stderr);
    }
}

#[test]
fn a_region_names_the_entries_that_came_or_went() {
    let list = |sign: &str, letters: &str| format!("{{plan: pro, email: {{{sign}: [{}]}}}}", emails(letters));
    let conditions = |sign: &str| {
        let repository = changed(&list(sign, "abcdefgh"), &list(sign, "abcdefhkl"));
        let diff = json(&repository.flagctl(&["diff", "HEAD~1..HEAD", "--format", "json"]));
        let regions = diff.pointer("/flags/0/changes/0/regions").unwrap().as_array().unwrap().clone();
        let conditions = regions.iter().map(|region| region["condition"].as_str().unwrap().to_owned());
        conditions.collect::<std::collections::BTreeSet<_>>()
    };
    let named = [
        r#"plan eq "pro" and email eq "g@x.com""#.to_owned(),
        r#"plan eq "pro" and email in ["k@x.com", "l@x.com"]"#.to_owned(),
    ];
    assert_eq!(conditions("in"), named.clone().into());
    assert_eq!(conditions("not_in"), named.into());
    let folded = |letters: &str| format!("{{email: {{in: [{}], ignore_case: true}}}}", emails(letters));
    let repository = changed(&folded("abcdefgh"), &folded("ABCDEFHk"));
    let text = repository.flagctl(&["diff", "HEAD~1..HEAD"]).stdout;
    assert!(
        text.contains(r#"serves `off` instead of `on` to everyone where email eq "g@x.com" ignore_case"#),
        "{text}"
    );
    assert!(
        text.contains(r#"serves `on` instead of `off` to everyone where email eq "k@x.com" ignore_case"#),
        "{text}"
    );
    let groups = |list: &str, letters: &str| format!("{{groups: {{{list}: [{}]}}}}", emails(letters));
    let repository = changed(&groups("has_any", "abcdefgh"), &groups("has_any", "abcdefhk"));
    let text = repository.flagctl(&["diff", "HEAD~1..HEAD"]).stdout;
    assert!(text.contains(r#"everyone where groups has "g@x.com" unless groups has_any ["a@x.com""#), "{text}");
    let repository = changed(&groups("has_all", "abcdefgh"), &groups("has_all", "abcdefhk"));
    let text = repository.flagctl(&["diff", "HEAD~1..HEAD"]).stdout;
    assert!(text.contains(r#"unless groups has_all ["k@x.com"]"#), "{text}");
}

#[test]
fn changed_fields_that_decide_nothing_are_named() {
    let rule = "rules:\n  - name: vip\n    rollout: 10%\n    steps: [10%, 25%]\n    serve: on\n";
    let head = "description: A test's.\nowner: tests\nexpires: 2027-01-01\n";
    let before = format!("{head}tags: [web, app]\nvariants: {{on: true, off: false}}\noff: off\ndefault: off\n{rule}");
    for (from, to, text) in [
        ("[10%, 25%]", "[10%, 50%]", "rule vip steps: added 50%; removed 25%"),
        ("    steps: [10%, 25%]\n", "", "rule vip steps [10%, 25%] → nothing"),
        ("[web, app]", "[web, shop]", "tags: added shop; removed app"),
        ("[web, app]", "[app, web]", "tags [web, app] → [app, web]"),
        ("tags: [web, app]\n", "", "tags [web, app] → nothing"),
        ("owner: tests", "owner: shop", "owner \"tests\" → \"shop\""),
        ("2027-01-01", "2027-02-01", "expires \"2027-01-01\" → \"2027-02-01\""),
        ("owner: tests", "owner: tests\nlinks: [https://x.com/1]", "links nothing → [https://x.com/1]"),
        ("owner: tests", "owner: tests\nmetadata: {team: a}", "metadata nothing → [team: \"a\"]"),
    ] {
        let mut repository = TestRepository::new();
        repository.write("flagctl.yaml", PROJECT);
        repository.write("flags/vip.yaml", &before);
        repository.commit("before");
        repository.write("flags/vip.yaml", &before.replace(from, to));
        let ran = repository.flagctl(&["diff", "HEAD"]);
        assert!(ran.stdout.contains(&format!("  flags/vip.yaml:1: {text}\n")), "{text}: {}{}", ran.stdout, ran.stderr);
        let diff = json(&repository.flagctl(&["diff", "HEAD", "--format", "json"]));
        assert_eq!(diff.pointer("/flags/0/changes/0/causes/0/text").unwrap(), text);
    }
}
