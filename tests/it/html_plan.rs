//! `flagctl diff --format html`: the page is well-formed, loads nothing, and has the facts of the JSON.

use std::collections::BTreeSet;
use std::fs;

use roxmltree::{Document, Node, ParsingOptions};
use serde_json::Value as Json;

use crate::example_shop;
use crate::git_bench::TestRepository;

const ELEMENTS: [&str; 42] = [
    "a", "article", "b", "body", "circle", "code", "dd", "defs", "del", "details", "div", "dl", "dt", "footer", "h1",
    "h2", "h3", "head", "header", "html", "i", "ins", "li", "main", "mark", "meta", "nav", "ol", "p", "pattern",
    "rect", "section", "span", "style", "summary", "svg", "table", "td", "th", "title", "tr", "ul",
];
const ATTRIBUTES: [&str; 22] = [
    "aria-hidden",
    "aria-label",
    "aria-labelledby",
    "charset",
    "class",
    "content",
    "cx",
    "cy",
    "height",
    "href",
    "http-equiv",
    "id",
    "lang",
    "name",
    "patternTransform",
    "patternUnits",
    "r",
    "rel",
    "role",
    "scope",
    "width",
    "x",
];
const FLAG: &str =
    "description: A cart.\nowner: shop\nexpires: 2027-01-01\nvariants: {on: true, off: false}\noff: off\n";

/// Parses a page, and checks that it has only markup that the program writes, and that it loads nothing.
pub(crate) fn parsed(text: &str) -> Document<'_> {
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    let page = Document::parse_with_options(text, options).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let mut ids = BTreeSet::new();
    for element in page.descendants().filter(Node::is_element) {
        let name = element.tag_name().name();
        assert!(ELEMENTS.contains(&name), "an element `{name}`");
        for attribute in element.attributes() {
            assert!(ATTRIBUTES.contains(&attribute.name()), "an attribute {attribute:?}");
            assert!(attribute.name() != "id" || ids.insert(attribute.value()), "two elements have {attribute:?}");
        }
        if let Some(href) = element.attribute("href").filter(|href| !href.starts_with('#')) {
            assert!(href.starts_with("https://") || href.starts_with("http://"), "{href}");
            assert_eq!((name, element.attribute("rel")), ("a", Some("noreferrer noopener")));
        }
    }
    for element in page.descendants() {
        for name in ["href", "aria-labelledby"] {
            let Some(target) = element.attribute(name).filter(|target| !target.contains(':')) else { continue };
            assert!(ids.contains(target.trim_start_matches('#')), "nothing has the id of {element:?}");
        }
    }
    let policies: Vec<_> = page.descendants().filter_map(|element| element.attribute("http-equiv")).collect();
    assert_eq!((policies, all(&page, "style").len()), (vec!["Content-Security-Policy"], 1));
    let levels = page.descendants().filter_map(|element| element.tag_name().name().strip_prefix('h')?.parse().ok());
    let levels: Vec<u8> = levels.collect();
    assert!(levels.first() == Some(&1) && levels.iter().filter(|level| **level == 1).count() == 1, "{levels:?}");
    assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{levels:?}");
    page
}

fn all<'a, 'i>(page: &'a Document<'i>, name: &str) -> Vec<Node<'a, 'i>> {
    page.descendants().filter(|element| element.has_tag_name(name)).collect()
}

/// Returns the text of an element and of all elements in it.
fn text(element: Node<'_, '_>) -> String {
    element.descendants().filter(Node::is_text).filter_map(|text| text.text()).collect()
}

fn of_class<'a, 'i>(page: &'a Document<'i>, class: &str) -> Vec<Node<'a, 'i>> {
    let has = |element: &Node<'_, '_>| {
        element.attribute("class").is_some_and(|classes| classes.split(' ').any(|name| name == class))
    };
    page.descendants().filter(has).collect()
}

fn page(repository: &TestRepository, arguments: &[&str]) -> String {
    let ran = repository.flagctl(&[&["diff", "--format", "html"], arguments].concat());
    assert_eq!(ran.stderr, "", "{arguments:?}");
    ran.stdout
}

