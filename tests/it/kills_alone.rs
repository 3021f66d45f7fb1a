//! Kills that are published alone, while a commit cannot be published as a whole.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use flagctl::bundle::Bundle;
use serde_json::Value as Json;

use crate::git_bench::{PROJECT, Ran, TestRepository, flag};
use crate::publish::{fine, is_sound, json, key, manifest, place, publish, target, verify};

const KILL: &str = "reason: it answers 500\nby: Dana\nat: 2026-11-20T17:42:00Z\n";
const BROKEN: &str = "description: d\nvariants: {on: true, off: false}\noff: off\ndefault: maybe\n";

/// Makes a repository with the flags `sale`, `cart`, and `badge`, which requires `cart`. Publishes it as number 1.
fn published(more: &[&str]) -> TestRepository {
    let mut repository = TestRepository::with_sale();
    repository.write("flags/cart.yaml", &flag("on"));
    repository.write("flags/badge.yaml", &format!("{}requires: {{cart: on}}\n", flag("on")));
    repository.commit("cart and badge");
    fine(publish(&repository, more));
    repository
}

fn kill(repository: &mut TestRepository, key: &str) -> String {
    repository.write(&format!("kills/production/{key}.yaml"), KILL);
    repository.commit(&format!("kill {key}"))
}

/// Commits a flag that cannot be compiled.
fn break_definitions(repository: &mut TestRepository) -> String {
    repository.write("flags/broken.yaml", BROKEN);
    repository.commit("broken")
}

/// Asserts that only kills were published, and returns what was said.
fn only_kills(ran: &Ran) -> String {
    assert_eq!(ran.code, Some(1), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("its kills are published alone"), "{}", ran.stderr);
    ran.stdout.clone()
}

/// Returns the bytes that are current.
fn current(repository: &TestRepository) -> Vec<u8> {
    fs::read(place(repository, manifest(repository)["bundle"]["path"].as_str().unwrap())).unwrap()
}

/// Returns the bytes that a whole publication of a commit with some kills would have.
fn whole(repository: &mut TestRepository, commit: &str, kills: &[&str], format: &str) -> Vec<u8> {
    repository.git(&["checkout", "--quiet", "--detach", commit]);
    for key in kills {
        kill(repository, key);
    }
    let folder = repository.beside("whole");
    let _ = fs::remove_dir_all(&folder);
    fine(repository.flagctl(&["publish", folder.to_str().unwrap(), "--bundle-format", format]));
    let bundle = json(&folder.join("production/manifest.json"))["bundle"]["path"].as_str().unwrap().to_owned();
    repository.git(&["checkout", "--quiet", "main"]);
    fs::read(folder.join("production").join(bundle)).unwrap()
}

#[test]
fn a_kill_ships_while_another_flag_is_broken() {
    for format in ["flagctl", "flagd"] {
        let mut repository = published(&["--bundle-format", format]);
        let live = repository.git(&["rev-parse", "HEAD"]);
        repository.write("flags/sale.yaml", &flag("off"));
        break_definitions(&mut repository);
        let head = kill(&mut repository, "cart");
        let said = only_kills(&publish(&repository, &["--bundle-format", format]));
        assert!(said.contains(&format!("number 2 is {} with the kills of {}", &live[..10], &head[..10])), "{said}");
        assert!(said.contains("cart: turned off"), "{said}");
        let second = manifest(&repository);
        assert_eq!(
            (&second["commit"], &second["kills"], &second["newest"]),
            (&live[..].into(), &head[..].into(), &live[..].into())
        );
        assert_eq!(second["kind"], "emergency");
        is_sound(&repository);

        // The metadata for flagd names the commit of the definitions, and nothing else differs.
        let strip = |bytes: &[u8]| {
            let mut json: Json = serde_json::from_slice(bytes).unwrap();
            json["metadata"]["commit"] = Json::Null;
            json
        };
        let expected = whole(&mut repository, &live, &["cart"], format);
        assert_eq!(strip(&current(&repository)), strip(&expected));
        if format == "flagctl" {
            assert_eq!(current(&repository), expected);
        }

        // Nothing is new, and a later repair publishes everything.
        assert!(
            only_kills(&publish(&repository, &["--bundle-format", format])).contains("no kill is new: number 2 stays")
        );
        repository.write("flags/broken.yaml", &flag("on"));
        let repaired = repository.commit("repaired");
        assert!(fine(publish(&repository, &["--bundle-format", format])).contains("number 3 is"));
        let third = manifest(&repository);
        assert_eq!((&third["commit"], &third["kills"]), (&repaired[..].into(), &repaired[..].into()));
        is_sound(&repository);
    }
}

