//! Names and texts that people or file systems take for others.

use crate::git_bench::{PROJECT, Ran, TestRepository, flag};

fn validated(files: &[(&str, &str)]) -> Ran {
    let repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    for (path, text) in files {
        repository.write(path, text);
    }
    repository.flagctl(&["validate"])
}

fn assert_clash(files: &[&str], message: &str) {
    let text = |path: &str| match path.split('/').next() {
        Some("kills") => "reason: r\n".to_owned(),
        Some("segments") => "description: d\nif: {country: DE}\n".to_owned(),
        _ => flag("on"),
    };
    let texts: Vec<_> = files.iter().map(|path| text(path)).collect();
    let files: Vec<_> = files.iter().copied().zip(texts.iter().map(String::as_str)).collect();
    let ran = validated(&files);
    let found = format!("error[unportable-name]: {message}");
    assert!(ran.code == Some(1) && ran.stdout.matches(&found).count() == 1, "{message}: {}", ran.stdout);
}

#[test]
fn names_that_differ_in_case_or_normal_form_are_errors() {
    let clash = |second: &str, first: &str| format!("`{second}` and `{first}` are one name on macOS and Windows");
    assert_clash(&["flags/Sale.yaml", "flags/sale.yaml"], &clash("sale", "Sale"));
    assert_clash(&["flags/a/Sale.yaml", "flags/b/sale.yaml"], &clash("sale", "Sale"));
    assert_clash(&["segments/EU.yaml", "segments/eu.yaml"], &clash("eu", "EU"));
    assert_clash(&["flags/Web/a.yaml", "flags/web/b.yaml"], &clash("web", "Web"));
    assert_clash(&["flags/e\u{301}/a.yaml", "flags/\u{e9}/b.yaml"], &clash("\u{e9}", "e\u{301}"));
    assert_clash(
        &["flags/Sale.yaml", "flags/sale.yaml", "kills/production/Sale.yaml", "kills/production/sale.yaml"],
        &clash("sale.yaml", "Sale.yaml"),
    );
}

#[test]
fn environments_that_differ_in_case_are_errors() {
    let repository = TestRepository::new();
    repository.write("flagctl.yaml", "version: 1\nenvironments: [production, Production]\n");
    let ran = repository.flagctl(&["validate"]);
    assert!(ran.stdout.contains("`Production` and `production` are one name"), "{}", ran.stdout);
    assert!(ran.stdout.contains("flagctl.yaml:2:28"), "{}", ran.stdout);
}

#[test]
fn names_that_windows_refuses_are_errors() {
    for (path, reason) in [
        ("flags/con.yaml", "it is the name of a device"),
        ("flags/Lpt1.new.yaml", "it is the name of a device"),
        ("flags/a./b.yaml", "it ends with a dot or a space"),
        ("flags/a:b/c.yaml", "it has a character that Windows does not allow in names"),
    ] {
        let ran = validated(&[(path, &flag("on"))]);
        assert!(ran.code == Some(1) && ran.stdout.contains(reason), "{path}: {}", ran.stdout);
    }
    let ran = validated(&[("flags/com10.yaml", &flag("on")), ("flags/console.yaml", &flag("on"))]);
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
}

#[test]
fn confusable_texts_in_comparisons_are_warnings_with_visible_characters() {
    let rule = |operand: &str| format!("{}rules:\n- {{if: {{country: {operand}}}, serve: on}}\n", flag("off"));
    for (operand, shown) in [
        (r#""DE\u200B""#, "`DE<U+200B>` can be taken for another text: it has U+200B, which has no width"),
        (
            r#"["AT", "D\u202EE"]"#,
            "`D<U+202E>E` can be taken for another text: it has U+202E, a mark for the direction",
        ),
        (
            r#"{in: ["New\u00A0York"]}"#,
            "`New<U+00A0>York` can be taken for another text: it has U+00A0, which looks like",
        ),
        (r#""DE ""#, "`DE ` can be taken for another text: it begins or ends with a space"),
        (r#""p\u0430y""#, "one of its words has letters of two scripts, `p` and U+0430"),
        (r#""cafe\u0301""#, "it is not in Unicode normal form C"),
        (r#"{matches: "^a\u200B"}"#, "`^a<U+200B>` can be taken for another text"),
    ] {
        let ran = validated(&[("flags/a.yaml", &rule(operand))]);
        let found = ran.stdout.contains("warning[confusable-text]") && ran.stdout.contains(shown);
        assert!(ran.code == Some(0) && found, "{operand}: {}", ran.stdout);
        assert!(ran.stdout.contains("flags/a.yaml:8:"), "{operand}: {}", ran.stdout);
    }
    for operand in [r#"{starts_with: "New "}"#, "Česko", "Ελλάδα", r#"["日本", "Москва"]"#] {
        let ran = validated(&[("flags/a.yaml", &rule(operand))]);
        assert!(!ran.stdout.contains("confusable-text"), "{operand}: {}", ran.stdout);
    }
}
