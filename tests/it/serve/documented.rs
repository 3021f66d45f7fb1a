//! The answers in `docs/server.md` are those of a server.

use crate::example_shop;
use crate::serve::client::request;
use crate::serve::server::Server;
use serde_json::Value as Json;

#[test]
fn the_documented_answers_are_those_of_a_server() {
    let text = include_str!("../../../docs/server.md");
    let repository = example_shop::with_remote();
    let server = Server::start(&repository, &["-e", "production"]);
    let mut compared = 0;
    for block in text.split("<!-- answer: examples production ").skip(1) {
        let (path, rest) = block.split_once(' ').unwrap();
        let (context, rest) = rest.split_once(" -->\n```json\n").unwrap();
        let documented: Json = serde_json::from_str(rest.split_once("```").unwrap().0).unwrap();
        let body = format!(r#"{{"context":{context}}}"#);
        assert_eq!(request(&server.address, "POST", path, &[], &body).json(), documented);
        compared += 1;
    }
    assert_eq!(compared, 1);
}
