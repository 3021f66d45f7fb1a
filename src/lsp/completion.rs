//! Completion: the keys, names and values that are possible at a position.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::codes::{Adjustable, Code};
use crate::lsp::cursor::{Cursor, Slot, Step};
use crate::lsp::places::Place;
use crate::lsp::position::Encoding;
use crate::model::{DefinitionKind, FLAGS, KILLS, LAYERS, Operator, SEGMENTS, TESTS};
use crate::schema;
use crate::schema::{NameKind, Names};
use crate::snapshot::PROJECT_FILE;

/// The beginning of a comment in which a lint code follows.
const ALLOW: &str = "flagctl: allow ";
/// Kinds of an item in the protocol.
const KEY: u8 = 10;
const VALUE: u8 = 12;
const NAME: u8 = 18;

/// Returns the kind of the definition in a file.
pub(super) fn kind(path: &str) -> Option<DefinitionKind> {
    Some(match path.split('/').next()? {
        PROJECT_FILE => DefinitionKind::Project,
        FLAGS => DefinitionKind::Flag,
        SEGMENTS => DefinitionKind::Segment,
        LAYERS => DefinitionKind::Layer,
        KILLS => DefinitionKind::Kill,
        TESTS => DefinitionKind::Test,
        _ => return None,
    })
}

/// Items by their labels: the text after the label, the kind, and the description.
type Items = BTreeMap<String, (&'static str, u8, String)>;

/// Returns what can be written at an offset of a file.
pub(super) fn complete(path: &str, text: &str, offset: usize, names: Names<'_>, encoding: Encoding) -> Json {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or_default();
    let mut items = Items::new();
    let mut start = offset;
    if let Some((_, code)) = line.rsplit_once(ALLOW).filter(|(_, code)| !code.contains(' ')) {
        start = offset - code.len();
        let codes = Code::ALL.iter().filter(|code| code.adjustable() == Adjustable::Yes);
        items.extend(codes.map(|code| {
            (code.name().to_owned(), (" -- ", VALUE, code.page().lines().next().unwrap_or_default().to_owned()))
        }));
    } else if let Some(kind) = kind(path) {
        let cursor = Cursor::new(before);
        start = cursor.start.min(offset);
        let place = Place::find(schema::json(kind), &cursor.path);
        let own = Own { text, path, names };
        if cursor.slot == Slot::KeyOrValue && cursor.path.last() != Some(&Step::Key(String::new())) {
            keys(&place, &cursor, own, &mut items);
        }
        values(&place, own, &mut items);
    }
    let replaced = encoding.range(text, start, offset);
    let items = items.into_iter().map(|(label, (after, kind, description))| {
        let new = format!("{}{after}", quoted(&label));
        json!({
            "label": label,
            "kind": kind,
            "documentation": description,
            "textEdit": {"range": replaced, "newText": new},
        })
    });
    json!({"isIncomplete": false, "items": items.collect::<Vec<_>>()})
}

/// The file with the position, and the names of the repository.
#[derive(Clone, Copy)]
struct Own<'t> {
    text: &'t str,
    path: &'t str,
    names: Names<'t>,
}

impl Own<'_> {
    fn of_kind(self, kind: NameKind, place: &Place<'_>) -> Vec<(String, String)> {
        let plain = |names: Vec<String>| names.into_iter().map(|name| (name, String::new())).collect();
        match kind {
            NameKind::Variant => plain(written_keys(self.text, "variants")),
            NameKind::Context => plain(written_keys(self.text, "contexts")),
            NameKind::VariantOfFlag => {
                let variants = place.flag.as_deref().and_then(|flag| self.names.variants_of(flag));
                plain(variants.unwrap_or_default().into_iter().map(str::to_owned).collect())
            }
            kind => self.names.of_kind(kind).into_iter().map(|name| (name.text, name.description)).collect(),
        }
    }
}

fn keys(place: &Place<'_>, cursor: &Cursor, own: Own<'_>, items: &mut Items) {
    let written = siblings(own.text, cursor);
    let attribute = place.attribute.as_deref().filter(|_| place.is_comparison());
    let declared = attribute.and_then(|name| own.names.attributes().find(|declared| declared.name.value == name));
    for (key, description) in place.keys() {
        let operator = Operator::ALL.iter().find(|operator| operator.name() == key);
        let is_unfit = match (declared, operator) {
            (Some(declared), Some(operator)) => !operator.applies_to(declared.kind),
            _ => false,
        };
        if !is_unfit && !written.iter().any(|written| written == key) {
            items.insert(key.to_owned(), (": ", KEY, description.to_owned()));
        }
    }
    if let Some(kind) = place.key_names() {
        for (name, description) in own.of_kind(kind, place) {
            if !written.contains(&name) && !own.path.ends_with(&format!("/{name}.yaml")) {
                items.entry(name).or_insert((": ", NAME, description));
            }
        }
    }
}

fn values(place: &Place<'_>, own: Own<'_>, items: &mut Items) {
    if let Some(kind) = place.names {
        for (name, description) in own.of_kind(kind, place) {
            items.entry(name).or_insert(("", NAME, description));
        }
    }
    for value in place.values() {
        items.entry(value.to_owned()).or_insert(("", VALUE, String::new()));
    }
    let declared =
        place.attribute.as_deref().and_then(|name| own.names.attributes().find(|declared| declared.name.value == name));
    if let Some(declared) = declared.filter(|_| place.names.is_none()) {
        for value in declared.allowed.iter().flatten() {
            items.entry(value.value.clone()).or_insert(("", VALUE, String::new()));
        }
        if declared.kind == crate::bundle::Type::Boolean {
            items.entry("true".to_owned()).or_insert(("", VALUE, String::new()));
            items.entry("false".to_owned()).or_insert(("", VALUE, String::new()));
        }
    }
}

/// Returns the keys of a mapping at the top level of a text, in either style.
fn written_keys(text: &str, mapping: &str) -> Vec<String> {
    let mut found = Vec::new();
    let wanted = Step::Key(mapping.to_owned());
    let ends = text.char_indices().filter(|(_, char)| *char == ':').map(|(offset, _)| offset + 1);
    for end in ends.take(10_000) {
        let Some(before) = text.get(..end) else { continue };
        let line = before.rsplit('\n').next().unwrap_or_default();
        // Only lines of the mapping matter, and most keys of a file are elsewhere.
        let from = text.find(mapping).unwrap_or(0);
        let cursor = Cursor::new(before.get(from..).unwrap_or(line));
        if let [first, Step::Key(key)] = cursor.path.as_slice()
            && *first == wanted
            && !found.contains(key)
        {
            found.push(key.clone());
        }
        if found.len() > 100 || (!found.is_empty() && cursor.path.first() != Some(&wanted)) {
            break;
        }
    }
    found
}

/// Returns the keys that the mapping at a cursor has already.
fn siblings(text: &str, cursor: &Cursor) -> Vec<String> {
    if !cursor.path.is_empty() || cursor.is_flow {
        return Vec::new();
    }
    let key = |line: &str| line.split_once(':').map(|(key, _)| key.to_owned());
    text.lines().filter(|line| !line.starts_with([' ', '-', '#'])).filter_map(key).collect()
}

/// Returns a name as YAML writes it.
fn quoted(name: &str) -> String {
    let is_plain = |char: char| char.is_alphanumeric() || "._-/%+$<> ".contains(char);
    let is_text = name.chars().all(is_plain) && name.parse::<f64>().is_err() && name.starts_with(char::is_alphanumeric);
    if is_text { name.to_owned() } else { format!("'{}'", name.replace('\'', "''")) }
}
