//! Random small repositories whose branch `main` and branch with kills have diverged.

use flagctl::model::flag_file_name;

use crate::fast_import::{Files, History};
use crate::random::Random;

/// The keys of the flags. A flag may depend on the flags before it. Nothing depends on `alone`.
pub(super) const FLAGS: [&str; 5] = ["a", "b", "c/x:1", "d", "alone"];
const ENVIRONMENTS: [&str; 2] = ["staging", "production"];
const FILE: &str = "100644";
/// Texts of kills without an error.
pub(super) const KILLS: [&str; 2] = ["reason: INC-1\n", "reason: INC-2\nby: Dana\nat: 2026-11-01T00:00:00Z\n"];
/// Texts of kills with an error.
const BROKEN_KILLS: [&str; 3] = ["reason: [\n", "by: Dana\n", "reason: INC-1\nuntil: later\n"];

/// Returns conditions on attributes, on a segment, and on the first `flags` flags.
fn condition(random: &mut Random, flags: usize, depth: usize) -> String {
    match random.below(if depth == 0 { 7 } else { 10 }) {
        0 | 1 if flags > 0 => {
            let variants = random.pick(&["on", "off", "[off, late]", "[on, late]"]);
            format!("{{flag: {{{}: {variants}}}}}", FLAGS[random.below(flags)])
        }
        2 if flags > 1 => format!("{{segment: {}}}", random.pick(&["s", "t"])),
        3 => "{age: {gte: 18}}".to_owned(),
        4 => "{targetingKey: [u1, u2]}".to_owned(),
        7 => format!("{{not: {}}}", condition(random, flags, depth - 1)),
        8 => format!("{{any: [{}, {}]}}", condition(random, flags, depth - 1), condition(random, flags, depth - 1)),
        9 => format!("{{all: [{}, {}]}}", condition(random, flags, depth - 1), condition(random, flags, depth - 1)),
        _ => format!("{{country: {}}}", random.pick(&["DE", "AT", "[DE, AT]", "{not_in: [DE]}"])),
    }
}

fn flag(random: &mut Random, index: usize, slot: usize) -> String {
    let (on, late) = (random.pick(&["\"yes\"", "\"x\""]), random.pick(&["\"yes\"", "\"later\""]));
    let mut text = format!("variants: {{on: {on}, off: \"no\", late: {late}, none: \"no\"}}\n");
    let off = random.pick(&["off", "off", "off", "off", "late"]);
    let default = random.pick(&["on", "on", "off", "off", "late", "none"]);
    text.push_str(&format!("off: {off}\ndefault: {default}\n"));
    if random.below(8) == 0 {
        text.push_str("enabled: false\n");
    }
    if index > 0 && random.below(3) == 0 {
        let variant = random.pick(&["on", "on", "[on, late]", "off"]);
        text.push_str(&format!("requires: {{{}: {variant}}}\n", FLAGS[random.below(index)]));
    }
    text.push_str("rules:\n");
    for _ in 0..=random.below(3) {
        let rollout = random.pick(&["100%", "100%", "50%", "0%"]);
        let serve = random.pick(&["on", "on", "late", "none", "off", "{on: 50%, off: 50%}"]);
        let condition = condition(random, index, 1);
        let slot = if random.below(5) == 0 { format!("slot: l/s{slot}, ") } else { String::new() };
        text.push_str(&format!("  - {{if: {condition}, {slot}rollout: {rollout}, serve: {serve}}}\n"));
    }
    if random.below(4) == 0 {
        text.push_str(&format!("environments: {{staging: {{default: {}}}}}\n", random.pick(&["on", "off"])));
    }
    text
}

/// Returns a segment, which may depend on the flag `a`. The flag `a` depends on no segment.
fn segment(random: &mut Random) -> String {
    format!("if: {}\n", condition(random, 1, 1))
}

/// Returns a layer with one slot for each flag.
fn layer(random: &mut Random) -> String {
    let free = random.below(10);
    let slot = |index: usize| format!("s{index}: {}%..{}%", index * 20 + free, index * 20 + 20);
    format!("slots: {{{}}}\n", (0..FLAGS.len()).map(slot).collect::<Vec<_>>().join(", "))
}

fn put(files: &mut Files, path: &str, text: impl Into<String>) {
    files.insert(path.to_owned(), (FILE, text.into()));
}

fn kill_path(environment: &str, flag: &str) -> String {
    format!("kills/{environment}/{}", flag_file_name(flag).unwrap())
}

fn base(random: &mut Random) -> Files {
    let mut files = Files::new();
    let settings = "version: 1\nenvironments: [staging, production]\nattributes: {country: string, age: number}\n";
    put(&mut files, "flagctl.yaml", settings);
    for (index, key) in FLAGS.into_iter().enumerate() {
        let text = flag(random, if key == "alone" { 0 } else { index }, index);
        put(&mut files, &flag_path(key), text);
    }
    put(&mut files, "layers/l.yaml", layer(random));
    put(&mut files, "segments/s.yaml", segment(random));
    put(&mut files, "segments/t.yaml", segment(random));
    for _ in 0..random.below(3) {
        kill(random, &mut files);
    }
    files
}

fn flag_path(key: &str) -> String {
    format!("flags/{}{}", if key == "d" { "more/" } else { "" }, flag_file_name(key).unwrap())
}

/// Adds the file of a kill. If the flag is killed, nothing changes.
fn kill(random: &mut Random, files: &mut Files) {
    let path = kill_path(random.pick(&ENVIRONMENTS), FLAGS[random.below(4)]);
    let text = random.pick(&KILLS).to_owned();
    files.entry(path).or_insert((FILE, text));
}

