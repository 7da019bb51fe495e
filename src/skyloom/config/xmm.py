"""The xmm arm's keys."""

from typing import Annotated, Literal

from pydantic import Field

from skyloom.config.base import (
    END,
    Distinct,
    Entry,
    Named,
    Pair,
    Section,
    entries,
    key,
    may,
    section,
)

Aliases = Annotated[list[str], Field(min_length=1)]
Dataset = Annotated[str, Field(pattern=f"^(minmax|zscale|none)_[a-z0-9]+_rebin[124]{END}")]


class Archive(Section):
    observations: str | list[Annotated[str, Field(pattern="^[0-9]{10}$(?!\n)")]] | None = key(None)
    """ten-digit identifiers, or a text file with one a line; null takes every observation of the
    table
    """
    release: str = key("4XMM-DR9", pattern="^[A-Za-z0-9][A-Za-z0-9-]*$(?!\n)")
    """which table of observations is fetched"""


class Columns(Section):
    observation: Aliases = key(
        ["OBS_ID", "OBSID", "OBSERVATION_ID", "OBSERVATION"], shown="`[OBS_ID, …]`"
    )
    """names of the column of identifiers

    ten-digit identifier; images carry it in their header or name
    """
    obs_class: Aliases = key(["OBS_CLASS", "OBSCLASS", "CLASS"], shown="`[OBS_CLASS, …]`")
    """names of the column of classes

    0 (no bad area) to 5 (nothing but)
    """
    pn: Aliases = key(
        ["PN_TEXP", "PN_EXPOSURE", "PN_ONTIME", "EXP_PN", "PN"], shown="`[PN_TEXP, …]`"
    )
    """names of the column of exposures in s

    exposure in s
    """
    mos1: Aliases = key(
        ["M1_TEXP", "M1_EXPOSURE", "MOS1_EXPOSURE", "M1_ONTIME", "EXP_M1", "M1", "MOS1"],
        shown="`[M1_TEXP, …]`",
    )
    """names of the column of exposures in s

    exposure in s
    """
    mos2: Aliases = key(
        ["M2_TEXP", "M2_EXPOSURE", "MOS2_EXPOSURE", "M2_ONTIME", "EXP_M2", "M2", "MOS2"],
        shown="`[M2_TEXP, …]`",
    )
    """names of the column of exposures in s

    exposure in s
    """


class Frame(Section):
    size: Pair[Annotated[int, Field(ge=8)]] | None = key(None)
    """rows and columns, for example `[648, 648]`; null takes the most frequent size"""
    smaller: Literal["reject", "pad"] = key("reject")
    """smaller images: `reject`, or `pad` with zeros, which also lets ragged sizes be rebinned"""


class Synthetic(Section):
    images: int = key(300, ge=30, le=100000)
    """observations of the simulator

    …, in the class proportions of the catalogue
    """
    flawed: int = key(8, ge=0)
    """files and rows that are damaged on purpose

    …, for `rejects.ecsv`
    """
    exposure_maps: bool = key(False)
    """an exposure map beside every image, for `xmm.exposure: map`"""


class Zscale(Section):
    contrast: float = key(0.25, gt=0)
    """slope of zscale"""
    samples: int = key(1000, ge=10)
    """pixels that it looks at"""


class Stretch(Section):
    log: float = key(1000, gt=0)
    """a of the logarithm"""
    power: float = key(2, gt=0)
    """exponent"""
    sinh: float = key(0.3333333333333333, shown="1/3", gt=0)
    """a of the hyperbolic sine"""
    asinh: float = key(0.1, gt=0)
    """a of its inverse"""


class Split(Section):
    validation: float = key(0.2, gt=0, lt=1)
    """share of the validation side

    …; document: 2161/11204
    """
    test: float = key(0.2, gt=0, lt=1)
    """share of the test side

    …; document: 400/11204, which of the demo's 300 images would be 11
    """


