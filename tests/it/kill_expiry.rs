//! Kills with a time at which they should have ended.

use serde_json::Value as Json;

use crate::git_bench::TestRepository;

/// Kills `sale` one day before it should be on again.
fn killed() -> TestRepository {
    let repository = TestRepository::with_sale();
    let kill = ["kill", "sale", "-e", "production", "--reason", "INC-1", "--expires", "24h", "--yes"];
    let ran = repository.flagctl(&kill);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
    repository
}

#[test]
fn the_expiry_is_a_time_in_the_file_of_the_kill() {
    let repository = killed();
    let file = repository.git(&["show", "HEAD:kills/production/sale.yaml"]);
    let expected =
        "reason: INC-1\nby: Dana <dana@example.com>\nat: 2026-11-03T00:00:00Z\nexpires: 2026-11-04T00:00:00Z";
    assert_eq!(file, expected);
    for (text, code) in
        [("2099-01-02T03:04:05+02:00", 0), ("7d", 0), ("2020-01-01", 2), ("-24h", 2), ("0h", 2), ("soon", 2)]
    {
        let expires = format!("--expires={text}");
        let ran = repository.flagctl(&["kill", "sale", "-e", "production", "--reason", "x", "--dry-run", &expires]);
        assert_eq!(ran.code, Some(code), "{ran:?}");
    }
}

#[test]
fn validate_warns_about_a_kill_from_its_expiry_on_and_the_kill_stays() {
    let repository = killed();
    let before = repository.flagctl(&["validate", "--now", "2026-11-03T23:59:59Z"]);
    assert_eq!((before.code, before.stdout.contains("expired-kill")), (Some(0), false), "{before:?}");
    let after = repository.flagctl(&["validate", "--now", "2026-11-04T00:00:00Z"]);
    assert_eq!(after.code, Some(0), "{after:?}");
    let expected = "warning[expired-kill]: the kill of `sale` in production should have ended at 2026-11-04T00:00:00Z\n \
                    --> kills/production/sale.yaml:4:10";
    assert!(after.stdout.contains(expected), "{}", after.stdout);
    assert!(after.stdout.contains("end it with `flagctl revive sale -e production`"), "{}", after.stdout);
    let eval = repository.flagctl(&["eval", "sale", "-e", "production", "--now", "2027-01-01T00:00:00Z"]);
    assert!(eval.stdout.starts_with("sale: off = false\n"), "{}", eval.stdout);
}

#[test]
fn list_show_eval_and_diff_show_the_expiry() {
    let repository = killed();
    let stdout = |arguments: &[&str]| repository.flagctl(arguments).stdout;
    assert!(stdout(&["list"]).contains("killed, expires 2026-11-04T00:00:00Z"), "{}", stdout(&["list"]));
    assert!(stdout(&["show", "sale"]).contains("production: killed (INC-1; expires 2026-11-04T00:00:00Z)"));
    let json: Json = serde_json::from_str(&stdout(&["list", "--format", "json"])).unwrap();
    assert_eq!(json["flags"][0]["environments"][0]["expires"], Json::from("2026-11-04T00:00:00Z"));
    let explained = stdout(&["eval", "sale", "-e", "production", "--explain"]);
    assert!(
        explained
            .contains("killed: INC-1 (Dana <dana@example.com>, 2026-11-03T00:00:00Z, expires 2026-11-04T00:00:00Z)"),
        "{explained}"
    );
    let diff = stdout(&["diff", "HEAD~1..HEAD"]);
    assert!(diff.contains("killed: INC-1 (expires 2026-11-04T00:00:00Z)"), "{diff}");
    let bundle = stdout(&["export", "bundle", "-e", "production"]);
    assert!(bundle.contains("\"expires\":\"2026-11-04T00:00:00Z\""), "{bundle}");
    assert!(flagctl::bundle::Bundle::from_json(bundle.as_bytes()).is_ok());
}
