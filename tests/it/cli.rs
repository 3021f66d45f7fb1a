//! The output of the binary for the arguments in `tests/cli`, with streams and exit codes.

#[test]
fn commands_print_what_the_files_show() {
    let cases = trycmd::TestCases::new();
    cases.env("NO_COLOR", "1").case("tests/cli/*.trycmd");
}
