//! The report on a dark launch as one page without scripts.

use crate::report::Printable;
use crate::report::diff::html::document::document;
use crate::report::diff::html::markup::Html;
use crate::report::shadow::json::{EntryJson, ShadowReportJson};
use crate::report::shadow::rows;

/// Returns a report as a page.
pub fn page(report: &ShadowReportJson) -> Printable {
    let title = format!("Dark launch of {} in {}: {}", report.flag, report.environment, report.verdict);
    document(&title, |html| {
        html.element("main", &[], |html| {
            html.leaf("h1", &[], &title);
            html.element("p", &[], |html| {
                html.text("The candidate is ").code(&report.candidate).text(".");
            });
            html.element("ul", &[], |html| {
                for reason in &report.reasons {
                    html.leaf("li", &[], rows::reason(reason));
                }
            });
            html.element("dl", &[], |html| {
                for (name, value) in rows::facts(report) {
                    html.leaf("dt", &[], name).leaf("dd", &[], &value);
                }
            });
            if let Some(commit) = &report.commit {
                html.element("p", &[], |html| {
                    html.text("The definition is that of commit ").code(commit).text(".");
                });
            }
            if let Some([first, last]) = &report.period {
                html.leaf("p", &[], &format!("The pairs are from {first} to {last}."));
            }
            for row in rows::rows(report) {
                html.leaf("p", &[], &row);
            }
            table(html, "Where answers differ", "path", &report.by_path);
            table(html, "Where the control differs from itself", "path", &report.noise_by_path);
            table(html, "Attributes with mismatches", "attribute", &report.by_attribute);
        });
    })
}

fn table(html: &mut Html, title: &str, column: &str, entries: &[EntryJson]) {
    if entries.is_empty() {
        return;
    }
    html.leaf("h2", &[], title);
    html.element("table", &[], |html| {
        html.element("thead", &[], |html| {
            html.element("tr", &[], |html| {
                for name in [column, "mismatches", "of pairs", "example"] {
                    html.leaf("th", &[], name);
                }
            });
        });
        html.element("tbody", &[], |html| {
            for EntryJson { name, pairs, mismatches, example } in entries {
                html.element("tr", &[], |html| {
                    html.element("td", &[], |html| {
                        html.code(name);
                    });
                    html.leaf("td", &[], &mismatches.to_string()).leaf("td", &[], &pairs.to_string());
                    html.element("td", &[], |html| {
                        html.code(example.as_deref().unwrap_or_default());
                    });
                });
            }
        });
    });
}
