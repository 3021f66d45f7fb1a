//! The commits that changed a flag, as a list for a page.

use jiff::Timestamp;

use crate::git::short_id;
use crate::report::diff::html::markup::Html;
use crate::report::history::commit::CommitJson;
use crate::report::text::shortened;

/// The maximum number of changes of one commit.
const CHANGES: usize = 50;
/// The maximum number of characters of a text.
const LONGEST: usize = 500;

/// Adds the commits that changed a flag in one environment, from the newest to the oldest.
pub(crate) fn commits(html: &mut Html, commits: &[CommitJson]) {
    html.element("ol", &[("class", "commits")], |html| {
        for commit in commits {
            html.element("li", &[], |html| self::commit(html, commit));
        }
    });
}

fn commit(html: &mut Html, commit: &CommitJson) {
    html.element("ul", &[], |html| {
        for change in commit.changes.iter().take(CHANGES) {
            html.element("li", &[], |html| {
                html.styled(&change.summary);
            });
        }
        if commit.changes.len() > CHANGES {
            html.leaf("li", &[], &format!("and {} more changes", commit.changes.len() - CHANGES));
        }
    });
    html.element("p", &[("class", "minor")], |html| {
        match commit.at.parse::<Timestamp>() {
            Ok(at) => {
                html.element("time", &[("datetime", &commit.at)], |html| {
                    html.text(&at.strftime("%Y-%m-%d %H:%M UTC").to_string());
                });
            }
            Err(_) => {
                html.text(&commit.at);
            }
        }
        html.text(" ").code(short_id(&commit.commit));
        html.text(&format!(" {}: {}", shortened(&commit.author, LONGEST), shortened(&commit.subject, LONGEST)));
    });
    if let Some(command) = commit.command() {
        html.leaf("p", &[("class", "minor")], &shortened(&command, LONGEST));
    }
}
