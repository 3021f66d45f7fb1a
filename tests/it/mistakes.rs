//! Mistakes of a person who writes the first flags: each is one finding, at its position, with advice that corrects it.
//!
//! The repository in `tests/mistakes/repository` has no findings. Each mistake replaces one text in one of its files, and
//! the advice leads back to the replaced text. `tests/mistakes/findings.txt` shows every finding.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use flagctl::check::check;
use flagctl::fixes::{fix_all, offered_for};
use flagctl::load;
use flagctl::source::{Folder, Source};
use snapbox::{assert_data_eq, file};
use tempfile::TempDir;

const REPOSITORY: &str = "tests/mistakes/repository";
/// The files of the repository, each with its mistakes: the right text, and the wrong one.
const MISTAKES: [(&str, &[(&str, &str)]); 8] = [
    (
        "flags/new-checkout.yaml",
        &[
            ("default: off\nunit", "defualt: off\nunit"),
            ("off: off\ndefault", "Off: off\ndefault"),
            ("variants:\n", "variations:\n"),
            ("variants:\n", "variant:\n"),
            ("rules:\n", "rule:\n"),
            ("rules:\n", "targeting:\n"),
            ("owner: team-payments", "owners: team-payments"),
            ("expires: 2027-03-31", "expiry: 2027-03-31"),
            ("description: The new", "desc: The new"),
            ("description: The new checkout.\n", "description: The new checkout.\nname: new-checkout\n"),
            ("description: The new checkout.\n", "description: The new checkout.\nenabled: on\n"),
            ("description: The new checkout.\n", "description: The new checkout.\ntype: boolean\n"),
            ("    if: {segment: staff}", "    when: {segment: staff}"),
            ("    serve: on\n  - name: north", "    server: on\n  - name: north"),
            ("    serve: on\n  - name: north", "    variant: on\n  - name: north"),
            ("    serve: on\n  - name: north", "  - name: north"),
            ("    rollout: 25%", "    percentage: 25%"),
            ("    rollout: 25%", "    roll-out: 25%"),
            ("production: {rollout: 5%}", "production: {rolout: 5%}"),
            ("staging: {default: on}", "staging: {defalt: on}"),
            ("staging: {default: on}", "stagging: {default: on}"),
            ("production: {rollout: 5%}", "prod: {rollout: 5%}"),
            ("    serve: on\n  - name: north", "    serve: true\n  - name: north"),
            ("off: off\ndefault", "off: false\ndefault"),
            ("default: off\nunit", "default: false\nunit"),
            ("tags: [checkout]", "tags: checkout"),
            ("expires: 2027-03-31", "expires: 31.03.2027"),
            ("expires: 2027-03-31", "expires: 90d"),
            ("variants:\n  on: true\n  off: false\n", "variants: [on, off]\n"),
            ("variants:\n  on: true\n  off: false\n", "variants:\n  - on: true\n  - off: false\n"),
            ("  on: true\n", "  on: \"yes\"\n"),
            ("rules:\n  - name: staff\n", "rules:\n  staff:\n"),
            ("links:\n  - https://example.com/issues/1", "links: https://example.com/issues/1"),
            ("https://example.com/issues/1", "example.com/issues/1"),
            ("requires: {new-cart: on}", "requires: new-cart"),
            ("requires: {new-cart: on}", "requires: [new-cart]"),
            ("requires: {new-cart: on}", "requires: {new-cart: true}"),
            ("requires: {new-cart: on}", "requires: {new-cartt: on}"),
            ("requires: {new-cart: on}", "requires: {new-cart: onn}"),
            ("any:\n        - age: {gte: 18}\n        - not: {plan: free}", "any: {age: {gte: 18}, plan: free}"),
            ("- not: {plan: free}", "- not: [{plan: free}]"),
            (
                "any:\n        - age: {gte: 18}\n        - not: {plan: free}",
                "or:\n        - age: {gte: 18}\n        - not: {plan: free}",
            ),
            ("    rollout: 25%", "    rollout: 25"),
            ("    rollout: 25%", "    rollout: 0.25"),
            ("    rollout: 25%", "    rollout: 25 %"),
            ("    rollout: 25%", "    rollout: \"25\""),
            ("    rollout: 25%", "    rollout: 250%"),
            ("    rollout: 25%", "    rollout: 25.1234%"),
            ("    rollout: 25%", "    rollout: 25,5%"),
            ("    rollout: 25%", "    rollout: {on: 25%}"),
            ("steps: [25%, 50%, 100%]", "steps: [25, 50, 100]"),
            ("steps: [25%, 50%, 100%]", "steps: 25%"),
            ("steps: [25%, 50%, 100%]", "steps: [50%, 25%, 100%]"),
            ("serve: {on: 50%, off: 50%}", "serve: {on: 50, off: 50}"),
            ("serve: {on: 50%, off: 50%}", "serve: {on: 50%, off: 40%}"),
            ("serve: {on: 50%, off: 50%}", "serve: {on: 50%, of: 50%}"),
            ("serve: {on: 50%, off: 50%}", "serve: [on, off]"),
            ("serve: {on: 50%, off: 50%}", "serve: {variant: on}"),
            ("    serve: on\n  - name: north", "    serve: onn\n  - name: north"),
            ("default: off\nunit", "default: disabled\nunit"),
            ("segment: staff", "segment: stuff"),
            ("segment: staff", "segments: staff"),
            ("segment: staff", "segment: {name: staff}"),
            ("country: [CA, US]", "county: [CA, US]"),
            ("country: [CA, US]", "country: [CA, UK]"),
            ("country: [CA, US]", "country: {in: CA}"),
            ("country: [CA, US]", "country: \"CA, US\""),
            ("country: [CA, US]", "country: {not: CA}"),
            ("app.version: {gte", "appVersion: {gte"),
            ("app.version: {gte: 2.4.0}", "app: {version: {gte: 2.4.0}}"),
            ("{gte: 2.4.0}", "{ge: 2.4.0}"),
            ("{gte: 2.4.0}", "\">=2.4.0\""),
            ("{gte: 2.4.0}", "{gte: 2.4}"),
            ("{gte: 2.4.0}", "{\">=\": 2.4.0}"),
            ("age: {gte: 18}", "age: {gte: \"18\"}"),
            ("age: {gte: 18}", "age: {greater_than: 18}"),
            ("age: {gte: 18}", "age: {gte: 18, lte: }"),
            ("age: {gte: 18}", "beta: {gte: 18}"),
            ("age: {gte: 18}", "beta: yes"),
            ("email: {ends_with: \"@example.com\"}", "email: {endsWith: \"@example.com\"}"),
            ("email: {ends_with: \"@example.com\"}", "email: {ends_with: 5}"),
            ("email: {ends_with: \"@example.com\"}", "email: {matches: \"(@example.com\"}"),
            ("email: {ends_with: \"@example.com\"}", "email: {ends_with: @example.com}"),
            ("email: {ends_with: \"@example.com\"}", "email:"),
            ("email: {ends_with: \"@example.com\"}", "email: \"*@example.com\""),
            ("email: {ends_with: \"@example.com\"}", "email: {in: [\"a@acme.com\", \"*@example.com\"]}"),
            ("email: {ends_with: \"@example.com\"}", "email: {ne: \"admin@*\"}"),
            ("email: {ends_with: \"@example.com\"}", "email: {ends_with: \"*@example.com\"}"),
            ("email: {ends_with: \"@example.com\"}", "email: \"*\""),
            ("unit: targetingKey", "unit: userId"),
            ("unit: targetingKey", "unit: age"),
            ("kind: release", "kind: relase"),
            ("  - name: adults", "  - name: staff"),
            ("  - name: adults", "  - name: the adults"),
            ("if: {segment: staff}", "if: segment staff"),
            ("if: {segment: staff}", "if: {}"),
            ("if: {segment: staff}", "if: [{segment: staff}]"),
            ("if: {segment: staff}", "if: true"),
            ("owner: team-payments\n", "\towner: team-payments\n"),
            ("    if: {segment: staff}", "\t\tif: {segment: staff}"),
            ("    if: {segment: staff}", "     if: {segment: staff}"),
            ("    if: {segment: staff}", "   if: {segment: staff}"),
            ("  off: false\n", " off: false\n"),
            ("  off: false\n", "   off: false\n"),
            ("  - name: north-america\n    if:\n      country", "  - name: north-america\n    if:\n    country"),
            ("owner: team-payments", "owner team-payments"),
            ("owner: team-payments", "owner:team-payments"),
            ("owner: team-payments\n", "owner: team-payments\nowner: team-cart\n"),
            ("description: The new checkout.", "description: The new: checkout."),
            ("description: The new checkout.", "description: \"The new checkout."),
            ("description: The new checkout.", "description: 'It's new.'"),
            ("tags: [checkout]", "tags: [checkout"),
            ("tags: [checkout]", "tags: [\n  checkout\n]"),
            ("if: {segment: staff}", "if: {segment: staff"),
            ("  on: true\n  off: false\n", "  on: true,\n  off: false\n"),
            ("  on: true\n  off: false\n", "  on = true\n  off = false\n"),
            ("  on: true\n", "  on:\n"),
            ("  - name: staff\n", "  -name: staff\n"),
        ],
    ),
    (
        "flagctl.yaml",
        &[
            ("environments: [staging", "enviroments: [staging"),
            ("attributes:\n", "attribute:\n"),
            ("version: 1\n", ""),
            ("version: 1\n", "version: \"1\"\n"),
            ("email: string", "email: text"),
            ("age: number", "age: int"),
            ("beta: boolean", "beta: bool"),
            ("{type: string, enum", "{typ: string, enum"),
            ("{type: string, enum: [CA, DE, US]}", "{enum: [CA, DE, US]}"),
            ("{type: string, required: true}", "{type: string, required: yes}"),
            ("{type: list, of: string}", "{type: list}"),
            ("{type: list, of: string}", "[string]"),
            ("environments: [staging, production]\n", "environments: staging, production\n"),
            ("environments: [staging, production]\n", "environments:\n  staging: {}\n  production: {}\n"),
            ("missing-owner: error", "missing-owner: fail"),
            ("missing-owner: error", "misssing-owner: error"),
            ("{to: \"s3://acme-flags\"", "{to: dist"),
            ("requires: [owner, expires]", "requires: [owner, expiry]"),
        ],
    ),
    ("segments/staff.yaml", &[("if:\n", "condition:\n"), ("email", "emial"), ("if:\n  email", "rules:\n  - email")]),
    (
        "kills/production/new-cart.yaml",
        &[
            ("reason: It", "resaon: It"),
            ("reason: It loses carts.\n", ""),
            ("reason: It loses carts.\n", "reason: It loses carts.\nexpires: tomorrow\n"),
        ],
    ),
    (
        "tests/checkout.yaml",
        &[
            ("contexts:\n", "context:\n"),
            ("cases:\n", "tests:\n"),
            ("    expect: {new-checkout: on}", "    expects: {new-checkout: on}"),
            ("    expect: {new-checkout: on}\n", ""),
            ("expect: {new-checkout: on}", "expect: on"),
            ("expect: {new-checkout: on}", "expect: {new-checkout: true}"),
            ("expect: {new-checkout: on}", "expect: {new-checkot: on}"),
            ("expect: {new-checkout: on}", "expect: {new-checkout: onn}"),
            ("value: true, rule: north-america", "value: true, rule: northamerica"),
            ("context: canadian", "context: canadien"),
            ("{country: CA, app", "{county: CA, app"),
            ("matrix: {country: [CA, US]}", "matrix: {country: CA}"),
            ("environments: staging", "environments: stage"),
            ("bucket: {new-checkout: 24.999%}", "bucket: {new-checkout: 24.999}"),
            ("always: {new-checkout: on}", "allways: {new-checkout: on}"),
            ("always: {new-checkout: on}", "always: [new-checkout]"),
            ("  - at_most: 100%\n    serve", "  - at_most: 100%\n    always"),
            ("  - at_most: 100%\n    serve: {new-checkout: on}\n", "  - serve: {new-checkout: on}\n"),
            ("  cells:\n", "  cell:\n"),
        ],
    ),
    (
        "layers/cart.yaml",
        &[
            ("colours: 20%..35%", "colours: 15%..35%"),
            ("colours: 20%..35%", "colours: 20%..96%"),
            ("holdout: 95%..100%", "holdout: 95%..105%"),
            ("hints: 0%..20%", "hints: 20%..0%"),
            ("hints: 0%..20%", "hints: 0..20"),
            ("hints: 0%..20%", "hints: 0%-20%"),
            ("hints: 0%..20%", "hints: 20%"),
            ("hints: 0%..20%", "hints: [0%, 20%]"),
            ("slots:\n", "slot:\n"),
            ("slots:\n  hints: 0%..20%\n  colours", "slots:\n  - hints: 0%..20%\n  - colours"),
            ("holdout:", "hold-out:"),
        ],
    ),
    (
        "flags/cart-hints.yaml",
        &[
            ("slot: cart/hints", "slot: cart/hint"),
            ("slot: cart/hints", "slot: cart/buttons"),
            ("slot: cart/hints", "slot: kart/hints"),
            ("slot: cart/hints", "slot: orders/hints"),
            ("slot: cart/hints", "slot: hints"),
            ("slot: cart/hints", "slot: cart"),
            ("slot: cart/hints", "slot: {cart: hints}"),
            ("slot: cart/hints", "slots: cart/hints"),
            ("slot: cart/hints", "layer: cart/hints"),
            ("slot: cart/hints", "unit: email\n    slot: cart/hints"),
        ],
    ),
    ("flags/new-cart.yaml", &[]),
];

