#!/usr/bin/env python3
"""Measures how long a kill takes to reach a client: kill.py FLAGCTL [--runs N].

One machine has everything: a repository with a bare remote, `flagctl publish` to a folder, `flagctl serve`, and a client that
reads the event stream and then asks for the flag. The time is from the start of `flagctl kill --push` to the changed value.
"""

import argparse
import http.client
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import threading
import time

ENVIRONMENT = {
    **os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_AUTHOR_NAME": "Dana", "GIT_AUTHOR_EMAIL": "dana@example.com",
    "GIT_COMMITTER_NAME": "Dana", "GIT_COMMITTER_EMAIL": "dana@example.com",
}
FLAG = "description: A flag.\nvariants: {on: true, off: false}\noff: off\ndefault: on\n"
EVALUATE = "/ofrep/v1/evaluate/flags"
BODY = json.dumps({"context": {"targetingKey": "user-1"}})


def run(*command, folder=None):
    done = subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command}: {done.stdout}{done.stderr}")
    return done.stdout


class Client:
    """Knows the value of a flag: reads events, and asks again after each."""

    def __init__(self, address):
        self.address = address
        self.value = self.ask("/new-cart")["value"]
        self.changed = threading.Condition()
        stream = self.ask("")["eventStreams"][0]["endpoint"]["requestUri"]
        threading.Thread(target=self.follow, args=[stream], daemon=True).start()

    def ask(self, path):
        connection = http.client.HTTPConnection(self.address)
        connection.request("POST", EVALUATE + path, BODY, {"Content-Type": "application/json"})
        return json.loads(connection.getresponse().read())

    def follow(self, stream):
        connection = http.client.HTTPConnection(self.address)
        connection.request("GET", stream)
        for line in connection.getresponse():
            if line.startswith(b"data:"):
                value = self.ask("/new-cart")["value"]
                with self.changed:
                    self.value = value
                    self.changed.notify_all()

    def wait_for(self, value):
        with self.changed:
            if not self.changed.wait_for(lambda: self.value == value, 30):
                raise SystemExit(f"the client never saw {value}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("flagctl", type=pathlib.Path)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--flags", type=int, default=1000)
    given = parser.parse_args()
    flagctl = str(given.flagctl.resolve())
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        shop = folder / "shop"
        (shop / "flags").mkdir(parents=True)
        (shop / "flagctl.yaml").write_text("version: 1\nenvironments: [production]\n")
        (shop / "flags" / "new-cart.yaml").write_text(FLAG)
        for index in range(given.flags - 1):
            (shop / "flags" / f"flag-{index}.yaml").write_text(FLAG)
        run("git", "init", "-q", "-b", "main", str(shop))
        run("git", "add", "-A", folder=shop)
        run("git", "commit", "-q", "-m", "flags", folder=shop)
        run("git", "clone", "-q", "--bare", str(shop), str(folder / "remote"))
        run("git", "remote", "add", "origin", str(folder / "remote"), folder=shop)
        target = str(folder / "live")
        run(flagctl, "publish", target, folder=shop)
        server = subprocess.Popen(
            [flagctl, "serve", target, "-e", "production", "--listen", "127.0.0.1:0", "--management", "off", "--poll", "3600",
             "--format", "json"],
            cwd=shop, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True,
        )
        try:
            events = (json.loads(line) for line in server.stderr if line.startswith("{"))
            address = next(event["url"] for event in events if event["event"] == "listening").removeprefix("http://")
            next(event for event in events if event["event"] == "bundle-current")
            threading.Thread(target=lambda: [None for _ in server.stderr], daemon=True).start()
            client = Client(address)
            times = []
            for _ in range(given.runs):
                started = time.monotonic()
                run(flagctl, "kill", "new-cart", "-e", "production", "--reason", "a test", "--push", "--yes", folder=shop)
                run(flagctl, "publish", target, folder=shop)
                connection = http.client.HTTPConnection(address)
                connection.request("POST", "/refresh")
                connection.getresponse().read()
                client.wait_for(False)
                times.append(time.monotonic() - started)
                run(flagctl, "revive", "new-cart", "-e", "production", "--reason", "a test", "--push", "--yes", folder=shop)
                run(flagctl, "publish", target, folder=shop)
                connection = http.client.HTTPConnection(address)
                connection.request("POST", "/refresh")
                client.wait_for(True)
        finally:
            server.terminate()
            server.wait()
    print(f"{given.flags:,} flags, {given.runs} kills: median {statistics.median(times):.2f} s, longest {max(times):.2f} s")


if __name__ == "__main__":
    main()
