#!/usr/bin/env python3
"""Runs the hooks of `docs/experiments.md` with OpenFeature's SDKs, and checks what they write.

    exposures.py PATH-OF-FLAGCTL

A server has flags that split users and accounts. The SDKs for Python and Node, with the OFREP provider and the hook that is
cut out of the page, ask for decisions of several hundred users. `flagctl exposures check` must say that the exposures of
each hook and of the server are right, that all of them agree, and that the same exposures with other variants are wrong.
`flagctl experiment analyze` then reads the exposures of both hooks for the flag of `examples/experiment`, with generated
purchases, and must say that the variant with more purchases is better.
The script needs Python and npm, and keeps the packages in `target/interop`.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

from exposure_hooks import Application
from ofrep_clients.server import ENVIRONMENT, Server
from packages import ROOT

USERS = 300
PROJECT = """\
version: 1
environments: [production]
attributes:
  country: string
  account.id: string
"""
FLAG = """\
description: A flag of this test.
owner: tests
expires: 2099-01-01
variants: {on: true, off: false}
off: off
default: off
rules:
"""
FLAGS = {
    "by-user": FLAG + "- if: {country: DE}\n  serve: {on: 50%, off: 50%}\n",
    "by-account": FLAG + "- unit: account.id\n  rollout: 60%\n  serve: on\n",
    "not-random": FLAG + "- if: {country: DE}\n  serve: on\n",
    "checkout": (ROOT / "examples/experiment/flags/checkout.yaml").read_text(encoding="utf-8"),
}
BODIES = {
    "python": """
users = int(more[0])
for user in range(users):
    attributes = {"country": ["DE", "FR"][user % 2], "account": {"id": f"account-{user // 3}"}}
    for flag in ["by-user", "by-account", "not-random", "missing"]:
        client.get_boolean_value(flag, False, EvaluationContext(f"user-{user}", attributes))
for user in range(5 * users):
    client.get_integer_value("checkout", 3, EvaluationContext(f"user-{user}", {"country": ["DE", "FR"][user % 2]}))
""",
    "node": """