/// Collects the texts of a plan in JSON that the page must have.
fn facts(json: &Json, found: &mut BTreeSet<String>) {
    match json {
        Json::Array(items) => items.iter().for_each(|item| facts(item, found)),
        Json::Object(fields) => {
            for (name, value) in fields {
                match (name.as_str(), value) {
                    ("percent", Json::String(none)) if none == "0%" => {}
                    ("flag" | "text" | "percent" | "variant" | "url", Json::String(text)) => {
                        found.insert(text.clone());
                    }
                    ("before" | "after" | "refused" | "unaffected" | "classes", Json::Array(texts)) => {
                        found.extend(texts.iter().filter_map(Json::as_str).map(str::to_owned));
                    }
                    // The page has one of the two commands of an example.
                    ("before", Json::Object(decision)) if decision.contains_key("command") => {
                        found.insert(decision["text"].as_str().unwrap().to_owned());
                    }
                    // The exact shares are those of the transitions.
                    ("fraction" | "context", _) => {}
                    ("transitions", Json::Array(transitions)) => {
                        for share in transitions.iter().map(|transition| &transition["share"]) {
                            found.extend(["percent", "fraction"].map(|name| share[name].as_str().unwrap().to_owned()));
                        }
                    }
                    _ => facts(value, found),
                }
            }
        }
        _ => {}
    }
}

#[test]
fn a_page_has_the_facts_of_the_json() {
    let repository = example_shop::pull_request();
    fs::write(repository.beside("people.jsonl"), "{\"targetingKey\": \"u1\", \"plan\": 7}\n{\"country\": \"GB\"}\n")
        .unwrap();
    let range = ["main...HEAD", "--max-share", "5%", "--population", "../people.jsonl", "--now", "2026-11-22"];
    let html = page(&repository, &range);
    let page = parsed(&html);
    let all = text(page.root_element());
    let json = repository.flagctl(&[&["diff", "--format", "json"], &range[..]].concat());
    let json: Json = serde_json::from_str(&json.stdout).unwrap();
    let mut expected = BTreeSet::new();
    facts(&json, &mut expected);
    assert!(expected.len() > 60, "{expected:#?}");
    for fact in &expected {
        assert!(all.contains(fact.as_str()), "the page does not have `{fact}`");
    }
    let changes = json["flags"].as_array().unwrap().iter().flat_map(|flag| flag["changes"].as_array().unwrap());
    let shown = changes.filter(|change| !change["causes"].as_array().unwrap().is_empty());
    assert_eq!(of_class(&page, "change").len(), shown.count());
    assert!(all.contains("`plan` cannot be used in 1 of 2 known contexts") && all.contains(" of 2 known contexts"));
    assert_eq!(html, self::page(&repository, &range), "the same plan has the same bytes");
}

#[test]
fn the_widths_of_bars_are_the_shares() {
    let html = page(&example_shop::pull_request(), &["main...HEAD~1", "-e", "production"]);
    let page = parsed(&html);
    let widths: Vec<_> = of_class(&page, "track")
        .into_iter()
        .map(|track| {
            let bars = track.children().map(|bar| (bar.attribute("x").unwrap(), bar.attribute("width").unwrap()));
            bars.collect::<BTreeSet<_>>()
        })
        .collect();
    assert_eq!(
        widths,
        [BTreeSet::from([("0%", "10%"), ("10%", "90%")]), BTreeSet::from([("0%", "20%"), ("20%", "80%")])]
    );
}

#[test]
fn the_definitions_before_and_after_are_side_by_side() {
    let repository = example_shop::pull_request();
    let html = page(&repository, &["main...HEAD", "-e", "production"]);
    let page = parsed(&html);
    let files = of_class(&page, "file");
    let paths: Vec<_> =
        files.iter().map(|file| text(file.descendants().find(|node| node.has_tag_name("code")).unwrap())).collect();
    assert_eq!(
        paths,
        [
            "flags/mobile/loyalty-card.yaml",
            "flags/mobile/update-prompt.yaml",
            "flags/search/results-per-page.yaml",
            "kills/production/search-ranking.yaml",
            "segments/eu-customers.yaml",
        ]
    );
    for (path, file) in paths.iter().zip(&files) {
        for (class, revision) in [("old", "main"), ("new", "HEAD")] {
            let of_side = file.descendants().filter(|node| node.attribute("class") == Some(class));
            let lines = of_side.flat_map(|side| side.children().collect::<Vec<_>>()).filter(Node::is_element);
            let lines: Vec<String> = lines.map(|line| text(line.last_element_child().unwrap())).collect();
            let written = repository.shell(&format!("git show {revision}:{path}")).stdout;
            assert_eq!(lines, written.lines().collect::<Vec<_>>(), "{path} in {revision}");
        }
    }
    // The cause leads to the line, and the words that differ are marked.
    let cause = page.descendants().find(|node| node.attribute("href") == Some("#file-1-after-17")).unwrap();
    assert_eq!(text(cause), "flags/mobile/loyalty-card.yaml:17");
    let line = page.descendants().find(|node| node.attribute("id") == Some("file-1-after-17")).unwrap();
    assert_eq!(text(line), "17+    rollout: 20%");
    assert_eq!(
        text(all(&page, "mark").into_iter().find(|mark| mark.ancestors().any(|node| node == line)).unwrap()),
        "20"
    );
}

