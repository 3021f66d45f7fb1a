#!/usr/bin/env python3
"""Opens pages of `flagctl diff --format html` in Chromium and checks what people get.

    html_plan.py PATH-OF-FLAGCTL

A page must load without a message in the console, such as a violation of its own security policy, use its style, and
fit widths from 360 to 1,600 pixels. In the light and in the dark scheme, every text must have the contrast of WCAG 2.1
AA with what is behind it. The script installs Playwright, and Chromium with `apt-get` if it is not installed.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from packages import ROOT, installed, with_pip

PLAYWRIGHT = "playwright==1.65.2"
WIDTHS = [360, 700, 701, 1280, 1600]

# Changes of all colours, long words, a file that moves and a file of many lines.
FLAG = "description: A test's.\nowner: tests\nexpires: 2027-01-01\nvariants: {on: true, off: false}\noff: off\n"
SPLIT = (
    "description: A test's.\nowner: tests\nexpires: 2027-01-01\nvariants: {a: 1, b: 2, c: 3, d: 4, none: 0}\noff: none\n"
    "default: none\nrules: [{serve: {a: 40%%, b: 30%%, c: 20%%, d: %s, none: %s}}]\n"
)
LONG = "x" * 200
BEFORE = {
    "flagctl.yaml": "version: 1\nenvironments: [dev, production]\nattributes:\n  country: string\n",
    "flags/grows.yaml": FLAG + "default: off\nrules:\n  - if: {country: [DE, AT]}\n    rollout: 10%\n    serve: on\n",
    "flags/shrinks.yaml": FLAG + "default: on\n",
    "flags/goes.yaml": FLAG + "default: on\n",
    "flags/split.yaml": SPLIT % ("9.999%", "0.001%"),
    "flags/hashed.yaml": FLAG + "salt: one\ndefault: off\nrules: [{rollout: 50%, serve: on}]\n",
    "flags/owned.yaml": FLAG + "default: off\n",
    "flags/wrong.yaml": FLAG + "default: off\n",
    "flags/long.yaml": FLAG + "default: off\n",
}
AFTER = {
    "flags/grows.yaml": BEFORE["flags/grows.yaml"].replace("10%", "25%").replace("DE,", f"DE, {LONG},"),
    "flags/shrinks.yaml": FLAG + "default: off\n",
    "flags/goes.yaml": None,
    "flags/new.yaml": FLAG + "links: [{title: Design, url: https://example.com/%s}]\ndefault: on\n" % LONG,
    "flags/split.yaml": SPLIT % ("5%", "5%"),
    "flags/hashed.yaml": FLAG + "salt: two\ndefault: off\nrules: [{rollout: 50%, serve: on}]\n",
    "flags/owned.yaml": FLAG.replace("tests", "others") + "default: off\n",
    "flags/wrong.yaml": FLAG + "default: missing\n",
    "flags/long.yaml": FLAG + "default: on\n" + "# a comment\n" * 600,
}

CHECK = r"""
import sys
from playwright.sync_api import sync_playwright

CONTRAST = '''() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const parse = colour => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([red, green, blue]) => [red, green, blue]
    .map(part => part / 255).map(part => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const behind = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return parse("white");
  };
  document.querySelectorAll("details").forEach(details => details.open = true);
  const found = new Set(); let texts = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || element.closest("svg") || !element.getClientRects().length) continue;
    texts += 1;
    const [one, other] = [parse(getComputedStyle(element).color), behind(element)].map(light);
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (contrast < 4.5) found.add(`contrast ${contrast.toFixed(2)} of <${element.localName} class="${element.className}">`);
  }
  if (texts < 20) found.add(`only ${texts} texts are visible`);
  return [...found];
}'''

chromium, widths, pages = sys.argv[1], [int(width) for width in sys.argv[2].split(",")], sys.argv[3:]
checked = failed = 0
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
    for path in pages:
        for scheme in ["light", "dark"]:
            for width in widths:
                page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
                errors = []
                page.on("console", lambda message: errors.append(f"console: {message.text}"))
                page.on("pageerror", lambda error: errors.append(f"error: {error}"))
                page.on("request", lambda request: request.url.startswith("file:") or errors.append(f"loads {request.url}"))
                page.goto(f"file://{path}")
                errors += page.evaluate(CONTRAST)
                overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                if overflow > 0:
                    errors.append(f"the page is {overflow} pixels too wide")
                if page.evaluate("getComputedStyle(document.querySelector('.lead')).marginTop") != "4px":
                    errors.append("the style is not in use")
                if page.locator("article.change h3").count() < 1 or page.locator("section.file").count() < 1:
                    errors.append("changes or definitions are missing")
                checked += 1
                failed += bool(errors)
                for error in errors:
                    print(f"{path}, {scheme}, {width} pixels: {error}", file=sys.stderr)
                page.close()
    browser.close()
print(f"{checked - failed} passed, {failed} failed")
sys.exit(1 if failed or not checked else 0)
"""


def chromium():
    """Returns the path of Chromium, and installs it if it is missing."""
    if shutil.which("chromium") is None:
        subprocess.run(["apt-get", "update"], check=True, stdout=subprocess.DEVNULL)
        command = ["apt-get", "install", "--yes", "--no-install-recommends", "chromium", "fonts-dejavu-core"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return shutil.which("chromium")


def git(folder, *arguments):
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, stdout=subprocess.DEVNULL)


def write(folder, files):
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True) if text is None else file.write_text(text, encoding="utf-8")


def write_pages(flagctl, folder):
    """Writes pages of a plan and of a merge, and returns their paths."""
    repository = folder / "repository"
    write(repository, BEFORE)
    git(repository, "init", "--quiet", "--initial-branch", "main")
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "before")
    git(repository, "checkout", "--quiet", "-b", "work")
    write(repository, AFTER)
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "after")
    (folder / "people.jsonl").write_text('{"targetingKey": "u1", "country": 7}\n')
    pages = []
    runs = {
        "plan": ["--max-share", "5%", "--population", folder / "people.jsonl", "main..work"],
        "worktree": ["main", "-e", "production"],
    }
    for name, arguments in runs.items():
        run = subprocess.run([flagctl, "diff", "--format", "html", *arguments], cwd=repository, capture_output=True)
        if run.returncode not in [0, 1, 3] or not run.stdout:
            sys.exit(f"flagctl exits with {run.returncode}: {run.stderr.decode()}")
        pages.append(folder / f"{name}.html")
        pages[-1].write_bytes(run.stdout)
    return pages


def main():
    flagctl = Path(sys.argv[1]).resolve()
    python = installed("playwright", [PLAYWRIGHT], with_pip) / "bin" / "python"
    with tempfile.TemporaryDirectory() as folder:
        pages = write_pages(flagctl, Path(folder))
        arguments = [chromium(), ",".join(map(str, WIDTHS)), *pages]
        return subprocess.run([python, "-c", CHECK, *arguments], cwd=ROOT).returncode


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main())
