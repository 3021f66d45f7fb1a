#!/usr/bin/env python3
"""Makes the exposures of `examples/experiment` with OpenFeature's SDKs, or checks that the SDKs still write the same.

    experiment_example.py PATH-OF-FLAGCTL [--write]

A server has the commit with which the experiment of the example begins. Two applications, one in Python and one in Node, ask it
for the decisions of generated users, and the hooks of `docs/experiments.md` write the exposures. The users with the numbers 0
to 3 come to the application in Python, 4 to 7 to that in Node, and so on. The applications set the clock of the hook, because
a user comes every 97.2 seconds for nine days. Everything else in an exposure is what the SDK and the hook write.

`--write` keeps the exposures in `examples/experiment/exposures`, from which a test of the project replays the experiment.
Without it, each file must have the same bytes as the new one after decompression. `flagctl exposures check` must
find no problem in them. The script needs Python and npm, and keeps the packages in `target/interop`.
"""

import argparse
import gzip
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from exposure_hooks import Application
from ofrep_clients.server import ENVIRONMENT, Server
from packages import ROOT

EXAMPLE = ROOT / "examples" / "experiment"
USERS = 8_000
# With this author and date, the commits have the same ids as in the test that replays the experiment.
COMMITS = ENVIRONMENT | {"GIT_AUTHOR_DATE": "1793491200 +0000", "GIT_COMMITTER_DATE": "1793491200 +0000"}
# The first user comes at 2026-11-02T06:00:00Z, and the last one almost nine days later.
BODIES = {
    "python": """
from datetime import timedelta

class Clock(datetime):
    @classmethod
    def now(cls, tz=None):
        return present

datetime = Clock
for user in range(int(more[0])):
    if user // 4 % 2 == 0:
        present = Clock(2026, 11, 2, 6, tzinfo=timezone.utc) + timedelta(seconds=user * 777_600 // int(more[0]))
        context = EvaluationContext(f"user-{user}", {"country": ["AT", "CH", "DE", "FR"][user % 4]})
        client.get_integer_value("checkout", 3, context)
""",
    "node": """
let present;
class Date extends globalThis.Date {
  constructor() {
    super(present);
  }
}
for (let user = 0; user < Number(more[0]); user++) {
  if (Math.floor(user / 4) % 2 === 1) {
    present = globalThis.Date.UTC(2026, 10, 2, 6) + 1000 * Math.floor((user * 777_600) / Number(more[0]));
    await client.getNumberValue("checkout", 3, { targetingKey: `user-${user}`, country: ["AT", "CH", "DE", "FR"][user % 4] });
  }
}
""",
}


class Repository:
    """A git repository with the commits of the example up to the beginning of the experiment."""

    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        shutil.copy(EXAMPLE / "flagctl.yaml", folder)
        self.commit("the project")
        for name in ("flags", "tests"):
            shutil.copytree(EXAMPLE / name, folder / name)
        self.commit("checkout: a test of one page")

    def git(self, *arguments):
        subprocess.run(["git", *arguments], cwd=self.folder, env=COMMITS, check=True)

    def commit(self, message):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def check(self, *files):
        """Returns what `flagctl exposures check` says of files, or an empty text if it finds no problem."""
        command = [self.binary, "exposures", "check", *files, "--now", "2026-11-12T12:00:00Z"]
        done = subprocess.run(command, cwd=self.folder, env=ENVIRONMENT, capture_output=True, text=True)
        return "" if done.returncode == 0 else done.stdout + done.stderr


def difference(kept, found):
    """Returns where exposures differ from those of a file, or an empty text."""
    expected = gzip.decompress(kept.read_bytes()).decode("utf-8")
    if expected == found:
        return ""
    lines = enumerate(zip(expected.splitlines(True) + [""], found.splitlines(True) + [""]), 1)
    number, (before, after) = next((number, pair) for number, pair in lines if pair[0] != pair[1])
    return f"{kept}:{number}: kept {before!r}, the SDK now writes {after!r}; `--write` keeps the new exposures"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", metavar="PATH-OF-FLAGCTL", type=Path)
    parser.add_argument("--write", action="store_true", help="keep the exposures in the example")
    arguments = parser.parse_args()
    wrong, files, rows = [], [], 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        repository = Repository(arguments.binary.resolve(), folder / "shop")
        for language, body in BODIES.items():
            written = folder / f"{language}.ndjson"
            with Server(repository, "--follow", "main") as server:
                Application(language, body, folder).run(server.origin, written, USERS)
            text = written.read_text(encoding="utf-8")
            kept = EXAMPLE / "exposures" / f"{language}.ndjson.gz"
            if arguments.write:
                kept.parent.mkdir(exist_ok=True)
                kept.write_bytes(gzip.compress(text.encode("utf-8"), mtime=0))
            wrong += filter(None, [difference(kept, text)])
            files.append(kept)
            rows += text.count("\n")
        wrong += filter(None, [repository.check(*files)])
    print(f"experiment example: {rows} exposures of {len(files)} SDKs, {len(wrong)} differences")
    for problem in wrong:
        print(f"  {problem}")
    return not wrong


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
