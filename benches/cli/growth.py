#!/usr/bin/env python3
"""Measures how the time and memory of flagctl grow: growth.py FLAGCTL [--sizes N,…] [--rules N,…] [--runs N].

The script measures two series: the number of flags in the repository (by default from 1,000 to 100,000), and the number
of rules in each of ten flags (from 1 to 500). It prints the median wall time and the median peak memory of the processes,
and the exponent of both. To find the exponent, it subtracts the value for 100 flags, or for one rule, from each value,
and fits a line through the logarithms; the exponent is the slope. It uses only values that are at least twice as large
as the subtracted one, and prints a dash if fewer than two remain. A command that takes more than two seconds is run only
once, and is stopped after two minutes.
"""

import argparse
import math
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import typing

from processes import ENVIRONMENT, digits, duration, lines, script

COMMITS = 1_000
FEWEST = 100
SIZES = [1_000, 3_162, 10_000, 31_623, 100_000]
RULES = [1, 5, 20, 100, 500]
# The number of flags in the series of rules.
FLAGS = 10
# In seconds: a longer run is not repeated, and a run is stopped after the limit.
LONG, LIMIT = 2, 120
# A process inherits the peak memory of its parent, so a small process must start it.
START = """
import os, signal, sys, time
begin = time.perf_counter()
quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
process = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ, file_actions=quiet)
signal.signal(signal.SIGALRM, lambda *_: os.kill(process, signal.SIGKILL))
signal.alarm(int(sys.argv[1]))
_, status, usage = os.wait4(process, 0)
print(time.perf_counter() - begin, usage.ru_maxrss, os.waitstatus_to_exitcode(status))
"""


class Run(typing.NamedTuple):
    seconds: float
    mebibytes: float
    code: int

    def __str__(self):
        if self.code < 0:
            return f"more than {LIMIT} s"
        unknown = "unknown after " if self.code else ""
        return f"{unknown}{duration(self.seconds)}, {digits(self.mebibytes)} MiB"


def run(command, folder, codes=(0, 3, -9)):
    start = [sys.executable, "-I", "-S", "-c", START, str(LIMIT), *command]
    done = subprocess.run(start, cwd=folder, env=ENVIRONMENT, check=True, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    seconds, most, code = map(float, done.stdout.split())
    if code not in codes:
        sys.exit(f"{' '.join(map(str, command))} failed with exit code {code:.0f}")
    return Run(seconds, most / (2**20 if sys.platform == "darwin" else 2**10), int(code))


def median(runs, command, folder):
    first = run(command, folder)
    if first.seconds > LONG:
        return first
    every = [first, *(run(command, folder) for _ in range(runs - 1))]
    return Run(*(statistics.median(values) for values in zip(*every)))


def exponent(points, base):
    """Fits the exponent with least squares. Returns None if fewer than two points are at least twice the base."""
    points = [(math.log(size), math.log(value - base)) for size, value in points if value >= 2 * base]
    if len(points) < 2:
        return None
    middle, height = (statistics.mean(axis) for axis in zip(*points))
    return sum((x - middle) * (y - height) for x, y in points) / sum((x - middle) ** 2 for x, _ in points)


def edited(text, rule):
    """Returns the text of a flag with another rollout in the rule with that number."""
    before, name, after = text.partition(f"  - name: rule-{rule}\n")
    after = re.sub(r"    (rollout: .*\n    )?serve", "    rollout: 37%\n    serve", after, count=1)
    return before + name + after


def repository(folder, flags, rules, commits):
    """Generates a repository with its history. Returns the paths of the flags."""
    script("generate.py", folder, flags, "--rules", rules)
    script("history.py", folder, commits)
    for command in [["gc", "--quiet"], ["reset", "--quiet", "--hard"]]:
        subprocess.run(["git", "-C", folder, *command], env=ENVIRONMENT, check=True)
    return sorted(folder.glob("flags/**/*.yaml"))


def measured(flagctl, runs, flags, rules, commits):
    """Measures every command in one repository. Returns the median run of each, by name."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary) / "flags"
        paths = repository(folder, flags, rules, commits)
        path = paths[len(paths) // 2]
        context = ["-e", "production", "-c", "targetingKey=user-1"]
        bundle = pathlib.Path(temporary) / "bundle.json"
        with open(bundle, "wb") as out:
            subprocess.run([flagctl, "export", "bundle", "-e", "production"], cwd=folder, stdout=out, check=True)
        path.write_text(edited(path.read_text(), (rules + 1) // 2))
        work = {
            "validate": ["validate"],
            "eval of one flag": ["eval", path.stem, *context],
            "eval of one flag of a bundle": ["eval", path.stem, *context[2:], "--bundle", bundle],
            "diff of one changed flag": ["diff", "HEAD"],
        }
        if commits > 1:
            work["log of one flag"] = ["log", path.stem]
        return {name: median(runs, [flagctl, *arguments], folder) for name, arguments in work.items()}


def table(flagctl, runs, least, sizes, unit, shape):
    """Yields the lines of a table. The values of the smallest size are the base of the exponents."""
    found = {size: measured(flagctl, runs, *shape(size)) for size in sorted({least, *sizes})}
    rows = []
    for name, base in found[least].items():
        cells = [str(found[size][name]) for size in sizes]
        for figure in range(2):
            points = [(size, found[size][name][figure]) for size in sizes if size > least and not found[size][name].code]
            fit = exponent(points, base[figure])
            cells.append("–" if fit is None else f"{fit:.2f}")
        rows.append([re.sub(r"^\w+", r"`\g<0>`", name), *cells])
    heads = ["", *(f"{size:,} {unit}{'s' if size > 1 else ''}" for size in sizes), "exponent of time", "exponent of memory"]
    yield from lines(heads, rows)


def tables(flagctl, runs=5, sizes=SIZES, rules=RULES):
    yield from table(flagctl, runs, FEWEST, sizes, "flag", lambda size: (size, 5, COMMITS))
    yield ""
    yield from table(flagctl, runs, 1, rules, "rule", lambda count: (FLAGS, count, 1))


def main():
    numbers = lambda text: [int(part) for part in text.split(",")]
    parser = argparse.ArgumentParser()
    parser.add_argument("flagctl", type=pathlib.Path)
    parser.add_argument("--sizes", type=numbers, default=SIZES)
    parser.add_argument("--rules", type=numbers, default=RULES)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    for line in tables(given.flagctl.resolve(), given.runs, given.sizes, given.rules):
        print(line, flush=True)


if __name__ == "__main__":
    main()
