"""The semantic arm's keys."""

from typing import Annotated, Literal

from pydantic import Field, create_model

from skyloom.config.base import (
    Entry,
    Named,
    Pair,
    Section,
    Several,
    any_of,
    entries,
    key,
    may,
    section,
)

Sampling = Literal["centre", "endpoints", "integrated"]


class Grid(Section):
    pixels: int = key(64, ge=8, le=1024)
    """a side"""
    sampling: Sampling = key("centre")
    """a pixel holds the profile at its centre, or its mean over the pixel (`integrated`);
    `endpoints`: at points of which the outermost lie on the image's ends, as published
    """
    subpixels: int = key(8, ge=1, le=64)
    """for `integrated`: Gauss–Legendre nodes along a side of a pixel"""


class Profile(Entry):
    decoder: str
    """name of a physical model"""
    half_width: float = may(gt=0)
    """of an image in the unit of lengths"""
    sampling: Sampling = may()
    parameters: Annotated[dict[str, float | Pair[float]], Field(min_length=1)]
    """a number is fixed, two limits are drawn between"""


class Images(Section):
    train: int = Field(ge=1)
    """images learnt from"""
    validation: int = Field(ge=1)
    """images that choose the epoch"""
    test: int = Field(ge=1)
    """images that judge"""


class Dataset(Entry):
    profile: str
    """one of semantic.profiles"""
    noise: float = Field(ge=0)
    """standard deviation of a pixel"""
    speckle: float = may(ge=0, le=2)
    """relative scatter of a pixel"""
    images: Images


class Network(Entry):
    convolutions: Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=2)]
    """filters of each; every second one is followed by max-pooling"""
    dense: list[Annotated[int, Field(ge=1)]]
    """widths"""


class Encoder(Section):
    angle: Literal["cos_sin_2theta", "theta"] = key("cos_sin_2theta")
    """two outputs give cos 2θ and sin 2θ, which have no jump at 0° = 180°; `theta`: one output
    times 180°, as published
    """
    outputs: Literal["range", "direct"] = key("range")
    """0 and 1 of an output are the ends of the range that its parameter is drawn from, and a margin
    beyond: the first answers are then profiles of about the right size. `direct`: the output is the
    parameter, as published. It begins at 0.5, ten times the article's largest scale, and must lie
    between 0 and 1
    """
    margin: float = key(0.1, ge=0, le=1)
    """for `range`: share of the range on either side

    …, since a sigmoid never reaches its ends; less where the parameter would lose its meaning
    """


class _Model(Entry):
    dataset: str
    """one of semantic.datasets"""
    network: str
    """one of semantic.networks"""


class Training(Section):
    epochs: int = key(10, ge=1, le=1000000)
    """passes over the training side

    …; article: 500; its code: 1,000
    """
    batch_size: int = key(10, ge=1)
    """images a step

    …; article: 20, of more images
    """
    optimizer: Literal["adadelta", "adam"] = key("adam")
    """or `adadelta`, as published"""
    learning_rate: float = key(0.002, gt=0, le=1000)
    """of the optimizer

    …; article: 1.0, of Adadelta
    """
    rho: float = key(0.95, ge=0, lt=1)
    """of Adadelta's memory

    …; Adam has none
    """
    decay: Literal["constant", "cosine"] = key("cosine")
    """the rate falls to 0 at the last step as half a wave of the cosine, or stays `constant`, as
    published
    """
    loss: Literal["relative", "mean"] = key("relative")
    """what the weights are changed by: the mean absolute difference of image and reconstruction
    over the mean absolute pixel of the training side, or the difference itself (`mean`), as
    published. With nearly empty images (10⁻³ on average; the article's have 0.14) the squared
    gradients of `mean` are below Adadelta's epsilon, 10⁻⁷, and its steps next to nothing. Losses in
    `history.csv` are the difference itself either way
    """
    target: Literal["noisy", "clean"] = key("noisy")
    """a reconstruction is compared with the image that the encoder was given, which is all that an
    observer has, or with the profile before noise and speckle (`clean`), as in the article's code.
    Without noise there is no difference
    """
    initializer: Literal["matched", "glorot_uniform"] = key("matched")
    """first weights that suit each layer's activation: He's before ReLU, Glorot's times four before
    the hidden sigmoids, whose slope is a quarter, Glorot's before the outputs. `glorot_uniform`:
    Keras's everywhere, as published; training then begins with a plateau of some epochs, on which
    the angle stays unlearnt
    """
    restore: Literal["best", "last"] = key("best")
    """measure with the weights of the lowest validation loss, or the `last`, as the article's code
    does
    """
    precision: Literal["float32", "bfloat16"] = key("float32")
    """of the convolutions in training; `bfloat16` is about three times as fast on processors that
    have it, slower on others, and rounds to 8 bits. Dense layers, decoder and the saved model
    compute in float32 either way
    """


