//! The files of CI services, which call flagctl's action or template.

use crate::edit::plain_or_quoted;
use crate::scaffold::answers::CiService;
use crate::scaffold::new_file::NewFile;
use crate::scaffold::place::Place;

/// The version whose action and template are called.
const VERSION: &str = concat!("v", env!("CARGO_PKG_VERSION"));

/// Returns the file of the service.
pub(super) fn file(place: &Place) -> Option<NewFile> {
    match place.ci {
        CiService::Github => Some(NewFile::own(".github/workflows/flagctl.yml".to_owned(), github(place))),
        CiService::Gitlab => Some(gitlab(place)),
        CiService::None => None,
    }
}

/// Returns the inputs of the action or template, as a mapping in one line.
fn inputs(place: &Place) -> Option<String> {
    let folder = Some(place.prefix.trim_end_matches('/')).filter(|folder| !folder.is_empty());
    let directory = folder.map(|folder| format!("directory: {}", plain_or_quoted(folder)));
    let publish = place.target.map(|target| format!("publish: {target}"));
    let inputs: Vec<String> = directory.into_iter().chain(publish).collect();
    (!inputs.is_empty()).then(|| format!("{{{}}}", inputs.join(", ")))
}

fn github(place: &Place) -> String {
    let with = inputs(place).map_or_else(String::new, |inputs| format!("        with: {inputs}\n"));
    let publishes = place.target.map_or("", |_| {
        "\n# Publishes the default branch. The job needs the settings of the bucket as environment variables, under `env`."
    });
    format!(
        "# Checks every change, and writes what it does to people as one comment on the pull request.{publishes}
name: flags
on:
  pull_request:
  push: {{branches: [{branch}]}}
  merge_group:
permissions:
  contents: read
  pull-requests: write
jobs:
  flags:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
        with: {{fetch-depth: 0}}    # flagctl compares commits
      - uses: flagctl/flagctl@{VERSION}
{with}",
        branch = plain_or_quoted(&place.default_branch),
    )
}

fn gitlab(place: &Place) -> NewFile {
    let mut lines =
        vec![format!("  - remote: https://raw.githubusercontent.com/flagctl/flagctl/{VERSION}/ci/gitlab.yml")];
    lines.extend(inputs(place).map(|inputs| format!("    inputs: {inputs}")));
    let lines_to_add: Vec<String> = std::iter::once("include:".to_owned()).chain(lines).collect();
    let publishes = place.target.map_or("", |_| ", and publishes the default branch");
    NewFile {
        path: ".gitlab-ci.yml".to_owned(),
        text: format!("# Checks every change of the flags{publishes}.\n{}\n", lines_to_add.join("\n")),
        alternatives: &[],
        lines_to_add,
    }
}
