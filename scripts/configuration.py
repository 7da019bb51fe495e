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
import configuration_sdss
import configuration_semantic
import configuration_spectra
import configuration_xmm
from skyloom import schema
from skyloom.errors import InputError, nearest
from skyloom.tng import quantities
from skyloom.tng.runs import SIMULATIONS

# Words that YAML takes for something else, and what floating-point numbers are called.
_WORDS = {"true", "false", "yes", "no", "on", "off", "null", "nan", "inf", "infinity"}
_SCHEMA = Path(__file__).parent.parent / "workflow" / "schemas" / "config.schema.yaml"

# Names of the arm's own rules, without tng_.
_RULES = {"backbone", "compare_published", "compile_kernel", "dataset", "download_imagenet"}
_RULES |= {"evaluate", "features", "galaxies", "inclined", "inclined_maps", "inclined_views"}
_RULES |= {"fetch_branches", "fetch_catalogue", "fetch_cutouts"}
_RULES |= {"maps", "maxima", "select", "split", "train"}
_RULES |= configuration_channels.RULES
_RULES |= {"members", "rank_members", "ensemble", "siblings", "leaks", "measure_leakage", "leakage"}
_RULES |= {"explain", "measure_attention", "attention"}

# Which keys of tng.images a kind of variant depends on; a change of one rebuilds only these.
_IMAGE_KEYS = {
    "composite": ("beta", "overflow"),
    "channel": ("beta", "overflow", "single_channel"),
    "gaussian": ("beta", "overflow"),
    "unsharp": ("beta", "overflow", "difference"),
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


def check(config):
    """Raise an InputError for the first key that is unknown, wrong, or contradicts another."""
    schema.check(config, load_schema())
    semantic = "semantic" in config["arms"]
    _check_tng(config["tng"], wanted=wants_tng(config))
    configuration_semantic.check(config["semantic"], wanted=semantic)
    configuration_xmm.check(config["xmm"], wanted="xmm" in config["arms"])
    configuration_sdss.check(config["sdss"], wanted="sdss" in config["arms"])
    for arm in configuration_spectra.ARMS:
        configuration_spectra.check(arm, config[arm], wanted=arm in config["arms"])


def wants_tng(config):
    """Whether an arm that is on needs galaxies of the tng arm."""
    galaxies = "semantic" in config["arms"] and configuration_semantic.needs_tng(config["semantic"])
    return "tng" in config["arms"] or galaxies


def check_key(environment):
    """Say before anything runs that the archive of tng.source api wants a key.

    Parameters
    ----------
    environment : mapping
        The environment's variables.
    """
    if not environment.get("TNG_API_KEY", "").strip():
        raise InputError(
            "Configuration: tng.source is api, so the environment variable TNG_API_KEY must hold "
            "the key that the archive shows on your profile page: set it, for example with export, "
            "and run again."
        )


def _check_tng(tng, *, wanted):
    if tng["reference_snapshot"] not in tng["snapshots"]:
        raise InputError(
            f"Configuration: tng.reference_snapshot is {tng['reference_snapshot']}, which is not "
            f"one of tng.snapshots {tng['snapshots']}: its maps would never be made."
        )
    inclined = tng["inclined"]["snapshot"]
    if inclined is not None and inclined not in tng["snapshots"]:
        raise InputError(
            f"Configuration: tng.inclined.snapshot is {inclined}, which is not one of "
            f"tng.snapshots {tng['snapshots']}: its galaxies would never be selected."
        )
    for case in tng["cases"]:
        if case not in tng["variants"]:
            raise InputError(
                f"Configuration: tng.cases names {case!r}, which is not one of tng.variants; "
                f"did you mean {nearest(case, tng['variants'])!r}?"
            )
    late = [epoch for epoch in tng["training"]["readout_epochs"] if epoch > _epochs(tng)]
    if late:
        raise InputError(
            f"Configuration: tng.training.readout_epochs has {late[0]}, which is after the last of "
            f"tng.training.epochs, {_epochs(tng)}."
        )
    _check_numbers(tng)
    _check_names(tng)
    configuration_channels.check(tng)
    _check_beyond(tng)
    if tng["source"] == "local" and wanted:
        _check_folder(tng["base_path"], tng["snapshots"])
    elif tng["source"] == "synthetic":
        _check_synthetic(tng["synthetic"]["simulation"], tng["snapshots"])


def _check_numbers(tng):
    """Numbers that are not numbers, limits the wrong way round, sizes and masses without a unit."""
    for name, value in flat(tng, "tng").items():
        for number in value if isinstance(value, list) else [value]:
            if isinstance(number, float) and not math.isfinite(number):
                raise InputError(f"Configuration: {name!r} is {number}: it must be finite.")
    cuts = tng["selection"]
    low, high = (quantities.catalogue_mass(limit, 1.0) for limit in cuts["stellar_mass"])
    if not low < high:
        raise InputError(
            f"Configuration: 'tng.selection.stellar_mass' is {cuts['stellar_mass']}: its lower "
            "limit must come first and be smaller."
        )
    for name in ("total_mass_max", "group_mass_max"):
        quantities.catalogue_mass(cuts[name], 1.0)
    unit = {"width": tng["grid"]["width"], "bins": tng["grid"]["bins"]}
    for own in tng["variants"].values():
        if "sigma" in own:
            quantities.pixels(own["sigma"], **unit, scale_factor=1.0, hubble=1.0)


def _check_names(tng):
    """Names of variants become names of targets, which must be free."""
    for name in tng["variants"]:
        taken = name.startswith(("draw_", "simulate_")) or name.endswith(("_model", "_parquet"))
        if name in _RULES or taken:
            raise InputError(
                f"Configuration: a variant in tng.variants is called {name!r}, but the target "
                f"tng_{name} is taken: choose another name."
            )


def _check_beyond(tng):
    for name in ("leakage", "attention"):
        for case in tng[name]["cases"]:
            if case not in tng["variants"]:
                raise InputError(
                    f"Configuration: tng.{name}.cases has {case!r}, which is none of tng.variants: "
                    f"did you mean {nearest(case, tng['variants'])!r}?"
                )
    own, bins = tng["attention"], tng["grid"]["bins"]
    if "occlusion" in own["methods"] and (bins % own["stride"] or own["patch"] > bins):
        raise InputError(
            f"Configuration: tng.attention.stride is {own['stride']} and patch {own['patch']}, but "
            f"an image has tng.grid.bins = {bins}: choose a stride that divides it and a patch "
            "no larger."
        )


def _check_synthetic(simulation, snapshots):
    known = sorted(SIMULATIONS[simulation].redshifts)
    for snapshot in snapshots:
        if snapshot not in known:
            raise InputError(
                f"Configuration: tng.snapshots has {snapshot}, but the synthetic universe knows "
                f"snapshots {known[0]} to {known[-1]} of {simulation} only."
            )


def _epochs(tng):
    return tng["training"]["epochs"]


def _check_folder(base_path, snapshots):
    """Say before anything runs that the simulation is not where the configuration says."""
    if not base_path:
        raise InputError(
            "Configuration: tng.source is local, so tng.base_path must name the folder that holds "
            "groups_099/ and snapdir_099/, for example /data/TNG50-1/output."
        )
    for snapshot in sorted(snapshots, reverse=True):
        for kind in ("groups", "snapdir"):
            folder = Path(base_path).expanduser() / f"{kind}_{snapshot:03d}"
            if not folder.is_dir():
                raise InputError(
                    f"Configuration: tng.base_path is {base_path!r}, but {folder} does not exist: "
                    "download it, or take the snapshot out of tng.snapshots."
                )


def variant_parameters(tng, variant):
    """Every parameter that decides one variant's images, and no other."""
    own = tng["variants"][variant]
    kind = own["kind"]
    if configuration_channels.is_further(own):
        return configuration_channels.parameters(tng, own)
    return {**{key: tng["images"][key] for key in _IMAGE_KEYS[kind]}, **own}


def further(tng):
    """Variants that show further channels or another view: view and sources of each, by name."""
    return {
        name: {"view": own.get("view"), "sources": configuration_channels.sources(own)}
        for name, own in tng["variants"].items()
        if configuration_channels.is_further(own)
    }


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
