//! Edits of YAML files: one value changes, and all other bytes stay the same.

use Step::{Index, Key};
use flagctl::edit::{Refusal, Scalar, Step, insert, remove, set};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_yaml::Value;

const RULE: [Step; 2] = [Key("rules"), Index(0)];

fn rollout<'p>() -> Vec<Step<'p>> {
    RULE.into_iter().chain([Key("rollout")]).collect()
}

/// Sets the rollout of the first rule to 50 %.
fn to_half(text: &str) -> String {
    set(text, &rollout(), Scalar::Text("50%")).unwrap()
}

#[test]
fn a_plain_value_stays_plain() {
    let before = "# head\nrules:\n    - name:  a   # left\n      rollout:   5%   # right\n      serve: on\n";
    assert_eq!(to_half(before), before.replace("5%", "50%"));
}

#[test]
fn a_quoted_value_keeps_its_quotes() {
    assert_eq!(to_half("rules:\n- rollout: '5%'\n"), "rules:\n- rollout: '50%'\n");
    assert_eq!(to_half("rules:\n- rollout: \"5%\"\n"), "rules:\n- rollout: \"50%\"\n");
}

#[test]
fn a_text_that_cannot_be_plain_is_quoted() {
    let write = |value| set("a: b # c\n", &[Key("a")], Scalar::Text(value)).unwrap();
    assert_eq!(write("it's: so"), "a: \"it's: so\" # c\n");
    assert_eq!(write("true"), "a: \"true\" # c\n");
    assert_eq!(write("12"), "a: \"12\" # c\n");
    assert_eq!(write("1.10"), "a: \"1.10\" # c\n");
    assert_eq!(write(""), "a: \"\" # c\n");
    assert_eq!(write("two\nlines \"quoted\" \\"), "a: \"two\\nlines \\\"quoted\\\" \\\\\" # c\n");
    assert_eq!(write("2027-03-31"), "a: 2027-03-31 # c\n");
    assert_eq!(write("on"), "a: on # c\n");
    assert_eq!(set("a: 'b'", &[Key("a")], Scalar::Text("it's")).unwrap(), "a: 'it''s'");
}

#[test]
fn a_boolean_is_never_quoted() {
    assert_eq!(set("a: 'true'\n", &[Key("a")], Scalar::Boolean(true)).unwrap(), "a: true\n");
    assert_eq!(set("a: True\n", &[Key("a")], Scalar::Boolean(false)).unwrap(), "a: false\n");
}

#[test]
fn setting_an_equal_value_changes_no_byte() {
    for text in ["a: \"b\"", "a:   b", "a: 'b' # c\r\n", "{a: b}"] {
        assert_eq!(set(text, &[Key("a")], Scalar::Text("b")).unwrap(), text);
    }
}

#[test]
fn flow_style_and_line_ends_stay() {
    assert_eq!(to_half("rules: [{rollout: 5%,serve: on}]"), "rules: [{rollout: 50%,serve: on}]");
    assert_eq!(to_half("rules:\r\n- rollout: 5%\r\n  serve: on"), "rules:\r\n- rollout: 50%\r\n  serve: on");
    assert_eq!(to_half("\u{feff}rules:\n- rollout: 5%"), "\u{feff}rules:\n- rollout: 50%");
}

#[test]
fn a_missing_value_is_written_after_its_colon() {
    assert_eq!(to_half("rules:\n- rollout: # none\n  serve: on\n"), "rules:\n- rollout: 50% # none\n  serve: on\n");
    assert_eq!(to_half("rules:\n- 'rollout' :\n"), "rules:\n- 'rollout' : 50%\n");
    assert_eq!(to_half("rules: [{rollout:, serve: on}]"), "rules: [{rollout: 50%, serve: on}]");
    assert_eq!(to_half("rules: [{rollout: ~}]"), "rules: [{rollout: 50%}]");
}

#[test]
fn an_unused_anchor_stays() {
    assert_eq!(to_half("rules:\n- rollout: &half 5%\n"), "rules:\n- rollout: &half 50%\n");
}

