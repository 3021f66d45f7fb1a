#!/usr/bin/env python3
"""Runs `flagctl serve` with OpenFeature's clients, and compares its answers with `flagctl eval`.

    ofrep.py PATH-OF-FLAGCTL

The script has three parts, each with servers of its own:

- The scenarios in `tests/ofrep`, which fit every server of the OpenFeature Remote Evaluation Protocol, run against a
  server. Then they run through proxies that add faults, and must find each of them.
- The OFREP providers for Python, Node, browsers (once with polling and once with events) and Rust run one list of checks,
  `ofrep_clients/checks.json`. They stay connected while flags are killed, servers restart, stores are away and bundles
  are bad: see `ofrep_clients/operations.py`.
- At least 100,000 pairs of a flag and a context must have the value, variant, reason and error of `flagctl eval`.

The script needs Python, npm and Cargo, and keeps the packages in `target/interop`. Any difference is an error.
"""

import argparse
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ofrep_clients import checks, clients, operations, pairs, suite
from ofrep_clients.server import FlagRepository, Server


def with_clients(binary, folder, build):
    """Runs the checks and the scenarios of the clients. Returns whether there are no differences."""
    started = clients.start(build)
    with Server(FlagRepository(binary, folder / "flags")) as server:
        for client in started:
            client.connect(server.url, {}, checks.CONTEXT)
        differences, answers = checks.run(started)
    print(f"clients: {answers} answers for {len(started)} clients, {len(differences)} differences", flush=True)
    for difference in differences:
        print(f"  {difference}")
    failed = operations.run(binary, folder, started)
    for client in started:
        client.stop()
    return not differences and not failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", metavar="PATH-OF-FLAGCTL", type=Path)
    binary = parser.parse_args().binary.resolve()
    build = clients.build_rust()
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(2) as pool:
        folders = [Path(name) / part for part in ("scenarios", "pairs", "clients")]
        for folder in folders:
            folder.mkdir()
        # Much of the time, the scenarios wait for events, and the clients are built.
        scenarios = pool.submit(suite.run, binary, folders[0])
        same = pool.submit(pairs.run, binary, folders[1])
        results = [scenarios.result(), same.result(), with_clients(binary, folders[2], build)]
    return all(results)


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