/// Writes the repository in which a text of a file is replaced.
fn repository_with(path: &str, right: &str, wrong: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (other, _) in MISTAKES {
        let text = fs::read_to_string(Path::new(REPOSITORY).join(other)).unwrap();
        let text = if other == path {
            assert_eq!(text.matches(right).count(), 1, "{path}: {right:?}");
            text.replace(right, wrong)
        } else {
            text
        };
        fs::create_dir_all(folder.path().join(other).parent().unwrap()).unwrap();
        fs::write(folder.path().join(other), text).unwrap();
    }
    folder
}

/// Returns the findings of the repository in which a text of a file is replaced: where, what, the advice, and the fix.
fn findings(path: &str, right: &str, wrong: &str) -> Vec<String> {
    let folder = repository_with(path, right, wrong);
    let source = Source::Folder(Folder::find(folder.path()).unwrap());
    let loaded = load::tests(&source, load::all(&source).unwrap(), |_| true).unwrap();
    let checked = check(&loaded, "2026-11-22T00:00:00Z".parse().unwrap());
    let texts = checked.findings.iter().map(|finding| {
        let diagnostic = &finding.diagnostic;
        let location = |span| loaded.snapshot.location(span).to_string();
        let mut text = format!("{}\n", location(diagnostic.span));
        writeln!(text, "    {}[{}]: {}", finding.severity.name(), diagnostic.code, diagnostic.message).unwrap();
        for (span, label) in &diagnostic.related {
            writeln!(text, "    {}: {label}", location(*span)).unwrap();
        }
        if let Some(help) = &diagnostic.help {
            writeln!(text, "    help: {help}").unwrap();
        }
        if let Some(fix) = offered_for(&loaded.snapshot, diagnostic) {
            writeln!(text, "    fix: {}", fix.title).unwrap();
        }
        text
    });
    texts.collect()
}

