#!/usr/bin/env python3
"""Presses Tab in bash, zsh, fish and Elvish, in the example shop and in a repository whose names are shell code.

    shells.py PATH-OF-FLAGCTL

`flagctl completions --install` writes the scripts into a new home folder, and the lines that it prints are written into the
files of the shells as a user would write them. Each shell then runs in a pseudo-terminal. A recorder in the place of `flagctl`
notes the words that a completed command line gives to it. No key may execute a name of the repository, and the terminal may
not receive a control sequence from it. The script needs bash, and installs zsh, fish and Elvish with `apt-get` if they are
missing.
"""

import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

from packages import ROOT
from repositories import write

SHELLS = ["bash", "zsh", "fish", "elvish"]
TIMEOUT = 6
READY = "ready-for-keys"
# What is typed, with a Tab for each `>`, and the words that `flagctl` gets.
LINES = [
    ("show new-ch>", ["show", "new-checkout"]),
    ("eval new-ch> -e prod> -c plan=fr> -c targetingKey=u1", "eval new-checkout -e production -c plan=free -c targetingKey=u1".split()),
    ("list --tag loy> --environment=prod>", ["list", "--tag", "loyalty", "--environment=production"]),
    ("roll> new-checkout --rule north> --to 50%", ["rollout", "new-checkout", "--rule", "north-america", "--to", "50%"]),
    ("diff main..mai>", ["diff", "main..main"]),
    ("explain unknown-vari>", ["explain", "unknown-variant"]),
    ("help exit>", ["help", "exit-codes"]),
    ("show segment eu-> --format=js>", ["show", "segment", "eu-customers", "--format=json"]),
]
CODE = ["$(touch PWNED)", "`touch PWNED`", ";touch PWNED;", "|touch${IFS}PWNED", "a'$(touch PWNED)'", "x&&touch PWNED"]
TITLE = "\\e]0;PWNED\\a\\e[31m"


class Terminal:
    """A shell in a pseudo-terminal."""

    def __init__(self, command, folder, environment):
        self.process, self.screen = pty.fork()
        if self.process == 0:
            os.chdir(folder)
            os.execvpe(command[0], command, environment)
        fcntl.ioctl(self.screen, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))
        self.output = b""

    def send(self, keys):
        os.write(self.screen, keys.encode())

    def wait(self, holds, seconds=TIMEOUT):
        """Reads until a condition holds. Returns whether it does."""
        end = time.monotonic() + seconds
        while not (done := holds()) and time.monotonic() < end:
            if select.select([self.screen], [], [], 0.05)[0]:
                try:
                    self.output += os.read(self.screen, 65536)
                except OSError:
                    break
        return done or holds()

    def text(self):
        """Returns what was written, without control sequences."""
        return re.sub(r"\x1b(\[[0-9;?]*[a-zA-Z]|\(B)", "", self.output.decode(errors="replace"))

    def settle(self):
        """Reads until nothing more is written for a while."""
        size = -1
        while size != len(self.output):
            size = len(self.output)
            self.wait(lambda: False, 0.3)

    def close(self):
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        os.close(self.screen)


class Scene:
    """A home folder with the scripts, and a recorder in the place of `flagctl`."""

    def __init__(self, folder, flagctl):
        self.home, self.record = folder / "home", folder / "record"
        bin = folder / "bin"
        bin.mkdir(parents=True)
        self.home.mkdir()
        recorder = f"#!/bin/sh\nif [ -n \"$COMPLETE\" ]; then exec '{flagctl}' \"$@\"; fi\nprintf '%s\\n' \"$@\" end >'{self.record}'\n"
        (bin / "flagctl").write_text(recorder)
        (bin / "flagctl").chmod(0o755)
        self.environment = {"HOME": str(self.home), "PATH": f"{bin}:{os.environ['PATH']}", "TERM": "xterm", "LC_ALL": "C.UTF-8"}
        run = lambda *arguments: subprocess.run([flagctl, "completions", *arguments], env=self.environment, capture_output=True, text=True)
        installed = {shell: run("--install", shell) for shell in SHELLS}
        for shell in ["bash", "zsh", "fish"]:
            assert installed[shell].returncode == 0, installed[shell]
        rc = {"bash": ".bashrc", "zsh": ".zshrc", "elvish": ".config/elvish/rc.elv"}
        lines = {
            "bash": installed["bash"].stdout.partition("add this line to `~/.bashrc`: ")[2],
            "zsh": "\n".join(line for line in installed["zsh"].stdout.splitlines() if line.startswith("  ")) + "\n",
            # Elvish has no folder for scripts, so the error says what to write.
            "elvish": installed["elvish"].stderr.partition("add the line `")[2].partition("`")[0].replace("flagctl", f"'{flagctl}'", 1) + "\n",
        }
        prompt = {"bash": f"PS1='{READY}> '\n", "zsh": f"PS1='{READY}> '\n", "elvish": f"set edit:prompt = {{ print '{READY}> ' }}\n"}
        write(self.home, {rc[shell]: lines[shell] + prompt[shell] for shell in rc})
        write(self.home, {".config/fish/config.fish": f"function fish_prompt; echo -n '{READY}> '; end\nset -g fish_greeting\n"})

    def start(self, shell, folder):
        command = [shell, "-i"] if shell != "elvish" else ["elvish"]
        terminal = Terminal(command, folder, self.environment)
        assert terminal.wait(lambda: READY.encode() in terminal.output), f"{shell} did not start: {terminal.output!r}"
        terminal.settle()
        return terminal

    def typed(self, terminal, line):
        """Types a command line with a Tab for each `>`, and returns the words that the recorder gets."""
        self.record.unlink(missing_ok=True)
        for index, part in enumerate(("flagctl " + line).split(">")):
            if index:
                terminal.send("\t")
                terminal.settle()
            # The shells add a space after a complete word.
            terminal.send(part[1:] if index and part.startswith(" ") else part)
            terminal.settle()
        terminal.send("\r")
        terminal.wait(lambda: self.record.exists() and self.record.read_text().endswith("end\n"))
        return self.record.read_text().splitlines()[:-1] if self.record.exists() else None


