//! One change to a YAML file's text, with everything else left as it is.
//!
//! Takes the text, a path to a value and what to do there; gives the new text. Bytes outside the change are
//! copied: comments, order, indentation, quotes, line ends, a missing line end after the last line.
//!
//! **Invariant:** whatever is given back was proven: it is parsed again, and the two trees differ in exactly the
//! value that was to change. Layouts that the few rules here do not foresee are refused, never guessed.

mod lines;
mod prove;
mod scalar;

use std::fmt;
use std::ops::Range;

use crate::edit::lines::{column, is_block, line_break, line_end, line_start, whole_lines};

use crate::snapshot::{File, FileId};
use crate::yaml;
use crate::yaml::{Completeness, Entry, Node, Value};

/// The way from one value to another inside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'p> {
    /// To the value of a mapping's key.
    Key(&'p str),
    /// To an item of a list, from zero.
    Index(usize),
}

/// What to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scalar<'v> {
    /// A text; quoted where it would otherwise be read as something else.
    Text(&'v str),
    /// `true` or `false`
    Boolean(bool),
}

/// Why a text was left as it is, and what to do instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Half a tree cannot prove anything.
    #[error("the file has problems that come first: run `flagctl validate`, and try again when it is correct")]
    Unreadable,
    /// Nothing is at that path.
    #[error("there is no `{0}` in the file")]
    Missing(String),
    /// The key to be added is taken.
    #[error("there is a `{0}` in the file already")]
    Present(String),
    /// Only a scalar can be set.
    #[error("`{path}` is {found}, not a single value: change it by hand")]
    Collection {
        /// The value's path.
        path: String,
        /// What it is.
        found: &'static str,
    },
    /// A block's lines have a layout of their own.
    #[error("`{0}` is written as a block of lines, after `|` or `>`: change it by hand")]
    Block(String),
    /// An anchor makes two values of one text.
    #[error("`{path}` and `{other}` are one value, by an anchor and an alias: write it out in both places first")]
    Shared {
        /// The value's path.
        path: String,
        /// Where else it is used.
        other: String,
    },
    /// The result would not be what was asked for.
    #[error("`{0}` cannot be changed without changing more than that, as the file is laid out: change it by hand")]
    Unproven(String),
}

/// Replaces a scalar by another one.
///
/// Plain stays plain where the new value may, quoted keeps its quotes.
///
/// ```
/// use flagctl::edit::{Scalar, Step, set};
///
/// let text = "rules:\n  - {rollout: '5%', serve: on}   # careful\n";
/// let path = [Step::Key("rules"), Step::Index(0), Step::Key("rollout")];
/// let expected = "rules:\n  - {rollout: '25%', serve: on}   # careful\n";
/// assert_eq!(set(text, &path, Scalar::Text("25%")).unwrap(), expected);
/// ```
///
/// # Errors
/// A [`Refusal`] where that cannot be done, or not be proven.
pub fn set(text: &str, path: &[Step], value: Scalar) -> Result<String, Refusal> {
    let root = read(text)?;
    let found = find(&root, path)?;
    if matches!(found.value, Value::List(_) | Value::Map(_)) {
        return Err(Refusal::Collection { path: show(path), found: found.type_name() });
    }
    let new = scalar::value(value);
    if prove::alike(&found.value, &new) {
        return Ok(text.to_owned());
    }
    if let Some(other) = prove::other(&root, path, found) {
        return Err(Refusal::Shared { path: show(path), other });
    }
    let span = range(found);
    let old = text.get(span.clone()).unwrap_or_default();
    if is_block(text, span.start) {
        return Err(Refusal::Block(show(path)));
    }
    let written = scalar::write(value, old);
    let result = if span.is_empty() {
        // The parser puts a value left out at the next token.
        let colon = place_of_nothing(text, &root, path).ok_or_else(|| Refusal::Unproven(show(path)))?;
        splice(text, colon..colon, &format!(" {written}"))
    } else {
        splice(text, span, &written)
    };
    let mut expected = root;
    if let Some(node) = at_mut(&mut expected, path) {
        node.value = new;
    }
    proven(result, &expected, path)
}

/// Adds a key to a mapping, after a key that it has.
///
/// In block style it gets the next line, in flow style it is put behind a comma.
///
/// # Errors
/// A [`Refusal`] where that cannot be done, or not be proven.
pub fn insert(text: &str, mapping: &[Step], after: &str, key: &str, value: Scalar) -> Result<String, Refusal> {
    let root = read(text)?;
    let found = find(&root, mapping)?;
    let path = below(mapping, key);
    if found.entry(key).is_some() {
        return Err(Refusal::Present(show(&path)));
    }
    let at = found.entries().iter().position(|entry| entry.key == after);
    let (Some(at), Some(first)) = (at, found.entries().first()) else {
        return Err(Refusal::Missing(show(&below(mapping, after))));
    };
    if let Some(other) = prove::other(&root, mapping, found) {
        return Err(Refusal::Shared { path: show(mapping), other });
    }
    let pair = format!("{}: {}", scalar::write(Scalar::Text(key), ""), scalar::write(value, ""));
    let end = found.entries().get(at).map_or(0, entry_end);
    let result = if is_flow(text, found) {
        splice(text, end..end, &format!(", {pair}"))
    } else {
        let end = line_end(text, end);
        let column = column(text, first.key_span.start as usize);
        splice(text, end..end, &format!("{}{}{pair}", line_break(text, end), " ".repeat(column)))
    };
    let mut expected = root.clone();
    if let Some(Node { value: Value::Map(entries), span }) = at_mut(&mut expected, mapping) {
        let node = Node { value: scalar::value(value), span: *span };
        entries.insert(at + 1, Entry { key: key.to_owned(), key_span: *span, value: node });
    }
    proven(result, &expected, &path)
}

