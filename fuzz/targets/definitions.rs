//! Reads a flag repository and a context from the input, and decides the flags of the repository. The fuzz target fails
//! if a step panics or if the results of two steps disagree.
//!
//! The input is split at lines of `---8<---` into seven parts: the project file, the file of the flag `subject`, the
//! file of the segment `group`, a context, the file of the flag `other`, a kill, and the file of
//! the layer `layer`. The last three are optional.
//!
//! **Invariant:** every span of a diagnostic is inside its file.
//! **Invariant:** a file that was not read completely has a diagnostic.
//! **Invariant:** a compiled bundle survives a round trip through JSON, and decides as before.
//! **Invariant:** the trace and the nearest change agree with the decision.

use flagctl::bundle::{AttributeId, Bundle, Flag};
use flagctl::compile::compile;
use flagctl::diag::{Allow, Diagnostics, Levels, settle};
use flagctl::eval::{Context, Decision, Value, decide, nearest, trace};
use flagctl::model::{self, DefinitionKind, Misfit};
use flagctl::report::decision::DecisionJson;
use flagctl::report::findings::{FindingSelection, FindingsFormat, PathPrefixes, Validation};
use flagctl::report::{self, Screen};
use flagctl::snapshot::{File, FileId, PROJECT_FILE, Snapshot, Span};
use flagctl::yaml::{self, Completeness, Document};
use flagctl::{rules, schema};
use jiff::Timestamp;

const NOW: Timestamp = Timestamp::constant(1_795_345_320, 0);

/// Runs the target with one input.
pub(crate) fn run(input: &[u8]) {
    let mut reading = Reading::default();
    let mut parts = split(input).into_iter();
    let mut next = || parts.next().unwrap_or_default();
    let (settings, subject, group, context) = (next(), next(), next(), next());
    let (other, kill, layer) = (next(), next(), next());

    let mut project = model::Project::default();
    let (id, document) = reading.parse(PROJECT_FILE, settings);
    let (lowered, misfits) = model::lower_settings(&document.root);
    reading.check_misfits(DefinitionKind::Project, &document, &misfits);
    project.settings = lowered;
    assert_eq!(id, FileId(0));
    for (key, bytes) in [("other", other), ("subject", subject)] {
        if key == "other" && bytes.is_empty() {
            continue;
        }
        let (id, document) = reading.parse(&format!("flags/{key}.yaml"), bytes);
        let (flag, misfits) = model::lower_flag(&document.root, key, id);
        reading.check_misfits(DefinitionKind::Flag, &document, &misfits);
        project.flags.push(flag);
    }
    let (id, document) = reading.parse("segments/group.yaml", group);
    let (segment, misfits) = model::lower_segment(&document.root, "group", id);
    reading.check_misfits(DefinitionKind::Segment, &document, &misfits);
    project.segments.push(segment);
    if !layer.is_empty() {
        let (id, document) = reading.parse("layers/layer.yaml", layer);
        let (layer, misfits) = model::lower_layer(&document.root, "layer", id);
        reading.check_misfits(DefinitionKind::Layer, &document, &misfits);
        project.layers.push(layer);
    }
    let environment = project.settings.environments.first().map_or_else(String::new, |name| name.value.clone());
    if !kill.is_empty() {
        let (id, document) = reading.parse(&format!("kills/{environment}/subject.yaml"), kill);
        let (kill, misfits) = model::lower_kill(&document.root, &environment, "subject", id);
        reading.check_misfits(DefinitionKind::Kill, &document, &misfits);
        project.kills.push(kill);
    }

    let (bundle, diagnostics) = compile(&project, &environment);
    reading.diagnostics.extend(diagnostics);
    reading.diagnostics.extend(rules::check(&project, Timestamp::from_second(1_795_305_600).unwrap_or_default()));
    reading.render();

    let bytes = bundle.to_json().expect("every part of a bundle has a JSON form");
    let again = Bundle::from_json(&bytes).expect("a compiled bundle is a bundle");
    assert_eq!(bytes, again.to_json().expect("every part of a bundle has a JSON form"));

    let Ok(json) = serde_json::from_slice(context) else { return };
    let Ok(parsed) = Context::from_json(bundle.attributes(), &json) else { return };
    let context = parsed.context;
    let same = Context::from_json(again.attributes(), &json).expect("the schema is the same").context;
    assert_eq!(context, same);
    for flag in bundle.flags() {
        let decision = decide(&bundle, flag, &context, NOW);
        let copy = again.flag(&flag.key).expect("the bundles have the same flags");
        assert_eq!(compared_parts(&decision), compared_parts(&decide(&again, copy, &same, NOW)));
        explain(&bundle, flag, &context, &decision);
    }
}

/// Returns the parts of a decision that are compared.
fn compared_parts<'b>(decision: &Decision<'b>) -> (&'b str, flagctl::eval::Reason, Option<usize>, Option<usize>) {
    (&decision.variant.name, decision.reason, decision.rule, decision.without_unit)
}

