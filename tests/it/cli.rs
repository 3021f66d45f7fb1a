//! What the binary prints, with arguments, streams and exit codes: the files in `tests/cli`.

#[test]
fn commands_print_what_the_files_show() {
    let cases = trycmd::TestCases::new();
    cases.env("NO_COLOR", "1").case("tests/cli/*.trycmd");
}
