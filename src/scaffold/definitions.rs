//! The definitions of a new flag repository: `flagctl.yaml`, a flag, a segment and a test.

use crate::edit::plain_or_quoted;
use crate::scaffold::answers::{Answers, FIRST_FLAG, Serving, TARGET};
use crate::scaffold::new_file::NewFile;
use crate::snapshot::PROJECT_FILE;

/// Returns the definitions. `prefix` is the path of the flag repository from git's root. `flagctl.yaml` is the last file,
/// because a folder that has it is a flag repository.
pub fn definitions(answers: &Answers, prefix: &str) -> Vec<NewFile> {
    let file = |path: &str, text: String| NewFile::own(format!("{prefix}{path}"), text);
    vec![
        file("segments/staff.yaml", segment()),
        file(&format!("flags/{FIRST_FLAG}.yaml"), flag(answers)),
        file(&format!("tests/{FIRST_FLAG}.yaml"), test(answers)),
        file(PROJECT_FILE, project(answers)),
    ]
}

fn project(answers: &Answers) -> String {
    let environments: Vec<String> = answers.environments.iter().map(|name| plain_or_quoted(name)).collect();
    let (format, readers) = match answers.serving {
        Serving::Flagd => (", format: flagd", "flagd or its providers read it there"),
        Serving::Ofrep => ("", "'flagctl serve main' reads it there"),
        Serving::Files => ("", "'flagctl pull main' reads it there"),
        Serving::Library => ("", "the library reads it there"),
    };
    let clients: Vec<&str> = answers.clients.iter().map(|client| client.name()).collect();
    let clients = if clients.is_empty() { String::new() } else { format!(", clients: [{}]", clients.join(", ")) };
    format!(
        "version: 1
environments: [{environments}]    # in the order of promotion

# What applications send with a request. `targetingKey`, the id of the user, needs no declaration.
attributes:
  country: string
  email: string

# How users fall into the shares of a rollout. It fits how applications read the flags. Another value gives every
# rollout other users, so change it before the first rollout or never.
bucketing: {bucketing}

# 'flagctl publish {TARGET}' writes every environment to this place, and {readers}.
publish:
  {TARGET}: {{to: {location}{format}{clients}}}
",
        environments = environments.join(", "),
        bucketing = answers.bucketing().name(),
        location = plain_or_quoted(&answers.location),
    )
}

fn segment() -> String {
    "description: People who work here.
if:
  email: {ends_with: \"@example.com\"}
"
    .to_owned()
}

fn flag(answers: &Answers) -> String {
    let others = answers.environments.len().saturating_sub(1);
    let others = answers.environments.iter().take(others);
    let everyone = |name: &String| format!("  {}: {{rules: [], default: on}}\n", plain_or_quoted(name));
    let others: String = others.map(everyone).collect();
    let environments = if others.is_empty() {
        String::new()
    } else {
        format!("environments:         # replaces the fields above, field by field\n{others}")
    };
    format!(
        "description: A banner that welcomes new users.
kind: release
owner: {owner}
expires: {expires}   # the day after which the flag should be gone; it turns nothing off
variants: {{on: true, off: false}}
off: off              # what a kill serves
rules:                # the first rule that matches serves
  - name: staff
    if: {{segment: staff}}
    serve: on
  - name: users
    rollout: 10%
    steps: [10%, 50%, 100%]
    serve: on
default: off
{environments}",
        owner = plain_or_quoted(&answers.owner),
        expires = answers.expires,
    )
}

fn test(answers: &Answers) -> String {
    format!(
        "description: Who sees the banner.
environments: {environment}
cases:
  - name: a user in the first tenth
    bucket: {{{FIRST_FLAG}: 9.999%}}
    expect: {{{FIRST_FLAG}: on}}
assert:
  - name: staff always see it
    always: {{{FIRST_FLAG}: on}}
    when: {{segment: staff}}
",
        environment = plain_or_quoted(answers.last_environment()),
    )
}
