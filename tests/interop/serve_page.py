#!/usr/bin/env python3
"""Opens the page of `flagctl serve` in Chromium and checks what people get.

    serve_page.py PATH-OF-FLAGCTL [FOLDER-FOR-SCREENSHOTS]

Every page must load without a message in the console, such as a violation of its own security policy, load nothing, use
its styles, and fit widths from 320 to 1,600 pixels. axe-core must find no violation of WCAG 2.2 AA in the light and in
the dark scheme. The forms must work without JavaScript, and every link and field must show that it has the focus. The
script installs Playwright and axe-core, and Chromium with `apt-get` if it is not installed.
"""

import json
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from html_plan import PLAYWRIGHT, chromium, git, write
from packages import ROOT, installed, with_npm, with_pip

AXE = "axe-core@4.14.1"
WIDTHS = [320, 768, 1280, 1600]

LONG = "x" * 200
FLAG = "description: A test's.\nowner: team-tests\nexpires: 2027-01-01\nvariants: {on: true, off: false}\noff: off\n"
FILES = {
    "flagctl.yaml": "version: 1\nenvironments: [dev, staging, production]\nattributes:\n  country: string\n"
    "  plan: {type: string, enum: [free, pro, enterprise]}\n  app.version: semver\n  email: string\n",
    "segments/staff.yaml": "if: {email: {ends_with: '@example.com'}}\n",
    "flags/new-checkout.yaml": FLAG
    + "tags: [checkout]\nlinks: [{title: Design, url: https://example.com/design}]\nrequires: {new-cart: on}\ndefault: off\n"
    "rules:\n- {name: staff, if: {segment: staff}, serve: on}\n"
    "- name: north-america\n  if: {country: [US, CA], app.version: {gte: 2.4.0}}\n  rollout: 25%\n  serve: on\n"
    "- name: pro\n  if: {any: [{plan: pro}, {not: {country: DE}}]}\n  serve: {on: 50%, off: 50%}\n- {rollout: 10%, serve: on}\n",
    "flags/new-cart.yaml": FLAG + "default: on\n",
    "flags/colours.yaml": "description: A test of many variants.\nowner: tests\nvariants: {a: 1, b: 2, c: 3, d: 4, none: 0}\n"
    "off: none\ndefault: none\nrules: [{serve: {a: 40%, b: 30%, c: 20%, d: 9.999%, none: 0.001%}}]\n",
    "flags/killed.yaml": FLAG + "default: on\n",
    "flags/disabled.yaml": FLAG + "enabled: false\ndefault: on\n",
    "flags/serves-off.yaml": FLAG + "default: off\n",
    "flags/overridden.yaml": FLAG + "default: off\n",
    f"flags/{LONG[:100]}.yaml": FLAG.replace("A test's.", f"{LONG} <b>&amp;</b> " * 5).replace("team-tests", LONG[:128])
    + f"default: off\nrules: [{{name: {LONG[:100]}, if: {{country: [{LONG}, {'b' * 300}]}}, serve: on}}]\n"
    + "".join(f"# line {number} {LONG}\n" for number in range(50)),
    "kills/production/killed.yaml": f"reason: The provider answers with errors. {LONG}\nby: Dana <dana@example.com>\n"
    "at: 2026-11-01T00:00:00Z\nexpires: 2026-11-02T00:00:00Z\n",
    "kills/staging/killed.yaml": "reason: a test\n",
}
CHANGED = {
    "flags/new-checkout.yaml": FILES["flags/new-checkout.yaml"].replace("25%", "50%"),
    "flags/serves-off.yaml": FLAG + "default: on\n",
}
# The last text of a form is the one with every result of a step.
CONTEXT = "country%3DUS%0Aplan%3Dpro%0AtargetingKey%3Duser-8"
PAGES = [
    "/",
    "/?q=nothing&state=killed&environment=dev",
    "/environments/production",
    f"/flags/production/new-checkout?context={CONTEXT}",
    "/flags/production/new-checkout?context=contry%3DUS",
    "/flags/production/killed?context=",
    "/flags/dev/disabled",
    "/flags/dev/overridden?context=",
    "/flags/production/colours",
    f"/flags/production/{LONG[:100]}",
    "/flags/production/unknown",
]

