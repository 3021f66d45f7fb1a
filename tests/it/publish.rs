//! `publish`, `verify` and `pull`: the order of entries, unique numbers, complete files at any time, and verification.

use std::collections::BTreeSet;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::git_bench::{Ran, TestRepository};
use serde_json::Value as Json;

pub(crate) fn fine(ran: Ran) -> String {
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{}", ran.stdout);
    ran.stdout
}

/// Returns the folder to which a test publishes.
pub(crate) fn target(repository: &TestRepository) -> String {
    repository.beside("fleet").to_str().unwrap().to_owned()
}

pub(crate) fn publish(repository: &TestRepository, more: &[&str]) -> Ran {
    repository.flagctl(&[&["publish", target(repository).as_str()], more].concat())
}

pub(crate) fn verify(repository: &TestRepository, more: &[&str]) -> Ran {
    repository.flagctl(&[&["verify", target(repository).as_str()], more].concat())
}

pub(crate) fn place(repository: &TestRepository, path: &str) -> PathBuf {
    repository.beside("fleet").join("production").join(path)
}

pub(crate) fn json(path: &Path) -> Json {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

pub(crate) fn manifest(repository: &TestRepository) -> Json {
    json(&place(repository, "manifest.json"))
}

/// Returns the seal of an entry.
pub(crate) fn seal(repository: &TestRepository, sequence: u64) -> String {
    fs::read_to_string(place(repository, &format!("log/{sequence:09}.sig"))).unwrap()
}

/// Asserts that `verify` finds no problem and prints the expected result.
pub(crate) fn is_sound(repository: &TestRepository) {
    let ran = verify(repository, &[]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
}

/// Returns the names of the files in a folder.
pub(crate) fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).map(|entries| entries.map(|entry| entry.unwrap().file_name()));
    entries.map_or_else(|_| BTreeSet::new(), |names| names.map(|name| name.into_string().unwrap()).collect())
}

pub(crate) fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for name in names(folder) {
        let path = folder.join(&name);
        if path.is_dir() {
            files(&path, found);
        } else if !name.starts_with('.') {
            found.push(path);
        }
    }
}

#[test]
fn a_commit_is_published_once_and_its_bundle_equals_the_export() {
    let repository = TestRepository::with_sale();
    let commit = repository.git(&["rev-parse", "HEAD"]);
    let exported = fine(repository.flagctl(&["export", "bundle", "--at", "HEAD"]));
    let short = &commit[..10];
    let size = exported.len();
    assert_eq!(
        fine(publish(&repository, &["--dry-run"])),
        format!("production: number 1 would be {short}: 1 flag, {size} bytes\n")
    );
    assert!(!repository.beside("fleet").exists());
    assert_eq!(
        fine(publish(&repository, &[])),
        format!("production: number 1 is {short}: 1 flag, {size} bytes\nprograms that watch the folder have it now\n")
    );
    let manifest = manifest(&repository);
    let digest = manifest["bundle"]["sha256"].as_str().unwrap();
    let expected = serde_json::json!({
        "version": 1, "environment": "production", "sequence": 1, "previous": null, "kind": "normal",
        "commit": commit, "kills": commit, "newest": commit, "created": "2026-11-02T00:00:00Z",
        "bundle": {
            "sha256": digest, "size": size, "path": format!("bundles/{digest}.json"), "format": "flagctl", "flags": 1,
        },
    });
    assert_eq!(manifest, expected);
    assert_eq!(fs::read_to_string(place(&repository, &format!("bundles/{digest}.json"))).unwrap(), exported);
    assert!(!place(&repository, "flags.json").exists());

    let mut before = Vec::new();
    files(&repository.beside("fleet"), &mut before);
    assert_eq!(fine(publish(&repository, &[])), format!("production: nothing to do: {short} is number 1\n"));
    let mut after = Vec::new();
    files(&repository.beside("fleet"), &mut after);
    assert_eq!(before, after);
    is_sound(&repository);
}

