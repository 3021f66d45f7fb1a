#!/usr/bin/env python3
"""Publishes to an S3 server with twenty processes at once, and then with processes that are killed.

usage: publish.py FLAGCTL

The server is moto, in its own Python environment. It answers one request at a time, because a conditional write
of moto checks first and then writes, and is atomic only if no other request runs in between.
"""

import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import time

from packages import PACKAGES, installed, with_pip

MOTO = "moto[server]==5.2.5"
COMMITS = 20
KILLED = 40


def inside():
    """Restarts this script in the Python environment that has the server."""
    if pathlib.Path(sys.prefix).resolve() == (PACKAGES / "moto").resolve():
        return
    python = installed("moto", [MOTO], with_pip) / "bin" / "python"
    os.execv(python, [str(python), *sys.argv])


class Counted:
    """Counts requests by method."""

    def __init__(self, application):
        self.application = application
        self.methods = {}
        self.headers = {}

    def __call__(self, environment, start):
        method = environment["REQUEST_METHOD"]
        self.methods[method] = self.methods.get(method, 0) + 1
        if method == "PUT":
            conditions = {name for name in ("HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH") if name in environment}
            self.headers[environment["PATH_INFO"]] = (conditions, environment.get("HTTP_CACHE_CONTROL"))
        return self.application(environment, start)


def serve():
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log(self, *_arguments):
            pass

    counted = Counted(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, counted, threaded=False, request_handler=Quiet)
    server.socket.listen(256)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.port, counted


def git(folder, *arguments, day=0):
    # Git runs without the user's configuration and with fixed dates.
    date = f"{1793491200 + day * 86400} +0000"
    who = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER")
           for part, value in (("NAME", "Dana"), ("EMAIL", "dana@example.com"), ("DATE", date))}
    no_configuration = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", "-C", folder, *arguments]
    environment = os.environ | who | no_configuration
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout


def shop(folder):
    git(folder, "init", "--quiet", "--initial-branch=main")
    (folder / "flagctl.yaml").write_text("version: 1\nenvironments: [production]\nattributes: {country: string}\n")
    (folder / "flags").mkdir()
    commits = []
    for number in range(COMMITS):
        (folder / "flags" / f"flag-{number}.yaml").write_text(
            "description: A flag of this test.\nowner: tests\nexpires: 2027-01-01\nvariants: {on: true, off: false}\n"
            "off: off\ndefault: on\n"
        )
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--message", f"flag {number}", day=number)
        commits.append(git(folder, "rev-parse", "HEAD").strip())
    return commits


def broken_and_killed(folder):
    """Commits a flag with an error and a kill, and returns the commit."""
    (folder / "flags" / "broken.yaml").write_text("variants: {on: true, off: false}\noff: off\ndefault: maybe\n")
    (folder / "kills" / "production").mkdir(parents=True)
    (folder / "kills" / "production" / "flag-3.yaml").write_text("reason: it answers 500\n")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "kill flag 3", day=COMMITS)
    return git(folder, "rev-parse", "HEAD").strip()


def main():
    flagctl = str(pathlib.Path(sys.argv[1]).resolve())
    port, counted = serve()
    address = f"http://127.0.0.1:{port}"
    settings = {
        "AWS_ENDPOINT": address, "AWS_ALLOW_HTTP": "true", "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "NO_PROXY": "127.0.0.1",
    }
    import boto3

    client = boto3.client(
        "s3", endpoint_url=address, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    client.create_bucket(Bucket="fleet")

    def fetched(path):
        found = client.get_object(Bucket="fleet", Key=path)
        return found["Body"].read(), found["CacheControl"]

    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary) / "shop"
        folder.mkdir()
        commits = shop(folder)

        def start(*arguments):
            command = [flagctl, "-C", folder, *arguments]
            return subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | settings
            )

        def fine(process):
            out, err = process.communicate(timeout=300)
            assert process.returncode == 0, (process.args, process.returncode, out, err)
            return out

        def publish(prefix, commit):
            return start("publish", f"s3://fleet/{prefix}", "--bundle-format", "flagd", "--at", commit)

        began = time.monotonic()
        order = random.Random(1).sample(commits, len(commits))
        for process in [publish("many", commit) for commit in order]:
            fine(process)
        took = time.monotonic() - began
        manifest = json.loads(fetched("many/production/manifest.json")[0])
        assert manifest["commit"] == commits[-1], manifest
        entries = [
            json.loads(fetched(f"many/production/log/{number:09}.json")[0])
            for number in range(1, manifest["sequence"] + 1)
        ]
        positions = [commits.index(entry["commit"]) for entry in entries]
        assert positions == sorted(set(positions)), positions
        flags, cache = fetched("many/production/flags.json")
        assert cache.startswith("public, max-age=5,"), cache
        bundle, cache = fetched("many/production/" + manifest["bundle"]["path"])
        assert flags == bundle and cache.endswith("immutable")
        fine(start("verify", "s3://fleet/many"))
        for path, (conditions, _) in counted.headers.items():
            assert path == "/fleet" or conditions, f"{path} was written without a condition"

        fine(publish("killed", commits[0]))
        began = time.monotonic()
        fine(publish("killed", commits[1]))
        usual = time.monotonic() - began
        killed = 0
        chance = random.Random(2)
        for number in range(KILLED):
            process = publish("killed", commits[2 + number % (COMMITS - 2)])
            time.sleep(usual * chance.random() * 1.2)
            process.kill()
            process.communicate()
            killed += process.returncode != 0
            manifest = json.loads(fetched("killed/production/manifest.json")[0])
            bundle = fetched("killed/production/" + manifest["bundle"]["path"])[0]
            assert len(bundle) == manifest["bundle"]["size"]
            json.loads(fetched("killed/production/flags.json")[0])
        assert killed > KILLED // 8, killed
        fine(publish("killed", commits[-1]))
        fine(start("verify", "s3://fleet/killed"))

        file = pathlib.Path(temporary) / "flags.json"
        fine(start("pull", "s3://fleet/killed", "-e", "production", "--to", str(file)))
        assert file.read_bytes() == fetched("killed/production/flags.json")[0]

        # A broken definition and a kill: the kill is published alone. A whole job for an older commit changes nothing.
        kill = broken_and_killed(folder)
        jobs = [publish("killed", commits[-2]), publish("killed", kill)]
        out, err = jobs[1].communicate(timeout=300)
        assert jobs[1].returncode == 1 and "its kills are published alone" in err, (out, err)
        fine(jobs[0])
        manifest = json.loads(fetched("killed/production/manifest.json")[0])
        assert (manifest["commit"], manifest["kills"]) == (commits[-1], kill), manifest
        assert json.loads(fetched("killed/production/flags.json")[0])["flags"]["flag-3"]["defaultVariant"] == "off"
        fine(start("verify", "s3://fleet/killed"))

        missing = start("publish", "s3://missing/bucket")
        out, err = missing.communicate()
        assert missing.returncode == 3 and not out and "missing" in err, (missing.returncode, err)
    print(
        f"S3: {COMMITS} concurrent publishers wrote {len(entries)} log entries in {took:.1f} s, {killed} of {KILLED} "
        f"processes were killed, {sum(counted.methods.values())} requests: no errors"
    )


if __name__ == "__main__":
    inside()
    main()