CHECK = r"""
import json, sys
from playwright.sync_api import sync_playwright

chromium, axe, base, folder, widths, pages = sys.argv[1], open(sys.argv[2]).read(), *sys.argv[3:5], *map(json.loads, sys.argv[5:7])
FOCUS = '''() => {
  const focused = document.activeElement, style = getComputedStyle(focused);
  if (focused === document.body) return null;
  const box = focused.getBoundingClientRect();
  const visible = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 && box.width > 0 && box.left >= 0;
  return [visible, focused.outerHTML.slice(0, 120)];
}'''
checked = failed = 0

def check(name, errors):
    global checked, failed
    checked += 1
    failed += bool(errors)
    for error in errors:
        print(f"{name}: {error}", file=sys.stderr)

with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
    for number, path in enumerate(pages):
        for scheme in ["light", "dark"]:
            for width in widths:
                page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
                errors = []
                page.on("console", lambda message: "status of 404" in message.text or errors.append(f"console: {message.text}"))
                page.on("pageerror", lambda error: errors.append(f"error: {error}"))
                page.on("request", lambda request: request.url.split("#")[0] == base + path or errors.append(f"loads {request.url}"))
                page.goto(base + path)
                overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                if overflow > 0:
                    errors.append(f"the page is {overflow} pixels too wide")
                if page.evaluate("getComputedStyle(document.querySelector('h1')).fontSize") != "22px":
                    errors.append("the style is not in use")
                if folder:
                    page.screenshot(path=f"{folder}/{number}-{scheme}-{width}.png", full_page=True)
                page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
                page.evaluate(axe)
                found = page.evaluate('''axe.run({runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})''')
                for violation in found["violations"]:
                    nodes = "; ".join(node["html"][:160] + " " + node["failureSummary"] for node in violation["nodes"][:2])
                    errors.append(f"axe {violation['id']}: {violation['help']}: {nodes}")
                check(f"{path}, {scheme}, {width} pixels", errors)
                page.close()

    # Without JavaScript, forms and links work, and each stop of the Tab key is visible.
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(base + "/")
    page.fill("input[name=q]", "checkout")
    page.select_option("select[name=environment]", "production")
    page.click("button")
    rows = page.locator("tbody tr")
    check("the filter", [] if rows.count() == 1 and "environment=production" in page.url else [page.url, rows.count()])
    page.click("tbody th a")
    page.fill("textarea", "country=US\napp.version=2.5.0\ntargetingKey=user-1")
    page.click("button")
    answer = page.locator(".answer").inner_text()
    kept = page.input_value("textarea")
    expected = "rule north-america" in answer and "in bucket" in answer and kept.startswith("country=US\napp.version=2.5.0\n")
    check("the decision", [] if expected else [answer, kept])
    context.close()
    for path in [pages[0], pages[3]]:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(base + path)
        stops, errors = 0, []
        while True:
            page.keyboard.press("Tab")
            focus = page.evaluate(FOCUS)
            if focus is None or stops > 300:
                break
            stops += 1
            if not focus[0]:
                errors.append(f"no visible focus: {focus[1]}")
        if stops < 10:
            errors.append(f"only {stops} stops")
        check(f"{path}, focus", errors)
        page.close()
    browser.close()
print(f"{checked - failed} passed, {failed} failed")
sys.exit(1 if failed or not checked else 0)
"""


def start(flagctl, repository):
    """Starts a server."""
    options = ["--format", "json", "--listen", "127.0.0.1:0", "--management", "127.0.0.1:0", "--poll", "1"]
    command = [flagctl, "serve", "--follow", "main", "--override", "overridden=on", *options]
    return subprocess.Popen(command, cwd=repository, stderr=subprocess.PIPE, text=True)


def change(server, repository):
    """Changes the branch when the server serves it, waits until the server knows what changed, and returns the address of
    the page."""
    address, served, analysed = None, set(), set()
    for line in server.stderr:
        event = json.loads(line)
        environment = event.get("environment")
        if event["event"] == "listening" and event["purpose"] == "management":
            address = event["url"]
        elif event["event"] == "bundle-current" and environment not in served:
            served.add(environment)
            if len(served) == 3:
                write(repository, CHANGED)
                git(repository, "commit", "--quiet", "--all", "--message", "a change of <b>two</b> flags")
        elif event["event"] == "bundle-changes":
            analysed.add(environment)
            if len(analysed) == 3:
                break
    # The log must not fill its pipe.
    threading.Thread(target=server.stderr.read, daemon=True).start()
    return address


def main():
    flagctl = Path(sys.argv[1]).resolve()
    screenshots = str(Path(sys.argv[2]).resolve()) if len(sys.argv) > 2 else ""
    python = installed("playwright", [PLAYWRIGHT], with_pip) / "bin" / "python"
    axe = installed("axe", [AXE], with_npm) / "node_modules" / "axe-core" / "axe.min.js"
    with tempfile.TemporaryDirectory() as folder:
        repository = Path(folder) / "repository"
        write(repository, FILES)
        git(repository, "init", "--quiet", "--initial-branch", "main")
        git(repository, "add", "--all")
        git(repository, "commit", "--quiet", "--message", "flags")
        server = start(flagctl, repository)
        try:
            address = change(server, repository)
            arguments = [chromium(), axe, address, screenshots, json.dumps(WIDTHS), json.dumps(PAGES)]
            return subprocess.run([python, "-c", CHECK, *arguments], cwd=ROOT).returncode
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    if len(sys.argv) not in [2, 3]:
        sys.exit(__doc__)
    sys.exit(main())
