//! Reads the definition in one file: parses, lowers and validates it, and checks the name of the file.

use crate::codes::Code;
use crate::diag::{Allow, Diagnostic, Diagnostics};
use crate::load::limits;
use crate::model;
use crate::model::{
    DefinitionKind, FLAGS, Flag, KILLS, Kill, LAYERS, Layer, Misfit, SEGMENTS, Segment, Settings, Suite, TESTS,
};
use crate::schema;
use crate::snapshot::{Access, Fault, File, FileId, PROJECT_FILE, Span, stem};
use crate::yaml;
use crate::yaml::{Completeness, Document};

/// The number of bytes of text that take as much memory as one value, approximately.
const BLOCK_BYTES: usize = 16;

/// The definition in one file.
pub(super) enum Definition {
    Settings(Settings),
    Flag(Box<Flag>),
    Segment(Segment),
    Layer(Layer),
    Kill(Kill),
    Suite(Suite),
    /// The path of the file is not the path of a definition.
    InvalidName,
}

/// A file with its definition and its problems.
pub(super) struct ParsedFile {
    pub(super) file: File,
    pub(super) definition: Definition,
    pub(super) diagnostics: Diagnostics,
    pub(super) allows: Vec<Allow>,
    /// The number of values in the file.
    pub(super) values: usize,
    /// The number of values and of 16-byte blocks of text, including what aliases add.
    pub(super) parts: usize,
}

/// Parses a file and lowers it to the kind of definition that its path specifies.
pub(super) fn parse_file(mut file: File, id: FileId) -> ParsedFile {
    let mut diagnostics = Vec::new();
    let mut document = yaml::parse(id, &file, &mut diagnostics);
    if file.access == Access::Indirect && file.fault.is_none() && !is_definition(&file.path, &document) {
        // Messages and reports must not show the content of another file, such as a file with a password.
        file = File::unreadable(file.path, Fault::Foreign);
        diagnostics.clear();
        document = yaml::parse(id, &file, &mut diagnostics);
    }
    let read_allow = |comment: &yaml::Comment| Allow::read(&comment.text, comment.line, comment.span, &mut diagnostics);
    let allows = document.comments.iter().filter_map(read_allow).collect();
    let path: Vec<&str> = file.path.split('/').collect();
    let key = model::flag_key(&file.path);
    let name = stem(&file.path).filter(|name| model::is_name(name));
    let root = &document.root;
    let definition = match (path.as_slice(), key.as_deref(), name) {
        ([PROJECT_FILE], _, _) => {
            let (mut settings, misfits) = model::lower_settings(root);
            settings.completeness = completeness(&document, &misfits);
            report_misfits(DefinitionKind::Project, &document, misfits, &mut diagnostics);
            report_limit(limits::of_settings(&settings), &mut settings.completeness, &mut diagnostics);
            Definition::Settings(settings)
        }
        ([FLAGS, ..], Some(key), _) => {
            let (mut flag, misfits) = model::lower_flag(root, key, id);
            flag.completeness = completeness(&document, &misfits);
            report_misfits(DefinitionKind::Flag, &document, misfits, &mut diagnostics);
            report_limit(limits::of_flag(&flag), &mut flag.completeness, &mut diagnostics);
            Definition::Flag(Box::new(flag))
        }
        ([SEGMENTS, ..], _, Some(name)) => {
            let (mut segment, misfits) = model::lower_segment(root, name, id);
            segment.completeness = completeness(&document, &misfits);
            report_misfits(DefinitionKind::Segment, &document, misfits, &mut diagnostics);
            Definition::Segment(segment)
        }
        ([LAYERS, ..], _, Some(name)) => {
            let (mut layer, misfits) = model::lower_layer(root, name, id);
            layer.completeness = completeness(&document, &misfits);
            report_misfits(DefinitionKind::Layer, &document, misfits, &mut diagnostics);
            report_limit(limits::of_layer(&layer), &mut layer.completeness, &mut diagnostics);
            Definition::Layer(layer)
        }
        ([KILLS, environment, _], Some(key), _) => {
            let (kill, misfits) = model::lower_kill(root, environment, key, id);
            report_misfits(DefinitionKind::Kill, &document, misfits, &mut diagnostics);
            Definition::Kill(kill)
        }
        ([TESTS, ..], _, Some(_)) => {
            let (mut suite, misfits) = model::lower_suite(root, id);
            suite.completeness = completeness(&document, &misfits);
            report_misfits(DefinitionKind::Test, &document, misfits, &mut diagnostics);
            report_limit(limits::of_suite(&suite), &mut suite.completeness, &mut diagnostics);
            Definition::Suite(suite)
        }
        _ => {
            diagnostics = vec![invalid_file_name(&file, id)];
            Definition::InvalidName
        }
    };
    let parts = document.values + (file.text.len() + document.added_text) / BLOCK_BYTES;
    ParsedFile { file, definition, diagnostics, allows, values: document.values, parts }
}

