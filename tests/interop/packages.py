"""Packages of other languages, kept in `target/interop`."""

import shutil
import subprocess
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ROOT / "target" / "interop"


def installed(name, packages, install):
    """Returns a folder with these packages, and installs them only if the list has changed."""
    folder = PACKAGES / name
    stamp = folder / "packages.txt"
    if not stamp.exists() or stamp.read_text() != "\n".join(packages):
        shutil.rmtree(folder, ignore_errors=True)
        install(folder, packages)
        stamp.write_text("\n".join(packages))
    return folder


def with_pip(folder, packages):
    venv.create(folder, with_pip=True)
    subprocess.run([folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", *packages], check=True)


def with_npm(folder, packages):
    folder.mkdir(parents=True)
    (folder / "package.json").write_text('{"private": true}')
    subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", *packages], cwd=folder, check=True)
