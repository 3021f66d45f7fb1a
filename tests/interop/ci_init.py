"""A repository that `flagctl init` wrote is checked by the files that it wrote."""

import json
import os
import subprocess

import yaml

from ci_forge import git
from ci_runner import GithubJob
from ci_scene import expect

BROKEN = "variants: {on: true, off: false}\noff: off\ndefault: maybe\n"


def empty(_target):
    return {"README.md": "a shop\n"}


def run(flagctl, folder, *arguments):
    """Runs flagctl in a folder of the author's clone."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"GIT_CONFIG_GLOBAL": "/dev/null"}
    ran = subprocess.run([flagctl, *arguments], cwd=folder, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran
    return ran.stdout


def initialised(scene, flagctl):
    """The workflow is green for the first commit, which it publishes, and for a kill, which it proves, and red for an error."""
    forge, path = scene.forge, ".github/workflows/flagctl.yml"
    run(flagctl, forge.author, "init", "--yes", "--ci", "github", "--publish-to", "s3://acme-flags")
    # A folder in the place of the bucket, which is not reachable from here.
    project = forge.author / "flagctl.yaml"
    text = project.read_text()
    assert text.count("s3://acme-flags") == 1, text
    project.write_text(text.replace("s3://acme-flags", f"{scene.target}/"))
    before, after = forge.push({})
    ran = GithubJob(forge, "push", {"before": before, "after": after}, "refs/heads/main", after).workflow(path)
    expect(ran, 0)
    assert [ran.steps[step] for step in ("Validate", "Test", "Plan", "Publish")] == ["success"] * 4, ran
    assert (scene.target / "production" / "manifest.json").is_file()

    [flag] = json.loads(run(flagctl, forge.author, "list", "--format", "json"))["flags"]
    killed = {f"kills/production/{flag['flag']}.yaml": "reason: it answers 500\n"}
    for name, files, code, is_kill in (("kill", killed, 0, "true"), ("bad", {"flags/bad.yaml": BROKEN}, 1, "false")):
        head = forge.branch(name, files)
        merge = forge.pull_request(1, head)
        event = {"pull_request": {"number": 1, "head": {"sha": head, "repo": {"full_name": forge.name}}}}
        ran = GithubJob(forge, "pull_request", event, "refs/pull/1/merge", merge, "main", name).workflow(path)
        assert ran.code == code and ran.outputs["kill-only"] == is_kill, ran
    assert [comment["user"]["login"] for comment in forge.comments] == [forge.github_login], forge.comments


def initialised_folder(scene, flagctl):
    """In a folder of a monorepo, the template gets the folder as its input."""
    forge = scene.forge
    run(flagctl, forge.author / "services" / "shop", "init", "--yes", "--ci", "gitlab")
    written = yaml.safe_load((forge.author / ".gitlab-ci.yml").read_text())
    [include] = written["include"]
    assert include["remote"].endswith(f"/v{GithubJob.version()}/ci/gitlab.yml"), include
    forge.push({})
    head = forge.branch("work", {"services/shop/flags/bad.yaml": BROKEN})
    forge.pull_request(1, head)
    check = scene.merge_request(head, inputs=include["inputs"])["flagctl-check"]
    expect(check, 1, "error[unknown-variant]")
    assert '"path": "services/shop/flags/bad.yaml"' in check.outputs["codequality.json"], check.outputs
    good = git(forge.repository, "rev-parse", "main")
    for job in scene.merge_request(good, inputs=include["inputs"]).values():
        expect(job, 0)
