#!/usr/bin/env python3
"""Measures how long five commands take to find planted facts: facts.py FLAGCTL [--flags N] [--commits N] [--runs N].

The script generates a repository with its history (by default with 1,000 flags and 1,000 commits) and plants a misspelt variant, a
kill and an unused segment. Every run must find its fact: `doctor` that there is an error, `list` the kill, `validate` the error, `log`
the last change of a flag, and `lsp`, from the start of the server, the error in an opened flag, and the unused segment, which is
not open. The server finds the latter after its pause of 0.3 s. The script prints the median and the maximum of the wall times.
`tests/it/planted_facts.rs` checks a longer list of facts, without measuring.
"""

import argparse
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

from growth import repository
from processes import ENVIRONMENT, ROOT, duration, lines

sys.path.append(str(ROOT / "tests" / "interop"))
from editor import Client  # noqa: E402

HEADS = ["", "finds", "median", "maximum"]
RULES = 5
RUNS = 11


def plant(folder, paths):
    """Plants the faults. Returns the paths of the flag with an error, and of a flag whose last change is known."""
    wrong, killed = paths[len(paths) // 2], paths[len(paths) // 3]
    wrong.write_text(wrong.read_text().replace("default: off\n", "default: offf\n"))
    kill = folder / "kills" / "production" / killed.name
    kill.parent.mkdir(parents=True)
    kill.write_text('reason: "INC-7: prices are wrong"\n')
    (folder / "segments" / "lonely.yaml").write_text("description: No flag uses it.\nif: {beta: true}\n")
    git = ["git", "-C", folder, "log", "-1", "--format=%s", "--name-only", "HEAD", "--", "flags"]
    subject, _, changed = subprocess.run(git, check=True, capture_output=True, text=True).stdout.strip().split("\n")
    return wrong, killed.stem, pathlib.Path(changed).stem, subject


def timed(command, folder, fact):
    """Runs a command that must find a fact, and returns its wall time in seconds."""
    begin = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    seconds = time.perf_counter() - begin
    if not re.search(fact, done.stdout):
        sys.exit(f"{' '.join(map(str, command))} did not find {fact!r}:\n{done.stdout}")
    return seconds


def served(flagctl, folder, wrong):
    """Starts the server and opens a flag. Returns the seconds until its error, and until the unused segment."""
    begin = time.perf_counter()
    client = Client([flagctl, "lsp"], folder, {})
    try:
        client.ask("initialize", {"processId": None, "rootUri": folder.as_uri(), "capabilities": {}})
        client.notify("initialized", {})
        path = wrong.relative_to(folder)
        messages = client.open(path, wrong.read_text())
        first = time.perf_counter() - begin
        if not any("`offf` is not a variant" in message for message in messages):
            sys.exit(f"the server did not find the error in {path}: {messages}")
        while client.diagnostics.get(timeout=60)["uri"] != client.uri("segments/lonely.yaml"):
            pass
        return first, time.perf_counter() - begin
    finally:
        client.server.kill()
        client.server.wait()


def rows(flagctl, flags=1_000, commits=1_000, runs=RUNS):
    """Yields the cells of the table."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary).resolve() / "flags"
        wrong, killed, changed, subject = plant(folder, repository(folder, flags, RULES, commits))
        commands = [
            ("doctor", ["doctor"], "definitions: errors: 1,", "that there is an error"),
            ("list", ["list", "--killed"], rf"(?m)^{killed} .*killed", "the killed flag"),
            ("validate", ["validate"], rf"`offf` is not a variant of `{wrong.stem}`", "the error"),
            ("log", ["log", changed, "-n", "1"], re.escape(subject), "the last change of a flag"),
        ]
        for name, arguments, fact, found in commands:
            times = [timed([flagctl, *arguments], folder, fact) for _ in range(runs)]
            yield [f"`{name}`", found, duration(statistics.median(times)), duration(max(times))]
        pairs = [served(flagctl, folder, wrong) for _ in range(runs)]
        for name, times in zip(("the error in the opened flag", "the unused segment, after the pause"), zip(*pairs)):
            yield ["`lsp`, from its start", name, duration(statistics.median(times)), duration(max(times))]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("flagctl", type=pathlib.Path)
    # With fewer flags, the generated repository has no lint for unused segments.
    parser.add_argument("--flags", type=int, default=1_000)
    parser.add_argument("--commits", type=int, default=1_000)
    parser.add_argument("--runs", type=int, default=RUNS)
    given = parser.parse_args()
    for line in lines(HEADS, rows(given.flagctl.resolve(), given.flags, given.commits, given.runs)):
        print(line, flush=True)


if __name__ == "__main__":
    main()