#[test]
fn a_value_shared_by_an_alias_is_refused() {
    let shared = |text: &str, path: &[Step]| match set(text, path, Scalar::Text("50%")) {
        Err(Refusal::Shared { path, other }) => format!("{path} {other}"),
        other => panic!("{other:?}"),
    };
    let text = "a: &x 5%\nb: *x\n";
    assert_eq!(shared(text, &[Key("a")]), "a b");
    assert_eq!(shared(text, &[Key("b")]), "b a");
    let text = "a: &x [{b: 5%}]\nc: *x\n";
    assert_eq!(shared(text, &[Key("c"), Index(0), Key("b")]), "c[0].b a[0].b");
}

#[test]
fn a_refused_edit_says_why_and_what_to_do() {
    let refused = |text: &str, key| set(text, &[Key(key)], Scalar::Text("x")).unwrap_err().to_string();
    assert_eq!(refused("a: 1", "b"), "`b` is not in the file");
    assert_eq!(refused("a: [1]", "a"), "`a` is a list, not a single value: change it by hand");
    for text in
        ["a: |\n  text\n", "a: &x >2- # c\n\n   text\n\n   text", "a: |\nb: 1", "b:\n  |+\n  text\na: |-\n  text"]
    {
        assert_eq!(refused(text, "a"), "`a` is written as a block of lines, after `|` or `>`: change it by hand");
    }
    let problems = "the file has problems that come first: run `flagctl validate`, and try again when it is correct";
    for text in ["a: [", "a: 1\na: 2", "a: !x 1", "a: 1\n---\na: 2"] {
        assert_eq!(refused(text, "a"), problems);
    }
    assert_eq!(
        refused("? a\n:\nb: 1\n", "a"),
        "the layout of the file does not allow to change only `a`: change it by hand"
    );
}

#[test]
fn a_key_is_added_on_its_own_line() {
    let add = |text: &str, after| insert(text, &RULE, after, "rollout", Scalar::Text("50%")).unwrap();
    assert_eq!(
        add("rules:\n  - if: {a: 1}   # who\n    # what\n    serve: on\n", "if"),
        "rules:\n  - if: {a: 1}   # who\n    rollout: 50%\n    # what\n    serve: on\n"
    );
    assert_eq!(
        add("rules:\n- if:\n    a: [1,\n      2]\n  serve: on", "serve"),
        "rules:\n- if:\n    a: [1,\n      2]\n  serve: on\n  rollout: 50%"
    );
    assert_eq!(add("rules:\r\n- serve: on", "serve"), "rules:\r\n- serve: on\r\n  rollout: 50%");
    assert_eq!(
        add("rules:\n-\n  name: |\n    two\n    lines\n\n  serve: on\n", "name"),
        "rules:\n-\n  name: |\n    two\n    lines\n  rollout: 50%\n\n  serve: on\n"
    );
}

#[test]
fn a_key_is_added_after_a_comma_in_flow_style() {
    let add = |text: &str, after| insert(text, &RULE, after, "rollout", Scalar::Text("50%")).unwrap();
    assert_eq!(add("rules: [{if: {a: 1}, serve: on}]", "if"), "rules: [{if: {a: 1}, rollout: 50%, serve: on}]");
    assert_eq!(add("rules:\n  - { serve: on } # x\n", "serve"), "rules:\n  - { serve: on, rollout: 50% } # x\n");
    assert_eq!(add("rules: [{serve: on,}]", "serve"), "rules: [{serve: on, rollout: 50%,}]");
}

#[test]
fn a_key_is_not_added_twice_or_after_a_missing_key() {
    let add = |text: &str| insert(text, &RULE, "serve", "rollout", Scalar::Text("50%")).unwrap_err().to_string();
    assert_eq!(add("rules: [{serve: on, rollout: 5%}]"), "`rules[0].rollout` is in the file already");
    assert_eq!(add("rules: [{name: on}]"), "`rules[0].serve` is not in the file");
    assert_eq!(add("rules: [on]"), "`rules[0].serve` is not in the file");
}

