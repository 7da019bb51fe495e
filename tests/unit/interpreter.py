"""Other programs: an interpreter that finds our library, and git."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Where Python finds the steps and the library.
FOLDERS = (ROOT / "scripts", ROOT / "src")
PYTHONPATH = os.pathsep.join(map(str, FOLDERS))


def python(program, folder, *arguments, before=()):
    """Run a program's text in a folder; what came of it, with its words as text."""
    return subprocess.run(
        [*before, sys.executable, "-c", program, *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": PYTHONPATH},
        capture_output=True,
        text=True,
    )


def git(folder, *words):
    """Run git in a folder; what it says."""
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    command = ["git", *who, "-C", str(folder), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
