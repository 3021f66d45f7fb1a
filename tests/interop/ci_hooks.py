"""The hooks for pre-commit."""

import shutil
import subprocess

from ci_forge import git
from ci_scene import FLAG, files
from packages import PACKAGES, ROOT


def hooks(folder, path):
    """The real pre-commit runs the hooks on a commit."""
    source, work = folder / "hooks", folder / "work"
    for repository in (source, work):
        repository.mkdir()
        git(repository, "init", "--quiet", "--initial-branch=main")
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", source)
    git(source, "add", "--all")
    git(source, "commit", "--quiet", "--message", "hooks")
    bare = folder / "hooks.git"
    git(folder, "clone", "--quiet", "--bare", str(source), str(bare))
    for name, text in files(folder / "fleet").items():
        (work / name).parent.mkdir(exist_ok=True)
        (work / name).write_text(text)
    revision = git(source, "rev-parse", "HEAD")
    (work / ".pre-commit-config.yaml").write_text(
        f"repos:\n- repo: file://{bare}\n  rev: {revision}\n  hooks: [{{id: flagctl-validate}}, {{id: flagctl-test}}, {{id: flagctl-fmt}}]\n"
    )
    environment = {"PATH": f"{PACKAGES / 'ci' / 'bin'}:{path}", "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    run = lambda *command: subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True)
    installed_hook = run("pre-commit", "install")
    assert installed_hook.returncode == 0, installed_hook
    identity = ("-c", "user.name=Dana", "-c", "user.email=dana@example.com")
    assert run("flagctl", "fmt").returncode == 0
    run("git", "add", "--all")
    good = run("git", *identity, "commit", "-m", "flags")
    assert good.returncode == 0 and good.stderr.count("Passed") == 3, good
    (work / "flags/cart.yaml").write_text(FLAG.replace("SERVED", "maybe"))
    run("git", "add", "--all")
    bad = run("git", *identity, "commit", "-m", "broken")
    assert bad.returncode == 1 and "error[unknown-variant]" in bad.stderr, bad
    (work / "flags/cart.yaml").write_text(FLAG.replace("SERVED", "on"))
    layout = FLAG.replace("SERVED", "on").replace(": ", ":   ", 1)
    (work / "flags/cart.yaml").write_text(layout)
    run("git", "add", "--all")
    changed = run("git", *identity, "commit", "-m", "layout")
    assert changed.returncode == 1 and "files were modified by this hook" in changed.stderr, changed
    assert (work / "flags/cart.yaml").read_text() == FLAG.replace("SERVED", "on")
    (work / "README.md").write_text("other files run no hook\n")
    run("git", "add", "--all")
    other = run("git", *identity, "commit", "-m", "readme")
    assert other.returncode == 0 and other.stderr.count("Skipped") == 3, other
