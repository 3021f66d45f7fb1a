//! `flagctl init`: what it writes is valid, it never changes what exists, and each question has an option and a default.

use std::fs;
use std::path::{Path, PathBuf};

use flagctl::edit;
use serde_json::Value as Json;

use crate::git_bench::{Ran, TestRepository, executable};
use crate::pseudo_terminal::in_terminal_with;

/// Returns the paths and texts of all files below a folder, without those of git.
fn files(folder: &Path) -> Vec<(String, String)> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
            match path.symlink_metadata().unwrap().is_dir() {
                true if name != ".git" => folders.push(path),
                true => {}
                false => found.push((name, fs::read_to_string(path).unwrap_or_default())),
            }
        }
    }
    found.sort();
    found
}

fn json(ran: &Ran) -> Json {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

/// Asserts that the definitions in a folder have no problem, and that their tests pass.
#[track_caller]
pub(crate) fn assert_sound(repository: &TestRepository, folder: &Path, what: &str) {
    let validated = repository.flagctl_in(folder, &["validate", "--now", "2026-11-22", "--format", "json"]);
    assert_eq!((validated.code, &json(&validated)["findings"]), (Some(0), &Json::Array(Vec::new())), "{what}");
    let checked = repository.flagctl_in(folder, &["fmt", "--check"]);
    assert_eq!(checked.code, Some(0), "{what}: {}", checked.stdout);
    let tested = repository.flagctl_in(folder, &["test"]);
    assert!(tested.code == Some(0) && tested.stdout.contains(" passed\n"), "{what}: {tested:?}");
}

#[test]
fn every_combination_of_answers_is_valid_and_its_tests_pass() {
    let environments = ["production", "staging,production", "dev,qa.eu,staging,on"];
    let serving: [&[&str]; 7] = [
        &["--serving", "ofrep"],
        &["--serving", "files", "--publish-to", "s3://acme-flags/web"],
        &["--serving", "library", "--publish-to", "../fleet/"],
        &["--serving", "flagd"],
        &["--serving", "flagd", "--clients", "node-0.16,python-0.5"],
        &["--serving", "flagd", "--clients", "python-0.6"],
        &["--owner", "yes", "--on-call", "@acme/on-call"],
    ];
    let bench = TestRepository::new();
    let mut runs = Vec::new();
    for names in environments {
        for serving in serving {
            for ci in ["github", "gitlab", "none"] {
                // Every other run is in a folder of its repository.
                let prefix = if runs.len() % 2 == 0 { "" } else { "services/my flags" };
                runs.push([&["init", "--environments", names, "--ci", ci], serving].concat());
                let folder = bench.beside(&format!("run-{}", runs.len()));
                fs::create_dir_all(folder.join(prefix)).unwrap();
                bench.git_in(&folder, &["init", "--quiet"]);
                let run = runs.last().unwrap();
                let ran = bench.flagctl_in(&folder.join(prefix), run);
                assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{run:?}");
                assert_sound(&bench, &folder.join(prefix), &format!("{run:?} in {prefix}"));
                for (path, text) in files(&folder) {
                    match path.rsplit('.').next().unwrap() {
                        "yml" | "yaml" => drop(edit::parse(&text).unwrap_or_else(|_| panic!("{path}: {text}"))),
                        "json" => drop(serde_json::from_str::<Json>(&text).unwrap()),
                        _ => {}
                    }
                }
            }
        }
    }
    assert_eq!(runs.len(), 3 * 7 * 3);
}

#[test]
fn ci_publishes_to_a_bucket_and_not_to_a_folder() {
    for (location, publishes) in [("s3://acme-flags/web", true), ("./dist/", false), ("../fleet/", false)] {
        for (ci, path) in [("github", ".github/workflows/flagctl.yml"), ("gitlab", ".gitlab-ci.yml")] {
            let repository = TestRepository::new();
            let ran = repository.flagctl(&["init", "--publish-to", location, "--ci", ci]);
            let text = fs::read_to_string(repository.root().join(path)).unwrap();
            assert_eq!(text.contains(": {publish: main}\n"), publishes, "{text}");
            let note = "CI publishes the branch main to the target main: give its job the settings of the bucket";
            assert_eq!(ran.stdout.contains(note), publishes, "{ran:?}");
        }
    }
}

#[test]
fn the_way_of_serving_decides_bucketing_and_target() {
    let cases: [(&[&str], &str, &str); 5] = [
        (&[], "siphash", "main: {to: \"./dist/\"}"),
        (&["--serving", "library"], "siphash", "main: {to: \"./dist/\"}"),
        (&["--serving", "flagd"], "flagd-v2", "main: {to: \"./dist/\", format: flagd}"),
        (
            &["--serving", "flagd", "--clients", "python-0.6"],
            "flagd-v3",
            "main: {to: \"./dist/\", format: flagd, clients: [python-0.6]}",
        ),
        (
            &["--serving", "flagd", "--clients", "python-0.5", "--publish-to", "s3://acme-flags"],
            "flagd-v2",
            "main: {to: \"s3://acme-flags\", format: flagd, clients: [python-0.5]}",
        ),
    ];
    for (arguments, bucketing, target) in cases {
        let repository = TestRepository::new();
        let ran = repository.flagctl(&[&["init"], arguments].concat());
        assert!(ran.stdout.contains(&format!("\n`bucketing: {bucketing}` fits ")), "{ran:?}");
        let project = fs::read_to_string(repository.root().join("flagctl.yaml")).unwrap();
        assert!(project.contains(&format!("\nbucketing: {bucketing}\n")), "{project}");
        assert!(project.contains(target), "{project}");
    }
}

#[test]
fn the_commands_that_follow_work_when_they_are_pasted() {
    for serving in ["ofrep", "flagd", "files", "library"] {
        for (is_git, prefix) in [(true, ""), (false, ""), (true, "services/flags")] {
            let bench = TestRepository::new();
            let root = bench.beside("new folder");
            fs::create_dir_all(root.join(prefix)).unwrap();
            if is_git {
                bench.git_in(&root, &["init", "--quiet"]);
            }
            // The options `-C` of the command are in the commands, which run in the same folder.
            let folder = if prefix.is_empty() { "../new folder".to_owned() } else { format!("../new folder/{prefix}") };
            let ran = bench.flagctl(&["-C", &folder, "init", "--serving", serving, "--format", "json"]);
            let next = json(&ran)["next"].clone();
            let next: Vec<&str> = next.as_array().unwrap().iter().map(|command| command.as_str().unwrap()).collect();
            assert_eq!(next.len(), 3, "{next:?}");
            for command in next {
                // A server would not end.
                let command =
                    if command.ends_with(" serve") { format!("{command} --check") } else { command.to_owned() };
                let ran = bench.bash(&command);
                assert_eq!(ran.code, Some(0), "{command}: {ran:?}");
            }
            assert_eq!(bench.git_in(&root, &["status", "--porcelain"]), "", "{serving} {prefix}");
        }
    }
}

#[test]
fn a_dry_run_shows_every_file_and_writes_nothing() {
    let repository = TestRepository::new();
    let shown = repository.flagctl(&["init", "--dry-run", "--format", "json"]);
    assert_eq!(files(repository.root()), []);
    let human = repository.flagctl(&["init", "--dry-run"]).stdout;
    assert_eq!(files(repository.root()), []);
    assert_eq!(repository.flagctl(&["init"]).code, Some(0));
    let written = files(repository.root());
    let shown = json(&shown)["files"].as_array().unwrap().clone();
    assert_eq!(shown.len(), written.len());
    for file in shown {
        let (path, text) = (file["path"].as_str().unwrap().to_owned(), file["text"].as_str().unwrap().to_owned());
        assert!(human.contains(&format!("would write {path}\n  {}\n", text.lines().next().unwrap())), "{human}");
        assert!(written.contains(&(path, text)), "{file}");
    }
}

#[test]
fn nothing_that_exists_is_changed() {
    let repository = TestRepository::new();
    let own = [
        (".github/CODEOWNERS", "* @acme/all\n"),
        (".gitignore", "target\n"),
        (".vscode/settings.json", "{\"editor.tabSize\": 2}\n"),
        (".gitlab-ci.yml", "build: {script: [make]}\n"),
        ("segments/staff.yaml", "description: Mine.\nif: {email: {ends_with: \"@mine.example.com\"}}\n"),
    ];
    own.iter().for_each(|(path, text)| repository.write(path, text));
    let ran = repository.flagctl(&["init", "--ci", "gitlab", "--on-call", "@acme/on-call"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for (path, text) in own {
        assert_eq!(fs::read_to_string(repository.root().join(path)).unwrap(), text);
        assert!(ran.stdout.contains(&format!("left as it is: {path}\n")), "{}", ran.stdout);
    }
    for lines in [
        "\nadd to .github/CODEOWNERS\n  /kills/ @acme/on-call\n",
        "\nadd to .gitignore\n  /dist/\n",
        "\nadd to .gitlab-ci.yml\n  include:\n    - remote: https://",
        "\nadd to .vscode/settings.json\n  \"./.flagctl/schemas/project.schema.json\": [\"flagctl.yaml\"]\n",
    ] {
        assert!(ran.stdout.contains(lines), "{lines}: {}", ran.stdout);
    }
    assert!(!repository.root().join("CODEOWNERS").exists());
    // What a person has added is not shown again.
    repository.write(".github/CODEOWNERS", "* @acme/all\n/kills/ @acme/on-call\n");
    let ran = repository.flagctl(&["init", "--ci", "github", "--on-call", "@acme/on-call"]);
    assert!(!ran.stdout.contains("add to .github/CODEOWNERS"), "{}", ran.stdout);
}

#[test]
fn in_a_flag_repository_only_what_is_missing_around_it_is_written() {
    let repository = TestRepository::with_sale();
    let before = fs::read_to_string(repository.root().join("flagctl.yaml")).unwrap();
    fs::create_dir_all(repository.root().join("flags/deep")).unwrap();
    let ran = repository.flagctl_in(&repository.root().join("flags/deep"), &["init", "--ci", "none"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(fs::read_to_string(repository.root().join("flagctl.yaml")).unwrap(), before);
    let paths: Vec<String> = files(repository.root()).into_iter().map(|(path, _)| path).collect();
    assert!(
        paths.contains(&"CODEOWNERS".to_owned()) && !paths.contains(&"segments/staff.yaml".to_owned()),
        "{paths:?}"
    );
    let before = files(repository.root());
    let ran = repository.flagctl(&["init", "--ci", "none"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stdout.ends_with("\neverything is there already, so nothing was written\n"), "{}", ran.stdout);
    assert_eq!(files(repository.root()), before);
    let ran = repository.flagctl(&["init", "--environments", "dev"]);
    let message = "error: `--environments` is for a new flag repository, and `flagctl.yaml` exists: change it there\n";
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(2), message));
}

#[test]
fn an_interrupted_run_is_completed_by_the_next_one() {
    let repository = TestRepository::new();
    repository.flagctl(&["init"]);
    let all = files(repository.root());
    // `flagctl.yaml` is the last of the definitions, so a run that ends before it leaves no flag repository.
    for (path, _) in &all {
        if path != "flags/welcome-banner.yaml" {
            repository.remove(path);
        }
    }
    assert_eq!(repository.flagctl(&["init"]).code, Some(0));
    assert_eq!(files(repository.root()), all);
}

#[test]
fn no_link_leads_a_new_file_out_of_the_repository_or_into_gits_folder() {
    for (link, target) in [
        (".github", "../outside"),
        ("flags", "../outside"),
        (".vscode", ".git"),
        (".flagctl", "../missing"),
        ("segments", "/tmp"),
    ] {
        let repository = TestRepository::new();
        fs::create_dir(repository.beside("outside")).unwrap();
        std::os::unix::fs::symlink(target, repository.root().join(link)).unwrap();
        let before = files(repository.root());
        let ran = repository.flagctl(&["init"]);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(3), ""), "{link}: {ran:?}");
        assert!(ran.stderr.contains(&format!("`{link}")), "{link}: {}", ran.stderr);
        assert_eq!((files(repository.root()), files(&repository.beside("outside"))), (before, Vec::new()), "{link}");
    }
}

#[test]
fn what_is_at_a_path_is_left_as_it_is_whatever_it_is() {
    let repository = TestRepository::new();
    repository.git(&["config", "core.fsmonitor", "false"]);
    std::os::unix::fs::symlink("/etc/hostname", repository.root().join("CODEOWNERS")).unwrap();
    assert_eq!(repository.shell("mkfifo .gitignore && mkdir -p tests/welcome-banner.yaml").code, Some(0));
    let ran = repository.flagctl(&["init"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for path in ["CODEOWNERS", ".gitignore", "tests/welcome-banner.yaml"] {
        assert!(ran.stdout.contains(&format!("left as it is: {path}\n")), "{}", ran.stdout);
    }
    assert_eq!(fs::read_link(repository.root().join("CODEOWNERS")).unwrap(), PathBuf::from("/etc/hostname"));
}

#[test]
fn a_wrong_answer_is_refused_with_what_to_write_instead() {
    let repository = TestRepository::new();
    let cases: [(&[&str], &str); 9] = [
        (&["--environments", "staging,Staging"], "`Staging` is given twice"),
        (&["--environments", "../up"], "`../up` is not a name"),
        (&["--environments", "con"], "`con` is not a name of a file on Windows"),
        (&["--clients", "python-0.6"], "`--clients` is for `--serving flagd`"),
        (&["--serving", "flagd", "--clients", "python-0.6,node-0.16"], "give the same user different buckets"),
        (&["--publish-to", "dist"], "a folder with a `/`"),
        (&["--publish-to", "s3://user:secret@acme"], "is not a location"),
        (&["--owner", ""], "expected a team or a person"),
        (&["--on-call", "on call"], "`@group/team`"),
    ];
    for (arguments, message) in cases {
        let ran = repository.flagctl(&[&["init"], arguments].concat());
        assert!(ran.code == Some(2) && ran.stderr.contains(message), "{arguments:?}: {ran:?}");
    }
    assert_eq!(files(repository.root()), []);
}

#[test]
fn a_person_at_a_terminal_is_asked_what_no_option_says() {
    let repository = TestRepository::new();
    let mut command = repository.command(env!("CARGO_BIN_EXE_flagctl"));
    command.current_dir(repository.root()).args(["init", "--ci", "none"]);
    let typed =
        "dev, DEV\ndev, production\nflags\nflagd\nnode-0.16 python-0.6\npython-0.6\n\nteam-web\n@acme/on-call\n";
    let shown = in_terminal_with(command, 200, typed);
    for question in [
        "Environments, in the order of promotion? [staging,production]",
        "error: `DEV` is given twice, in the same or in another case",
        "How will applications read the flags?",
        "  flagd    flagd, or a provider of flagd that decides in the application",
        "error: expected one of ofrep, flagd, files, library",
        "Which clients decide in the application (node-0.16, python-0.4, python-0.5, python-0.6)? [none]",
        "error: `node-0.16` and `python-0.6` give the same user different buckets",
        "Where are bundles published",
        "Who answers for the first flag? [Dana]",
        "Who approves kills, as CODEOWNERS names them, such as @acme/on-call? [no one needs to]",
    ] {
        assert!(shown.contains(question), "{question}: {shown}");
    }
    assert!(!shown.contains("Which service"), "{shown}");
    let text = |path: &str| fs::read_to_string(repository.root().join(path)).unwrap();
    assert!(text("flagctl.yaml").contains("environments: [dev, production]"), "{}", text("flagctl.yaml"));
    assert!(text("flagctl.yaml").contains("bucketing: flagd-v3"), "{}", text("flagctl.yaml"));
    assert!(text("flags/welcome-banner.yaml").contains("owner: team-web"), "{}", text("flags/welcome-banner.yaml"));
    assert!(text("CODEOWNERS").ends_with("\n/kills/ @acme/on-call\n"), "{}", text("CODEOWNERS"));
    assert_sound(&repository, repository.root(), "answers of a person");
}

#[test]
fn the_files_for_git_s_root_name_the_folder_of_a_monorepo() {
    let repository = TestRepository::new();
    repository.git(&["checkout", "--quiet", "-b", "trunk"]);
    fs::create_dir_all(repository.root().join("services/flags")).unwrap();
    let ran = repository.flagctl(&["-C", "services/flags", "init"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let text = |path: &str| fs::read_to_string(repository.root().join(path)).unwrap();
    assert!(text("CODEOWNERS").ends_with("\n/services/flags/kills/\n"), "{}", text("CODEOWNERS"));
    let workflow = text(".github/workflows/flagctl.yml");
    assert!(workflow.contains("directory: services/flags"), "{workflow}");
    assert!(workflow.contains("push: {branches: [trunk]}"), "{workflow}");
    let settings: Json = serde_json::from_str(&text(".vscode/settings.json")).unwrap();
    for (schema, files) in settings["yaml.schemas"].as_object().unwrap() {
        assert!(repository.root().join(schema).exists(), "{schema}");
        assert!(files[0].as_str().unwrap().starts_with("services/flags/"), "{files}");
    }
    assert!(text("services/flags/.gitignore").contains("/dist/"));
    // GitLab's remote has GitLab's file.
    let repository = TestRepository::new();
    repository.git(&["remote", "add", "origin", "git@gitlab.example.com:acme/flags.git"]);
    repository.flagctl(&["init"]);
    assert!(repository.root().join(".gitlab-ci.yml").exists() && !repository.root().join(".github").exists());
}

#[test]
fn no_program_that_the_repository_names_is_run() {
    let repository = TestRepository::new();
    let mark = repository.beside("mark");
    for (name, setting) in [("evil", "core.fsmonitor"), ("alias", "core.pager"), ("hook", "core.sshCommand")] {
        let script = repository.root().join(name);
        executable(&script, &format!("touch {}", mark.display()));
        repository.git(&["config", setting, script.to_str().unwrap()]);
    }
    repository.git(&["config", "remote.origin.url", "ext::touch-nothing"]);
    assert_eq!(repository.flagctl(&["init"]).code, Some(0));
    assert!(!mark.exists());
}