const users = Number(more[0]);
for (let user = 0; user < users; user++) {
  const account = { id: `account-${Math.floor(user / 3)}` };
  const context = { targetingKey: `user-${user}`, country: ["DE", "FR"][user % 2], account };
  for (const flag of ["by-user", "by-account", "not-random", "missing"]) {
    await client.getBooleanValue(flag, false, context);
  }
}
for (let user = 0; user < 5 * users; user++) {
  await client.getNumberValue("checkout", 3, { targetingKey: `user-${user}`, country: ["DE", "FR"][user % 2] });
}
""",
}


class Repository:
    """A git repository with the flags of this test."""

    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder
        (folder / "flags").mkdir(parents=True)
        (folder / "flagctl.yaml").write_text(PROJECT)
        for name, text in FLAGS.items():
            (folder / "flags" / f"{name}.yaml").write_text(text)
        for arguments in (["init", "--quiet", "--initial-branch=main"], ["add", "--all"], ["commit", "--quiet", "-m", "flags"]):
            subprocess.run(["git", *arguments], cwd=folder, env=ENVIRONMENT, check=True)

    def check(self, *files):
        """Returns the exit code and the result of the check of some files."""
        command = [self.binary, "exposures", "check", *files, "--format", "json"]
        done = subprocess.run(command, cwd=self.folder, env=ENVIRONMENT, capture_output=True, text=True)
        if done.returncode not in (0, 1):
            raise SystemExit(f"{command} exited with {done.returncode}: {done.stderr}")
        return done.returncode, json.loads(done.stdout)

    def analyze(self, exposures, events, now):
        """Returns the exit code and the result of the experiment `checkout`."""
        command = [self.binary, "experiment", "analyze", "checkout", "-e", "production", "--now", now, "--format", "json"]
        command += [f"--exposures={file}" for file in exposures] + [f"--metrics={events}"]
        done = subprocess.run(command, cwd=self.folder, env=ENVIRONMENT, capture_output=True, text=True)
        if done.returncode not in (0, 1) or done.stderr:
            raise SystemExit(f"{command} exited with {done.returncode}: {done.stderr}")
        return done.returncode, json.loads(done.stdout)


def written(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def decisions(rows):
    """Returns what each unit got, with the number of times."""
    counted = {}
    for row in rows:
        key = tuple(row[f"feature_flag.{name}"] for name in ("key", "context.id", "result.variant", "set.id", "version"))
        counted[key] = counted.get(key, 0) + 1
    return counted


def purchases(path, rows, share):
    """Writes the purchases of units, of which each variant has a share. Returns the number of units, and a later time."""
    variants = {row["feature_flag.context.id"]: row["feature_flag.result.variant"] for row in rows}
    last = max(datetime.fromisoformat(row["ts"].replace("Z", "+00:00")) for row in rows)
    chance = random.Random(7)

    def event(name, unit, hours):
        time = (last + timedelta(hours=hours)).astimezone(timezone.utc).isoformat()
        return json.dumps({"event": name, "ts": time, "context.id": unit, "value": 20 + chance.randrange(50)}) + "\n"

    with path.open("w") as out:
        for unit, variant in variants.items():
            if chance.random() < share[variant]:
                out.write(event("purchase", unit, 1))
        # The window of 24 hours is over for all units.
        out.write(event("end", "-", 48))
    return len(variants), (last + timedelta(hours=49)).isoformat()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", metavar="PATH-OF-FLAGCTL", type=Path)
    binary = parser.parse_args().binary.resolve()
    wrong = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        repository = Repository(binary, folder / "flags")
        rows = {}
        for language, body in BODIES.items():
            server_file, hook_file = folder / f"server-{language}.ndjson", folder / f"{language}.ndjson"
            arguments = ["--follow", "main", "--exposures", server_file, "--exposure-attribute", "country"]
            with Server(repository, *arguments) as server:
                Application(language, body, folder).run(server.origin, hook_file, USERS)
            rows[language], rows[f"server, {language}"] = written(hook_file), written(server_file)
            for file in (hook_file, server_file):
                code, result = repository.check(file)
                if code or result["rows"]["exposures"] != len(written(file)):
                    wrong.append(f"{file.name}: {result}")
        expected = decisions(rows["python"])
        for who, found in rows.items():
            if decisions(found) != expected:
                wrong.append(f"{who}: {len(decisions(found))} decisions differ from the {len(expected)} of Python")
        flags = {key[0] for key in expected}
        if flags != {"by-user", "by-account", "checkout"}:
            wrong.append(f"expected exposures of the three random flags, found {flags}")
        # The check finds that other variants are wrong.
        swapped = folder / "swapped.ndjson"
        with swapped.open("w") as out:
            for row in rows["python"]:
                if row["feature_flag.key"] == "by-user":
                    row["feature_flag.result.variant"] = {"on": "off", "off": "on"}[row["feature_flag.result.variant"]]
                    out.write(json.dumps(row) + "\n")
        code, result = repository.check(swapped)
        impossible = sum(problem["count"] for problem in result["problems"] if problem["problem"] == "impossible-variant")
        if code != 1 or impossible != result["rows"]["exposures"]:
            wrong.append(f"swapped variants: {result}")
        # The exposures of both SDKs go into the analysis, and the verdict follows the purchases.
        both = [row for name in ("python", "node") for row in rows[name] if row["feature_flag.key"] == "checkout"]
        for shares, expected_verdict in (((0.2, 0.5), (0, "ship")), ((0.5, 0.2), (1, "stop"))):
            events = folder / "events.ndjson"
            units, now = purchases(events, both, dict(zip(("three-pages", "one-page"), shares)))
            code, result = repository.analyze([folder / "python.ndjson", folder / "node.ndjson"], events, now)
            counted = sum(arm["units"] for arm in result["phases"][-1]["arms"])
            if (code, result["verdict"]) != expected_verdict or counted != units:
                wrong.append(f"purchases {shares}: {units} units: {result}")
    print(f"exposures: {sum(map(len, rows.values()))} of {len(rows)} writers, {len(wrong)} differences")
    for problem in wrong:
        print(f"  {problem}")
    return not wrong


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
