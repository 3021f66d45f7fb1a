//! A repository whose settings and files name programs: commands that read run none of them.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use crate::git_bench::{Ran, TestRepository, executable, flag};

/// Settings that name a program, and the number of arguments that git gives to it does not matter.
const SETTINGS: [&str; 34] = [
    "alias.config",
    "alias.l",
    "core.alternateRefsCommand",
    "core.askPass",
    "core.editor",
    "core.fsmonitor",
    "core.gitProxy",
    "core.pager",
    "core.sshCommand",
    "credential.helper",
    "diff.evil.command",
    "diff.evil.textconv",
    "diff.external",
    "filter.evil.clean",
    "filter.evil.process",
    "filter.evil.smudge",
    "gpg.openpgp.program",
    "gpg.program",
    "gpg.ssh.defaultKeyCommand",
    "gpg.ssh.program",
    "gpg.x509.program",
    "interactive.diffFilter",
    "man.evil.cmd",
    "merge.evil.driver",
    "mergetool.evil.cmd",
    "pager.config",
    "pager.log",
    "pager.merge-tree",
    "remote.origin.receivepack",
    "remote.origin.uploadpack",
    "sequence.editor",
    "submodule.evil.update",
    "trailer.evil.command",
    "uploadpack.packObjectsHook",
];

const HOOKS: [&str; 12] = [
    "applypatch-msg",
    "commit-msg",
    "fsmonitor-watchman",
    "post-checkout",
    "post-commit",
    "post-index-change",
    "post-merge",
    "pre-commit",
    "pre-merge-commit",
    "pre-push",
    "prepare-commit-msg",
    "reference-transaction",
];

/// Programs that flagctl runs, or could run. The working folder has files with these names.
const PROGRAMS: [&str; 4] = ["git", "ssh", "ssh-keygen", "gpg"];

/// Every command that reads, with arguments. A word `TARGET` or `BUNDLE` is the path of a folder or file.
const COMMANDS: [&[&str]; 63] = [
    &["doctor"],
    &["init", "--dry-run"],
    &["new", "flag", "other", "--from", "sale", "--dry-run"],
    &["new", "test", "sale", "--dry-run"],
    &["eval", "sale", "-e", "production"],
    &["eval", "sale", "-e", "production", "--at", "HEAD~1", "--explain"],
    &["eval", "--bundle", "BUNDLE", "sale"],
    &["validate"],
    &["validate", "--at", "HEAD"],
    &["validate", "--fix", "--dry-run"],
    &["fmt", "--check"],
    &["test"],
    &["diff"],
    &["diff", "HEAD~1..HEAD"],
    &["diff", "left...right"],
    &["diff", "left...right", "--format", "html"],
    &["diff", "--merge", "main", "left", "right"],
    &["diff", "--merge", "main~1", "left", "right"],
    &["diff", "--merge", "main~1", "left", "right", "--format", "html"],
    &["diff", "--bundle", "BUNDLE", "HEAD"],
    &["show", "sale"],
    &["show", "sale", "--at", "HEAD"],
    &["list", "--killed"],
    &["list", "environments"],
    &["list", "layers"],
    &["show", "environment", "production"],
    &["log", "sale"],
    &["log", "--format", "csv"],
    &["blame", "sale", "-e", "production", "-c", "targetingKey=u1"],
    &["verify-kill", "HEAD~1..HEAD"],
    &["policy", "HEAD~1...HEAD"],
    &["rollout", "due"],
    &["rollout", "advance", "--dry-run"],
    &["export", "bundle", "-e", "production"],
    &["export", "flagd", "-e", "production"],
    &["kill", "sale", "-e", "production", "--reason", "x", "--dry-run"],
    &["revive", "sale", "-e", "production", "--dry-run"],
    &["rollout", "sale", "--to", "50%", "--dry-run"],
    &["promote", "sale", "--from", "production", "--to", "staging", "--dry-run"],
    &["rename", "flag", "sale", "discount", "--dry-run"],
    &["remove", "flag", "sale", "--dry-run"],
    &["guard", "check", "sale", "-e", "production"],
    &["exposures", "check", "exposures.ndjson", "-e", "production"],
    &["guard", "run", "-e", "production", "--dry-run"],
    &["experiment", "analyze", "sale", "--stats", "../statistics.csv"],
    &["experiment", "sql", "sale", "-e", "production", "--dialect", "ansi"],
    &["shadow", "report", "sale", "flagctl.yaml", "-e", "production"],
    &["publish", "TARGET", "-e", "production", "--dry-run"],
    &["verify", "TARGET", "-e", "production"],
    &["pull", "TARGET", "-e", "production", "--to", "../pulled.json"],
    &["status", "TARGET", "-e", "production", "--base", "HEAD"],
    &["serve", "TARGET", "-e", "production", "--check"],
    &["serve", "--check"],
    &["serve", "--follow", "main", "--check"],
    &["guard", "simulate", "--runs", "10", "--looks", "10"],
    &["experiment", "power", "--rate", "5%"],
    &["explain", "missing-owner"],
    &["help", "eval"],
    &["schema", "flag"],
    &["schema", "--project", "../schemas"],
    &["completions", "bash"],
    &["lsp"],
    &["man", "../man1"],
];