/// Checks that the trace and the nearest change agree with the decision, and renders the reports.
fn explain(bundle: &Bundle, flag: &Flag, context: &Context<'_>, decision: &Decision<'_>) {
    let trace = trace(bundle, flag, context, NOW);
    assert_eq!(compared_parts(&trace.decision), compared_parts(decision));
    let nearest = nearest(bundle, flag, context, NOW);
    if let Some(nearest) = &nearest {
        assert_ne!(
            nearest.decision.variant.name, decision.variant.name,
            "the nearest change does not change the variant"
        );
        let (mut changed, mut now) = (context.clone(), NOW);
        for change in &nearest.changes {
            let id = bundle.attributes().find(&change.attribute.name).expect("a change is to an attribute");
            let value = change.value.as_ref().map_or(Value::Absent, |json| Value::from_json(change.attribute, json));
            match (id, value) {
                (AttributeId::NOW, Value::Time(time)) => now = time,
                (id, value) => changed.set(id, value.into_owned()),
            }
        }
        assert_eq!(compared_parts(&decide(bundle, flag, &changed, now)), compared_parts(&nearest.decision));
    }
    report::decision::explanation::explanation(bundle, flag, &trace, nearest.as_ref());
    report::decision::human::decision(bundle, flag, context, NOW, decision);
    report::decision::human::decisions(bundle, &[(flag, *decision)], context, NOW, Some(80));
    let json = DecisionJson::new(bundle, flag, decision).with_trace(bundle, flag, &trace, nearest.as_ref());
    serde_json::to_string(&json).expect("a decision has a JSON form");
}

/// The files that one run has read, with their diagnostics and allow comments.
#[derive(Default)]
struct Reading {
    snapshot: Snapshot,
    diagnostics: Diagnostics,
    allows: Vec<Allow>,
}

impl Reading {
    fn parse(&mut self, path: &str, bytes: &[u8]) -> (FileId, Document) {
        let id = self.snapshot.add(File::new(path.to_owned(), bytes.to_vec()));
        let document = yaml::parse(id, self.snapshot.file(id), &mut self.diagnostics);
        let reported = self.diagnostics.iter().any(|diagnostic| diagnostic.span.file == id);
        assert!(
            document.completeness == Completeness::Complete || reported,
            "the file was not read completely, and no diagnostic says why"
        );
        for comment in &document.comments {
            self.check_span(comment.span);
            self.allows.extend(Allow::read(&comment.text, comment.line, comment.span, &mut self.diagnostics));
        }
        self.check_node(&document.root);
        (id, document)
    }

    fn check_node(&self, node: &yaml::Node) {
        self.check_span(node.span);
        match &node.value {
            yaml::Value::List(items) => items.iter().for_each(|item| self.check_node(item)),
            yaml::Value::Map(entries) => entries.iter().for_each(|entry| {
                self.check_span(entry.key_span);
                self.check_node(&entry.value);
            }),
            _ => {}
        }
    }

    fn check_span(&self, span: Span) {
        let file = self.snapshot.file(span.file);
        let text = file.text.get(span.start as usize..span.end as usize);
        assert!(text.is_some(), "{span:?} is outside `{}` of {} bytes", file.path, file.text.len());
    }

    /// Checks that the model reports a misfit for each error of the schema. A command that reads one flag validates the
    /// file with the schema only if the model reports a misfit, so a missing misfit would hide an error.
    fn check_misfits(&mut self, kind: DefinitionKind, document: &Document, misfits: &[Misfit]) {
        misfits.iter().for_each(|misfit| self.check_span(misfit.span));
        if document.completeness == Completeness::Complete {
            let before = self.diagnostics.len();
            schema::check(kind, &document.root, &mut self.diagnostics);
            let found = self.diagnostics.get(before..).unwrap_or_default();
            assert!(found.is_empty() || !misfits.is_empty(), "the schema alone finds {found:?}");
        }
    }

    fn render(&self) {
        for diagnostic in &self.diagnostics {
            self.check_span(diagnostic.span);
            diagnostic.related.iter().for_each(|(span, _)| self.check_span(*span));
        }
        let findings = settle(self.diagnostics.clone(), &Levels::new(), &self.allows, &self.snapshot);
        let checked: Vec<_> = self.snapshot.files().map(|(_, file)| file.path.as_str()).collect();
        let validation = Validation {
            findings: &findings,
            snapshot: &self.snapshot,
            prefixes: &PathPrefixes::default(),
            selection: &FindingSelection::default(),
            revision: None,
            checked: &checked,
            base: None,
            fixes: &[],
            contents: "",
        };
        // A SARIF report contains the page of every code, which takes longer than all other steps, so the target
        // renders this report only for one input in sixteen.
        let sarif = self.snapshot.files().map(|(_, file)| file.text.len()).sum::<usize>().is_multiple_of(16);
        let formats = [
            FindingsFormat::Human,
            FindingsFormat::Json,
            FindingsFormat::Github,
            FindingsFormat::Gitlab,
            FindingsFormat::Junit,
        ];
        for format in formats.into_iter().chain(sarif.then_some(FindingsFormat::Sarif)) {
            let text = report::findings::printable(&validation, format, Screen::PLAIN).expect("a report is valid JSON");
            let is_safe = |character| character == '\n' || !report::escape::is_hidden(character);
            assert!(text.as_str().chars().all(is_safe), "a report has no hidden characters");
        }
    }
}

/// Splits the input at the separator lines.
pub(crate) fn split(input: &[u8]) -> Vec<&[u8]> {
    const SEPARATOR: &[u8] = b"---8<---\n";
    let mut parts = Vec::new();
    let (mut start, mut index) = (0, 0);
    while index + SEPARATOR.len() <= input.len() {
        let begins_line = index == 0 || input[index - 1] == b'\n';
        if begins_line && input[index..].starts_with(SEPARATOR) {
            parts.push(&input[start..index]);
            index += SEPARATOR.len();
            start = index;
        } else {
            index += 1;
        }
    }
    parts.push(&input[start..]);
    parts
}
