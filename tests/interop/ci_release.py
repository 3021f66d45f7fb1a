"""The release scripts, the manual pages, and what an installation refuses."""

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import yaml

from ci_scene import expect, rollout
from packages import ROOT


def release(folder, flagctl):
    """Packs the program as a release, and returns the folder of releases."""
    program = folder / "flagctl"
    shutil.copy(flagctl, program)
    # Debug information takes three quarters of the file.
    subprocess.run(["strip", program], check=True)
    script = lambda name, *arguments: subprocess.run(
        [ROOT / "release" / name, *arguments], check=True, capture_output=True, text=True
    ).stdout.strip()
    version = script("version.sh")
    dist = folder / "releases" / f"v{version}"
    archive = script("archive.sh", program, f"{os.uname().machine}-unknown-linux-musl", dist)
    first = Path(archive).read_bytes()
    script("archive.sh", program, f"{os.uname().machine}-unknown-linux-musl", dist)
    assert Path(archive).read_bytes() == first, "the same program gives another archive"
    script("checksums.sh", dist)
    return folder / "releases", version


def pages(flagctl, folder):
    """Every manual page is formatted without a warning, if groff is installed."""
    if shutil.which("groff") is None:
        return 0
    subprocess.run([flagctl, "man", folder / "man1"], check=True, stdout=subprocess.DEVNULL)
    for page in (folder / "man1").iterdir():
        ran = subprocess.run(["groff", "-Kutf8", "-man", "-Tutf8", "-ww", page], capture_output=True, text=True)
        assert ran.returncode == 0 and not ran.stderr and f"{page.stem}(1)" in ran.stdout, (page, ran.stderr)
    return len(list((folder / "man1").iterdir()))


def scripts():
    """No script has an expression in it, other actions are fixed by the ids of their commits, and shellcheck has no objection."""
    shell = [*ROOT.glob("ci/*.sh"), *ROOT.glob("release/*.sh")]
    assert len(shell) > 10
    subprocess.run(["shellcheck", "--external-sources", "--source-path=SCRIPTDIR", *shell], check=True)
    workflows = [ROOT / "action.yml", *(ROOT / ".github" / "workflows").glob("*.yml")]
    assert len(workflows) == 3
    for path in workflows:
        file = yaml.safe_load(path.read_text())
        jobs = [file["runs"]] if "runs" in file else file["jobs"].values()
        for step in [step for job in jobs for step in job["steps"]]:
            assert "${{" not in step.get("run", ""), (path, step)
            assert re.fullmatch(r"[a-z-]+/[a-z-]+@[0-9a-f]{40}", step.get("uses", "a/a@" + "0" * 40)), (path, step)
            check = ["shellcheck", "--shell=bash", "-"]
            subprocess.run(check, input=step.get("run", "true"), text=True, check=True)


def tags():
    """A tag must agree with all files that name the version."""
    ran = subprocess.run([ROOT / "release" / "version.sh", "v99.0.0"], capture_output=True, text=True)
    assert ran.returncode == 1 and not ran.stdout and "the tag v99.0.0 is not v" in ran.stderr, ran
    assert "action.yml" not in ran.stderr and "ci/gitlab.yml" not in ran.stderr, ran


def downloads(scene, releases, version):
    """An archive with another digest is refused, on both services, and nothing of it runs."""
    [archive] = (releases / f"v{version}").glob("*.tar.gz")
    bad = scene.forge.folder / "bad"
    (bad / f"v{version}").mkdir(parents=True)
    for file in (releases / f"v{version}").iterdir():
        shutil.copy(file, bad / f"v{version}")
    with (bad / f"v{version}" / archive.name).open("ab") as file:
        file.write(b"x")
    head = scene.forge.branch("work", rollout("20%"))
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    refused = f"{archive.name} has another SHA-256 digest than expected"
    expect(scene.pull_request(head, comment=False, sha256=digest), 0, f"flagctl {version} (")
    cases = [(releases, "0" * 64, refused), (bad, "", refused), (bad, digest, refused)]
    for served, sha256, problem in cases:
        scene.forge.releases = served
        ran = scene.pull_request(head, sha256=sha256)
        expect(ran, 3, problem)
        assert set(ran.steps.values()) == {"failure", "skipped"} and f"flagctl {version} (" not in ran.log, ran
        for job in scene.merge_request(head, inputs={"sha256": sha256}).values():
            expect(job, 3, problem)
            assert f"flagctl {version} (" not in job.log
    scene.forge.releases = releases
    (bad / f"v{version}" / "SHA256SUMS").write_text("")
    scene.forge.releases = bad
    expect(scene.pull_request(head), 3, refused)
    for changed, problem in [({"version": "9.9.9"}, "cannot be downloaded"), ({"version": "../x"}, "must be like 0.1.0"),
                             ({"releases": "http://mirror.example.com"}, "must begin with https://"),
                             ({"releases": "file:///tmp"}, "must begin with https://")]:
        expect(scene.pull_request(head, **changed), 3, problem)
