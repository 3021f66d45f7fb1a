//! The choice of the flags in the table: the query of the form, and the form itself.

use crate::bundle::{Flag, State};
use crate::report::diff::html::markup::Html;
use crate::report::flags::ServingState;
use crate::report::page::facts::{EnvironmentFacts, ServerFacts};
use crate::report::page::written_flags::WrittenFlag;

/// The maximum number of characters of the text to search for.
const LONGEST_TEXT: usize = 200;
/// The states that the form offers. They are those of `flagctl list --state`.
const STATES: [ServingState; 3] = [ServingState::Enabled, ServingState::Disabled, ServingState::Killed];

/// The flags that a table has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FlagFilter {
    /// A part of the key, the owner, a tag or the description, or nothing.
    text: String,
    /// The state in one of the shown environments.
    state: Option<ServingState>,
    /// The only environment, or none for all.
    environment: Option<String>,
    /// The index of the part of the table.
    page: usize,
}

impl FlagFilter {
    /// Reads the query of an address. What the form cannot send is ignored.
    pub fn new(query: &str) -> Self {
        let mut filter = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "q" => filter.text = value.trim().chars().take(LONGEST_TEXT).collect(),
                "state" => filter.state = STATES.into_iter().find(|state| state.name() == value),
                "environment" => filter.environment = Some(value.into_owned()).filter(|name| !name.is_empty()),
                "page" => filter.page = value.parse::<usize>().unwrap_or(1).saturating_sub(1),
                _ => {}
            }
        }
        filter
    }

    /// Returns the index of the part of the table.
    pub(super) fn page(&self) -> usize {
        self.page
    }

    /// Returns whether the filter selects all flags.
    pub(super) fn selects_all(&self) -> bool {
        self.text.is_empty() && self.state.is_none() && self.environment.is_none()
    }

    /// Returns the address of a part of the table, by its index.
    pub(super) fn address(&self, page: usize) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let state = self.state.map_or("", ServingState::name);
        let environment = self.environment.as_deref().unwrap_or_default();
        for (name, value) in [("q", self.text.as_str()), ("state", state), ("environment", environment)] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        if page > 0 {
            query.append_pair("page", &(page + 1).to_string());
        }
        let query = query.finish();
        if query.is_empty() { "/#flags".to_owned() } else { format!("/?{query}#flags") }
    }

    /// Returns the address of all killed flags.
    pub(super) fn killed() -> String {
        Self { state: Some(ServingState::Killed), ..Self::default() }.address(0)
    }

    /// Returns whether the table shows an environment.
    pub(super) fn shows(&self, environment: &EnvironmentFacts<'_>) -> bool {
        self.environment.as_ref().is_none_or(|name| environment.name == name)
    }

    /// Returns whether a flag with this key and this definition has the text.
    pub(super) fn has_text(&self, key: &str, written: Option<&WrittenFlag>) -> bool {
        let wanted = self.text.to_lowercase();
        let contains = |text: &str| text.to_lowercase().contains(&wanted);
        let written = written.is_some_and(|written| {
            let texts = [&written.owner, &written.description].into_iter().flatten().chain(&written.tags);
            texts.into_iter().any(|text| contains(text))
        });
        wanted.is_empty() || contains(key) || written
    }

    /// Returns whether a flag is in the wanted state.
    pub(super) fn has_state(&self, flag: &Flag) -> bool {
        let state = match flag.state {
            State::Enabled => ServingState::Enabled,
            State::Disabled => ServingState::Disabled,
            State::Killed { .. } => ServingState::Killed,
        };
        self.state.is_none_or(|wanted| wanted == state)
    }

    /// Adds the form.
    pub(super) fn form(&self, html: &mut Html, server: &ServerFacts<'_>) {
        let attributes = [("class", "filter"), ("method", "get"), ("action", "/#flags"), ("role", "search")];
        html.element("form", &attributes, |html| {
            html.element("label", &[], |html| {
                html.leaf("span", &[], "Text");
                html.empty("input", &[("type", "search"), ("name", "q"), ("value", &self.text), ("maxlength", "200")]);
            });
            let states = STATES.map(|state| (state.name(), Some(state) == self.state));
            select(html, "State", "state", "any", states.into_iter());
            if server.environments.len() > 1 {
                let names = server.environments.iter().map(|environment| environment.name);
                let names = names.map(|name| (name, self.environment.as_deref() == Some(name)));
                select(html, "Environment", "environment", "all", names);
            }
            html.leaf("button", &[("type", "submit")], "Filter");
            if !self.selects_all() {
                html.leaf("a", &[("href", "/#flags")], "Show all");
            }
        });
    }
}

/// Adds a choice. `none` is the text for no choice.
fn select<'o>(html: &mut Html, title: &str, name: &str, none: &str, options: impl Iterator<Item = (&'o str, bool)>) {
    html.element("label", &[], |html| {
        html.leaf("span", &[], title).element("select", &[("name", name)], |html| {
            html.leaf("option", &[("value", "")], none);
            for (value, is_selected) in options {
                let attributes = [("value", value), ("selected", "selected")];
                html.leaf("option", if is_selected { &attributes } else { &attributes[..1] }, value);
            }
        });
    });
}

#[cfg(test)]
mod tests {
    use super::FlagFilter;

    #[test]
    fn an_address_has_the_filter_that_it_was_made_from() {
        for query in ["q=a%26b+c%3D&state=killed&environment=eu%2F1&page=3", "state=enabled", "page=2", ""] {
            let filter = FlagFilter::new(query);
            let address = filter.address(filter.page());
            let (_, rest) = address.split_once('/').unwrap();
            assert_eq!(rest.trim_start_matches('?').trim_end_matches("#flags"), query);
        }
    }

    #[test]
    fn what_the_form_cannot_send_is_ignored() {
        let filter = FlagFilter::new("state=invalid&page=0&environment=&q=+&x=y&%FF");
        assert_eq!(filter, FlagFilter::default());
        assert_eq!(FlagFilter::new("page=99999999999999999999").page(), 0);
        assert_eq!(FlagFilter::new(&format!("q={}", "a".repeat(1000))).text.len(), 200);
    }
}
