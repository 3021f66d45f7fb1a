"""What the action does on the events of GitHub."""

import os
import re
import subprocess

from ci_runner import ROOT, GithubJob
from ci_scene import FLAG, HOSTILE, KILL, NONE, expect, files, rollout


def pull_requests(scene):
    forge = scene.forge
    head = forge.branch("work", rollout("20%"))
    ran = scene.pull_request(head, **{"kill-label": "kill"})
    expect(ran, 0)
    assert ran.steps["Publish"] == "skipped" and ran.outputs["kill-only"] == "false" and ran.outputs["head"] == head, ran
    assert forge.methods() == ["POST"] and len(forge.comments) == 1, forge.comments
    text = forge.comments[0]["body"]
    assert text.startswith("<!-- flagctl: . -->\n<!-- flagctl diff -->\n### What this change does to people"), text
    assert "search" in text and "another 10%" in text and text.strip() == ran.summary.strip(), text

    # The second run replaces the comment. A stranger's comment with the same marker, 120 others, and nothing else change.
    strangers = [("stranger", text)] + [(f"person-{number}", "a comment") for number in range(120)]
    mine, forge.comments = forge.comments, []
    for login, comment in strangers:
        forge.comment(login, comment)
    forge.comments += mine
    mine[0]["id"] = 5
    before = [comment["body"] for comment in forge.comments[:-1]]
    ran = scene.pull_request(forge.branch("work", rollout("30%")))
    expect(ran, 0)
    assert forge.methods() == ["PATCH"], forge.requests
    assert "another 20%" in forge.comments[-1]["body"]
    assert [comment["body"] for comment in forge.comments[:-1]] == before

    # The checks count, and not whether there is a comment.
    forge.status = 403
    ran = scene.pull_request(head)
    expect(ran, 0, "::warning title=flagctl::the comment could not be written")
    assert "another 10%" in ran.summary, ran
    forge.status = None
    forge.methods()

    # An error, a failed test, a refusal by the policy, and a limit: all are reported, and the job fails.
    broken = {"flags/cart.yaml": FLAG.replace("SERVED", "maybe")}
    ran = scene.pull_request(forge.branch("broken", broken), comment=False)
    expect(ran, 1, "::error file=flags/cart.yaml,line=6,", "title=unknown-variant::")
    assert ran.steps["Validate"] == "failure" and ran.steps["Find the change"] == "success", ran
    ran = scene.pull_request(forge.branch("fails", {"flags/cart.yaml": FLAG.replace("SERVED", "off")}), comment=False)
    assert ran.code == 1 and ran.steps["Test"] == "failure" and ran.steps["Validate"] == "success", ran
    ran = scene.pull_request(forge.branch("far", rollout("90%")), comment=False)
    expect(ran, 1, "::error file=flags/search.yaml,line=7", "`max-step` is 25%")
    assert ran.steps["Policy"] == "failure", ran
    ran = scene.pull_request(head, comment=False, **{"max-share": "5%", "fail-on": "removed"})
    expect(ran, 1, "::error title=flagctl::the change does more than the limits allow")
    assert forge.methods() == []

    # The policy of the base counts: the change cannot lift it.
    lifted = rollout("90%") | {"flagctl.yaml": files(scene.target)["flagctl.yaml"].replace("25%", "100%")}
    assert scene.pull_request(forge.branch("lifted", lifted), comment=False).steps["Policy"] == "failure"


def forks(scene):
    """The job of a fork has the merge ref only, no full history, and no token that writes."""
    forge = scene.forge
    forge.push({"README.md": "1\n"})
    head = forge.branch("fork", rollout("20%"), base=scene.main)
    forge.push({"README.md": "2\n"})
    ran = scene.pull_request(head, number=7, depth=1, fork=True, branch="main")
    expect(ran, 0, "::notice title=flagctl::the job of a pull request from a fork cannot write comments")
    assert forge.requests == [] and "another 10%" in ran.summary, ran
    assert ran.outputs["head"] == head, ran.outputs
    ran = scene.pull_request(forge.branch("fork", rollout("90%"), base=scene.main), number=7, depth=1, fork=True)
    assert ran.code == 1 and ran.steps["Policy"] == "failure", ran


def kills(scene):
    forge = scene.forge
    # An error on main does not block a kill, because only what is new counts.
    before, broken = forge.push({"flags/broken.yaml": FLAG.replace("SERVED", "maybe")})
    ran = scene.push(before, broken)
    expect(ran, 1, "title=unknown-variant::")
    head = forge.branch("kill", KILL)
    ran = scene.pull_request(head, **{"kill-label": "only a kill/1"})
    assert ran.outputs["kill-only"] == "true" and ran.steps["Validate"] == "success", ran
    assert ran.steps["Test"] == "success" and ran.steps["Policy"] == "success", ran
    assert forge.labels == {"only a kill/1"} and "**Only a kill:**" in forge.comments[0]["body"], forge.comments
    assert "not an approval" in forge.comments[0]["body"]
    forge.methods()
    # With another commit it is no kill any more, and the label goes.
    more = forge.branch("kill", rollout("20%"), base=head)
    ran = scene.pull_request(more, **{"kill-label": "only a kill/1"})
    assert ran.outputs["kill-only"] == "false" and forge.labels == set() and forge.methods() == ["PATCH", "DELETE"], ran
    assert "Only a kill" not in forge.comments[0]["body"]


