#!/usr/bin/env python3
"""Runs the queries of `flagctl experiment sql` in DuckDB and PostgreSQL, and compares them with flagctl's own reader.

    experiment_sql.py PATH-OF-FLAGCTL

The script generates exposures and metric events of some thousand units in three phases: units in several variants, units whose
window is not over, values that are cut, values before the first exposure, values far from zero, events without a value,
events of the future, and rows of other flags, environments and reasons. Names of events and units have quotation marks, line
breaks and backslashes. flagctl reads the events from files. The databases have the same events in tables, and flagctl reads the rows of their queries with
`--stats -`. Every number of both results must agree to 1e-9.
"""

import csv
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

from packages import installed, with_pip

PACKAGES = ["duckdb==1.4.1"]
SEED = 20261130
UNITS = 4000
START = datetime(2026, 11, 1, tzinfo=timezone.utc)
PHASES = 3
PHASE = timedelta(days=3)
END = START + PHASES * PHASE
NOW = END + timedelta(days=1)
ARMS = ["off", "fast", "new/v2:100%"]
PURCHASE = "purchase'; DROP TABLE events; -- ##[{flag}]\n\u202e\\"
TOLERANCE = 1e-9
# The means of `far` are 10,000,000 and their differences 0.01, so the rounding of a double is visible in the differences. Plain
# sums of squares would lose the variance.
FAR_TOLERANCE = 1e-4
RUNS = [
    [],
    ["--until", "2026-11-08T12:00:00Z"],
    ["--from", "2026-11-02T06:30:00Z", "--include-immature"],
    ["--until", "2026-11-05T03:00:00Z", "--include-immature"],
]
EXPOSURES = ["ts", "flag", "variant", "reason", "unit", "environment"]
EVENTS = ["ts", "event", "unit", "value"]


def flag(phase):
    metrics = [
        {"name": "revenue", "role": "primary", "event": PURCHASE, "cap": 120},
        {"name": "mean-price", "event": PURCHASE, "aggregate": "mean", "cap-quantile": 0.9},
        {"name": "bought", "role": "primary", "kind": "proportion", "event": PURCHASE},
        {"name": "errors", "role": "guardrail", "aggregate": "count", "better": "decrease", "covariate": "none"},
        {"name": "per-visit", "kind": "ratio", "event": PURCHASE, "denominator": {"event": "visit"}, "cap": 150},
        {"name": "seconds-per-visit", "kind": "ratio", "event": "visit", "covariate": "none",
         "denominator": {"event": "seconds", "aggregate": "sum"}},
        {"name": "largest", "event": PURCHASE, "aggregate": "max", "window": "6h"},
        {"name": "smallest", "event": PURCHASE, "aggregate": "min", "window": "40h"},
        {"name": "far", "event": "height", "aggregate": "max"},
        {"name": "never", "event": "never"},
    ]
    shares = dict(zip(ARMS, [f"{40 + 20 * phase}%", f"{30 - 10 * phase}%", f"{30 - 10 * phase}%"]))
    return json.dumps({
        "description": "A generated experiment.", "owner": "tests", "expires": "2027-01-01",
        "variants": {name: number for number, name in enumerate(ARMS)}, "off": "off", "default": "off",
        "rules": [{"name": "test", "serve": shares}],
        "experiment": {"window": "24h", "lookback": "3d", "max-multiple": "10%", "metrics": metrics},
    })


