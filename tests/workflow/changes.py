"""Every key of the configuration with another valid value."""

import copy
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

import configuration
from skyloom.arms.sdss.architectures import ARCHITECTURES
from skyloom.arms.semantic.profiles import DECODERS
from skyloom.arms.tng.channels import QUANTITIES
from skyloom.errors import InputError

ROOT = Path(__file__).parents[2]

#: What must be said besides, where one key alone would be refused.
BESIDE = {f"{arm}.source": {arm: {"spectra": "config"}} for arm in ("helium", "sdss", "stellar")}


@cache
def _by_hand(name):
    return yaml.safe_load((Path(__file__).parent / name).read_text(encoding="utf-8"))


def table():
    """The table by hand: beginnings of keys, and what reruns."""
    return _by_hand("plan.yaml")


def row(key):
    """The table's row of a key: the one whose beginning is the longest."""
    names = [name for name in table() if key.startswith(name)]
    return (table()[max(names, key=len)] or "") if names else "no row"


@cache
def default():
    """The configuration of config.yaml."""
    return _read("config.yaml")


def _read(name):
    said = yaml.safe_load((ROOT / "config" / name).read_text(encoding="utf-8"))
    return configuration.typed(said, configuration.load_schema())


@cache
def published():
    """The configuration of papers.yaml, without config.yaml below it."""
    return _read("papers.yaml")


def leaves(value, path=()):
    """Every key that holds no further keys, as a path, with its value."""
    if not isinstance(value, dict) or not value:
        return {path: value}
    return {
        leaf: own for key, part in value.items() for leaf, own in leaves(part, (*path, key)).items()
    }


def named(path):
    """A path as it is written in sentences."""
    return ".".join(path)


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
    except InputError:
        return False
    return True


def _schema(path):
    """What the schema says of a key."""
    own = configuration.load_schema()
    for key in path:
        own = own.get("properties", {}).get(key) or own.get("additionalProperties") or {}
    return own


def _others(config, path, value):
    """Other values that a key might take."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value * 2, value + 1, value + 2, value - 1, value / 2]
    if isinstance(value, float):
        return [value * 0.9, value * 1.1, value / 2]
    if isinstance(value, list):
        numbers = value and all(isinstance(one, int | float) for one in value)
        scaled = [[*value[:-1], value[-1] * by] for by in (2, 1.1, 0.5)] if numbers else []
        allowed = (_schema(path).get("items") or {}).get("enum", ())
        return [*scaled, value[:-1], value[::-1], *([one] for one in allowed)]
    if isinstance(value, str):
        section = config[path[0]].get(f"{path[-1]}s", {}) if len(path) > 2 else {}
        tables = {"quantity": QUANTITIES, "decoder": DECODERS}
        tables |= {"architecture": ARCHITECTURES} if path[0] == "sdss" else {}
        names = tables.get(path[-1], section)
        return [
            *_schema(path).get("enum", ()),
            *(name for name in names if isinstance(names, Mapping)),
            "minmax_linear_rebin4",
            f"{value}_2",
        ]
    return []


def another(path, config=None):
    """Another valid value of a key; None where there is none that goes with all other keys.

    Parameters
    ----------
    path : tuple of str
    config : dict, optional
        All that is configured; config.yaml unless given.
    """
    config = default() if config is None else config
    value = config
    for key in path:
        value = value[key]
    known = _by_hand("changes.yaml")
    by_hand = [known[named(path)]] if named(path) in known else []
    for made in [*by_hand, *_others(config, path, value)]:
        whole = configuration.typed(changed(config, path, made), configuration.load_schema())
        if made != value and is_valid(whole):
            return made
    return None


def changed(config, path, value):
    """A configuration with another value of a key, and what must be said besides."""
    made = with_value(config, path, value)
    for beside, said in leaves(BESIDE.get(named(path), {})).items():
        made = with_value(made, beside, said) if beside else made
    return made