#[test]
fn each_mistake_is_one_finding_with_advice_that_corrects_it() {
    let (first, mistakes) = MISTAKES[0];
    let (right, _) = mistakes[0];
    assert_eq!(findings(first, right, right), [""; 0], "the repository is right");
    let (mut shown, mut wrong_numbers) = (String::new(), Vec::new());
    for (path, mistakes) in MISTAKES {
        for (right, wrong) in mistakes {
            let found = findings(path, right, wrong);
            writeln!(shown, "{right:?} -> {wrong:?}\n  {}", found.join("  ")).unwrap();
            if found.len() != 1 {
                wrong_numbers.push((wrong, found));
            }
        }
    }
    assert_data_eq!(shown, file!["../mistakes/findings.txt"].raw());
    assert!(wrong_numbers.is_empty(), "{wrong_numbers:#?}");
}

#[test]
fn each_fix_that_is_offered_leaves_a_repository_without_findings() {
    let now = "2026-11-22T00:00:00Z".parse().unwrap();
    let (mut fixed_mistakes, mut remaining) = (0, Vec::new());
    for (path, mistakes) in MISTAKES {
        for (right, wrong) in mistakes {
            let folder = repository_with(path, right, wrong);
            let folder = Folder::find(folder.path()).unwrap();
            let fixed = fix_all(&folder, now, |_, _| true).unwrap();
            match (fixed.applied.len(), fixed.files.as_slice()) {
                (0, []) => {}
                (1, [file]) => {
                    assert_eq!(file.path, path);
                    assert_ne!(file.before, file.after);
                    fixed_mistakes += 1;
                    if !fixed.findings.is_empty() {
                        remaining.push(format!("{wrong:?}: {}", fixed.findings[0].diagnostic.message));
                    }
                }
                other => panic!("{wrong:?}: {other:?}"),
            }
        }
    }
    assert_eq!(remaining, [""; 0]);
    assert!(fixed_mistakes > 75, "{fixed_mistakes}");
}
