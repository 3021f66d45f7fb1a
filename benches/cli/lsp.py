#!/usr/bin/env python3
"""Measures the time from a keystroke to its diagnostics: lsp.py FLAGCTL [--flags N] [--rounds N].

`flagctl lsp` and yaml-language-server, with the schemas of `flagctl schema --project`, have the same generated repository open (by
default with 10,000 flags). The script types the same characters into a flag, a segment and `flagctl.yaml` of both, in turn, and
waits for the diagnostics after each character. After every tenth character it makes a pause in which flagctl begins to check the
whole repository, so that the next keystrokes come meanwhile. It installs yaml-language-server with npm in `target/interop`;
without npm, it measures only flagctl. It prints medians, 95th percentiles and maxima.
"""

import argparse
import pathlib
import shutil
import statistics
import sys
import tempfile
import time

from processes import ROOT, compared, digits, lines, script

sys.path.append(str(ROOT / "tests" / "interop"))
from editor import SERVER, Client, session  # noqa: E402
from packages import installed, with_npm  # noqa: E402

HEADS = ["typing in", "server", "median", "95th percentile", "maximum", "flagctl's median is"]
ROUNDS = 3
# In seconds.
GAP, PAUSE = 0.05, 0.5
RULE = "\n  - name: typed\n    if: {plan: pro, country: [DE, FR]}\n    serve: on\n"
FLAG = "a flag"
TYPED = {
    FLAG: ("\nenvironments:", RULE.rstrip()),
    "segments/segment-25.yaml": ("}]", ", {plan: [pro, enterprise], age: {gte: 18}}"),
    "flagctl.yaml": ("  targetingKey: string\n", "  account.type: {type: string, enum: [private, company]}\n"),
}


def position(text):
    return {"line": text.count("\n"), "character": len(text.rsplit("\n", 1)[-1])}


def drain(queue):
    while not queue.empty():
        queue.get_nowait()


class Typist:
    """Types into a file of one client."""

    def __init__(self, client, path, text, mark):
        before, _, after = text.partition(mark)
        # The text is typed before `environments:`, before the last bracket, or after the first attribute.
        keep = "}" if mark == "}]" else mark if mark.endswith("\n") else ""
        self.client, self.path, self.before, self.after = client, path, before + keep, mark.removeprefix(keep) + after
        self.typed = ""
        client.open(path, self.before + self.after)

    def change(self, change):
        self.client.version += 1
        document = {"uri": self.client.uri(self.path), "version": self.client.version}
        self.client.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})

    def published(self):
        while self.client.diagnostics.get(timeout=60)["uri"] != self.client.uri(self.path):
            pass

    def key(self, character):
        """Types a character, and returns the seconds until its diagnostics."""
        drain(self.client.diagnostics)
        where = position(self.before + self.typed)
        self.typed += character
        begin = time.perf_counter()
        self.change({"range": {"start": where, "end": where}, "text": character})
        self.published()
        return time.perf_counter() - begin

    def undo(self):
        drain(self.client.diagnostics)
        self.typed = ""
        self.change({"text": self.before + self.after})
        self.published()


def measured(clients, folder, path, rounds):
    """Returns the seconds of all keystrokes for each client."""
    mark, typed = TYPED[path]
    if path == FLAG:
        flags = sorted(folder.glob("flags/**/*.yaml"))
        path = flags[len(flags) // 2].relative_to(folder).as_posix()
    text = (folder / path).read_text()
    typists = [Typist(client, path, text, mark) for client in clients]
    found = [[] for _ in clients]
    for _ in range(rounds):
        for number, character in enumerate(typed):
            for typist, times in zip(typists, found):
                times.append(typist.key(character))
            time.sleep(GAP if number % 10 else PAUSE)
        for typist in typists:
            typist.undo()
    return found


def shown(seconds):
    return f"{digits(seconds * 1000)} ms"


def figures(times):
    return [shown(value) for value in (statistics.median(times), statistics.quantiles(times, n=20)[-1], max(times))]


def cells(path, found):
    """Yields the row of flagctl, and that of the other server."""
    name = FLAG if path == FLAG else "a segment" if path.startswith("segments/") else f"`{path}`"
    ratio = statistics.median(own / other for own, other in zip(*found)) if len(found) == 2 else None
    yield [name, "flagctl", *figures(found[0]), "–" if ratio is None else compared(ratio)]
    if ratio is not None:
        yield [name, SERVER.replace("@", " "), *figures(found[1]), ""]


def rows(flagctl, flags=10_000, rounds=ROUNDS):
    """Yields the cells of the table."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary).resolve() / "flags"
        script("generate.py", folder, flags)
        own = Client([flagctl, "lsp"], folder, {})
        own.ask("initialize", {"processId": None, "rootUri": folder.as_uri(), "capabilities": {}})
        own.notify("initialized", {})
        try:
            if not shutil.which("npm"):
                for path in TYPED:
                    yield from cells(path, measured([own], folder, path, rounds))
                return
            server = [installed("editor", [SERVER], with_npm) / "node_modules/.bin/yaml-language-server", "--stdio"]
            found = {}

            def type_all(editor):
                for path in TYPED:
                    found[path] = measured([own, editor.client], folder, path, rounds)

            session(flagctl, server, folder, type_all)
            for path in TYPED:
                yield from cells(path, found[path])
        finally:
            own.server.kill()
            own.server.wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("flagctl", type=pathlib.Path)
    parser.add_argument("--flags", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    for line in lines(HEADS, rows(given.flagctl.resolve(), given.flags, given.rounds)):
        print(line, flush=True)


if __name__ == "__main__":
    main()
