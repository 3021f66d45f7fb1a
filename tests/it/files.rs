//! The files that a command reads: links, devices, sparse checkouts and deep folders.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::git_bench::{PROJECT, Ran, TestRepository, flag};

const SECRET: &str = "aws_secret_access_key = TOPSECRET123\npassword: TOPSECRET123\n";
/// Commands that read the working tree, and do not need other arguments.
const READERS: [&[&str]; 9] = [
    &["validate"],
    &["validate", "--format", "github"],
    &["validate", "--format", "sarif"],
    &["list"],
    &["test"],
    &["diff", "HEAD~1"],
    &["eval", "sale", "-e", "production"],
    &["show", "sale"],
    &["export", "bundle", "-e", "production"],
];
/// The last folder of a path with 65 levels.
const LEVELS: usize = 65;

#[cfg(unix)]
fn link(repository: &TestRepository, target: impl AsRef<Path>, path: &str) {
    let path = repository.root().join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(target, path).unwrap();
}

fn text(ran: &Ran) -> String {
    format!("{}{}", ran.stdout, ran.stderr)
}

/// Runs a command and asserts that it ends with this code and text.
fn says(repository: &TestRepository, arguments: &[&str], code: i32, expected: &str) {
    let ran = repository.flagctl(arguments);
    assert_eq!(ran.code, Some(code), "{arguments:?}: {}", text(&ran));
    assert!(text(&ran).contains(expected), "{arguments:?}: {}", text(&ran));
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_repository_is_not_read() {
    let outside = "leads out of the repository";
    let absolute = |repository: &TestRepository| repository.beside("secret.yaml");
    let relative = |_: &TestRepository| "../../secret.yaml".into();
    let of_git = |_: &TestRepository| "../.git/config".into();
    let of_process = |_: &TestRepository| "/proc/self/environ".into();
    let targets: [&dyn Fn(&TestRepository) -> std::path::PathBuf; 4] = [&absolute, &relative, &of_git, &of_process];
    for target in targets {
        for path in ["flags/leak.yaml", "segments/leak.yaml", "tests/leak.yaml", "kills/production/sale.yaml"] {
            let mut repository = TestRepository::with_sale();
            fs::write(repository.beside("secret.yaml"), SECRET).unwrap();
            let target = target(&repository);
            let target = if path.starts_with("kills") && target.starts_with("..") {
                Path::new("..").join(target)
            } else {
                target
            };
            link(&repository, target, path);
            says(&repository, &["validate"], 1, &format!("`{path}` {outside}"));
            repository.commit("a link");
            says(&repository, &["validate", "--at", "HEAD"], 1, &format!("`{path}` {outside}"));
            for arguments in READERS {
                let ran = text(&repository.flagctl(arguments));
                let shown =
                    ["TOPSECRET", "repositoryformatversion", "LC_ALL"].into_iter().find(|secret| ran.contains(secret));
                assert_eq!(shown, None, "{path} {arguments:?}: {ran}");
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn the_content_of_a_linked_file_that_is_not_a_definition_is_not_shown() {
    for secret in
        [SECRET, "password: TOPSECRET123\n", "- TOPSECRET123\n", "TOPSECRET123: [\n", "reason: {a: b}\nTOPSECRET123: 1"]
    {
        let mut repository = TestRepository::with_sale();
        repository.write(".env", secret);
        link(&repository, "../.env", "flags/leak.yaml");
        let foreign = "`flags/leak.yaml` is a link to a file that is not a definition";
        says(&repository, &["validate"], 1, foreign);
        repository.write("flags/typed.yaml", &format!("schema: .env\n{}", flag("on")));
        repository.commit("a link");
        says(&repository, &["validate", "--at", "HEAD"], 1, foreign);
        for arguments in READERS {
            let ran = text(&repository.flagctl(arguments));
            assert!(!ran.contains("TOPSECRET"), "{arguments:?}: {ran}");
        }
    }
}

#[cfg(unix)]
#[test]
fn settings_behind_a_link_out_of_the_repository_are_not_read() {
    let repository = TestRepository::with_sale();
    fs::write(repository.beside("flagctl.yaml"), PROJECT).unwrap();
    repository.remove("flagctl.yaml");
    link(&repository, "../flagctl.yaml", "flagctl.yaml");
    says(&repository, &["validate"], 1, "`flagctl.yaml` leads out of the repository");
    says(&repository, &["eval", "sale", "-e", "production"], 3, "`flagctl.yaml` leads out of the repository");
}

#[cfg(unix)]
#[test]
fn a_value_schema_follows_the_rules_of_links() {
    let repository = TestRepository::with_sale();
    fs::write(repository.beside("schema.json"), "{}").unwrap();
    link(&repository, "../schema.json", "linked.json");
    let absolute = repository.beside("schema.json");
    for path in ["linked.json", "../schema.json", absolute.to_str().unwrap()] {
        repository.write("flags/sale.yaml", &format!("schema: {path}\n{}", flag("on")));
        says(&repository, &["validate"], 1, "leads out of the repository");
    }
    repository.write("schemas/boolean.json", "{\"type\": \"boolean\"}");
    link(&repository, "schemas/boolean.json", "inside.json");
    repository.write("flags/sale.yaml", &format!("schema: inside.json\n{}", flag("on")));
    says(&repository, &["validate"], 0, "no problems");
}

#[cfg(unix)]
#[test]
fn a_linked_folder_is_read_alike_by_all_commands() {
    let mut repository = TestRepository::with_sale();
    repository.write("shared/team/banner.yaml", &flag("on"));
    repository.write("shared/stops/banner.yaml", "reason: INC-1\n");
    link(&repository, "../shared/team", "flags/team");
    link(&repository, "../shared/stops", "kills/production");
    repository.commit("links");
    for at in [&[][..], &["--at", "HEAD"]] {
        says(&repository, &[&["eval", "banner", "-e", "production"], at].concat(), 0, "killed: INC-1");
        says(&repository, &[&["list"], at].concat(), 0, "banner");
        says(&repository, &[&["list"], at].concat(), 0, "killed");
        says(&repository, &[&["show", "banner"], at].concat(), 0, "INC-1");
        says(&repository, &[&["validate", "--now", "2026-11-22"], at].concat(), 0, "2 flags");
    }
    says(&repository, &["diff", "HEAD~1..HEAD"], 0, "banner");
    says(&repository, &["log", "banner"], 0, "links");
    repository.write("shared/stops/sale.yaml", "reason: INC-2\n");
    repository.write("shared/team/banner.yaml", &flag("off"));
    says(&repository, &["diff", "HEAD"], 0, "sale");
    repository.commit("a stop");
    says(&repository, &["diff", "HEAD~1..HEAD"], 0, "INC-2");
    says(&repository, &["log", "sale"], 0, "a stop");
}

#[cfg(unix)]
#[test]
fn links_to_missing_files_and_cycles_of_links_are_reported() {
    let cases = [
        (
            "flags/team",
            "../missing",
            "`flags/team` is a link, or is below a link, to a file or folder that does not exist",
        ),
        ("flags/team", ".", "`flags/team` is a link to a folder that contains it"),
        ("flags/team", "..", "`flags/team` is a link to a folder that contains it"),
        ("flags/team", "../../", "`flags/team` leads out of the repository"),
        ("flags/team", "team", "`flags/team` leads through more than 40 links"),
        ("kills/production/x.yaml", "x.yaml", "`kills/production/x.yaml` leads through more than 40 links"),
    ];
    for (path, target, message) in cases {
        let mut repository = TestRepository::with_sale();
        link(&repository, target, path);
        let code = if path.ends_with(".yaml") { 1 } else { 3 };
        says(&repository, &["validate"], code, message);
        repository.commit("a link");
        says(&repository, &["validate", "--at", "HEAD"], code, &message.replacen("flags/team", "HEAD:flags/team", 1));
        if code == 3 {
            says(&repository, &["list"], code, message);
            // The comparison may reach the folder on a longer path.
            let (_, reason) = message.rsplit_once("` ").unwrap();
            says(&repository, &["diff", "HEAD~1"], code, reason);
            says(&repository, &["diff", "HEAD~1..HEAD"], code, "HEAD:flags/team");
            says(&repository, &["eval", "unknown", "-e", "production"], code, message);
        }
    }
    let mut repository = TestRepository::with_sale();
    link(&repository, "../b", "flags/a");
    link(&repository, "../flags", "b/again");
    repository.commit("a cycle of two folders");
    says(&repository, &["list"], 3, "is a link to a folder that contains it");
    says(&repository, &["list", "--at", "HEAD"], 3, "is a link to a folder that contains it");
}

#[cfg(unix)]
#[test]
fn devices_and_fifos_are_never_waited_for() {
    let fifo = |repository: &TestRepository, path: &str| {
        let path = repository.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    };
    let repository = TestRepository::with_sale();
    fifo(&repository, "kills/production/sale.yaml");
    fifo(&repository, "schema.json");
    repository.write("flags/typed.yaml", &format!("schema: schema.json\n{}", flag("on")));
    let _socket = std::os::unix::net::UnixListener::bind(repository.root().join("flags/socket.yaml")).unwrap();
    let device = "is a device, a FIFO or a socket, not a file";
    says(&repository, &["validate"], 1, &format!("`kills/production/sale.yaml` {device}"));
    says(&repository, &["validate"], 1, &format!("`flags/socket.yaml` {device}"));
    says(&repository, &["validate"], 1, &format!("the schema `schema.json` {device}"));
    says(&repository, &["eval", "sale", "-e", "production"], 3, device);
    for arguments in READERS {
        assert!(repository.flagctl(arguments).code.is_some_and(|code| code <= 3), "{arguments:?}");
    }
    repository.remove("flagctl.yaml");
    fifo(&repository, "flagctl.yaml");
    says(&repository, &["validate"], 1, &format!("`flagctl.yaml` {device}"));
}

#[cfg(unix)]
#[test]
fn golden_files_are_updated_inside_the_repository_only() {
    use std::os::unix::fs::PermissionsExt;
    let golden = "contexts: {someone: {targetingKey: u1}}\ngolden:\n  flags: [sale]\n  cells: {}\n";
    let repository = TestRepository::with_sale();
    fs::write(repository.beside("victim.yaml"), golden).unwrap();
    link(&repository, "../../victim.yaml", "tests/victim.yaml");
    says(&repository, &["test", "--update"], 1, "leads out of the repository");
    assert_eq!(fs::read_to_string(repository.beside("victim.yaml")).unwrap(), golden);
    repository.remove("tests/victim.yaml");

    repository.write("shared/golden.yaml", golden);
    let file = repository.root().join("shared/golden.yaml");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    link(&repository, "../shared/golden.yaml", "tests/golden.yaml");
    says(&repository, &["test", "--update"], 0, "note: wrote tests/golden.yaml: 1 cell changed");
    assert!(fs::read_to_string(&file).unwrap().contains("someone: {production: on}"));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(repository.root().join("tests/golden.yaml").is_symlink());
    let left = fs::read_dir(repository.root().join("shared")).unwrap().count();
    assert_eq!(left, 1, "a prepared file remains");
}

#[test]
fn a_sparse_checkout_decides_as_a_full_one() {
    let mut repository = TestRepository::with_sale();
    repository.write("flags/banner.yaml", &format!("{}rules:\n- {{if: {{segment: near}}, serve: on}}\n", flag("off")));
    repository.write("segments/near.yaml", "description: Near.\nif: {country: DE}\n");
    repository.write("kills/production/sale.yaml", "reason: INC-1\n");
    repository.write("tests/sale.yaml", "contexts: {a: {}}\ncases:\n- {context: a, expect: {sale: off}}\n");
    repository.commit("all kinds");
    let commands: [&[&str]; 9] = [
        &["eval", "sale", "-e", "production"],
        &["eval", "banner", "-e", "production", "-c", "country=DE"],
        &["list"],
        &["show", "sale"],
        &["validate", "--now", "2026-11-22"],
        &["test"],
        &["diff", "HEAD"],
        &["diff", "HEAD~1"],
        &["export", "bundle", "-e", "production"],
    ];
    let full: Vec<Ran> = commands.iter().map(|arguments| repository.flagctl(arguments)).collect();
    assert!(full[0].stdout.contains("killed: INC-1"), "{}", full[0].stdout);
    for patterns in
        [&["--cone", "segments"][..], &["--cone", "flags"], &["--no-cone", "/flags/"], &["--no-cone", "/README"]]
    {
        repository.git(&[&["sparse-checkout", "set"], patterns].concat());
        for (arguments, full) in commands.iter().zip(&full) {
            assert_eq!(&repository.flagctl(arguments), full, "{patterns:?}: {arguments:?}");
        }
        repository.git(&["sparse-checkout", "disable"]);
    }
    repository.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "flags"]);
    let expand = "`git sparse-checkout reapply --no-sparse-index` expands it";
    for arguments in commands {
        says(&repository, arguments, 3, expand);
    }
    repository.git(&["sparse-checkout", "reapply", "--no-sparse-index"]);
    assert_eq!(repository.flagctl(commands[0]), full[0]);
}

#[test]
fn a_sparse_checkout_has_no_uncommitted_files() {
    let mut repository = TestRepository::with_sale();
    repository.write("kills/production/sale.yaml", "reason: INC-1\n");
    repository.commit("a kill");
    repository.git(&["sparse-checkout", "set", "--cone", "flags"]);
    let store = repository.beside("store");
    fs::create_dir(&store).unwrap();
    says(&repository, &["publish", store.to_str().unwrap(), "-e", "production"], 0, "");
    repository.write("kills/production/sale.yaml", "reason: INC-2\n");
    says(&repository, &["publish", store.to_str().unwrap(), "-e", "production"], 1, "kills/production/sale.yaml");
}

#[test]
fn a_partial_clone_names_the_files_that_a_sparse_checkout_lacks() {
    let mut repository = TestRepository::with_sale();
    repository.write("kills/production/sale.yaml", "reason: INC-1\n");
    repository.commit("a kill");
    repository.git(&["config", "uploadpack.allowFilter", "true"]);
    let clone = repository.clone_to("clone", &["--filter=blob:none", "--sparse"]);
    repository.git_in(&clone, &["sparse-checkout", "set", "flags"]);
    let arguments = ["eval", "sale", "-e", "production"];
    let lacking = repository.flagctl_in(&clone, &arguments);
    assert_eq!(lacking.code, Some(3));
    let message = "this partial clone does not have some of the files of the index; \
                   `git fetch --refetch --no-filter` fetches them";
    assert!(lacking.stderr.contains(message), "{}", lacking.stderr);
    repository.git_in(&clone, &["fetch", "--quiet", "--refetch", "--no-filter"]);
    assert!(repository.flagctl_in(&clone, &arguments).stdout.contains("killed: INC-1"));
}

#[test]
fn a_golden_file_that_is_not_checked_out_is_not_updated() {
    let mut repository = TestRepository::with_sale();
    repository.write("tests/golden.yaml", "contexts: {a: {}}\ngolden:\n  flags: [sale]\n  cells: {}\n");
    repository.commit("a matrix");
    repository.git(&["sparse-checkout", "set", "--cone", "flags"]);
    says(&repository, &["test", "--update"], 3, "`tests/golden.yaml` is left out of the sparse checkout");
    assert!(!repository.root().join("tests").exists());
}

#[test]
fn deep_folders_are_an_error_at_once() {
    let mut repository = TestRepository::with_sale();
    let deep = format!("flags/{}deep.yaml", "d/".repeat(LEVELS));
    repository.write(&deep, &flag("on"));
    let message = "is nested more than 64 folders deep";
    for arguments in [&["list"][..], &["validate"], &["eval", "deep", "-e", "production"], &["diff", "HEAD"]] {
        says(&repository, arguments, 3, message);
    }
    repository.commit("deep");
    deep_commands(&repository, "HEAD");
    // More levels than a stack has room for, as no checkout could make them.
    let blob = repository.git(&["rev-parse", "HEAD:flagctl.yaml"]);
    let mut tree = repository.git_with(&["mktree"], &format!("100644 blob {blob}\tdeep.yaml\n"));
    for _ in 0..400 {
        tree = repository.git_with(&["mktree"], &format!("040000 tree {tree}\td\n"));
    }
    for folder in ["flags", "kills", "segments", "tests"] {
        let others = repository.git(&["ls-tree", "HEAD~1"]);
        let others: String =
            others.lines().filter(|line| !line.ends_with(folder)).map(|line| format!("{line}\n")).collect();
        let root = repository.git_with(&["mktree"], &format!("{others}040000 tree {tree}\t{folder}\n"));
        let commit = repository.git(&["commit-tree", &root, "-p", "HEAD~1", "-m", "deep"]);
        repository.git(&["update-ref", "refs/heads/deep", &commit]);
        says(&repository, &["validate", "--at", "deep"], 3, message);
        if folder != "tests" {
            says(&repository, &["diff", "HEAD~1..deep"], 3, message);
            says(&repository, &["export", "bundle", "-e", "production", "--at", "deep"], 3, message);
        }
    }
}

fn deep_commands(repository: &TestRepository, revision: &str) {
    let message = "is nested more than 64 folders deep";
    says(repository, &["list", "--at", revision], 3, message);
    says(repository, &["validate", "--at", revision], 3, message);
    says(repository, &["eval", "deep", "-e", "production", "--at", revision], 3, message);
    says(repository, &["diff", &format!("{revision}~1..{revision}")], 3, message);
    says(repository, &["log", "deep"], 3, message);
}

#[test]
fn folders_that_repeat_each_other_are_bounded() {
    let repository = TestRepository::with_sale();
    let blob = repository.git(&["rev-parse", "HEAD:flags/sale.yaml"]);
    let mut tree = repository.git_with(&["mktree"], &format!("100644 blob {blob}\tx.yaml\n"));
    for _ in 0..40 {
        let twice: String = (0..10).map(|name| format!("040000 tree {tree}\t{name}\n")).collect();
        tree = repository.git_with(&["mktree"], &twice);
    }
    let settings = repository.git(&["rev-parse", "HEAD:flagctl.yaml"]);
    let root = format!("100644 blob {settings}\tflagctl.yaml\n040000 tree {tree}\tflags\n");
    let root = repository.git_with(&["mktree"], &root);
    let commit = repository.git(&["commit-tree", &root, "-p", "HEAD", "-m", "many"]);
    repository.git(&["update-ref", "refs/heads/many", &commit]);
    let message = "has more than 1000000 files and folders in and below it";
    says(&repository, &["list", "--at", "many"], 3, message);
    says(&repository, &["diff", "HEAD..many"], 3, message);
    says(&repository, &["verify-kill", "HEAD..many", "sale", "-e", "production"], 3, message);
}

#[cfg(unix)]
#[test]
fn a_file_or_folder_without_read_permission_is_named_and_never_counts_as_missing() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;

    let mut repository = TestRepository::with_sale();
    repository.write("segments/near.yaml", "if: {country: DE}\n");
    repository.write("flags/sale.yaml", &(flag("on") + "rules:\n  - {if: {segment: near}, serve: off}\n"));
    repository.commit("a rule");
    repository.write("kills/production/sale.yaml", "reason: x\n");
    repository.commit("a kill");
    let set_mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    // Root can read everything, so another user runs a copy of the program. A process of its own writes the copy: a child
    // that another test starts meanwhile would hold the open file, and a file that is open for writing cannot be run.
    let (folder, program, settings) =
        (repository.beside(""), repository.beside("flagctl"), repository.beside("settings"));
    set_mode(&folder, 0o755);
    let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_flagctl")).arg(&program).status().unwrap();
    assert!(copied.success());
    fs::write(&settings, "[safe]\n\tdirectory = *\n").unwrap();
    let is_root = fs::metadata(repository.root()).unwrap().uid() == 0;
    let run = |arguments: &[&str]| {
        let mut command = repository.command(program.to_str().unwrap());
        command.env("GIT_CONFIG_GLOBAL", &settings).current_dir(repository.root()).args(arguments);
        if is_root {
            command.uid(65534).gid(65534);
        }
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap())
    };
    let commands: [&[&str]; 6] = [
        &["validate"],
        &["list"],
        &["show", "sale"],
        &["diff", "HEAD~1"],
        &["eval", "sale", "-e", "production"],
        &["export", "bundle", "-e", "production"],
    ];
    for command in commands {
        let (code, text) = run(command);
        assert_eq!(code, Some(0), "{command:?}: {text}");
    }
    let paths = [
        "flagctl.yaml",
        "flags/sale.yaml",
        "flags",
        "kills/production/sale.yaml",
        "kills/production",
        "kills",
        "segments/near.yaml",
        "segments",
    ];
    for path in paths {
        let absolute = repository.root().join(path);
        let mode = fs::metadata(&absolute).unwrap().mode();
        set_mode(&absolute, 0);
        for command in commands {
            let (code, text) = run(command);
            assert_eq!(code, Some(3), "{path}: {command:?}: {text}");
            assert!(text.contains(path) && text.contains("ermission denied"), "{path}: {command:?}: {text}");
        }
        set_mode(&absolute, mode);
    }
    // Git treats what it cannot read as missing.
    for path in [".git/objects", ".git/refs/heads", ".git/refs/heads/main"] {
        let absolute = repository.root().join(path);
        let mode = fs::metadata(&absolute).unwrap().mode();
        set_mode(&absolute, 0);
        for command in [&["diff", "HEAD~1"][..], &["show", "sale", "--at", "main"], &["list", "--at", "main~1"]] {
            let (code, text) = run(command);
            assert_eq!(code, Some(3), "{path}: {command:?}: {text}");
            assert!(text.contains(path) && text.contains("ermission denied"), "{path}: {command:?}: {text}");
        }
        set_mode(&absolute, mode);
    }
}
