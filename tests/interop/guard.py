#!/usr/bin/env python3
"""Runs a guard and a rollout unattended, against a real Prometheus, and prints the time line.

    guard.py PATH-OF-FLAGCTL

An application serves users from the published bundle, and Prometheus scrapes its requests and errors. Jobs run in loops, as a
scheduler would start them: one publishes each new commit, one runs `flagctl guard run`, and one `flagctl rollout advance`. The
test only raises and lowers the error rate of the variant that is rolled out. It checks that

- a healthy rollout stays, and a harmful one is killed by a commit on the branch of the remote, which `verify-kill` proves and
  `publish` ships;
- after the cool-down, 1 % of its users probe it, and it is killed again while it is harmful. Once it is repaired, a probe is
  healthy, and the rollout resumes one step back;
- a rollout goes from 1 % to 100 % by itself, and a harmful one stops by itself.
"""

import json
import sys
import tempfile
import threading
from pathlib import Path

from guard_world import FLAG, Application, Forge, Prometheus, TimeLine, until

HEALTHY, HARMFUL = 0.01, 0.2
# The seconds between two runs of a job.
PAUSE = 1.0
PROJECT = """\
version: 1
environments: [production]
attributes: {country: string}
publish:
  main: {to: TARGET, environments: [production]}
policy:
  # The last step has 100 points: contexts without a unit get the variant with it.
  production: {max-step: 50%, min-soak: 10s}
"""
FLAG_FILE = """\
description: A checkout with fewer steps.
owner: team-shop
expires: 2027-01-01
variants: {on: true, off: false}
off: off
default: off
rules:
- {name: everyone, rollout: SHARE, steps: [1%, 5%, 25%, 50%, 100%], serve: on}
guard:
  eval-delay: 1s
  lag: 1s
  min-duration: 4s
  cooldown: 6s
  backoff: 1.5
  max-trips: 5
  half-open: {admit: 1%, max-duration: 120s}
  guardrails:
  - name: errors
    max-ratio: 1.5
    source:
      prometheus:
        bad: sum(increase(checkout_errors_total{variant="$variant"}[$window]))
        total: sum(increase(checkout_requests_total{variant="$variant"}[$window]))
"""


class Job:
    """Runs a command again and again in a clone of its own."""

    def __init__(self, forge, name, arguments):
        self.forge, self.name, self.arguments = forge, name, arguments
        self.clone = forge.clone(name)
        self.seen = []
        self.error = None
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.run_all, daemon=True)
        self.thread.start()

    def stop(self):
        self.stopped.set()
        self.thread.join(60)

    def run_all(self):
        while not self.stopped.wait(PAUSE):
            try:
                ran = self.forge.run(self.clone, *self.arguments, "--push", "--format", "json")
                assert ran.returncode in (0, 1, 3) and ran.stdout, (ran.returncode, ran.stdout, ran.stderr)
                self.read(json.loads(ran.stdout), ran.returncode)
            except Exception as error:
                self.error = error
                raise


class GuardJob(Job):
    def __init__(self, forge, prometheus):
        super().__init__(forge, "guard", ["guard", "run", FLAG, "-e", "production", "--source-url", prometheus.address])

    def read(self, result, code):
        step = result["flags"][0]
        state = (step["state"], step.get("verdict"), code)
        if not self.seen or self.seen[-1] != state:
            self.forge.time_line.add("guard", f"{state[0]}, {state[1] or 'no verdict needed'}")
        self.seen.append(state)
        if step.get("written"):
            self.forge.time_line.add("guard", f"commits `{step['written']['subject']}`")


class AdvanceJob(Job):
    def __init__(self, forge, prometheus):
        command = ["rollout", "advance", "-e", "production", "--yes", "--source-url", prometheus.address]
        super().__init__(forge, "advance", command)

    def read(self, result, _code):
        for step in result["steps"]:
            self.seen.append(step["to"])
            self.forge.time_line.add("advance", f"from {step['from']} to {step['to']}")


