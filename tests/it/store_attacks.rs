//! Stores that other people can write to, and programs that are slow: what is signed, what is believed, what is kept.

use std::fs;
use std::fs::File;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value as Json;

use crate::git_bench::{Ran, TestRepository, executable};
use crate::publish::{fine, is_sound, json, key, manifest, place, publish, seal, target, verify};

/// Makes the log as it is when a program was killed after it had taken number 2.
fn begin_number_2(repository: &TestRepository) -> Vec<u8> {
    fine(publish(repository, &["--at", "HEAD~1", "--bundle-format", "flagd"]));
    let manifest = place(repository, "manifest.json");
    let first = fs::read(&manifest).unwrap();
    fine(publish(repository, &["--bundle-format", "flagd"]));
    fs::write(&manifest, first).unwrap();
    fs::remove_file(place(repository, "log/000000002.sig")).unwrap();
    fs::read(place(repository, "log/000000002.json")).unwrap()
}

fn replace(path: &Path, content: impl AsRef<[u8]>) {
    let _ = fs::remove_file(path);
    fs::write(path, content).unwrap();
}

/// Pulls to the file `flags.json` beside the repository.
fn pull(repository: &TestRepository, more: &[&str]) -> Ran {
    let file = repository.beside("flags.json");
    let target = target(repository);
    repository.flagctl(&[&["pull", &target, "-e", "production", "--to", file.to_str().unwrap()], more].concat())
}

fn refused(ran: &Ran, why: &str) {
    assert_eq!(ran.code, Some(1), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains(why), "{why}: {}", ran.stderr);
}

#[test]
fn an_entry_that_was_begun_for_the_same_commit_is_completed() {
    let repository = TestRepository::with_sale();
    let begun = begin_number_2(&repository);
    assert!(fine(publish(&repository, &["--bundle-format", "flagd"])).contains("number 2 is"));
    assert_eq!(fs::read(place(&repository, "manifest.json")).unwrap(), begun);
    assert_eq!(seal(&repository, 2), "unsigned\n");
    is_sound(&repository);
}

#[test]
fn an_entry_that_was_begun_for_another_commit_becomes_void() {
    let mut repository = TestRepository::with_sale();
    let begun = begin_number_2(&repository);
    pull(&repository, &[]);
    repository.commit("a third");
    let said = fine(publish(&repository, &["--bundle-format", "flagd"]));
    assert!(said.contains("number 3 is"), "{said}");
    assert_eq!(seal(&repository, 2), "void\n");
    let current = manifest(&repository);
    assert_eq!(current["void"][0]["sequence"], 2);
    let first: Json = json(&place(&repository, "log/000000001.json"));
    assert_eq!((&first["sequence"], &current["sequence"]), (&1.into(), &3.into()));
    let ran = verify(&repository, &["--format", "json"]);
    let verified: Json = serde_json::from_str(&ran.stdout).unwrap();
    let verified = &verified["environments"][0];
    assert_eq!((&verified["manifests"], &verified["void"], ran.code), (&2.into(), &1.into(), Some(0)));
    assert!(pull(&repository, &[]).stdout.contains("now has number 3"));

    // A void entry cannot change any more, and cannot be rolled back to or made current.
    let rollback = publish(&repository, &["-e", "production", "--rollback-to", "2"]);
    refused(&rollback, "has no number 2");
    replace(&place(&repository, "log/000000002.json"), &begun[1..]);
    assert!(verify(&repository, &[]).stdout.contains("number 2 of `production` is void, and not the file that it was"));
    replace(&place(&repository, "log/000000002.json"), &begun);
    replace(&place(&repository, "log/000000002.sig"), "unsigned\n");
    assert!(verify(&repository, &[]).stdout.contains("number 2 of `production` is void, and its seal says otherwise"));
}

