//! Completion of the command line: the candidates of each argument, in the example shop and in a hostile repository, and the
//! installation of the scripts.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use snapbox::{assert_data_eq, file};

use crate::example_shop;
use crate::git_bench::{PROJECT, Ran, TestRepository, flag};

/// Command lines of which the last word is completed.
const LINES: [&str; 43] = [
    "ro",
    "eval new-",
    "eval new-checkout -e ''",
    "eval new-checkout --environment=p",
    "eval new-checkout -e production -c pl",
    "eval -c plan=",
    "eval -c beta=",
    "eval -c country=",
    "eval --kill search",
    "eval --at H",
    "eval --",
    "kill --tag ''",
    "list --owner team-p",
    "list --kind ''",
    "list --state ''",
    "list s",
    "list segments e",
    "list new-cart home",
    "show s",
    "show segment ''",
    "show environment ''",
    "show new-checkout ''",
    "rollout new-checkout --rule ''",
    "rollout new-checkout -e ''",
    "rollout new-checkout n",
    "rollout d",
    "promote new-checkout --to ''",
    "diff ''",
    "diff main..m",
    "diff origin/main...",
    "kill new-cart --branch ''",
    "kill new-cart --remote ''",
    "publish ''",
    "serve --override new-checkout=",
    "serve --header-attribute X-Plan=pl",
    "validate --code unknown-v",
    "explain unknown-va",
    "rename flag new-",
    "rename segment s",
    "rename attribute app",
    "remove flag new-",
    "new segment s",
    "help re",
];

/// Runs flagctl as the script of a shell does, with the words of a command line. `''` is an empty word.
fn complete(repository: &TestRepository, shell: &str, line: &str) -> Ran {
    let ran = repository.shell(&format!("COMPLETE={shell} flagctl -- flagctl {line}"));
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{line}: {ran:?}");
    ran
}

fn values(repository: &TestRepository, line: &str) -> Vec<String> {
    let lines = complete(repository, "bash", line).stdout;
    lines.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
}

#[test]
fn each_argument_has_the_candidates_of_the_repository() {
    let repository = example_shop::with_remote();
    repository.git(&["fetch", "--quiet"]);
    repository.git(&["remote", "set-head", "origin", "main"]);
    repository.git(&["tag", "v1.0"]);
    let mut session = String::new();
    for line in LINES {
        let candidates = complete(&repository, "bash", line).stdout.replace('\t', "    ");
        session += &format!("$ flagctl {line}<Tab>\n{candidates}\n");
    }
    assert_data_eq!(session, file!["../completion/candidates.txt"].raw());
}

#[test]
fn candidates_come_from_the_folder_and_the_revision_that_were_typed() {
    let mut repository = TestRepository::with_sale();
    repository.write("flags/new.yaml", &flag("off"));
    repository.commit("another flag");
    fs::create_dir(repository.beside("elsewhere")).unwrap();
    assert_eq!(values(&repository, "eval ''"), ["new", "sale"]);
    assert_eq!(values(&repository, "eval --at HEAD~1 ''"), ["sale"]);
    assert!(values(&repository, "eval --at nothing ''").iter().all(|value| value.starts_with('-')));
    let from = |folder: &str| {
        let ran = repository.shell(&format!("cd ../elsewhere && COMPLETE=fish flagctl -- flagctl -C {folder} eval s"));
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
        ran.stdout
    };
    assert_eq!(from("../shop"), "sale\tA test's\n");
    assert_eq!(from("../shop/flags"), "sale\tA test's\n");
    assert_eq!(from("."), "");
    assert_eq!(from("nothing"), "");
}

/// Names that a shell would not read as one word.
const CODE: [&str; 9] = ["$(id)", "`id`", "a;id", "a|id", "a b", "'a'", "a\u{1b}]0;title\u{7}", "a\u{202e}b", "{a,b}"];

