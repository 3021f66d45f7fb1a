//! Reads YAML texts with flagctl, for `../yaml_suite.py`.
//!
//! Takes a JSON list of YAML texts on stdin. Writes one line of JSON for each text: the value that flagctl reads,
//! whether the text was read completely, the codes of the diagnostics, and whether every span is inside the text.

use std::io;

use flagctl::snapshot::{File, FileId};
use flagctl::yaml::{self, Completeness};
use serde_json::json;

fn main() -> Result<(), serde_json::Error> {
    let texts: Vec<String> = serde_json::from_reader(io::stdin())?;
    for text in texts {
        let length = text.len();
        let file = File::new("case.yaml".to_owned(), text.into_bytes());
        let mut diagnostics = Vec::new();
        let document = yaml::parse(FileId(0), &file, &mut diagnostics);
        let inside = diagnostics.iter().all(|diagnostic| {
            let (start, end) = (diagnostic.span.start as usize, diagnostic.span.end as usize);
            end <= length && file.text.get(start..end).is_some()
        });
        let codes: Vec<_> = diagnostics.iter().map(|diagnostic| diagnostic.code.name()).collect();
        let whole = document.completeness == Completeness::Complete;
        println!("{}", json!({"whole": whole, "json": document.root.to_json(), "codes": codes, "inside": inside}));
    }
    Ok(())
}
