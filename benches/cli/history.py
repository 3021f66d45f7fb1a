#!/usr/bin/env python3
"""Writes a git history for a generated flag repository: history.py FOLDER [COMMITS].

FOLDER is the output of generate.py. The first commit adds all files, and each later commit changes the rollout of one
flag. The same arguments give the same commit ids. The script does not change the files in FOLDER.
"""

import pathlib
import random
import re
import subprocess
import sys

FIRST = 1_767_225_600  # 2026-01-01T00:00:00Z, the date of the first commit; the others follow at intervals of an hour


def data(text):
    return b"data %d\n%s\n" % (len(text), text)


def commit(index, message):
    date = f"Dana <dana@example.com> {FIRST + 3600 * index} +0000"
    return f"commit refs/heads/main\nauthor {date}\ncommitter {date}\n".encode() + data(message.encode())


def main():
    folder = pathlib.Path(sys.argv[1])
    commits = int(sys.argv[2]) if len(sys.argv) > 2 else 5_000
    rng = random.Random(20261122)
    git = ["git", "-C", str(folder)]
    subprocess.run([*git, "init", "--quiet", "--initial-branch=main"], check=True)
    importer = subprocess.Popen([*git, "fast-import", "--quiet"], stdin=subprocess.PIPE)
    out = importer.stdin
    files = sorted(path for path in folder.rglob("*.yaml"))
    flags = [path for path in files if path.parts[len(folder.parts)] == "flags"]
    texts = {path: path.read_bytes() for path in files}

    def write(path):
        out.write(f"M 100644 inline {path.relative_to(folder)}\n".encode() + data(texts[path]))

    out.write(commit(0, "all flags"))
    for path in files:
        write(path)
    for index in range(1, commits):
        path = rng.choice(flags)
        rollout = f"    rollout: {rng.randint(1, 99)}%\n".encode()
        texts[path] = re.sub(rb"    rollout: .*\n", rollout, texts[path], count=1)
        out.write(commit(index, f"rollout {index}"))
        write(path)
    out.close()
    sys.exit(importer.wait())


main()