#[test]
fn nothing_that_the_store_has_is_signed() {
    let repository = TestRepository::with_sale();
    let signers = key(&repository, "dana");
    let signers = ["--allowed-signers", signers.to_str().unwrap()];
    fine(publish(&repository, &["--sign", "--at", "HEAD~1"]));
    // An attacker without a key writes the next entry, for the same commit and with another bundle.
    let evil = TestRepository::with_sale();
    evil.write("flags/sale.yaml", &crate::git_bench::flag("off"));
    fine(publish(&evil, &["--at", "HEAD~1"]));
    fine(publish(&evil, &["--allow-dirty"]));
    let bundle = manifest(&evil)["bundle"].clone();
    let mut planted = json(&place(&repository, "manifest.json"));
    planted["sequence"] = 2.into();
    planted["previous"] = "0".repeat(64).into();
    planted["bundle"] = bundle;
    let planted = serde_json::to_vec_pretty(&planted).unwrap();
    replace(&place(&repository, "log/000000002.json"), &planted);
    fine(publish(&repository, &["--sign"]));
    assert_eq!((seal(&repository, 2), &manifest(&repository)["sequence"]), ("void\n".to_owned(), &3.into()));
    fine(verify(&repository, &signers));
    // Its own bytes are not a manifest, and it is void all the same.
    let fourth = place(&repository, "log/000000004.json");
    replace(&fourth, "\u{1b}[31m");
    assert!(fine(publish(&repository, &["--sign", "-e", "production", "--rollback-to", "1"])).contains("number 5"));
    fine(verify(&repository, &signers));
}

#[test]
fn a_rollback_publishes_what_git_has_and_only_commits_of_this_history() {
    let mut repository = TestRepository::with_sale();
    fine(publish(&repository, &["--at", "HEAD~1"]));
    let bundle = place(&repository, manifest(&repository)["bundle"]["path"].as_str().unwrap());
    let original = fs::read(&bundle).unwrap();
    fine(publish(&repository, &[]));
    repository.git(&["checkout", "--quiet", "-b", "evil"]);
    repository.write("flags/sale.yaml", "description: Mine.\nvariants: {on: true, off: true}\noff: off\ndefault: on\n");
    let evil = repository.commit("under review");
    repository.git(&["checkout", "--quiet", "main"]);
    let entry = place(&repository, "log/000000001.json");
    let first = fs::read_to_string(&entry).unwrap();
    let commit = json(&entry)["commit"].as_str().unwrap().to_owned();

    replace(&entry, first.replace(&commit, &evil));
    let rollback = ["-e", "production", "--rollback-to", "1"];
    refused(&publish(&repository, &rollback), "which `HEAD` does not contain");
    replace(&entry, &first);
    replace(&bundle, "{}");
    assert!(fine(publish(&repository, &rollback)).contains("number 3"));
    assert_eq!(fs::read(&bundle).unwrap(), original);
    is_sound(&repository);
}

#[test]
fn a_job_that_loses_leaves_no_signature() {
    let mut repository = TestRepository::with_sale();
    let signers = key(&repository, "dana");
    let signers = ["--allowed-signers", signers.to_str().unwrap()];
    fine(publish(&repository, &["--sign", "--at", "HEAD~1"]));
    // The first job is slow: it has taken number 2, and its program waits before it signs.
    let (waits, go) = (repository.beside("waits"), repository.beside("go"));
    let slow = repository.beside("slow-keygen");
    let script = format!(
        "#!/bin/sh\ntouch {}\nwhile [ ! -e {} ]; do sleep 0.05; done\nssh-keygen \"$@\"\n",
        waits.display(),
        go.display()
    );
    executable(&slow, &script);
    repository.git(&["config", "gpg.ssh.program", slow.to_str().unwrap()]);
    let loser = start(&repository, &["publish", &target(&repository), "--sign"]);
    while !waits.exists() {
        thread::sleep(Duration::from_millis(10));
    }
    repository.git(&["config", "--unset", "gpg.ssh.program"]);
    repository.write("kills/production/sale.yaml", "reason: INC-1\n");
    repository.commit("kill");
    assert!(fine(publish(&repository, &["--sign"])).contains("number 3 is"));
    fs::write(&go, "").unwrap();
    let output = loser.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.contains("nothing to do") && said.contains("number 3"), "{said}");
    assert_eq!(seal(&repository, 2), "void\n");
    fine(verify(&repository, &signers));

    // An attacker who can write, and has no key, makes the lost entry current.
    fine(pull(&repository, &signers));
    fs::remove_file(repository.beside("flags.json.state")).unwrap();
    replace(&place(&repository, "manifest.json"), fs::read(place(&repository, "log/000000002.json")).unwrap());
    for more in [&[][..], &["--target", "main"]] {
        refused(&pull(&repository, &[&signers[..], more].concat()), "number 2 of `production` has no valid signature");
    }
    assert!(verify(&repository, &[]).stdout.contains("is current, and was never completed"));
}

