"""The configuration as the workflow uses it: checked, resolved, cut into what each rule needs.

Like `step`, this module stands between Snakemake and the library.
"""

import json
import math
from collections import Counter
from functools import cache
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator

import configuration_channels
import configuration_names
from skyloom import schema
from skyloom.arms import registry
from skyloom.arms.tng import controls, quantities
from skyloom.errors import InputError

# Words that YAML takes for something else, and what floating-point numbers are called.
_WORDS = {"true", "false", "yes", "no", "on", "off", "null", "nan", "inf", "infinity"}
_SCHEMA = Path(__file__).parent.parent / "workflow" / "schemas" / "config.schema.yaml"

# Which keys of tng.images a kind of variant depends on; a change of one rebuilds only these.
_IMAGE_KEYS = {
    "composite": ("beta", "overflow"),
    "channel": ("beta", "overflow"),
    "gaussian": ("beta", "overflow"),
    "unsharp": ("beta", "overflow", "difference"),
    **dict.fromkeys(controls.KINDS, ("beta", "overflow")),
}


@cache
def load_schema():
    """The JSON Schema of the configuration, as a dict; it is written by `skyloom.config`."""
    return read(_SCHEMA)


def read(path):
    """What a YAML file of the project says."""
    text = Path(path).read_text(encoding="utf-8")
    # Every process of a run reads these: in C where PyYAML was built with it.
    return (
        yaml.load(text, Loader=yaml.CSafeLoader) if yaml.__with_libyaml__ else yaml.safe_load(text)
    )


def _scalar(text):
    """What a string would be as YAML; numbers without a dot, such as 1e-3, are numbers too."""
    # Names are most of a configuration, and YAML is slow.
    if text.isidentifier() and text.lower() not in _WORDS:
        return text
    try:
        value = configuration_names.as_number(text)
        return float(value) if isinstance(value, str) else value
    except (yaml.YAMLError, ValueError):
        return text


def typed(value, schema, *, written=None, path=()):
    """A configuration in which strings that stand for numbers, booleans or null are those.

    Snakemake hands every nested value of ``--config 'tng={split: {test_fraction: 0.1}}'`` on as a
    string; the schema knows better. The other way round, a name that was taken for a number is what
    was written again.

    Parameters
    ----------
    value : object
        The configuration, or a part of it.
    schema : dict
        The part's schema.
    written : `configuration_names.Written`, optional
        What the configuration was written as.
    path : tuple
        Keys that lead to the part.

    Raises
    ------
    InputError
        If a name was taken for a number or the like, and what was written is not known; or if a key
        stands twice.
    """
    written = written or configuration_names.Written()

    def within(key, part, own):
        return typed(part, own, written=written, path=(*path, key))

    if isinstance(value, dict):
        known, other = schema.get("properties", {}), schema.get("additionalProperties")
        other = other if isinstance(other, dict) else {}
        names = {key: key if isinstance(key, str) else written.key(key, path) for key in value}
        if twice := [name for name, count in Counter(names.values()).items() if count > 1]:
            raise InputError(
                f"Configuration: {'.'.join(map(str, (*path, twice[0])))!r} stands twice, once in "
                "quotation marks and once without: keep one of them."
            )
        return {
            names[key]: within(names[key], part, known.get(names[key], other))
            for key, part in value.items()
        }
    if isinstance(value, list):
        own = schema.get("items", {})
        return [within(place, part, own) for place, part in enumerate(value)]
    if not isinstance(value, str | None) and configuration_names.wanted(schema):
        return written.name(value, path)
    if type(value) in (int, float):
        return _whole(written.number(value, path), schema)
    if isinstance(value, str) and schema:
        meant = _scalar(value)
        # A number out of range is one too: its sentence speaks of the range, not of a string.
        kind = {"type": schema["type"]} if "type" in schema else schema
        if not isinstance(meant, str) and Draft202012Validator(kind).is_valid(meant):
            return _whole(meant, schema)
    return value


def _whole(value, schema):
    """A number without a fraction as an integer, where only such are right: 1e3 seeds, 99.0."""
    kinds = schema.get("type", ())
    integer = "integer" in kinds and "number" not in kinds
    whole = isinstance(value, float) and value.is_integer()
    return int(value) if integer and whole else value


def canonical(value):
    """A configuration whose keys are in one order, whatever the order in its files.

    Snakemake takes a parameter whose keys have moved for another one.
    """
    if isinstance(value, dict):
        return {key: canonical(value[key]) for key in sorted(value, key=str)}
    return [canonical(part) for part in value] if isinstance(value, list) else value


def _check_finite(value, name=""):
    """Refuse what a schema takes for a number and is none."""
    if isinstance(value, float) and not math.isfinite(value):
        raise InputError(f"Configuration: {name!r} is {value}: it must be finite.")
    parts = value.items() if isinstance(value, dict) else ()
    parts = enumerate(value) if isinstance(value, list) else parts
    for key, part in parts:
        _check_finite(
            part, f"{name}[{key}]" if isinstance(value, list) else f"{name}.{key}".lstrip(".")
        )


def check(config):
    """Raise an InputError for the first key that is unknown, wrong, or contradicts another."""
    schema.check(config, load_schema())
    _check_finite(config)
    for arm in registry.ARMS:
        registry.part(arm, "check").check(config, arm)


def variant_parameters(tng, variant):
    """Every parameter that decides one variant's images, and no other."""
    own = tng["variants"][variant]
    kind = own["kind"]
    if configuration_channels.is_further(own):
        return configuration_channels.parameters(tng, own)
    keys = [*_IMAGE_KEYS[kind], *(("single_channel",) if "channel" in own else ())]
    return {**{key: tng["images"][key] for key in keys}, **own}


def same_images(tng):
    """Variants with the same images under two names.

    Returns
    -------
    dict
        Variant -> the one of those whose parameters are the same once all are resolved that is
        named after them (``gaussian_3``), or else comes first in the alphabet; mostly itself. A
        size is the same in whatever unit it is written.
    """
    unit = {"width": tng["grid"]["width"], "bins": tng["grid"]["bins"]}

    def named_after_itself(name):
        own = tng["variants"][name]
        return name in (own["kind"], own.get("channel"), f"{own['kind']}_{own.get('sigma')}")

    first, canonical = {}, {}
    # Not in the order of the configuration, which a new variant on the command line leads.
    for name in sorted(tng["variants"], key=lambda name: (not named_after_itself(name), name)):
        own = variant_parameters(tng, name)
        if "sigma" in own:
            # Two snapshots that differ in a and h tell comoving, physical and h apart.
            own["sigma"] = [
                quantities.pixels(own["sigma"], **unit, scale_factor=a, hubble=h)
                for a, h in ((1.0, 1.0), (0.5, 0.7))
            ]
        canonical[name] = first.setdefault(json.dumps(own, sort_keys=True), name)
    return canonical


def choices(tng):
    """All of the arm's choices by dotted name; a variant is one, with its parameters resolved."""
    pairs = flat({key: value for key, value in tng.items() if key != "variants"}, "tng")
    resolved = {f"tng.variants.{name}": variant_parameters(tng, name) for name in tng["variants"]}
    return pairs | resolved


def flat(mapping, prefix):
    """Nested keys as one level of dotted names: ``{"tng.ssfr.mass": "stellar", ...}``."""
    pairs = {}
    for key, value in mapping.items():
        name = f"{prefix}.{key}"
        pairs.update(flat(value, name) if isinstance(value, dict) else {name: value})
    return pairs
