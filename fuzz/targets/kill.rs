//! Reads the file of a kill.
//!
//! **Invariant:** a kill whose file has no problem compiles, and turns its flag off.
//! **Invariant:** every diagnostic is inside the file.

use flagctl::compile::compile;
use flagctl::diag::Diagnostics;
use flagctl::eval::{Cause, Context, Reason};
use flagctl::model::{self, DefinitionKind};
use flagctl::schema;
use flagctl::snapshot::{File, FileId};
use flagctl::yaml::{self, Completeness};
use jiff::Timestamp;

const NOW: Timestamp = Timestamp::constant(1_795_345_320, 0);
const FLAG: &str = "variants: {on: true, off: false}\noff: off\ndefault: on\n";

/// Runs the target with one input.
pub(crate) fn run(input: &[u8]) {
    let mut diagnostics = Diagnostics::new();
    let file = File::new("kills/production/sale.yaml".to_owned(), input.to_vec());
    let document = yaml::parse(FileId(0), &file, &mut diagnostics);
    let (kill, misfits) = model::lower_kill(&document.root, "production", "sale", FileId(0));
    schema::check(DefinitionKind::Kill, &document.root, &mut diagnostics);
    for span in diagnostics.iter().map(|found| found.span).chain(misfits.iter().map(|misfit| misfit.span)) {
        assert!(file.text.get(span.start as usize..span.end as usize).is_some(), "{span:?} is outside the file");
    }
    if document.completeness == Completeness::Complete {
        assert_eq!(misfits.is_empty(), diagnostics.iter().all(is_about_yaml), "{misfits:?} {diagnostics:?}");
    }
    let flag_file = File::new("flags/sale.yaml".to_owned(), FLAG.as_bytes().to_vec());
    let flag = yaml::parse(FileId(1), &flag_file, &mut diagnostics);
    let (flag, _) = model::lower_flag(&flag.root, "sale", FileId(1));
    let mut project = model::Project::default();
    let position = flagctl::snapshot::Span { file: FileId(1), start: 0, end: 0 };
    project.settings.environments = vec![flagctl::snapshot::Spanned { value: "production".to_owned(), span: position }];
    project.flags.push(flag);
    project.kills.push(kill);
    let (bundle, _) = compile(&project, "production");
    let context = Context::empty(bundle.attributes());
    let decision = bundle.decide("sale", &context, NOW).expect("the flag has no errors");
    assert_eq!((decision.variant.name.as_ref(), decision.reason), ("off", Reason::Disabled(Cause::Kill)));
}

/// Returns whether a diagnostic is about the notation of a value, and not about the form of the file.
fn is_about_yaml(diagnostic: &flagctl::diag::Diagnostic) -> bool {
    use flagctl::codes::Code;
    matches!(diagnostic.code, Code::AmbiguousScalar | Code::InexactNumber)
}
