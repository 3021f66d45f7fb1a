//! `misordered-rules` is about a rule that would serve otherwise in another order; any other rule is `unreachable-rule`.

use crate::git_bench::TestRepository;

/// Returns the code that `validate` reports for a special case of an earlier rule.
fn reported(general: &str, special: &str) -> String {
    let repository = TestRepository::new();
    repository.write("flagctl.yaml", "version: 1\nenvironments: [production]\nattributes: {country: string, account: string, plan: string}\nlint: {missing-description: off, missing-expiry: off, missing-owner: off}\n");
    let rules = format!("  - {{if: {{country: DE}}, {general}}}\n  - {{if: {{country: DE, plan: pro}}, {special}}}\n");
    let head = "variants: {on: true, off: false, same: true}\noff: off\ndefault: same\nrules:\n";
    repository.write("flags/sale.yaml", &format!("{head}{rules}"));
    let ran = repository.flagctl(&["validate"]);
    let code = ran.stdout.split_once('[').and_then(|(_, rest)| rest.split_once(']'));
    code.unwrap_or_else(|| panic!("{}{}", ran.stdout, ran.stderr)).0.to_owned()
}

#[test]
fn a_special_case_that_serves_otherwise_is_misordered() {
    assert_eq!(reported("serve: on", "serve: off"), "misordered-rules");
    assert_eq!(reported("serve: on", "serve: {on: 50%, off: 50%}"), "misordered-rules");
    assert_eq!(reported("serve: {on: 50%, off: 50%}", "serve: {off: 50%, on: 50%}"), "misordered-rules");
    let other_unit = "serve: {on: 50%, off: 50%}, unit: account";
    assert_eq!(reported("serve: {on: 50%, off: 50%}", other_unit), "misordered-rules");
}

#[test]
fn a_special_case_that_serves_the_same_is_unreachable() {
    assert_eq!(reported("serve: on", "serve: on"), "unreachable-rule");
    assert_eq!(reported("serve: on", "serve: {off: 0%, on: 100%}, unit: account"), "unreachable-rule");
    assert_eq!(reported("serve: {on: 50%, off: 50%}", "serve: {on: 50%, off: 50%}"), "unreachable-rule");
    let own_unit = "serve: {on: 50%, same: 0%, off: 50%}, unit: targetingKey";
    assert_eq!(reported("serve: {on: 50%, off: 50%}", own_unit), "unreachable-rule");
}
