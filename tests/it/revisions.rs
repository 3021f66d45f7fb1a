//! `--at`: the resolution of revisions, the kinds of repositories, and the errors.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::git_bench::{FIRST, PROJECT, Ran, TestRepository, flag};

const ON: &str = "sale: on = true\n  STATIC: no rules, everyone gets the default\n";
const OFF: &str = "sale: off = false\n  STATIC: no rules, everyone gets the default\n";

fn sale(repository: &TestRepository, at: &str) -> Ran {
    sale_in(repository, repository.root(), at)
}

fn sale_in(repository: &TestRepository, folder: &Path, at: &str) -> Ran {
    repository.flagctl_in(folder, &["eval", "sale", "--at", at])
}

#[track_caller]
fn assert_decides(ran: &Ran, stdout: &str) {
    assert_eq!(ran, &Ran { code: Some(0), stdout: stdout.to_owned(), stderr: String::new() });
}

#[track_caller]
fn assert_refuses(ran: &Ran, message: &str) {
    let stderr = format!("error: {message}\n");
    assert_eq!(ran, &Ran { code: Some(3), stdout: String::new(), stderr });
}

#[test]
fn commit_ids_are_the_same_everywhere() {
    let repository = TestRepository::with_sale();
    assert_eq!(
        repository.git(&["log", "--format=%h %cI"]),
        "f0ed479 2026-11-02T00:00:00Z\n404b4f5 2026-11-01T00:00:00Z"
    );
}

#[test]
fn revisions_resolve_as_in_git() {
    let repository = TestRepository::with_sale();
    repository.git(&["tag", "before", "HEAD~1"]);
    repository.git(&["tag", "--annotate", "--message", "v1", "v1", "HEAD~1"]);
    repository.git(&["branch", "feature/old", "HEAD~1"]);
    let first = repository.git(&["rev-parse", "HEAD~1"]);
    // The working tree is not read.
    repository.write("flags/sale.yaml", "variants: [\n");
    repository.write("flagctl.yaml", "");
    for at in ["HEAD", "@", "main", "heads/main", "refs/heads/main", "main@{0}"] {
        assert_decides(&sale(&repository, at), ON);
    }
    let before =
        ["HEAD~1", "HEAD^", "@~", "main^1", "before", "v1", "v1^{commit}", "feature/old", ":/begins", "main@{1}"];
    for at in before.into_iter().chain([&first[..], &first[..7], &first[..4]]) {
        assert_decides(&sale(&repository, at), OFF);
    }
}

#[test]
fn a_time_selects_the_newest_first_parent_commit_before_it() {
    let mut repository = TestRepository::with_sale();
    // The commit of the branch is older than the merge, but became a part of `main` only by the merge.
    repository.git(&["switch", "--quiet", "--create", "side", "HEAD~1"]);
    repository.write("flags/other.yaml", &flag("on"));
    repository.commit("other: of a branch");
    repository.git(&["switch", "--quiet", "main"]);
    repository.git(&["merge", "--quiet", "--no-ff", "--message", "merge", "side"]);
    let decided = |at: &str| {
        let ran = sale(&repository, at);
        assert_eq!(ran.code, Some(0), "{at}: {}", ran.stderr);
        (ran.stdout, ran.stderr)
    };
    let first = repository.git(&["rev-parse", "--short=12", "main~1^"]);
    let second = repository.git(&["rev-parse", "--short=12", "main~1"]);
    let note = |at: &str, id: &str, day: &str| format!("note: {at} is {id}, committed at {day}T00:00:00Z\n");
    for at in ["2026-11-01", "2026-11-01T23:59:59Z", "2026-11-02T00:59:59+01:00", "main@{2026-11-01}", "@{2026-11-01}"]
    {
        assert_eq!(decided(at), (OFF.to_owned(), note(at, &first, "2026-11-01")));
    }
    for at in ["2026-11-02", "2026-11-03T23:00:00Z", "HEAD@{2026-11-03T00:00:00Z}"] {
        assert_eq!(decided(at), (ON.to_owned(), note(at, &second, "2026-11-02")));
    }
    assert_eq!(decided("main@{2026-11-02}~1"), (OFF.to_owned(), note("main@{2026-11-02}~1", &first, "2026-11-01")));
    let other = |at| repository.flagctl(&["eval", "other", "--at", at]).code;
    assert_eq!([other("2026-11-03"), other("side@{2026-11-03}"), other("2026-11-04")], [Some(3), Some(0), Some(0)]);
}

