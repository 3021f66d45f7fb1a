//! Snippets: the frames of structures that people write often, which an editor inserts.

use serde_json::{Value as Json, json};

use crate::model::DefinitionKind;

/// Adds snippets to the schema of a kind of file. The keyword is that of yaml-language-server and VS Code.
pub(super) fn add(kind: DefinitionKind, schema: &mut Json) {
    let snippets = match kind {
        DefinitionKind::Flag => vec![
            ("", vec![boolean_flag()]),
            ("/properties/rules/items", vec![rule()]),
            ("/$defs/serve", vec![split()]),
            ("/$defs/condition", vec![any()]),
        ],
        DefinitionKind::Segment => vec![("/$defs/condition", vec![any()])],
        DefinitionKind::Test => vec![("/properties/cases/items", vec![case()])],
        DefinitionKind::Project | DefinitionKind::Layer | DefinitionKind::Kill => Vec::new(),
    };
    for (path, snippets) in snippets {
        if let Some(part) = schema.pointer_mut(path).and_then(Json::as_object_mut) {
            part.insert("defaultSnippets".to_owned(), Json::Array(snippets));
        }
    }
}

fn boolean_flag() -> Json {
    json!({
        "label": "a boolean flag",
        "description": "A flag that is on or off",
        "body": {
            "description": "$1",
            "owner": "$2",
            "expires": "$3",
            "variants": {"on": true, "off": false},
            "off": "off",
            "default": "off",
        },
    })
}

fn rule() -> Json {
    json!({
        "label": "a rule with a condition",
        "description": "Serves a variant to the contexts that satisfy a condition",
        "body": {"name": "$1", "if": {"$2": "$3"}, "serve": "$4"},
    })
}

fn split() -> Json {
    json!({
        "label": "a split",
        "description": "Shares of several variants",
        "body": {"on": "50%", "off": "50%"},
    })
}

fn any() -> Json {
    json!({
        "label": "one of several conditions",
        "description": "At least one condition holds",
        "body": {"any": [{"$1": "$2"}, {"$3": "$4"}]},
    })
}

fn case() -> Json {
    json!({
        "label": "a case",
        "description": "What a context gets",
        "body": {"context": {"$1": "$2"}, "expect": {"$3": "$4"}},
    })
}
