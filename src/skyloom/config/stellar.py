"""The stellar arm's keys."""

from typing import Literal

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


class Synthetic(Section):
    teff: Several[float] | None = key([3500, 4500, 5500, 6500, 7500, 8500, 9500], shown="7 values")
    """temperatures, K; null takes the slides'"""
    log_g: Several[float] | None = key([1.0, 2.0, 3.0, 4.0, 5.0], shown="5 values")
    """values of log g, dex (cm/s²); null takes the slides'"""
    m_h: Several[float] | None = key([-2.5, -1.5, -0.5, 0.5], shown="4 values")
    """values of [M/H], dex; null takes the slides'"""
    v_sin_i: Several[float] | None = key([0, 8, 20, 50, 100, 200], shown="6 values")
    """rotation velocities, km/s; null takes the slides'"""
    limb_darkening: float = key(0.6, ge=0, le=1)
    """ε of the linear law"""
    observed: int = key(3, ge=1)
    """observed stars of the simulator"""


class Stellar(Section):
    source: Literal["synthetic", "local"] = key("synthetic")
    """`synthetic`: spectra synthesised from a line list; `local`: HDF5 files"""
    spectra: str | None = key(None)
    """for `local`: an HDF5 file of spectra and labels, or a folder of them

    …, with `wavelength` (L), `flux` (N, L) and `labels` (N, 4);
    `src/skyloom/arms/spectra/stellar/files.py` describes and writes them
    """
    observed: Observed = key(None, like="helium")
    """observed spectra to judge, a file, a folder or a list of files"""
    window: Pair[Positive] = key([5000, 5300])
    """first and last wavelength, Å in air

    …; the slides say only that it spans 300 Å
    """
    pixels: int = key(29784, ge=64, le=1000000)
    """pixels at first

    …, equally spaced in ln λ; slides: 29788
    """
    downsample: int = key(8, ge=1, le=1000)
    """pixels that are averaged into one

    …: 29,784 become 3,723; slides: 4, of 29,788 into 7,447
    """
    synthetic: Synthetic = section(
        note="A part of the slides' grid; null stands for all its values (51,359 spectra)."
    )
    """the grid; null takes the slides' values of a label, 51,359 spectra with all four.
    Combinations outside the slides' staircase in (Teff, log g) are left out
    """
    blocks: int = key(2, ge=1, le=1000)
    """jobs that the grid is cut into

    …; the results do not depend on it
    """
    datasets: Named[Dataset] = entries(
        """
clean: {}
snr_100: {snr: 100}
""",
        gap=True,
        like="helium",
        shown="`clean`, `snr_100`",
    )
    """datasets by name"""
    networks: Several[Literal["starnet"]] = key(["starnet"], like="helium")
    """the slides' network"""
    trained: Several[str] = key(["clean"], like="helium")
    """datasets on which each of the networks is trained"""
    split: Split = section({"validation": 0.125, "test": 0.125}, flow=True, gap=True, like="helium")
    training: Training = section(
        {
            "epochs": 20,
            "batch_size": 64,
            "patience": 5,
            "learning_rate": 0.0007,
            "labels": "minmax",
        },
        gap=True,
        like="helium",
    )
    uncertainty: Uncertainty = key("ensemble", gap=True, like="helium")
    members: int = key(2, like="helium", ge=1, le=100)
    """networks of different seeds"""
    evaluation: Evaluation = section(gap=True, like="helium")
    observation: Observation = section(
        {
            "dataset": "clean",
            "continuum": {"order": 3, "window": None, "exclude": [], "low": 1.0, "iterations": 10},
        },
        gap=True,
        like="helium",
    )
    prediction: Prediction = section(gap=True, like="helium")
