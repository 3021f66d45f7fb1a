//! The difference of two texts in the unified format of `diff -u` and git.

use similar::{Algorithm, DiffTag, capture_diff_slices, group_diff_ops};

use crate::report::{Lines, Role, StyledText};

/// The number of unchanged lines around a change.
const CONTEXT: usize = 3;

/// Adds the difference of two texts of a file. `path` is the path from git's root.
pub fn add_unified_diff(lines: &mut Lines, path: &str, before: &str, after: &str) {
    add_file_diff(lines, [Some(path), Some(path)], before, after);
}

/// Adds the difference of two texts of a file that may move or be removed. A side on which the file does not exist has no path.
pub fn add_file_diff(lines: &mut Lines, [old_path, new_path]: [Option<&str>; 2], before: &str, after: &str) {
    let path = |folder: &str, path: Option<&str>| match path {
        Some(path) => format!("{folder}/{path}"),
        None => "/dev/null".to_owned(),
    };
    let [old, new] = [before, after].map(|text| text.split_inclusive('\n').collect::<Vec<_>>());
    lines.add(StyledText::new(Role::Name, format!("--- {}", path("a", old_path))));
    lines.add(StyledText::new(Role::Name, format!("+++ {}", path("b", new_path))));
    for group in group_diff_ops(capture_diff_slices(Algorithm::Myers, &old, &new), CONTEXT) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let header = |start: usize, end: usize| match end - start {
            1 => format!("{}", start + 1),
            0 => format!("{start},0"),
            length => format!("{},{length}", start + 1),
        };
        let old_range = header(first.old_range().start, last.old_range().end);
        let new_range = header(first.new_range().start, last.new_range().end);
        lines.add(StyledText::new(Role::Minor, format!("@@ -{old_range} +{new_range} @@")));
        for operation in group {
            let of = |all: &[&str], range: std::ops::Range<usize>| {
                all.get(range).unwrap_or_default().iter().map(|line| (*line).to_owned()).collect::<Vec<_>>()
            };
            let removed = of(&old, operation.old_range());
            if operation.tag() == DiffTag::Equal {
                add(lines, None, " ", &removed);
            } else {
                add(lines, Some(Role::Bad), "-", &removed);
                add(lines, Some(Role::Good), "+", &of(&new, operation.new_range()));
            }
        }
    }
}

fn add(lines: &mut Lines, role: Option<Role>, mark: &str, all: &[String]) {
    for line in all {
        let text = line.strip_suffix('\n').unwrap_or(line);
        lines.add(StyledText::default().with(role, format!("{mark}{text}")));
        if text.len() == line.len() {
            lines.add("\\ No newline at end of file");
        }
    }
}
