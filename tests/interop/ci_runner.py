"""Stand-ins for the runners of GitHub and GitLab: they run the steps of this project's action and template.

GitHub's runner evaluates the expressions of a composite action, and gives each step the variables and files that the service
gives. GitLab's runner merges `extends` and the inputs of the template. Both get a clone such as the services make it.
"""

import json
import os
import re
import subprocess
from pathlib import Path

import yaml

from ci_expressions import condition, interpolated

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 300


class Ran:
    """What a job did: the exit code, all output, and the steps by name."""

    def __init__(self):
        self.code, self.log, self.steps, self.outputs, self.summary = 0, "", {}, {}, ""

    def __repr__(self):
        return f"exit code {self.code}, {self.steps}\n{self.log}"


def clean(home, path):
    """Returns the environment of a job, which has nothing of the environment of the test."""
    kept = {name: value for name, value in os.environ.items() if name in ("LANG", "TMPDIR")}
    return kept | {
        "PATH": path, "HOME": str(home), "CI": "true", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1",
        "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0",
    }


def run(script, folder, environment, shell=("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")):
    return subprocess.run(
        [*shell, script], cwd=folder, env=environment, text=True, timeout=LIMIT, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )


class GithubJob:
    """A job of a workflow on an event. `forge` has the repository, the releases and the interface."""

    def __init__(self, forge, event_name, event, ref, sha, base_ref="", head_ref=""):
        self.forge, self.folder = forge, forge.new_folder()
        self.ran = Ran()
        self.workspace, self.temporary = self.folder / "workspace", self.folder / "temporary"
        for folder in (self.workspace, self.temporary, self.folder / "home"):
            folder.mkdir()
        event = event | {"repository": {"default_branch": "main", "full_name": forge.name}}
        (self.folder / "event.json").write_text(json.dumps(event))
        self.github = {
            "event_name": event_name, "event": event, "ref": ref, "sha": sha, "base_ref": base_ref, "head_ref": head_ref,
            "repository": forge.name, "token": forge.token, "workspace": str(self.workspace),
        }
        self.environment = clean(self.folder / "home", forge.path) | {
            "GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": event_name, "GITHUB_EVENT_PATH": str(self.folder / "event.json"),
            "GITHUB_REF": ref, "GITHUB_SHA": sha, "GITHUB_BASE_REF": base_ref, "GITHUB_HEAD_REF": head_ref,
            "GITHUB_REPOSITORY": forge.name, "GITHUB_API_URL": f"{forge.address}/github", "RUNNER_TEMP": str(self.temporary),
            "GITHUB_WORKSPACE": str(self.workspace), "GITHUB_ACTION_PATH": str(ROOT),
        }

    def checkout(self, depth=0):
        """Makes the clone that `actions/checkout` makes."""
        git = lambda *arguments: run(f"git {' '.join(arguments)}", self.workspace, self.environment)
        ref, sha = self.github["ref"], self.github["sha"]
        local = re.sub("^refs/(heads/)?", "refs/remotes/origin/", ref) if ref.startswith("refs/heads/") else ref.replace(
            "refs/pull/", "refs/remotes/pull/")
        self.environment |= {"URL": self.forge.url, "SHA": sha, "LOCAL": local}
        every = [("fetch", "--quiet", "--no-tags", "origin", '"+refs/heads/*:refs/remotes/origin/*"')] if depth == 0 else []
        limit = f"--depth={depth}" if depth else ""
        for arguments in (
            ("init", "--quiet", "."), ("remote", "add", "origin", '"$URL"'), *every,
            ("fetch", "--quiet", "--no-tags", limit, "origin", '"+$SHA:$LOCAL"'),
            ("checkout", "--quiet", "--detach", '"$SHA"'),
        ):
            ran = git(*arguments)
            assert ran.returncode == 0, (arguments, ran.stdout)
        return self

    def action(self, **inputs):
        """Runs `action.yml` with inputs."""
        action = yaml.safe_load((ROOT / "action.yml").read_text())
        unknown = set(inputs) - set(action["inputs"])
        assert not unknown, f"action.yml has no inputs {unknown}"
        functions = {"success": lambda: self.ran.code == 0, "failure": lambda: self.ran.code != 0, "always": lambda: True,
                     "cancelled": lambda: False}
        contexts = {"github": self.github, "steps": {}}
        defaults = {name: interpolated(text(value["default"]), contexts, functions)
                    for name, value in action["inputs"].items()}
        contexts["inputs"] = defaults | self.forge.inputs | {name: text(value) for name, value in inputs.items()}
        for number, step in enumerate(action["runs"]["steps"]):
            self.step(step, number, contexts, functions)
        outputs = {name: interpolated(value["value"], contexts, functions) for name, value in action["outputs"].items()}
        self.ran.outputs = outputs
        assert self.forge.token not in self.ran.log, "the log has the token"
        return self.ran

    @staticmethod
    def version():
        """Returns the version that the action installs."""
        return yaml.safe_load((ROOT / "action.yml").read_text())["inputs"]["version"]["default"]

    def step(self, step, number, contexts, functions):
        name, outcome, outputs = step["name"], "skipped", {}
        if condition(step.get("if", "success()"), contexts, functions):
            files = {name: self.folder / f"{name}-{number}" for name in ("GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")}
            for file in files.values():
                file.touch()
            own = {key: interpolated(str(value), contexts, functions) for key, value in step.get("env", {}).items()}
            folder = self.workspace / interpolated(step.get("working-directory", "."), contexts, functions)
            assert "${{" not in step["run"], f"the script of {name} has an expression"
            environment = self.environment | own | {name: str(file) for name, file in files.items()}
            ran = run(step["run"], folder, environment)
            outcome = "success" if ran.returncode == 0 else "failure"
            self.ran.log += f"--- {name}\n{ran.stdout}"
            self.ran.code = self.ran.code or ran.returncode
            self.ran.summary += files["GITHUB_STEP_SUMMARY"].read_text()
            outputs = dict(line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text().splitlines())
            for added in files["GITHUB_PATH"].read_text().splitlines():
                self.environment["PATH"] = f"{added}:{self.environment['PATH']}"
        self.ran.steps[name] = outcome
        if "id" in step:
            contexts["steps"][step["id"]] = {"outcome": outcome, "outputs": outputs}

    def workflow(self, path):
        """Runs the only job of a workflow in the clone's commit, if its `on` has the event of this job."""
        self.checkout()
        workflow = yaml.safe_load((self.workspace / path).read_text())
        # YAML 1.1 reads the key `on` as a boolean.
        events = workflow.get("on", workflow.get(True))
        assert self.github["event_name"] in events, (self.github["event_name"], events)
        [job] = workflow["jobs"].values()
        for step in job["steps"]:
            if "run" in step:
                ran = run(step["run"], self.workspace, self.environment)
                self.ran.log, self.ran.code = self.ran.log + ran.stdout, self.ran.code or ran.returncode
            elif step["uses"].startswith("flagctl/flagctl@"):
                assert step["uses"].endswith(f"@v{self.version()}"), step
                self.action(**step.get("with", {}))
            else:
                assert step["uses"].startswith("actions/checkout@") and step["with"] == {"fetch-depth": 0}, step
        return self.ran


