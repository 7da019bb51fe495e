"""Keys that the arms of spectra, helium and stellar, have in common."""

from typing import Annotated, Literal

from pydantic import Field

from skyloom.config.base import Distinct, Entry, Pair, Positive, Section, key, may, section

Observed = str | Annotated[list[str], Field(min_length=1)] | None
Uncertainty = Literal["ensemble", "heteroscedastic", "none"]


class Dataset(Entry):
    snr: float | None = may(gt=0)
    """signal to noise of a pixel in the continuum; null adds no noise"""
    resolving_power: float | None = may(ge=10)
    """R of the spectrograph; null leaves the spectra as they are"""


class Split(Section):
    by: Literal["random", "model"] = key("random")
    """`random`: neighbours in the grid are on both sides, which asks for interpolation; `model`:
    all rotation velocities of one atmosphere stay on one side
    """
    validation: float = key(gt=0, lt=1)
    """share of the validation side"""
    test: float = key(gt=0, lt=1)
    """share of the test side

    …; slides: 38,519 of 51,359 spectra are trained on
    """


class Training(Section):
    epochs: int = key(ge=1)
    """passes over the training side at most

    …; document: 100. The demo's networks are then still learning, which its figures and report say
    """
    batch_size: int = key(ge=1)
    """spectra a step"""
    patience: int = key(ge=1)
    """epochs without a lower validation loss before training stops"""
    learning_rate: float = key(gt=0)
    """of Adam

    …; on the full grid 0.0005 is better, and at 0.001 one of three seeds of the larger network did
    not converge
    """
    labels: Literal["standard", "minmax"] = key()
    """labels are standardised (`standard`), or scaled to 0…1 (`minmax`), by the training side alone
    """
    restore: Literal["best", "last"] = key("best")
    """predict with the weights of the lowest validation loss, or the `last`"""
    snr: Positive | Pair[Positive] | None = key(None)
    """noise drawn anew each epoch, of one S/N or between two; null adds none

    noise drawn anew each epoch: one S/N, or `[low, high]` between which each spectrum has its own
    """


class Evaluation(Section):
    snr: Distinct[Positive] = key([20, 50, 100, 200])
    """signal to noise at which the test side is judged again"""
    bootstrap_samples: int = key(1000, ge=10)
    """resamplings of the test side"""
    level: float = key(0.95, gt=0, lt=1)
    """of the intervals"""


class Continuum(Section):
    method: Literal["none", "polynomial"] = key("none")
    """`none`: it is already, and a flux that is not about 1 is refused; `polynomial`: divided by a
    fit
    """
    order: int = key(ge=0, le=12)
    """of the polynomial"""
    window: Pair[Positive] | None = key()
    """Å between which it is fitted; null takes the whole spectrum"""
    exclude: list[Pair[Positive]] = key()
    """lines that the fit leaves out"""
    low: float = key(gt=0)
    """points so many standard deviations below the fit are left out of the next"""
    high: float = key(3.0, gt=0)
    """points so many standard deviations above the fit are left out of the next"""
    iterations: int = key(ge=0, le=100)
    """fits at most"""


class Prediction(Section):
    spectra: Observed = key(None)
    """spectra to judge: a file, a folder or a list of files

    …; null takes those of `observed`
    """
    model: str | None = key(None)
    """a network of this run, such as clean_modified, or the folder of any network

    … that `make models` wrote; null takes the last of the arm's networks, on `observation.dataset`
    """


class Observation(Section):
    dataset: str = key()
    """the dataset whose networks judge observed stars

    …; it should have their resolving power
    """
    medium: Literal["header", "air", "vacuum"] = key("header")
    """wavelengths are in `air` or `vacuum`, or as the file says (`header`: by TUCD, VACUUM,
    AIRORVAC, WAVETYPE, CTYPE1, a column's name, `medium` of ECSV, a remark above text or in the
    header; where it says nothing, air is assumed and the star is warned of)
    """
    radial_velocity: float | dict[str, float] = key(0)
    """km/s away from us, one number, or by file name

    …: `{hd127972.txt: 12.5}`; a name that no star has is an error
    """
    continuum: Continuum = section()
    """how the continuum is normalised"""
