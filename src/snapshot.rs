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

/// The byte order mark, with which some editors begin a file.
pub const BYTE_ORDER_MARK: &str = "\u{feff}";

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

/// A change of a text: the bytes at the position become another text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Replacement {
    /// The bytes that are replaced. An empty range is a position at which text is inserted.
    pub span: Span,
    /// The text that replaces them.
    pub text: String,
}

/// The path and the text of a file.
#[derive(Debug, Clone)]
pub struct File {
    /// The path from the root of the flag repository, with `/` between its parts.
    pub path: String,
    /// The text, up to the first byte that is not UTF-8. It may begin with a byte order mark.
    pub text: String,
    /// The reason why the text is incomplete, or `None` if it is complete.
    pub fault: Option<Fault>,
    /// Whether the path is the path of the file itself.
    pub access: Access,
}

/// How a file was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// By its own path.
    Direct,
    /// By a link, or by a path that another file names. The file may not be a definition at all.
    Indirect,
}

/// The reason why the text of a file is incomplete, or why it cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The text ends before a byte that is not UTF-8.
    #[error("is not UTF-8 at the byte 0x{0:02x}")]
    Encoding(u8),
    /// The text is UTF-16, or has another encoding with NUL bytes. The text ends before the first character.
    #[error("is not UTF-8, but probably UTF-16")]
    Utf16,
    /// The file has this number of bytes, which exceeds [`FILE_LIMIT`].
    #[error("has {0} bytes; at most {FILE_LIMIT} are read")]
    TooLarge(u64),
    /// The path, or a link in it, leads out of the repository.
    #[error("leads out of the repository")]
    Outside,
    /// The path is a link, or is below a link, and nothing is at the target.
    #[error("is a link, or is below a link, to a file or folder that does not exist")]
    Dangling,
    /// The links in a path are a cycle, or are too many.
    #[error("leads through more than 40 links")]
    TooManyLinks,
    /// The files of another repository.
    #[error("is a submodule, and the files of submodules are not read")]
    Submodule,
    /// A device, a FIFO or a socket.
    #[error("is a device, a FIFO or a socket, not a file")]
    Device,
    /// A sparse checkout omits the file, and a command wants to change it.
    #[error("is left out of the sparse checkout, and cannot be changed there")]
    Sparse,
    /// The file is reached by a link, and is not a definition. Its content is not shown.
    #[error("is a link to a file that is not a definition")]
    Foreign,
}

impl Fault {
    /// Returns what to do about the fault.
    pub fn help(self) -> &'static str {
        match self {
            Self::Encoding(_) | Self::Utf16 => "save the file as UTF-8",
            Self::TooLarge(_) => "distribute the content over several files, or remove what is not needed",
            Self::Outside => "links are followed inside the repository only: use a relative path to a file in it",
            Self::Dangling => "remove the link, or create its target",
            Self::TooManyLinks => "remove the cycle of links",
            Self::Submodule => "copy the files into this repository",
            Self::Device => "replace it with a file",
            Self::Sparse => "run `git sparse-checkout add` with its folder first",
            Self::Foreign => "remove the link, or link to a definition",
        }
    }
}

impl File {
    /// Creates a file from its bytes.
    pub fn new(path: String, bytes: Vec<u8>) -> Self {
        match decode(bytes) {
            Ok(text) => Self { path, text, fault: None, access: Access::Direct },
            Err((text, fault)) => Self { path, text, fault: Some(fault), access: Access::Direct },
        }
    }

    /// Creates a file whose text cannot be read.
    pub fn unreadable(path: String, fault: Fault) -> Self {
        Self { path, text: String::new(), fault: Some(fault), access: Access::Direct }
    }

    /// Records the path without links that was read. `prefix` is the part of that path before `path`.
    #[must_use]
    pub fn reached_at(self, prefix: &str, real_path: &str) -> Self {
        let is_direct = real_path.strip_prefix(prefix) == Some(&self.path);
        Self { access: if is_direct { Access::Direct } else { Access::Indirect }, ..self }
    }

    /// Returns the text without a byte order mark.
    pub fn content(&self) -> &str {
        self.text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&self.text)
    }

    /// Returns the name of the file without folders and extension.
    pub fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or(&self.path);
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    }
}

/// Converts bytes to text. The text may begin with a byte order mark.
///
/// # Errors
/// Returns the text before the first byte that is not UTF-8, and the fault.
pub fn decode(bytes: Vec<u8>) -> Result<String, (String, Fault)> {
    check_encoding(&bytes).map_err(|fault| (String::new(), fault))?;
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let mut bytes = error.into_bytes();
        let fault = Fault::Encoding(bytes.get(valid).copied().unwrap_or_default());
        bytes.truncate(valid);
        (String::from_utf8(bytes).unwrap_or_default(), fault)
    })
}

/// Returns the bytes of a text without its byte order mark, for a parser of JSON, which checks the other bytes.
///
/// # Errors
/// Returns [`Fault::Utf16`] if the text is not UTF-8 from its beginning.
pub fn without_byte_order_mark(bytes: &[u8]) -> Result<&[u8], Fault> {
    check_encoding(bytes)?;
    Ok(bytes.strip_prefix(BYTE_ORDER_MARK.as_bytes()).unwrap_or(bytes))
}

/// Finds UTF-16, which begins with its byte order mark or with a character of which one byte is NUL.
fn check_encoding(bytes: &[u8]) -> Result<(), Fault> {
    match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..] => Err(Fault::Utf16),
        _ => Ok(()),
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
        let before_on_line = before.rsplit('\n').next().unwrap_or(before);
        let column = before_on_line.trim_start_matches(BYTE_ORDER_MARK).chars().count() + 1;
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
