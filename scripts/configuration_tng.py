"""The tng arm's configuration: what a schema cannot see."""

from pathlib import Path

import configuration_channels
import configuration_semantic
import configuration_sentences as sentences
from skyloom.arms.tng import quantities
from skyloom.arms.tng.runs import SIMULATIONS
from skyloom.errors import InputError

# Names of the arm's own rules, without tng_.
_RULES = {"backbone", "compare_published", "compile_kernel", "dataset", "download_imagenet"}
_RULES |= {"evaluate", "features", "galaxies", "inclined", "inclined_maps", "inclined_mass"}
_RULES |= {"inclined_views"}
_RULES |= {"fetch_branches", "fetch_catalogue", "fetch_cutouts"}
_RULES |= {"maps", "maxima", "select", "split", "train", "universe"}
_RULES |= configuration_channels.RULES
_RULES |= {"members", "rank_members", "ensemble", "siblings", "leaks", "measure_leakage", "leakage"}
_RULES |= {"explain", "measure_attention", "attention"}


def check(config, arm):
    """Raise an InputError for the first key that contradicts another.

    Parameters
    ----------
    config : dict
        One that fits the schema.
    arm : str
        ``tng``.
    """
    tng = config[arm]
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
        sentences.named("tng.cases", case, "tng.variants", tng["variants"])
    sentences.readouts("tng.training", tng["training"])
    _check_numbers(tng)
    _check_names(tng)
    configuration_channels.check(tng)
    _check_beyond(tng)
    if tng["source"] == "local" and wanted(config):
        _check_folder(tng["base_path"], tng["snapshots"])
    elif tng["source"] == "synthetic":
        _check_synthetic(tng["synthetic"]["simulation"], tng["snapshots"])


def wanted(config):
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


def _check_numbers(tng):
    """Limits the wrong way round, sizes without sense, masses without a unit."""
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
    for name, own in tng["variants"].items():
        if "sigma" not in own:
            continue
        sigma = quantities.pixels(own["sigma"], **unit, scale_factor=1.0, hubble=1.0)
        if sigma > unit["bins"]:
            raise InputError(
                f"Configuration: 'tng.variants.{name}.sigma' is {own['sigma']}, more than the map "
                f"is wide ({unit['bins']} pixels, {unit['width']:g} ckpc/h): make it smaller."
            )


def _check_names(tng):
    """Names of variants become names of targets, which must be free."""
    for name in tng["variants"]:
        taken = name.startswith(("draw_", "simulate_")) or name.endswith(("_model", "_parquet"))
        sentences.free("tng.variants", name, name in _RULES or taken)


def _check_beyond(tng):
    for name in ("leakage", "attention"):
        for case in tng[name]["cases"]:
            sentences.named(f"tng.{name}.cases", case, "tng.variants", tng["variants"])
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
                near = [Path(base_path).expanduser() / "output", folder.parent.parent]
                there = [other for other in near if (other / folder.name).is_dir()]
                remedy = (
                    f"did you mean {there[0]}?"
                    if there
                    else "download it, or take the snapshot out of tng.snapshots."
                )
                raise InputError(
                    f"Configuration: tng.base_path is {base_path!r}, but {folder} does not exist: "
                    f"{remedy}"
                )