#[test]
fn names_that_are_shell_code_are_left_out_and_descriptions_are_escaped() {
    let mut repository = TestRepository::new();
    let listed = |names: &[&str]| serde_json::to_string(names).unwrap();
    let names = listed(&[CODE.as_slice(), &["plain"]].concat());
    let project =
        format!("version: 1\nenvironments: [production]\nattributes:\n  plan: {{type: string, enum: {names}}}\n");
    repository.write("flagctl.yaml", &project);
    let hostile = flag("on").replace("A test's.", "\"A\\e]0;title\\a\\tB\\nC\"");
    repository.write("flags/sale.yaml", &format!("{hostile}tags: {names}\n"));
    for code in CODE.iter().filter(|code| !code.contains('\u{1b}')) {
        repository.write(&format!("flags/{code}.yaml"), &flag("on"));
        repository.write(&format!("--fix={code}.yaml"), "");
        repository.write(&format!("path{code}"), "");
    }
    repository.write("flags/broken.yaml", "{ [");
    repository.write("path", "");
    repository.commit("hostile");
    for name in ["x$(id)", "x`id`", "x;id", "x'id'", "x-plain"] {
        repository.git(&["branch", name]);
    }
    for shell in ["bash", "zsh", "fish", "elvish"] {
        let separator = if shell == "zsh" { ":" } else { "\t" };
        let ran = complete(&repository, shell, "eval ''");
        assert_eq!(ran.stdout, format!("broken\nsale{separator}A\\u{{1b}}]0;title\\u{{7}}\\tB\n"));
    }
    assert_eq!(values(&repository, "eval -c plan="), ["plan=plain"]);
    assert_eq!(values(&repository, "list --tag ''"), ["plain"]);
    assert_eq!(values(&repository, "diff x"), ["x-plain"]);
    assert_eq!(values(&repository, "validate path"), ["path"]);
    assert_eq!(values(&repository, "validate ''"), [".", "flagctl.yaml", "flags/", "path"]);
    assert!(values(&repository, "validate -").iter().all(|option| !option.ends_with(".yaml")));
    assert_eq!(repository.git(&["status", "--porcelain"]), "");
    assert!(!repository.root().join(".git/flagctl").exists(), "completion writes no cache");
}

#[test]
fn what_cannot_be_read_has_no_candidates_and_no_message() {
    let repository = TestRepository::with_sale();
    let nothing = repository.beside("nothing");
    fs::create_dir(&nothing).unwrap();
    let in_nothing = |line: &str| repository.shell(&format!("cd ../nothing && COMPLETE=bash flagctl -- {line}"));
    for line in [
        "flagctl eval ''",
        "flagctl list --tag ''",
        "flagctl diff ''",
        "flagctl kill --branch ''",
        "flagctl publish ''",
        "flagctl eval -c x=",
        "flagctl nonsense ''",
        "flagctl eval --nonsense ''",
        "flagctl eval --at @{ ''",
        "flagctl eval -- --x",
        "flagctl rollout a --to nonsense --rule ''",
        "flagctl \"$(printf '\\377')\"",
        "flagctl eval -e \"$(printf '\\377')\"",
        "",
        "''",
        "flagctl",
    ] {
        let ran = in_nothing(line);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{line}: {ran:?}");
        assert!(!ran.stdout.contains("sale"), "{line}: {ran:?}");
    }
    // A device in the place of a definition is not read, and a broken project file does not stop the keys of flags.
    let made = repository.shell("mkfifo flags/pipe.yaml segments.yaml && rm flagctl.yaml && mkfifo flagctl.yaml");
    assert_eq!(made.code, Some(0), "{made:?}");
    let started = Instant::now();
    assert_eq!(values(&repository, "eval ''"), ["pipe", "sale"]);
    repository.shell("rm flagctl.yaml && echo '{ [' >flagctl.yaml");
    assert_eq!(values(&repository, "eval ''"), ["pipe", "sale"]);
    assert_eq!(values(&repository, "list --owner ''"), ["tests"]);
    assert!(started.elapsed() < Duration::from_secs(10), "it took {:?}", started.elapsed());
}

#[test]
fn the_variable_never_changes_what_a_command_answers() {
    let repository = TestRepository::with_sale();
    let plain = repository.flagctl(&["eval", "sale", "-e", "production"]);
    for value in ["bash", "zsh", "/bin/fish", "1", "0", "''", "nonsense", "powershell"] {
        let ran = repository.shell(&format!("COMPLETE={value} flagctl eval sale -e production"));
        assert_eq!((&ran.stdout, ran.code), (&plain.stdout, plain.code), "{value}: {ran:?}");
    }
    let script = repository.flagctl(&["completions", "bash"]).stdout;
    assert_eq!(repository.shell("COMPLETE=/usr/bin/bash flagctl").stdout, script);
    assert_eq!(repository.shell("COMPLETE=nonsense flagctl -- flagctl eval").code, Some(2));
}