#[test]
fn a_long_file_is_cut_and_a_command_shows_the_rest() {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", "version: 1\nenvironments: [production]\nattributes: {country: string}\n");
    let list = |word: &str| (0..700).map(|number| format!("      - {word}{number}\n")).collect::<String>();
    let flag = |word: &str, rollout: &str| {
        format!(
            "{FLAG}default: off\nrules:\n  - if:\n      country:\n{}    rollout: {rollout}\n    serve: on\n",
            list(word).replace("      -", "        -")
        )
    };
    repository.write("flags/moved.yaml", &flag("a", "10%"));
    repository.write("flags/rewritten.yaml", &flag("a", "10%"));
    repository.commit("before");
    repository.remove("flags/moved.yaml");
    repository.write("flags/folder/moved.yaml", &flag("a", "20%"));
    repository.write("flags/rewritten.yaml", &flag("b", "10%"));
    repository.commit("after");
    let html = page(&repository, &["HEAD~1..HEAD"]);
    let page = parsed(&html);
    let [moved, rewritten] = of_class(&page, "file").try_into().unwrap();
    assert!(text(moved).contains("flags/moved.yaml → flags/folder/moved.yaml +1 −1"), "{}", text(moved));
    assert!(text(moved).contains("704 lines without a change"), "{}", text(moved));
    assert!(text(rewritten).contains("+700 −700"), "{}", text(rewritten));
    let more = of_class(&page, "more").into_iter().map(text).collect::<Vec<_>>();
    let [more] = more.as_slice() else { panic!("{more:?}") };
    let command = more.split_once("more lines: ").unwrap().1;
    assert!(command.starts_with("git diff ") && command.ends_with(" -- flags/rewritten.yaml"), "{command}");
    let shown = repository.shell(command).stdout;
    assert!(shown.contains("+        - b699") && shown.contains("-        - a0"), "{shown}");
}

#[test]
fn a_bundle_has_no_definitions_to_show() {
    let repository = example_shop::pull_request();
    let bundle = repository.flagctl(&["export", "bundle", "-e", "production", "--at", "main"]);
    fs::write(repository.beside("live.json"), bundle.stdout).unwrap();
    let html = page(&repository, &["--bundle", "../live.json", "HEAD"]);
    let page = parsed(&html);
    assert_eq!((of_class(&page, "change").len(), of_class(&page, "file").len()), (7, 0));
    assert!(text(page.root_element()).contains("A bundle has no files"), "{html}");
}

#[test]
fn a_merge_is_a_page() {
    let mut repository = example_shop::two_branches();
    let html = page(&repository, &["--merge", "main", "bolder", "wider", "-e", "production"]);
    let page = parsed(&html);
    let titles: Vec<_> = all(&page, "h2").into_iter().map(text).collect();
    assert_eq!(
        titles,
        [
            "Changes from bolder to the merge",
            "Definitions from bolder to the merge",
            "Changes from wider to the merge",
            "Definitions from wider to the merge",
        ]
    );
    repository.git(&["checkout", "--quiet", "-b", "other", "main"]);
    repository.write("segments/eu-customers.yaml", "description: Europe.\nif: {country: AT}\n");
    repository.commit("Austria only");
    let html = self::page(&repository, &["--merge", "main", "other", "wider"]);
    assert_eq!(text(of_class(&parsed(&html), "refused")[0]).trim(), "Conflicts\n\nsegments/eu-customers.yaml");
}

#[test]
fn a_page_of_a_small_plan() {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", "version: 1\nenvironments: [production]\nattributes: {country: string}\n");
    let flag = |links: &str, rollout: &str| {
        format!(
            "{FLAG}{links}default: off\nrules:\n  - name: near\n    if: {{country: '<GB> & \"DE\"'}}\n    rollout: {rollout}\n    serve: on\n"
        )
    };
    let links = "links: [{title: <Design>, url: 'https://example.com/?a=1&b=\"2\"'}]\n";
    repository.write("flags/cart.yaml", &flag(links, "10%"));
    repository.commit("before");
    repository.write("flags/cart.yaml", &flag(links, "25%"));
    repository.commit("after");
    let html = page(&repository, &["HEAD~1..HEAD", "--max-share", "5%"]);
    parsed(&html);
    let (before, rest) = html.split_once("<style>").unwrap();
    let (_, after) = rest.split_once("</style>").unwrap();
    let (policy, rest) = before.split_once("sha256-").unwrap();
    let before = format!("{policy}sha256-HASH{}", &rest[rest.find('&').unwrap()..]);
    snapbox::assert_data_eq!(
        format!("{before}<style></style>{after}"),
        snapbox::file!["../diff/page.html": Text].raw()
    );
}