/// Removes a key from a mapping, with its value and the comment on its last line.
///
/// # Errors
/// A [`Refusal`] where that cannot be done, or not be proven.
pub fn remove(text: &str, mapping: &[Step], key: &str) -> Result<String, Refusal> {
    let root = read(text)?;
    let found = find(&root, mapping)?;
    let path = below(mapping, key);
    let entries = found.entries();
    let at = entries.iter().position(|entry| entry.key == key);
    let Some((at, entry)) = at.and_then(|at| Some((at, entries.get(at)?))) else {
        return Err(Refusal::Missing(show(&path)));
    };
    if let Some(other) = prove::other(&root, mapping, found) {
        return Err(Refusal::Shared { path: show(mapping), other });
    }
    let (start, end) = (entry.key_span.start as usize, entry_end(entry));
    let before = at.checked_sub(1).and_then(|before| entries.get(before)).map(entry_end);
    let next = entries.get(at + 1).map(|next| next.key_span.start as usize);
    let alone = text.get(line_start(text, start)..start).is_some_and(|indent| indent.trim().is_empty());
    let by_lines = alone && !is_flow(text, found);
    let cut = match (next, before) {
        _ if by_lines => whole_lines(text, start, end),
        (Some(next), _) => start..next,
        (None, Some(before)) => before..end,
        (None, None) => start..end,
    };
    // The lines of an entry go with their comments; what stands between two entries is not the entry's.
    if !by_lines && text.get(cut.clone()).unwrap_or_default().contains('#') {
        return Err(Refusal::Unproven(show(&path)));
    }
    let mut expected = root.clone();
    if let Some(Node { value: Value::Map(entries), .. }) = at_mut(&mut expected, mapping) {
        entries.remove(at);
    }
    proven(splice(text, cut, ""), &expected, &path)
}

/// Whether two texts define the same, however they are laid out; never, if one of them cannot be read to its end.
pub fn same(one: &str, other: &str) -> bool {
    one == other || read(one).is_ok_and(|one| read(other).is_ok_and(|other| prove::alike(&one.value, &other.value)))
}

/// The tree of a text that has no problems of structure.
fn read(text: &str) -> Result<Node, Refusal> {
    let file = File { path: String::new(), text: text.to_owned(), fault: None };
    let document = yaml::parse(FileId(0), &file, &mut Vec::new());
    if document.whole == Completeness::Complete { Ok(document.root) } else { Err(Refusal::Unreadable) }
}

fn proven(result: String, expected: &Node, path: &[Step]) -> Result<String, Refusal> {
    let same = read(&result).is_ok_and(|root| prove::alike(&root.value, &expected.value));
    if same { Ok(result) } else { Err(Refusal::Unproven(show(path))) }
}

fn find<'n>(root: &'n Node, path: &[Step]) -> Result<&'n Node, Refusal> {
    at(root, path).ok_or_else(|| Refusal::Missing(show(path)))
}

fn at<'n>(root: &'n Node, path: &[Step]) -> Option<&'n Node> {
    path.iter().try_fold(root, |node, step| match (step, &node.value) {
        (Step::Key(key), _) => node.entry(key).map(|entry| &entry.value),
        (Step::Index(index), Value::List(items)) => items.get(*index),
        _ => None,
    })
}

fn at_mut<'n>(root: &'n mut Node, path: &[Step]) -> Option<&'n mut Node> {
    path.iter().try_fold(root, |node, step| match (step, &mut node.value) {
        (Step::Key(key), Value::Map(entries)) => {
            entries.iter_mut().find(|entry| entry.key == *key).map(|entry| &mut entry.value)
        }
        (Step::Index(index), Value::List(items)) => items.get_mut(*index),
        _ => None,
    })
}

fn below<'p>(mapping: &[Step<'p>], key: &'p str) -> Vec<Step<'p>> {
    mapping.iter().copied().chain([Step::Key(key)]).collect()
}

/// A path as people write it.
fn show(path: &[Step]) -> String {
    struct Path<'p>(&'p [Step<'p>]);
    impl fmt::Display for Path<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            for (at, step) in self.0.iter().enumerate() {
                match step {
                    Step::Key(key) if at == 0 => write!(f, "{key}")?,
                    Step::Key(key) => write!(f, ".{key}")?,
                    Step::Index(index) => write!(f, "[{index}]")?,
                }
            }
            Ok(())
        }
    }
    Path(path).to_string()
}

fn splice(text: &str, range: Range<usize>, new: &str) -> String {
    let before = text.get(..range.start).unwrap_or_default();
    let after = text.get(range.end..).unwrap_or_default();
    [before, new, after].concat()
}

fn range(node: &Node) -> Range<usize> {
    node.span.start as usize..node.span.end as usize
}

/// Where an entry ends; the value of an alias is elsewhere.
fn entry_end(entry: &Entry) -> usize {
    let here = entry.value.span.start >= entry.key_span.end;
    (if here { entry.value.span.end } else { entry.key_span.end }) as usize
}

fn is_flow(text: &str, mapping: &Node) -> bool {
    text.as_bytes().get(mapping.span.start as usize) == Some(&b'{')
}

/// After the colon of a key without a value, if they stand on one line.
fn place_of_nothing(text: &str, root: &Node, path: &[Step]) -> Option<usize> {
    let (Step::Key(key), mapping) = path.split_last()? else { return None };
    let end = at(root, mapping)?.entry(key)?.key_span.end as usize;
    let rest = text.get(end..)?;
    let spaces = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    rest.get(spaces..)?.starts_with(':').then_some(end + spaces + 1)
}
