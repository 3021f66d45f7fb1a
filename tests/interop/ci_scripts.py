#!/usr/bin/env python3
"""Runs this project's action, GitLab template, hooks for pre-commit, and release scripts on this machine.

    ci_scripts.py PATH-OF-FLAGCTL [SCENE…]

The steps of `action.yml` and the jobs of `ci/gitlab.yml` run with the variables, files and clones that the services give them,
against a local bare repository. A local server has the release and records the requests to the interfaces for comments. Real
forges are not used. The script installs PyYAML and pre-commit from PyPI, and shellcheck and jq with `apt-get` if they are missing.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from packages import PACKAGES, installed, with_pip

PYTHON_PACKAGES = ["pyyaml==6.0.3", "pre-commit==4.7.0"]


def inside():
    """Restarts this script in the Python environment that has the packages."""
    if Path(sys.prefix).resolve() != (PACKAGES / "ci").resolve():
        python = installed("ci", PYTHON_PACKAGES, with_pip) / "bin" / "python"
        os.execv(python, [str(python), *sys.argv])


def programs():
    """Installs the programs that the scripts and this test need and that a runner of GitHub has."""
    missing = [name for name in ("shellcheck", "jq") if shutil.which(name) is None]
    if missing:
        subprocess.run(["apt-get", "update"], check=True, stdout=subprocess.DEVNULL)
        command = ["apt-get", "install", "--yes", "--no-install-recommends", *missing]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"})


def main():
    # These modules need the packages.
    from ci_github import documented, forks, hostile, kills, monorepo, pull_requests, pushes, queues, signed
    from ci_gitlab import gitlab, hostile_targets
    from ci_hooks import hooks
    from ci_init import empty, initialised, initialised_folder
    from ci_release import downloads, pages, release, scripts, tags
    from ci_scene import Scene

    flagctl, wanted = Path(sys.argv[1]).resolve(), sys.argv[2:]
    programs()
    scripts()
    tags()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        count = pages(flagctl, folder)
        releases, version = release(folder, flagctl)
        # The program is in the archive only, so a job finds it after the installation.
        system = ":".join(part for part in os.environ["PATH"].split(":") if not (Path(part) / "flagctl").exists())
        # The installation takes a second, so most jobs have the program already.
        (folder / "bin").mkdir()
        shutil.copy(folder / "flagctl", folder / "bin")
        path = f"{folder / 'bin'}:{system}"

        def play(check, path, *arguments, **options):
            if wanted and check.__name__ not in wanted:
                return
            scene = Scene(folder / check.__name__, releases, path, **options)
            check(scene, *arguments)
            scene.forge.stop()
            print(f"{check.__name__}: as expected, in {scene.forge.folders} jobs", flush=True)

        for check in (pull_requests, forks, kills, queues, pushes, signed, monorepo, hostile):
            play(check, path, version="")
        for check in (documented, gitlab, hostile_targets):
            play(check, system)
        for check in (initialised, initialised_folder):
            play(check, system, folder / "flagctl", first=empty)
        play(downloads, system, releases, version)
        hooks(folder, path)
    print(f"the action, the template, the hooks, the release scripts and {count} manual pages are as expected")


if __name__ == "__main__":
    inside()
    main()