class Scene:
    """A repository with jobs. All scenes have one application and one Prometheus."""

    def __init__(self, folder, flagctl, share, application, prometheus, time_line):
        folder.mkdir()
        application.error_rates["on"] = HEALTHY
        self.application, self.prometheus, self.time_line = application, prometheus, time_line
        project = PROJECT.replace("TARGET", str(folder / "fleet"))
        files = {"flagctl.yaml": project, f"flags/{FLAG}.yaml": FLAG_FILE.replace("SHARE", share)}
        self.forge = Forge(folder, flagctl, files, application, time_line)
        self.forge.start()
        self.guard = GuardJob(self.forge, prometheus)
        self.jobs = [self.guard]

    def fails(self, rate):
        self.application.error_rates["on"] = rate
        self.time_line.add("application", f"`on` fails for {rate:.0%} of its requests")

    def expect(self, is_done, problem):
        def checked():
            for error in (self.forge.error, *(job.error for job in self.jobs)):
                if error:
                    raise error
            return is_done()
        until(checked, 150, lambda: f"{problem}: {self.guard.seen[-3:]}, {self.application.treated:.2%}")

    def stop(self):
        for job in self.jobs:
            job.stop()
        self.forge.stop()


def breaker(scene):
    forge, application, guard = scene.forge, scene.application, scene.guard
    scene.expect(lambda: ("closed", "healthy", 0) in guard.seen, "the guard is not healthy")
    assert forge.kill_file() is None

    scene.fails(HARMFUL)
    scene.expect(lambda: forge.kill_file() is not None and application.treated == 0, "the guard did not kill the flag")
    kill = forge.kill_file()
    assert "by: guard" in kill and "evidence:" in kill, kill
    code, proof = forge.verdicts[0]
    assert code == 0 and "proven: " in proof, (code, proof)

    scene.expect(lambda: 0 < application.treated < 0.02, "no probe began")
    # The fast lane never lets a probe through.
    assert forge.verdicts[1][0] == 1, forge.verdicts
    scene.expect(lambda: application.treated == 0, "the harmful probe was not stopped")

    scene.fails(HEALTHY)
    scene.expect(lambda: 0 < application.treated < 0.02, "no second probe began")
    scene.expect(lambda: forge.kill_file() is None and application.treated > 0.02, "the healthy probe did not close")
    assert 0.23 < application.treated < 0.27, application.treated


def harmless(scene):
    advance = AdvanceJob(scene.forge, scene.prometheus)
    scene.jobs.append(advance)
    scene.expect(lambda: scene.application.treated == 1, "the rollout did not reach everyone")
    assert advance.seen == ["5%", "25%", "50%", "100%"], advance.seen
    assert scene.forge.kill_file() is None


def harmful(scene):
    advance = AdvanceJob(scene.forge, scene.prometheus)
    scene.jobs.append(advance)
    scene.expect(lambda: "5%" in advance.seen, "the rollout did not begin")
    scene.fails(HARMFUL)
    scene.expect(lambda: scene.forge.kill_file() is not None and scene.application.treated == 0, "it was not stopped")
    assert "100%" not in advance.seen, advance.seen


def main():
    flagctl = str(Path(sys.argv[1]).resolve())
    time_line, application = TimeLine(), Application()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        application.start()
        prometheus = Prometheus(folder / "prometheus", application.port)
        for act, share in ((breaker, "50%"), (harmless, "1%"), (harmful, "1%")):
            scene = Scene(folder / act.__name__, flagctl, share, application, prometheus, time_line)
            act(scene)
            scene.stop()
            print(flush=True)
        application.stop()
        prometheus.stop()
    print(f"Prometheus {prometheus.version}: three unattended loops in {time_line.seconds():.0f} s")


if __name__ == "__main__":
    main()