class Training(Section):
    epochs: int = key(50, ge=1)
    """passes over the training side at most"""
    batch_size: int = key(64, ge=1)
    """images a step"""
    patience: int = key(50, ge=1)
    """epochs without a lower validation loss before training stops"""
    learning_rate: float = key(0.001, gt=0)
    """of Adam"""
    restore: Literal["best", "last"] = key("best")
    """predict with the weights of the lowest validation loss, or the `last` as published"""


class Experiment(Entry):
    dataset: Dataset
    """interval, stretch and rebinning, for example minmax_sqrt_rebin4"""
    architecture: Literal["3conv", "2conv"] = may()
    kernel: int = may(ge=1, le=31)
    """side of the convolutions"""
    dropout: float = may(ge=0, lt=1)
    """share dropped"""
    batch_normalization: bool = may()
    rotation: float = may(ge=0, le=180)
    """largest angle in degrees"""
    vertical_flip: bool = may()
    horizontal_flip: bool = may()
    class_weights: bool = may()
    target: Literal["binary", "classes", "ordinal"] = may()
    epochs: int = may(ge=1)
    """instead of xmm.training.epochs"""
    table: str | None = may()
    """the table of the document that it belongs to"""


class Evaluation(Section):
    bootstrap_samples: int = key(2000, ge=10)
    """resamplings of the observations"""
    level: float = key(0.95, gt=0, lt=1)
    """of the intervals"""
    calibration: bool = key(True)
    """reliability diagram, and a temperature fitted on the validation side"""
    threshold: float = key(0.5, gt=0, lt=1)
    """score above which an image is called bad"""
    final: str = key("demo")
    """the experiment that table 8 is about

    …; document: its last network, `2conv_rebin2`
    """


class Prediction(Section):
    images: str | None = key(None)
    """the folder of EPIC images to grade, of any camera and without a table

    …; null takes the arm's own
    """
    model: str = key("demo")
    """a network of this run, one of `xmm.experiments`, or the folder of any network

    … that `make models` wrote
    """


