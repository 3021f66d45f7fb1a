#!/usr/bin/env python3
"""Runs `flagctl serve` for minutes under load: soak.py FLAGCTL [--minutes 10] [--streams 10000] [--flags 10000].

Each second there is a new bundle. Clients keep event streams open, and others ask for flags all the time. The script fails if
a request fails, if an answer mixes two bundles or is older than five seconds, if a stream ends, or if memory grows.
Needs a limit of open files above the number of streams (`ulimit -n`).
"""

import argparse
import asyncio
import json
import os
import pathlib
import re
import resource
import subprocess
import sys
import tempfile
import time

EVALUATE = "/ofrep/v1/evaluate/flags"
CONTEXT = json.dumps({"context": {"targetingKey": "user-1", "country": "AT"}})
# The flags whose value is the number of the bundle: all of them are equal in one bundle.
NUMBERED = ("flag-0", "flag-5000", "flag-9999")


def repository(folder, flags):
    (folder / "flags").mkdir()
    (folder / "flagctl.yaml").write_text("version: 1\nenvironments: [production]\nattributes: {country: string}\n")
    for index in range(flags):
        name = f"flag-{index}"
        text = (
            "description: A flag.\nvariants: {a: 777000777, b: 0}\noff: b\ndefault: a\n" if name in NUMBERED else
            "description: A flag.\nvariants: {on: true, off: false}\noff: off\ndefault: off\nrules:\n"
            "- name: europe\n  if: {country: {in: [AT, DE]}}\n  rollout: 50%\n  serve: on\n"
        )
        (folder / "flags" / f"{name}.yaml").write_text(text)


async def request(reader, writer, method, path, body=""):
    head = f"{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    writer.write((head + body).encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = int(re.search(r"content-length: (\d+)", head)[1])
    return int(head.split(" ")[1]), await reader.readexactly(length)


class Soak:
    def __init__(self, host, port, file, bundle, process):
        self.host, self.port, self.file, self.bundle, self.process = host, port, file, bundle, process
        self.written = {}
        self.events = self.singles = self.bulks = 0
        self.ended = False
        self.memory = []

    def connect(self):
        return asyncio.open_connection(self.host, self.port, limit=1 << 24)

    async def publish(self):
        """Replaces the bundle each second, and wakes the server."""
        reader, writer = await self.connect()
        number = 0
        while not self.ended:
            number += 1
            temporary = self.file.with_suffix(".new")
            temporary.write_text(self.bundle.replace("777000777", str(number)))
            os.replace(temporary, self.file)
            self.written[number] = time.monotonic()
            status, _ = await request(reader, writer, "POST", "/refresh")
            assert status == 202, status
            await asyncio.sleep(1)

    def check(self, number):
        newer = self.written.get(number + 1)
        assert newer is None or time.monotonic() - newer < 5, f"bundle {number} was served {time.monotonic() - newer} s too long"

    async def single(self, number):
        reader, writer = await self.connect()
        path = f"{EVALUATE}/{NUMBERED[number % len(NUMBERED)]}"
        while not self.ended:
            status, body = await request(reader, writer, "POST", path, CONTEXT)
            assert status == 200, body
            value = json.loads(body)["value"]
            if value != 777000777:
                self.check(value)
            self.singles += 1

    async def bulk(self):
        reader, writer = await self.connect()
        while not self.ended:
            status, body = await request(reader, writer, "POST", EVALUATE, CONTEXT)
            assert status == 200, body
            values = {flag["value"] for flag in json.loads(body)["flags"] if flag["key"] in NUMBERED}
            assert len(values) == 1, f"an answer has {values}"
            self.bulks += 1
            await asyncio.sleep(0.5)

    async def stream(self, path):
        reader, writer = await self.connect()
        writer.write(f"GET {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        while not self.ended:
            line = await reader.readline()
            assert line or self.ended, "a stream ended"
            self.events += line.startswith(b"data:")

    async def watch(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            await asyncio.sleep(5)
            status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
            self.memory.append(int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024)
            print(f"{self.singles:,} single, {self.bulks:,} bulk, {self.events:,} events, {self.memory[-1]:.0f} MiB", file=sys.stderr)
        self.ended = True

    async def run(self, seconds, streams):
        reader, writer = await self.connect()
        _, body = await request(reader, writer, "POST", EVALUATE, CONTEXT)
        path = json.loads(body)["eventStreams"][0]["endpoint"]["requestUri"]
        tasks = []
        for index in range(streams):
            tasks.append(asyncio.create_task(self.stream(path)))
            if index % 200 == 0:
                await asyncio.sleep(0.01)
        tasks += [asyncio.create_task(work) for work in (self.publish(), *(self.single(n) for n in range(4)), self.bulk())]
        watching = asyncio.create_task(self.watch(seconds))
        done, _ = await asyncio.wait([watching, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        for task in tasks:
            task.cancel()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("flagctl", type=pathlib.Path)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--streams", type=int, default=10_000)
    parser.add_argument("--flags", type=int, default=10_000)
    given = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    flagctl = str(given.flagctl.resolve())
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        repository(folder, given.flags)
        file = folder / "bundle.json"
        bundle = subprocess.run([flagctl, "-C", name, "export", "bundle"], capture_output=True, text=True, check=True).stdout
        file.write_text(bundle)
        server = subprocess.Popen(
            [flagctl, "serve", "--bundle", str(file), "--listen", "127.0.0.1:0", "--management", "off", "--format", "json"],
            stderr=subprocess.PIPE, text=True,
        )
        try:
            url = next(json.loads(line)["url"] for line in server.stderr if '"listening"' in line)
            next(line for line in server.stderr if '"bundle-current"' in line)
            log = open(folder / "log", "w", encoding="utf-8")
            subprocess.Popen(["cat"], stdin=server.stderr, stdout=log)
            host, port = url.removeprefix("http://").split(":")
            soak = Soak(host, int(port), file, bundle, server)
            asyncio.run(soak.run(given.minutes * 60, given.streams))
        finally:
            server.terminate()
            code = server.wait()
        assert code == 0, code
    # The first quarter fills caches and buffers.
    rest = soak.memory[len(soak.memory) // 4:]
    half = len(rest) // 2
    grown = max(rest[half:]) / max(rest[:half])
    print(
        f"{given.minutes:g} minutes, {given.flags:,} flags, {given.streams:,} streams, {len(soak.written):,} bundles: "
        f"{soak.singles:,} single answers, {soak.bulks:,} answers with all flags, {soak.events:,} events; "
        f"memory {max(rest[:half]):.0f} MiB, then {max(rest[half:]):.0f} MiB"
    )
    assert grown < 1.1, f"memory has grown by {grown:.2f}"


if __name__ == "__main__":
    main()
