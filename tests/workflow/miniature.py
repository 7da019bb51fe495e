"""The project in a folder of its own, on configurations of seconds."""

import atexit
import compileall
import copy
import functools
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import warm
import yaml
from snakemake.utils import update_config

ROOT = Path(__file__).parents[2]
MINIATURE = {
    "run": "mini",
    "arms": ["tng"],
    "tng": {
        "snapshots": [99, 98],
        "parts_per_snapshot": 2,
        "synthetic": {"galaxies": 24, "gas_cells": 300, "chunks": 3},
        "grid": {"bins": 64},
        "cases": ["composite", "mass", "unsharp_3"],
        "backbone": {"weights": "random", "precision": "float32"},
        "training": {"epochs": 4, "readout_epochs": [2, 4], "batch_size": 8},
        "evaluation": {"bootstrap_samples": 200},
        "attention": {
            "methods": ["grad_cam", "hires_cam", "occlusion"],
            "galaxies": 3,
            "stride": 32,
            "random_heads": 2,
        },
    },
}

MINIATURE_XMM = {
    "run": "mini",
    "arms": ["xmm"],
    "xmm": {
        "synthetic": {"images": 60, "flawed": 8},
        "blocks": 3,
        "experiments": {
            "demo": {"dataset": "minmax_sqrt_rebin4", "architecture": "2conv", "epochs": 2},
            "ordinal": {"epochs": 1},
        },
        "trained": ["demo", "ordinal"],
        "evaluation": {"bootstrap_samples": 100},
    },
}

MINIATURE_HELIUM = {
    "run": "mini",
    "arms": ["helium"],
    "helium": {
        "synthetic": {
            "teff": [15000, 35000, 5000],
            "log_g": [3.0, 5.0, 1.0],
            "v_rot": [100, 400, 100],
            "flawed": 8,
        },
        "trained": ["clean"],
        "training": {"epochs": 3},
        "members": 2,
        "evaluation": {"snr": [50], "bootstrap_samples": 50},
        "observation": {"dataset": "clean"},
    },
}
MINIATURE_STELLAR = {
    "run": "mini",
    "arms": ["stellar"],
    "stellar": {
        "pixels": 7448,
        "synthetic": {
            "teff": [4500, 6500, 8500],
            "log_g": [2.0, 4.0],
            "m_h": [-1.0, 0.0],
            "v_sin_i": [0, 20, 100],
        },
        "training": {"epochs": 2},
        "evaluation": {"snr": [50], "bootstrap_samples": 50},
    },
}

MINIATURE_SDSS = {
    "run": "mini",
    "arms": ["sdss"],
    "sdss": {
        "synthetic": {"spectra": 90},
        "sample": {"size": 80},
        "trained": {"networks": ["mnist", "cnn_1d"]},
        "training": {"epochs": 3, "readout_epochs": [2, 3], "patience": 3},
        "evaluation": {"bootstrap_samples": 50},
    },
}

# Networks with one thread and one with two; the tng arm only as far as its inclined views.
_FEW = {"images": {"train": 60, "validation": 20, "test": 30}}
MINIATURE_SEMANTIC = {
    "run": "mini",
    "arms": ["semantic"],
    "semantic": {
        "datasets": {"clean": _FEW, "noise_05": _FEW, "galaxies": _FEW},
        "networks": {
            "tiny": {"convolutions": [4, 4], "dense": [4]},
            "two_threads": {"convolutions": [16, 4], "dense": [4]},
        },
        "models": {
            "clean": {"network": "two_threads"},
            "clean_tiny": {"dataset": "clean", "network": "tiny"},
            "clean_theta": {"network": "tiny"},
            "clean_adadelta": {"network": "tiny"},
            "galaxies": {"network": "tiny", "epochs": 2},
        },
        "trained": ["clean", "clean_tiny", "clean_theta", "clean_adadelta", "galaxies"],
        "training": {"epochs": 2},
        "evaluation": {"fitted": 8, "bootstrap_samples": 20},
    },
    "tng": {
        "snapshots": [99],
        "parts_per_snapshot": 2,
        "synthetic": {"galaxies": 12, "gas_cells": 300, "chunks": 3},
        "inclined": {"inclinations": [0, 60], "galaxies": 4},
    },
}