class Xmm(Section):
    source: Literal["synthetic", "local", "archive"] = key("synthetic")
    """`synthetic`: an EPIC simulator's FITS files; `local`: a folder of real ones; `archive`: the
    table of observations and one EPIC image each (sum of the cameras, 0.2–12 keV), fetched from the
    XMM-Newton Science Archive; `xmm.exposure: map` is not possible then. What the archive lacks is
    listed in `results/<run>/xmm/missing.ecsv`; `--forcerun xmm_fetch_images` asks again
    """
    images: str | None = key(None)
    """for `local`: the folder of EPIC images

    …, searched at any depth for `.fits`, `.fits.gz`, `.FTZ`
    """
    observations: str | None = key(None)
    """for `local`: the table of observations (FITS, CSV, ECSV)"""
    archive: Archive = section(flow=True)
    """for `archive`"""
    exposure: Literal["header", "table", "map"] = key("header")
    """where an image's exposure comes from: its `header`, the `table`, or an exposure `map` beside
    it, whose header must agree with the image's
    """
    camera: Literal["sum", "pn", "mos1", "mos2"] = key("sum")
    """with `table`: the exposure of `pn`, `mos1`, `mos2`, or the `sum` of the three; images of
    other cameras are rejected
    """
    columns: Columns = section()
    """names of the table's columns, the first that is there is taken, in any case"""
    frame: Frame = section(flow=True)
    """one size for all images of a dataset"""
    synthetic: Synthetic = section(flow=True)
    """the simulator"""
    blocks: int = key(2, ge=1, le=1000)
    """jobs that the images are cut into

    …; the results do not depend on it
    """
    rebin_method: Literal["area", "linear"] = key("area")
    """the exact mean of each block of pixels, or `linear` (`cv2.INTER_LINEAR`) as published, which
    by 4 averages only the central 2×2
    """
    zscale: Zscale = section(flow=True, gap=True)
    """the zscale interval"""
    stretch: Stretch = section(flow=True)
    """astropy's parameter of each stretch that has one"""
    datasets: Distinct[Dataset] = key(["minmax_sqrt_rebin4"])
    """datasets that `xmm` builds beside those of the trained experiments

    …; every `<interval>_<stretch>_rebin<k>` (`minmax`, `zscale`; `linear`, `log`, `sqrt`, `power`,
    `sinh`, `asinh`; 1, 2, 4; and `none_linear_rebin<k>`: counts per second as they are) is a target
    `xmm_<dataset>`
    """
    split: Split = section(flow=True, gap=True)
    """one split for all experiments, stratified by OBS_CLASS"""
    training: Training = section(gap=True)
    """how the networks are trained"""
    experiments: Named[Experiment] = entries(
        """
demo: {dataset: minmax_sqrt_rebin4, architecture: 2conv, epochs: 12}
# Beyond the document: which class, on no scale and on an ordered one; classes weighed.
classes: {dataset: minmax_sqrt_rebin4, architecture: 2conv, target: classes}
ordinal: {dataset: minmax_sqrt_rebin4, architecture: 2conv, target: ordinal}
class_weights: {dataset: minmax_sqrt_rebin4, class_weights: true}
# The rows of the document's tables.
kernel_3: {dataset: none_linear_rebin4, table: "3"}
kernel_5: {dataset: none_linear_rebin4, kernel: 5, table: "3"}
kernel_7: {dataset: none_linear_rebin4, kernel: 7, table: "3"}
kernel_9: {dataset: none_linear_rebin4, kernel: 9, table: "3"}
minmax_log: {dataset: minmax_log_rebin4, table: "4"}
zscale_log: {dataset: zscale_log_rebin4, table: "4"}
minmax_sqrt: {dataset: minmax_sqrt_rebin4, table: "4"}
zscale_sqrt: {dataset: zscale_sqrt_rebin4, table: "4"}
minmax_power: {dataset: minmax_power_rebin4, table: "4"}
zscale_power: {dataset: zscale_power_rebin4, table: "4"}
minmax_sinh: {dataset: minmax_sinh_rebin4, table: "4"}
dropout_02: {dataset: minmax_sqrt_rebin4, dropout: 0.2, table: "5"}
dropout_04: {dataset: minmax_sqrt_rebin4, dropout: 0.4, table: "5"}
dropout_05: {dataset: minmax_sqrt_rebin4, dropout: 0.5, table: "5"}
batch_norm: {dataset: minmax_sqrt_rebin4, batch_normalization: true, table: "5"}
rotation: {dataset: minmax_sqrt_rebin4, rotation: 180, table: "5"}
vflip: {dataset: minmax_sqrt_rebin4, vertical_flip: true, table: "5"}
hflip: {dataset: minmax_sqrt_rebin4, horizontal_flip: true, table: "5"}
2conv: {dataset: minmax_sqrt_rebin4, architecture: 2conv, dropout: 0.5, rotation: 180, vertical_flip: true, horizontal_flip: true, table: "6"}
3conv: {dataset: minmax_sqrt_rebin4, dropout: 0.5, rotation: 180, vertical_flip: true, horizontal_flip: true, table: "6"}
2conv_rebin2: {dataset: minmax_sqrt_rebin2, architecture: 2conv, dropout: 0.5, rotation: 180, vertical_flip: true, horizontal_flip: true, table: "7"}
""",  # noqa: E501
        gap=True,
        shown="tables 3–7",
    )
    """networks to train, by name

    each row of the document's tables, and whatever is added: `dataset`, `architecture` (`3conv`,
    `2conv`), `kernel`, `dropout`, `batch_normalization`, `rotation` (degrees), `vertical_flip`,
    `horizontal_flip`, `class_weights` (off: as published), `target` (`binary`, `classes`: six
    classes, `ordinal`), `epochs` and `table`. `xmm_<name>_model` trains one
    """
    trained: Distinct[str] = key(["demo"], gap=True)
    """experiments that `xmm` trains and evaluates"""
    evaluation: Evaluation = section(gap=True)
    """judging them on the test side"""
    prediction: Prediction = section(gap=True)
    """`xmm_predict`: images that nobody has graded"""
