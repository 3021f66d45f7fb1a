//! Every command that a message recommends works when it is copied.
//!
//! The table has one row for each command in a text of `src/`. A row provokes the message, copies the command out of it,
//! runs the command, and checks that the message does not come again. A test fails if the table misses a command.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::git_bench::TestRepository;

/// What the recommended command does.
enum Then {
    /// Without it, the line fails with this text. Afterwards, the line does not have this text.
    Solves(&'static str),
    /// It shows what the message says.
    Shows,
}

struct Advice {
    /// The command as it is in the source code.
    template: &'static str,
    /// Commands of a shell that make the situation.
    situation: &'static str,
    /// The command of a shell whose output has the recommended command.
    line: &'static str,
    /// What a user writes for a word in capital letters, or adds to the command.
    change: fn(String) -> String,
    then: Then,
}

const KEEP: fn(String) -> String = |command| command;
const SHALLOW: &str = "git branch side HEAD~1; git clone -q --depth=1 file://$PWD ../clone";
const KILL: &str = "flagctl kill sale -e production --reason x --yes";
const WITH_REMOTE: &str = "git clone -q --bare . ../origin.git; git remote add origin ../origin.git; git fetch -q";

use Then::{Shows, Solves};

/// Rows with the same template are about different messages.
fn table() -> Vec<Advice> {
    let row = |template, situation, line, change, then| Advice { template, situation, line, change, then };
    vec![
        Advice {
            template: "flagctl revive {flag} -e {environment}",
            situation: "flagctl kill sale -e production --reason x --expires 1h --yes",
            line: "flagctl validate --now 2099-01-01",
            change: |command| format!("{command} --yes"),
            then: Solves("expired-kill"),
        },
        row("flagctl explain", "", "flagctl explain nothing-like-it", KEEP, Shows),
        row("flagctl help", "", "flagctl help nothing-like-it", KEEP, Shows),
        row("flagctl test --update", GOLDEN, "flagctl test", KEEP, Solves("flagctl test --update")),
        row("flagctl validate", BROKEN, "flagctl rollout sale --to 5% --yes", |command| command + " || true", Shows),
        row("flagctl verify", PUBLISHED, "flagctl publish ../t -e production --rollback-to 99", VERIFY, Shows),
        row(
            "flagctl pull",
            PUBLISHED,
            "flagctl verify ../t -e production --state-file ../pulled.json.state",
            PULL,
            Solves("does not exist"),
        ),
        row(
            "git fetch origin 'refs/heads/*:refs/remotes/origin/*'",
            "git clone -q --single-branch file://$PWD ../clone; git checkout -q -b other; \
             git commit -q --allow-empty -m other; flagctl publish ../t -e production",
            "flagctl -C ../clone publish ../t -e production",
            IN_CLONE,
            Solves("this clone does not have"),
        ),
        row(
            "flagctl validate --at {shown}",
            "echo 'lint: {x: off' >> flagctl.yaml; git commit -qam broken; git clone -q --bare . ../origin.git; \
             git remote add origin ../origin.git; git fetch -q; git remote set-head origin main",
            "flagctl publish main",
            |command| command + " || true",
            Shows,
        ),
        row(
            "git remote set-head origin --auto",
            "git clone -q --bare . ../origin.git; git remote add origin ../origin.git; git fetch -q; \
             git remote set-head origin --delete",
            "flagctl publish main",
            KEEP,
            Solves("set-head"),
        ),
        row(
            "flagctl show {other} {name}",
            "mkdir segments; echo 'if: {country: US}' > segments/us.yaml",
            "flagctl show us",
            KEEP,
            Shows,
        ),
        row("flagctl explain unfit-shadow", "", "flagctl shadow report sale flagctl.yaml -e production", KEEP, Shows),
        row("flagctl explain unfit-guard", "", "flagctl guard check sale -e production", KEEP, Shows),
        row("flagctl explain unfit-bucketing", FLAGD_TARGET, "flagctl validate", KEEP, Shows),
        row(
            "flagctl diff --live TARGET",
            PUBLISHED_FOR_FLAGD,
            DIFF_OF_FLAGD_FILE,
            |command| command.replace("TARGET", "../t"),
            Shows,
        ),
        row(
            "flagctl export bundle",
            PUBLISHED_FOR_FLAGD,
            DIFF_OF_FLAGD_FILE,
            |command| command + " -e production",
            Shows,
        ),
        row(
            "flagctl publish LOCATION --target {name}",
            "printf 'publish:\n  main: {to: ../t/}\n' >> flagctl.yaml; git commit -qam target; \
             git clone -q --bare . ../origin.git; git remote add origin ../origin.git; git fetch -q; \
             git remote set-head origin main; flagctl publish main; echo 'lint: {x: off' >> flagctl.yaml; \
             git commit -qam broken; git push -q origin main",
            "flagctl publish main",
            // The exit code 1 says that only kills are published.
            |command| command.replace("LOCATION", "../t/") + " || [ $? = 1 ]",
            Shows,
        ),
        row(
            "flagctl rollout {} -e {to}",
            "sed -i 's/production/staging, production/' flagctl.yaml; \
             printf 'environments:\n  staging:\n    rules: [{name: a, rollout: 5%%, serve: on}]\n' >> flags/sale.yaml; \
             git commit -qam staging",
            "flagctl promote sale --from staging --to production --yes",
            |command| command + " --to 5% --yes",
            Shows,
        ),
        row(
            "git fetch",
            CLONE_BEHIND,
            "flagctl -C ../clone status ../t",
            IN_CLONE,
            Solves("this clone does not have all published commits"),
        ),
        row(
            "git fetch",
            CLONE_WITH_NEWER_COMMIT,
            "flagctl -C ../clone status ../t",
            IN_CLONE,
            Solves("newer than what this clone knows"),
        ),
        row(
            "git fetch PATH-OR-ADDRESS {commit}",
            "git clone -q . ../clone; git commit -q --allow-empty -m new; flagctl publish ../t -e production --bundle-format flagd",
            "flagctl -C ../clone diff --live ../t",
            |command| IN_CLONE(command.replace("PATH-OR-ADDRESS", "../shop")),
            Solves("this clone does not have"),
        ),
        row("git branch", "", "flagctl kill sale -e production --reason x --yes --branch nothing", KEEP, Shows),
        row("git branch --all", "", "flagctl eval sale --at nothing", KEEP, Shows),
        row("git tag", "", "flagctl eval sale --at nothing", KEEP, Shows),
        row("git log", "", "flagctl eval sale --at nothing", KEEP, Shows),
        row("git log {tip}", "", "flagctl eval sale --at main~9", KEEP, Shows),
        row("git reflog {tip}", "", "flagctl eval sale --at main~9", KEEP, Shows),
        row("git branch -vv", "", "flagctl eval sale --at main~9", KEEP, Shows),
        row("git log --all -- {path}", MOVED, "flagctl eval sale --at HEAD", KEEP, Shows),
        row(
            "git commit",
            "git checkout -q --orphan new",
            "flagctl diff HEAD",
            |command| command + " -q -m x",
            Solves("has no commits yet"),
        ),
        row(
            "git commit",
            "git checkout -q --orphan new",
            "flagctl kill sale -e production --reason x --yes",
            |command| command + " -q -m x",
            Solves("no commits yet"),
        ),
        row(
            "git switch BRANCH",
            "git checkout -q --detach",
            KILL,
            |command| command.replace("BRANCH", "main"),
            Solves("no branch"),
        ),
        row(
            "git stash push --all -- {word}",
            "mkdir -p kills/production; echo x > kills/production/sale.yaml",
            KILL,
            KEEP,
            Solves("uncommitted"),
        ),
        row(
            "git stash push --all -- {word}",
            "mkdir -p kills/production; echo kills > .gitignore; echo x > kills/production/sale.yaml",
            KILL,
            KEEP,
            Solves("uncommitted"),
        ),
        row(
            "git rm -r {word}",
            "mkdir -p kills/production/sale.yaml; echo x > kills/production/sale.yaml/x; git add .; git commit -qm x",
            KILL,
            |command| command + " && git commit -qm y",
            Solves("is a folder"),
        ),
        row(
            "git push origin {branch}",
            WITH_REMOTE,
            "flagctl kill sale -e production --reason $(date +%N) --yes; flagctl revive sale -e production --yes",
            KEEP,
            Shows,
        ),
        row(
            "git push {remote} {branch}",
            WITH_REMOTE_AND_TOPIC,
            "flagctl kill sale -e production --reason x --yes --push",
            KEEP,
            Solves("has no branch"),
        ),
        row("git fetch --unshallow", SHALLOW, "flagctl -C ../clone eval sale --at HEAD~1", IN_CLONE, Solves("shallow")),
        row("git fetch --deepen=50", SHALLOW, "flagctl -C ../clone eval sale --at HEAD~1", IN_CLONE, Solves("shallow")),
        row(
            "git fetch --unshallow",
            SHALLOW,
            "flagctl -C ../clone log sale",
            IN_CLONE,
            Solves("the history of this clone ends"),
        ),
        row(
            "git fetch {remote} {rev}:{rev}",
            SHALLOW,
            "flagctl -C ../clone eval sale --at side",
            IN_CLONE,
            Solves("is not a revision"),
        ),
        row(
            "git fetch {remote} {rev}",
            SHALLOW,
            "flagctl -C ../clone eval sale --at $(git rev-parse HEAD~1)",
            IN_CLONE,
            Solves("is not a revision"),
        ),
        row(
            "git fetch {remote} ID",
            SHALLOW,
            "flagctl -C ../clone eval sale --at $(git rev-parse --short=12 HEAD~1)",
            |command| IN_CLONE(command.replace("ID", "$(git -C ../shop rev-parse HEAD~1)")),
            Solves("is not a revision"),
        ),
        row(
            "git fetch {remote} {branch}:refs/remotes/{remote}/{branch}",
            PULL_REQUEST,
            "flagctl -C ../clone diff origin/main...HEAD",
            IN_CLONE,
            Solves("is not a revision"),
        ),
        row(
            "git fetch --unshallow",
            PULL_REQUEST_WITH_MAIN,
            "flagctl -C ../clone diff origin/main...HEAD",
            IN_CLONE,
            Solves("shallow"),
        ),
        row(
            "git fetch --deepen=50",
            PULL_REQUEST_WITH_MAIN,
            "flagctl -C ../clone diff origin/main...HEAD",
            IN_CLONE,
            Solves("shallow"),
        ),
        row(
            "git fetch --unshallow",
            PULL_REQUEST_WITH_MAIN,
            "flagctl -C ../clone verify-kill origin/main..HEAD",
            IN_CLONE,
            Solves("shallow"),
        ),
    ]
}

const IN_CLONE: fn(String) -> String = |command| format!("cd ../clone && {command}");
const VERIFY: fn(String) -> String = |command| command + " ../t -e production";
const PULL: fn(String) -> String = |command| command + " ../t -e production --to ../pulled.json";
const PUBLISHED: &str = "flagctl publish ../t -e production";
const PUBLISHED_FOR_FLAGD: &str = "flagctl publish ../t -e production --bundle-format flagd";
const DIFF_OF_FLAGD_FILE: &str = "flagctl diff --bundle $(find ../t/production/bundles -type f)";
const FLAGD_TARGET: &str = "printf 'publish:\n  main: {to: ./t/, format: flagd}\n' >> flagctl.yaml; \
     sed -i 's/^default:.*/rules: [{rollout: 5%, serve: on}]\\ndefault: off/' flags/sale.yaml";
/// A clone of a remote to which a newer commit was pushed and published.
const CLONE_BEHIND: &str = "git clone -q --bare . ../origin.git; git remote add origin ../origin.git; git fetch -q; \
     git clone -q ../origin.git ../clone; git commit -q --allow-empty -m new; git push -q origin main; \
     flagctl publish ../t -e production";
/// A clone that has the newer commit on a branch of its own, and has not fetched the remote's branch.
const CLONE_WITH_NEWER_COMMIT: &str = "git clone -q --bare . ../origin.git; git remote add origin ../origin.git; \
     git fetch -q; git clone -q ../origin.git ../clone; git commit -q --allow-empty -m new; git push -q origin main; \
     flagctl publish ../t -e production; git -C ../clone fetch -q ../shop main:refs/heads/newer";
const GOLDEN: &str =
    "mkdir tests; printf 'contexts: {dana: {targetingKey: u1}}\\ngolden:\\n  cells: {}\\n' > tests/g.yaml";
const BROKEN: &str = "echo 'variants: {' > flags/sale.yaml; git commit -qam broken";
const MOVED: &str = "git rm -q flagctl.yaml; git commit -qm none; git checkout -q HEAD~1 -- flagctl.yaml";
const WITH_REMOTE_AND_TOPIC: &str =
    "git clone -q --bare . ../origin.git; git remote add origin ../origin.git; git checkout -q -b topic";
/// The usual clone of a pull request: one commit, no branch.
const PULL_REQUEST: &str = "git checkout -q -b pr; echo '# x' >> flags/sale.yaml; git commit -qam x; git checkout -q main; \
     git init -q ../clone; cd ../clone; git remote add origin file://$OLDPWD; git fetch -q --depth=1 origin pr; \
     git checkout -q FETCH_HEAD";
const PULL_REQUEST_WITH_MAIN: &str = "git checkout -q -b pr; echo '# x' >> flags/sale.yaml; git commit -qam x; \
     git checkout -q main; git commit -q --allow-empty -m y; git init -q ../clone; cd ../clone; \
     git remote add origin file://$OLDPWD; git fetch -q --depth=1 origin pr main:refs/remotes/origin/main; \
     git checkout -q FETCH_HEAD";

/// Texts that look like recommended commands, and the reason why no row runs them.
const OTHERS: [(&str, &str); 20] = [
    ("flagctl diff", "the message is about an output of the same command"),
    ("flagctl help COMMAND", "`help::help_of_a_command_is_that_of_its_option` runs it for every command"),
    ("flagctl help TOPIC", "`cli::commands_print_what_the_files_show` runs it"),
    ("flagctl diff BASE..HEAD", "`diff::a_bare_repository_needs_two_ends` runs it"),
    ("flagctl policy", "the message is about an output of the same command"),
    ("flagctl publish {found}", "`publish` has a test of targets that runs it"),
    ("flagctl rename {noun}", "the message to an editor names the command, and `rename` has tests that run it"),
    ("git am", "the name of an operation"),
    ("git clone", "the repository is in a format that the installed git cannot make"),
    ("git clone --ref-format=files", "the repository is in a format that the installed git cannot make"),
    ("git config", "the message names the two settings"),
    (
        "git config --global --add safe.directory {}",
        "`revisions::a_repository_of_another_user_needs_safe_directory` makes this setting",
    ),
    (
        "git config --global safe.bareRepository all",
        "`hostile_repository::commands_that_write_respect_safe_bare_repository` makes this setting",
    ),
    ("git fetch --refetch --no-filter", "`revisions::a_partial_clone_reports_the_fetch_command` runs it"),
    ("git merge-tree", "the command that failed"),
    ("git refs migrate --ref-format=files", "the repository is in a format that the installed git cannot make"),
    ("git sparse-checkout add", "the reader adds the folder"),
    ("git sparse-checkout reapply --no-sparse-index", "`files` has a test of sparse checkouts that runs it"),
    ("git {command}", "the command that failed"),
    ("git init", "a test cannot leave all repositories"),
];

/// Returns whether a command is a template with words for the names in braces.
fn is_instance(command: &str, template: &str) -> bool {
    let (command, template): (Vec<&str>, Vec<&str>) = (command.split(' ').collect(), template.split(' ').collect());
    let is_word = |(word, expected): (&&str, &&str)| match expected.split_once('{') {
        Some((start, _)) => word.starts_with(start) && word.matches(':').count() == expected.matches(':').count(),
        None => word == expected,
    };
    command.len() == template.len() && command.iter().zip(&template).all(is_word)
}

/// Follows the advice of one row.
fn follow(advice: &Advice) -> Result<(), String> {
    let Advice { template, situation, line, change, then } = advice;
    let repository = TestRepository::with_sale();
    let run = |line: &str| {
        let ran = repository.shell(line);
        (ran.code, format!("{}{}", ran.stdout, ran.stderr))
    };
    let made = run(&format!(":; {situation}"));
    let (_, before) = run(line);
    let mut commands = before.split('`').skip(1).step_by(2);
    let command = commands.find(|found| is_instance(found, template));
    let command = command.ok_or_else(|| format!("`{template}` is not in the output: {made:?}\n{line}: {before}"))?;
    let folder = repository.root().parent().unwrap().to_str().unwrap();
    let (code, output) = run(&change(command.replace("[FOLDER]", folder)));
    if code != Some(0) {
        return Err(format!("`{command}` fails with {code:?}: {output}"));
    }
    let Solves(problem) = then else { return Ok(()) };
    let (_, after) = run(line);
    match (before.contains(problem), after.contains(problem)) {
        (true, false) => Ok(()),
        (false, _) => Err(format!("`{problem}` is not in the output of {line}: {before}")),
        (true, true) => Err(format!("`{command}` does not help: {after}")),
    }
}

#[test]
fn every_recommended_command_works_when_it_is_copied() {
    let failures: Vec<String> = table().iter().filter_map(|advice| follow(advice).err()).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// Returns the commands between backticks in the texts of the source code.
fn templates() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![Path::new("src").to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
                let lines = code.lines().map(str::trim).filter(|line| !line.starts_with("//"));
                // A backslash at the end of a line joins it with the next one.
                let code = lines.collect::<Vec<_>>().join("\n").replace("\\\n", "");
                for start in ["`git ", "`flagctl "] {
                    let commands = code.match_indices(start).filter_map(|(at, _)| code[at + 1..].split('`').next());
                    found.extend(commands.map(str::to_owned));
                }
            }
        }
    }
    found
}

#[test]
fn the_table_has_every_recommended_command() {
    let mut known: BTreeSet<String> = table().iter().map(|row| row.template.to_owned()).collect();
    known.extend(OTHERS.iter().map(|(template, _)| (*template).to_owned()));
    assert_eq!(known, templates());
}
