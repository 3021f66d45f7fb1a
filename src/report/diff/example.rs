//! The command that reproduces an example of a diff.

use serde_json::Value as Json;

use crate::diff::Endpoint;
use crate::report::diff::json::ExampleJson;
use crate::report::escape::shell_word;

/// Returns the `flagctl eval` command that decides the example, quoted for a POSIX shell.
pub(crate) fn command(flag: &str, environment: &str, example: &ExampleJson, endpoint: &Endpoint) -> String {
    let mut words = vec!["flagctl".to_owned(), "eval".to_owned(), flag.to_owned()];
    match endpoint {
        Endpoint::WorkingTree => words.extend(["-e".to_owned(), environment.to_owned()]),
        Endpoint::Revision(name) => {
            words.extend(["-e".to_owned(), environment.to_owned(), "--at".to_owned(), name.clone()]);
        }
        Endpoint::Bundle(path) => words.extend(["--bundle".to_owned(), path.clone()]),
    }
    for (name, value) in &example.context {
        let value = match value {
            Json::String(text) => text.clone(),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => value.to_string(),
        };
        words.extend(["-c".to_owned(), format!("{name}={value}")]);
    }
    words.extend(example.now.iter().flat_map(|now| ["--now".to_owned(), now.clone()]));
    words.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" ")
}
