#!/usr/bin/env python3
"""Compares `flagctl export flagd` with flagd's own clients: value, variant and reason must agree for every context.

    flagd.py PATH-OF-FLAGCTL [--flags NUMBER] [--seed NUMBER]

The flags are those in `examples/`, and generated flags with every operator, type and nesting, rules with their own unit, slots of layers
and fields of rules by environment. The contexts have missing attributes, values of wrong types, and units beside the
boundaries of bucket ranges. The clients are flagd's providers for Python (one release for each of flagd's two algorithms)
and for Node (compiled and interpreted), used through the OpenFeature SDKs. Each client reads the export from its file; the interpreting Node client also validates it with the published schemas.
Flags are requested with the types and defaults of `flagctl export openfeature-manifest`, as applications do. The script
needs Python and npm, and keeps the packages in `target/interop`. Any difference is an error.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from flagd_cases.generator import NOW, NOW_SECONDS, Generator, write
from packages import PACKAGES, ROOT, installed, with_npm, with_pip

HERE = Path(__file__).resolve().parent / "flagd_cases"
SHARED = [
    "openfeature-sdk==0.10.0", "openfeature-flagd-api==1.0.0", "panzi-json-logic==1.0.1", "semver==3.1.1", "mmh3==5.3.1",
    "grpcio==1.85.1", "protobuf==7.36.2", "cachebox==5.2.3", "PyYAML==6.0.3", "typing_extensions==4.16.0",
]
PYTHON = {
    "flagd-v2": ["openfeature-provider-flagd==0.5.2", "openfeature-flagd-core==1.0.0", *SHARED],
    "flagd-v3": ["openfeature-provider-flagd==0.6.1", "openfeature-flagd-core==2.0.0", "cbor2==5.9.0", *SHARED],
}
NPM = [
    "@openfeature/flagd-provider@0.16.1", "@openfeature/flagd-core@4.0.1", "@openfeature/server-sdk@1.23.0",
    "@openfeature/core@1.12.0", "@grpc/grpc-js@1.14.0", "json-logic-engine@5.0.7",
]
CONTEXTS = 75
TYPES = {"boolean": [bool], "string": [str], "integer": [int], "float": [int, float], "object": [dict, list]}


def flagctl(binary, folder, *arguments):
    """Runs flagctl and returns its stdout and stderr. Exits if flagctl fails."""
    done = subprocess.run([binary, "-C", folder, *arguments], capture_output=True, text=True, encoding="utf-8")
    if done.returncode != 0:
        sys.exit(f"flagctl {' '.join(map(str, arguments))} failed:\n{done.stderr[:4000]}")
    return done.stdout, done.stderr


def expected(decision, exported):
    """Returns a decision in flagd's terms. DISABLED has two forms, for flags with and without targeting."""
    disabled = "TARGETING_MATCH" if "targeting" in exported else "STATIC"
    reason = {"SPLIT": "TARGETING_MATCH", "ERROR": "TARGETING_MATCH", "DISABLED": disabled}
    return [decision["value"], decision["variant"], reason.get(decision["reason"], decision["reason"])]


def flaws(manifest):
    """Yields the flags that violate the manifest schema. No package contains that schema."""
    for key, flag in manifest["flags"].items():
        fits = type(flag["defaultValue"]) in TYPES[flag["flagType"]]
        if not (key and fits and type(flag.get("description", "")) is str):
            yield f"{key}: {flag}"


class Case:
    """A flag repository, its contexts, its export, and flagctl's decisions."""

    def __init__(self, binary, name, folder, contexts):
        self.name = name
        text, said = flagctl(binary, folder, "export", "flagd", "-e", "production", "--partial")
        self.flags = folder / "flagd.json"
        self.flags.write_text(text, encoding="utf-8")
        self.exported = json.loads(text)["flags"]
        text, _ = flagctl(binary, folder, "export", "openfeature-manifest", "-e", "production")
        self.manifest = folder / "manifest.json"
        self.manifest.write_text(text, encoding="utf-8")
        if found := list(flaws(json.loads(text))):
            sys.exit(f"{name}: the manifest has invalid flags: {found[:8]}")
        self.refused = re.findall(r"^note: flag (\S+): (?:.*: )?(.*)$", said, re.MULTILINE)
        self.contexts = folder / "contexts.jsonl"
        self.contexts.write_text("".join(json.dumps(context) + "\n" for context in contexts), encoding="utf-8")
        lines, _ = flagctl(binary, folder, "eval", "-e", "production", "--contexts", "contexts.jsonl", "--now", NOW)
        self.decided = [json.loads(line)["decisions"] for line in lines.splitlines()]
        assert len(self.decided) == len(contexts)

    def compare(self, client, command):
        done = subprocess.run(
            [*command[:2], self.flags, self.manifest, self.contexts, str(NOW_SECONDS), *command[2:]],
            capture_output=True, text=True, encoding="utf-8", cwd=PACKAGES / "npm",
        )
        if done.returncode != 0:
            return f"{self.name}: {client} failed:\n{done.stderr[:2000]}", 0, 1
        pairs, differences = 0, []
        lines = done.stdout.splitlines()
        assert len(lines) == len(self.decided)
        for context, own, line in zip(self.contexts.read_text(encoding="utf-8").splitlines(), self.decided, lines):
            for key, found in json.loads(line).items():
                pairs += 1
                wanted = expected(own[key], self.exported[key])
                if found != wanted or type(found[0]) is bool and type(wanted[0]) is not bool:
                    differences.append(f"  {key}: flagctl {wanted}, client {found}, context {context}")
        shown = "".join(f"\n{difference[:600]}" for difference in differences[:8])
        return f"{self.name}: {client}: {pairs} pairs, {len(differences)} differences{shown}", pairs, len(differences)


