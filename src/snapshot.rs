//! The texts of definition files, and positions in them.
//!
//! A [`Snapshot`] holds the files that one run has read, each under a [`FileId`]. A [`Span`] is a range of bytes in one
//! of them; diagnostics, nodes and definitions carry spans instead of copies of the text.
//!
//! **Invariant:** files are added and never removed, so a [`FileId`] stays valid.

use std::ffi::OsStr;
use std::path::Path;

/// The name of the project file. A folder with this file is a flag repository.
pub const PROJECT_FILE: &str = "flagctl.yaml";

/// The maximum size of a file in bytes. Larger files are not read.
pub const FILE_LIMIT: u64 = 16 << 20;

/// The index of a file in its [`Snapshot`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A half-open range of bytes in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// The byte offset of the first byte.
    pub start: u32,
    /// The byte offset after the last byte.
    pub end: u32,
}

/// A value and its position.
#[derive(Debug, Clone, PartialEq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// The position.
    pub span: Span,
}

/// The path and the text of a file.
#[derive(Debug, Clone)]
pub struct File {
    /// The path from the root of the flag repository, with `/` between its parts.
    pub path: String,
    /// The text, up to the first byte that is not UTF-8.
    pub text: String,
    /// The reason why the text is incomplete, or `None` if it is complete.
    pub fault: Option<Fault>,
}

/// The reason why the text of a file is incomplete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The text ends before a byte that is not UTF-8.
    Encoding(u8),
    /// The file has this number of bytes, which exceeds [`FILE_LIMIT`].
    TooLarge(u64),
}

impl File {
    /// Creates a file from its bytes.
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

    /// Returns the name of the file without folders and extension.
    pub fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or(&self.path);
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    }
}

/// Returns the name of the definition in the file with that path. Returns `None` if the path does not end with `.yaml`.
pub fn stem(path: &str) -> Option<&str> {
    path.rsplit('/').next()?.strip_suffix(".yaml")
}

/// The files that one run has read so far.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    files: Vec<File>,
}

impl Snapshot {
    /// Adds a file and returns its index.
    pub fn add(&mut self, file: File) -> FileId {
        self.files.push(file);
        FileId(u32::try_from(self.files.len() - 1).unwrap_or(u32::MAX))
    }

    /// Returns the file with that index.
    #[allow(clippy::indexing_slicing, reason = "ids come from `add`, and files are never removed")]
    pub fn file(&self, id: FileId) -> &File {
        &self.files[id.0 as usize]
    }

    /// Iterates over all files and their indices, in the order in which they were added.
    pub fn files(&self) -> impl Iterator<Item = (FileId, &File)> {
        (0u32..).map(FileId).zip(&self.files)
    }

    /// Returns the text of a span.
    pub fn text(&self, span: Span) -> &str {
        self.file(span.file).text.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    /// Returns the line and column of a byte offset, both counted from one. Columns count characters, not bytes.
    pub fn position(&self, file: FileId, offset: u32) -> (usize, usize) {
        let text = &self.file(file).text;
        let before = text.get(..offset as usize).unwrap_or(text);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or(before).chars().count() + 1;
        (line, column)
    }

    /// Returns the location of the start of a span, in the format of compilers: `flags/new-checkout.yaml:12:3`.
    pub fn location(&self, span: Span) -> String {
        let (line, column) = self.position(span.file, span.start);
        format!("{}:{line}:{column}", self.file(span.file).path)
    }
}

/// Returns whether a path has the extension `.yaml` or `.yml`.
pub(crate) fn is_yaml(path: &str) -> bool {
    Path::new(path).extension().and_then(OsStr::to_str).is_some_and(|extension| matches!(extension, "yaml" | "yml"))
}
