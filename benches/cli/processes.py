"""Measures the time of processes and formats the results as tables, for the other scripts in this folder."""

import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys
import time
import typing

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
HEADS = ["", "other tool", "flagctl", "other tool's result", "flagctl is", "command of the other tool"]
ENVIRONMENT = {
    **os.environ,
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "Dana",
    "GIT_AUTHOR_EMAIL": "dana@example.com",
    "GIT_COMMITTER_NAME": "Dana",
    "GIT_COMMITTER_EMAIL": "dana@example.com",
}


class Row(typing.NamedTuple):
    """A row of a comparison: the median times in seconds and the median of the ratios of the pairs.

    `theirs` and `ratio` are None if the other tool is not installed.
    """

    name: str
    peer: str
    command: str
    ours: float
    theirs: typing.Optional[float]
    ratio: typing.Optional[float]
    # The number of items that one run processes. If it is not 0, the row shows items per second instead of times.
    amount: int = 0

    def figures(self):
        """Returns the cells for flagctl, for the other tool, and for the ratio."""
        shown = lambda seconds: "–" if seconds is None else rate(self.amount / seconds) if self.amount else duration(seconds)
        return [shown(self.ours), shown(self.theirs), "–" if self.ratio is None else compared(self.ratio)]


def digits(number):
    """Formats a number with three significant digits, or with all digits before the decimal point."""
    return f"{number:,.{max(0, 3 - len(str(int(number))))}f}"


def duration(seconds):
    return f"{digits(seconds)} s" if seconds >= 1 else f"{digits(seconds * 1000)} ms"


def rate(each_second):
    return f"{round(each_second, -3):,.0f}/s"


def compared(ratio):
    """Describes flagctl's time divided by the time of the other tool."""
    return f"{digits(ratio)}× as slow" if ratio > 1 else f"{digits(1 / ratio)}× as fast"


def timed(command, folder, **environment):
    """Runs a command and returns its wall time in seconds."""
    begin = time.perf_counter()
    subprocess.run(
        command, cwd=folder, env={**ENVIRONMENT, **environment}, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - begin


def beside(runs, ours, theirs):
    """Runs both functions alternately and returns the figures of a row.

    Each function returns a time in seconds. `theirs` may be None.
    """
    pairs = [(ours(), theirs and theirs()) for _ in range(runs)]
    mine = statistics.median(own for own, _ in pairs)
    if not theirs:
        return mine, None, None
    return mine, statistics.median(other for _, other in pairs), statistics.median(own / other for own, other in pairs)


def script(name, *arguments):
    """Runs another script of this folder, which writes a repository."""
    subprocess.run([sys.executable, HERE / name, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def printed(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def git_version():
    return printed("git", "--version").replace("git version ", "git ")


def crate_version(name):
    """Returns the version of a crate that `benches/peers` is pinned to."""
    return re.search(rf'^{name} = "=(.*)"', (ROOT / "benches/peers/Cargo.toml").read_text(), re.MULTILINE)[1]


def machine():
    try:
        names = re.search(r"^model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        names = None
    processor = names[1] if names else platform.processor() or platform.machine()
    cores = os.cpu_count()
    return f"{processor}, {cores} core{'s' if cores != 1 else ''}, {platform.system()} {platform.machine()}"


def lines(heads, rows):
    """Yields the lines of a Markdown table. Each line is available as soon as its row is."""
    yield f"| {' | '.join(heads)} |".replace("|  |", "| |")
    yield "|" + "---|" * len(heads)
    for cells in rows:
        yield f"| {' | '.join(cells)} |"


def printable(rows):
    """Yields the lines of a table of rows."""
    return lines(HEADS, ([row.name, row.peer, *row.figures(), row.command] for row in rows))
