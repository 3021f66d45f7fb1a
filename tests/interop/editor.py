#!/usr/bin/env python3
"""Lets yaml-language-server complete, describe and check definitions with the schemas of a repository.

    editor.py PATH-OF-FLAGCTL

`flagctl schema --project` writes the schemas of a small repository. The server, which is the one of VS Code, Neovim and others,
is driven over its standard streams. It must complete attributes, operators, values, segments, flags, variants,
environments, owners, tags and lint codes, describe them, report a mistake, accept a name that is new, and never offer
`[object Object]`. It must also report nothing about any valid definition of `examples`. The script needs Python and npm,
and keeps the package in `target/interop`.
"""

import json
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from queue import Empty, Queue

from packages import ROOT, installed, with_npm
from repositories import write

SERVER = "yaml-language-server@1.25.0"
TIMEOUT = 60
FLAG = "description: Sells.\nowner: team-shop\nexpires: 2099-01-01\ntags: [shop]\n"
FILES = {
    "flagctl.yaml": "version: 1\nenvironments: [dev, production]\ngroups: {live: [production]}\nattributes:\n"
    "  plan: {type: string, enum: [free, pro], description: What the account pays for.}\n"
    "  age: number\n  email: string\n  app.version: semver\n  groups: {type: list, of: string, enum: [staff, press]}\n",
    "segments/staff.yaml": "description: Our colleagues.\nowner: team-people\nif: {groups: {has: staff}}\n",
    "layers/page.yaml": "slots: {first: '0%..50%'}\n",
    "flags/sale.yaml": FLAG + "variants: {cheap: true, dear: false}\noff: dear\ndefault: dear\nrules: [{if: {segment: staff}, serve: cheap}]\n",
    "flags/theme.yaml": FLAG.replace("Sells", "Paints") + "variants: {dark: d, light: l}\noff: light\ndefault: light\n"
    "rules: [{if: {plan: pro}, serve: dark, slot: page/first}]\n",
    "tests/all.yaml": "contexts: {ann: {plan: pro}}\ncases: [{context: ann, expect: {sale: dear}}]\n",
}
HEAD = FLAG + "variants: {dark: true, light: false}\noff: light\ndefault: light\n"


class Client:
    """A client of a language server, over its standard streams."""

    def __init__(self, command, folder, settings):
        self.folder, self.settings = folder, settings
        self.next, self.version, self.answers, self.diagnostics = 0, 0, Queue(), Queue()
        self.server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        threading.Thread(target=self.read, daemon=True).start()

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.server.stdin.flush()

    def read(self):
        while line := self.server.stdout.readline():
            length = None
            while line.strip():
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
                line = self.server.stdout.readline()
            message = json.loads(self.server.stdout.read(length))
            if message.get("method") == "textDocument/publishDiagnostics":
                self.diagnostics.put(message["params"])
            elif "method" in message and "id" in message:
                items = message.get("params", {}).get("items", [])
                self.send({"id": message["id"], "result": [self.settings.get(item.get("section")) for item in items]})
            elif "id" in message:
                self.answers.put(message)

    def notify(self, method, params):
        self.send({"method": method, "params": params})

    def ask(self, method, params):
        self.next += 1
        self.send({"id": self.next, "method": method, "params": params})
        while True:
            answer = self.answers.get(timeout=TIMEOUT)
            if answer["id"] == self.next:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                return answer["result"]

    def uri(self, path):
        return (self.folder / path).as_uri()

    def open(self, path, text):
        """Opens a document, and returns the messages about it. The server keeps what it knows of each version."""
        self.version += 1
        document = {"uri": self.uri(path), "languageId": "yaml", "version": self.version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})
        while True:
            try:
                published = self.diagnostics.get(timeout=TIMEOUT)
            except Empty:
                raise AssertionError(f"nothing was published about {path}") from None
            if published["uri"] == document["uri"]:
                return [diagnostic["message"] for diagnostic in published["diagnostics"]]

    def close(self, path):
        self.notify("textDocument/didClose", {"textDocument": {"uri": self.uri(path)}})
        while self.diagnostics.get(timeout=TIMEOUT)["uri"] != self.uri(path):
            pass


