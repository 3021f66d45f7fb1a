"""Runs scenarios: sends the requests of their steps, and compares the responses with the patterns."""

import base64
import json
import re
import subprocess
import time
from dataclasses import dataclass, field
from urllib.parse import quote

import protocol
from matching import differences, read, written

PAUSE = 0.05
# What the command of `--operate` does, and what it must do afterwards.
UNDO = {"change": "restore", "break": "repair"}
RESTORED = {
    "send": "POST ofrep/v1/evaluate/flags/changing-flag", "json": {"context": {"targetingKey": "user-1"}}, "within": 10,
    "expect": {"json": {"value": "first"}},
}
# The exit code of that command for something that it cannot do.
IMPOSSIBLE = 77
STEPS = ("send", "open", "event", "comment", "silence", "close", "operate")


@dataclass
class Server:
    """The server, and what the person who started the runner knows about it."""

    connection: object
    # Tokens by their names. The token `server` may evaluate all flags.
    tokens: dict = field(default_factory=dict)
    # A command that changes the server's flags, or None.
    operate: str | None = None
    # An origin whose pages may ask the server, or None.
    origin: str | None = None
    # The maximum size of a body in bytes.
    max_body: int = 1 << 20

    def lacks(self, need):
        """Returns whether the server has not what a scenario needs."""
        if need.startswith("token "):
            return need.removeprefix("token ") not in self.tokens
        return getattr(self, need) is None


class Skipped(Exception):
    """The server has not what a scenario needs."""


