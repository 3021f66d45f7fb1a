#!/usr/bin/env python3
"""Runs all measurements and writes the results to docs/performance.md: readme.py FLAGCTL [OPTIONS].

--engines FILE is the output of `cargo run --release` in `benches/peers` on this machine; without it, those figures do not
change. With --only-engines, all other figures stay. --peers PEERS is the path of that program, for the rows of
beside_peers.py. Smaller values of --flags, --commits, --contexts, --sizes and --rules make a trial run shorter. The script
replaces the text between a marker, such as `<!-- git -->`, and the next `<!-- end -->`.
"""

import argparse
import datetime
import os
import pathlib
import re
import textwrap

import beside_git
import beside_peers
import experiment
import growth
from processes import HEADS, ROOT, compared, crate_version, lines, machine, printable, printed

END = "<!-- end -->"
ENGINES = {
    "unleash-yggdrasil": "unleash-yggdrasil", "eppo_core": "eppo_core", "launchdarkly": "launchdarkly-server-sdk-evaluation",
}
KINDS = {
    "everyone": "a decision: on for everyone",
    "rules": "a decision: five rules of two conditions",
    "rollout": "a decision: a rollout to a quarter",
    "segment": "a decision: a segment of 10,000 ids",
    "split": "a decision: a split in three",
}
WORK = {
    **KINDS,
    **{f"JSON: {kind}": f"a context from JSON, and {what}" for kind, what in KINDS.items()},
    **{f"JSON, 20 decisions: {kind}": f"a context from JSON, and {what.replace('a decision', '20 decisions')}" for kind, what in KINDS.items()},
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
    (_, _, *names), *rows = cells(text)
    for name, own, *others in rows:
        name, unit = name.rsplit(", ", 1)
        own = float(own)
        figures = {engine: float(cell.split()[0]) for engine, cell in zip(names, others) if engine in ENGINES and cell != "–"}
        fastest = min(figures, key=figures.get)
        other = figures[fastest]
        peer = f"{fastest} {crate_version(ENGINES[fastest])}"
        yield [WORK[name], peer, f"{own} {unit}", f"{other} {unit}", compared(own / other)]


def cells(text):
    """Yields the cells of the rows of a table, with those of its header, but without the line below the header."""
    for line in text.splitlines():
        if line.startswith("|") and not line.startswith("|---"):
            yield [cell.strip() for cell in line.strip("|\n").split("|")]


def when_of(text):
    """Returns the part of a paragraph that says when and on which machine its figures were measured."""
    return re.match(r"Measured on (.*?)[;.]( |$)", text.split("\n\n")[0].replace("\n", " "))[1]


def main():
    numbers = lambda text: [int(part) for part in text.split(",")]
    parser = argparse.ArgumentParser()
    parser.add_argument("flagctl", type=pathlib.Path)
    parser.add_argument("--engines", type=pathlib.Path)
    parser.add_argument("--only-engines", action="store_true")
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
    if not given.only_engines:
        others = beside_peers.rows(flagctl, given.flags, given.contexts, given.peers and given.peers.resolve())
        git = beside_git.rows(flagctl, given.flags, given.commits)
        of = f"; {given.flags:,} flags, {given.commits:,} commits"
        # All rows are measured before the page is written.
        for marker, more, found in [("others", "", list(others)), ("git", of, list(git))]:
            replaced(page, marker, f"{paragraph(f'Measured on {when}{more}.')}\n" + "\n".join(printable(found)))

        replaced(page, "experiment", f"{paragraph(f'Measured on {when}.')}\n" + "\n".join(lines(HEADS, experiment.rows(flagctl))))

    in_process, others, git, events = (between(page, marker) for marker in ["engines", "others", "git", "experiment"])
    rows = [*engines(in_process), *(row[:5] for text in [others, git, events] for row in list(cells(text))[1:])]
    table = "\n".join(lines(["", "other tool", "flagctl", "other tool's result", "flagctl is"], rows))
    told = f"Processes were measured on {when_of(others)}. Decisions and loading are compared with the fastest of three other"
    same = when_of(in_process) == when_of(others)
    told += f" engines, measured {'on the same day' if same else f'on {when_of(in_process)}'}."
    replaced(page, "performance", f"{table}\n\n{paragraph(told)}")
    if given.only_engines:
        return

    # Growth is measured last, because it takes the longest.
    grown = "\n".join(growth.tables(flagctl, sizes=given.sizes, rules=given.rules))
    replaced(page, "growth", f"{paragraph(f'Measured on {when}.')}\n{grown}")


if __name__ == "__main__":
    main()