#[test]
fn a_key_is_removed_with_its_lines() {
    let cut = |text: &str| remove(text, &RULE, "rollout").unwrap();
    assert_eq!(
        cut("rules:\n- name: a\n  rollout: 5% # few\n  # all\n  serve: on\n"),
        "rules:\n- name: a\n  # all\n  serve: on\n"
    );
    assert_eq!(cut("rules:\r\n- name: a\r\n  rollout: 5%"), "rules:\r\n- name: a");
    assert_eq!(cut("rules:\n- rollout: 5%\n  serve: on\n"), "rules:\n- serve: on\n");
    assert_eq!(cut("rules:\n- {name: a, rollout: 5%, serve: on}\n"), "rules:\n- {name: a, serve: on}\n");
    assert_eq!(cut("rules:\n- {name: a, rollout: 5% }\n"), "rules:\n- {name: a }\n");
    assert_eq!(cut("rules: [{rollout: 5%}]"), "rules: [{}]");
}

#[test]
fn a_key_is_not_removed_if_a_comment_would_be_lost() {
    let cut = |text: &str| remove(text, &RULE, "rollout").unwrap_err();
    let unproven = Refusal::Unproven("rules[0].rollout".to_owned());
    assert_eq!(cut("rules:\n- rollout: 5% # few\n  serve: on\n"), unproven);
    assert_eq!(cut("rules: [{rollout: 5%, # few\n serve: on}]"), unproven);
    assert_eq!(cut("rules:\n- rollout: 5%\n"), unproven);
    assert_eq!(cut("rules:\n- name: a\n  rollout: &x 5%\n  serve: *x"), unproven);
    assert_eq!(cut("rules: [{name: 5%}]"), Refusal::Missing("rules[0].rollout".to_owned()));
}

/// A value and its YAML text.
#[derive(Debug, Clone)]
enum Tree {
    Plain(String),
    Single(String),
    Double(String),
    Block { folded: bool, lines: Vec<String> },
    Nothing,
    Anchored(Box<Tree>),
    Alias(usize),
    Map { flow: bool, step: usize, entries: Vec<(String, Tree, Option<String>)> },
    List { flow: bool, step: usize, items: Vec<Tree> },
}

fn word() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9 ]{0,6}[a-z0-9%]"
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        4 => word().prop_map(Tree::Plain),
        1 => Just(Tree::Plain("true".to_owned())),
        1 => Just(Tree::Plain("12".to_owned())),
        1 => "[ -~é€]{0,8}".prop_map(Tree::Single),
        1 => "[ -~é€]{0,8}".prop_map(Tree::Double),
        1 => (any::<bool>(), vec(word(), 1..3)).prop_map(|(folded, lines)| Tree::Block { folded, lines }),
        1 => Just(Tree::Nothing),
        1 => (0usize..8).prop_map(Tree::Alias),
        1 => word().prop_map(|text| Tree::Anchored(Box::new(Tree::Plain(text)))),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        let entry = (word(), inner.clone(), proptest::option::of("[ -~]{0,8}"));
        let map = (any::<bool>(), 1usize..5, vec(entry, 1..4));
        let list = (any::<bool>(), 0usize..4, vec(inner, 1..4));
        let map = map.prop_map(|(flow, step, entries)| Tree::Map { flow, step, entries }).boxed();
        let list = list.prop_map(|(flow, step, items)| Tree::List { flow, step, items }).boxed();
        let anchored = |tree| Tree::Anchored(Box::new(tree));
        prop_oneof![4 => map.clone(), 3 => list.clone(), 1 => map.prop_map(anchored), 1 => list.prop_map(anchored)]
    })
}

/// Writes a tree as YAML.
#[derive(Default)]
struct Writer {
    text: String,
    /// Anchors whose values are complete.
    anchors: Vec<String>,
    begun: usize,
}

impl Writer {
    /// Writes the rest of a line after `key:` or `-`.
    fn value(&mut self, tree: &Tree, indent: usize, comment: Option<&str>) {
        let comment = comment.map_or(String::new(), |comment| format!("  # {comment}"));
        match tree {
            Tree::Anchored(inner) if !matches!(**inner, Tree::Anchored(_) | Tree::Alias(_)) => {
                self.begun += 1;
                let name = format!("n{}", self.begun);
                self.text.push_str(&format!(" &{name}"));
                self.value(inner, indent, None);
                self.anchors.push(name);
            }
            Tree::Anchored(inner) => self.value(inner, indent, None),
            Tree::Block { folded, lines } => {
                self.text.push_str(if *folded { " >-" } else { " |" });
                self.text.push_str(&comment);
                for line in lines {
                    self.text.push_str(&format!("\n{}{line}", " ".repeat(indent + 2)));
                }
                self.text.push('\n');
            }
            Tree::Map { flow: false, step, entries } => {
                self.text.push_str(&comment);
                self.text.push('\n');
                self.map(entries, indent + step);
            }
            Tree::List { flow: false, step, items } => {
                self.text.push_str(&comment);
                self.text.push('\n');
                for item in items {
                    self.text.push_str(&format!("{}-", " ".repeat(indent + step)));
                    self.value(item, indent + step, None);
                }
            }
            _ => {
                self.text.push(' ');
                self.flow(tree);
                self.text.push_str(&comment);
                self.text.push('\n');
            }
        }
    }