class Run:
    """One run of one scenario."""

    def __init__(self, server, scenario):
        self.server = server
        self.scenario = scenario
        self.kept = {f"token {name}": token for name, token in server.tokens.items()}
        self.kept |= {"origin": server.origin, "too large": "x" * (server.max_body + 1)}
        self.stream = None
        self.done = []

    def problems(self):
        """Runs the steps, up to the first one with a problem. Returns its problems."""
        try:
            for number, step in enumerate(self.scenario["steps"], 1):
                kind = next(name for name in STEPS if name in step)
                if found := getattr(self, kind)(step):
                    return [f"step {number}: {each}" for each in found]
            return []
        except OSError as error:
            return [f"step {number}: the server closed the connection, or did not answer: {error!r}"]
        finally:
            self.close({})
            self.undo()

    def undo(self):
        """Undoes what the steps have done to the flags, and waits until the server has the flags of the beginning."""
        for action in list(self.done):
            self.operate({"operate": UNDO[action]})
            if UNDO[action] == "restore":
                self.send(RESTORED)

    def filled(self, value, encode=False):
        """Replaces `{{name}}` in texts by what earlier steps kept. A text that is only that becomes the value itself."""
        if isinstance(value, dict):
            return {name: self.filled(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self.filled(each) for each in value]
        if not isinstance(value, str):
            return value
        if (whole := re.fullmatch(r"\{\{([^}]+)\}\}", value)) and not encode:
            return self.kept[whole[1]]
        replaced = lambda found: quote(str(self.kept[found[1]]), safe="") if encode else str(self.kept[found[1]])
        return re.sub(r"\{\{([^}]+)\}\}", replaced, value)

    def send(self, step):
        until = time.monotonic() + step.get("within", 0)
        while True:
            found = self.exchange(step)
            if not found or time.monotonic() >= until:
                return found
            time.sleep(PAUSE)

    def exchange(self, step):
        method, _, path = step["send"].partition(" ")
        before, mark, query = path.partition("?")
        path = self.filled(before) + mark + self.filled(query, encode=True)
        body = self.body(step)
        headers = self.headers(step)
        response = self.server.connection.request(method, path, headers, body, step.get("chunked", False))
        found, answer = protocol.problems(path, response)
        expect = self.filled(step.get("expect", {}))
        found += self.status_and_headers(expect, response)
        if "json" in expect:
            if answer is None:
                found.append(f"expected JSON, found {written(response.body.decode('utf-8', 'replace'))}")
            else:
                found += differences(expect["json"], answer, self.kept)
        if "body" in expect and response.body != expect["body"].encode():
            found.append(f"the body: expected {written(expect['body'])}, found {written(response.body.decode('utf-8', 'replace'))}")
        if not found:
            self.keep(step, response, answer)
        return found

    def body(self, step):
        if "json" in step:
            return json.dumps(self.filled(step["json"]), ensure_ascii=False, default=float).encode()
        if "base64" in step:
            return base64.b64decode(step["base64"])
        parts = step.get("parts", [{"text": step.get("text", "")}])
        return "".join(self.filled(part["text"]) * part.get("times", 1) for part in parts).encode()

    def headers(self, step):
        headers = {}
        if any(name in step for name in ("json", "text", "base64", "parts")):
            headers["Content-Type"] = "application/json"
        token = step.get("token", "server")
        if token in self.server.tokens:
            headers["Authorization"] = f"Bearer {self.server.tokens[token]}"
        for name, value in step.get("headers", {}).items():
            headers = {other: kept for other, kept in headers.items() if other.lower() != name.lower()}
            if value is not None:
                headers[name] = str(self.filled(value))
        return list(headers.items())

    def status_and_headers(self, expect, response):
        found = []
        if "status" in expect:
            found += differences(expect["status"], response.status, self.kept, "/status")
            if found:
                found.append(f"the body was {written(response.body.decode('utf-8', 'replace'))}")
        for name, pattern in expect.get("headers", {}).items():
            value = response.header(name)
            if isinstance(pattern, dict) and "$absent" in pattern and value is None:
                continue
            if value is None:
                found.append(f"the header `{name}` is missing")
            else:
                found += differences(pattern, value, self.kept, f"the header `{name}`")
        return found

    def keep(self, step, response, answer):
        """Keeps parts of a response. What a scenario only keeps, and does not expect, is optional in the protocol."""
        for name, source in step.get("keep", {}).items():
            kind, _, where = source.partition(" ")
            self.kept[name] = response.header(where) if kind == "header" else pointed(answer, where)
            if self.kept[name] is None:
                raise Skipped(f"needs `{where}` in the answer")

    def open(self, step):
        """Opens the event stream that a list `eventStreams` describes."""
        self.close({})
        stream = self.filled(step["open"])
        if isinstance(stream, list):
            stream = next((each for each in stream if each.get("type") == "sse"), None)
            if stream is None:
                return ["`eventStreams` has no stream of the type `sse`"]
            endpoint = stream.get("endpoint", {})
            stream = stream.get("url") or endpoint.get("origin", "") + endpoint["requestUri"]
        headers = {"Accept": "text/event-stream"} | self.filled(step.get("headers", {}))
        self.stream = self.server.connection.stream(stream, list(headers.items()))
        return self.status_and_headers(self.filled(step.get("expect", {})), self.stream.response)

    def event(self, step):
        received = self.stream.event(step.get("within", 5))
        if received is None and step.get("optional"):
            return []
        if received is None:
            return [f"no event arrived within {step.get('within', 5)} seconds"]
        found, data = protocol.event(received.fields)
        event = received.fields | {"data": data}
        found += differences(self.filled(step["event"]), event, self.kept, "/event")
        if not found:
            for name, where in step.get("keep", {}).items():
                self.kept[name] = pointed(event, where)
                if self.kept[name] is None:
                    raise Skipped(f"needs `{where}` in the event")
        return found

    def comment(self, step):
        # Any line shows that the connection is open: a comment, or a part of an event.
        until, lines = time.monotonic() + step["within"], self.stream.lines
        while self.stream.lines == lines and time.monotonic() < until:
            time.sleep(PAUSE)
        is_fine = self.stream.lines > lines or step.get("optional")
        return [] if is_fine else [f"the server sent nothing for {step['within']} seconds"]

    def silence(self, step):
        received = self.stream.event(step["silence"])
        return [] if received is None else [f"expected no event, found {written(received.fields)}"]

    def close(self, _step):
        if self.stream:
            self.stream.close()
            self.stream = None
        return []

    def operate(self, step):
        action = step["operate"]
        self.server.connection.close()
        done = subprocess.run(f"{self.server.operate} {action}", shell=True, capture_output=True, text=True)
        if done.returncode == IMPOSSIBLE:
            raise Skipped(f"needs the action {action}")
        if done.returncode:
            return [f"the command failed for {action}: {done.stderr.strip()}"]
        self.done = [each for each in self.done if UNDO[each] != action] + [action] * (action in UNDO)
        return []


def pointed(value, pointer):
    """Returns the part of a JSON value to which a path of names points, or None."""
    for name in pointer.split("/")[1:]:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def load(path):
    """Reads the scenarios of a file."""
    return read(path.read_text(encoding="utf-8"))["scenarios"]