#: Of semantic.encoder and semantic.training a model may have its own.
Model = create_model("Model", __base__=_Model, **any_of(Encoder, Training))


class Evaluation(Section):
    bins: int = key(10, ge=2, le=100)
    """of each parameter's range

    …, for the median error
    """
    failed: float = key(10, gt=0, le=90)
    """degrees

    … of error beyond which an angle has failed; not printed in the article
    """
    fitted: int | None = key(100, ge=1)
    """test images of a dataset that the classical fit gets too; null fits all"""
    bootstrap_samples: int = key(1000, ge=0, le=1000000)
    """resamplings

    … of the test images
    """
    level: float = key(0.95, gt=0, lt=1)
    """of the intervals"""


class Galaxies(Section):
    model: str | None = key("galaxies")
    """the encoder, one of `semantic.models`; null measures none

    …, and the arm then needs nothing of tng
    """
    dataset: str | None = key(None)
    """a dataset file of maps; null takes the tng arm's inclined views

    a dataset file of maps, with `images`, `id`, `subhalo_id`, `snapshot`, `inclination`,
    `position_angle` (degrees) and the attribute `width_kpc`; null takes the tng arm's
    (`tng.inclined`)
    """


class Semantic(Section):
    grid: Grid = section(flow=True)
    """the images; lengths are in half-widths of an image where its profile says nothing else"""
    profiles: Named[Profile] = entries(
        """
# The article's images end at 0.0625: its scales are 0.16 to 0.8 half-widths, 5 to 25 pixels.
published: {decoder: exponential, half_width: 0.0625, sampling: endpoints, parameters: {scale: [0.01, 0.05], ellipticity: [0.2, 0.8], angle: [0, 180]}}
wide: {decoder: exponential, parameters: {scale: [0.1, 0.5], ellipticity: [0.2, 0.8], angle: [0, 180]}}
sersic: {decoder: sersic, parameters: {scale: [0.1, 0.3], ellipticity: [0.2, 0.8], angle: [0, 180], intensity: [0.5, 1.5], centre_x: [-0.1, 0.1], centre_y: [-0.1, 0.1], sersic_index: [0.5, 2]}}
# What the tng arm's maps of gas mass look like.
galaxies: {decoder: exponential, parameters: {scale: [0.03, 0.4], ellipticity: [0, 0.9], angle: [0, 180], intensity: [0.4, 1.7]}}
""",  # noqa: E501
        gap=True,
    )
    """what is drawn

    …, each with `decoder` (`exponential`, `sersic`, or one of your own:
    [docs/decoders.md](../docs/decoders.md)) and `parameters`: a pair of limits is drawn from
    uniformly and measured by the encoder, a number is fixed, what is absent has the decoder's
    default. `half_width` (left out: 1): of an image, in the unit of lengths, such as the article's
    0.0625 or 30 for kpc; tables keep that unit, figures have half-widths and pixels. `sampling`
    (left out: that of `semantic.grid`). `scale`, `ellipticity`, `angle` (degrees), `intensity`,
    `centre_x`, `centre_y`; `sersic` also `sersic_index`
    """
    datasets: Named[Dataset] = entries(
        """
clean: {profile: published, noise: 0, images: {train: 800, validation: 100, test: 200}}
noise_05: {profile: published, noise: 0.05, images: {train: 800, validation: 100, test: 200}}
noise_10: {profile: published, noise: 0.1, images: {train: 800, validation: 100, test: 200}}
wide: {profile: wide, noise: 0, images: {train: 800, validation: 100, test: 200}}
wide_noise_05: {profile: wide, noise: 0.05, images: {train: 800, validation: 100, test: 200}}
wide_noise_10: {profile: wide, noise: 0.1, images: {train: 800, validation: 100, test: 200}}
sersic: {profile: sersic, noise: 0, images: {train: 800, validation: 100, test: 200}}
galaxies: {profile: galaxies, noise: 0.02, speckle: 0.17, images: {train: 800, validation: 100, test: 200}}
""",  # noqa: E501
        gap=True,
        note="A part of the paper's 9,000, 1,000 and 1,000 images, "
        "and 27,000, 3,000 and 1,000 with noise.",
    )
    """datasets by name

    …, each with `profile`, `noise` (standard deviation of a pixel; the central
    intensity is 1 in the article's), `images` (how many to `train`, for `validation`, to `test`)
    and `speckle` (left out: 0): noise that grows as the root of the intensity; the number is its
    standard deviation where the intensity is 1. It stands for the clumps and cells of real maps, so
    that the encoder of `galaxies` learns to look past them. A new name is a new dataset and the
    target `semantic_<name>`
    """
    networks: Named[Network] = entries(
        """
full: {convolutions: [32, 32, 64, 64, 128, 128], dense: [64, 32]}
small_4: {convolutions: [16, 16, 32, 32, 64, 64], dense: [32, 16]}
small_16: {convolutions: [8, 8, 16, 16, 32, 32], dense: [16, 8]}
small_24: {convolutions: [6, 6, 13, 13, 26, 26], dense: [13, 6]}
small_34: {convolutions: [5, 5, 11, 11, 22, 22], dense: [11, 5]}
small_48: {convolutions: [4, 4, 9, 9, 19, 19], dense: [9, 4]}
small_64: {convolutions: [4, 4, 8, 8, 16, 16], dense: [8, 4]}
""",
        gap=True,
        note="Table 1 of the paper: 812,963 weights and a quarter to a sixty-fourth of them.",
        shown="`full`, six `small_…`",
    )
    """networks by name

    table 1: filters of the 3×3 `convolutions`, with max-pooling after every second one, and
    widths of the `dense` layers before the outputs
    """
    encoder: Encoder = section(flow=True, gap=True)
    """what the outputs mean"""
    models: Named[Model] = entries(
        """
clean: {dataset: clean, network: small_16}
clean_theta: {dataset: clean, network: small_16, angle: theta}
clean_adadelta: {dataset: clean, network: small_16, optimizer: adadelta, learning_rate: 1.0, decay: constant}
clean_adam: {dataset: clean, network: small_16, optimizer: adam, learning_rate: 0.001, decay: cosine}
# With these the paper's numbers may be compared, if trained as in papers.yaml.
clean_published: {dataset: clean, network: full, angle: theta, outputs: direct, loss: mean, initializer: glorot_uniform}
noise_05_published: {dataset: noise_05, network: full, angle: theta, outputs: direct, loss: mean, initializer: glorot_uniform}
noise_10_published: {dataset: noise_10, network: full, angle: theta, outputs: direct, loss: mean, initializer: glorot_uniform}
noise_05: {dataset: noise_05, network: small_16}
noise_10: {dataset: noise_10, network: small_16}
wide: {dataset: wide, network: small_16}
wide_theta: {dataset: wide, network: small_16, angle: theta}
wide_noise_05: {dataset: wide_noise_05, network: small_16}
wide_noise_10: {dataset: wide_noise_10, network: small_16}
clean_full: {dataset: clean, network: full}
clean_small_4: {dataset: clean, network: small_4}
clean_small_16: {dataset: clean, network: small_16}
clean_small_24: {dataset: clean, network: small_24}
clean_small_34: {dataset: clean, network: small_34}
clean_small_48: {dataset: clean, network: small_48}
clean_small_64: {dataset: clean, network: small_64}
sersic: {dataset: sersic, network: small_16}
galaxies: {dataset: galaxies, network: small_16, epochs: 12}
""",  # noqa: E501
        gap=True,
        note="The demo's networks are small and its optimiser is fast; "
        "papers.yaml has the paper's of both.",
        shown="some twenty",
    )
    """models by name

    each a name with `dataset` and `network`, and any key of `semantic.encoder` or
    `semantic.training` that it has otherwise. `semantic_<name>_model` trains one. Most have
    `small_16` here, and `full` in papers.yaml
    """
    trained: Several[str] = key(
        "clean clean_theta clean_adadelta clean_small_64 noise_05 wide_noise_05 galaxies".split(),
        gap=True,
        shown="seven",
    )
    """models that `semantic` trains and compares

    …. Those that differ in one thing alone, the angle, the network or the optimizer, make a figure
    of it
    """
    training: Training = section(gap=True)
    """how the networks are trained"""
    evaluation: Evaluation = section(gap=True)
    """judging them on the test images"""
    galaxies: Galaxies = section(flow=True, gap=True)
    """galaxies that are measured"""
