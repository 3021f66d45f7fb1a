#!/usr/bin/env python3
"""Checks a server of the OpenFeature Remote Evaluation Protocol with the scenarios in scenarios.json.

    run.py URL [--token TOKEN] [--level core,bulk]

URL is the address before `/ofrep/v1`. The server must have the flags of this folder; see README.md. The script needs
Python 3.10 and nothing else. It prints one line for each scenario, and the differences of those that fail. It exits
with 1 if a scenario fails that the protocol or HTTP requires. Others are recommendations: without them, clients that
many applications use do not work well. `--strict` makes them count.
"""

import argparse
import sys
from pathlib import Path

from connection import Connection
from scenarios import Run, Server, Skipped, load

LEVELS = ["core", "bulk", "cache", "events", "auth", "operation"]


def pair(text):
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise argparse.ArgumentTypeError(f"expected NAME=TOKEN, found `{text}`")
    return name, value


def levels(text):
    named = text.split(",")
    if unknown := [name for name in named if name not in LEVELS]:
        raise argparse.ArgumentTypeError(f"`{unknown[0]}` is not a level: expected some of {', '.join(LEVELS)}")
    return named


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], epilog="README.md describes the options.")
    parser.add_argument("url", metavar="URL", help="the address of the server, before /ofrep/v1")
    parser.add_argument("--token", help="the token that may evaluate all flags")
    parser.add_argument("--token-of", metavar="NAME=TOKEN", type=pair, action="append", default=[],
                        help="another token: browser, limited, other-environment or webhook; may be repeated")
    parser.add_argument("--level", metavar="LEVELS", type=levels, default=LEVELS, help=f"some of {','.join(LEVELS)}")
    parser.add_argument("--only", metavar="TEXT", help="only the scenarios whose names contain this text")
    parser.add_argument("--operate", metavar="COMMAND", help="the command that changes the flags of the server")
    parser.add_argument("--origin", help="an origin whose pages may ask the server")
    parser.add_argument("--max-body", metavar="BYTES", type=int, default=1 << 20, help="the maximum size of a body")
    parser.add_argument("--scenarios", metavar="FILE", type=Path, default=Path(__file__).with_name("scenarios.json"))
    parser.add_argument("--strict", action="store_true", help="recommendations count as requirements")
    return parser.parse_args()


def outcome(server, scenario, strict):
    """Runs a scenario, and returns a word for its outcome with the problems."""
    missing = [need for need in scenario.get("needs", []) if server.lacks(need)]
    if missing:
        return "skip", [f"needs {', '.join(missing)}"]
    try:
        problems = Run(server, scenario).problems()
    except Skipped as reason:
        return "skip", [str(reason)]
    if not problems:
        return "pass", []
    return "FAIL" if strict or scenario["strength"] == "required" else "warn", problems


def main():
    given = arguments()
    try:
        connection = Connection(given.url)
    except ValueError as error:
        sys.exit(f"error: {error}")
    tokens = dict(given.token_of) | ({"server": given.token} if given.token else {})
    server = Server(connection, tokens, given.operate, given.origin, given.max_body)
    counts = dict.fromkeys(["pass", "FAIL", "warn", "skip"], 0)
    for scenario in load(given.scenarios):
        if scenario["level"] not in given.level or given.only and given.only not in scenario["name"]:
            continue
        word, problems = outcome(server, scenario, given.strict)
        counts[word] += 1
        print(f"{word}  {scenario['level']:<9}  {scenario['name']}", flush=True)
        for problem in problems:
            print(f"      {problem}")
        if word in ("FAIL", "warn"):
            print(f"      why: {scenario['shows']}")
    print(f"{counts['pass']} passed, {counts['FAIL']} failed, {counts['warn']} warnings, {counts['skip']} skipped")
    return 1 if counts["FAIL"] or not counts["pass"] else 0


if __name__ == "__main__":
    sys.exit(main())
