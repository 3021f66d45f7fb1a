//! Takes a JSON list of YAML texts on stdin; gives for each, on a line, what flagctl reads in it.

use std::io;

use flagctl::source::{File, FileId};
use flagctl::yaml::{self, Whole};
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
        let whole = document.whole == Whole::Yes;
        println!("{}", json!({"whole": whole, "json": document.root.to_json(), "codes": codes, "inside": inside}));
    }
    Ok(())
}