def digest(path):
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def digests(folder, *patterns):
    """SHA-256 of the files below a folder that have these names, by their paths in it."""
    paths = [path for pattern in patterns for path in sorted(folder.glob(pattern))]
    return {str(path.relative_to(folder)): digest(path) for path in paths if path.is_file()}


def drawn(results, names, least=1000):
    """Whether each of an arm's figures is there, in both formats, of so many bytes at least."""
    paths = [results / "figures" / f"{name}.{kind}" for name in names for kind in ("png", "pdf")]
    return all(path.stat().st_size > least for path in paths)


def merged(base, overlay):
    """One configuration laid over another, as Snakemake does it."""
    made = copy.deepcopy(base)
    update_config(made, overlay)
    return made


def shell(line, folder, *, programs=(), **variables):
    """Run a line as its reader does: in a shell, in a folder, with the environment's programs.

    Those of the folders `programs` come first.

    Of these, ``snakemake`` begins as `warm` says.

    Returns
    -------
    status : int
    text : str
        Standard output and error.
    """
    own = [f"{warm.place()}/bin", str(Path(sys.executable).parent), os.environ["PATH"]]
    variables = {
        "PATH": os.pathsep.join([*map(str, programs), *own]),
        warm.PLACE: warm.place(),
        **variables,
    }
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **variables},
    )
    return done.returncode, done.stdout


@functools.cache
def _planned():
    """A copy of the project with what its first plan leaves for the next: byte code and hashes.

    Whoever edits a file in a copy has that file's made again, as a user has.
    """
    folder = Path(tempfile.mkdtemp(prefix="skyloom-project-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    skip = shutil.ignore_patterns("__pycache__", "downloads")
    for name in ("workflow", "scripts", "src", "config", "resources", "envs"):
        shutil.copytree(ROOT / name, folder / name, ignore=skip)
    for name in ("scripts", "src"):
        compileall.compile_dir(folder / name, quiet=1)
    assert warm.snakemake(["-n", "--cores", "2", "--quiet", "all"], folder).returncode == 0
    for path in (folder / ".snakemake").iterdir():
        if path.name != "code.json":
            shutil.rmtree(path)
    return folder


def copied(folder):
    """Copy the project into a folder, which may be there."""
    shutil.copytree(_planned(), folder, dirs_exist_ok=True)


class Project:
    """The workflow in a folder of its own."""

    def __init__(self, folder, overlay=MINIATURE):
        self.folder, self.arm = folder, overlay["arms"][0]
        copied(folder)
        (folder / "mini.yaml").write_text(yaml.safe_dump(overlay))

    @classmethod
    def at(cls, folder, arm):
        """A copy of a project that was run, with what the run said as its `log`."""
        project = cls.__new__(cls)
        project.folder, project.arm = folder, arm
        project.log = (folder / "log.txt").read_text()
        return project

    def snakemake(self, *words, check=True, config=None, overlay="mini.yaml"):
        """Run Snakemake; standard output and error as one text. `config` is the arm's."""
        extra = ["--config", f"{self.arm}={config}"] if config else []
        words = ["--configfile", overlay, *words, *extra]
        done = warm.snakemake(words, self.folder, timeout=3600)
        if check:
            assert done.returncode == 0, done.stdout[-4000:]
        return done

    def planned(self, *targets, config=None):
        """Names of the rules that a run would execute, with how often, and the outputs named."""
        text = self.snakemake("-n", "--cores", "2", *targets, config=config).stdout
        if "Nothing to be done" in text:
            return {}
        table = text.split("Job stats:")[1].split("\n\n")[0].splitlines()[3:]
        counts = {words[0]: int(words[1]) for line in table if len(words := line.split()) == 2}
        counts.pop("total", None)
        return counts

    @property
    def results(self):
        return self.folder / "results" / "mini" / self.arm