    fn map(&mut self, entries: &[(String, Tree, Option<String>)], indent: usize) {
        for (at, (key, value, comment)) in entries.iter().enumerate() {
            if let Some(comment) = comment.as_ref().filter(|comment| comment.len() > 4) {
                self.text.push_str(&format!("{}# {comment}\n", " ".repeat(indent)));
            }
            self.text.push_str(&format!("{}{key} {at}:", " ".repeat(indent)));
            self.value(value, indent, comment.as_deref());
        }
    }

    fn flow(&mut self, tree: &Tree) {
        match tree {
            Tree::Plain(text) => self.text.push_str(text),
            Tree::Single(text) => self.text.push_str(&format!("'{}'", text.replace('\'', "''"))),
            Tree::Double(text) => {
                self.text.push_str(&format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")));
            }
            Tree::Block { lines, .. } => self.text.push_str(&format!("'{}'", lines.join(" "))),
            Tree::Nothing => {}
            Tree::Anchored(inner) => self.flow(inner),
            Tree::Alias(which) => match self.anchors.len() {
                0 => self.text.push_str("unaliased"),
                known => self.text.push_str(&format!("*{}", self.anchors[which % known])),
            },
            Tree::Map { step, entries, .. } => {
                self.text.push('{');
                for (at, (key, value, _)) in entries.iter().enumerate() {
                    self.text.push_str(&format!("{}{key} {at}: ", if at > 0 { ", " } else { "" }));
                    self.flow(value);
                }
                self.text.push_str(&" ".repeat(*step));
                self.text.push('}');
            }
            Tree::List { items, .. } => {
                self.text.push('[');
                for (at, item) in items.iter().enumerate() {
                    self.text.push_str(if at > 0 { " , " } else { "" });
                    match item {
                        Tree::Nothing => self.text.push('~'),
                        item => self.flow(item),
                    }
                }
                self.text.push(']');
            }
        }
    }
}

/// Collects all values of a file.
fn places(value: &Value) -> Vec<Vec<Place>> {
    let mut found = vec![Vec::new()];
    let mut below = |place: Place, child: &Value| {
        for mut path in places(child) {
            path.insert(0, place.clone());
            found.push(path);
        }
    };
    match value {
        Value::Sequence(items) => {
            items.iter().enumerate().for_each(|(at, item)| below(Place::Index(at), item));
        }
        Value::Mapping(entries) => {
            entries.iter().for_each(|(key, value)| below(Place::Key(key.as_str().unwrap().to_owned()), value));
        }
        _ => {}
    }
    found
}

#[derive(Debug, Clone, PartialEq)]
enum Place {
    Key(String),
    Index(usize),
}

fn at<'v>(value: &'v mut Value, path: &[Place]) -> &'v mut Value {
    path.iter().fold(value, |value, place| match place {
        Place::Key(key) => value.get_mut(key.as_str()).unwrap(),
        Place::Index(index) => value.get_mut(*index).unwrap(),
    })
}

fn steps(path: &[Place]) -> Vec<Step<'_>> {
    let steps = path.iter().map(|place| match place {
        Place::Key(key) => Key(key),
        Place::Index(index) => Index(*index),
    });
    steps.collect()
}

/// Counts the bytes in the common prefix and in the common suffix of two texts.
fn common(one: &str, other: &str) -> usize {
    let same = |pairs: &mut dyn Iterator<Item = (u8, u8)>| pairs.take_while(|(a, b)| a == b).count();
    let start = same(&mut one.bytes().zip(other.bytes()));
    let rest = one.len().min(other.len()) - start;
    start + same(&mut one.bytes().rev().zip(other.bytes().rev())).min(rest)
}

