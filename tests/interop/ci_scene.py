"""The repository of the tests of CI: a shop with flags, a policy and a target, and jobs about its changes."""

from ci_forge import Forge
from ci_runner import GithubJob, GitlabPipeline

NONE = "0" * 40

FLAG = "description: A test.\nowner: team-shop\nkind: ops\nvariants: {on: true, off: false}\noff: off\ndefault: SERVED\n"
ROLLOUT = (
    "description: A test.\nowner: team-shop\nkind: ops\nvariants: {on: true, off: false}\noff: off\ndefault: off\n"
    "rules: [{name: all, rollout: SHARE, serve: on}]\n"
)
PROJECT = """\
version: 1
environments: [production]
publish:
  main: {to: TARGET, environments: [production]}
policy:
  production: {max-step: 25%}
"""
KILL = {"kills/production/cart.yaml": "reason: carts are empty\nby: Dana <dana@example.com>\nat: 2026-11-01T00:00:00Z\n"}
# git allows these names of branches. Each would do something if a script had it as text.
HOSTILE = ["$(touch${IFS}owned)", "`touch${IFS}owned`", "x;touch${IFS}owned", "x'\"&touch${IFS}owned", "-x/--upload-pack=owned",
           "x%0a%3a%3aerror%3a%3aowned", "${{github.token}}"]


def files(target):
    return {
        "flagctl.yaml": PROJECT.replace("TARGET", str(target)),
        "flags/cart.yaml": FLAG.replace("SERVED", "on"),
        "flags/search.yaml": ROLLOUT.replace("SHARE", "10%"),
        "tests/cart.yaml": "cases:\n- {expect: {cart: on}}\n",
    }


def rollout(share):
    return {"flags/search.yaml": ROLLOUT.replace("SHARE", share)}


class Scene:
    """A forge with the flags of a shop, or other files, on its main branch."""

    def __init__(self, folder, releases, path, first=files, **inputs):
        folder.mkdir()
        self.target = folder / "fleet"
        self.forge = Forge(folder, releases, path, inputs)
        self.before, self.main = self.forge.push(first(self.target))

    def pull_request(self, head, number=1, depth=0, branch="work", fork=False, **inputs):
        """Runs the action on a pull request of a commit."""
        merge = self.forge.pull_request(number, head)
        source = "stranger/flags" if fork else self.forge.name
        event = {"number": number, "before": head, "pull_request": {
            "number": number, "title": branch, "head": {"sha": head, "ref": branch, "repo": {"full_name": source}},
            "base": {"sha": self.forge.tip()[0], "ref": "main"}}}
        job = GithubJob(self.forge, "pull_request", event, f"refs/pull/{number}/merge", merge, "main", branch)
        return job.checkout(depth).action(**inputs)

    def push(self, before, after, depth=0, **inputs):
        job = GithubJob(self.forge, "push", {"before": before, "after": after}, "refs/heads/main", after)
        return job.checkout(depth).action(**inputs)

    def merge_request(self, sha, secrets=None, inputs=None, **variables):
        common = {"CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_IID": "1", "CI_MERGE_REQUEST_PROJECT_ID": "1",
                  "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "1", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
                  "CI_MERGE_REQUEST_REF_PATH": "refs/merge-requests/1/head"}
        return GitlabPipeline(self.forge, sha, common | variables, secrets, **(inputs or {})).run()


def expect(ran, code, *texts):
    assert ran.code == code, (code, ran)
    for text in texts:
        assert text in ran.log, (text, ran)