#[test]
fn the_same_commits_publish_the_same_bytes() {
    let one = TestRepository::with_sale();
    let other = TestRepository::with_sale();
    for repository in [&one, &other] {
        fine(publish(repository, &["--at", "HEAD~1", "--bundle-format", "flagd"]));
        fine(publish(repository, &["--bundle-format", "flagd"]));
    }
    let mut paths = Vec::new();
    files(&one.beside("fleet"), &mut paths);
    assert_eq!(paths.len(), 8, "{paths:?}");
    for path in paths {
        let same = other.beside("fleet").join(path.strip_prefix(one.beside("fleet")).unwrap());
        assert_eq!(fs::read(&path).unwrap(), fs::read(same).unwrap(), "{}", path.display());
    }
}

#[test]
fn an_older_commit_never_overtakes_a_newer_one() {
    let repository = TestRepository::with_sale();
    let newer = repository.git(&["rev-parse", "HEAD"]);
    fine(publish(&repository, &[]));
    assert_eq!(
        fine(publish(&repository, &["--at", "HEAD~1"])),
        format!("production: nothing to do: {} is newer, and published as number 1\n", &newer[..10])
    );
    assert_eq!(manifest(&repository)["commit"], newer);
}

#[test]
fn publish_refuses_a_diverged_history_without_an_option() {
    let mut repository = TestRepository::with_sale();
    fine(publish(&repository, &[]));
    let published = repository.git(&["rev-parse", "HEAD"]);
    repository.git(&["checkout", "--quiet", "-b", "other", "HEAD~1"]);
    let other = repository.commit("another way");
    let ran = publish(&repository, &[]);
    assert_eq!(ran.code, Some(1));
    assert_eq!(
        ran.stderr,
        format!(
            "error: {other} and the published commit {published} have diverged: publish a commit that descends from \
             both, or pass `--allow-diverged` if history was rewritten\n"
        )
    );
    assert!(fine(publish(&repository, &["--allow-diverged"])).contains("number 2 is"));
    is_sound(&repository);
}

#[test]
fn a_shallow_clone_says_what_it_lacks() {
    let mut repository = TestRepository::with_sale();
    fine(publish(&repository, &[]));
    repository.commit("nothing more");
    repository.commit("and nothing more");
    let clone = repository.clone_to("shallow", &["--depth=1"]);
    let ran = repository.flagctl_in(&clone, &["publish", &target(&repository)]);
    assert_eq!(ran.code, Some(3));
    assert!(ran.stderr.contains("`git fetch --unshallow`"), "{}", ran.stderr);
    repository.git_in(&clone, &["fetch", "--quiet", "--unshallow"]);
    assert!(fine(repository.flagctl_in(&clone, &["publish", &target(&repository)])).contains("number 2"));
}

#[test]
fn publish_refuses_uncommitted_files_without_an_option() {
    let repository = TestRepository::with_sale();
    repository.write("flags/more.yaml", &crate::git_bench::flag("off"));
    let ran = publish(&repository, &[]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""));
    assert!(ran.stderr.contains("flags/more.yaml"), "{}", ran.stderr);
    assert!(!repository.beside("fleet").exists());
    assert!(fine(publish(&repository, &["--allow-dirty"])).contains("1 flag"));
    repository.remove("flags/more.yaml");
    // Files without definitions are ignored.
    repository.write("notes.txt", "mine");
    fine(publish(&repository, &[]));
}

#[test]
fn publish_refuses_definitions_with_errors() {
    let mut repository = TestRepository::with_sale();
    repository.write("flags/wrong.yaml", "variants: {on: true}\n");
    repository.write("flags/worse.yaml", "variants: 7\n");
    repository.commit("all wrong");
    let ran = publish(&repository, &[]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""));
    assert!(ran.stderr.contains("flags/wrong.yaml") && ran.stderr.contains("flags/worse.yaml"), "{}", ran.stderr);
    assert!(!repository.beside("fleet").exists());
}

#[test]
fn kill_and_revive_print_the_documented_session() {
    let repository = TestRepository::with_sale();
    fine(publish(&repository, &["--bundle-format", "flagd"]));
    fine(repository.flagctl(&["kill", "sale", "-e", "production", "--reason", "INC-1", "--yes"]));
    let said = fine(publish(&repository, &["--bundle-format", "flagd"]));
    assert!(said.contains("an emergency"), "{said}");
    assert_eq!(manifest(&repository)["kind"], "emergency");
    let flags = json(&place(&repository, "flags.json"));
    assert_eq!(flags["flags"]["sale"]["defaultVariant"], "off");
    is_sound(&repository);
}

