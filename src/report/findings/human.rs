//! Findings for people, with the relevant lines of the files.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};

use crate::codes::Severity;
use crate::diag::{Age, Diagnostic, Finding};
use crate::report::escape::line;
use crate::report::findings::summary;
use crate::report::findings::validation::Validation;
use crate::report::text::{Colour, Screen, counted};
use crate::report::{Lines, Role, StyledText};
use crate::snapshot::{BYTE_ORDER_MARK, FileId, Snapshot, Span};

pub(crate) fn lines(validation: &Validation<'_>, screen: Screen) -> Lines {
    let mut lines = Lines::default();
    for (finding, _) in validation.shown_new().findings {
        add_finding(validation, finding, screen.colour, &mut lines);
    }
    summary::add_tables(validation, screen.width, &mut lines);
    let errors = validation.count_aged(Severity::Error, Age::New);
    let warnings = validation.count_aged(Severity::Warning, Age::New);
    let [errors_noun, warnings_noun] = match validation.base {
        None => ["error", "warning"],
        Some(_) => ["new error", "new warning"],
    };
    let none = if validation.base.is_none() { "no problems" } else { "no new problems" };
    let verdict = match (errors, warnings) {
        (0, 0) => StyledText::new(Role::Good, none),
        (0, warnings) => StyledText::new(Role::Caution, counted(warnings, warnings_noun)),
        (errors, 0) => StyledText::new(Role::Bad, counted(errors, errors_noun)),
        (errors, warnings) => {
            let errors = StyledText::new(Role::Bad, counted(errors, errors_noun));
            errors.plain(", ").with(Role::Caution, counted(warnings, warnings_noun))
        }
    };
    lines.add(StyledText::from(format!("{}: ", validation.contents)).then(&verdict));
    validation.not_shown().into_iter().for_each(|line| lines.add(line));
    validation.already_in_base().into_iter().for_each(|line| lines.add(line));
    lines
}

/// Adds one finding and an empty line.
pub(crate) fn add_finding(validation: &Validation<'_>, finding: &Finding, colour: Colour, lines: &mut Lines) {
    let renderer = match colour {
        Colour::Never => Renderer::plain(),
        Colour::Ansi => Renderer::styled()
            .error(Role::Error.style())
            .warning(Role::Warning.style())
            .help(Role::Note.style())
            .line_num(Role::Note.style())
            .emphasis(Role::Name.style())
            .context(Role::Note.style()),
    };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    lines.rendered(&renderer.render(&group(validation, finding)));
    lines.add("");
}

fn group<'r>(validation: &Validation<'r>, finding: &'r Finding) -> [Group<'r>; 1] {
    let diagnostic = &finding.diagnostic;
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(line(&diagnostic.message)).id(diagnostic.code.name());
    let mut group = title.element(snippet(validation, diagnostic.span.file, diagnostic));
    // Related spans in other files follow, with one frame for each file.
    let mut others: Vec<FileId> = diagnostic.related.iter().map(|(span, _)| span.file).collect();
    others.sort_unstable();
    others.dedup();
    for file in others.into_iter().filter(|file| *file != diagnostic.span.file) {
        group = group.element(snippet(validation, file, diagnostic));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(line(help)));
    }
    [group]
}

/// The maximum number of bytes in a frame. Of a longer one, only the position is shown, because a file may consist of one
/// line, which each of a thousand findings would repeat.
const MAX_WINDOW: usize = 16 << 10;

/// Returns the frame of one file, which has the lines with the diagnostic's spans in this file.
fn snippet<'r>(validation: &Validation<'r>, file: FileId, diagnostic: &'r Diagnostic) -> Element<'r> {
    let primary = (diagnostic.span.file == file).then_some(diagnostic.span);
    let related = diagnostic.related.iter().filter(|(span, _)| span.file == file);
    let spans: Vec<Span> = primary.into_iter().chain(related.clone().map(|(span, _)| *span)).collect();
    let (first, window) = window(validation.snapshot, file, &spans);
    let range = |span: Span| {
        // If a value has several lines, only its first line is marked.
        let text = validation.snapshot.text(span);
        let length = text.find('\n').map_or(text.len(), |end| text.get(..end).map_or(0, |line| line.trim_end().len()));
        let start = (span.start as usize).saturating_sub(first);
        escaped_offset(window, start)..escaped_offset(window, start + length)
    };
    let number = validation.snapshot.position(file, u32::try_from(first).unwrap_or(0)).0;
    // For a revision, the path has the format of `git show`. The formats for programs have only the path of the file.
    let revision = validation.revision.map_or(String::new(), |revision| format!("{}:", revision.name()));
    let path = revision + &validation.path_for_people(Span { file, start: 0, end: 0 });
    let path = line(&path).into_owned();
    if window.len() > MAX_WINDOW {
        let start = spans.first().map_or(0, |span| span.start);
        let (line, column) = validation.snapshot.position(file, start);
        return Origin::path(path).line(line).char_column(column).into();
    }
    let mut snippet = Snippet::source(source(window)).line_start(number).path(path);
    if let Some(span) = primary {
        let label = diagnostic.label.as_deref().map(line);
        snippet = snippet.annotation(AnnotationKind::Primary.span(range(span)).label(label));
    }
    for (span, label) in related {
        snippet = snippet.annotation(AnnotationKind::Context.span(range(*span)).label(line(label)));
    }
    snippet.into()
}

/// Escapes lines of a file.
fn source(window: &str) -> String {
    window.split('\n').map(|text| line(text.strip_suffix('\r').unwrap_or(text))).collect::<Vec<_>>().join("\n")
}

/// Returns the offset in the escaped lines that belongs to an offset in the lines of a file.
fn escaped_offset(window: &str, offset: usize) -> usize {
    source(window.get(..offset).unwrap_or(window)).len()
}

/// Returns the part of the file from the first line with a span to the last line with a span, as its byte offset and
/// its text.
fn window<'r>(snapshot: &'r Snapshot, file: FileId, spans: &[Span]) -> (usize, &'r str) {
    let text = snapshot.file(file).text.as_str();
    let start = spans.iter().map(|span| span.start as usize).min().unwrap_or(0);
    let last = spans.iter().map(|span| span.start as usize).max().unwrap_or(0);
    let first = text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |line_break| line_break + 1);
    let end = text.get(last..).and_then(|after| after.find('\n')).map_or(text.len(), |line_break| last + line_break);
    let window = text.get(first..end).unwrap_or_default();
    // A byte order mark, and the first byte of the last line's break, are not a part of the lines.
    let lines = window.trim_start_matches(BYTE_ORDER_MARK);
    (first + window.len() - lines.len(), lines.trim_end_matches('\r'))
}
