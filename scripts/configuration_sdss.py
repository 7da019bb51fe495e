"""The sdss arm's configuration: what a schema cannot see."""

import configuration_sentences as sentences
from skyloom.arms.sdss import architectures
from skyloom.errors import InputError

#: Share of the test side of each split.
SPLITS = {"60_40": 0.4, "70_30": 0.3, "80_20": 0.2}
DATASETS = ("images_224", "images_28", "spectra")
_RULES = {*DATASETS, "predict", "model", "sample", "inventory", "features", "train", "simulate"}


def check(config, arm):
    """Raise an InputError for the first key that contradicts another.

    Parameters
    ----------
    config : dict
        One that fits the schema.
    arm : str
        ``sdss``.
    """
    sdss, wanted = config[arm], arm in config["arms"]
    _check_networks(sdss)
    _check_numbers(sdss)
    sentences.readouts("sdss.training", sdss["training"])
    if wanted and sdss["source"] == "local" and not sdss["spectra"]:
        raise InputError(
            "Configuration: sdss.source is local, so sdss.spectra must name the folder of "
            "spec-PLATE-MJD-FIBER.fits files."
        )
    if wanted and sdss["source"] == "archive" and not sdss["catalogue"]:
        raise InputError(
            "Configuration: sdss.source is archive, so sdss.catalogue must name a table of the "
            "spectra that are wanted, such as rows of specObj (PLATE, MJD, FIBERID, RUN2D, CLASS, "
            "Z)."
        )
    given = {"spectra": sdss["spectra"] if sdss["source"] == "local" else None}
    given |= {"catalogue": sdss["catalogue"], "prediction.spectra": sdss["prediction"]["spectra"]}
    for key, path in given.items():
        sentences.there(f"sdss.{key}", wanted and path)


def _check_networks(sdss):
    for name, keys in sdss["networks"].items():
        architectures.network(name, keys)
        taken = name in _RULES or name.endswith(("_model", *SPLITS))
        sentences.free("sdss.networks", name, taken)
    for name in sdss["trained"]["networks"]:
        sentences.named("sdss.trained.networks", name, "sdss.networks", sdss["networks"])
    sentences.network("sdss", sdss["prediction"]["model"], models(sdss, all_of_them=True))


def _check_numbers(sdss):
    if sdss["smoothing"]["window"] % 2 == 0:
        raise InputError(
            f"Configuration: sdss.smoothing.window is {sdss['smoothing']['window']}: it must be "
            "odd, so that a window has a centre."
        )
    spans = {"grid.wavelength": sdss["grid"]["wavelength"]}
    spans |= {f"drawing.{key}": sdss["drawing"][key] for key in ("wavelength", "flux")}
    spans["sample.redshift"] = sdss["sample"]["redshift"]
    bins = sdss["sample"]["redshift_bins"]
    for key, span in spans.items():
        if isinstance(span, list):
            sentences.rising(f"sdss.{key}", span)
    if bins and bins != sorted(bins):
        raise InputError(
            f"Configuration: sdss.sample.redshift_bins is {bins}: its edges must rise."
        )
    for key in ("synthetic", "sample"):
        shares = sdss[key]["shares"]
        if shares and not sum(shares.values()) > 0:
            raise InputError(f"Configuration: sdss.{key}.shares are all 0: give one of them more.")


def models(sdss, *, all_of_them=False):
    """Names of the trained networks, ``<network>_<split>``, or of all that could be trained."""
    networks = sdss["networks"] if all_of_them else sdss["trained"]["networks"]
    splits = SPLITS if all_of_them else sdss["trained"]["splits"]
    return [f"{network}_{split}" for network in networks for split in splits]


def parts(model):
    """A model's network and split: ``cnn_1d_80_20`` -> ``("cnn_1d", "80_20")``."""
    network, first, second = model.rsplit("_", 2)
    return network, f"{first}_{second}"
