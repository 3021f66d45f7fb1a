//! The first screen of the README, pasted into an empty folder: the first flag, a refused mistake, a plan and a kill.

use std::fs;
use std::time::{Duration, Instant};

use crate::git_bench::TestRepository;

#[test]
fn the_first_screen_of_the_readme_works_from_an_empty_folder_within_a_minute() {
    let readme = fs::read_to_string("README.md").unwrap();
    let (_, rest) = readme.split_once("\n```ShellSession\n").unwrap();
    let (session, _) = rest.split_once("\n```\n").unwrap();
    let commands: Vec<&str> = session.lines().filter_map(|line| line.strip_prefix("$ ")).collect();
    let has = |word: &str| commands.iter().any(|command| command.contains(word));
    for word in ["git init", "flagctl init", "flagctl eval", "flagctl test", "flagctl rollout", "flagctl kill"] {
        assert!(has(word), "the first screen has no `{word}`");
    }
    let bench = TestRepository::new();
    let folder = bench.beside("empty");
    fs::create_dir(&folder).unwrap();
    let run = |command: &str| bench.bash(&format!("cd ../empty && {command}"));
    let (started, mut refused) = (Instant::now(), 0);
    for command in commands {
        let ran = run(command);
        let is_mistake = command.contains("flagctl test");
        assert_eq!(ran.code, Some(i32::from(is_mistake)), "{command}: {ran:?}");
        refused += usize::from(is_mistake && ran.stdout.contains("unknown-segment"));
    }
    assert_eq!(refused, 1, "the mistake is refused");
    assert!(started.elapsed() < Duration::from_secs(60), "it took {:?}", started.elapsed());
    let after = run("flagctl eval welcome-banner -e production -c email=dana@example.com");
    assert!(after.stdout.contains("DISABLED: killed: INC-1"), "{after:?}");
    assert_eq!(run("flagctl test").code, Some(0));
    assert!(folder.join(".github/workflows/flagctl.yml").exists());
}