fn start(repository: &TestRepository, arguments: &[&str]) -> Child {
    let mut command = repository.command(env!("CARGO_BIN_EXE_flagctl"));
    command.args(arguments).current_dir(repository.root());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn a_signature_that_is_missing_gets_a_new_number() {
    let repository = TestRepository::with_sale();
    let signers = key(&repository, "dana");
    fine(publish(&repository, &[]));
    assert!(fine(publish(&repository, &["--sign"])).contains("number 2 is"));
    assert!(fine(publish(&repository, &["--sign"])).contains("nothing to do"));
    assert!(fine(publish(&repository, &[])).contains("nothing to do"));
    fine(verify(&repository, &["--allowed-signers", signers.to_str().unwrap()]));
}

#[test]
fn what_a_store_claims_costs_no_time_and_no_memory() {
    let repository = TestRepository::with_sale();
    fine(publish(&repository, &["--at", "HEAD~1"]));
    let path = place(&repository, "manifest.json");
    let sound = fs::read_to_string(&path).unwrap();
    let size = manifest(&repository)["bundle"]["size"].to_string();
    let void = |from: u64, to: u64| {
        let zero = "0".repeat(64);
        let entry = |number| format!("{{\"sequence\": {number}, \"sha256\": \"{zero}\"}}");
        let entries = (from..to).map(entry).collect::<Vec<_>>().join(",");
        format!("\"sequence\": {to}, \"void\": [{entries}]")
    };
    for (manifest, why) in [
        (sound.replace("\"sequence\": 1", "\"sequence\": 18446744073709551615"), "has the number 18446744073709551615"),
        (sound.replace("\"sequence\": 1", "\"sequence\": 0"), "has the number 0"),
        (sound.replace("\"sequence\": 1", "\"sequence\": 999999999"), "does not fit its number"),
        (sound.replace("\"sequence\": 1", &void(2, 5)), "does not fit its number"),
        (sound.replace("\"sequence\": 1", &void(1, 200)), "names 199 void entries"),
        (sound.replace("\"sequence\": 1", &void(1, 2).replace("[{\"sequence\": 1", "[{\"sequence\": 7")), "other void"),
        (sound.replace(&format!("\"size\": {size}"), "\"size\": 9999999999999"), "has a bundle of 9999999999999 bytes"),
        (sound.clone() + &" ".repeat(70_000), "is too large: expected at most 65536 bytes"),
        ("[".repeat(60_000), "is not a manifest"),
    ] {
        fs::write(&path, manifest).unwrap();
        refused(&pull(&repository, &[]), why);
        refused(&publish(&repository, &[]), why);
        assert_eq!(verify(&repository, &[]).code, Some(1), "{why}");
    }
    let last = sound.replace("\"sequence\": 1", "\"sequence\": 999999999");
    fs::write(&path, last.replace("null", &format!("\"{}\"", "0".repeat(64)))).unwrap();
    refused(&publish(&repository, &[]), "has the last number that exists");
    let ran = verify(&repository, &[]);
    assert!(ran.stdout.contains("has no number 999999998") && ran.stdout.contains("was not checked"), "{}", ran.stdout);
    // A bundle with more bytes than the manifest says, and a file that never ends.
    fs::write(&path, &sound).unwrap();
    let bundle = place(&repository, manifest(&repository)["bundle"]["path"].as_str().unwrap());
    let bytes = fs::read(&bundle).unwrap();
    replace(&bundle, [bytes, vec![b' '; 1 << 20]].concat());
    refused(&pull(&repository, &[]), &format!("is too large: expected at most {size} bytes"));
    fs::remove_file(&bundle).unwrap();
    assert!(repository.command("mkfifo").arg(&bundle).status().unwrap().success());
    let ran = pull(&repository, &[]);
    assert_eq!(ran.code, Some(3));
    assert!(ran.stderr.contains("expected a regular file"), "{}", ran.stderr);
}

#[test]
fn pull_refuses_a_newer_number_of_another_history() {
    let mut repository = TestRepository::with_sale();
    fine(publish(&repository, &["--at", "HEAD~1"]));
    pull(&repository, &[]);
    fs::remove_dir_all(repository.beside("fleet")).unwrap();
    fine(publish(&repository, &["--allow-dirty", "--kind", "emergency", "--at", "HEAD~1"]));
    fine(publish(&repository, &[]));
    repository.commit("a third");
    fine(publish(&repository, &[]));
    refused(&pull(&repository, &[]), "number 1 of `production` is not the manifest that it was before");
    let state = repository.beside("flags.json.state");
    let ran = verify(&repository, &["--state-file", state.to_str().unwrap()]);
    assert!(ran.stdout.contains("the log was rewritten"), "{}", ran.stdout);
    fs::remove_file(place(&repository, "log/000000002.json")).unwrap();
    refused(&pull(&repository, &[]), "the log of `production` has no number 2");
    // A state that cannot be read is not a first pull.
    for unreadable in ["{".to_owned(), " ".repeat(70_000)] {
        fs::write(&state, unreadable).unwrap();
        refused(&pull(&repository, &[]), "is not a file that `flagctl pull` keeps");
    }
}

#[test]
fn verify_since_reads_the_end_of_the_log_only() {
    let mut repository = TestRepository::with_sale();
    let signers = key(&repository, "dana");
    let signers = ["--allowed-signers", signers.to_str().unwrap()];
    fine(publish(&repository, &["--at", "HEAD~1"]));
    fine(publish(&repository, &["--sign"]));
    repository.commit("a third");
    fine(publish(&repository, &["--sign"]));
    fs::remove_file(place(&repository, "log/000000001.json")).unwrap();
    assert_eq!(verify(&repository, &signers).code, Some(1));
    let said = fine(verify(&repository, &[&signers[..], &["--since-number", "2"]].concat()));
    assert!(said.contains("the log since number 2 and 1 bundle"), "{said}");
    // The first entry that is read must be signed, too.
    replace(&place(&repository, "log/000000002.sig"), "unsigned\n");
    let ran = verify(&repository, &[&signers[..], &["--since-number", "2"]].concat());
    assert!(ran.stdout.contains("number 2 of `production` has no valid signature"), "{}", ran.stdout);
}

#[test]
fn a_revoked_key_is_refused_and_a_key_can_have_several_lines() {
    let repository = TestRepository::with_sale();
    let signers = key(&repository, "dana");
    let line = fs::read_to_string(&signers).unwrap();
    let of_git = line.replace("namespaces=\"flagctl\"", "namespaces=\"git\"").replace("dana@", "commits@");
    let old = line.replace("dana@", "old@").replace("namespaces", "valid-before=\"20200101\",namespaces");
    fs::write(&signers, format!("{of_git}{old}first@example.com,{line}")).unwrap();
    let signers = ["--allowed-signers", signers.to_str().unwrap()];
    fine(publish(&repository, &["--sign"]));
    let said = fine(verify(&repository, &signers));
    assert!(said.contains("signed by first@example.com"), "{said}");
    let revoked = repository.beside("revoked");
    let public = repository.beside("dana.pub");
    fs::copy(public, &revoked).unwrap();
    repository.git(&["config", "gpg.ssh.revocationFile", revoked.to_str().unwrap()]);
    refused(&pull(&repository, &signers), "has no valid signature");
    assert_eq!(verify(&repository, &signers).code, Some(1));
    repository.git(&["config", "gpg.ssh.allowedSignersFile", signers[1]]);
    refused(&pull(&repository, &["--signed"]), "has no valid signature");
    // A file that does not exist revokes no key, so it is an error.
    fs::remove_file(&revoked).unwrap();
    assert_eq!(pull(&repository, &signers).code, Some(3));
}

#[test]
fn a_commit_of_the_future_is_not_fresh() {
    let repository = TestRepository::with_sale();
    let mut command = repository.command("git");
    command.arg("-C").arg(repository.root()).args(["commit", "--quiet", "--amend", "--no-edit"]);
    assert!(command.env("GIT_COMMITTER_DATE", "4000000000 +0000").status().unwrap().success());
    fine(publish(&repository, &[]));
    refused(&pull(&repository, &["--max-age", "7d"]), "2096-10-02T07:06:40Z, which is in the future");
    assert!(!repository.beside("flags.json").exists());
    assert!(verify(&repository, &["--max-age", "7d"]).stdout.contains("is in the future"));
    let ran = pull(&repository, &[]);
    assert!(
        ran.code == Some(0) && ran.stderr.contains("everyone who can write to the store is trusted"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_pulled_file_keeps_its_mode_and_owner() {
    let repository = TestRepository::with_sale();
    fine(publish(&repository, &["--at", "HEAD~1"]));
    assert_eq!(pull(&repository, &[]).code, Some(0));
    let file = repository.beside("flags.json");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o644);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    // Without the right to give files away, the owner is the one who runs the test.
    let _ = chown(&file, Some(65_534), Some(65_534));
    let before = fs::metadata(&file).unwrap();
    // What a killed program leaves behind is removed.
    let unfinished = repository.beside(".flags.json.unfinished-a1b2c3");
    fs::write(&unfinished, "{").unwrap();
    fine(publish(&repository, &[]));
    assert!(pull(&repository, &[]).stdout.contains("now has number 2"));
    let after = fs::metadata(&file).unwrap();
    assert_ne!(after.ino(), before.ino());
    assert_eq!((after.mode(), after.uid(), after.gid()), (before.mode(), before.uid(), before.gid()));
    assert!(!unfinished.exists());
}

#[test]
fn two_pulls_of_one_file_never_go_back() {
    let repository = TestRepository::with_sale();
    fine(publish(&repository, &["--at", "HEAD~1"]));
    let file = repository.beside("flags.json");
    let other = repository.beside("other.json");
    let target = target(&repository);
    let arguments =
        |file: &Path| ["pull", &target, "-e", "production", "--to", file.to_str().unwrap()].map(str::to_owned).to_vec();
    let run = |file: &Path| {
        let arguments = arguments(file);
        repository.flagctl(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    };
    // The slow pull reads number 1 and then waits for the lock, which this test holds.
    let lock = File::create(repository.beside("flags.json.lock")).unwrap();
    lock.lock().unwrap();
    let slow = arguments(&file);
    let slow = start(&repository, &slow.iter().map(String::as_str).collect::<Vec<_>>());
    thread::sleep(Duration::from_secs(1));
    // Meanwhile, the file gets number 2.
    fine(publish(&repository, &[]));
    assert_eq!(run(&other).code, Some(0));
    fs::copy(repository.beside("other.json.state"), repository.beside("flags.json.state")).unwrap();
    fs::copy(&other, &file).unwrap();
    drop(lock);
    let output = slow.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.contains("has already number 2"), "{said}");
    assert_eq!(fs::read(&file).unwrap(), fs::read(&other).unwrap());
    assert_eq!(json(&repository.beside("flags.json.state"))["sequence"], 2);
}
