//! The changes of flags in a page: a list of all, each in detail, and the definitions that cause them, side by side.

use std::collections::BTreeSet;

use crate::diff::ComparedDefinitions;
use crate::report::diff::html::change::{badges, change};
use crate::report::diff::html::changed_files::ChangedFiles;
use crate::report::diff::html::markup::Html;
use crate::report::diff::html::side_by_side::FileView;
use crate::report::diff::json::{AnswerJson, FlagChangeJson, FlagDiffJson};
use crate::report::text::counted;

/// The changes between two versions.
pub(crate) struct Plan<'p> {
    pub(crate) flags: &'p [FlagDiffJson],
    /// The number of contexts of `--population`.
    pub(crate) population: Option<u64>,
    /// The definitions that the page compares line by line, or `None` for a page without them.
    pub(crate) definitions: Option<[&'p ComparedDefinitions; 2]>,
    /// The names of the two versions.
    pub(crate) names: [&'p str; 2],
    /// The arguments of `git diff` that shows the changes of definitions.
    pub(crate) revisions: &'p [String],
    /// What the titles of sections end with.
    pub(crate) scope: &'p str,
    /// The beginning of all ids, which are unique in the page.
    pub(crate) ids: &'static str,
}

impl Plan<'_> {
    /// Adds a list of all changes with links to them.
    pub(crate) fn overview(&self, html: &mut Html) {
        if self.changes().count() < 2 {
            return;
        }
        html.element("nav", &[("class", "overview"), ("aria-label", "changes")], |html| {
            html.element("ol", &[], |html| {
                for (number, (flag, change)) in self.changes().enumerate() {
                    html.element("li", &[], |html| {
                        html.element("span", &[("class", "badges")], |html| badges(html, change));
                        html.element("a", &[("href", &format!("#{}", self.id(number)))], |html| {
                            html.leaf("code", &[("class", "flag")], &flag.flag);
                        });
                        html.text(" ").leaf("span", &[("class", "where")], &change.shown_environments).text(" ");
                        html.leaf("span", &[("class", "extent")], &extent(change));
                    });
                }
            });
        });
    }

    /// Adds the changes, and the definitions that cause them.
    pub(crate) fn details(&self, html: &mut Html) {
        if self.flags.is_empty() {
            return;
        }
        let files = self.definitions.map(|definitions| ChangedFiles::new(self.flags, definitions, self.ids));
        let files = files.unwrap_or_default();
        html.element("section", &[("class", "changes"), ("aria-labelledby", &self.title("changes"))], |html| {
            html.leaf("h2", &[("id", &self.title("changes"))], &format!("Changes{}", self.scope));
            self.articles(html, &files);
        });
        let is_bundle = self.definitions.into_iter().flatten().any(ComparedDefinitions::is_bundle);
        if files.files.is_empty() && !is_bundle {
            return;
        }
        let causes = self.changes().flat_map(|(_, change)| &change.causes);
        let cited: BTreeSet<String> = causes.filter_map(|cause| files.address(cause)).collect();
        let view = FileView { names: self.names, revisions: self.revisions, cited: &cited, ids: self.ids };
        html.element("section", &[("class", "definitions"), ("aria-labelledby", &self.title("definitions"))], |html| {
            html.leaf("h2", &[("id", &self.title("definitions"))], &format!("Definitions{}", self.scope));
            if is_bundle {
                html.leaf("p", &[("class", "note")], "A bundle has no files, so their texts are not compared here.");
            }
            files.files.iter().for_each(|file| view.file(html, file));
        });
    }

    /// Adds the changes, without the definitions that cause them.
    #[cfg(feature = "serve")]
    pub(crate) fn changes_alone(&self, html: &mut Html) {
        self.articles(html, &ChangedFiles::default());
    }

    fn articles(&self, html: &mut Html, files: &ChangedFiles<'_>) {
        for (number, (flag, change)) in self.changes().enumerate() {
            self::change(html, &self.id(number), flag, change, self.population, files);
        }
    }

    /// Returns the changes that the page shows, each with its flag.
    fn changes(&self) -> impl Iterator<Item = (&FlagDiffJson, &FlagChangeJson)> {
        self.flags.iter().flat_map(|flag| flag.shown_changes().map(move |change| (flag, change)))
    }

    fn id(&self, number: usize) -> String {
        format!("{}change-{}", self.ids, number + 1)
    }

    fn title(&self, name: &str) -> String {
        format!("{}{name}", self.ids)
    }
}

/// Returns how far a change reaches: `10% of 1 group`, or `up to 20% of 2 groups`.
fn extent(change: &FlagChangeJson) -> String {
    match (change.answer, change.regions.as_slice()) {
        (AnswerJson::Unknown | AnswerJson::Invalid, _) => "unknown effect".to_owned(),
        (AnswerJson::Known, []) => "nobody".to_owned(),
        (AnswerJson::Known, [only]) => format!("{} of 1 group", only.moved.percent),
        (AnswerJson::Known, [first, others @ ..]) => {
            format!("up to {} of {}", first.moved.percent, counted(others.len() + 1, "group"))
        }
    }
}
