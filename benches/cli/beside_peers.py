#!/usr/bin/env python3
"""Compares the time of flagctl processes with other tools: beside_peers.py FLAGCTL [--flags N] [--contexts N] [--peers PEERS].

The script generates repositories (by default with 10,000 flags, and a tenth of them for `test`) and a million contexts,
and runs the two commands of each pair alternately. It prints a table with the median wall time and the median of the
ratios of the pairs. It installs Featurevisor and ajv with npm in `target/benches`. PEERS is the program that
`cargo build --release` builds in `benches/peers`. Without npm or PEERS, a row contains only the figures of flagctl.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

from processes import ROOT, Row, beside, crate_version, git_version, printable, script, timed

RUNS = 11
# The number of runs if one of the commands takes seconds.
FEW = 3
PACKAGES = ROOT / "target" / "benches" / "npm"
VERSIONS = {"@featurevisor/cli": "1.11.1", "ajv-cli": "5.0.0", "ajv-formats": "3.0.1", "js-yaml": "4.1.0"}
AJV = "ajv validate --spec=draft2020 -c ajv-formats --strict=false"
# ajv-cli does not read an unquoted date as a string, so the converter quotes dates.
CONVERT = """
const [from, to] = process.argv.slice(1);
const fs = require("fs"), path = require("path"), yaml = require("js-yaml");
fs.mkdirSync(to);
for (const file of fs.readdirSync(from, {recursive: true}).filter((file) => file.endsWith(".yaml"))) {
  const text = fs.readFileSync(path.join(from, file), "utf8"), target = path.join(to, path.basename(file, ".yaml"));
  fs.writeFileSync(target + ".yaml", text.replace(/^(expires: )([0-9-]+)$/m, '$1"$2"'));
  fs.writeFileSync(target + ".json", JSON.stringify(yaml.load(text, {schema: yaml.CORE_SCHEMA})));
}
"""


def installed():
    """Installs the npm packages if necessary. Returns whether they are available."""
    wanted = json.dumps({"private": True, "dependencies": VERSIONS})
    manifest = PACKAGES / "package.json"
    if manifest.is_file() and manifest.read_text() == wanted:
        return True
    if not shutil.which("npm"):
        return False
    shutil.rmtree(PACKAGES, ignore_errors=True)
    PACKAGES.mkdir(parents=True)
    manifest.write_text(wanted)
    done = subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund"], cwd=PACKAGES)
    if done.returncode:
        manifest.unlink()
    return done.returncode == 0


class Peers:
    def __init__(self, flagctl):
        self.flagctl = flagctl
        self.npm = installed()

    def row(self, name, package, words, runs, ours, theirs, folders):
        """Measures a row for an npm package. `words` is the command that the row shows, `theirs` its hidden arguments."""
        executable, *rest = words.split()
        command = [PACKAGES / "node_modules" / ".bin" / executable, *rest, *theirs]
        other = (lambda: timed(command, folders[1])) if self.npm else None
        figures = beside(runs, lambda: timed([self.flagctl, *ours], folders[0]), other)
        peer = f"{package.removeprefix('@').partition('/')[0]} {VERSIONS[package]}"
        return Row(name, peer if self.npm else f"{peer}, without npm", f"`{words}`", *figures)


def contexts(flagctl, count, peers):
    """Measures the rows for contexts, with one thread and with all cores."""
    with tempfile.TemporaryDirectory() as folder:
        script("contexts.py", folder, count)
        eppo = f"eppo_core {crate_version('eppo_core')}"
        for threads, words in [(1, "one thread"), (os.cpu_count(), "all cores")]:
            command = [flagctl, "eval", "-e", "production", "--contexts", "contexts.jsonl"]
            ours = lambda: timed(command, folder, RAYON_NUM_THREADS=str(threads))
            theirs = lambda: timed([peers, "contexts", "contexts.jsonl", str(threads)], folder)
            figures = beside(FEW, ours, theirs if peers else None)
            name = f"`eval` of {count:,} contexts × 20 flags, {words}"
            peer = eppo if peers else f"{eppo}, without `--peers`"
            yield Row(name, peer, f"`peers contexts FILE {threads}`", *figures, count)


def rows(flagctl, flags=10_000, count=1_000_000, peers=None):
    yield from contexts(flagctl, count, peers)
    others = Peers(flagctl)
    with tempfile.TemporaryDirectory() as place:
        ours, theirs = pathlib.Path(place) / "flags", pathlib.Path(place) / "features"
        script("generate.py", ours, flags)
        script("featurevisor.py", theirs, flags)
        one = ["eval", f"flag-{flags // 2:06}", "-e", "production", "-c", "targetingKey=user-1"]
        name = f"`eval` of one flag among {flags:,}"
        figures = beside(RUNS, lambda: timed([flagctl, *one], ours), lambda: timed(["git", "--version"], ours))
        yield Row(name, git_version(), "`git --version`", *figures)
        # This version of Featurevisor has no command that decides a flag.
        built = f"{name}; Featurevisor builds its datafile"
        yield others.row(built, "@featurevisor/cli", "featurevisor build", FEW, one, [], (ours, theirs))
        name = f"`validate` of {flags:,} flags"
        yield others.row(name, "@featurevisor/cli", "featurevisor lint", FEW, ["validate"], [], (ours, theirs))
        files = pathlib.Path(place) / "files"
        if others.npm:
            subprocess.run(["node", "-e", CONVERT, ours / "flags", files], cwd=PACKAGES, check=True)
        for kind, what in [("yaml", "the flag files"), ("json", "the same flags as JSON")]:
            schema = ["-s", ROOT / "schemas" / "flag.schema.json", "-d", files / f"*.{kind}"]
            alone = f"{name}; ajv validates {what} with the schema only"
            yield others.row(alone, "ajv-cli", AJV, RUNS, ["validate"], schema, (ours, PACKAGES))
    with tempfile.TemporaryDirectory() as place:
        flags = max(1, flags // 10)
        ours, theirs = pathlib.Path(place) / "flags", pathlib.Path(place) / "features"
        script("generate.py", ours, flags, "tests")
        for golden in (ours / "tests").glob("golden-*"):
            golden.unlink()
        script("featurevisor.py", theirs, flags, "tests")
        name = f"`test` of {flags:,} flags, twelve decisions each"
        yield others.row(name, "@featurevisor/cli", "featurevisor test --fast", FEW, ["test"], [], (ours, theirs))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("flagctl", type=pathlib.Path)
    parser.add_argument("--flags", type=int, default=10_000)
    parser.add_argument("--contexts", type=int, default=1_000_000)
    parser.add_argument("--peers", type=pathlib.Path)
    given = parser.parse_args()
    for line in printable(rows(given.flagctl.resolve(), given.flags, given.contexts, given.peers and given.peers.resolve())):
        print(line, flush=True)


if __name__ == "__main__":
    main()
