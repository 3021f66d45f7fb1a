//! A changed file: its two versions side by side, or one below the other in a narrow window.

use std::collections::BTreeSet;

use crate::report::diff::html::changed_files::ChangedFile;
use crate::report::diff::html::line_diff::{Block, BlockKind, emphasized};
use crate::report::diff::html::markup::{Attributes, Html};
use crate::report::escape::shell_word;
use crate::report::text::{counted, grouped, shortened};

/// The maximum number of characters of a line.
const LONGEST: usize = 1_000;
/// The maximum number of flags that a file names.
const FLAGS: usize = 5;
/// The attributes of lines that a screen reader leaves out.
const HIDDEN: Attributes<'static> = &[("aria-hidden", "true")];
/// The attributes of lines that a screen reader reads.
const SHOWN: Attributes<'static> = &[];

/// What surrounds the files of a plan.
pub(super) struct FileView<'v> {
    /// The names of the two versions.
    pub(super) names: [&'v str; 2],
    /// The arguments of `git diff` for the two versions.
    pub(super) revisions: &'v [String],
    /// The addresses of lines that causes refer to.
    pub(super) cited: &'v BTreeSet<String>,
    /// The beginning of all ids.
    pub(super) ids: &'static str,
}

impl FileView<'_> {
    /// Adds a file.
    pub(super) fn file(&self, html: &mut Html, file: &ChangedFile<'_>) {
        html.element("section", &[("class", "file"), ("id", &file.id)], |html| {
            html.element("h3", &[], |html| self.title(html, file));
            self.flags(html, file);
            for fault in file.versions.iter().flatten().filter_map(|version| version.fault) {
                html.element("p", &[("class", "note")], |html| {
                    html.text("The text is not complete: the file ").text(&fault.to_string()).text(".");
                });
            }
            if !file.diff.blocks.is_empty() {
                self.blocks(html, file);
            }
            if file.diff.left_out > 0 {
                html.element("p", &[("class", "more")], |html| {
                    html.text(&counted(file.diff.left_out, "more line")).text(": ");
                    html.code(&self.command(file));
                });
            }
        });
    }

    fn title(&self, html: &mut Html, file: &ChangedFile<'_>) {
        match file.versions {
            [Some(before), Some(after)] if before.path != after.path => {
                html.code(&before.path).text(" → ").code(&after.path);
            }
            _ => {
                html.code(file.path());
            }
        }
        let [removed, added] = file.diff.changed.map(|number| grouped(number as u64));
        let state = match file.versions {
            [None, _] => "new file, ",
            [_, None] => "removed, ",
            _ => "",
        };
        html.text(" ").element("span", &[("class", "tally")], |html| {
            html.text(state).leaf("span", &[("class", "added")], &format!("+{added}")).text(" ");
            html.leaf("span", &[("class", "removed")], &format!("−{removed}"));
        });
    }

    /// Adds links to the changes that the file causes.
    fn flags(&self, html: &mut Html, file: &ChangedFile<'_>) {
        html.element("p", &[("class", "causes-of")], |html| {
            html.text("changes ");
            for (index, (flag, number)) in file.flags.iter().take(FLAGS).enumerate() {
                html.text(if index > 0 { ", " } else { "" });
                html.element("a", &[("href", &format!("#{}change-{}", self.ids, number + 1))], |html| {
                    html.code(flag);
                });
            }
            if file.flags.len() > FLAGS {
                html.text(&format!(" and {} more", grouped((file.flags.len() - FLAGS) as u64)));
            }
        });
    }

    fn blocks(&self, html: &mut Html, file: &ChangedFile<'_>) {
        let layout = if file.versions.iter().all(Option::is_some) { "lines" } else { "lines single" };
        html.element("div", &[("class", layout)], |html| {
            html.element("div", &[("class", "pair names")], |html| {
                let [before, after] = self.names.map(|name| shortened(name, 60));
                if file.versions[0].is_some() {
                    html.leaf("div", &[], &format!("before: {before}"));
                }
                if file.versions[1].is_some() {
                    html.leaf("div", &[], &format!("after: {after}"));
                }
            });
            for block in &file.diff.blocks {
                self.block(html, file, block);
            }
        });
    }

    fn block(&self, html: &mut Html, file: &ChangedFile<'_>, block: &Block) {
        let [before, after] = &block.lines;
        if block.kind == BlockKind::Omitted {
            let number = counted(after.len().max(before.len()), "line");
            html.leaf("div", &[("class", "gap")], &format!("{number} without a change"));
            return;
        }
        let mut rows = [Vec::new(), Vec::new()];
        for (side, (range, rows)) in block.lines.iter().zip(&mut rows).enumerate() {
            let lines = file.diff.lines.get(side).and_then(|lines| lines.get(range.clone())).unwrap_or_default();
            rows.extend(range.clone().zip(lines.iter().map(|line| vec![(false, *line)])));
        }
        let [old, new] = &mut rows;
        if block.kind == BlockKind::Changed && old.len() == new.len() {
            for ((_, old), (_, new)) in old.iter_mut().zip(new) {
                if let ([(_, before)], [(_, after)]) = (old.as_slice(), new.as_slice()) {
                    [*old, *new] = emphasized([before, after]);
                }
            }
        }
        let class = if block.kind == BlockKind::Same { "pair same" } else { "pair changed" };
        html.element("div", &[("class", class)], |html| {
            let sides = match block.kind {
                // A screen reader reads the lines once.
                BlockKind::Same => [("div", "old", "", HIDDEN), ("div", "new", "", SHOWN)],
                BlockKind::Changed | BlockKind::Omitted => [("del", "old", "−", SHOWN), ("ins", "new", "+", SHOWN)],
            };
            for (side, ((element, class, sign, hidden), rows)) in sides.into_iter().zip(&rows).enumerate() {
                if file.versions.get(side).is_some_and(Option::is_some) {
                    html.element(element, &[&[("class", class)], hidden].concat(), |html| {
                        for (index, parts) in rows {
                            self.line(html, file, (side, *index), sign, parts);
                        }
                    });
                }
            }
        });
    }

    fn line(
        &self,
        html: &mut Html,
        file: &ChangedFile<'_>,
        (side, index): (usize, usize),
        sign: &str,
        parts: &[(bool, &str)],
    ) {
        let id = file.line_id(side, index);
        let cited = [("class", "line"), ("id", id.as_str())];
        let attributes = if self.cited.contains(&format!("#{id}")) { &cited[..] } else { &cited[..1] };
        html.element("div", attributes, |html| {
            html.leaf("b", &[], &(index + 1).to_string());
            if !sign.is_empty() {
                html.leaf("i", &[], sign);
            }
            html.element("code", &[], |html| {
                for (emphasis, part) in parts {
                    let part = shortened(part, LONGEST);
                    if *emphasis {
                        html.leaf("mark", &[], &part)
                    } else {
                        html.text(&part)
                    };
                }
            });
        });
    }

    /// Returns the command that shows the difference.
    fn command(&self, file: &ChangedFile<'_>) -> String {
        let [before, after] = file.versions.map(|version| version.map(|file| shell_word(&file.path)));
        let mut paths: Vec<String> = [before, after].into_iter().flatten().collect();
        paths.dedup();
        format!("git diff {} -- {}", self.revisions.join(" "), paths.join(" "))
    }
}
