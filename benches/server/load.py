#!/usr/bin/env python3
"""Measures `flagctl serve` under load, beside other servers: load.py FLAGCTL [--edge UNLEASH_EDGE] [--bare BARE].

wrk sends the requests, on the same machine, so the client takes a part of the processor. The time of the processor that a
server needs for one request is therefore the figure to compare; it is read from the system after each run. The servers take
turns, run by run, and the table has the medians.

Needs wrk. UNLEASH_EDGE is the program of the crate `unleash-edge`, and BARE that of `benches/server/bare`.
"""

import argparse
import hashlib
import json
import os
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

TICKS = os.sysconf("SC_CLK_TCK")
FLAGS = 20
CONTEXT = {
    "targetingKey": "user-12345", "country": "AT", "plan": "pro", "email": "user@example.com", "age": 42, "beta": True,
    "device": "phone", "os": "android", "version": "2.5.0", "group": "b",
}
TOKEN = "*:production.fedcba9876543210"
# unleash-edge does not start without one.
CLIENT_TOKEN = "*:production.0123456789abcdef"
REPORT = """
done = function(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format('{"requests": %d, "microseconds": %d, "failed": %d, "p50": %d, "p99": %d, "p999": %d}\\n',
    summary.requests, summary.duration, errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9)))
end
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def repository(folder):
    """Writes flags with a rollout in a rule of two conditions."""
    (folder / "flags").mkdir()
    (folder / "flagctl.yaml").write_text(
        "version: 1\nenvironments: [production]\nattributes: {country: string, plan: string, email: string, age: number,"
        " beta: boolean, device: string, os: string, version: semver, group: string}\n"
    )
    for index in range(FLAGS):
        (folder / "flags" / f"flag-{index}.yaml").write_text(
            "description: A flag.\nvariants: {on: true, off: false}\noff: off\ndefault: off\nrules:\n"
            "- name: europe\n  if: {country: {in: [AT, DE, FR, NL]}, plan: pro}\n  rollout: 50%\n  serve: on\n"
        )


def edge_features():
    """Returns the same flags for Unleash."""
    constraint = lambda name, values: {"contextName": name, "operator": "IN", "values": values}
    strategy = {
        "name": "flexibleRollout",
        "parameters": {"rollout": "50", "stickiness": "userId", "groupId": "a"},
        "constraints": [constraint("country", ["AT", "DE", "FR", "NL"]), constraint("plan", ["pro"])],
    }
    features = [{"name": f"flag-{index}", "enabled": True, "strategies": [strategy]} for index in range(FLAGS)]
    return {"version": 2, "features": features}


class Server:
    def __init__(self, name, command, port, one, all_flags, headers, ready):
        self.name, self.command, self.port = name, command, port
        self.requests = {"one flag": one, f"all {FLAGS} flags": all_flags}
        self.headers, self.ready = headers, ready

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            try:
                path, body = self.ready
                self.answer(path, body)
                return
            except OSError:
                time.sleep(0.05)
        raise SystemExit(f"{self.name} does not answer: {self.command}")

    def answer(self, path, body):
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=data, headers=self.headers)
        with urllib.request.urlopen(request, timeout=5) as response:
            return response.read()

    def cpu(self):
        """Returns the seconds of the processor that the server has used."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", text)[1]) / 1024

    def load(self, wrk, work, folder, seconds, connections):
        path, body = self.requests[work]
        script = folder / "load.lua"
        lines = [f'wrk.method = "{"GET" if body is None else "POST"}"']
        if body is not None:
            lines.append(f"wrk.body = [==[{json.dumps(body)}]==]")
        lines += [f'wrk.headers["{name}"] = "{value}"' for name, value in self.headers.items()]
        script.write_text("\n".join(lines) + REPORT)
        command = [wrk, "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script), f"http://127.0.0.1:{self.port}{path}"]
        before = self.cpu()
        result = subprocess.run(command, capture_output=True, text=True, check=True)
        used = self.cpu() - before
        figures = json.loads(next(line for line in result.stdout.splitlines() if line.startswith("{")))
        if figures["failed"] or not figures["requests"]:
            raise SystemExit(f"{self.name}, {work}: {figures}\n{result.stdout}")
        figures["rate"] = figures["requests"] / figures["microseconds"] * 1e6
        figures["cpu"] = used / figures["requests"] * 1e6
        return figures

    def stop(self):
        self.process.terminate()
        self.process.wait()


def servers(given, folder):
    port = free_port()
    json_headers = {"Content-Type": "application/json"}
    evaluate = "/ofrep/v1/evaluate/flags"
    body = {"context": CONTEXT}
    digest = hashlib.sha256(TOKEN.encode()).hexdigest()
    (folder / "tokens.yaml").write_text(f"tokens:\n- {{name: bench, sha256: {digest}, use: server}}\n")
    flagctl = Server(
        "flagctl",
        [given.flagctl, "-C", str(folder), "serve", "--listen", f"127.0.0.1:{port}", "--management", "off", "--tokens",
         "tokens.yaml"],
        port, (f"{evaluate}/flag-7", body), (evaluate, body), {**json_headers, "X-API-Key": TOKEN}, (evaluate, body),
    )
    yield flagctl
    if given.edge:
        (folder / "features.json").write_text(json.dumps(edge_features()))
        port = free_port()
        context = {
            "userId": CONTEXT["targetingKey"],
            "properties": {name: str(value) for name, value in CONTEXT.items() if name != "targetingKey"},
        }
        yield Server(
            "unleash-edge",
            [given.edge, "--port", str(port), "--interface", "127.0.0.1", "offline", "--client-tokens", CLIENT_TOKEN,
             "--frontend-tokens", TOKEN, "--bootstrap-file", str(folder / "features.json")],
            port, ("/api/frontend/features/flag-7", {"context": context}), ("/api/frontend/all", {"context": context}),
            {**json_headers, "Authorization": TOKEN}, ("/api/frontend/all", {"context": context}),
        )
    if given.bare:
        flagctl.start()
        sizes = {work: len(flagctl.answer(*request)) for work, request in flagctl.requests.items()}
        flagctl.stop()
        for work, size in sizes.items():
            port = free_port()
            server = Server(
                "bare hyper", [given.bare, f"127.0.0.1:{port}", str(size)], port, ("/", body), ("/", body), json_headers,
                ("/", body),
            )
            server.requests = {work: ("/", body)}
            yield server


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("flagctl")
    parser.add_argument("--edge")
    parser.add_argument("--bare")
    parser.add_argument("--wrk", default="wrk")
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--connections", type=int, default=32)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        repository(folder)
        found = list(servers(given, folder))
        results = {}
        for server in found:
            server.start()
        try:
            for _ in range(given.runs):
                for server in found:
                    for work in server.requests:
                        figures = server.load(given.wrk, work, folder, given.seconds, given.connections)
                        results.setdefault((work, server.name), []).append(figures)
                        print(work, server.name, figures, file=sys.stderr)
            memory = {server.name: server.memory() for server in found}
        finally:
            for server in found:
                server.stop()
    print("| work | server | requests/s | p50 | p99 | p99.9 | processor time of a request | memory |")
    print("|---|---|---|---|---|---|---|---|")
    for (work, name), runs in sorted(results.items(), key=lambda item: item[0][0]):
        median = lambda key: statistics.median(run[key] for run in runs)
        print(
            f"| {work} | {name} | {median('rate'):,.0f} | {median('p50') / 1000:.2f} ms | {median('p99') / 1000:.2f} ms "
            f"| {median('p999') / 1000:.2f} ms | {median('cpu'):.1f} µs | {memory[name]:.0f} MiB |"
        )


if __name__ == "__main__":
    main()