#[test]
fn a_time_selects_the_same_commit_in_a_fresh_clone() {
    let repository = TestRepository::with_sale();
    let clone = repository.clone_to("clone", &[]);
    assert_eq!(sale_in(&repository, &clone, "main@{2026-11-01}"), sale(&repository, "main@{2026-11-01}"));
}

#[test]
fn a_tag_that_looks_like_a_date_wins() {
    let repository = TestRepository::with_sale();
    repository.git(&["tag", "2026-11-01", "HEAD"]);
    assert_decides(&sale(&repository, "2026-11-01"), ON);
    assert_eq!(sale(&repository, "@{2026-11-01}").stdout, OFF);
}

/// Makes a repository with a commit of 2001 and a commit of 2096.
fn two_centuries() -> TestRepository {
    let repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    for (time, serves) in [(1_000_000_000_u64, "off"), (4_000_000_000, "on")] {
        repository.write("flags/sale.yaml", &flag(serves));
        repository.git(&["add", "--all"]);
        let mut commit = repository.command("git");
        commit.current_dir(repository.root()).env("GIT_COMMITTER_DATE", format!("{time} +0000"));
        let committed = commit.args(["commit", "--quiet", "--message", serves]).output().unwrap();
        assert!(committed.status.success(), "{committed:?}");
    }
    repository
}

#[test]
fn a_time_in_the_past_is_a_revision() {
    let repository = two_centuries();
    for time in ["yesterday", "today", "now", "2 weeks ago", "2.weeks.ago", "main@{90 minutes ago}", "@{yesterday}"] {
        let ran = sale(&repository, time);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), OFF), "{time}: {}", ran.stderr);
    }
    let listed = repository.flagctl(&["list", "--at", "yesterday"]);
    let id = repository.git(&["rev-parse", "--short=12", "HEAD~1"]);
    let note = format!("note: yesterday is {id}, committed at 2001-09-09T01:46:40Z\n");
    assert_eq!((listed.code, listed.stderr), (Some(0), note));
    let ran = sale(&repository, "900 years ago");
    assert_eq!(ran.code, Some(3));
    assert!(ran.stderr.contains("the history of `HEAD` begins at 2001-09-09T01:46:40Z, after 1"), "{}", ran.stderr);
}

#[test]
fn a_branch_or_tag_with_the_name_of_a_time_wins() {
    let repository = two_centuries();
    repository.git(&["branch", "yesterday"]);
    repository.git(&["tag", "2.weeks.ago"]);
    assert_decides(&sale(&repository, "yesterday"), ON);
    assert_decides(&sale(&repository, "2.weeks.ago"), ON);
    assert_eq!(sale(&repository, "3.weeks.ago").stdout, OFF);
}

#[test]
fn a_wrong_time_gets_the_times_that_are_known() {
    let repository = TestRepository::with_sale();
    let ran = sale(&repository, "main@{tomorrow}");
    assert_eq!(ran.code, Some(2));
    let message = "`tomorrow` is not a time: expected a time with an offset, such as `2026-11-22T11:02:00Z`, a date, which \
                   begins at midnight UTC, or a time in the past, such as `yesterday` or `2 weeks ago`";
    assert!(ran.stderr.contains(message), "{}", ran.stderr);
    assert_refuses(
        &sale(&repository, "last week"),
        "`last week` is not a revision; a time is `2026-11-01T12:00:00Z`, `2026-11-01`, `yesterday` or `2 weeks ago`",
    );
}

