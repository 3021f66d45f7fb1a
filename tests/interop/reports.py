#!/usr/bin/env python3
"""Validates the machine-readable reports of flagctl with the published schemas of their formats.

    reports.py PATH-OF-FLAGCTL

The SARIF 2.1.0 report is validated with the JSON Schema in the npm package `@microsoft/jest-sarif`, the JUnit
report with the XSD of Jenkins in the source package of `pytest`, and the GitLab code quality report with the
fields that the GitLab documentation requires. Each report is made for a broken repository and for every
repository in `examples/`. The script needs Python and npm, and installs its packages in a temporary folder.
"""

import json
import subprocess
import sys
import tarfile
import tempfile
import venv
from pathlib import Path

SARIF = "@microsoft/jest-sarif@1.0.0-beta.0"
PYTEST = "pytest==8.3.4"
VALIDATORS = ["jsonschema==4.23.0", "xmlschema==3.4.3"]
ROOT = Path(__file__).resolve().parent.parent.parent

# Findings of every severity, with locations in two files, without a location, and with characters that each
# format must escape.
BROKEN = {
    "flagctl.yaml": "version: 1\nenvironments: [dev]\nattributes:\n  plan: {type: string, enum: [free, pro]}\n",
    "flags/one.yaml": "variants: {on: true, off: \"<&>\\\"'\"}\noff: off\ndefault: missing\n",
    "flags/deep/one.yaml": "variants: {on: true, off: false}\noff: off\ndefault: on\nrequires: {two: on}\n",
    "flags/two.yaml": (
        "variants: {on: true, off: false}\noff: off\ndefault: on\nrequires: {one: on}\n"
        "rules:\n  - if: {plan: \"\\e[31m ü 日本 \\0 \\uFFFE %25\"}\n    serve: {on: 10%, off: 80%}\n"
    ),
    "flags/colour ü&<.yaml": "variants: {on: true}\n",
    "flags/three.yaml": "variants: {on: true, off: false}\noff: off\ndefault: on\nrules: [{serve: on}, {serve: [}]\n",
    "flags/empty.yaml": "",
    "flags/latin.yaml": b"description: gr\xfc\xdfe\n",
    "segments/none.yaml": "if: {}\n",
}

CHECK = """
import json, sys
kind, schema, report = sys.argv[1:]
if kind == "sarif":
    import jsonschema
    schema, report = (json.load(open(path, encoding="utf-8")) for path in (schema, report))
    validator = jsonschema.validators.validator_for(schema)(schema, format_checker=jsonschema.FormatChecker())
    errors = [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(report)]
else:
    import xmlschema
    errors = [f"{error.path}: {error.reason}" for error in xmlschema.XMLSchema(schema).iter_errors(report)]
print("\\n".join(errors))
sys.exit(1 if errors else 0)
"""


def unpack(archive, name, folder):
    """Extracts the file of an archive whose name ends with `name`."""
    with tarfile.open(archive) as opened:
        member = next(member for member in opened.getmembers() if member.name.endswith(name))
        target = folder / Path(name).name
        target.write_bytes(opened.extractfile(member).read())
        return target


def prepare(folder):
    """Returns the path of a Python with the validators, and the paths of the schemas."""
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    quiet = [python, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*quiet, "install", *VALIDATORS], check=True)
    subprocess.run([*quiet, "download", "--no-deps", "--no-binary", "pytest", "--dest", folder, PYTEST], check=True)
    subprocess.run(["npm", "pack", "--silent", SARIF], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    sarif = unpack(next(folder.glob("*.tgz")), "/sarif-2.1.0-rtm.5.json", folder)
    junit = unpack(next(folder.glob("pytest-*.tar.gz")), "/junit-10.xsd", folder)
    return python, {"sarif": sarif, "junit": junit}


def check_gitlab(text):
    """Checks the fields that GitLab reads, and that every fingerprint is unique."""
    issues = json.loads(text)
    errors = [] if isinstance(issues, list) else ["the report is not a list"]
    for number, issue in enumerate(issues):
        for field in ["description", "check_name", "fingerprint"]:
            if not isinstance(issue.get(field), str) or not issue[field]:
                errors.append(f"issue {number}: `{field}` is not a non-empty string")
        if issue.get("severity") not in ["info", "minor", "major", "critical", "blocker"]:
            errors.append(f"issue {number}: unknown severity {issue.get('severity')!r}")
        path = issue.get("location", {}).get("path", "")
        if not path or path.startswith(("/", "./")):
            errors.append(f"issue {number}: path {path!r} is not relative")
        lines = issue.get("location", {}).get("lines", {})
        begin, end = lines.get("begin"), lines.get("end")
        if not isinstance(begin, int) or not isinstance(end, int) or not 1 <= begin <= end:
            errors.append(f"issue {number}: invalid lines {lines}")
    fingerprints = [issue["fingerprint"] for issue in issues]
    if len(set(fingerprints)) != len(fingerprints):
        errors.append("a fingerprint occurs twice")
    return errors


def number_of_findings(kind, text):
    if kind == "sarif":
        return len(json.loads(text)["runs"][0]["results"])
    return len(json.loads(text)) if kind == "gitlab" else text.count("[")


def main():
    flagctl = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        python, schemas = prepare(folder)
        broken = folder / "broken"
        for path, content in BROKEN.items():
            (broken / path).parent.mkdir(parents=True, exist_ok=True)
            (broken / path).write_bytes(content if isinstance(content, bytes) else content.encode())
        repositories = {"broken": (broken, 1)}
        for project in sorted((ROOT / "examples").glob("**/flagctl.yaml")):
            repositories[str(project.parent.relative_to(ROOT))] = (project.parent, 0)
        checked, failed = 0, 0
        for name, (repository, code) in repositories.items():
            for kind in ["sarif", "junit", "gitlab"]:
                command = [flagctl, "validate", "--now", "2026-11-22T11:02:00Z", "--format", kind]
                run = subprocess.run(command, cwd=repository, capture_output=True, text=True, encoding="utf-8")
                errors = []
                if run.returncode != code:
                    errors.append(f"expected exit code {code}, found {run.returncode}: {run.stderr}")
                elif kind == "gitlab":
                    errors += check_gitlab(run.stdout)
                else:
                    report = folder / f"report.{kind}"
                    report.write_text(run.stdout, encoding="utf-8")
                    outcome = subprocess.run(
                        [python, "-c", CHECK, kind, schemas[kind], report], capture_output=True, text=True
                    )
                    if outcome.returncode != 0:
                        errors += outcome.stdout.splitlines() or outcome.stderr.splitlines()
                if not errors and code == 1 and number_of_findings(kind, run.stdout) < 8:
                    errors.append("expected at least 8 findings in the broken repository")
                checked += 1
                failed += bool(errors)
                for error in errors:
                    print(f"{name}, {kind}: {error}", file=sys.stderr)
        print(f"{checked - failed} passed, {failed} failed")
        return failed == 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(0 if main() else 1)
