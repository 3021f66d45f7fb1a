//! Histories that `git fast-import` reads: thousands of commits in one process.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The mode and the text of each file.
pub(crate) type Files = BTreeMap<String, (&'static str, String)>;

/// A history as a stream for `git fast-import`.
#[derive(Default)]
pub(crate) struct History {
    pub(crate) stream: String,
    marks: usize,
}

impl History {
    /// Adds a commit of these files to a branch, and returns its mark.
    pub(crate) fn commit(&mut self, branch: &str, parents: &[usize], files: &Files) -> usize {
        self.marks += 1;
        let stream = &mut self.stream;
        // The date decides which of several merge bases git takes first.
        let date = 1_793_491_200 + self.marks;
        writeln!(stream, "commit refs/heads/{branch}\nmark :{}\ncommitter D <d@example.com> {date} +0000", self.marks)
            .unwrap();
        stream.push_str("data 0\n");
        for (at, parent) in parents.iter().enumerate() {
            writeln!(stream, "{} :{parent}", if at == 0 { "from" } else { "merge" }).unwrap();
        }
        stream.push_str("deleteall\n");
        for (path, (mode, text)) in files {
            writeln!(stream, "M {mode} inline {path}\ndata {}\n{text}", text.len()).unwrap();
        }
        self.marks
    }
}
