//! What the binary prints, with arguments, streams and exit codes: `README.md` and the files in `tests/cli`.

#[test]
fn commands_print_what_the_documentation_shows() {
    let cases = trycmd::TestCases::new();
    cases.env("NO_COLOR", "1").case("README.md").case("tests/cli/*.trycmd");
}
