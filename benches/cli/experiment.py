#!/usr/bin/env python3
"""Measures `experiment analyze` beside DuckDB: experiment.py FLAGCTL [--units N] [--events N] [--runs N] [--folder FOLDER].

Both read the same files and compute the sufficient statistics of the same experiment: flagctl with its own reader, DuckDB with the
query of `flagctl experiment sql`, for which it reads the files to tables in memory first. DuckDB has two threads. The programs run
alternately. The script checks that both find the same numbers, and prints the median times and peak memories, and the median of
the ratios of the times.
"""

import argparse
import json
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile

from growth import run
from processes import ENVIRONMENT, HEADS, ROOT, compared, digits, duration, lines

sys.path.append(str(ROOT / "tests" / "interop"))
from packages import installed, with_pip  # noqa: E402

DUCKDB = "duckdb==1.4.1"
THREADS = 2
SEED = 1
UNITS, EVENTS, RUNS = 1_000_000, 10_000_000, 5
FLAG = {
    "description": "A generated experiment.", "owner": "benches", "expires": "2027-01-01",
    "variants": {"old": False, "new": True}, "off": "old", "default": "old",
    "rules": [{"name": "test", "serve": {"old": "50%", "new": "50%"}}],
    "experiment": {"window": "72h", "lookback": "7d", "metrics": [
        {"name": "revenue", "role": "primary", "event": "purchase", "cap": 500},
        {"name": "bought", "kind": "proportion", "event": "purchase"},
        {"name": "price-per-visit", "kind": "ratio", "event": "purchase", "denominator": {"event": "visit"}},
    ]},
}
COLUMNS = {
    "exposures": {
        "ts": "ts", "feature_flag.key": "flag", "feature_flag.result.variant": "variant", "feature_flag.result.reason": "reason",
        "feature_flag.context.id": "unit", "feature_flag.set.id": "environment",
    },
    "events": {"ts": "ts", "event": "event", "context.id": "unit", "value": "value"},
}
TYPES = {"ts": "TIMESTAMP WITH TIME ZONE", "value": "DOUBLE"}
# The program gets the statements on its command line, because it runs without input.
PROGRAM = "import duckdb, sys\nconnection = duckdb.connect()\nfor statement in sys.argv[1:]: connection.execute(statement)\n"
NOW = "2026-11-30T00:00:00Z"
# The databases add in another order, and small effects are differences of large sums.
TOLERANCE = 1e-8


def repository(folder):
    (folder / "flags").mkdir(parents=True)
    (folder / "flagctl.yaml").write_text("version: 1\nenvironments: [production]\n")
    (folder / "flags" / "cart.yaml").write_text(json.dumps(FLAG))
    dates = {"GIT_AUTHOR_DATE": "2026-11-01T00:00:00Z", "GIT_COMMITTER_DATE": "2026-11-01T00:00:00Z"}
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "The experiment starts"]):
        subprocess.run(["git", *command], cwd=folder, env=ENVIRONMENT | dates, check=True)


def moment(rng, first_day, days):
    second = rng.randrange(days * 86_400)
    return f"2026-11-{first_day + second // 86_400:02}T{second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02}.{rng.randrange(1000):03}Z"


def write_rows(folder, name, rows):
    """Writes the rows as NDJSON and as CSV."""
    keys = list(COLUMNS[name])
    with (folder / f"{name}.ndjson").open("w") as objects, (folder / f"{name}.csv").open("w") as values:
        values.write(",".join(keys) + "\n")
        for row in rows:
            fields = ",".join(f'"{key}":{value}' if key == "value" else f'"{key}":"{value}"' for key, value in zip(keys, row) if value != "")
            objects.write(f"{{{fields}}}\n")
            values.write(",".join(map(str, row)) + "\n")


def exposures(units, rng):
    for number in range(units):
        yield moment(rng, 10, 7), "cart", rng.choice(("old", "new")), "split", f"user-{number}", "production"


def events(units, count, rng):
    """Yields events. A third of them are of no metric."""
    for _ in range(count):
        name = rng.choice(("purchase", "visit", "click"))
        value = round(rng.expovariate(1 / 40), 2) if name == "purchase" else 1 if name == "visit" else ""
        yield moment(rng, 5, 20), name, f"user-{rng.randrange(units)}", value