def queues(scene):
    forge = scene.forge
    head = forge.branch("work", rollout("20%"))
    [base] = forge.tip()
    queued = forge.merged(head)
    ref = f"refs/heads/gh-readonly-queue/main/pr-1-{base}"
    subprocess.run(["git", "-C", forge.repository, "update-ref", ref, queued], check=True)
    event = {"merge_group": {"base_sha": base, "head_sha": queued, "base_ref": "refs/heads/main", "head_ref": ref}}
    for depth in (0, 1):
        ran = GithubJob(forge, "merge_group", event, ref, queued).checkout(depth).action()
        expect(ran, 0)
        assert (ran.outputs["base"], ran.outputs["head"]) == (base, queued) and ran.steps["Policy"] == "success", ran
        assert forge.requests == [] and "another 10%" in ran.summary, ran

    # A schedule is about no change, and names no branch.
    job = GithubJob(forge, "schedule", {}, "refs/heads/main", base).checkout()
    del job.github["event"]["repository"]
    ran = job.action()
    assert ran.code == 0 and ran.steps["Test"] == "success" and ran.steps["Plan"] == "skipped", ran


def pushes(scene):
    forge = scene.forge
    # The first push to a new branch has no commit before.
    ran = scene.push(NONE, scene.main, publish="main", depth=1)
    expect(ran, 0, "production: number 1 is ")
    before, after = forge.push(rollout("20%"))
    ran = scene.push(before, after, publish="main")
    expect(ran, 0, "production: number 2 is ")
    assert ran.outputs["base"] == before and forge.requests == [], ran
    # A limit is for pull requests: what is pushed is merged already, and is published.
    before, after = forge.push(rollout("30%"))
    expect(scene.push(before, after, publish="main", **{"max-share": "1%"}), 0, "production: number 3 is ")
    # A commit with errors publishes its kills, and the job fails.
    before, after = forge.push({"flags/broken.yaml": FLAG.replace("SERVED", "maybe")} | KILL)
    ran = scene.push(before, after, publish="main")
    expect(ran, 1, "its kills are published alone", "cart: turned off")
    # A job for an older commit changes nothing.
    expect(scene.push(NONE, scene.main, publish="main"), 0, "production: ")
    # Without targets, and on another branch, nothing is published.
    assert scene.push(before, after).steps["Publish"] == "skipped"


def signed(scene):
    """The key is an input, and is in no setting of the clone afterwards."""
    key = scene.forge.folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ci", "-f", key], check=True)
    project = files(scene.target)["flagctl.yaml"].replace("environments: [production]}", "environments: [production], sign: true}")
    before, after = scene.forge.push({"flagctl.yaml": project})
    ran = scene.push(before, after, publish="main", **{"signing-key": key.read_text()})
    expect(ran, 0, "production: number 1 is ")
    signers = scene.forge.folder / "signers"
    signers.write_text(f'ci namespaces="flagctl" {key.with_suffix(".pub").read_text()}')
    verified = subprocess.run(["flagctl", "verify", scene.target, "--allowed-signers", signers], capture_output=True, text=True,
                              env=os.environ | {"PATH": scene.forge.path})
    assert verified.returncode == 0 and "signed by ci" in verified.stdout, verified
    assert "PRIVATE KEY" not in ran.log


def hostile(scene):
    forge = scene.forge
    for number, name in enumerate(HOSTILE, 20):
        head = forge.branch(name, rollout("20%"))
        ran = scene.pull_request(head, number=number, branch=name, fork=number % 2 == 0)
        expect(ran, 0)
        assert "owned" not in ran.log and "owned" not in ran.summary, ran
    # Only this file name would be made.
    assert not list(forge.folder.glob("**/owned")), list(forge.folder.glob("**/owned"))
    job = GithubJob(forge, "pull_request_target", {"pull_request": {"head": {"sha": head}}}, "refs/heads/main", scene.main)
    expect(job.checkout().action(), 3, "pull_request_target does not check out the change")


def monorepo(scene):
    """The flags are in a folder, and each folder has its own comment."""
    forge = scene.forge
    shop = {f"config/shop/{path}": text for path, text in files(scene.target).items()}
    forge.push({"unrelated.txt": "x"} | shop)
    changed = {f"config/shop/{path}": text for path, text in rollout("20%").items()}
    head = forge.branch("work", changed | rollout("25%"))
    for folder in (".", "config/shop"):
        expect(scene.pull_request(head, directory=folder), 0)
    markers = [comment["body"].splitlines()[0] for comment in forge.comments]
    assert markers == ["<!-- flagctl: . -->", "<!-- flagctl: config/shop -->"], markers
    ran = scene.pull_request(forge.branch("bad", {"config/shop/flags/cart.yaml": "off: off\n"}), directory="config/shop")
    expect(ran, 1, "::error file=config/shop/flags/cart.yaml,line=1,")


def documented(scene):
    """The workflow of the documentation checks a pull request and publishes, as it is written."""
    page = (ROOT / "docs" / "ci.md").read_text()
    [(path, workflow)] = re.findall(r"^`(\.github/workflows/\S+)`:\n\n```yaml\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)
    forge = scene.forge
    before, after = forge.push({path: workflow})
    ran = GithubJob(forge, "push", {"before": before, "after": after}, "refs/heads/main", after).workflow(path)
    expect(ran, 0, "production: number 1 is ")
    head = forge.branch("work", rollout("20%"))
    merge = forge.pull_request(1, head)
    event = {"pull_request": {"number": 1, "head": {"sha": head, "repo": {"full_name": forge.name}}}}
    ran = GithubJob(forge, "pull_request", event, "refs/pull/1/merge", merge, "main", "work").workflow(path)
    expect(ran, 0)
    assert "another 10%" in forge.comments[0]["body"] and forge.methods() == ["POST"], forge.comments