def hostile(folder):
    """Makes a repository with names and descriptions that are shell code or control sequences."""
    flag = f'description: "Sells{TITLE}."\nvariants: {{on: true, off: false}}\noff: off\ndefault: off\nowner: "o{TITLE}"\n'
    values = ", ".join('"' + code.replace("\\", "\\\\").replace('"', '\\"') + '"' for code in CODE)
    files = {
        "flagctl.yaml": f"version: 1\nenvironments: [production]\nattributes:\n  plan: {{type: string, enum: [{values}, 'free', \"x{TITLE}\"]}}\n",
        "flags/sale.yaml": flag,
        "flags/sale-two.yaml": flag + f"tags: [{values}]\n",
        "flags/broken.yaml": "{ [",
    }
    write(folder, files | {f"flags/{code}.yaml": flag for code in CODE} | {"flags/x\x1b]0;PWNED\x07.yaml": flag})
    write(folder, {f"--exec={code}": "" for code in CODE} | {f"path{code}": "" for code in CODE})
    git = lambda *arguments: subprocess.run(["git", "-C", folder, "-c", "user.name=a", "-c", "user.email=a@b", *arguments], check=True, capture_output=True)
    git("init", "-q", "-b", "main")
    git("commit", "-q", "--allow-empty", "-m", "x")
    for name in ["x$(touch${IFS}PWNED)", "x`id>PWNED`", "x;id>PWNED", "x'id'"]:
        git("branch", name)


def shop(folder):
    """Copies the example shop into a git repository."""
    shutil.copytree(ROOT / "examples", folder)
    for arguments in [["init", "-q", "-b", "main"], ["add", "-A"], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "x"]]:
        subprocess.run(["git", "-C", folder, *arguments], check=True, capture_output=True)


def programs():
    missing = [name for name in SHELLS if shutil.which(name) is None]
    if missing:
        subprocess.run(["apt-get", "update"], check=True, stdout=subprocess.DEVNULL)
        command = ["apt-get", "install", "--yes", "--no-install-recommends", *missing]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"})


def main():
    flagctl = Path(sys.argv[1]).resolve()
    shells = sys.argv[2:] or SHELLS
    programs()
    failures, checks = [], 0

    def expect(holds, text):
        nonlocal checks
        checks += 1
        if not holds:
            failures.append(text)

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        scene = Scene(folder, flagctl)
        shop(folder / "shop")
        hostile(folder / "hostile")
        for shell in shells:
            terminal = scene.start(shell, folder / "shop")
            # Elvish quotes words with `=`, and asks before it does.
            for line, wanted in [line for line in LINES if shell != "elvish" or "=" not in line[0]]:
                found = scene.typed(terminal, line)
                expect(found == wanted, f"{shell}: `{line}` became {found}")
            terminal.output = b""
            terminal.send("flagctl list --owner team-\t\t")
            found = terminal.wait(lambda: "team-mobile" in terminal.text() and "team-storefront" in terminal.text())
            expect(found, f"{shell}: the owners are not listed: {terminal.text()!r}")
            terminal.send("\x03")
            terminal.settle()
            terminal.output = b""
            terminal.send("flagctl eval \t\t")
            expect(terminal.wait(lambda: "One-page checkout" in terminal.text()), f"{shell}: no descriptions: {terminal.text()!r}")
            terminal.close()
            terminal = scene.start(shell, folder / "hostile")
            terminal.output = b""
            for line in ["eval ", "eval -c plan=", "list --tag ", "list --owner ", "diff ", "diff x", "validate ", "validate -", "validate path"]:
                terminal.send("flagctl " + line)
                terminal.settle()
                terminal.send("\t\t")
                terminal.settle()
                terminal.send("\r")
                terminal.settle()
                terminal.send("\x03")
                terminal.settle()
            expect("sale-two" in terminal.text(), f"{shell}: the flags of the hostile repository are not offered: {terminal.text()!r}")
            expect(b"\x1b]0;PWNED" not in terminal.output, f"{shell}: a control sequence reached the terminal")
            made = [str(path) for path in folder.rglob("PWNED")]
            expect(not made, f"{shell}: a name was executed: {made}")
            terminal.close()
    for failure in failures:
        print(failure)
    print(f"{len(shells)} shells, {checks} checks, {len(failures)} failures")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