#[test]
fn a_rollback_gets_a_new_number_that_slow_jobs_do_not_undo() {
    let mut repository = TestRepository::with_sale();
    fine(publish(&repository, &["--at", "HEAD~1", "--bundle-format", "flagd"]));
    fine(publish(&repository, &["--bundle-format", "flagd"]));
    let newest = repository.git(&["rev-parse", "HEAD"]);
    let first = json(&place(&repository, "log/000000001.json"));
    let said = fine(publish(&repository, &["-e", "production", "--rollback-to", "1"]));
    assert!(said.contains("number 3 is") && said.contains("a rollback"), "{said}");
    let third = manifest(&repository);
    assert_eq!(third["kind"], "rollback");
    assert_eq!((&third["bundle"], &third["commit"]), (&first["bundle"], &first["commit"]));
    assert_eq!(third["newest"], newest);
    assert_eq!(
        fs::read(place(&repository, "flags.json")).unwrap(),
        fs::read(place(&repository, first["bundle"]["path"].as_str().unwrap())).unwrap()
    );
    assert!(fine(publish(&repository, &["-e", "production", "--rollback-to", "1"])).contains("nothing to do"));
    for at in ["HEAD", "HEAD~1"] {
        let said = fine(publish(&repository, &["--at", at, "--bundle-format", "flagd"]));
        assert!(said.contains("number 3 is a rollback"), "{said}");
    }
    repository.commit("forward again");
    assert!(fine(publish(&repository, &["--bundle-format", "flagd"])).contains("number 4 is"));
    is_sound(&repository);

    let ran = publish(&repository, &["-e", "production", "--rollback-to", "9"]);
    assert_eq!(ran.code, Some(1));
    assert_eq!(publish(&repository, &["--rollback-to", "1"]).code, Some(2));
}

