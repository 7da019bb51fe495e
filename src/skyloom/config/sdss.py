"""The sdss arm's keys."""

from typing import Annotated, Literal

from pydantic import Field

from skyloom.config.base import (
    Distinct,
    Entry,
    Named,
    Pair,
    Positive,
    Section,
    Several,
    entries,
    key,
    may,
    section,
)


class Archive(Section):
    release: str = key("DR17", pattern="^[A-Za-z0-9]+$(?!\n)")
    """the data release that they are fetched from, such as DR17"""


class Shares(Section):
    GALAXY: float = key(0.45, ge=0)
    """part of the galaxies"""
    QSO: float = key(0.3, ge=0)
    """part of the quasars"""
    STAR: float = key(0.25, ge=0)
    """part of the stars"""


class Synthetic(Section):
    spectra: int = key(345, ge=30, le=1000000)
    """good spectra"""
    shares: Shares = section(flow=True)
    """parts of the classes, to the last object"""
    flawed: int = key(10, ge=0)
    """files that cannot be used on purpose

    …, 12 kinds in turn, for `rejects.ecsv`
    """
    repeated: float = key(0.05, ge=0, le=0.5)
    """share of objects observed twice

    …: the same light, another plate, new noise
    """


class Quality(Section):
    zwarning: Literal["keep", "reject"] = key("keep")
    """those whose redshift the pipeline doubts: `keep` or `reject`"""
    min_good: float = key(0.5, ge=0, le=1)
    """share of pixels that are neither masked nor without weight, at least"""


class Sample(Section):
    size: int | None = key(320, ge=3)
    """spectra, exactly; null takes all

    …; article: 300,000
    """
    shares: Shares | None = key(None)
    """parts of the classes; null takes the archive's

    parts of the classes, such as `{GALAXY: 1, QSO: 1, STAR: 1}`; null takes the archive's
    """
    redshift: Pair[float] | None = key([0, 3.5])
    """least and greatest redshift of galaxies and quasars; null keeps all

    …. Those outside are left out; stars never are, whose z is a velocity
    """
    redshift_bins: Annotated[Distinct[float], Field(min_length=2)] | None = key(None)
    """edges of further strata in redshift; null has strata of class alone

    edges of further strata in redshift, such as `[0, 0.5, 1, 2, 3.5]`, for galaxies and quasars
    """


class Smoothing(Section):
    window: int = key(9, ge=1, le=1001)
    """pixels of the moving average

    …, odd; 1 leaves the spectra as they are
    """


class Grid(Section):
    wavelength: Pair[Positive] = key([3650, 10300])
    """first and last, Å in vacuum"""
    pixels: int = key(4500, ge=64, le=100000)
    """equally spaced in log λ"""


class Drawing(Section):
    backend: Literal["rasteriser", "matplotlib"] = key("rasteriser")
    """ours, in C; `matplotlib` draws the same 50 to 150 times slower"""
    wavelength: Pair[Positive] | None = key(None)
    """horizontal range, Å; null takes each spectrum's own

    …, so that a network cannot know wavelengths
    """
    flux: Literal["minmax"] | Pair[Annotated[float, Field(ge=0, le=100)]] = key("minmax")
    """vertical range: `minmax`, or two percentiles

    … such as `[0.5, 99.5]`, beyond which the line leaves the frame: a residual of the sky then
    stretches nothing
    """
    width: float = key(1.5, gt=0, le=20)
    """of the line, pixels of either size of image"""
    margin: float = key(0.05, ge=0, le=0.4)
    """share of a side that is left empty"""


class Split(Section):
    by: Literal["object", "spectrum"] = key("object")
    """spectra of one object stay on one side; article: `spectrum`"""
    validation: float = key(0.1, gt=0, lt=1)
    """share of the training side

    … that chooses the epoch; the article has none
    """


class Network(Entry):
    architecture: str
    """one of `skyloom.arms.sdss.architectures.ARCHITECTURES`"""
    weights: str | None = may()
    """imagenet, random or a file"""
    train_from: str | None = may()
    """layer from which on it is fine-tuned"""
    epochs: int = may(ge=1)
    """instead of sdss.training.epochs"""
    learning_rate: float = may(gt=0)
    """instead of sdss.training's"""


