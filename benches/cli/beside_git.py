#!/usr/bin/env python3
"""Times flagctl's reading and writing of git beside git itself: beside_git.py FLAGCTL [FLAGS [COMMITS]].

Generates a repository (10,000 flags and 5,000 commits unless told otherwise), runs each pair of commands in turn, and
prints a table of medians of whole processes' wall time and of the ratios pair by pair. What is written is written to
the generated repository alone.
"""

import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
RUNS = 11
ENVIRONMENT = {
    **os.environ,
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "Dana",
    "GIT_AUTHOR_EMAIL": "dana@example.com",
    "GIT_COMMITTER_NAME": "Dana",
    "GIT_COMMITTER_EMAIL": "dana@example.com",
}


def timed(command, folder):
    begin = time.perf_counter()
    subprocess.run(command, cwd=folder, env=ENVIRONMENT, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def main():
    flagctl = pathlib.Path(sys.argv[1]).resolve()
    flags, commits = (sys.argv[2:] + ["10000", "5000"][len(sys.argv) - 2 :])[:2]
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place) / "flags"
        for script, arguments in [("generate.py", [folder, flags]), ("history.py", [folder, commits])]:
            subprocess.run([sys.executable, HERE / script, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)
        git = ["git", "-C", str(folder)]
        subprocess.run([*git, "gc", "--quiet"], env=ENVIRONMENT, check=True)
        subprocess.run([*git, "reset", "--quiet", "--hard"], env=ENVIRONMENT, check=True)
        paths = sorted(path for path in folder.glob("flags/**/*.yaml"))
        paths = [paths[at * len(paths) // (2 * RUNS)] for at in range(2 * RUNS)]
        shown = paths[0].relative_to(folder).as_posix()
        key = paths[0].stem
        back = f"HEAD~{min(1000, int(commits) // 2)}"
        edited = paths[1]
        edited.write_text(re.sub(r"rollout: \d+%", "rollout: 37%", edited.read_text(), count=1))
        context = ["-e", "production", "-c", "targetingKey=user-1"]
        kills = iter(paths[2:])
        rows = [
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
        print("| | flagctl, ms | git, ms | ratio | git's command |\n|---|---|---|---|---|")
        for name, ours, theirs in rows:
            pairs = [(timed(ours(), folder), timed(theirs(), folder)) for _ in range(RUNS)]
            mine, others = (statistics.median(times) * 1000 for times in zip(*pairs))
            ratio = statistics.median(one / other for one, other in pairs)
            words = " ".join(str(part) for part in theirs()).replace(shown, "PATH").replace(key, "KEY")
            print(f"| {name} | {mine:.0f} | {others:.0f} | {ratio:.1f} | `{words}` |", flush=True)


if __name__ == "__main__":
    main()
