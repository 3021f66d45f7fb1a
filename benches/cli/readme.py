#!/usr/bin/env python3
"""Runs all measurements and writes the results to docs/performance.md: readme.py FLAGCTL [OPTIONS].

--engines FILE is the output of `cargo run --release` in `benches/peers` on this machine; without it, those figures do not
change. --peers PEERS is the path of that program, for the rows of beside_peers.py. Smaller values of --flags, --commits,
--contexts, --sizes and --rules make a trial run shorter. The script replaces the text between a marker, such as
`<!-- git -->`, and the next `<!-- end -->`.
"""

import argparse
import datetime
import os
import pathlib
import re
import textwrap

import beside_git
import beside_peers
import growth
from processes import ROOT, compared, crate_version, lines, machine, printable, printed

END = "<!-- end -->"
ENGINES = {
    "unleash-yggdrasil": "unleash-yggdrasil", "eppo_core": "eppo_core", "launchdarkly": "launchdarkly-server-sdk-evaluation",
}
WORK = {
    "everyone": "a decision: on for everyone",
    "rules": "a decision: five rules of two conditions",
    "rollout": "a decision: a rollout to a quarter",
    "segment": "a decision: a segment of 10,000 ids",
    "split": "a decision: a split in three",
    "load 1000 flags": "loading 1,000 compiled flags, each decoded on first use",
    "load 10000 flags": "loading 10,000 compiled flags, each decoded on first use",
}


def replaced(path, marker, text):
    before, found, rest = path.read_text(encoding="utf-8").partition(f"<!-- {marker} -->\n")
    _, end, after = rest.partition(END)
    if not (found and end):
        raise SystemExit(f"{path} has no `<!-- {marker} -->` with an `{END}`")
    path.write_text(f"{before}{found}{text.rstrip()}\n{end}{after}", encoding="utf-8")


def between(path, marker):
    return path.read_text(encoding="utf-8").partition(f"<!-- {marker} -->\n")[2].partition(END)[0]


def paragraph(text):
    return textwrap.fill(text, 125, break_long_words=False, break_on_hyphens=False) + "\n"


def engines(text):
    """Yields the rows of the summary: each kind of work, compared with the fastest of the other engines."""
    rows = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in text.splitlines() if line.startswith("|")]
    (_, _, *names), _, *rows = rows
    for name, own, *others in rows:
        name, unit = name.rsplit(", ", 1)
        own = float(own)
        figures = {engine: float(cell.split()[0]) for engine, cell in zip(names, others) if engine in ENGINES and cell != "–"}
        fastest = min(figures, key=figures.get)
        other = figures[fastest]
        peer = f"{fastest} {crate_version(ENGINES[fastest])}"
        yield [WORK[name], peer, f"{own} {unit}", f"{other} {unit}", compared(own / other)]


def main():
    numbers = lambda text: [int(part) for part in text.split(",")]
    parser = argparse.ArgumentParser()
    parser.add_argument("flagctl", type=pathlib.Path)
    parser.add_argument("--engines", type=pathlib.Path)
    parser.add_argument("--peers", type=pathlib.Path)
    parser.add_argument("--flags", type=int, default=10_000)
    parser.add_argument("--commits", type=int, default=5_000)
    parser.add_argument("--contexts", type=int, default=1_000_000)
    parser.add_argument("--sizes", type=numbers, default=growth.SIZES)
    parser.add_argument("--rules", type=numbers, default=growth.RULES)
    given = parser.parse_args()
    flagctl = given.flagctl.resolve()
    page = ROOT / "docs" / "performance.md"

    busy = "a machine that was busy with other work, so that only the ratios are reliable: " if os.getloadavg()[0] > 0.5 else ""
    today = datetime.date.today()
    when = f"{today.day} {today:%B %Y}, {printed(flagctl, '--version')}, on {busy}{machine()}"
    if given.engines:
        versions = ", ".join(f"{crate} {crate_version(crate)}" for crate in ENGINES.values())
        table = "\n".join(line for line in given.engines.read_text(encoding="utf-8").splitlines() if line.startswith("|"))
        replaced(page, "engines", f"{paragraph(f'Measured on {when}; {versions}.')}\n{table}\n")
    others = list(beside_peers.rows(flagctl, given.flags, given.contexts, given.peers and given.peers.resolve()))
    git = list(beside_git.rows(flagctl, given.flags, given.commits))
    of = f"; {given.flags:,} flags, {given.commits:,} commits"
    for marker, more, found in [("others", "", others), ("git", of, git)]:
        replaced(page, marker, f"{paragraph(f'Measured on {when}{more}.')}\n" + "\n".join(printable(found)))

    in_process = between(page, "engines")
    rows = [*engines(in_process), *([row.name, row.peer, *row.figures()] for row in [*others, *git])]
    table = "\n".join(lines(["", "other tool", "flagctl", "other tool's result", "flagctl is"], rows))
    engines_when = re.match(r"Measured on (.*?);", in_process.replace("\n", " "))[1]
    told = f"Processes were measured on {when}. Decisions and loading are compared with the fastest of three other engines,"
    told += f" measured {'on the same day' if engines_when == when else f'on {engines_when}'}."
    replaced(page, "performance", f"{table}\n\n{paragraph(told)}")

    # Growth is measured last, because it takes the longest.
    grown = "\n".join(growth.tables(flagctl, sizes=given.sizes, rules=given.rules))
    replaced(page, "growth", f"{paragraph(f'Measured on {when}.')}\n{grown}")


if __name__ == "__main__":
    main()