/// Returns the problems of one file that do not depend on other files: those of its text and of its schema.
pub fn file_problems(file: File) -> Diagnostics {
    parse_file(file, FileId(0)).diagnostics
}

/// Returns whether a file is YAML with a key that no definition of its kind lacks.
fn is_definition(path: &str, document: &Document) -> bool {
    let keys: &[&str] = match path.split('/').next() {
        Some(FLAGS) => &["variants"],
        Some(SEGMENTS) => &["if"],
        Some(LAYERS) => &["slots"],
        Some(KILLS) => &["reason"],
        Some(TESTS) => &["cases", "assert", "golden"],
        _ => &["environments"],
    };
    document.completeness == Completeness::Complete && keys.iter().any(|key| document.root.entry(key).is_some())
}

fn completeness(document: &Document, misfits: &[Misfit]) -> Completeness {
    if misfits.is_empty() { document.completeness } else { Completeness::Incomplete }
}

/// Reports a definition with too many parts, and marks it as incomplete.
fn report_limit(exceeded: Option<Diagnostic>, completeness: &mut Completeness, diagnostics: &mut Diagnostics) {
    if let Some(diagnostic) = exceeded {
        *completeness = Completeness::Incomplete;
        diagnostics.push(diagnostic);
    }
}

/// Reports the misfits of a file with the messages of its schema. If the schema reports nothing, each misfit is
/// reported with its own message.
///
/// Validation takes longer than lowering, so only a file with misfits is validated. A test checks that the schema
/// accepts every file without misfits.
fn report_misfits(kind: DefinitionKind, document: &Document, misfits: Vec<Misfit>, diagnostics: &mut Diagnostics) {
    // If the file could not be read completely, a missing part is not reported as a second problem.
    if document.completeness == Completeness::Incomplete || misfits.is_empty() {
        return;
    }
    let before = diagnostics.len();
    schema::check(kind, &document.root, diagnostics);
    if diagnostics.len() == before {
        let diagnostic =
            |misfit: Misfit| Diagnostic::new(Code::InvalidValue, misfit.span, format!("expected {}", misfit.expected));
        diagnostics.extend(misfits.into_iter().map(diagnostic));
    }
}

fn invalid_file_name(file: &File, id: FileId) -> Diagnostic {
    let span = Span { file: id, start: 0, end: 0 };
    let message = format!("`{}` is not the name of a definition", file.path);
    let help = if file.path.ends_with(".yml") {
        format!("rename it to `{}.yaml`", file.path.trim_end_matches(".yml"))
    } else if file.path.starts_with(KILLS) && model::flag_key(&file.path).is_some() {
        format!("move it to `{KILLS}/<environment>/<flag>.yaml`")
    } else if file.path.starts_with(FLAGS) || file.path.starts_with(KILLS) {
        match model::intended_key(file.stem()) {
            Some(key) => {
                let name = model::flag_file_name(&key).unwrap_or_default();
                format!("rename it to `{name}` if the flag is `{key}`")
            }
            None => "a key has letters, digits, `.`, `_` and `-`, and begins with a letter or digit, also after each `/` or `:`; the \
                     file's name has `%2F` for `/`, `%3A` for `:`, and no other `%`"
                .to_owned(),
        }
    } else {
        "a name has letters, digits, `.`, `_` and `-`, and begins with a letter or digit".to_owned()
    };
    Diagnostic::new(Code::InvalidFileName, span, message).help(help)
}
