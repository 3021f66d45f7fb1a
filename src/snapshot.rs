//! The texts of definition files, and positions in them.
//!
//! A [`Snapshot`] holds the files that one run has read, each under a [`FileId`]. A [`Span`] is a range of bytes in one of
//! them; diagnostics, nodes and definitions carry spans instead of copies of the text.
//!
//! **Invariant:** files are added and never removed, so a [`FileId`] stays valid.

use std::ffi::OsStr;
use std::path::Path;

/// The file that makes a folder a flag repository.
pub const PROJECT_FILE: &str = "flagctl.yaml";

/// A larger file is not read.
pub const FILE_LIMIT: u64 = 16 << 20;

/// A file of a [`Snapshot`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// Half-open range of bytes in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Which file.
    pub file: FileId,
    /// Byte offset of the first byte.
    pub start: u32,
    /// Byte offset after the last byte.
    pub end: u32,
}

/// A value and where it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Spanned<T> {
    /// What was written.
    pub value: T,
    /// Where.
    pub span: Span,
}

/// A file as it was read.
#[derive(Debug, Clone)]
pub struct File {
    /// From the repository's root, with `/` between the parts.
    pub path: String,
    /// As much of it as can be read as text.
    pub text: String,
    /// Why the text is not the whole file.
    pub fault: Option<Fault>,
}

/// Why a file cannot be read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The text is followed by a byte that is not UTF-8.
    Encoding(u8),
    /// The file has this many bytes, over [`FILE_LIMIT`].
    TooLarge(u64),
}

impl File {
    /// A file of these bytes.
    pub fn new(path: String, bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Self { path, text, fault: None },
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                let mut bytes = error.into_bytes();
                let fault = bytes.get(valid).copied().map(Fault::Encoding);
                bytes.truncate(valid);
                Self { path, text: String::from_utf8(bytes).unwrap_or_default(), fault }
            }
        }
    }

    /// The name without folders and extension.
    pub fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or(&self.path);
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    }
}

/// What the file at that path defines, by its name; none of a file that cannot define anything.
pub fn stem(path: &str) -> Option<&str> {
    path.rsplit('/').next()?.strip_suffix(".yaml")
}

/// The files that were read so far. Files are added and never removed.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    files: Vec<File>,
}

impl Snapshot {
    /// Adds a file.
    pub fn add(&mut self, file: File) -> FileId {
        self.files.push(file);
        FileId(u32::try_from(self.files.len() - 1).unwrap_or(u32::MAX))
    }

    /// The file of that id.
    #[allow(clippy::indexing_slicing, reason = "ids come from `add`, and files are never removed")]
    pub fn file(&self, id: FileId) -> &File {
        &self.files[id.0 as usize]
    }

    /// All files with their ids, in the order in which they were added.
    pub fn files(&self) -> impl Iterator<Item = (FileId, &File)> {
        (0u32..).map(FileId).zip(&self.files)
    }

    /// The text of a span.
    pub fn text(&self, span: Span) -> &str {
        self.file(span.file).text.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    /// Line and column of a byte offset, both from one; columns count characters.
    pub fn position(&self, file: FileId, offset: u32) -> (usize, usize) {
        let text = &self.file(file).text;
        let before = text.get(..offset as usize).unwrap_or(text);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or(before).chars().count() + 1;
        (line, column)
    }

    /// Returns the location where a span begins, as compilers write it: `flags/new-checkout.yaml:12:3`.
    pub fn location(&self, span: Span) -> String {
        let (line, column) = self.position(span.file, span.start);
        format!("{}:{line}:{column}", self.file(span.file).path)
    }
}

/// Whether the extension of a path is one of YAML's.
pub(crate) fn is_yaml(path: &str) -> bool {
    Path::new(path).extension().and_then(OsStr::to_str).is_some_and(|extension| matches!(extension, "yaml" | "yml"))
}
