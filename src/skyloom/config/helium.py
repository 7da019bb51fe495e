"""The helium arm's keys."""

from typing import Annotated, Literal

from pydantic import Field

from skyloom.config.base import Named, Pair, Positive, Section, Several, entries, key, section
from skyloom.config.spectra import (
    Dataset,
    Evaluation,
    Observation,
    Observed,
    Prediction,
    Split,
    Training,
    Uncertainty,
)

Steps = Annotated[list[float], Field(min_length=3, max_length=3)]


class Synthetic(Section):
    teff: Steps = key([15000, 39000, 2000])
    """first value, last and step, K

    …; full grid: a step of 1000
    """
    log_g: Steps = key([2.0, 5.0, 0.5])
    """first value, last and step of log g, dex (cm/s²)"""
    v_rot: Steps = key([100, 400, 30])
    """first value, last and step of the rotation velocity, km/s

    …; full grid: a step of 10. 25 × 7 × 31 = 5,425 is our reading of the document's number of files
    """
    limb_darkening: float = key(0.6, ge=0, le=1)
    """ε of the linear law"""
    flawed: int = key(8, ge=0)
    """files that are damaged on purpose

    …, for `rejects.ecsv`
    """
    observed: int = key(4, ge=1)
    """observed stars of the simulator"""


class Helium(Section):
    source: Literal["synthetic", "local"] = key("synthetic")
    """`synthetic`: profiles of a parametric model, written as the document's files; `local`: a
    folder of such files
    """
    spectra: str | None = key(None)
    """for `local`: the folder of line profiles

    …, searched at any depth for files such as `f_t24000g50v370.dat` (24,000 K, log g 5.0, 370 km/s;
    two columns, wavelength and normalised flux)
    """
    observed: Observed = key(None)
    """observed stars to judge: a file, a folder or a list of files

    … (two-column text, ECSV, FITS tables, one-dimensional FITS); null takes those of the simulator,
    if `synthetic`
    """
    window: Pair[Positive] = key([4460, 4480])
    """first and last wavelength of a profile, Å in air"""
    pixels: int = key(201, ge=32, le=100000)
    """points of a profile"""
    synthetic: Synthetic = section(
        note="Every second temperature and every third velocity of the full grid, "
        "[15000, 39000, 1000],\n[2.0, 5.0, 0.5] and [100, 400, 10]: 5,425 profiles."
    )
    """the simulator"""
    blocks: int = key(2, ge=1, le=1000)
    """jobs that the grid is cut into

    …; the results do not depend on it
    """
    datasets: Named[Dataset] = entries(
        """
clean: {}
snr_100: {snr: 100}
# What MILES, with its 2.5 Å, would make of the line. With noise: networks that never saw any
# take every detail that the model lacks for a label.
miles: {resolving_power: 1788, snr: 50}
""",
        gap=True,
        shown="`clean`, `snr_100`, `miles`",
    )
    """datasets by name

    …, each with `snr` (signal to noise of a pixel in the continuum; noise grows as the root of the
    flux; null: none) and `resolving_power` (R of a Gaussian instrument; null: as in the grid). A
    new name is a new dataset and the targets `helium_<name>`, `helium_<name>_model`
    """
    networks: Several[Literal["initial", "modified"]] = key(["initial", "modified"])
    """which networks are trained

    helium: those of the document's tables 2 and 3, 100,755 and 384,435 parameters; stellar: the
    slides', 7,658,520 with their pixels
    """
    trained: Several[str] = key(["clean", "snr_100"])
    """datasets on which each of the networks is trained"""
    split: Split = section({"validation": 0.1, "test": 0.1}, flow=True, gap=True)
    """one split for all datasets and networks"""
    training: Training = section(
        {
            "epochs": 50,
            "batch_size": 32,
            "patience": 50,
            "learning_rate": 0.001,
            "labels": "standard",
        },
        gap=True,
    )
    """how the networks are trained"""
    uncertainty: Uncertainty = key("ensemble", gap=True)
    """`ensemble`: the spread of networks of different seeds; `heteroscedastic`: the networks
    predict a variance beside each label, which several members average; `none`
    """
    members: int = key(3, ge=1, le=100)
    """networks of different seeds

    …; the first has the run's seed
    """
    evaluation: Evaluation = section(gap=True)
    """judging them on the test side"""
    observation: Observation = section(
        {
            "dataset": "snr_100",
            "continuum": {
                "order": 2,
                "window": [4430, 4510],
                "exclude": [[4461, 4484]],
                "low": 1.5,
                "iterations": 5,
            },
        },
        gap=True,
    )
    """observed stars"""
    prediction: Prediction = section(gap=True)
    """`helium_predict`: spectra that any network judges"""