#[test]
fn bash_completes_words_with_equals_signs_and_colons() {
    let repository = example_shop::with_remote();
    // The variables are those of a key press, and bash splits words at `=` and `:` itself.
    let press = r#"
        eval "$(flagctl completions bash)"
        press() {
            COMP_LINE=$1 COMP_POINT=${#1} COMP_TYPE=9 COMP_WORDS=("${@:2}") COMP_CWORD=$(($# - 2))
            _flagctl flagctl "${!#/#=/}" "" && printf '%s\n' "${COMPREPLY[@]}"
        }
        press 'flagctl eval -c plan=' flagctl eval -c plan =
        press 'flagctl eval  -c plan=f' flagctl eval -c plan = f
        press 'flagctl eval --environment=prod' flagctl eval --environment = prod
        press 'flagctl eval -c pl' flagctl eval -c pl
        press 'flagctl diff HEAD~1..ma' flagctl diff HEAD~1..ma
        press 'flagctl explain unknown-s' flagctl explain unknown-s
        cd / && press 'flagctl eval x' flagctl eval x
    "#;
    let ran = repository.bash(press);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
    let expected = "enterprise\nfree\npro\nfree\nproduction\nplan=\nHEAD~1..main\n\
                    unknown-segment  (A condition names a segment that no file defines)\n\
                    unknown-slot     (A rule takes a slot that its layer does not have)\n\n";
    assert_eq!(ran.stdout, expected);
}

#[test]
fn ten_thousand_flags_are_completed_at_once() {
    let repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    for index in 0..10_000 {
        repository.write(&format!("flags/flag-{index}.yaml"), &flag("on"));
    }
    let started = Instant::now();
    assert_eq!(values(&repository, "eval flag-99").len(), 111);
    assert_eq!(values(&repository, "eval ''").len(), 10_000);
    assert!(started.elapsed() < Duration::from_secs(4), "it took {:?}", started.elapsed());
}

#[test]
fn the_installation_writes_the_script_and_nothing_else() {
    let repository = TestRepository::new();
    let mut session = String::new();
    for line in [
        "flagctl completions --install bash --dry-run",
        "flagctl completions --install bash",
        "flagctl completions --install bash",
        "SHELL=/usr/bin/zsh flagctl completions --install",
        "SHELL=/usr/bin/fish XDG_CONFIG_HOME=\"$HOME/settings\" flagctl completions --install",
        "XDG_CONFIG_HOME=relative flagctl completions --install fish --dry-run",
        "echo '# an older script, whose option `--install` may replace this file' >\"$HOME/.local/share/zsh/site-functions/_flagctl\"",
        "flagctl completions --install zsh --dry-run",
        "flagctl completions --install zsh",
        "echo '# my own' >\"$HOME/settings/fish/completions/flagctl.fish\"",
        "XDG_CONFIG_HOME=\"$HOME/settings\" flagctl completions --install fish",
        "mkdir \"$HOME/outside\" && ln -s ../../outside \"$HOME/settings/fish/link\"",
        "rm \"$HOME/settings/fish/completions/flagctl.fish\" && ln -s ../../../outside/file \"$HOME/settings/fish/completions/flagctl.fish\"",
        "XDG_CONFIG_HOME=\"$HOME/settings\" flagctl completions --install fish",
        "rm -r \"$HOME/settings/fish/completions\" && ln -s ../../outside \"$HOME/settings/fish/completions\"",
        "XDG_CONFIG_HOME=\"$HOME/settings\" flagctl completions --install fish",
        "rm \"$HOME/settings/fish/completions\" && mkfifo \"$HOME/settings/fish/completions\"",
        "XDG_CONFIG_HOME=\"$HOME/settings\" flagctl completions --install fish",
        "flagctl completions --install elvish",
        "flagctl completions --install powershell",
        "flagctl completions --install",
        "SHELL=/bin/tcsh flagctl completions --install",
        "HOME=relative flagctl completions --install fish",
        "flagctl completions",
        "flagctl completions bash --dry-run",
    ] {
        let ran = repository.shell(line);
        session += &format!("$ {line}\n");
        if ran.code != Some(0) {
            session += &format!("? {}\n", ran.code.unwrap());
        }
        session += &format!("{}{}\n", ran.stdout, ran.stderr);
    }
    assert_data_eq!(session, file!["../completion/install.txt"].raw());
    let script = |shell: &str| repository.flagctl(&["completions", shell]).stdout;
    let written = |path: &str| fs::read_to_string(repository.beside(path)).unwrap();
    assert_eq!(written(".local/share/bash-completion/completions/flagctl"), script("bash"));
    assert_eq!(written(".local/share/zsh/site-functions/_flagctl"), script("zsh"));
    let outside: Vec<PathBuf> =
        fs::read_dir(repository.beside("outside")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(outside, Vec::<PathBuf>::new());
}