struct Scene {
    repository: TestRepository,
    marks: PathBuf,
}

impl Scene {
    fn new() -> Self {
        let mut repository = TestRepository::with_sale();
        let target = repository.beside("target");
        let ran = repository.flagctl(&["publish", target.to_str().unwrap(), "-e", "production"]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let bundle = repository.flagctl(&["export", "bundle", "-e", "production"]);
        fs::write(repository.beside("bundle.json"), bundle.stdout).unwrap();
        let rows = "flag,variant,metric,n,sum-y,sum-yy\nsale,on,m,9,5,5\nsale,off,m,9,4,4\n";
        fs::write(repository.beside("statistics.csv"), rows).unwrap();
        let kill = repository.flagctl(&["kill", "sale", "-e", "production", "--reason", "x", "--yes"]);
        assert_eq!(kill.code, Some(0), "{kill:?}");
        repository.write("exposures.ndjson", r#"{"ts": "2026-11-10T00:00:00Z", "feature_flag.key": "sale"}"#);
        repository.write(".gitattributes", "* filter=evil diff=evil merge=evil\n");
        repository.write(".gitmodules", "[submodule \"evil\"]\n\tpath = evil\n\turl = ext::false\n\tupdate = merge\n");
        repository.commit("attributes");
        for (branch, value) in [("left", "off"), ("right", "missing")] {
            repository.git(&["checkout", "--quiet", "-b", branch, "main"]);
            repository.write("flags/sale.yaml", &flag(value));
            repository.commit(branch);
        }
        repository.git(&["checkout", "--quiet", "main"]);
        let marks = repository.beside("marks");
        fs::create_dir(&marks).unwrap();
        let scene = Self { repository, marks };
        scene.arm();
        scene
    }

    /// Returns a command line that leaves a mark.
    fn mark(&self, name: &str) -> String {
        format!("touch {}", self.marks.join(name).display())
    }

    /// Writes all settings, hooks and files that name programs.
    fn arm(&self) {
        let root = self.repository.root();
        for program in PROGRAMS {
            executable(&root.join(program), &self.mark(program));
            executable(&root.join("flags").join(program), &self.mark(program));
        }
        for folder in [root.join(".git/hooks"), root.join("hooks")] {
            fs::create_dir_all(&folder).unwrap();
            for hook in HOOKS {
                executable(&folder.join(hook), &self.mark(hook));
            }
        }
        // Half of the settings are in a file that the repository's settings include.
        let included = root.join("included");
        let included = included.to_str().unwrap();
        for (at, name) in SETTINGS.into_iter().enumerate() {
            let script = root.join(format!("evil-{at}"));
            executable(&script, &format!("{}\ncat", self.mark(name)));
            let needs_shell = name.starts_with("alias.") || name == "submodule.evil.update";
            let value = format!("{}{}", if needs_shell { "!" } else { "" }, script.display());
            let file: &[&str] = if at % 2 == 0 { &["config", "--file", included] } else { &["config"] };
            self.repository.git(&[file, &[name, &value]].concat());
        }
        let settings = [
            ("core.hooksPath", root.join("hooks").display().to_string()),
            ("commit.gpgsign", "true".to_owned()),
            ("log.showSignature", "true".to_owned()),
            ("protocol.ext.allow", "always".to_owned()),
            ("remote.origin.url", format!("ext::{}", self.mark("url"))),
            ("remote.origin.promisor", "true".to_owned()),
            ("extensions.partialClone", "origin".to_owned()),
            ("include.path", included.to_owned()),
        ];
        for (name, value) in settings {
            self.repository.git(&["config", name, &value]);
        }
        // The working tree and the index differ, so git would compare contents.
        self.repository.write("flags/sale.yaml", &(flag("on") + "# changed\n"));
        self.clear();
    }

    fn marks(&self) -> BTreeSet<String> {
        fs::read_dir(&self.marks).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    fn clear(&self) {
        for name in self.marks() {
            fs::remove_file(self.marks.join(name)).unwrap();
        }
    }

    fn run(&self, command: &[&str]) -> Ran {
        let path = |word: &&str| match *word {
            "TARGET" => self.repository.beside("target").to_str().unwrap().to_owned(),
            "BUNDLE" => self.repository.beside("bundle.json").to_str().unwrap().to_owned(),
            word => word.to_owned(),
        };
        let words: Vec<String> = command.iter().map(path).collect();
        self.repository.flagctl(&words.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

#[test]
fn commands_that_read_run_no_program_that_a_repository_names() {
    let scene = Scene::new();
    for command in COMMANDS {
        let ran = scene.run(command);
        assert_ne!(ran.code, Some(2), "{command:?}: {}", ran.stderr);
        assert_eq!(scene.marks(), BTreeSet::new(), "{command:?}");
    }
    // The repository does what it is made for: git itself runs these programs.
    for arguments in [&["status"][..], &["diff"], &["merge", "left"]] {
        let git = scene.repository.command("git").current_dir(scene.repository.root()).args(arguments).output();
        drop(git.unwrap());
    }
    let marks = scene.marks();
    for name in ["core.fsmonitor", "filter.evil.process", "diff.evil.command"] {
        assert!(marks.contains(name), "{name}: {marks:?}");
    }
}

#[test]
fn every_command_is_attacked() {
    let repository = TestRepository::with_sale();
    let help = repository.flagctl(&["--help"]).stdout;
    let (_, list) = help.split_once("Commands:\n").unwrap();
    let (list, _) = list.split_once("\n\n").unwrap();
    let lines = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let known: BTreeSet<&str> = lines.map(|line| line.split_whitespace().next().unwrap()).collect();
    let attacked: BTreeSet<&str> = COMMANDS.iter().map(|command| command[0]).collect();
    assert_eq!(attacked, known);
}

#[test]
fn commands_that_write_respect_safe_bare_repository() {
    let repository = TestRepository::with_sale();
    let bare = repository.clone_to("bare.git", &["--bare"]);
    let settings = repository.beside("settings");
    fs::write(&settings, "[safe]\n\tbareRepository = explicit\n").unwrap();
    let kill = |settings: &str| {
        let mut command = repository.command(env!("CARGO_BIN_EXE_flagctl"));
        command.env("GIT_CONFIG_GLOBAL", settings).current_dir(&bare);
        let output = command.args(["kill", "sale", "-e", "production", "--reason", "x", "--yes"]).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, stderr) = kill(settings.to_str().unwrap());
    assert_eq!(code, Some(3), "{stderr}");
    assert!(stderr.contains("safe.bareRepository is 'explicit'"), "{stderr}");
    assert!(stderr.contains("`git config --global safe.bareRepository all`"), "{stderr}");
    assert_eq!(repository.git_in(&bare, &["log", "-1", "--format=%s"]), "sale: for everyone");
    // The settings of the repository itself cannot allow it.
    repository.git_in(&bare, &["config", "safe.bareRepository", "all"]);
    assert_eq!(kill(settings.to_str().unwrap()).0, Some(3));
    fs::write(&settings, "[safe]\n\tbareRepository = all\n").unwrap();
    assert_eq!(kill(settings.to_str().unwrap()).0, Some(0));
}

#[test]
fn commands_that_write_respect_safe_directory() {
    let repository = TestRepository::with_sale();
    let kill = ["kill", "sale", "-e", "production", "--reason", "x", "--yes"];
    // Only root can change the owner of a folder. Git does not trust a folder of another user.
    if std::os::unix::fs::chown(repository.root(), Some(12345), None).is_ok() {
        let ran = repository.flagctl(&kill);
        assert_eq!(ran.code, Some(3), "{ran:?}");
        assert!(ran.stderr.contains("safe.directory"), "{ran:?}");
    }
    let settings = repository.beside("settings");
    fs::write(&settings, format!("[safe]\n\tdirectory = {}\n", repository.root().display())).unwrap();
    let mut command = repository.command(env!("CARGO_BIN_EXE_flagctl"));
    let output = command.env("GIT_CONFIG_GLOBAL", settings).current_dir(repository.root()).args(kill).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
