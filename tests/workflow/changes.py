"""Every key of the configuration with another valid value."""

import copy
from functools import cache
from pathlib import Path

import yaml

import configuration

ROOT = Path(__file__).parents[2]

#: Where no other value can be made up from the schema; None takes a key out of the list.
BY_HAND = {
    "arms": None,  # what is asked for: see test_plan.py
    "downloads.archives": "config/config.yaml",
    "downloads.folder": "elsewhere",
    "helium.evaluation.snr": [20, 50, 100],
    "helium.members": 4,
    "helium.observation.continuum.exclude": [[4461, 4483]],
    "helium.observation.continuum.window": [4440, 4510],
    "helium.observed": "config",
    "helium.source": None,
    "helium.spectra": "config",
    "helium.synthetic.log_g": [2.0, 5.0, 1.0],
    "helium.synthetic.teff": [15000, 39000, 3000],
    "helium.synthetic.v_rot": [100, 400, 50],
    "helium.training.snr": 50,
    "helium.window": [4461, 4480],
    "sdss.catalogue": "config/config.yaml",
    "sdss.drawing.flux": [1, 99],
    "sdss.drawing.wavelength": [4000, 9000],
    "sdss.prediction.model": "mnist_80_20",
    "sdss.prediction.spectra": "config",
    "sdss.sample.redshift_bins": [0, 1, 2],
    "sdss.sample.shares": {"GALAXY": 0.5, "QSO": 0.25, "STAR": 0.25},
    "sdss.smoothing.window": 11,
    "sdss.source": None,
    "sdss.spectra": "config",
    "semantic.galaxies.dataset": "config/config.yaml",
    "semantic.galaxies.model": "clean",
    "stellar.downsample": 2,
    "stellar.members": 3,
    "stellar.observation.continuum.exclude": [[5100, 5110]],
    "stellar.observation.continuum.window": [5010, 5290],
    "stellar.observed": "config",
    "stellar.pixels": 29784,
    "stellar.source": None,
    "stellar.spectra": "config",
    "stellar.training.snr": 50,
    "stellar.window": [5001, 5300],
    "tng.api.simulation": "TNG100-1",
    "tng.base_path": "config",
    "tng.grid.depth": 40,
    "tng.inclined.galaxies": 5,
    "tng.inclined.position_angle": 30,
    "tng.inclined.snapshot": 91,
    "tng.reference_snapshot": 91,
    "tng.selection.exclude": ["099_1"],
    "tng.selection.stellar_mass": [0.6, 100],
    "tng.snapshots": [99, 91],
    "tng.source": None,
    "tng.statistic.mass": "mean",
    "xmm.archive.observations": ["0123456789"],
    "xmm.frame.size": [648, 648],
    "xmm.images": "config",
    "xmm.observations": "config/config.yaml",
    "xmm.source": None,
}


@cache
def default():
    """The configuration of config.yaml."""
    return configuration.typed(
        yaml.safe_load((ROOT / "config" / "config.yaml").read_text()), configuration.load_schema()
    )


def leaves(value, path=()):
    """Every key with a value that holds no further keys: path -> value."""
    if not isinstance(value, dict) or not value:
        return {path: value}
    return {
        leaf: own for key, part in value.items() for leaf, own in leaves(part, (*path, key)).items()
    }


def with_value(config, path, value):
    """A copy of a configuration with one value set."""
    made = copy.deepcopy(config)
    inner = made
    for key in path[:-1]:
        inner = inner.setdefault(key, {})
    inner[path[-1]] = value
    return made


def is_valid(config):
    """Whether the workflow would take a configuration."""
    try:
        configuration.check(config)
    except Exception:
        return False
    return True


def schema_of(path):
    """What the schema says of a key."""
    whole = configuration.load_schema()
    own = whole
    for key in path:
        if "$ref" in own:
            own = whole["$defs"][own["$ref"].rsplit("/", 1)[1]]
        own = own.get("properties", {}).get(key) or own.get("additionalProperties") or {}
    return whole["$defs"][own["$ref"].rsplit("/", 1)[1]] if "$ref" in own else own


def others(path, value):
    """Other values that a key might take, the likeliest first."""
    own = schema_of(path)
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        more = [value * 2, value + 1] if isinstance(value, int) else [value * 0.9, value * 1.1]
        return [*more, value / 2, value - 1, value + 0.1]
    if isinstance(value, list):
        return [
            [2 * one if isinstance(one, int) else one for one in value],
            value[:-1],
            [*value[:-1], *(1.1 * one for one in value[-1:] if isinstance(one, float))],
            value[::-1],
            *([one] for one in own.get("items", {}).get("enum", ())),
        ]
    if value == {}:
        return [{"snr": 70}]
    if isinstance(value, str):
        names = [*own.get("enum", ()), *(one for one in schema_enum(own)), *siblings(path)]
        return [name for name in names if name != value] + [f"{value}_2"]
    return []


def schema_enum(own):
    """Values of alternatives."""
    return [one["const"] for one in own.get("oneOf", ()) if "const" in one]


def siblings(path):
    """Names that an entry's key may refer to: those of the section that is called after it."""
    if "experiments" in path and path[-1] == "dataset":
        return ["minmax_linear_rebin4"]
    section = default()
    for key in path[:1]:
        section = section[key]
    found = section.get(f"{path[-1]}s", {}) if isinstance(section, dict) else {}
    return list(found) if isinstance(found, dict) else []


def another(path, value):
    """Another valid value of a key of config.yaml; None where there is none to be made up."""
    name = ".".join(map(str, path))
    tried = [BY_HAND[name]] if name in BY_HAND else others(path, value)
    for made in tried:
        if made != value and made is not None and is_valid(with_value(default(), path, made)):
            return made
    return None


def arms_of(path):
    """The arms that a key can concern."""
    if path[0] not in default()["arms"]:
        return default()["arms"]
    return ["tng", "semantic"] if path[0] == "tng" else [path[0]]
