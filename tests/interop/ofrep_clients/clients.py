"""Starts the clients, pinned to versions of their registries, and gives them commands."""

import json
import os
import queue
import subprocess
import threading
from pathlib import Path

from packages import PACKAGES, installed, with_npm, with_pip

HERE = Path(__file__).resolve().parent
PYTHON = [
    "openfeature-provider-ofrep==0.3.0", "openfeature-sdk==0.10.0", "requests==2.34.2", "urllib3==2.8.0",
    "charset-normalizer==3.5.3", "idna==3.20",
]
NPM = [
    "@openfeature/ofrep-provider@0.1.3", "@openfeature/server-sdk@1.23.0", "@openfeature/ofrep-web-provider@0.4.3",
    "@openfeature/web-sdk@1.10.0", "@openfeature/core@1.12.0", "@openfeature/ofrep-core@0.1.4", "eventsource@4.1.1",
]
TARGET = PACKAGES / "ofrep-rust"
# The longest time that a client may take for a command, in seconds.
PATIENCE = 30


def build_rust():
    """Starts to build the program in Rust, and returns the process."""
    command = ["cargo", "build", "--locked", "--quiet", "--manifest-path", HERE / "rust" / "Cargo.toml"]
    return subprocess.Popen(command, env=os.environ | {"CARGO_TARGET_DIR": str(TARGET)})


class Client:
    """A client that runs."""

    def __init__(self, name, command, folder=None):
        self.name = name
        self.is_browser = name in ("web, polling", "web, events")
        self.process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        self.answers = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.answers.put(json.loads(line))
        self.answers.put(None)

    def ask(self, **command):
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        answer = self.answers.get(timeout=PATIENCE)
        if answer is None:
            raise RuntimeError(f"the client {self.name} has ended")
        return answer

    def connect(self, url, headers=None, context=None):
        return self.ask(connect=url, headers=headers or {}, context=context or {})["error"]

    def evaluate(self, flag, type, default, context):
        return self.ask(flag=flag, type=type, default=default, context=context)

    def stop(self):
        self.process.stdin.close()
        self.process.wait(timeout=PATIENCE)


def start(rust):
    """Installs the packages, waits for the build of the program in Rust, and starts all clients."""
    python = installed("ofrep-python", PYTHON, with_pip) / "bin" / "python"
    node = installed("ofrep-npm", NPM, with_npm)
    script = ["node", HERE / "client.mjs"]
    if rust.wait():
        raise SystemExit("the client for Rust cannot be built")
    return [
        Client("Python", [python, HERE / "client.py"]),
        Client("Node", [*script, "node"], node),
        Client("web, polling", [*script, "polling"], node),
        Client("web, events", [*script, "events"], node),
        Client("Rust", [TARGET / "debug" / "ofrep-client"]),
    ]
