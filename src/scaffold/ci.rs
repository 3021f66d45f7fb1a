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

fn github(place: &Place) -> String {
    let folder = place.prefix.trim_end_matches('/');
    let with = if folder.is_empty() {
        String::new()
    } else {
        format!("        with: {{directory: {}}}\n", plain_or_quoted(folder))
    };
    format!(
        "# Checks every change, and writes what it does to people as one comment on the pull request.
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
    let folder = place.prefix.trim_end_matches('/');
    let mut lines =
        vec![format!("  - remote: https://raw.githubusercontent.com/flagctl/flagctl/{VERSION}/ci/gitlab.yml")];
    if !folder.is_empty() {
        lines.push(format!("    inputs: {{directory: {}}}", plain_or_quoted(folder)));
    }
    let lines_to_add: Vec<String> = std::iter::once("include:".to_owned()).chain(lines).collect();
    NewFile {
        path: ".gitlab-ci.yml".to_owned(),
        text: format!("# Checks every change of the flags.\n{}\n", lines_to_add.join("\n")),
        alternatives: &[],
        lines_to_add,
    }
}