#[test]
fn a_target_keeps_its_format() {
    let repository = TestRepository::with_sale();
    fine(publish(&repository, &["--at", "HEAD~1"]));
    let ran = publish(&repository, &["--bundle-format", "flagd"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert_eq!(manifest(&repository)["sequence"], 1);
}

/// Starts flagctl in the repository.
fn start(repository: &TestRepository, arguments: &[&str]) -> Child {
    let mut command = repository.command(env!("CARGO_BIN_EXE_flagctl"));
    command.args(arguments).current_dir(repository.root());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Makes twenty commits with different content.
fn twenty() -> (TestRepository, Vec<String>) {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", crate::git_bench::PROJECT);
    let commits = (0..20).map(|number| {
        repository.write(&format!("flags/flag-{number}.yaml"), &crate::git_bench::flag("on"));
        repository.commit(&format!("flag {number}"))
    });
    let commits = commits.collect();
    (repository, commits)
}

#[test]
fn twenty_concurrent_publishers_end_with_the_newest_commit() {
    let (repository, commits) = twenty();
    let target = target(&repository);
    let publisher =
        |commit: &String| start(&repository, &["publish", &target, "--at", commit, "--bundle-format", "flagd"]);
    let started: Vec<Child> = commits.iter().map(publisher).collect();
    for child in started {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let current = manifest(&repository);
    assert_eq!(current["commit"], *commits.last().unwrap());
    let last = current["sequence"].as_u64().unwrap();
    let taken = names(&place(&repository, "log"));
    assert_eq!(
        taken,
        (1..=last).flat_map(|number| [format!("{number:09}.json"), format!("{number:09}.sig")]).collect()
    );
    // A busy machine may make a program wait so long that another one makes its entry void.
    let complete = (1..=last).filter(|number| seal(&repository, *number) != "void\n");
    let order = complete.map(|number| {
        let commit = json(&place(&repository, &format!("log/{number:09}.json")))["commit"].clone();
        commits.iter().position(|known| commit == *known).unwrap()
    });
    assert!(order.collect::<Vec<_>>().is_sorted_by(|a, b| a < b));
    is_sound(&repository);
}

#[test]
fn an_interrupted_publish_leaves_a_valid_bundle() {
    let (repository, commits) = twenty();
    let target = target(&repository);
    fine(publish(&repository, &["--at", &commits[0], "--bundle-format", "flagd"]));
    // This measures the duration of a publication without interruption.
    let began = Instant::now();
    fine(publish(&repository, &["--at", &commits[1], "--bundle-format", "flagd"]));
    let usual = began.elapsed();
    let mut killed = 0;
    for commit in commits.iter().skip(2).cycle().take(60) {
        let mut child = start(&repository, &["publish", &target, "--at", commit, "--bundle-format", "flagd"]);
        let share = RandomState::new().hash_one(commit) as f64 / u64::MAX as f64;
        thread::sleep(usual.mul_f64(share * 1.2));
        child.kill().unwrap();
        killed += usize::from(!child.wait().unwrap().success());
        // A reader fetches the manifest and then the bundle of the manifest.
        let current = manifest(&repository);
        let bundle = fs::read(place(&repository, current["bundle"]["path"].as_str().unwrap())).unwrap();
        assert_eq!(bundle.len() as u64, current["bundle"]["size"].as_u64().unwrap());
        assert_eq!(json(&place(&repository, "flags.json"))["metadata"]["environment"], "production");
    }
    assert!(killed > 10, "{killed}");
    fine(publish(&repository, &["--at", commits.last().unwrap(), "--bundle-format", "flagd"]));
    assert_eq!(manifest(&repository)["commit"], *commits.last().unwrap());
    is_sound(&repository);
}

#[test]
fn the_next_publisher_completes_an_interrupted_one() {
    let repository = TestRepository::with_sale();
    fine(publish(&repository, &["--at", "HEAD~1", "--bundle-format", "flagd"]));
    let old =
        [fs::read(place(&repository, "manifest.json")).unwrap(), fs::read(place(&repository, "flags.json")).unwrap()];
    fine(publish(&repository, &["--bundle-format", "flagd"]));
    let new =
        [fs::read(place(&repository, "manifest.json")).unwrap(), fs::read(place(&repository, "flags.json")).unwrap()];
    // The second publication is interrupted after it has created its log entry, or after it has replaced the manifest.
    for left in [[&old[0], &old[1]], [&new[0], &old[1]]] {
        fs::write(place(&repository, "manifest.json"), left[0]).unwrap();
        fs::write(place(&repository, "flags.json"), left[1]).unwrap();
        let said = fine(publish(&repository, &["--bundle-format", "flagd"]));
        assert!(said.contains("nothing to do") && said.contains("number 2"), "{said}");
        is_sound(&repository);
        assert_eq!(fs::read(place(&repository, "manifest.json")).unwrap(), new[0]);
        assert_eq!(fs::read(place(&repository, "flags.json")).unwrap(), new[1]);
    }
}

/// Makes a key with `ssh-keygen`, names it in git's settings, and writes the allowed signers file.
pub(crate) fn key(repository: &TestRepository, name: &str) -> PathBuf {
    let path = repository.beside(name);
    let mut command = repository.command("ssh-keygen");
    let made = command.args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"]).arg(&path).status().unwrap();
    assert!(made.success());
    let public = fs::read_to_string(path.with_extension("pub")).unwrap();
    let signers = repository.beside(&format!("{name}.signers"));
    fs::write(&signers, format!("{name}@example.com namespaces=\"flagctl\" {public}")).unwrap();
    repository.git(&["config", "user.signingkey", path.to_str().unwrap()]);
    signers
}

#[test]
fn signatures_are_valid_for_ssh_keygen() {
    let repository = TestRepository::with_sale();
    let signers = key(&repository, "dana");
    let signers = signers.to_str().unwrap();
    fine(publish(&repository, &["--sign", "--at", "HEAD~1"]));
    fine(publish(&repository, &["--sign"]));
    let said = fine(verify(&repository, &["--allowed-signers", signers]));
    assert!(said.contains("signed by dana@example.com"), "{said}");
    repository.git(&["config", "gpg.ssh.allowedSignersFile", signers]);
    fine(verify(&repository, &["--signed"]));

    // This is the same check with `ssh-keygen` instead of flagctl.
    let signature: Vec<_> =
        names(&place(&repository, "log")).into_iter().filter(|name| name.ends_with(".sig")).collect();
    assert_eq!(signature.len(), 2);
    let by_hand = |path: &str| {
        let mut command = repository.command("ssh-keygen");
        command.args(["-Y", "verify", "-n", "flagctl", "-I", "dana@example.com", "-f", signers, "-s"]);
        command.arg(place(&repository, path)).stdout(Stdio::null()).stderr(Stdio::null());
        command.stdin(fs::File::open(place(&repository, "manifest.json")).unwrap()).status().unwrap().success()
    };
    assert_eq!(signature.iter().filter(|name| by_hand(&format!("log/{name}"))).count(), 1);

    // The check fails with the key of another signer, and without a signature.
    let others = key(&repository, "robin");
    let ran = verify(&repository, &["--allowed-signers", others.to_str().unwrap()]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stdout.contains("it is signed by a key that no allowed signer has"), "{}", ran.stdout);
    fs::remove_file(place(&repository, "log/000000002.sig")).unwrap();
    assert_eq!(verify(&repository, &["--allowed-signers", signers]).code, Some(1));
    assert_eq!(verify(&repository, &[]).code, Some(1));
}

#[test]
fn verify_finds_every_changed_byte() {
    let repository = TestRepository::with_sale();
    let signers = key(&repository, "dana");
    let checks = ["--allowed-signers", signers.to_str().unwrap()];
    fine(publish(&repository, &["--sign", "--bundle-format", "flagd"]));
    let mut paths = Vec::new();
    files(&repository.beside("fleet"), &mut paths);
    assert_eq!(paths.len(), 5, "{paths:?}");
    for path in paths {
        let bytes = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        // Each run is slow, so the test changes only some of the bytes. The step is a prime number, which reaches bytes
        // of every kind.
        for at in (0..bytes.len()).step_by(37) {
            let mut tampered = bytes.clone();
            tampered[at] ^= 1;
            fs::write(&path, &tampered).unwrap();
            let ran = verify(&repository, &checks);
            let armour = path.extension().is_some_and(|extension| extension == "sig");
            // The header and footer of a signature and the line breaks in it are not protected.
            assert!(ran.code == Some(1) || armour && ran.code == Some(0), "{} {at}: {}", path.display(), ran.stderr);
        }
        fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        let armour = path.extension().is_some_and(|extension| extension == "sig");
        assert!(verify(&repository, &checks).code == Some(1) || armour, "{}", path.display());
        fs::write(&path, &bytes).unwrap();
    }
    fine(verify(&repository, &checks));
}

#[test]
fn verify_finds_a_gap_and_a_foreign_log_entry() {
    let mut repository = TestRepository::with_sale();
    fine(publish(&repository, &["--at", "HEAD~1"]));
    fine(publish(&repository, &[]));
    repository.commit("a third");
    fine(publish(&repository, &[]));
    let second = place(&repository, "log/000000002.json");
    let bytes = fs::read(&second).unwrap();
    fs::remove_file(&second).unwrap();
    let ran = verify(&repository, &[]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stdout.contains("the log of `production` has no number 2"), "{}", ran.stdout);
    let text = String::from_utf8(bytes).unwrap().replace("\"normal\"", "\"emergency\"");
    fs::write(&second, text).unwrap();
    let ran = verify(&repository, &[]);
    assert!(ran.stdout.contains("number 3 of `production` does not follow"), "{}", ran.stdout);
}

#[test]
fn max_age_is_measured_from_the_commit() {
    let repository = TestRepository::with_sale();
    fine(publish(&repository, &[]));
    let ran = verify(&repository, &["--max-age", "36500d"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
    assert!(ran.stderr.contains("signatures are not checked"), "{}", ran.stderr);
    // This commit has the same content and a date in 2001.
    let mut command = repository.command("git");
    command.arg("-C").arg(repository.root()).args(["commit", "--quiet", "--amend", "--no-edit"]);
    assert!(command.env("GIT_COMMITTER_DATE", "978307200 +0000").status().unwrap().success());
    fine(publish(&repository, &["--allow-diverged"]));
    let ran = verify(&repository, &["--max-age", "7d"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stdout.contains("was made at 2001-01-01T00:00:00Z"), "{}", ran.stdout);
    assert_eq!(verify(&repository, &["--max-age", "soon"]).code, Some(2));
}

#[test]
fn pull_replaces_a_file_only_with_valid_newer_content() {
    let repository = TestRepository::with_sale();
    let signers = key(&repository, "dana");
    let file = repository.beside("flags.json");
    let target = target(&repository);
    let arguments = ["pull", &target, "-e", "production", "--to", file.to_str().unwrap(), "--allowed-signers"];
    let arguments = [&arguments[..], &[signers.to_str().unwrap()]].concat();
    let pull = || repository.flagctl(&arguments);
    assert_eq!(pull().code, Some(1));
    assert!(!file.exists());

    fine(publish(&repository, &["--sign", "--bundle-format", "flagd", "--at", "HEAD~1"]));
    assert!(fine(pull()).contains("now has number 1"));
    let first = fs::read(&file).unwrap();
    let state = fs::read(file.with_extension("json.state")).unwrap();
    assert_eq!(first, fs::read(place(&repository, "flags.json")).unwrap());
    let modified = fs::metadata(&file).unwrap().modified().unwrap();
    assert!(fine(pull()).contains("has already number 1"));
    assert_eq!(fs::metadata(&file).unwrap().modified().unwrap(), modified);
    let old = fs::read(place(&repository, "manifest.json")).unwrap();

    // The newer manifest first has no signature, then has a signature, and then has a changed bundle.
    fine(publish(&repository, &["--bundle-format", "flagd"]));
    let refused = |word: &str| {
        let ran = pull();
        assert_eq!(ran.code, Some(1), "{}", ran.stdout);
        assert!(ran.stderr.contains(word) && ran.stderr.contains("stays as it is"), "{word}: {}", ran.stderr);
    };
    refused("it was published without one");
    fs::remove_dir_all(repository.beside("fleet")).unwrap();
    fine(publish(&repository, &["--sign", "--bundle-format", "flagd", "--at", "HEAD~1"]));
    fine(publish(&repository, &["--sign", "--bundle-format", "flagd"]));
    let bundle = place(&repository, manifest(&repository)["bundle"]["path"].as_str().unwrap());
    let bytes = fs::read(&bundle).unwrap();
    fs::remove_file(&bundle).unwrap();
    refused("is missing");
    fs::write(&bundle, &bytes[1..]).unwrap();
    refused("is damaged: expected");
    assert_eq!(fs::read(&file).unwrap(), first);
    assert_eq!(fs::read(file.with_extension("json.state")).unwrap(), state);
    fs::write(&bundle, &bytes).unwrap();
    assert!(fine(pull()).contains("now has number 2"));
    assert_eq!(fs::read(&file).unwrap(), bytes);

    // The target has the first manifest again.
    fs::write(place(&repository, "manifest.json"), &old).unwrap();
    refused("it must not go back");
    let known = format!("{}.state", file.display());
    let ran = verify(&repository, &["--state-file", &known]);
    assert!(ran.stdout.contains("it must not go back"), "{}", ran.stdout);
    assert_eq!(fs::read(&file).unwrap(), bytes);

    // The command repairs a damaged file.
    fs::remove_dir_all(repository.beside("fleet")).unwrap();
    fine(publish(&repository, &["--sign", "--bundle-format", "flagd", "--at", "HEAD~1"]));
    fine(publish(&repository, &["--sign", "--bundle-format", "flagd"]));
    fs::write(&file, "{}").unwrap();
    assert!(fine(pull()).contains("now has number 2"));
    assert_eq!(fs::read(&file).unwrap(), bytes);
}

#[test]
fn a_reader_never_sees_a_partial_file() {
    let (repository, commits) = twenty();
    let target = target(&repository);
    fine(publish(&repository, &["--at", &commits[0], "--bundle-format", "flagd"]));
    let mut children: Vec<Child> = Vec::new();
    let began = Instant::now();
    let mut reads = 0;
    let mut next = commits.iter();
    while began.elapsed() < Duration::from_secs(3) {
        if children.len() < commits.len()
            && let Some(commit) = next.next()
        {
            children.push(start(&repository, &["publish", &target, "--at", commit, "--bundle-format", "flagd"]));
        }
        for _ in 0..20 {
            assert_eq!(json(&place(&repository, "flags.json"))["metadata"]["environment"], "production");
            assert_eq!(manifest(&repository)["version"], 1);
            reads += 1;
        }
    }
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert!(reads > 0);
    is_sound(&repository);
}

#[test]
fn publish_writes_its_result_as_json() {
    let repository = TestRepository::with_sale();
    let signers = key(&repository, "dana");
    let signers = signers.to_str().unwrap();
    let parse = |ran: &Ran| -> Json { serde_json::from_str(&ran.stdout).unwrap() };
    let mut published = parse(&publish(&repository, &["--sign", "--format", "json"]));
    let Json::Object(mut current) = manifest(&repository) else { panic!("{published}") };
    // The JSON has the digest of the manifest and most of its fields. The size of the bundle is the field `bytes`.
    current.retain(|name, _| !["version", "environment", "previous"].contains(&name.as_str()));
    let digest = published["environments"][0]["current"]["sha256"].clone();
    assert_eq!(digest.as_str().unwrap().len(), 64);
    current.insert("sha256".to_owned(), digest);
    current.insert("target".to_owned(), Json::Null);
    let bundle = current["bundle"].as_object_mut().unwrap();
    let size = bundle.remove("size").unwrap();
    bundle.insert("bytes".to_owned(), size);
    let target = target(&repository);
    let expected = serde_json::json!({
        "version": 1, "target": "[FOLDER]/fleet", "dryRun": false, "scope": "whole", "cacheSeconds": 0,
        "environments": [{"environment": "production", "outcome": "published", "current": current}],
    });
    assert_eq!(published, expected);
    published["environments"][0]["outcome"] = "unchanged".into();
    published["cacheSeconds"] = Json::Null;
    assert_eq!(parse(&publish(&repository, &["--sign", "--format", "json"])), published);

    let verified = parse(&verify(&repository, &["--allowed-signers", signers, "--format", "json"]));
    let expected = serde_json::json!({
        "version": 1, "target": "[FOLDER]/fleet", "signaturesChecked": true,
        "environments": [{
            "environment": "production", "current": current, "signer": "dana@example.com",
            "since": 1, "manifests": 1, "void": 0, "bundles": 1, "problems": [],
        }],
    });
    assert_eq!(verified, expected);

    let file = repository.beside("flags.json");
    let file = file.to_str().unwrap();
    let pull = ["pull", &target, "-e", "production", "--to", file, "--format", "json"];
    let expected = serde_json::json!({
        "version": 1, "file": "[FOLDER]/flags.json", "environment": "production", "outcome": "replaced", "current": current, "signer": null,
    });
    assert_eq!(parse(&repository.flagctl(&pull)), expected);
    // The pulled file is a normal bundle.
    assert!(fine(repository.flagctl(&["diff", "--bundle", file])).contains("no flag changes"));

    fs::write(place(&repository, "manifest.json"), "{}").unwrap();
    let ran = repository.flagctl(&pull);
    let refused = parse(&ran);
    assert_eq!((ran.code, &refused["outcome"], &refused["current"]), (Some(1), &"refused".into(), &Json::Null));
    assert!(ran.stderr.contains(refused["problem"].as_str().unwrap()), "{}", ran.stderr);
    let ran = publish(&repository, &["--format", "json"]);
    assert_eq!((ran.code, &parse(&ran)["environments"]), (Some(1), &serde_json::json!([])));
    assert!(ran.stderr.contains(parse(&ran)["problem"].as_str().unwrap()), "{}", ran.stderr);
    let ran = verify(&repository, &["--format", "json"]);
    assert_eq!((ran.code, &parse(&ran)["environments"][0]["current"]), (Some(1), &Json::Null));
}