def text(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


class GitlabPipeline:
    """The jobs of `ci/gitlab.yml` that belong to a pipeline with these variables."""

    def __init__(self, forge, sha, variables, secrets=None, **inputs):
        self.forge, self.sha = forge, sha
        defaults, template = (ROOT / "ci/gitlab.yml").read_text().split("\n---\n", 1)
        given = {name: value["default"] for name, value in yaml.safe_load(defaults)["spec"]["inputs"].items()}
        assert set(inputs) <= set(given), inputs
        given |= forge.inputs | inputs
        template = re.sub(r"\$\[\[ inputs\.([a-z0-9-]+) \]\]", lambda found: given[found.group(1)], template)
        self.jobs = yaml.safe_load(template)
        self.variables = {"CI_PROJECT_ID": "1", "CI_DEFAULT_BRANCH": "main", "CI_COMMIT_SHA": sha,
                          "CI_API_V4_URL": f"{forge.address}/gitlab", **variables}
        self.secrets = secrets or {}

    def run(self):
        """Returns what each job did, by its name."""
        return {name: self.job(self.jobs[".flagctl"] | job, name)
                for name, job in self.jobs.items() if not name.startswith(".") and self.belongs(job)}

    def belongs(self, job):
        known = self.jobs[".flagctl"]["variables"] | self.variables
        return any(all(self.holds(part.strip(), known) for part in rule["if"].split("&&")) for rule in job["rules"])

    @staticmethod
    def holds(part, known):
        left, _, right = part.partition(" == ")
        value = lambda word: known.get(word[1:], "") if word.startswith("$") else word.strip('"')
        return value(left) == value(right) if right else bool(value(left))

    def job(self, job, name):
        folder = self.forge.new_folder()
        (folder / "home").mkdir()
        project = folder / "project"
        environment = clean(folder / "home", self.forge.path) | {"GITLAB_CI": "true", "CI_PROJECT_DIR": str(project)}
        environment |= job["variables"] | self.variables | self.secrets | {"URL": self.variables.get("CLONE", self.forge.url)}
        # The runner fetches the ref of the pipeline only, with the depth that the template asks for.
        ran = run('git init -q project && cd project && git remote add origin "$URL" && git fetch -q --no-tags origin '
                  '"$CI_COMMIT_SHA" && git checkout -q --detach "$CI_COMMIT_SHA"', folder, environment)
        assert ran.returncode == 0, ran.stdout
        result = Ran()
        ran = run("\n".join([*job["before_script"], *job["script"]]), project, environment)
        result.code, result.log = ran.returncode, ran.stdout
        reports = job.get("artifacts", {}).get("reports", {}).values()
        files = [*reports, *job.get("artifacts", {}).get("paths", [])]
        result.outputs = {path: (project / path).read_text() for path in files if (project / path).exists()}
        for secret in self.secrets.values():
            assert secret not in result.log, f"the log of {name} has a secret"
        return result