/// Returns the path of a kill that exists.
fn existing_kill(random: &mut Random, files: &Files) -> Option<String> {
    let kills: Vec<String> = files.keys().filter(|path| path.starts_with("kills/")).cloned().collect();
    (!kills.is_empty()).then(|| random.pick(&kills))
}

/// Ends all kills of an environment, and moves their files. Git moves a file that another branch adds to this folder, too.
fn archive(random: &mut Random, files: &mut Files) {
    let Some(path) = existing_kill(random, files) else { return };
    let folder = path.rsplit_once('/').unwrap().0.to_owned() + "/";
    let moved: Vec<String> = files.keys().filter(|path| path.starts_with(&folder)).cloned().collect();
    for path in moved {
        let file = files.remove(&path).unwrap();
        files.insert(path.replacen("kills", "ended", 1), file);
    }
}

/// Changes what people change on `main`.
fn edit(random: &mut Random, files: &mut Files) {
    let index = random.below(4);
    let path = flag_path(FLAGS[index]);
    match random.below(13) {
        0 | 1 => put(files, &path, flag(random, index, index)),
        11 => put(files, "layers/l.yaml", layer(random)),
        2 => put(files, random.pick(&["segments/s.yaml", "segments/t.yaml"]), segment(random)),
        3 => {
            if let Some((_, text)) = files.get_mut(&path) {
                let (from, to) =
                    random.pick(&[("default: on", "default: off"), ("off: \"no\"", "off: \"never\""), ("50%", "100%")]);
                *text = text.replacen(from, to, 1);
            }
        }
        4 | 5 => kill(random, files),
        6 => {
            if let Some(path) = existing_kill(random, files) {
                files.remove(&path);
            }
        }
        7 => drop(files.remove(&path)),
        8 => put(files, "flags/alone.yaml", "variants: {on: true, off: false}\noff: of\ndefault: on\n"),
        9 => put(files, "flagctl.yaml", files["flagctl.yaml"].1.replace("[staging, production]", "[production]")),
        10 => {
            // The folder of flag `d` has another name.
            if let Some(file) = files.remove("flags/more/d.yaml") {
                files.insert("flags/other/d.yaml".to_owned(), file);
            }
        }
        _ => put(files, "README.md", format!("{}\n", random.below(9))),
    }
}

/// Changes what a branch must not change together with a kill.
fn disguise(random: &mut Random, files: &mut Files) {
    let path = kill_path(random.pick(&ENVIRONMENTS), FLAGS[random.below(4)]);
    match random.below(9) {
        0 => put(files, &path, random.pick(&BROKEN_KILLS)),
        1 => drop(files.insert(path, ("100755", KILLS[0].to_owned()))),
        2 => drop(files.insert(path, ("120000", "../../README.md".to_owned()))),
        3 => put(files, "kills/production/unknown.yaml", KILLS[0]),
        4 => put(files, "kills/unknown/a.yaml", KILLS[0]),
        5 => {
            if let Some(path) = existing_kill(random, files) {
                put(files, &path, KILLS[1]);
            }
        }
        _ => edit(random, files),
    }
}

/// Adds what `theirs` changed since `base` to `ours`. Where both changed a file, it stays as it is in `ours`.
fn merged(base: &Files, ours: &Files, theirs: &Files) -> Files {
    let mut merged = ours.clone();
    for path in base.keys().chain(theirs.keys()) {
        if base.get(path) == ours.get(path) {
            match theirs.get(path) {
                Some(file) => drop(merged.insert(path.clone(), file.clone())),
                None => drop(merged.remove(path)),
            }
        }
    }
    merged
}

/// Adds a base, a branch `main<number>` and a branch `kills<number>` to the history.
pub(super) fn case(random: &mut Random, history: &mut History, number: usize) {
    let (main, branch) = (format!("main{number}"), format!("kills{number}"));
    let start = base(random);
    let root = history.commit(&main, &[], &start);
    let (mut on_main, mut on_branch) = (start.clone(), start.clone());
    let (mut main_tip, mut branch_tip, mut common) = (root, root, start);
    let edits = random.below(4);
    let is_honest = random.below(3) > 0;
    for commit in 0..=random.below(3) {
        if commit < edits {
            edit(random, &mut on_main);
            main_tip = history.commit(&main, &[main_tip], &on_main);
        }
        let before = on_branch.clone();
        for _ in 0..=random.below(2) {
            kill(random, &mut on_branch);
        }
        if !is_honest && random.below(2) == 0 {
            disguise(random, &mut on_branch);
        }
        branch_tip = history.commit(&branch, &[branch_tip], &on_branch);
        match random.below(8) {
            // What one commit does, the next one reverts.
            0 if !is_honest => {
                on_branch = before;
                branch_tip = history.commit(&branch, &[branch_tip], &on_branch);
            }
            1 | 2 if main_tip != root => {
                on_branch = merged(&common, &on_branch, &on_main);
                common.clone_from(&on_main);
                if !is_honest && random.below(2) == 0 {
                    disguise(random, &mut on_branch);
                }
                branch_tip = history.commit(&branch, &[branch_tip, main_tip], &on_branch);
            }
            _ => {}
        }
    }
    for _ in 0..random.below(3) {
        edit(random, &mut on_main);
        main_tip = history.commit(&main, &[main_tip], &on_main);
    }
    if random.below(6) == 0 {
        archive(random, &mut on_main);
        main_tip = history.commit(&main, &[main_tip], &on_main);
    }
    if random.below(2) == 0
        && let Some(path) = existing_kill(random, &on_branch)
    {
        put(&mut on_main, &path, random.pick(&KILLS));
        history.commit(&main, &[main_tip], &on_main);
    }
}