def repository(folder):
    """Makes a repository whose flag has three phases."""
    environment = os.environ | {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
    for who in ("AUTHOR", "COMMITTER"):
        environment |= {f"GIT_{who}_NAME": "Dana", f"GIT_{who}_EMAIL": "dana@example.com"}
    (folder / "flags").mkdir(parents=True)
    (folder / "flagctl.yaml").write_text("version: 1\nenvironments: [production, staging]\n")
    subprocess.run(["git", "init", "--quiet", folder], check=True, env=environment)
    for phase in range(PHASES):
        (folder / "flags" / "cart.yaml").write_text(flag(phase))
        date = (START + phase * PHASE).isoformat()
        environment |= {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
        subprocess.run(["git", "-C", folder, "add", "."], check=True, env=environment)
        subprocess.run(["git", "-C", folder, "commit", "--quiet", "-m", f"phase {phase}"], check=True, env=environment)


def generated():
    """Returns exposures and metric events as rows. Times are unique, so the first exposure of a unit is one row."""
    rng = random.Random(SEED)
    used = set()

    def at(start, hours):
        while True:
            time = start + timedelta(microseconds=int(hours * 3_600_000_000) + rng.randrange(1000))
            if time not in used:
                used.add(time)
                return time

    exposures, events = [], []
    for number in range(UNITS):
        unit = f"u{number}" if number % 50 else f"ü{number}'\\"
        height = rng.gauss(0, 1)
        for phase in rng.sample(range(PHASES), rng.choice([1, 1, 1, 2, 3])):
            first = at(START + phase * PHASE, rng.uniform(0, 71))
            arm = rng.choices(range(3), [4 + 2 * phase, 3 - phase, 3 - phase])[0]
            row = [first, "cart", ARMS[arm], rng.choice(["split", "SPLIT", "Split"]), unit,
                   rng.choice(["production", "production", None])]
            exposures.append(row)
            for _ in range(rng.choice([0, 0, 1, 3])):
                exposures.append([at(first, rng.uniform(0, 30)), *row[1:]])
            if rng.random() < 0.02:
                exposures.append([at(first, rng.uniform(-2, 2)), "cart", ARMS[(arm + 1) % 3], *row[3:]])
            other = [("cart", ARMS[0], "default", "production"), ("cart", ARMS[1], "split", "staging"),
                     ("other", ARMS[1], "split", "production"), ("cart", "unknown", "split", "production")]
            if rng.random() < 0.1:
                name, variant, reason, environment = rng.choice(other)
                exposures.append([at(first, rng.uniform(-9, 9)), name, variant, reason, unit, environment])
            for _ in range(rng.choice([0, 1, 1, 2, 4])):
                price = round(rng.expovariate(1 / 40), 2) * (1 + 0.1 * arm)
                value = price if rng.random() > 0.02 else None
                events.append([at(first, rng.uniform(-80, 50)), PURCHASE, unit, value])
            for _ in range(rng.choice([1, 2, 3])):
                events.append([at(first, rng.uniform(-80, 50)), "visit", unit, rng.randrange(1, 9)])
                events.append([at(first, rng.uniform(-10, 30)), "seconds", unit, rng.uniform(1, 900)])
            if rng.random() < 0.3:
                events.append([at(first, rng.uniform(0, 30)), "errors", unit, None])
            for hours in (-5, 1):
                events.append([at(first, hours), "height", unit, 1e7 + height + 0.1 * rng.gauss(0, 1) + 0.05 * arm])
            # The limits of the window and of the time before.
            for hours in (0, 6, 24, -72):
                events.append([first + timedelta(hours=hours), PURCHASE, unit, rng.randrange(100)])
    for number in range(20):
        exposures.append([at(NOW, 5 + number), "cart", ARMS[1], "split", f"u{number}", "production"])
        events.append([at(NOW, 5 + number), PURCHASE, f"u{number}", 1000])
        events.append([at(START, number), PURCHASE, f"unseen{number}", 1000])
    # Nothing happens after this time, but some windows are not over.
    last = END - timedelta(hours=10)
    exposures, events = ([row for row in rows if row[0] < last or row[0] > NOW + timedelta(hours=1)] for rows in (exposures, events))
    rng.shuffle(exposures)
    rng.shuffle(events)
    return exposures, events


def write_events(folder, exposures, events):
    time = lambda at: at.isoformat(timespec="microseconds").replace("+00:00", "Z")
    names = ["feature_flag.key", "feature_flag.result.variant", "feature_flag.result.reason", "feature_flag.context.id",
             "feature_flag.set.id"]
    with (folder / "exposures.ndjson").open("w") as file:
        for row in exposures:
            fields = {name: value for name, value in zip(names, row[1:]) if value is not None}
            file.write(json.dumps({"ts": time(row[0])} | fields) + "\n")
    with (folder / "events.ndjson").open("w") as file:
        for at, event, unit, value in events:
            fields = {"ts": time(at), "event": event, "context.id": unit}
            file.write(json.dumps(fields if value is None else fields | {"value": value}) + "\n")
    for name, columns, rows in [("exposures", EXPOSURES, exposures), ("events", EVENTS, events)]:
        with (folder / f"{name}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            for row in rows:
                writer.writerow([time(row[0]), *("" if value is None else value for value in row[1:])])


TABLES = {
    "exposures": "ts TIMESTAMP WITH TIME ZONE, flag VARCHAR, variant VARCHAR, reason VARCHAR, unit VARCHAR, environment VARCHAR",
    "events": "ts TIMESTAMP WITH TIME ZONE, event VARCHAR, unit VARCHAR, value DOUBLE PRECISION",
}


@contextmanager
def duckdb(folder):
    """Yields a function that runs a query in DuckDB and returns its rows as CSV."""
    python = installed("experiment_sql", PACKAGES, with_pip) / "bin" / "python"
    program = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1])
for statement in sys.stdin.read().split("\\0"):
    connection.execute(statement)
"""

    def execute(*statements):
        statements = ["SET TimeZone = 'America/New_York'", *statements]
        command = [python, "-c", program, folder / "world.duckdb"]
        subprocess.run(command, input="\0".join(statements), text=True, check=True)

    def rows(query):
        out = folder / "rows.csv"
        execute(f"COPY ({query.rstrip().removesuffix(';')}) TO '{out}' (FORMAT csv, HEADER)")
        return out.read_text()

    for name, columns in TABLES.items():
        execute(f"CREATE TABLE {name} ({columns})",
                f"COPY {name} FROM '{folder / name}.csv' (FORMAT csv, HEADER, QUOTE '\"', ESCAPE '\"')")
    yield rows


def postgres_programs():
    """Returns the folder of PostgreSQL's programs, and installs Debian's package if it is missing."""
    find = lambda: sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not find():
        subprocess.run(["apt-get", "update"], check=True, stdout=subprocess.DEVNULL)
        command = ["apt-get", "install", "--yes", "--no-install-recommends", "postgresql"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"})
    return find()[-1].parent


@contextmanager
def postgres(folder):
    """Yields a function that runs a query in a new PostgreSQL, which listens only on a socket in the folder."""
    programs = postgres_programs()
    # PostgreSQL refuses to run as root.
    who = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    home = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    if who:
        shutil.chown(home, who["user"], who["group"])
    options = f"-k {home} -c listen_addresses= -c fsync=off -c timezone=Asia/Tokyo"

    def program(name, *arguments, **more):
        run = subprocess.run([programs / name, *arguments], cwd=home, capture_output=True, text=True, **who, **more)
        if run.returncode != 0:
            sys.exit(f"{name}: {run.stdout}{run.stderr}")
        return run.stdout

    def psql(statements, **more):
        connection = ["-h", home, "-U", "tests", "-d", "postgres"]
        return program("psql", *connection, "--no-psqlrc", "--csv", "--quiet", "-v", "ON_ERROR_STOP=1", "-f", "-",
                       input=statements, **more)

    try:
        program("initdb", "-D", home / "data", "-U", "tests", "--auth=trust", "--encoding=UTF8", "--locale=C")
        started = [programs / "pg_ctl", "-D", home / "data", "-o", options, "-l", home / "log", "-w", "start"]
        subprocess.run(started, cwd=home, stdout=subprocess.DEVNULL, check=True, **who)
        for name, columns in TABLES.items():
            rows = (folder / f"{name}.csv").read_text()
            psql(f"CREATE TABLE {name} ({columns});\nCOPY {name} FROM STDIN (FORMAT csv, HEADER);\n{rows}\\.\nANALYZE {name};\n")
        # A backslash in a plain literal is an escape in this mode.
        mode = "SET standard_conforming_strings = off;\nSET escape_string_warning = off;\n"
        yield lambda query: psql(mode + query)
    finally:
        if (home / "data" / "postmaster.pid").exists():
            program("pg_ctl", "-D", home / "data", "-m", "immediate", "stop")
        shutil.rmtree(home)


class Comparison:
    def __init__(self):
        self.numbers = 0
        self.largest = 0.0
        self.problems = []

    def same(self, path, found, expected, tolerance=TOLERANCE):
        if isinstance(expected, dict) and isinstance(found, dict) and found.keys() == expected.keys():
            tolerance = FAR_TOLERANCE if expected.get("name") == "far" else tolerance
            for key in expected:
                self.same(f"{path}.{key}", found[key], expected[key], tolerance)
        elif isinstance(expected, list) and isinstance(found, list) and len(found) == len(expected):
            for index, pair in enumerate(zip(found, expected)):
                self.same(f"{path}[{index}]", *pair, tolerance)
        elif type(expected) in (int, float) and type(found) in (int, float):
            self.numbers += 1
            error = abs(found - expected) / max(abs(found), abs(expected), 1e-6)
            if tolerance == TOLERANCE:
                self.largest = max(self.largest, error)
            if not error <= tolerance:
                self.problems.append(f"{path}: the query gives {found!r}, flagctl's reader {expected!r}")
        elif found != expected:
            self.problems.append(f"{path}: the query gives {found!r}, flagctl's reader {expected!r}")


def main():
    flagctl = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        project = folder / "project"
        repository(project)
        exposures, events = generated()
        write_events(folder, exposures, events)

        def run(*arguments, text=None, codes=(0,)):
            command = [flagctl, "experiment", *arguments]
            ran = subprocess.run(command, cwd=project, input=text, capture_output=True, text=True)
            if ran.returncode not in codes or not ran.stdout:
                sys.exit(f"{arguments}: exit code {ran.returncode}: {ran.stderr}")
            return ran.stdout

        def analyzed(*arguments, text=None):
            command = ["analyze", "cart", "-e", "production", "--format", "json", "--despite-srm", *arguments]
            result = json.loads(run(*command, text=text, codes=(0, 1, 3)))
            # What only files have.
            return {key: value for key, value in result.items() if key not in ("inputs", "rows")}

        comparison = Comparison()
        now = ["--now", NOW.isoformat()]
        files = ["--exposures", folder / "exposures.ndjson", "--metrics", folder / "events.ndjson"]
        expected = [analyzed(*files, *now, *options) for options in RUNS]
        check_world(expected[0])
        for name, database in [("duckdb", duckdb), ("postgres", postgres)]:
            with database(folder) as rows:
                for options, result in zip(RUNS, expected):
                    query = run("sql", "cart", "-e", "production", "--dialect", name, *now, *options)
                    found = analyzed("--stats", "-", text=rows(query))
                    comparison.same(" ".join([name, *options]), found, result)
    for problem in comparison.problems[:20]:
        print(problem)
    print(f"{len(exposures)} exposures, {len(events)} metric events; {comparison.numbers} numbers compared, "
          f"largest relative difference {comparison.largest:.1e}, {len(comparison.problems)} problems")
    sys.exit(1 if comparison.problems else 0)


def check_world(result):
    """Checks that the data has what the comparison is about."""
    arms = [arm for phase in result["phases"] for arm in phase["arms"]]
    assert len(result["phases"]) == PHASES and len(arms) == 3 * PHASES, arms
    assert all(arm["units"] > 150 and arm["multiple"] > 0 for arm in arms), arms
    assert all(arm["immature"] > 0 for arm in arms[-3:]), arms
    assert all(arm["planned"] > 0 for arm in arms), arms
    assert sum(len(phase["metrics"]) for phase in result["phases"]) == 10 * PHASES, result


if __name__ == "__main__":
    main()