#[test]
fn a_kill_ships_while_flagctl_yaml_cannot_be_read() {
    let mut repository = published(&[]);
    let live = repository.git(&["rev-parse", "HEAD"]);
    kill(&mut repository, "sale");
    repository.write("flagctl.yaml", "version: 1\nenvironments: [production\n");
    repository.commit("broken settings");
    let said = only_kills(&publish(&repository, &[]));
    assert!(said.contains("sale: turned off"), "{said}");
    assert_eq!(manifest(&repository)["commit"], live);
    let expected = whole(&mut repository, &live, &["sale"], "flagctl");
    assert_eq!(current(&repository), expected);
    is_sound(&repository);
}

#[test]
fn a_kill_ships_to_a_named_target_while_its_declaration_cannot_be_read() {
    let mut repository = TestRepository::with_sale();
    repository.write("flagctl.yaml", &format!("{PROJECT}publish:\n  main: {{to: ../fleet, format: flagd}}\n"));
    repository.commit("target");
    fine(repository.flagctl(&["publish", "main"]));
    kill(&mut repository, "sale");
    repository.write("flagctl.yaml", "version: [1\n");
    repository.commit("broken settings");
    let ran = repository.flagctl(&["publish", "main"]);
    assert_eq!(ran.code, Some(3));
    assert!(ran.stderr.contains("`flagctl publish LOCATION --target main`"), "{}", ran.stderr);
    let ran = publish(&repository, &[]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("`--target main`"), "{}", ran.stderr);
    only_kills(&publish(&repository, &["--target", "main"]));
    let second = manifest(&repository);
    assert_eq!((&second["target"], &second["sequence"]), (&"main".into(), &2.into()));
    assert_eq!((&second["bundle"]["format"], &second["kind"]), (&"flagd".into(), &"emergency".into()));
}

#[test]
fn a_kill_ships_while_flagd_cannot_express_a_flag() {
    let mut repository = published(&["--bundle-format", "flagd"]);
    let rule = "rules:\n  - if: {country: {matches: \"^a.*b$\"}}\n    serve: on\n";
    repository.write("flags/beta.yaml", &flag("off").replace("default", &format!("{rule}default")));
    repository.commit("beta");
    let ran = publish(&repository, &["--bundle-format", "flagd"]);
    assert!(only_kills(&ran).contains("no kill is new"));
    assert!(ran.stderr.contains("flagd has no regular expressions"), "{}", ran.stderr);
    kill(&mut repository, "cart");
    assert!(only_kills(&publish(&repository, &["--bundle-format", "flagd"])).contains("number 2 is"));
    let flags = json(&place(&repository, "flags.json"));
    assert_eq!(flags["flags"]["cart"]["defaultVariant"], "off");
    assert_eq!(flags["flags"]["beta"], Json::Null);
    is_sound(&repository);
}

#[test]
fn kills_only_move_forward() {
    let mut repository = published(&[]);
    repository.write("flags/new.yaml", &flag("on"));
    let between = repository.commit("a commit that can be published");
    break_definitions(&mut repository);
    let first = kill(&mut repository, "cart");
    let second = kill(&mut repository, "sale");
    only_kills(&publish(&repository, &[]));
    let newest = manifest(&repository);
    // Neither the older kill nor an older whole commit undoes a newer kill.
    for at in [&first, &between] {
        let ran = publish(&repository, &["--at", at]);
        assert!(ran.stdout.contains(&format!("nothing to do: {} is newer", &second[..10])), "{}", ran.stdout);
        assert_eq!(manifest(&repository), newest);
    }
    repository.remove("flags/broken.yaml");
    let repaired = repository.commit("repaired");
    fine(publish(&repository, &[]));
    assert_eq!(manifest(&repository)["kills"], repaired);
    // The kills that came before a whole publication do not come back either.
    assert!(publish(&repository, &["--at", &second]).stdout.contains("is newer"));
    is_sound(&repository);
}

