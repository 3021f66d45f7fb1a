"""Flag repositories with the flags of `tests/ofrep`, and servers that serve them."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import threading
import time
import urllib.request

from packages import ROOT

FLAGS = ROOT / "tests" / "ofrep" / "repository"
# The longest time for something that takes milliseconds on a machine without other work, in seconds.
PATIENCE = 30
PAUSE = 0.02
# The interval at which the servers read their sources, in seconds. It is the shortest that the option allows.
POLL = "1"
# Programs run without the user's configuration of git, and without proxies.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("FLAGCTL_", "GIT_"))} | {
    "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "NO_PROXY": "127.0.0.1",
    "GIT_AUTHOR_NAME": "Dana", "GIT_AUTHOR_EMAIL": "dana@example.com",
    "GIT_COMMITTER_NAME": "Dana", "GIT_COMMITTER_EMAIL": "dana@example.com",
}


def digest(token):
    return hashlib.sha256(token.encode()).hexdigest()


class Failed(Exception):
    """Something did not happen, or a program failed."""


def wait(what, happened, seconds=PATIENCE):
    """Waits until a function returns something, and returns it with the seconds that passed."""
    began = time.monotonic()
    while True:
        found = happened()
        passed = time.monotonic() - began
        if found:
            return found, passed
        if passed > seconds:
            raise Failed(f"{what} did not happen within {seconds} s")
        time.sleep(PAUSE)


class FlagRepository:
    """A git repository with the flags of the scenarios."""

    flags = FLAGS

    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder
        shutil.copytree(self.flags, folder)
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit("add the flags")

    def run(self, *command, codes=(0,)):
        done = subprocess.run(command, cwd=self.folder, env=ENVIRONMENT, capture_output=True, text=True, encoding="utf-8")
        if done.returncode not in codes:
            raise Failed(f"{' '.join(map(str, command))} exited with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def git(self, *arguments):
        return self.run("git", *arguments)

    def flagctl(self, *arguments, codes=(0,)):
        return self.run(self.binary, *arguments, codes=codes)

    def write(self, path, text):
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text, encoding="utf-8")

    def replace(self, path, old, new):
        text = (self.folder / path).read_text(encoding="utf-8")
        assert old in text, (path, old)
        self.write(path, text.replace(old, new))

    def commit(self, message):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def kill(self, flag):
        self.flagctl("kill", flag, "-e", "production", "--reason", "it answers 500", "--yes")

    def revive(self, flag):
        self.flagctl("revive", flag, "-e", "production", "--yes")

    def publish(self, target, *arguments):
        self.flagctl("publish", target, "-e", "production", *arguments)

    def key(self, name):
        """Makes an ssh key, lets flagctl sign with it, and returns the file that allows it."""
        key = self.folder.parent / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", key], check=True)
        signers = key.with_suffix(".signers")
        signers.write_text(f'{name}@example.com namespaces="flagctl" {key.with_suffix(".pub").read_text()}')
        self.git("config", "user.signingkey", str(key))
        return signers


class Server:
    """A process of `flagctl serve`. It serves the environment `production` of a repository."""

    def __init__(self, repository, *arguments, environment="production"):
        self.repository, self.arguments, self.environment = repository, arguments, environment
        self.address = "127.0.0.1:0"
        self.events = []
        self.process = None
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.stop()

    def start(self):
        """Starts the process. Every start but the first is at the same address."""
        command = [
            self.repository.binary, "serve", *self.arguments, "--listen", self.address, "--management", "127.0.0.1:0",
            "--poll", POLL, "--format", "json", *(["-e", self.environment] if self.environment else []),
        ]
        self.process = subprocess.Popen(
            command, cwd=self.repository.folder, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True, encoding="utf-8"
        )
        log = self.events = []
        reader = threading.Thread(target=self.read, args=(self.process.stderr, log), daemon=True)
        reader.start()
        is_ready = lambda: self.process.poll() is not None or (self.count("listening") == 2 and self.count("bundle-current"))
        wait("the start of a server", is_ready)
        if self.process.poll() is not None:
            reader.join()
            raise Failed(f"{' '.join(map(str, command))} exited with {self.process.returncode}: {log}")
        urls = {event["purpose"]: event["url"] for event in log if event.get("event") == "listening"}
        self.origin, self.management = urls["applications"], urls["management"]
        self.address = self.origin.removeprefix("http://")
        self.url = f"{self.origin}/production"

    @staticmethod
    def read(stream, log):
        for line in stream:
            try:
                log.append(json.loads(line))
            except ValueError:
                log.append({"event": "text", "text": line})

    def count(self, event, **members):
        """Returns how often an event with these members is in the log since the last start."""
        fits = lambda found: found.get("event") == event and all(found.get(name) == value for name, value in members.items())
        return sum(map(fits, list(self.events)))

    def waited(self, event, times=1):
        """Waits until an event is in the log so many times."""
        wait(f"the event {event}", lambda: self.count(event) >= times)

    def refresh(self, token=None):
        """Makes the server read its source, as a webhook does."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        request = urllib.request.Request(f"{self.origin}/refresh", method="POST", headers=headers)
        with urllib.request.urlopen(request) as response:
            assert response.status == 202, response.status

    def metric(self, name):
        """Returns the sum of a metric with these labels, or 0."""
        with urllib.request.urlopen(f"{self.management}/metrics") as response:
            lines = response.read().decode("utf-8").splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))

    def end(self, how):
        self.process.send_signal(how)
        return self.process.wait(timeout=PATIENCE)

    def stop(self):
        """Ends the process as an operator does. It must end without an error."""
        if self.process.poll() is None and (code := self.end(signal.SIGTERM)):
            raise Failed(f"the server exited with {code}: {self.events[-5:]}")

    def restart(self, how=signal.SIGTERM):
        self.end(how)
        self.start()