class Trained(Section):
    networks: Several[str] = key(["mnist", "cnn_1d", "resnet_50_random"])
    """names in `sdss.networks`

    which are trained; `sdss_<network>_<split>_model` trains any other
    """
    splits: Several[Literal["60_40", "70_30", "80_20"]] = key(["80_20"])
    """percentages of the training and the test side

    of `60_40`, `70_30`, `80_20`; in quotation marks, since other readers of YAML take 80_20 for a
    number
    """


class Training(Section):
    epochs: int = key(40, ge=1)
    """passes over the training side at most"""
    readout_epochs: Distinct[Annotated[int, Field(ge=1)]] = key([20, 30, 40])
    """epochs after which the test side is judged too"""
    batch_size: int = key(64, ge=1)
    """spectra a step"""
    learning_rate: float = key(0.001, gt=0)
    """of Adam

    …; the article prints none
    """
    patience: int = key(40, ge=1)
    """epochs without a lower validation loss before training stops"""
    restore: Literal["best", "last"] = key("best")
    """predict with the weights of the lowest validation loss, or the `last`"""
    class_weights: bool = key(False)
    """whether rare classes count more"""


class Evaluation(Section):
    bootstrap_samples: int = key(1000, ge=10)
    """resamplings of the objects"""
    level: float = key(0.95, gt=0, lt=1)
    """of the intervals"""


class Prediction(Section):
    spectra: str | None = key(None)
    """the folder to classify

    …; null takes the arm's own
    """
    model: str = key("cnn_1d_80_20")
    """network and split, such as cnn_1d_80_20, or the folder of any network

    … that `make models` wrote
    """


class Sdss(Section):
    source: Literal["synthetic", "local", "archive"] = key("synthetic")
    """`synthetic`: stars, galaxies and quasars in the files of BOSS and SDSS; `local`: a folder of
    real ones; `archive`: fetched from the Science Archive Server
    """
    spectra: str | None = key(None)
    """for `local`: the folder, searched at any depth for `spec-PLATE-MJD-FIBER.fits`

    …, also packed
    """
    catalogue: str | None = key(None)
    """a table such as `spAll` or `specObj` (FITS)

    …, read in chunks: its class, redshift and object win over a file's own; not needed
    """
    archive: Archive = section(flow=True)
    """for `archive`, where `sdss.catalogue` says which spectra are wanted (PLATE, MJD, FIBERID;
    RUN2D says where they lie, or else the MJD). What the archive lacks is listed in
    `results/<run>/sdss/missing.ecsv`; `--forcerun sdss_fetch` asks again
    """
    synthetic: Synthetic = section()
    """the simulator; a spectrum takes 190 kB on disk, as a real one does"""
    blocks: int = key(2, ge=1, le=1000)
    """jobs that the spectra are cut into

    …; the results do not depend on it
    """
    quality: Quality = section(flow=True)
    """which spectra are used"""
    sample: Sample = section(gap=True)
    """the stratified random sample"""
    smoothing: Smoothing = section(flow=True, gap=True)
    """a moving average over the spectra"""
    grid: Grid = section(flow=True)
    """of the spectra as such, which `cnn_1d` sees"""
    drawing: Drawing = section()
    """of the images"""
    split: Split = section(flow=True, gap=True)
    """training, validation and test side"""
    networks: Named[Network] = entries(
        """
inception_v3: {architecture: inception_v3, weights: imagenet}
resnet_50: {architecture: resnet_50, weights: imagenet}
# What the article calls MNIST: a LeNet.
mnist: {architecture: lenet}
# Beyond the article: the spectrum itself, and filters that have learnt nothing.
cnn_1d: {architecture: cnn_1d}
resnet_50_random: {architecture: resnet_50, weights: random}
""",
        gap=True,
    )
    """networks by name

    …, each with `architecture` (`inception_v3`, `resnet_50`, `lenet`: what the article calls MNIST,
    `cnn_1d`) and, for the first two, `weights` (`imagenet`: downloaded, checked; `random`; a file)
    and `train_from` (a layer from which on it is fine-tuned; null keeps its weights and stores its
    features); also `epochs`, `learning_rate`
    """
    trained: Trained = section()
    """what `sdss` trains"""
    training: Training = section(gap=True)
    """how the networks are trained"""
    evaluation: Evaluation = section(gap=True)
    """judging them on the test side"""
    prediction: Prediction = section(gap=True)
    """`sdss_predict`"""
