"""Runs the scenarios of `tests/ofrep` against a server, and checks that they find faults."""

import http.server
import json
import re
import subprocess
import sys
import threading
from decimal import Decimal
from pathlib import Path

from ofrep_clients.operations import TOKENS
from ofrep_clients.server import FlagRepository, Server
from packages import ROOT

SUITE = ROOT / "tests" / "ofrep"
sys.path.insert(0, str(SUITE))
from connection import Connection
from matching import read

OPERATE = Path(__file__).with_name("operate.py")
ORIGIN = "https://shop.example.com"
# The headers that are for one connection.
LEFT_OUT = ("Host", "Content-Length", "Transfer-Encoding", "Connection", "Expect")
FLAG = "flags/changing-flag.yaml"


class Quiet(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Without these, each response waits for an acknowledgement of the client.
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, *_arguments):
        pass

    def respond(self, status, headers, body):
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def listening(handler):
    """Starts a server for a handler in a thread, and returns it with its address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_port}"


class Control:
    """Carries out the actions of `--operate` with a server that follows a branch."""

    def __init__(self, server):
        self.server, self.repository = server, server.repository

    def change(self):
        self.swap("first", "second")

    def restore(self):
        self.swap("second", "first")

    def swap(self, before, after):
        self.repository.replace(FLAG, f"default: {before}", f"default: {after}")
        self.repository.commit(f"serve {after}")
        self.server.refresh("webhook-token")

    def break_(self):
        failures = self.server.count("source-failed")
        self.repository.write("flags/broken.yaml", "variants: {on: true}\noff: maybe\n")
        self.repository.commit("break a flag")
        self.server.refresh("webhook-token")
        # The server has read the broken flags when the action ends.
        self.server.waited("source-failed", failures + 1)

    def repair(self):
        (self.repository.folder / "flags" / "broken.yaml").unlink()
        self.repository.commit("repair the flag")
        self.server.refresh("webhook-token")

    def restart(self):
        self.server.restart()

    def listening(self):
        control = self

        class Handler(Quiet):
            def do_GET(self):
                try:
                    getattr(control, self.path.strip("/").replace("break", "break_"))()
                    self.respond(200, [], b"")
                except Exception as error:
                    self.respond(500, [], f"{type(error).__name__}: {error}".encode())

        return listening(Handler)


def command(url, *more):
    tokens = ["--token", "server-token", "--token-of", "browser=browser-token", "--token-of", "webhook=webhook-token"]
    tokens += ["--token-of", "other-environment=staging-token", "--token-of", "limited=limited-token"]
    return [sys.executable, SUITE / "run.py", url, *tokens, "--origin", ORIGIN, "--strict", *more]


# The faults of a server. Each is a function of a request's target and headers, and of a response's status, headers and
# JSON. It changes the response. Together with the name, it has the text of a scenario that must find it.
def fault(names):
    def add(change):
        FAULTS.append((change, names))
        return change
    return add


FAULTS = []


def answers(body):
    """Returns the answers in a body."""
    return [each for each in (body or {}).get("flags", [body]) if isinstance(each, dict) and "value" in each]


@fault(["304 for a known tag", "weak tags"])
def never_304(request, response):
    request["headers"].pop("If-None-Match", None)


@fault(["changed attributes"])
def a_tag_without_the_context(request, response):
    if "ETag" in response["headers"]:
        response["headers"]["ETag"] = '"always"'
    if request["known"] == '"always"':
        response |= {"status": 304, "body": None}


@fault(["a change of the flags is announced"])
def event_tags_are_ignored(request, response):
    request["target"] = re.sub(r"\?.*", "", request["target"])


@fault(["entity tag"])
def a_tag_without_quotes(_request, response):
    if "ETag" in response["headers"]:
        response["headers"]["ETag"] = response["headers"]["ETag"].strip('"')


@fault(["variant"])
def no_variants(_request, response):
    for answer in answers(response["body"]):
        answer.pop("variant", None)


@fault(["boolean false", "integer zero", "empty string"])
def falsy_values_are_lost(_request, response):
    for answer in answers(response["body"]):
        if not answer["value"]:
            del answer["value"]


@fault(["float without a fraction"])
def floats_as_integers(_request, response):
    for answer in answers(response["body"]):
        if isinstance(answer["value"], Decimal) and answer["value"] == int(answer["value"]):
            answer["value"] = int(answer["value"])


@fault(["reason DISABLED"])
def disabled_is_an_error(_request, response):
    if (response["body"] or {}).get("reason") == "DISABLED":
        response |= {"status": 404, "body": {"key": response["body"]["key"], "errorCode": "FLAG_NOT_FOUND"}}


@fault(["metadata"])
def metadata_with_objects(_request, response):
    for answer in answers(response["body"]):
        answer["metadata"] = {"owner": {"team": "checkout"}}


@fault(["error FLAG_NOT_FOUND"])
def unknown_flags_have_values(_request, response):
    if response["status"] == 404:
        response |= {"status": 200, "body": {"key": "no-such-flag", "value": False, "reason": "DEFAULT"}}


@fault(["malformed JSON", "error TARGETING_KEY_MISSING"])
def errors_without_a_key(_request, response):
    if response["status"] == 400:
        response["body"].pop("key", None)


@fault(["other methods"])
def no_allow(_request, response):
    response["headers"].pop("Allow", None)


@fault(["no token", "unknown tokens"])
def no_authentication(request, _response):
    request["headers"]["Authorization"] = "Bearer server-token"


@fault(["no token"])
def a_body_with_401(_request, response):
    if response["status"] == 401:
        response["body"] = {"errorCode": "GENERAL"}


@fault(["too many requests"])
def no_time_to_wait(_request, response):
    response["headers"].pop("Retry-After", None)


@fault(["token of a browser"])
def browsers_get_all_flags(request, _response):
    if request["headers"].get("Authorization") == "Bearer browser-token":
        request["headers"]["Authorization"] = "Bearer server-token"


@fault(["all flags and one flag agree"])
def all_flags_have_another_reason(_request, response):
    for answer in (response["body"] or {}).get("flags", []):
        if answer.get("reason") == "SPLIT":
            answer["reason"] = "TARGETING_MATCH"


@fault(["all flags"])
def a_flag_is_listed_twice(_request, response):
    if flags := (response["body"] or {}).get("flags"):
        flags.append(flags[0])


@fault(["all flags"])
def streams_without_an_address(_request, response):
    for stream in (response["body"] or {}).get("eventStreams", []):
        stream.pop("endpoint", None)


class Faulty(Quiet):
    """A proxy that adds a fault to the responses of a server."""

    origin = ""
    change = None

    def do_POST(self):
        if "/events/" in self.path:
            # An event stream would not end.
            self.respond(200, [("Content-Type", "text/event-stream"), ("Access-Control-Allow-Origin", ORIGIN)], b"")
            return
        length = self.headers.get("Content-Length")
        body = self.rfile.read(int(length)) if length else self.chunks()
        headers = {name.title(): value for name, value in self.headers.items()}
        request = {"target": self.path, "headers": headers, "known": headers.get("If-None-Match")}
        # A fault of a request is added before it is sent, and one of a response after it was received.
        type(self).change(request, {"status": 0, "headers": {}, "body": None})
        kept = [pair for pair in headers.items() if pair[0] not in LEFT_OUT]
        received = Connection(self.origin).request(self.command, request["target"], kept, body)
        names = {name.title().replace("Etag", "ETag"): value for name, value in received.headers.items()}
        response = {"status": received.status, "headers": names, "body": read(received.body) if received.body else None}
        type(self).change(request, response)
        text = json.dumps(response["body"], default=float).encode() if response["body"] is not None else b""
        self.respond(response["status"], [pair for pair in response["headers"].items() if pair[0] not in LEFT_OUT], text)

    do_GET = do_PUT = do_DELETE = do_OPTIONS = do_POST

    def chunks(self):
        body = b""
        while self.headers.get("Transfer-Encoding"):
            size = int(self.rfile.readline(), 16)
            body += self.rfile.read(size)
            self.rfile.readline()
            if not size:
                break
        return body


def unfound(server):
    """Yields the faults that the scenarios do not find, and the failures that are not due to a fault."""
    def failed(change, *more):
        handler = type("Proxy", (Faulty,), {"origin": server.origin, "change": staticmethod(change)})
        proxy, url = listening(handler)
        done = subprocess.run(command(f"{url}/production", *more), capture_output=True, text=True)
        proxy.shutdown()
        return re.findall(r"^FAIL  \w+ +(.*)$", done.stdout, re.MULTILINE), done

    found, done = failed(lambda _request, _response: None, "--level", "core,bulk,cache,auth")
    if found or done.returncode:
        yield f"without a fault: {done.stdout}{done.stderr}"
    for change, names in FAULTS:
        for name in names:
            found, done = failed(change, "--only", name)
            if not any(each.startswith(name) for each in found):
                yield f"{change.__name__}: the scenario `{name}` does not find it: {done.stdout[-200:]}{done.stderr}"


def run(binary, folder):
    """Runs all scenarios against a server. Returns whether they passed, and whether they find all faults."""
    repository = FlagRepository(binary, folder / "flags")
    exported = repository.flagctl("export", "flagd", "-e", "production")
    is_fine = json.loads(exported) == json.loads((SUITE / "flags.flagd.json").read_text(encoding="utf-8"))
    if not is_fine:
        print("tests/ofrep/flags.flagd.json has other flags than tests/ofrep/repository: `flagctl export flagd` writes it")
    file = folder / "tokens.yaml"
    file.write_text(TOKENS)
    arguments = ["--follow", "main", "--tokens", str(file), "--cors-origin", ORIGIN]
    with Server(repository, *arguments, environment=None) as server:
        _, control = Control(server).listening()
        operate = f"{sys.executable} {OPERATE} {control}"
        done = subprocess.run(command(server.url, "--operate", operate), capture_output=True, text=True)
        shown = [line for line in done.stdout.splitlines() if not line.startswith("pass")]
        print("scenarios: " + "\n".join(reversed(shown)), done.stderr, flush=True)
        lost = list(unfound(server))
        print(f"scenarios: {len(FAULTS)} faults, {len(lost)} of them not found", *lost, sep="\n  ", flush=True)
    return is_fine and done.returncode == 0 and not lost and " 0 skipped" in done.stdout