def position(text):
    """Returns the text without `|`, and where it was."""
    before, _, after = text.partition("|")
    return before + after, {"line": before.count("\n"), "character": len(before.rsplit("\n", 1)[-1])}


class Editor:
    def __init__(self, client):
        self.client, self.failures, self.checks = client, [], 0

    def expect(self, holds, text):
        self.checks += 1
        if not holds:
            self.failures.append(text)

    def at(self, method, path, text):
        text, where = position(text)
        self.client.open(path, text)
        result = self.client.ask(method, {"textDocument": {"uri": self.client.uri(path)}, "position": where})
        self.client.close(path)
        return result

    def completes(self, path, text, wanted, unwanted=()):
        result = self.at("textDocument/completion", path, text)
        items = result["items"] if isinstance(result, dict) else result or []
        labels = [item["label"] for item in items]
        inserted = json.dumps([[item["label"], item.get("insertText"), item.get("textEdit")] for item in items])
        for name in wanted:
            self.expect(name in labels, f"{text!r}: `{name}` is not among {labels}")
        for name in unwanted:
            self.expect(name not in labels, f"{text!r}: `{name}` is among {labels}")
        for noise in ["[object Object]", "a name of", "a key of", "a variant of", "a non-empty"]:
            self.expect(noise not in inserted, f"{text!r}: `{noise}` is offered: {inserted}")

    def describes(self, path, text, wanted):
        shown = json.dumps(self.at("textDocument/hover", path, text))
        self.expect(wanted in shown, f"{text!r}: {wanted!r} is not in {shown}")

    def reports(self, path, text, wanted):
        messages = self.client.open(path, text)
        self.client.close(path)
        if wanted is None:
            self.expect(not messages, f"{path}: {text!r}: {messages}")
        else:
            self.expect(any(wanted in message for message in messages), f"{text!r}: {wanted!r} is not in {messages}")


def check(editor):
    flag, condition = "flags/new.yaml", HEAD + "rules:\n  - if:\n      "
    editor.completes(flag, condition + "|", ["plan", "age", "app.version", "targetingKey", "segment", "flag", "any"], ["eq"])
    editor.completes(flag, condition + "plan: |", ["free", "pro"])
    editor.completes(flag, condition + "plan: [fr|]", ["free", "pro"])
    editor.completes(flag, condition + "plan:\n        |", ["eq", "starts_with", "ignore_case"], ["lt", "has"])
    editor.completes(flag, condition + "app.version:\n        |", ["gte", "exists"], ["starts_with", "has"])
    editor.completes(flag, condition + "groups:\n        |", ["has", "has_any"], ["eq", "lt"])
    editor.completes(flag, condition + "segment: |", ["staff"])
    editor.completes(flag, condition + "segment: [|]", ["staff"])
    editor.completes(flag, condition + "flag:\n        |", ["sale", "theme"])
    editor.completes(flag, condition + "flag:\n        sale: |", ["cheap", "dear"], ["dark"])
    editor.completes(flag, HEAD + "requires:\n  |", ["sale", "theme"])
    editor.completes(flag, HEAD + "requires:\n  theme: |", ["dark", "light"], ["cheap"])
    editor.completes(flag, HEAD + "environments:\n  |", ["dev", "production", "live"])
    editor.completes(flag, HEAD + "rules:\n  - serve: |", ["dark", "light"])
    editor.completes(flag, HEAD + "rules:\n  - slot: |", ["page/first"])
    editor.completes(flag, HEAD + "unit: |", ["email", "targetingKey"], ["age"])
    editor.completes(flag, "description: New.\nowner: |", ["team-shop", "team-people"])
    editor.completes(flag, "description: New.\ntags: [|]", ["shop"])
    editor.completes(flag, "description: New.\nkind: |", ["release", "ops"])
    editor.completes(flag, "|", ["variants", "off", "default", "a boolean flag"])
    editor.completes("segments/new.yaml", "if:\n  |", ["plan", "email"])
    editor.completes("layers/new.yaml", "unit: |", ["email"])
    editor.completes("tests/new.yaml", "cases:\n  - expect:\n      |", ["sale", "theme"])
    editor.completes("tests/new.yaml", "cases:\n  - expect:\n      sale: |", ["cheap", "dear"], ["dark"])
    editor.completes("tests/new.yaml", "cases:\n  - context:\n      |", ["plan", "age"])
    editor.completes("tests/new.yaml", "cases:\n  - context: |", ["ann"])
    editor.completes("tests/new.yaml", "environments: |", ["dev", "production"], ["live"])
    editor.completes("flagctl.yaml", FILES["flagctl.yaml"] + "lint:\n  |", ["missing-owner", "unused-segment"], ["yaml-syntax"])
    editor.completes("flagctl.yaml", FILES["flagctl.yaml"] + "policy:\n  |", ["dev", "live"])
    editor.describes(flag, condition + "pl|an: pro\n    serve: dark\n", "What the account pays for.")
    editor.describes(flag, condition + "segment: sta|ff\n    serve: dark\n", "Our colleagues.")
    editor.describes(flag, condition + "flag: {sa|le: cheap}\n    serve: dark\n", "Sells.")
    editor.describes(flag, condition + "age: {g|t: 5}\n    serve: dark\n", "greater than")
    editor.describes("flagctl.yaml", FILES["flagctl.yaml"] + "lint:\n  missing-ow|ner: off\n", "owner")
    editor.reports(flag, condition + "age: {starts_with: x}\n    serve: dark\n", "number")
    editor.reports(flag, condition + "age: old\n    serve: dark\n", "number")
    editor.reports(flag, HEAD + "rolout: 5%\n", "rolout")
    new = "segment: [brand-new]\n      flag: {unwritten: anything}\n      city: Rome\n      plan: gold\n"
    editor.reports(flag, condition + new + "    serve: other\n    slot: new/one\nenvironments: {moon: {off: other}}\n", None)
    for path, text in FILES.items():
        editor.reports(path, text, None)