#[test]
fn a_revival_waits_for_a_whole_publication() {
    let mut repository = published(&[]);
    let live = repository.git(&["rev-parse", "HEAD"]);
    break_definitions(&mut repository);
    let first = kill(&mut repository, "cart");
    only_kills(&publish(&repository, &[]));
    repository.remove("kills/production/cart.yaml");
    repository.commit("revive cart");
    let said = only_kills(&publish(&repository, &[]));
    assert!(said.contains("number 2 stays") && said.contains("cart: stays off until"), "{said}");
    let second = kill(&mut repository, "sale");
    only_kills(&publish(&repository, &[]));
    let third = manifest(&repository);
    assert_eq!((&third["kills"], &third["kept"]), (&second[..].into(), &serde_json::json!([first])));
    let expected = whole(&mut repository, &live, &["cart", "sale"], "flagctl");
    assert_eq!(current(&repository), expected);
    repository.remove("flags/broken.yaml");
    repository.commit("repaired");
    fine(publish(&repository, &[]));
    let eval = |key: &str| {
        let path = place(&repository, manifest(&repository)["bundle"]["path"].as_str().unwrap());
        fine(repository.flagctl(&["eval", key, "--bundle", path.to_str().unwrap(), "-c", "targetingKey=u"]))
    };
    assert!(eval("cart").contains("cart: on") && eval("sale").contains("sale: off"));
    assert_eq!(manifest(&repository)["kept"], Json::Null);
}

#[test]
fn kills_that_do_nothing_or_cannot_be_read_are_named() {
    let mut repository = published(&[]);
    repository.write("flags/later.yaml", &flag("on"));
    break_definitions(&mut repository);
    repository.write("kills/production/later.yaml", KILL);
    repository.write("kills/production/sale.yaml", "reson: a typing error\n");
    kill(&mut repository, "cart");
    let ran = publish(&repository, &["--format", "json"]);
    assert!(ran.stderr.contains("this kill is not published: kills/production/sale.yaml:1:1"), "{}", ran.stderr);
    let result: Json = serde_json::from_str(&only_kills(&ran)).unwrap();
    assert_eq!(result["scope"], "kills");
    let kills = &result["environments"][0]["kills"];
    assert_eq!(*kills, serde_json::json!({"new": ["cart"], "ineffective": ["later"], "waiting": []}));
    is_sound(&repository);
}

