#!/usr/bin/env python3
"""Times whole flagctl processes beside other tools: beside_peers.py FLAGCTL [--flags N] [--contexts N] [--peers PEERS].

Generates repositories (10,000 flags unless told otherwise, and a tenth of them for `test`) and a million contexts, runs
each pair of commands in turn, and prints a table of medians of wall time and of the ratios pair by pair. Featurevisor
and ajv are installed with npm, into `target/benches`; PEERS is what `cargo build --release` makes in `benches/peers`.
Without npm or PEERS, rows have flagctl's figures alone.
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
# Where either takes seconds.
FEW = 3
PACKAGES = ROOT / "target" / "benches" / "npm"
VERSIONS = {"@featurevisor/cli": "1.11.1", "ajv-cli": "5.0.0", "ajv-formats": "3.0.1", "js-yaml": "4.1.0"}
AJV = "ajv validate --spec=draft2020 -c ajv-formats --strict=false"
# ajv-cli takes what looks like a date for something else than text, so dates are quoted for it.
CONVERT = """
const [from, to] = process.argv.slice(1);
const fs = require("fs"), path = require("path"), yaml = require("js-yaml");
fs.mkdirSync(to);
for (const file of fs.readdirSync(from, {recursive: true}).filter((file) => file.endsWith(".yaml"))) {
  const text = fs.readFileSync(path.join(from, file), "utf8"), place = path.join(to, path.basename(file, ".yaml"));
  fs.writeFileSync(place + ".yaml", text.replace(/^(expires: )([0-9-]+)$/m, '$1"$2"'));
  fs.writeFileSync(place + ".json", JSON.stringify(yaml.load(text, {schema: yaml.CORE_SCHEMA})));
}
"""


def installed():
    """Whether npm's packages are there, after trying to have them."""
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

    def row(self, name, package, words, runs, ours, theirs, places):
        """A row beside one of npm's packages; words are its command, of which `theirs` are what stands behind."""
        executable, *rest = words.split()
        command = [PACKAGES / "node_modules" / ".bin" / executable, *rest, *theirs]
        other = (lambda: timed(command, places[1])) if self.npm else None
        figures = beside(runs, lambda: timed([self.flagctl, *ours], places[0]), other)
        peer = f"{package.removeprefix('@').partition('/')[0]} {VERSIONS[package]}"
        return Row(name, peer if self.npm else f"{peer}, without npm", f"`{words}`", *figures)


def contexts(flagctl, count, peers):
    """On one thread, and on all."""
    with tempfile.TemporaryDirectory() as place:
        script("contexts.py", place, count)
        eppo = f"eppo_core {crate_version('eppo_core')}"
        for threads, words in [(1, "one thread"), (os.cpu_count(), "all cores")]:
            command = [flagctl, "eval", "-e", "production", "--contexts", "contexts.jsonl"]
            ours = lambda: timed(command, place, RAYON_NUM_THREADS=str(threads))
            theirs = lambda: timed([peers, "contexts", "contexts.jsonl", str(threads)], place)
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
        # This version decides nothing on the command line.
        built = f"{name}; Featurevisor builds what to decide from"
        yield others.row(built, "@featurevisor/cli", "featurevisor build", FEW, one, [], (ours, theirs))
        name = f"`validate` of {flags:,} flags"
        yield others.row(name, "@featurevisor/cli", "featurevisor lint", FEW, ["validate"], [], (ours, theirs))
        files = pathlib.Path(place) / "files"
        if others.npm:
            subprocess.run(["node", "-e", CONVERT, ours / "flags", files], cwd=PACKAGES, check=True)
        for kind, what in [("yaml", "the flags' files"), ("json", "them as JSON")]:
            schema = ["-s", ROOT / "schemas" / "flag.schema.json", "-d", files / f"*.{kind}"]
            alone = f"{name}; ajv holds {what} against the schema alone"
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