#[test]
fn at_reads_every_file_from_the_revision() {
    let mut repository = TestRepository::with_sale();
    repository.write("kills/production/sale.yaml", "reason: 'INC-1: stop'\n");
    repository.write("flags/deep/er/nested.yaml", &flag("on"));
    repository.write("flags/gone.yaml", &flag("off"));
    repository.commit("kill");
    repository.remove("kills/production/sale.yaml");
    repository.remove("flags/gone.yaml");
    let all = repository.flagctl(&["eval", "--at", "HEAD", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&all.stdout).unwrap();
    assert_eq!(json["commit"], repository.git(&["rev-parse", "HEAD"]));
    let decided = json["decisions"].as_array().unwrap().iter();
    let decided: Vec<_> = decided.map(|one| format!("{} {} {}", one["flag"], one["variant"], one["reason"])).collect();
    assert_eq!(
        decided,
        [r#""gone" "off" "STATIC""#, r#""nested" "on" "STATIC""#, r#""sale" "off" "DISABLED""#],
        "{}",
        all.stderr
    );
    let one = repository.flagctl(&["eval", "nested", "--at", "HEAD"]);
    assert_decides(&one, "nested: on = true\n  STATIC: no rules, everyone gets the default\n");
    assert_refuses(
        &repository.flagctl(&["eval", "nestd", "--at", "HEAD"]),
        "`nestd` is not a flag at HEAD; did you mean `nested`?",
    );
}

#[test]
fn list_and_show_read_an_older_revision() {
    let mut repository = TestRepository::with_sale();
    repository.write("kills/production/sale.yaml", "reason: 'INC-1: stop'\n");
    let killed = repository.commit("kill");
    repository.remove("kills/production/sale.yaml");
    repository.commit("revive");
    let listed = |at: &str| repository.flagctl(&["list", "--killed", "--at", at]).stdout.contains("sale");
    assert_eq!(
        [listed("HEAD"), listed("HEAD~1"), listed("2026-11-03T12:00:00Z"), listed("HEAD~2")],
        [false, true, true, false]
    );
    let shown = repository.flagctl(&["show", "sale", "--at", "2026-11-03"]);
    assert!(shown.stdout.contains("INC-1"), "{}", shown.stdout);
    assert_eq!(shown.stderr, format!("note: 2026-11-03 is {}, committed at 2026-11-03T00:00:00Z\n", &killed[..12]));
}

#[test]
fn findings_name_the_revision_where_people_read_them() {
    let mut repository = TestRepository::with_sale();
    repository.write("flags/sale.yaml", "variants: {on: true}\noff: off\n");
    repository.commit("break it");
    repository.write("flags/sale.yaml", &flag("on"));
    repository.commit("mend it");
    let at = |arguments: &[&str]| repository.flagctl(&[&["validate", "--now", "2026-11-22"], arguments].concat());
    assert_eq!(at(&[]).code, Some(0));
    let human = at(&["--at", "HEAD~1"]);
    assert_eq!(human.code, Some(1));
    assert!(human.stdout.contains(" --> HEAD~1:flags/sale.yaml:1:1\n"), "{}", human.stdout);
    let dated = at(&["--at", "2026-11-03"]);
    let id = repository.git(&["rev-parse", "--short=12", "HEAD~1"]);
    assert!(dated.stdout.contains(&format!(" --> {id}:flags/sale.yaml:1:1\n")), "{}", dated.stdout);
    let json: serde_json::Value = serde_json::from_str(&at(&["--at", "HEAD~1", "--format", "json"]).stdout).unwrap();
    assert_eq!(json["commit"], repository.git(&["rev-parse", "HEAD~1"]));
    assert_eq!(json["findings"][0]["path"], "flags/sale.yaml");
}

#[test]
fn validate_reports_on_paths_that_only_the_revision_has() {
    let mut repository = TestRepository::with_sale();
    repository.write("flags/old/away.yaml", &flag("on"));
    repository.commit("away");
    repository.git(&["rm", "--quiet", "-r", "flags/old"]);
    repository.commit("gone");
    let at = |path: &str| repository.flagctl(&["validate", path, "--at", "HEAD~1", "--now", "2026-11-22"]);
    assert_decides(&at("flags/old/away.yaml"), "flags/old/away.yaml: no problems\n");
    assert_decides(&at("flags/old"), "1 file in flags/old: no problems\n");
    assert_refuses(&at("flags/never.yaml"), "no file is at `HEAD~1:flags/never.yaml`");
    let elsewhere = at("../elsewhere/flags");
    assert_refuses(&elsewhere, "`[FOLDER]` is not in a git repository; run flagctl in one, or name one with `-C`");
}

#[cfg(unix)]
#[test]
fn links_are_followed_inside_the_revision() {
    use std::os::unix::fs::symlink;
    let mut repository = TestRepository::with_sale();
    repository.write("shared/linked.yaml", &flag("on"));
    symlink("../shared/linked.yaml", repository.root().join("flags/linked.yaml")).unwrap();
    symlink("../more", repository.root().join("flags/folder")).unwrap();
    repository.write("more/banner.yaml", &flag("on"));
    repository.commit("links");
    let in_folder = repository.flagctl(&["eval", "banner", "--at", "HEAD"]);
    assert_decides(&in_folder, "banner: on = true\n  STATIC: no rules, everyone gets the default\n");
    let linked = repository.flagctl(&["eval", "linked", "--at", "HEAD"]);
    assert_decides(&linked, "linked: on = true\n  STATIC: no rules, everyone gets the default\n");
    repository.git(&["rm", "--quiet", "flags/folder"]);
    symlink("circle.yaml", repository.root().join("flags/circle.yaml")).unwrap();
    repository.commit("a circle");
    let circle = repository.flagctl(&["validate", "--at", "HEAD"]);
    assert_eq!(circle.code, Some(1));
    let message = "`flags/circle.yaml` leads through more than 40 links\n --> HEAD:flags/circle.yaml:1:1";
    assert!(circle.stdout.contains(message), "{}", circle.stdout);
}

#[test]
fn the_flag_repository_may_be_a_subfolder_of_the_git_repository() {
    let mut repository = TestRepository::new();
    repository.write("services/shop/flagctl.yaml", PROJECT);
    repository.write("services/shop/flags/sale.yaml", &flag("off"));
    repository.write("README.md", "");
    repository.commit("a shop");
    repository.write("services/shop/flags/sale.yaml", "variants: [\n");
    repository.commit("broken");
    let shop = repository.root().join("services/shop");
    for folder in [&shop, &shop.join("flags"), &repository.root().to_owned()] {
        assert_decides(&sale_in(&repository, folder, "HEAD~1"), OFF);
    }
    let broken = repository.flagctl_in(&shop, &["validate", "--at", "HEAD"]);
    assert!(broken.stdout.contains("--> HEAD:services/shop/flags/sale.yaml:1:"), "{}", broken.stdout);

    // If the repository has two flag repositories, the start folder selects one of them.
    repository.write("services/till/flagctl.yaml", PROJECT);
    repository.write("services/till/flags/sale.yaml", &flag("on"));
    repository.commit("a till");
    assert_decides(&sale_in(&repository, &shop.with_file_name("till"), "HEAD"), ON);
    assert_refuses(
        &sale(&repository, "HEAD"),
        "`flagctl.yaml` does not exist at HEAD; it is in `services/shop`, `services/till`: \
         run flagctl in one of them, or name it with `-C`",
    );
    assert_refuses(
        &sale_in(&repository, &shop.with_file_name("till"), "HEAD~1"),
        "`services/till/flagctl.yaml` does not exist at HEAD~1; it is in `services/shop`: \
         to read it, run flagctl in a folder that now has no `flagctl.yaml` in or above it",
    );
}

#[test]
fn a_revision_before_the_first_flag_is_reported() {
    let mut repository = TestRepository::new();
    repository.write("README.md", "");
    repository.commit("nothing yet");
    repository.sell();
    assert_refuses(
        &sale(&repository, "HEAD~2"),
        "`flagctl.yaml` does not exist at HEAD~2; `git log --all -- flagctl.yaml` shows the commits that have it",
    );
}

#[test]
fn worktrees_bare_repositories_and_detached_heads_are_read() {
    let repository = TestRepository::with_sale();
    let worktree = repository.beside("worktree");
    repository.git(&["worktree", "add", "--quiet", "--detach", worktree.to_str().unwrap(), "HEAD~1"]);
    assert_decides(&sale_in(&repository, &worktree, "HEAD"), OFF);
    assert_decides(&sale_in(&repository, &worktree.join("flags"), "main"), ON);
    let bare = repository.clone_to("bare.git", &["--bare"]);
    assert_decides(&sale_in(&repository, &bare, "HEAD~1"), OFF);
    assert_decides(
        &repository.flagctl_in(&bare, &["validate", "flags", "--at", "main", "--now", "2026-11-22"]),
        "1 file in flags: no problems\n",
    );
    assert_eq!(sale_in(&repository, &bare, "2026-11-01").stdout, OFF);
    let apart = repository.clone_to("apart", &["--separate-git-dir", repository.beside("git").to_str().unwrap()]);
    assert_decides(&sale_in(&repository, &apart, "HEAD~1"), OFF);
}

#[test]
fn a_submodule_is_a_separate_repository() {
    let repository = TestRepository::with_sale();
    let outer = repository.beside("outer");
    repository.git(&["init", "--quiet", outer.to_str().unwrap()]);
    let address = repository.root().to_str().unwrap();
    repository.git_in(&outer, &["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", address, "inner"]);
    repository.git_in(&outer, &["commit", "--quiet", "--message", "inner"]);
    assert_decides(&sale_in(&repository, &outer.join("inner"), "HEAD~1"), OFF);
    assert_refuses(
        &sale_in(&repository, &outer, "HEAD"),
        "`flagctl.yaml` does not exist at HEAD; `git log --all -- flagctl.yaml` shows the commits that have it",
    );
}

#[test]
fn a_pre_receive_hook_sees_the_commits_before_it_accepts_them() {
    let repository = TestRepository::with_sale();
    let bare = repository.clone_to("bare.git", &["--bare"]);
    let hook = format!(
        "#!/bin/sh\nwhile read old new name; do {} validate --at $new --now 2026-11-22 || exit 1; done\n",
        env!("CARGO_BIN_EXE_flagctl")
    );
    let place = bare.join("hooks/pre-receive");
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    fs::write(&place, hook).unwrap();
    let mut command = repository.command("chmod");
    assert!(command.arg("+x").arg(&place).status().unwrap().success());
    let mut repository = repository;
    repository.write("flags/sale.yaml", "variants: [\n");
    repository.commit("broken");
    let output =
        repository.command("git").current_dir(repository.root()).arg("push").arg(&bare).arg("main").output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("error[yaml-syntax]") && stderr.contains("pre-receive hook declined"), "{stderr}");
}

#[test]
fn sha_256_repositories_are_read() {
    let mut repository = TestRepository::with(&["--object-format=sha256"]);
    repository.sell();
    let first = repository.git(&["rev-parse", "HEAD~1"]);
    assert_eq!(first.len(), 64);
    for at in ["HEAD~1", &first, &first[..8]] {
        assert_decides(&sale(&repository, at), OFF);
    }
}

#[test]
fn a_folder_outside_git_is_refused() {
    let repository = TestRepository::new();
    let outside = repository.beside("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("flagctl.yaml"), PROJECT).unwrap();
    assert_refuses(
        &sale_in(&repository, &outside, "HEAD"),
        "`[FOLDER]/outside` is not in a git repository; run flagctl in one, or name one with `-C`",
    );
}

#[test]
fn a_repository_without_commits_is_refused() {
    let repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    for at in ["HEAD", "@", "HEAD~1", "2026-11-01"] {
        assert_refuses(
            &sale(&repository, at),
            "the git repository has no commits yet on `main`; make the first one with `git commit`",
        );
    }
}

#[test]
fn an_unknown_revision_suggests_a_similar_name() {
    let repository = TestRepository::with_sale();
    repository.git(&["tag", "v1.2.0"]);
    assert_refuses(&sale(&repository, "mian"), "`mian` is not a revision; did you mean `main`?");
    assert_refuses(&sale(&repository, "^main"), "`^main` is not a revision; did you mean `main`?");
    assert_refuses(&sale(&repository, "v1.2"), "`v1.2` is not a revision; did you mean `v1.2.0`?");
    let lists = "`git branch --all`, `git tag` and `git log` list the revisions";
    for at in ["deadbeef", "something else", "-1"] {
        let ran = repository.flagctl(&["eval", "sale", &format!("--at={at}")]);
        assert_refuses(&ran, &format!("`{at}` is not a revision; {lists}"));
    }
    assert_refuses(
        &sale(&repository, "main..HEAD"),
        "`main..HEAD` is not a revision; expected one revision, found a range",
    );
    for (at, tip) in [("HEAD~2", "HEAD"), ("main^2", "main"), ("main@{7}", "main"), ("@{upstream}", "HEAD")] {
        assert_refuses(
            &sale(&repository, at),
            &format!(
                "`{tip}` exists, but `{at}` does not; `git log {tip}`, `git reflog {tip}` and `git branch -vv` \
                 list what can be named relative to it"
            ),
        );
    }
    let clone = repository.clone_to("clone", &[]);
    repository.git_in(&clone, &["switch", "--quiet", "--create", "mine"]);
    repository.git_in(&clone, &["branch", "--quiet", "--delete", "main"]);
    assert_refuses(&sale_in(&repository, &clone, "main"), "`main` is not a revision; did you mean `origin/main`?");
}

#[test]
fn a_revision_that_is_not_a_commit_is_refused() {
    let repository = TestRepository::with_sale();
    repository.git(&["tag", "a-folder", "HEAD:flags"]);
    for (at, kind) in [("HEAD:flags", "folder"), ("HEAD:flagctl.yaml", "file"), ("a-folder", "folder")] {
        let message = format!("`{at}` is a {kind}, not a commit; write the name of a branch, tag or commit");
        assert_refuses(&sale(&repository, at), &message);
    }
}

#[test]
fn a_time_before_the_history_is_refused() {
    let repository = TestRepository::with_sale();
    assert_refuses(
        &sale(&repository, "2020-02-29"),
        "the history of `HEAD` begins at 2026-11-01T00:00:00Z, after 2020-02-29T00:00:00Z; name a later time",
    );
}

#[test]
fn an_ambiguous_commit_id_is_refused() {
    let repository = TestRepository::new();
    let mut stream = String::new();
    for at in 0..1000 {
        let (author, message) = (format!("Dana <dana@example.com> {} +0000", FIRST + at), format!("commit {at}"));
        writeln!(stream, "commit refs/heads/main\nauthor {author}\ncommitter {author}").unwrap();
        writeln!(
            stream,
            "data {}\n{message}\nM 644 inline flagctl.yaml\ndata {}\n{PROJECT}",
            message.len(),
            PROJECT.len()
        )
        .unwrap();
    }
    repository.git_with(&["fast-import", "--quiet"], &stream);
    let mut ids: Vec<String> = repository.git(&["rev-list", "main"]).lines().map(str::to_owned).collect();
    ids.sort();
    // Of a thousand commits, some have ids that begin with the same four digits.
    let twins = ids.windows(2).find(|pair| pair[0][..4] == pair[1][..4]).unwrap();
    assert_refuses(
        &sale(&repository, &twins[0][..4]),
        &format!(
            "`{}` is the beginning of several commit ids, `{}` of 2026-11-01, `{}` of 2026-11-01; write more digits",
            &twins[0][..4],
            &twins[0][..12],
            &twins[1][..12]
        ),
    );
    // Objects that are not commits do not make an id ambiguous.
    let known: Vec<&str> = ids.iter().map(|id| &id[..4]).collect();
    let alone = |prefix: &str| known.iter().filter(|known| **known == prefix).count() == 1;
    let blobs = (0..).map(|at: u32| repository.git_with(&["hash-object", "-w", "--stdin"], &at.to_string()));
    let blob = blobs.into_iter().find(|blob| alone(&blob[..4])).unwrap();
    assert_refuses(&sale(&repository, &blob[..4]), &format!("`sale` is not a flag at {}", &blob[..4]));
}

#[test]
fn a_shallow_clone_says_what_to_fetch() {
    let repository = TestRepository::with_sale();
    repository.git(&["branch", "side", "HEAD~1"]);
    repository.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
    let clone = repository.clone_to("clone", &["--depth=1"]);
    let at = |at: &str| sale_in(&repository, &clone, at);
    assert_decides(&at("HEAD"), ON);
    for rev in ["HEAD~1", "main^", "2026-11-01", "main@{2026-11-01}"] {
        assert_refuses(
            &at(rev),
            &format!(
                "`{rev}` is beyond the history of this shallow clone; \
                 `git fetch --unshallow` fetches all of it, `git fetch --deepen=50` fetches 50 more commits"
            ),
        );
    }
    assert_refuses(
        &at("side"),
        "`side` is not a revision; in a shallow clone `git fetch origin side:side` fetches a branch or tag",
    );
    let first = repository.git(&["rev-parse", "HEAD~1"]);
    assert_refuses(
        &at(&first[..8]),
        &format!(
            "`{}` is not a revision; in a shallow clone `git fetch origin ID` fetches a commit by its full id, \
             and `git fetch --unshallow` the whole history",
            &first[..8]
        ),
    );
    assert_refuses(
        &at(&first),
        &format!("`{first}` is not a revision; in a shallow clone `git fetch origin {first}` fetches it"),
    );
    // Each suggested command must fetch the revision.
    repository.git_in(&clone, &["fetch", "--quiet", "origin", &first]);
    assert_decides(&at(&first), OFF);
    repository.git_in(&clone, &["fetch", "--quiet", "origin", "side:side"]);
    assert_decides(&at("side"), OFF);
    repository.git_in(&clone, &["fetch", "--quiet", "--deepen=1"]);
    assert_decides(&at("HEAD~1"), OFF);
}

#[test]
fn a_partial_clone_reports_the_fetch_command() {
    let repository = TestRepository::with_sale();
    repository.git(&["config", "uploadpack.allowFilter", "true"]);
    for filter in ["--filter=blob:none", "--filter=tree:0"] {
        let clone = repository.clone_to(&filter.replace([':', '='], ""), &["--no-checkout", filter]);
        assert_refuses(
            &sale_in(&repository, &clone, "HEAD~1"),
            "this partial clone does not have some of the files of HEAD~1; \
             `git fetch --refetch --no-filter` fetches them",
        );
        repository.git_in(&clone, &["fetch", "--quiet", "--refetch", "--no-filter"]);
        assert_decides(&sale_in(&repository, &clone, "HEAD~1"), OFF);
    }
}

#[test]
fn an_unsupported_git_format_is_named() {
    let repository = TestRepository::with_sale();
    repository.git(&["config", "core.repositoryFormatVersion", "1"]);
    repository.git(&["config", "extensions.timeTravel", "true"]);
    assert_refuses(
        &sale(&repository, "HEAD"),
        "the git repository of `[FOLDER]/shop` uses `extensions.timetravel`, which flagctl cannot read; \
         a new `git clone` does not use it",
    );
    // The test writes the setting directly, because older versions of git cannot make such a repository.
    let repository = TestRepository::with_sale();
    repository.git(&["config", "core.repositoryFormatVersion", "1"]);
    repository.git(&["config", "extensions.refStorage", "reftable"]);
    assert_refuses(
        &sale(&repository, "HEAD"),
        "the git repository of `[FOLDER]/shop` uses the reftable format (`extensions.refStorage`), which flagctl cannot \
         read; `git refs migrate --ref-format=files` of git 2.48 converts it, and `git clone --ref-format=files` makes a copy",
    );
}

#[cfg(unix)]
#[test]
fn a_repository_of_another_user_needs_safe_directory() {
    let repository = TestRepository::with_sale();
    let chown = |path: &Path| std::os::unix::fs::chown(path, Some(12345), None);
    if chown(repository.root()).is_err() {
        // Only root can change the owner of a folder.
        assert_decides(&sale(&repository, "HEAD"), ON);
        return;
    }
    assert_refuses(
        &sale(&repository, "HEAD"),
        "the git repository `[FOLDER]/shop` belongs to another user; if you trust it, run \
         `git config --global --add safe.directory [FOLDER]/shop`",
    );
    let settings = repository.beside("settings");
    fs::write(&settings, format!("[safe]\n\tdirectory = {}\n", repository.root().display())).unwrap();
    let mut command = repository.command(env!("CARGO_BIN_EXE_flagctl"));
    let output = command.env("GIT_CONFIG_GLOBAL", settings).current_dir(repository.root());
    let output = output.args(["eval", "sale", "--at", "HEAD"]).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), ON);
}