def session(flagctl, server, folder, checks):
    """Runs checks with the schemas of a flag repository."""
    subprocess.run([flagctl, "schema", "--project", folder / "schemas"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    kinds = {"flag": "flags/**", "segment": "segments/**", "layer": "layers/**", "kill": "kills/**", "test": "tests/**"}
    mapping = {f"{kind}.schema.json": f"{pattern}/*.yaml" for kind, pattern in kinds.items()} | {"project.schema.json": "flagctl.yaml"}
    schemas = {(folder / "schemas" / schema).as_uri(): pattern for schema, pattern in mapping.items()}
    settings = {"schemas": schemas, "validate": True, "completion": True, "hover": True, "schemaStore": {"enable": False}}
    client = Client(server, folder, {"yaml": settings})
    completion = {"completionItem": {"snippetSupport": True, "documentationFormat": ["markdown"]}}
    capabilities = {"workspace": {"configuration": True}, "textDocument": {"completion": completion, "hover": {"contentFormat": ["markdown"]}}}
    client.ask("initialize", {"processId": None, "rootUri": folder.as_uri(), "capabilities": capabilities})
    client.notify("initialized", {})
    client.notify("workspace/didChangeConfiguration", {"settings": {"yaml": settings}})
    editor = Editor(client)
    try:
        checks(editor)
    finally:
        client.server.kill()
        client.server.wait()
    return editor


def main():
    flagctl = Path(sys.argv[1]).resolve()
    package = installed("editor", [SERVER], with_npm)
    server = [package / "node_modules/.bin/yaml-language-server", "--stdio"]
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder).resolve()
        write(folder, FILES)
        small = session(flagctl, server, folder, check)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder).resolve()
        files = [path for path in (ROOT / "examples").glob("**/*.yaml") if "experiment" not in path.parts and "dark-launch" not in path.parts]
        texts = {str(path.relative_to(ROOT / "examples")): path.read_text(encoding="utf-8") for path in files}
        texts = {path: "\n".join(line for line in text.split("\n") if "yaml-language-server:" not in line) for path, text in texts.items()}
        write(folder, texts)
        shop = session(flagctl, server, folder, lambda editor: [editor.reports(*file, None) for file in texts.items()])
    failures = small.failures + shop.failures
    for failure in failures:
        print(failure)
    print(f"{small.checks + shop.checks - len(failures)} of {small.checks + shop.checks} checks of {SERVER} passed")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
