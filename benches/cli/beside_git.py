#!/usr/bin/env python3
"""Compares the time that flagctl and git need to read and write a repository: beside_git.py FLAGCTL [FLAGS [COMMITS]].

The script generates a repository (by default with 10,000 flags and 5,000 commits) and runs the two commands of each pair
alternately. It prints a table with the median wall time of the processes and the median of the ratios of the pairs. It
writes only to the generated repository.
"""

import pathlib
import re
import subprocess
import sys
import tempfile
import time

from processes import ENVIRONMENT, Row, beside, git_version, printable, script, timed

RUNS = 11


def rows(flagctl, flags=10_000, commits=5_000):
    git = git_version()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary) / "flags"
        script("generate.py", folder, flags)
        script("history.py", folder, commits)
        run = lambda *command: subprocess.run(["git", "-C", folder, *command], env=ENVIRONMENT, check=True)
        run("gc", "--quiet")
        run("reset", "--quiet", "--hard")
        # The index is written later than the files, because git reads every file again that is as new as the index.
        run("read-tree", "HEAD")
        time.sleep(1.1)
        run("update-index", "-q", "--refresh")
        paths = sorted(path for path in folder.glob("flags/**/*.yaml"))
        paths = [paths[index * len(paths) // (2 * RUNS)] for index in range(2 * RUNS)]
        shown = paths[0].relative_to(folder).as_posix()
        key = paths[0].stem
        back = f"HEAD~{min(1000, commits // 2)}"
        # The edited flag must have a rollout, because the edit changes the rollout.
        edited, text = next((path, path.read_text()) for path in paths[1:] if "rollout: " in path.read_text())
        edited.write_text(re.sub(r"rollout: [\d.]+%", "rollout: 37%", text, count=1))
        context = ["-e", "production", "-c", "targetingKey=user-1"]
        kills = (path for path in paths[1:] if path != edited)
        pairs = [
            ("the program's start", lambda: [flagctl, "--version"], lambda: ["git", "--version"]),
            (f"`eval` of one flag at {back}", lambda: [flagctl, "eval", key, *context, "--at", back], lambda: ["git", "show", f"{back}:{shown}"]),
            ("`log` of one flag", lambda: [flagctl, "log", key], lambda: ["git", "log", "--first-parent", "--format=%H", "--", shown]),
            ("`diff` of one changed flag", lambda: [flagctl, "diff", "HEAD"], lambda: ["git", "diff", "--stat", "HEAD"]),
            ("`kill --dry-run`", lambda: [flagctl, "kill", key, "-e", "production", "--dry-run"], lambda: ["git", "grep", "-c", "default", "HEAD"]),
            (
                "`kill`",
                lambda: [flagctl, "kill", next(kills).stem, "-e", "production", "--reason", "a bench", "--yes"],
                lambda: ["git", "commit", "--quiet", "--allow-empty", "--message", "a bench"],
            ),
        ]
        for name, ours, theirs in pairs:
            figures = beside(RUNS, lambda: timed(ours(), folder), lambda: timed(theirs(), folder))
            command = " ".join(theirs()).replace(shown, "PATH").replace(key, "KEY")
            yield Row(name, git, f"`{command}`", *figures)


def main():
    flagctl = pathlib.Path(sys.argv[1]).resolve()
    for line in printable(rows(flagctl, *map(int, sys.argv[2:]))):
        print(line, flush=True)


if __name__ == "__main__":
    main()