def examples(binary, bucketing, folder):
    shutil.copytree(ROOT / "examples", folder)
    settings = folder / "flagctl.yaml"
    settings.write_text(settings.read_text(encoding="utf-8").replace("bucketing: siphash", f"bucketing: {bucketing}"), encoding="utf-8")
    lines = (folder / "contexts" / "users.jsonl").read_text(encoding="utf-8").splitlines()
    users = [json.loads(line) for line in lines]
    more = [user | {"targetingKey": f"user-{number}", "account": {"id": f"acc-{number}"}} for number in range(40) for user in users]
    return Case(binary, f"examples, {bucketing}", folder, users + more)


def generated(binary, bucketing, folder, flags, seed, python):
    generator = Generator(seed, ascii=bucketing == "flagd-v2")
    files = generator.repository(bucketing, flags)
    write(folder, files)
    ranges = []
    for key in [key for key in files if re.fullmatch(r"flags/flag-\d\d00\.yaml", key)]:
        thousandths = lambda share: round(float(share.rstrip("%")) * 1000)
        salt = Path(key).stem
        first, *rules = files[key]["rules"]
        layer = files["layers/boundaries.yaml"]
        slot = layer["slots"][first["slot"].partition("/")[2]]
        ranges.append([layer["salt"], "layer", sorted({*map(thousandths, slot.split(".."))} - {0, 100_000})])
        ranges.append([salt, "gate", sorted({thousandths(rule["rollout"]) for rule in rules} - {0, 100_000})])
        ends, end = set(), 0
        for share in rules[0]["serve"].values():
            end += thousandths(share)
            ends.add(end)
        ranges.append([salt, "split", sorted(ends - {0, 100_000})])
    done = subprocess.run([python, HERE / "boundaries.py", bucketing], input=json.dumps(ranges), capture_output=True, text=True, check=True)
    units = done.stdout.split()
    contexts = [{}] + [generator.context() for _ in range(CONTEXTS)] + [generator.context(unit) for unit in units]
    return Case(binary, f"{flags} generated flags, {bucketing}", folder, contexts)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", metavar="PATH-OF-FLAGCTL", type=Path)
    parser.add_argument("--flags", type=int, default=1100)
    parser.add_argument("--seed", type=int, default=20261122)
    arguments = parser.parse_args()
    binary = arguments.binary.resolve()
    python = {name: installed(name, packages, with_pip) / "bin" / "python" for name, packages in PYTHON.items()}
    installed("npm", NPM, with_npm)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        jobs = []
        for bucketing in PYTHON:
            cases = (
                lambda: examples(binary, bucketing, Path(folder) / f"examples-{bucketing}"),
                lambda: generated(
                    binary, bucketing, Path(folder) / bucketing, arguments.flags, arguments.seed, python[bucketing]
                ),
            )
            for make in cases:
                case = make()
                refused = len({key for key, _ in case.refused})
                print(f"{case.name}: {len(case.exported)} flags exported, {refused} refused", flush=True)
                reasons = [re.sub(r"`[^`]*`: ", "", why) for _, why in case.refused]
                for why in sorted(set(reasons)):
                    print(f"  {reasons.count(why)} times: {why}")
                jobs.append(pool.submit(case.compare, f"Python, {bucketing}", [python[bucketing], HERE / "client.py"]))
                if bucketing == "flagd-v2":
                    for mode in ("compiled", "interpreted"):
                        command = ["node", HERE / "client.cjs", mode]
                        jobs.append(pool.submit(case.compare, f"JavaScript, {mode}", command))
        pairs = differences = 0
        for job in jobs:
            line, more, different = job.result()
            print(line, flush=True)
            pairs += more
            differences += different
    print(f"{pairs} pairs, {differences} differences")
    return differences == 0 and pairs > 0


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
