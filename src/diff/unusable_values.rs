//! The values in the contexts of a file that do not have the type of their attribute.
//!
//! Such a value is not a unit, and no condition except `exists` holds for it. A count of contexts that get another result is therefore
//! smaller than a reader expects, for example if an export has ids that are numbers. The same is true for attributes
//! that are misspelt.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::bundle::{Attribute, Bundle};
use crate::eval::{Context, ContextError, Value, json_type};

/// The maximum number of undeclared attributes that are reported by name.
const MAX_UNDECLARED: usize = 20;

/// The values in contexts that cannot be used.
#[derive(Debug, Default)]
pub struct UnusableValues {
    /// The unusable values, by the name of the attribute and the expected type in words.
    pub attributes: BTreeMap<(String, String), UnusableAttribute>,
    /// The attributes that neither version declares. At most `MAX_UNDECLARED` are recorded.
    pub undeclared: BTreeSet<String>,
}

/// The unusable values of one attribute.
#[derive(Debug, Clone)]
pub struct UnusableAttribute {
    /// The number of contexts with an unusable value.
    pub contexts: u64,
    /// The line of the first of these contexts. Line numbers start at one.
    pub line: u64,
    /// The type of the value in this line, in words.
    pub found: &'static str,
}

impl UnusableValues {
    /// Records the unusable values of a context, as both versions read it.
    ///
    /// # Errors
    /// Returns [`ContextError`] if the JSON is not a context.
    pub(super) fn note(&mut self, bundles: [&Bundle; 2], json: &Json, line: u64) -> Result<(), ContextError> {
        let mut noted: BTreeMap<(String, String), &'static str> = BTreeMap::new();
        let mut undeclared: Option<BTreeSet<String>> = None;
        for bundle in bundles {
            let parsed = Context::from_json(&bundle.attributes, json)?;
            for (id, attribute) in bundle.attributes.iter() {
                if let Value::Unusable(json) = parsed.context.value(id) {
                    noted.insert((attribute.name.to_string(), expected(attribute)), json_type(json));
                }
            }
            let names: BTreeSet<String> = parsed.undeclared.into_iter().collect();
            undeclared = Some(undeclared.map_or_else(|| names.clone(), |other| &other & &names));
        }
        for (key, found) in noted {
            self.add_attribute(key, UnusableAttribute { contexts: 1, line, found });
        }
        undeclared.into_iter().flatten().for_each(|name| self.add_undeclared(name));
        Ok(())
    }

    /// Adds the values of other contexts of the same file.
    pub(super) fn add(&mut self, more: Self) {
        more.attributes.into_iter().for_each(|(key, attribute)| self.add_attribute(key, attribute));
        more.undeclared.into_iter().for_each(|name| self.add_undeclared(name));
    }

    fn add_attribute(&mut self, key: (String, String), more: UnusableAttribute) {
        match self.attributes.get_mut(&key) {
            None => drop(self.attributes.insert(key, more)),
            Some(known) => {
                known.contexts += more.contexts;
                if more.line < known.line {
                    (known.line, known.found) = (more.line, more.found);
                }
            }
        }
    }

    fn add_undeclared(&mut self, name: String) {
        if self.undeclared.len() < MAX_UNDECLARED {
            self.undeclared.insert(name);
        }
    }
}

/// Returns the expected values of an attribute in words.
fn expected(attribute: &Attribute) -> String {
    match &attribute.allowed {
        Some(_) => "one of its allowed values".to_owned(),
        None => attribute.kind.described().to_owned(),
    }
}