#[test]
fn nothing_is_published_where_nothing_is_live() {
    let mut repository = TestRepository::with_sale();
    break_definitions(&mut repository);
    kill(&mut repository, "sale");
    let ran = publish(&repository, &["-e", "production"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("nothing is published for `production`"), "{}", ran.stderr);
    assert!(!Path::new(&target(&repository)).join("production").exists());
}

#[test]
fn a_rollback_keeps_the_kills_that_are_live() {
    let mut repository = published(&[]);
    let first = repository.git(&["rev-parse", "HEAD"]);
    repository.write("flags/sale.yaml", &flag("off"));
    kill(&mut repository, "cart");
    fine(publish(&repository, &[]));
    let said = fine(publish(&repository, &["-e", "production", "--rollback-to", "1"]));
    assert!(said.contains("number 3 is") && said.contains("cart: turned off"), "{said}");
    let expected = whole(&mut repository, &first, &["cart"], "flagctl");
    assert_eq!(current(&repository), expected);
    is_sound(&repository);

    // A later kill that is published alone keeps the definitions that were rolled back to.
    break_definitions(&mut repository);
    kill(&mut repository, "sale");
    only_kills(&publish(&repository, &[]));
    assert_eq!(manifest(&repository)["commit"], first);
    let expected = whole(&mut repository, &first, &["cart", "sale"], "flagctl");
    assert_eq!(current(&repository), expected);
}

#[test]
fn a_whole_publication_and_one_of_kills_at_once_lose_no_kill() {
    for attempt in 0..6 {
        let mut repository = published(&[]);
        repository.write("flags/new.yaml", &flag("on"));
        let between = repository.commit("new");
        break_definitions(&mut repository);
        let head = kill(&mut repository, "cart");
        let start = |arguments: &[&str]| {
            let mut command = repository.command(env!("CARGO_BIN_EXE_flagctl"));
            let target = target(&repository);
            command.current_dir(repository.root()).args(["publish", &target]).args(arguments);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let (older, newer) = (["--at", between.as_str()], ["--at", head.as_str()]);
        let order: [&[&str]; 2] = if attempt % 2 == 0 { [&older, &newer] } else { [&newer, &older] };
        let jobs = order.map(start).map(|job| job.wait_with_output().unwrap());
        let said = jobs.map(|job| String::from_utf8([job.stdout, job.stderr].concat()).unwrap());
        let last = manifest(&repository);
        assert_eq!(last["kills"], head, "{}", said.join("\n"));
        // The definitions are those of the whole publication if it was first.
        let commit = last["commit"].as_str().unwrap().to_owned();
        let expected = whole(&mut repository, &commit, &["cart"], "flagctl");
        assert_eq!(current(&repository), expected);
        is_sound(&repository);
    }
}

#[test]
fn a_store_cannot_choose_the_definitions() {
    let mut repository = published(&["--bundle-format", "flagctl"]);
    let live = repository.git(&["rev-parse", "HEAD"]);
    repository.git(&["checkout", "--quiet", "-b", "evil"]);
    repository.write("flags/sale.yaml", "description: Mine.\nvariants: {on: true, off: true}\noff: off\ndefault: on\n");
    let evil = repository.commit("under review");
    repository.git(&["checkout", "--quiet", "main"]);
    break_definitions(&mut repository);
    kill(&mut repository, "cart");
    let path = place(&repository, "manifest.json");
    let original = fs::read_to_string(&path).unwrap();
    let field = |name: &str, commit: &str| {
        original.replace(&format!("\"{name}\": \"{live}\""), &format!("\"{name}\": \"{commit}\""))
    };
    for (name, why) in
        [("commit", "which `HEAD` does not contain"), ("kills", "have diverged"), ("newest", "have diverged")]
    {
        let _ = fs::remove_file(&path);
        fs::write(&path, field(name, &evil)).unwrap();
        let ran = publish(&repository, &[]);
        assert_eq!(ran.code, Some(1), "{}", ran.stderr);
        assert!(ran.stderr.contains(why), "{name}: {}", ran.stderr);
        assert!(!place(&repository, "log/000000002.json").exists());
    }
}

#[test]
fn a_store_cannot_take_the_definitions_back_where_manifests_are_signed() {
    let mut repository = published(&[]);
    let signers = key(&repository, "dana");
    let older = repository.git(&["rev-parse", "HEAD~1"]);
    repository.commit("signed from here on");
    fine(publish(&repository, &["--sign"]));
    break_definitions(&mut repository);
    kill(&mut repository, "cart");
    let path = place(&repository, "manifest.json");
    let original = fs::read_to_string(&path).unwrap();
    let mut forged: Json = serde_json::from_str(&original).unwrap();
    forged["commit"] = older.into();
    for configured in [true, false] {
        if configured {
            repository.git(&["config", "gpg.ssh.allowedSignersFile", signers.to_str().unwrap()]);
        } else {
            repository.git(&["config", "--unset", "gpg.ssh.allowedSignersFile"]);
        }
        let _ = fs::remove_file(&path);
        fs::write(&path, serde_json::to_string_pretty(&forged).unwrap()).unwrap();
        let ran = publish(&repository, &["--sign"]);
        assert_eq!(ran.code, Some(1), "{}", ran.stderr);
        assert!(ran.stderr.contains("number 2 of `production` has no valid signature"), "{}", ran.stderr);
        assert!(!place(&repository, "log/000000003.json").exists());
    }
    let _ = fs::remove_file(&path);
    fs::write(&path, &original).unwrap();
    only_kills(&publish(&repository, &["--sign"]));
    fine(verify(&repository, &["--allowed-signers", signers.to_str().unwrap()]));
}

#[test]
fn a_kill_is_published_without_the_forge_and_reconciled_afterwards() {
    let mut repository = TestRepository::with_sale();
    repository.write("flagctl.yaml", &format!("{PROJECT}publish:\n  main: {{to: ../fleet}}\n"));
    repository.commit("target");
    let origin = repository.beside("origin.git");
    let origin = origin.to_str().unwrap().to_owned();
    repository.git(&["clone", "--quiet", "--bare", ".", &origin]);
    repository.git(&["remote", "add", "origin", &origin]);
    repository.git(&["fetch", "--quiet", "origin"]);
    repository.git(&["remote", "set-head", "origin", "main"]);
    fine(repository.flagctl(&["publish", "main"]));

    // The forge is down.
    repository.git(&["remote", "set-url", "origin", "../nowhere.git"]);
    let arguments = ["kill", "sale", "-e", "production", "--reason", "it answers 500", "--yes"];
    assert_eq!(repository.flagctl(&arguments).code, Some(0));
    let kill = repository.git(&["rev-parse", "HEAD"]);
    assert_eq!(repository.flagctl(&["publish", "main"]).code, Some(1));
    assert!(fine(repository.flagctl(&["publish", "main", "--base", "main"])).contains("number 2 is"));

    // Meanwhile, another person has merged something. CI publishes nothing that lacks the kill.
    repository.git(&["remote", "set-url", "origin", &origin]);
    repository.git(&["checkout", "--quiet", "-b", "other", "origin/main"]);
    repository.write("flags/other.yaml", &flag("on"));
    repository.commit("merged meanwhile");
    repository.git(&["push", "--quiet", "origin", "other:main"]);
    let ran = repository.flagctl(&["publish", "main"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains(&format!("the published commit {kill} have diverged")), "{}", ran.stderr);

    // The merge has the kill under its id.
    repository.git(&["checkout", "--quiet", "main"]);
    repository.git(&["fetch", "--quiet", "origin"]);
    repository.git(&["merge", "--quiet", "--message", "merge", "origin/main"]);
    repository.git(&["push", "--quiet", "origin", "main"]);
    assert!(fine(repository.flagctl(&["publish", "main"])).contains("number 3 is"));
    assert_eq!(manifest(&repository)["bundle"]["flags"], 2);
    is_sound(&repository);
}

#[test]
fn the_kill_that_admits_fewer_units_is_live_until_a_whole_publication() {
    let mut repository = published(&[]);
    let half_open = |repository: &mut TestRepository, share: &str| {
        repository.write("kills/production/cart.yaml", &format!("{KILL}admit: {share}\n"));
        repository.commit(&format!("cart: {share}"))
    };
    let admits = |repository: &TestRepository| {
        let bundle = Bundle::from_json(&current(repository)).unwrap();
        bundle.flag("cart").unwrap().state.admits().to_string()
    };
    half_open(&mut repository, "5%");
    fine(publish(&repository, &[]));
    assert_eq!(admits(&repository), "5%");
    // A smaller share is a kill, which ships. A larger one waits.
    break_definitions(&mut repository);
    half_open(&mut repository, "1%");
    let said = only_kills(&publish(&repository, &[]));
    assert!(said.contains("cart: turned off"), "{said}");
    assert_eq!(admits(&repository), "1%");
    kill(&mut repository, "cart");
    only_kills(&publish(&repository, &[]));
    assert_eq!(admits(&repository), "0%");
    half_open(&mut repository, "10%");
    let ran = publish(&repository, &[]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(admits(&repository), "0%");
    let status = repository.flagctl(&["status", &target(&repository), "--format", "json"]).stdout;
    let status: Json = serde_json::from_str(&status).unwrap();
    assert_eq!(status["targets"][0]["environments"][0]["kills"]["revived"], serde_json::json!(["cart"]), "{status}");
    repository.remove("flags/broken.yaml");
    repository.commit("sound again");
    fine(publish(&repository, &[]));
    assert_eq!(admits(&repository), "10%");
    is_sound(&repository);
}
