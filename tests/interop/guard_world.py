"""An application, a Prometheus that watches it, and a forge with a job that publishes, all on this machine.

The application serves 20,000 users from the published bundle, so a kill reaches it only after the commit is on the branch of
the bare remote and `flagctl publish` has shipped it. Its requests and errors are counters, which a real Prometheus scrapes.
"""

import http.server
import json
import os
import random
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from pathlib import Path

USERS = 20_000
REQUESTS_PER_SECOND = 4_000
TICK = 0.05
FLAG = "new-checkout"
VARIANTS = ("on", "off")


def prometheus_program():
    """Returns the path of Prometheus, and installs Debian's package if it is missing."""
    if shutil.which("prometheus") is None:
        subprocess.run(["apt-get", "update"], check=True, stdout=subprocess.DEVNULL)
        command = ["apt-get", "install", "--yes", "--no-install-recommends", "prometheus"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"})
    return shutil.which("prometheus")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def git(folder, *arguments, check=True):
    """Runs git without the user's configuration."""
    who = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER")
           for part, value in (("NAME", "Dana"), ("EMAIL", "dana@example.com"))}
    environment = os.environ | who | {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
    ran = subprocess.run(["git", "-C", folder, *arguments], capture_output=True, text=True, env=environment)
    assert not check or ran.returncode == 0, (arguments, ran.stdout, ran.stderr)
    return ran.stdout.strip()


class TimeLine:
    """What happened, with the seconds since the start."""

    def __init__(self):
        self.start = time.monotonic()
        self.lines = []
        self.lock = threading.Lock()

    def seconds(self):
        return time.monotonic() - self.start

    def add(self, who, what):
        with self.lock:
            line = f"{self.seconds():7.1f} s  {who:<11} {what}"
            self.lines.append(line)
            print(line, flush=True)


class Application:
    """Serves the users, and counts requests and errors by variant."""

    def __init__(self):
        self.lock = threading.Lock()
        self.requests = dict.fromkeys(VARIANTS, 0)
        self.errors = dict.fromkeys(VARIANTS, 0)
        self.error_rates = dict.fromkeys(VARIANTS, 0.01)
        self.treated = 0.0
        self.stopped = threading.Event()
        self.random = random.Random(1)

    def start(self):
        application = self

        class Metrics(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = application.metrics().encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Metrics)
        self.port = self.server.server_address[1]
        for target in (self.server.serve_forever, self.serve_users):
            threading.Thread(target=target, daemon=True).start()

    def stop(self):
        self.stopped.set()
        self.server.shutdown()

    def serve_users(self):
        done = time.monotonic()
        while not self.stopped.wait(TICK):
            now = time.monotonic()
            number, done = round(REQUESTS_PER_SECOND * (now - done)), now
            with self.lock:
                for _ in range(number):
                    variant = "on" if self.random.random() < self.treated else "off"
                    self.requests[variant] += 1
                    self.errors[variant] += self.random.random() < self.error_rates[variant]

    def metrics(self):
        with self.lock:
            lines = [f'checkout_{name}_total{{variant="{variant}"}} {numbers[variant]}'
                     for name, numbers in (("requests", self.requests), ("errors", self.errors)) for variant in VARIANTS]
        return "\n".join(lines) + "\n"


class Prometheus:
    """A server that scrapes the application four times a second."""

    def __init__(self, folder, target_port):
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        folder.mkdir()
        (folder / "prometheus.yml").write_text(
            "global: {scrape_interval: 250ms, scrape_timeout: 250ms}\n"
            f"scrape_configs: [{{job_name: checkout, static_configs: [{{targets: ['127.0.0.1:{target_port}']}}]}}]\n"
        )
        self.log = (folder / "log").open("w")
        command = [prometheus_program(), f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                   f"--web.listen-address=127.0.0.1:{self.port}"]
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)
        until(lambda: self.answers("/-/ready"), 60, lambda: "Prometheus is not ready")
        self.version = json.loads(self.get("/api/v1/status/buildinfo"))["data"]["version"]

    def get(self, path):
        with urllib.request.urlopen(self.address + path, timeout=5) as response:
            return response.read().decode()

    def answers(self, path):
        try:
            return bool(self.get(path))
        except OSError:
            return False

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
        self.log.close()