#[derive(Debug, Clone)]
struct Written {
    text: String,
    crlf: bool,
}

fn file() -> impl Strategy<Value = Written> {
    let entries = vec((word(), tree(), proptest::option::of("[ -~]{0,8}")), 1..5);
    (entries, any::<bool>(), any::<bool>()).prop_map(|(entries, crlf, last_line_end)| {
        let mut writer = Writer::default();
        writer.map(&entries, 0);
        let mut text = writer.text;
        // Parsers disagree about a `|` block whose last line has no line break.
        if !last_line_end && !text.contains('|') {
            text.pop();
        }
        Written { text: if crlf { text.replace('\n', "\r\n") } else { text }, crlf }
    })
}

proptest! {
    #[test]
    fn an_edit_changes_only_the_intended_value_and_bytes(
        file in file(),
        pick in any::<prop::sample::Index>(),
        new in prop_oneof![3 => "[a-z0-9%]{1,6}", 1 => "[ -~é€\n]{0,8}"],
        boolean in proptest::option::weighted(0.2, any::<bool>()),
    ) {
        let mut before: Value = serde_yaml::from_str(&file.text).unwrap();
        let places = places(&before);
        let path = pick.get(&places);
        let (scalar, value) = match boolean {
            Some(boolean) => (Scalar::Boolean(boolean), Value::from(boolean)),
            None => (Scalar::Text(&new), Value::from(new.as_str())),
        };
        let old = at(&mut before, path).clone();
        match set(&file.text, &steps(path), scalar) {
            Ok(text) => {
                *at(&mut before, path) = value;
                prop_assert_eq!(serde_yaml::from_str::<Value>(&text).unwrap(), before);
                // All bytes outside the value must be the same. Quotes and escapes are parts of the value.
                let of_the_value = old.as_str().map_or(6, |old| 2 * old.len() + 2);
                prop_assert!(file.text.len() - common(&file.text, &text) <= of_the_value, "{:?}", text);
                prop_assert_eq!(text.contains("\r\n"), file.crlf && text.contains('\n'));
            }
            Err(Refusal::Collection { .. }) => prop_assert!(old.is_mapping() || old.is_sequence()),
            Err(Refusal::Shared { .. }) => prop_assert!(file.text.contains('*')),
            Err(Refusal::Block(_)) => prop_assert!(file.text.contains(['|', '>'])),
            Err(Refusal::Unproven(_)) => prop_assert!(old.is_null(), "{:?}", path),
            Err(other) => prop_assert!(false, "{}", other),
        }
    }

    #[test]
    fn adding_and_removing_a_key_restores_the_file(file in file(), pick in any::<prop::sample::Index>()) {
        let mut before: Value = serde_yaml::from_str(&file.text).unwrap();
        let pairs: Vec<_> = places(&before).into_iter().filter(|path| matches!(path.last(), Some(Place::Key(_)))).collect();
        let path = pick.get(&pairs);
        let (last, mapping) = path.split_last().unwrap();
        let Place::Key(after) = last else { unreachable!("only keys were kept") };
        if let Ok(text) = insert(&file.text, &steps(mapping), after, "rollout", Scalar::Text("50%")) {
            let Value::Mapping(entries) = at(&mut before, mapping) else { unreachable!("it has a key") };
            entries.insert("rollout".into(), "50%".into());
            prop_assert_eq!(serde_yaml::from_str::<Value>(&text).unwrap(), before);
            prop_assert_eq!(common(&file.text, &text), file.text.len());
            prop_assert_eq!(remove(&text, &steps(mapping), "rollout").unwrap(), file.text);
        }
    }

    #[test]
    fn no_text_makes_an_edit_panic(text in "[a-c:{}\\[\\],&*|>'\"#\\-? \n\r\té]{0,24}", at in 0usize..3) {
        for path in [&[][..], &[Key("a")], &[Index(at)], &[Key("a"), Key("b")]] {
            let _ = set(&text, path, Scalar::Text("x"));
            let _ = insert(&text, path, "a", "d", Scalar::Text("x"));
            let _ = remove(&text, path, "a");
        }
    }
}
