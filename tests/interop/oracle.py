#!/usr/bin/env python3
"""Compares the proofs of flagctl with z3, which proves the same statements from an independent encoding.

    oracle.py PATH-OF-FLAGCTL [--flags NUMBER] [--seed NUMBER]

The flags are generated. They have every type and every operator except `matches`, which z3 too often cannot decide;
segments, prerequisites, slots of layers, rollouts and splits with equal and different salts, units of flags and of rules, also units that
conditions name, kills, disabled rules, and fields of flags and rules by environment and by group. `oracle_cases/meaning.py` encodes them from the documentation alone. For every rule, condition,
segment, variant and prerequisite, z3 decides whether a context reaches it. For an unreachable rule, z3 decides whether
the reported rules are the reason, and whether all of them are necessary. A finding that z3 refutes is an error, and so
is a missing finding. Then the script compares generated assertions of every kind except `monotone_since` with the
results of `flagctl test`, without and with the kills of the repository.

The script needs Python, and keeps z3 in `target/interop`. It counts the questions that z3 does not answer within the
time limit; each of them is an error too.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from oracle_cases.generator import Repository
from packages import installed, with_pip
from repositories import write

CASES = Path(__file__).resolve().parent / "oracle_cases"
Z3 = ["z3-solver==5.4.1.0"]
PARTS = os.cpu_count() or 1
SHOWN = 50


def flagctl(binary, folder, *arguments):
    done = subprocess.run([binary, "-C", folder, *arguments], capture_output=True, text=True, encoding="utf-8")
    if done.returncode > 1:
        sys.exit(f"flagctl {' '.join(arguments)} failed:\n{done.stderr[:4000]}")
    return json.loads(done.stdout)


def asked(python, script, *arguments):
    """Runs the script in several processes, each for its part, and returns the combined differences and counts."""
    def part(number):
        command = [python, CASES / script, *map(str, arguments), str(number), str(PARTS)]
        return json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=True).stdout)

    with ThreadPoolExecutor(PARTS) as pool:
        found = list(pool.map(part, range(PARTS)))
    return [line for result in found for line in result["wrong"]], sum((Counter(result["counted"]) for result in found), Counter())


def reported(subject, wrong, counted):
    """Prints the differences and counts. Returns whether every question was answered without a difference."""
    for line in wrong[:SHOWN]:
        print(line)
    for question, number in sorted(counted.items()):
        print(f"  {number} times: {question}")
    unknown = sum(number for question, number in counted.items() if question.endswith(": unknown"))
    asked = sum(number for question, number in counted.items() if ": " in question)
    print(f"{subject}: {asked} questions, {unknown} without an answer, {len(wrong)} differences", flush=True)
    return not wrong and not unknown and bool(counted)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", metavar="PATH-OF-FLAGCTL", type=Path)
    parser.add_argument("--flags", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=20261122)
    arguments = parser.parse_args()
    binary = arguments.binary.resolve()
    python = installed("z3", Z3, with_pip) / "bin" / "python"
    repository = Repository(arguments.seed, arguments.flags)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, repository.files())
        found = flagctl(binary, folder, "validate", "--format", "json")
        if found["errors"]:
            errors = [finding for finding in found["findings"] if finding["severity"] == "error"]
            sys.exit(f"the generated flags have errors: {errors[:3]}")
        findings = folder / "findings.json"
        findings.write_text(json.dumps(found), encoding="utf-8")
        same = reported("findings", *asked(python, "findings.py", arguments.flags, arguments.seed, findings))
        write(folder, repository.tests())
        reports = [folder / "report.json", folder / "with-kills.json"]
        for report, more in zip(reports, [[], ["--with-kills"]]):
            report.write_text(json.dumps(flagctl(binary, folder, "test", "--format", "json", *more)), encoding="utf-8")
        return reported("assertions", *asked(python, "assertions.py", arguments.flags, arguments.seed, *reports)) and same


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