class Forge:
    """A bare remote, and a job that publishes each new commit of its branch to a target."""

    def __init__(self, folder, flagctl, files, application, time_line):
        self.folder, self.flagctl, self.application, self.time_line = folder, flagctl, application, time_line
        self.remote, self.target = folder / "origin.git", folder / "fleet"
        self.users = folder / "users.jsonl"
        self.users.write_text("".join(f'{{"targetingKey": "user-{number}"}}\n' for number in range(USERS)))
        git(folder, "init", "--quiet", "--bare", "--initial-branch=main", str(self.remote))
        self.author = self.clone("author")
        for path, text in files.items():
            file = self.author / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        git(self.author, "checkout", "--quiet", "-B", "main")
        self.commit("the shop")
        self.publisher = self.clone("publisher")
        self.published = None
        self.verdicts = []
        self.error = None
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.publish_all, daemon=True)

    def clone(self, name):
        git(self.folder, "clone", "--quiet", str(self.remote), str(self.folder / name))
        clone = self.folder / name
        for key, value in (("user.name", "Guard"), ("user.email", "guard@example.com")):
            git(clone, "config", key, value)
        return clone

    def commit(self, message):
        """Commits the author's files and pushes them."""
        git(self.author, "add", "--all")
        git(self.author, "commit", "--quiet", "--message", message)
        git(self.author, "push", "--quiet", "origin", "main")

    def run(self, folder, *arguments):
        environment = os.environ | {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
        command = [self.flagctl, "-C", str(folder), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)

    def kill_file(self):
        """Returns the text of the flag's kill on the remote, or None."""
        text = git(self.remote, "show", f"main:kills/production/{FLAG}.yaml", check=False)
        return text or None

    def start(self):
        self.publish()
        self.thread.start()

    def stop(self):
        self.stopped.set()
        self.thread.join(60)

    def publish_all(self):
        while not self.stopped.wait(0.3):
            try:
                self.publish()
            except Exception as error:
                self.error = error
                raise

    def publish(self):
        git(self.publisher, "fetch", "--quiet", "origin", "main")
        head = git(self.publisher, "rev-parse", "FETCH_HEAD")
        if head == self.published:
            return
        git(self.publisher, "reset", "--quiet", "--hard", head)
        if self.published is not None:
            proof = self.run(self.publisher, "verify-kill", f"{self.published}..{head}")
            self.verdicts.append((proof.returncode, proof.stdout))
        ran = self.run(self.publisher, "publish", "main")
        assert ran.returncode == 0, (ran.returncode, ran.stdout, ran.stderr)
        subject = git(self.publisher, "log", "-1", "--format=%an: %s")
        lane = ", proven by verify-kill" if self.verdicts and self.verdicts[-1][0] == 0 else ""
        self.published = head
        self.serve()
        self.time_line.add("publish", f"{subject}{lane}; {self.application.treated:.2%} of the users have `on`")

    def serve(self):
        """Gives the application the decisions of the published bundle."""
        bundle = self.folder / "bundle.json"
        ran = self.run(self.folder, "pull", str(self.target), "-e", "production", "--to", str(bundle))
        assert ran.returncode == 0, (ran.returncode, ran.stdout, ran.stderr)
        ran = self.run(self.folder, "eval", FLAG, "--bundle", str(bundle), "--contexts", str(self.users))
        assert ran.returncode == 0, (ran.returncode, ran.stderr)
        with self.application.lock:
            self.application.treated = ran.stdout.count('"variant":"on"') / USERS


def until(is_done, seconds, problem):
    """Waits until a condition holds, and fails with the text of `problem` after a number of seconds."""
    end = time.monotonic() + seconds
    while not is_done():
        assert time.monotonic() < end, problem()
        time.sleep(0.2)
