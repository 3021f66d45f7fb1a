"""What the template does in pipelines of GitLab."""

import subprocess

from ci_runner import GitlabPipeline
from ci_scene import FLAG, HOSTILE, KILL, expect, rollout


def gitlab(scene):
    forge = scene.forge
    token = {"FLAGCTL_TOKEN": forge.token}
    head = forge.branch("work", rollout("20%"))
    forge.pull_request(1, head)
    jobs = scene.merge_request(head, token)
    assert set(jobs) == {"flagctl-check", "flagctl-plan"}, jobs
    for job in jobs.values():
        expect(job, 0)
    assert jobs["flagctl-check"].outputs["codequality.json"].strip() == "[]", jobs
    assert "<testsuites" in jobs["flagctl-check"].outputs["junit.xml"], jobs
    assert jobs["flagctl-plan"].outputs["flagctl.env"] == "FLAGCTL_KILL_ONLY=false\n", jobs
    plan = jobs["flagctl-plan"].outputs["plan.md"]
    assert forge.methods() == ["POST"] and forge.comments[0]["body"] == plan and "another 10%" in plan, plan
    # A stranger's note with the marker stays, and the token's own note is replaced.
    forge.comments[0]["id"] = 7
    forge.comments.insert(0, {"id": 8, "body": plan, "author": {"username": "stranger"}})
    head = forge.branch("work", rollout("30%"))
    forge.pull_request(1, head)
    expect(scene.merge_request(head, token)["flagctl-plan"], 0)
    assert forge.methods() == ["PUT"] and forge.comments[0]["body"] == plan, forge.comments
    assert "another 20%" in forge.comments[1]["body"]
    # A merged result: the commit of the job is the merge.
    merge = forge.pull_request(1, head)
    jobs = scene.merge_request(merge, token, CI_MERGE_REQUEST_SOURCE_BRANCH_SHA=head, CI_MERGE_REQUEST_EVENT_TYPE="merged_result")
    assert all(job.code == 0 for job in jobs.values()) and "another 20%" in jobs["flagctl-plan"].outputs["plan.md"], jobs
    # A merge train compares with what is before in the train.
    jobs = scene.merge_request(merge, token, CI_MERGE_REQUEST_EVENT_TYPE="merge_train")
    assert all(job.code == 0 for job in jobs.values()) and "another 20%" in jobs["flagctl-plan"].outputs["plan.md"], jobs
    forge.methods()
    # Without a token, and from a fork, the plan is a file of the job. A fork's job may run in the fork's project.
    expect(scene.merge_request(head)["flagctl-plan"], 0, "FLAGCTL_TOKEN is not set")
    fork = forge.folder / "fork.git"
    subprocess.run(["git", "clone", "--quiet", "--bare", forge.repository, fork], check=True)
    subprocess.run(["git", "-C", fork, "config", "uploadpack.allowAnySHA1InWant", "true"], check=True)
    subprocess.run(["git", "-C", fork, "update-ref", "refs/heads/main", scene.main], check=True)
    forge.push({"README.md": "newer\n"})
    origin = {"CI_MERGE_REQUEST_PROJECT_URL": f"file://{forge.repository}".removesuffix(".git")}
    jobs = scene.merge_request(head, token, CI_PROJECT_ID="2", CI_MERGE_REQUEST_SOURCE_PROJECT_ID="2", CLONE=f"file://{fork}", **origin)
    expect(jobs["flagctl-plan"], 0, "a pull request from a fork cannot write comments")
    assert "another 20%" in jobs["flagctl-plan"].outputs["plan.md"] and forge.methods() == [], jobs
    # Errors are in the reports, too.
    head = forge.branch("bad", rollout("90%") | {"flags/cart.yaml": FLAG.replace("SERVED", "maybe")})
    forge.pull_request(1, head)
    check = scene.merge_request(head)["flagctl-check"]
    expect(check, 1, "error[unknown-variant]")
    assert '"check_name": "unknown-variant"' in check.outputs["codequality.json"], check.outputs
    head = forge.branch("far", rollout("90%"))
    forge.pull_request(1, head)
    expect(scene.merge_request(head)["flagctl-check"], 1, "`max-step` is 25%")
    kill = forge.branch("kill", KILL)
    forge.pull_request(1, kill)
    plan = scene.merge_request(kill, token)["flagctl-plan"]
    expect(plan, 0)
    assert plan.outputs["flagctl.env"] == "FLAGCTL_KILL_ONLY=true\n", plan
    assert "**Only a kill:**" in forge.comments[1]["body"], forge.comments
    # The default branch is checked and published.
    before, after = forge.push(rollout("20%"))
    variables = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main", "CI_COMMIT_BEFORE_SHA": before}
    jobs = GitlabPipeline(forge, after, variables, publish="main").run()
    assert set(jobs) == {"flagctl-check", "flagctl-publish"}, jobs
    expect(jobs["flagctl-check"], 0)
    expect(jobs["flagctl-publish"], 0, "production: number 1 is ")


def hostile_targets(scene):
    """The name of the target branch is that of a branch that exists, and is in no script."""
    forge = scene.forge
    head = forge.branch("work", rollout("20%"))
    forge.pull_request(1, head)
    for name in HOSTILE[:4]:
        subprocess.run(["git", "-C", forge.repository, "update-ref", f"refs/heads/{name}", forge.tip()[0]], check=True)
        for job in scene.merge_request(head, CI_MERGE_REQUEST_TARGET_BRANCH_NAME=name).values():
            expect(job, 0)
    assert not list(forge.folder.glob("**/owned"))