def statements(folder, ending, query, out):
    """Returns what DuckDB executes: the tables from the files, and the query, whose result is written as CSV."""
    yield f"SET threads = {THREADS}"
    yield "SET TimeZone = 'UTC'"
    yield "SET enable_progress_bar = false"
    yield "SET preserve_insertion_order = false"
    for name, columns in COLUMNS.items():
        types = ", ".join(f"'{key}': '{TYPES.get(column, 'VARCHAR')}'" for key, column in columns.items())
        path = folder / f"{name}.{ending}"
        reader = f"read_json('{path}', format = 'newline_delimited', columns = {{{types}}})"
        if ending == "csv":
            reader = f"read_csv('{path}', header = true, columns = {{{types}}})"
        fields = ", ".join(f'"{key}" AS {column}' for key, column in columns.items())
        yield f"CREATE TABLE {name} AS SELECT {fields} FROM {reader}"
    yield f"COPY ({query.rstrip().removesuffix(';')}) TO '{out}' (FORMAT csv, HEADER)"


def check(flagctl, project, found, rows):
    """Checks that flagctl finds the same with the rows of the query."""
    command = [flagctl, "experiment", "analyze", "cart", "-e", "production", "--format", "json", "--stats", rows]
    expected = json.loads(subprocess.run(command, cwd=project, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True).stdout)
    effects = lambda result: [
        metric[key] for phase in result["phases"] for metric in phase["metrics"] for key in ("name", "effects") if key in metric
    ]
    numbers = lambda value: (
        [value] if isinstance(value, (int, float)) else
        [number for part in (value.values() if isinstance(value, dict) else value if isinstance(value, list) else []) for number in numbers(part)]
    )
    mine, others = numbers(effects(found)), numbers(effects(expected))
    if not mine or len(mine) != len(others) or any(abs(a - b) > TOLERANCE * max(abs(a), abs(b), 1e-3) for a, b in zip(mine, others)):
        sys.exit("flagctl and DuckDB do not find the same numbers")


def row(flagctl, python, folder, ending, units, count, runs):
    project, out = folder / "project", folder / f"rows-{ending}.csv"
    files = ["--exposures", folder / f"exposures.{ending}", "--metrics", folder / f"events.{ending}", "--now", NOW]
    ours = [flagctl, "experiment", "analyze", "cart", "-e", "production", "--format", "json", *files]
    sql = [flagctl, "experiment", "sql", "cart", "-e", "production", "--dialect", "duckdb", "--now", NOW]
    query = subprocess.run(sql, cwd=project, env=ENVIRONMENT, check=True, stdout=subprocess.PIPE, text=True).stdout
    theirs = [python, "-c", PROGRAM, *statements(folder, ending, query, out)]
    # The exit code of flagctl is 1 while the experiment is to keep running.
    pairs = [(run(ours, project, [0, 1]), run(theirs, project, [0])) for _ in range(runs)]
    found = subprocess.run(ours, cwd=project, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True).stdout
    check(flagctl, project, json.loads(found), out)
    figures = lambda side: [statistics.median(pair[side][figure] for pair in pairs) for figure in (0, 1)]
    shown = lambda seconds, mebibytes: f"{duration(seconds)}, {digits(mebibytes)} MiB"
    ratio = statistics.median(own.seconds / other.seconds for own, other in pairs)
    name = f"`experiment analyze` of {units:,} exposures and {count:,} events in {ending.upper()} files"
    return [name, DUCKDB.replace("==", " "), shown(*figures(0)), shown(*figures(1)), compared(ratio), "the query of `experiment sql`"]


def rows(flagctl, units=UNITS, count=EVENTS, runs=RUNS, folder=None):
    """Yields the cells of the table."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = folder or pathlib.Path(temporary)
        folder.mkdir(exist_ok=True)
        if not (folder / "project").exists():
            rng = random.Random(SEED)
            write_rows(folder, "exposures", exposures(units, rng))
            write_rows(folder, "events", events(units, count, rng))
            repository(folder / "project")
        python = installed("bench_experiment", [DUCKDB], with_pip) / "bin" / "python"
        for ending in ("ndjson", "csv"):
            yield row(flagctl, python, folder, ending, units, count, runs)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("flagctl", type=pathlib.Path)
    parser.add_argument("--units", type=int, default=UNITS)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--folder", type=pathlib.Path, help="keeps the files for the next run")
    given = parser.parse_args()
    table = rows(given.flagctl.resolve(), given.units, given.events, given.runs, given.folder and given.folder.resolve())
    for line in lines(HEADS, table):
        print(line, flush=True)


if __name__ == "__main__":
    main()
