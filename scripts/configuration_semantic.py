"""The semantic arm's configuration: what a schema cannot see."""

from pathlib import Path

import configuration_sentences as sentences
from skyloom.arms.semantic import profiles
from skyloom.arms.semantic.sampling import Grid
from skyloom.errors import InputError

# Names of the arm's own rules, without semantic_.
_RULES = {"evaluate", "train", "dataset", "split", "compare_published", "fit", "speed", "measure"}
_RULES |= {"model"}


def check(config, arm):
    """Raise an InputError for the first key that contradicts another.

    Parameters
    ----------
    config : dict
        One that fits the schema.
    arm : str
        ``semantic``.
    """
    semantic, wanted = config[arm], arm in config["arms"]
    for name, profile in semantic["profiles"].items():
        try:
            Grid(**profiles.on_grid(profile, semantic["grid"]))
            profiles.resolve(profile)
        except InputError as error:
            raise InputError(f"Configuration: semantic.profiles.{name}: {error}") from None
    for name, entry in semantic["datasets"].items():
        _check_named(f"datasets.{name}.profile", entry["profile"], semantic, "profiles")
        taken = name.startswith("draw_") or name.endswith(("_model", "_parquet"))
        sentences.free("semantic.datasets", name, taken or name in _RULES)
    _check_networks(semantic)
    for name, entry in semantic["models"].items():
        for key in ("dataset", "network"):
            _check_named(f"models.{name}.{key}", entry[key], semantic, f"{key}s")
    for name in semantic["trained"]:
        _check_named("trained", name, semantic, "models")
    galaxies = semantic["galaxies"]
    if galaxies["model"] is not None:
        _check_named("galaxies.model", galaxies["model"], semantic, "models")
    path = wanted and galaxies["dataset"]
    sentences.there("semantic.galaxies.dataset", path, "file", Path.is_file)


def _check_named(key, name, semantic, section):
    sentences.named(f"semantic.{key}", name, f"semantic.{section}", semantic[section])


def _check_networks(semantic):
    """An image must survive the poolings."""
    for name, network in semantic["networks"].items():
        least = 2 ** (len(network["convolutions"]) // 2)
        if semantic["grid"]["pixels"] < least:
            raise InputError(
                f"Configuration: semantic.networks.{name} pools {least} pixels into one, but "
                f"semantic.grid.pixels is {semantic['grid']['pixels']}: give it fewer convolutions."
            )


def needs_tng(semantic):
    """Whether the arm measures galaxies of the tng arm."""
    return semantic["galaxies"]["model"] is not None and semantic["galaxies"]["dataset"] is None


def resolved(semantic, model):
    """All choices of a model: those of every model, and its own in their place."""
    return {**semantic["encoder"], **semantic["training"], **semantic["models"][model]}


def grid(semantic, dataset):
    """How the images of a dataset are sampled: the grid, with what its profile says of it.

    Subpixels concern integrated pixels alone: with others, another number of them is no change.
    """
    profile = semantic["profiles"][semantic["datasets"][dataset]["profile"]]
    made = profiles.on_grid(profile, semantic["grid"])
    return made if made["sampling"] == "integrated" else {**made, "subpixels": Grid.subpixels}


def settings(semantic, model):
    """What decides how one model is trained, without keys that have no effect with the others.

    Returns
    -------
    dict
        ``entry`` (its dataset and network), ``encoder`` and ``training``: what all models have, and
        the model's own in its place.
    """
    own = resolved(semantic, model)
    idle = {"rho"} if own["optimizer"] != "adadelta" else set()
    idle |= {"margin"} if own["outputs"] != "range" else set()
    keys = {part: semantic[part] for part in ("encoder", "training")}
    keys["entry"] = ("dataset", "network")
    return {
        part: {key: own[key] for key in names if key not in idle} for part, names in keys.items()
    }


def choices(semantic, model):
    """All that a model depends on, resolved: grid, profile, noise, images, network and settings."""
    own = resolved(semantic, model)
    dataset = semantic["datasets"][own["dataset"]]
    return {
        "grid": grid(semantic, own["dataset"]),
        "profile": profiles.resolve(semantic["profiles"][dataset["profile"]]),
        "noise": dataset["noise"],
        "images": dataset["images"],
        "network": own["network"],
        "encoder": {key: own[key] for key in semantic["encoder"]},
        "training": {key: own[key] for key in semantic["training"]},
    }


def siblings(semantic, *keys):
    """Trained models that differ in nothing but these keys.

    Parameters
    ----------
    semantic : dict
    *keys : str
        Such as ``angle``, ``network`` or ``optimizer`` and ``learning_rate``.

    Returns
    -------
    list of str
        The largest such group, in the order of ``semantic.trained``; empty where no two models
        differ so. Of groups of one size, the first.
    """
    groups = {}
    for model in semantic["trained"]:
        own = resolved(semantic, model)
        alike = tuple(sorted((k, str(v)) for k, v in own.items() if k not in keys))
        groups.setdefault(alike, []).append(model)
    largest = max(groups.values(), key=len)
    return largest if len(largest) > 1 else []


def shown(semantic):
    """One trained model a dataset, the first of each: those drawn one by one."""
    first = {}
    for model in semantic["trained"]:
        first.setdefault(semantic["models"][model]["dataset"], model)
    return list(first.values())
