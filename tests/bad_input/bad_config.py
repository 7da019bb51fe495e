"""What can be wrong with a configuration, arm by arm."""

import copy
import functools
from pathlib import Path

import yaml
from cases import for_each, refused

import configuration

ROOT = Path(__file__).parents[2]


@functools.cache
def _demo():
    return yaml.safe_load((ROOT / "config/config.yaml").read_text(encoding="utf-8"))


def configured(_, changes):
    """The demo's configuration with some keys changed, checked; None removes a key."""
    config = copy.deepcopy(_demo())
    for dotted, value in changes.items():
        *path, last = dotted.split(".")
        section = config
        for key in path:
            section = section[key]
        section[last] = value
    configuration.check(config)


_SHARED = {"split.validation": 0.6, "split.test": 0.5}


def _of(arm, changes):
    return {f"{arm}.{key}": value for key, value in changes.items()}


UNKNOWN = {
    "tng": ({"tng.snapshot": 99}, r"unknown key 'tng\.snapshot'", r"did you mean 'tng\.snapshots'"),
    "semantic": ({"semantic.nets": {}}, r"unknown key 'semantic\.nets'", "did you mean", "Known"),
    "xmm": ({"xmm.image": "x"}, r"unknown key 'xmm\.image'", r"did you mean 'xmm\.images'"),
    "helium": ({"helium.spectrum": 1}, r"unknown key 'helium\.spectrum'", "did you mean"),
    "stellar": ({"stellar.pixel": 1}, r"unknown key 'stellar\.pixel'", "'stellar.pixels'"),
    "sdss": ({"sdss.catalog": 1}, r"unknown key 'sdss\.catalog'", r"'sdss\.catalogue'"),
}
for arm, row in UNKNOWN.items():
    for_each(refused, arm, "unknown key", {"of the arm": row})(configured)

DTYPE = {
    "tng": ({"tng.grid.bins": "many"}, r"'tng\.grid\.bins'", "many"),
    "semantic": ({"semantic.grid.pixels": 1.5}, r"'semantic\.grid\.pixels'", r"1\.5"),
    "xmm": ({"xmm.blocks": "two"}, r"'xmm\.blocks'", "two"),
    "helium": ({"helium.window": 4470}, r"'helium\.window'", "4470"),
    "stellar": ({"stellar.pixels": [1]}, r"'stellar\.pixels'", r"\[1\]"),
    "sdss": ({"sdss.sample.size": "all"}, r"'sdss\.sample\.size'", "all"),
}
for arm, row in DTYPE.items():
    for_each(refused, arm, "wrong dtype", {"of a value": row})(configured)

CONTRADICTORY = {
    "tng": {
        "reference": ({"tng.reference_snapshot": 50}, "reference_snapshot is 50", "not one of"),
        "inclined": ({"tng.inclined.snapshot": 50}, r"inclined\.snapshot is 50", "not one of"),
        "case": ({"tng.cases": ["mas"]}, r"tng\.cases names 'mas'", "did you mean 'mass'"),
        "limits": ({"tng.selection.stellar_mass": [9, 1]}, "stellar_mass", "smaller"),
        "readout": ({"tng.training.readout_epochs": [999]}, "readout_epochs has 999", "200"),
    },
    "semantic": {
        "model": ({"semantic.galaxies.model": "galaxy"}, "'galaxy'", "did you mean 'galaxies'")
    },
    "xmm": {
        "shares": (_of("xmm", _SHARED), r"xmm\.split", "below 1"),
        "trained": ({"xmm.trained": ["dmo"]}, r"xmm\.trained names 'dmo'", "'demo'"),
    },
    "helium": {
        "shares": (_of("helium", _SHARED), r"helium\.split", "below 1"),
        "members": ({"helium.members": 1}, r"helium\.members is 1", "at least 2"),
        "window": ({"helium.window": [4480, 4460]}, r"helium\.window", "smaller number"),
    },
    "stellar": {
        "shares": (_of("stellar", _SHARED), r"stellar\.split", "below 1"),
        "downsample": ({"stellar.downsample": 7}, r"stellar\.downsample, 7", "divisor"),
        "window": ({"stellar.window": [5300, 5000]}, r"stellar\.window", "smaller number"),
    },
    "sdss": {
        "model": ({"sdss.prediction.model": "cnn"}, "'cnn'", "did you mean 'cnn_1d"),
        "window": ({"sdss.smoothing.window": 4}, r"window is 4", "odd"),
        "redshift": ({"sdss.sample.redshift": [3, 1]}, r"sdss\.sample\.redshift", "first"),
    },
}
for arm, table in CONTRADICTORY.items():
    for_each(refused, arm, "contradictory values", table)(configured)

MISSING = {
    "tng": ({"tng.source": "local"}, r"tng\.base_path must name the folder", "groups_099"),
    "xmm": ({"xmm.source": "local"}, r"xmm\.images must name"),
    "helium": ({"helium.source": "local"}, r"helium\.spectra must name"),
    "stellar": ({"stellar.source": "local"}, r"stellar\.spectra must name"),
    "sdss": ({"sdss.source": "local"}, r"sdss\.spectra must name the folder"),
    "semantic": (
        {"semantic.galaxies.dataset": "/nowhere/x.h5"},
        "/nowhere/x.h5.*does not exist.*correct it",
    ),
}
for arm, row in MISSING.items():
    for_each(refused, arm, "missing file", {"that a key should name": row})(configured)

HOSTILE = {
    "run outside": ("../../etc", "run"),
    "run with a folder": ("a/b", "run"),
    "run with a shell": ("$(touch pwned)", "run"),
    "empty run": ("", "run"),
}
for_each(refused, "tng", "hostile name", {n: ({"run": v}, w) for n, (v, w) in HOSTILE.items()})(
    configured
)
