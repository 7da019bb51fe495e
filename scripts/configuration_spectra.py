"""The helium and stellar arms' configuration: what a schema cannot see."""

from pathlib import Path

import configuration_sentences as sentences
from skyloom.arms.spectra import velocities
from skyloom.errors import InputError
from skyloom.io import folders

ARMS = ("helium", "stellar")
# Words with which names of the workflow's own rules begin.
_RULES = {"dataset", "draw", "evaluate", "inventory", "model", "observed", "prepare", "read"}
_RULES |= {"simulate", "split", "synthesise", "train"}


def check(config, arm):
    """Raise an InputError for the first key that contradicts another.

    Parameters
    ----------
    config : dict
        One that fits the schema.
    arm : {'helium', 'stellar'}
    """
    own = config[arm]
    _check_names(arm, own)
    sentences.shares(f"{arm}.split", own["split"])
    if own["uncertainty"] == "ensemble" and own["members"] < 2:
        raise InputError(
            f"Configuration: {arm}.uncertainty is ensemble, but {arm}.members is {own['members']}: "
            "an ensemble needs at least 2, or choose heteroscedastic or none."
        )
    _check_numbers(arm, own)
    if arm in config["arms"]:
        _check_input(arm, own)


def _check_names(arm, own):
    named = [(f"{arm}.trained", name) for name in own["trained"]]
    for key, name in (*named, (f"{arm}.observation.dataset", own["observation"]["dataset"])):
        sentences.named(key, name, f"{arm}.datasets", own["datasets"])
    for name in own["datasets"]:
        taken = name.split("_")[0] in _RULES or name.endswith(("_model", "_parquet"))
        sentences.free(f"{arm}.datasets", name, taken)


def _check_numbers(arm, own):
    windows = {f"{arm}.window": own["window"]}
    continuum = own["observation"]["continuum"]
    if continuum["window"]:
        windows[f"{arm}.observation.continuum.window"] = continuum["window"]
    for index, span in enumerate(continuum["exclude"]):
        windows[f"{arm}.observation.continuum.exclude[{index}]"] = span
    if isinstance(own["training"]["snr"], list):
        windows[f"{arm}.training.snr"] = own["training"]["snr"]
    for key, span in windows.items():
        sentences.rising(key, span)
    if arm == "helium":
        for label in ("teff", "log_g", "v_rot"):
            first, last, step = own["synthetic"][label]
            if not (first <= last and step > 0):
                raise InputError(
                    f"Configuration: helium.synthetic.{label} is [{first}, {last}, {step}]: give "
                    "the first value, the last and a positive step."
                )
    elif own["pixels"] % own["downsample"]:
        raise InputError(
            f"Configuration: stellar.pixels is {own['pixels']}, which stellar.downsample, "
            f"{own['downsample']}, does not divide: choose a divisor."
        )


def _check_input(arm, own):
    if own["source"] == "local":
        kind = "folder of line profiles" if arm == "helium" else "HDF5 file or folder of spectra"
        if not own["spectra"]:
            raise InputError(
                f"Configuration: {arm}.source is local, so {arm}.spectra must name the {kind}."
            )
        there = Path.is_dir if arm == "helium" else Path.exists
        sentences.there(f"{arm}.spectra", own["spectra"], kind, there)
    for path in observed(own):
        sentences.there(f"{arm}.observed", path)
    for path in asked(own):
        sentences.there(f"{arm}.prediction.spectra", path)
    known = models(own, None) + models(own, own["observation"]["dataset"])
    sentences.network(arm, judge(own), known)
    velocity = own["observation"]["radial_velocity"]
    # Stars of the simulator have no names yet: the step that reads them looks.
    if isinstance(velocity, dict) and velocity and own["observed"]:
        where = f"Configuration: {arm}.observation.radial_velocity"
        velocities.check_names(velocity, folders.observed_files(observed(own)), where=where)


def observed(own):
    """Files and folders of observed spectra, as a list; empty where none is named."""
    named = own["observed"] or []
    return [str(Path(path).expanduser()) for path in ([named] if isinstance(named, str) else named)]


def models(own, dataset=None):
    """Names of the networks trained on a dataset, or on all of `trained`."""
    datasets = own["trained"] if dataset is None else [dataset]
    return [f"{name}_{network}" for name in datasets for network in own["networks"]]


def judge(own):
    """The network that `prediction` asks: the one named, or the last on `observation.dataset`."""
    return own["prediction"]["model"] or models(own, own["observation"]["dataset"])[-1]


def asked(own):
    """Files and folders of spectra that `prediction` judges: those named, or the observed ones."""
    named = own["prediction"]["spectra"]
    return observed({"observed": named}) if named else observed(own)


def variant(own, dataset):
    """Every parameter that decides how a dataset is made of the grid, and no other."""
    return {"snr": None, "resolving_power": None, **own["datasets"][dataset]}


def observation(own):
    """How observed spectra are brought to the grid; the rest of a continuum only if one is fitted.

    Parameters
    ----------
    own : dict
        The arm's part of a configuration.
    """
    kept = {key: own["observation"][key] for key in ("medium", "radial_velocity")}
    continuum = own["observation"]["continuum"]
    fitted = continuum["method"] != "none"
    # Points are taken from a wider range where the window is one.
    wanted = continuum if fitted else ("method", "window")
    return {**kept, "continuum": {key: continuum[key] for key in wanted}}
