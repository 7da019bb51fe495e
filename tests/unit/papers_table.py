"""What each key of config/papers.yaml, laid over config/config.yaml, has to do with the documents.

Written by hand, not read from anything. A row is a key or all keys below it; the longest row that
fits a key is the key's. A new key of the configuration needs a row here.
"""

_THESIS = "thesis, section"
_ARTICLE = "semantic autoencoder article, section"
_PROJECT = "degree project,"
_HE = "helium article,"
_SLIDES = "slides,"
_SDSS = "sdss article,"


def _discs(**images):
    return {"profile": "published", "noise": 0, "images": {**images, "test": 1000}}


#: Printed in the document: the value that the published run must have, and where it is printed.
PRINTED = {
    "tng.source": ("local", f"{_THESIS} III.1.1: TNG50's own files"),
    "tng.snapshots": (list(range(99, 88, -1)), f"{_THESIS} III.1, table III.1"),
    "tng.reference_snapshot": (99, f"{_THESIS} III.1: maxima over the first snapshot"),
    "tng.selection": (
        {
            "stellar_mass": [0.5, 100],
            "total_mass_max": 200,
            "group_mass_max": 500,
            "exclude": [],
        },
        f"{_THESIS} III.1",
    ),
    "tng.ssfr": ({"mass": "total", "ignore_h": True}, "thesis, code of the appendix; table III.1"),
    "tng.gas.members": ("fof", f"{_THESIS} III.1"),
    "tng.gas.star_forming_temperature": (
        "effective",
        f"{_THESIS} III.1: T from the internal energy",
    ),
    "tng.gas.entropy": ("linear", f"{_THESIS} III.1: K in keV cm2"),
    "tng.rotation.inclination": (0, f"{_THESIS} III.1: face-on"),
    "tng.grid": (
        {"bins": 256, "width": 60, "depth": None, "edges": "published"},
        f"{_THESIS} III.1: 256 bins over 60 kpc/h, 234 pc/h a pixel; edges: its code",
    ),
    "tng.statistic": (dict.fromkeys(("entropy", "mass", "temperature"), "sum"), f"{_THESIS} III.1"),
    "tng.images": (
        {"beta": 0.001, "overflow": "wrap", "single_channel": "joint", "difference": "wrapped"},
        f"{_THESIS} III.1: the code of lupton() and of the byte images",
    ),
    "tng.variants.composite": ({"kind": "composite"}, f"{_THESIS} IV.1.1"),
    "tng.variants.entropy": ({"kind": "channel", "channel": "entropy"}, f"{_THESIS} IV.1.2"),
    "tng.variants.mass": ({"kind": "channel", "channel": "mass"}, f"{_THESIS} IV.1.2"),
    "tng.variants.temperature": (
        {"kind": "channel", "channel": "temperature"},
        f"{_THESIS} IV.1.2",
    ),
    "tng.variants.gaussian_3": ({"kind": "gaussian", "sigma": 3}, f"{_THESIS} IV.1.3: 700 pc/h"),
    "tng.variants.gaussian_5": ({"kind": "gaussian", "sigma": 5}, f"{_THESIS} IV.1.3: 1170 pc/h"),
    "tng.variants.gaussian_10": ({"kind": "gaussian", "sigma": 10}, f"{_THESIS} IV.1.3: 2340 pc/h"),
    "tng.variants.unsharp_3": ({"kind": "unsharp", "sigma": 3}, f"{_THESIS} IV.1.4"),
    "tng.variants.unsharp_5": ({"kind": "unsharp", "sigma": 5}, f"{_THESIS} IV.1.4"),
    "tng.variants.unsharp_10": ({"kind": "unsharp", "sigma": 10}, f"{_THESIS} IV.1.4"),
    "tng.cases": (
        [
            *("composite", "entropy", "mass", "temperature"),
            *("gaussian_3", "gaussian_5", "gaussian_10", "unsharp_3", "unsharp_5", "unsharp_10"),
        ],
        f"{_THESIS} IV.1: ten cases",
    ),
    "tng.split": ({"by": "random", "test_fraction": 0.1}, f"{_THESIS} III.1: 90 and 10 %"),
    "tng.backbone.weights": ("imagenet", f"{_THESIS} III.2"),
    "tng.backbone.preprocess": ("none", f"{_THESIS} III.2: the code has none"),
    "tng.training.epochs": (1500, f"{_THESIS} III.2"),
    "tng.training.readout_epochs": ([500, 1000, 1500], f"{_THESIS} IV.1.1"),
    "tng.training.batch_size": (100, f"{_THESIS} III.2"),
    "tng.training.optimizer": ("adadelta", f"{_THESIS} III.2"),
    "tng.training.checkpoint": ("last", f"{_THESIS} III.2: its code predicts with the last"),
    "tng.training.convolution_activation": ("relu", f"{_THESIS} III.2"),
    "tng.training.output_activation": ("relu", f"{_THESIS} III.2"),
    "tng.training.dropout": (0.2, f"{_THESIS} III.2"),
    "semantic.grid.pixels": (64, f"{_ARTICLE} 3.1.3"),
    "semantic.profiles.published": (
        {
            "decoder": "exponential",
            "half_width": 0.0625,
            "sampling": "endpoints",
            "parameters": {"scale": [0.01, 0.05], "ellipticity": [0.2, 0.8], "angle": [0, 180]},
        },
        f"{_ARTICLE} 3.1.3; half-width and sampling: its code, cells 6 and 15",
    ),
    "semantic.datasets.clean": (_discs(train=9000, validation=1000), f"{_ARTICLE} 3.1.3, 3.1.4"),
    "semantic.datasets.noise_05": (
        {**_discs(train=27000, validation=3000), "noise": 0.05},
        f"{_ARTICLE} 3.2.1 (27,000 of 30,000)",
    ),
    "semantic.datasets.noise_10": (
        {**_discs(train=27000, validation=3000), "noise": 0.1},
        f"{_ARTICLE} 3.2.1 (27,000 of 30,000)",
    ),
    "semantic.networks": (
        {
            "full": {"convolutions": [32, 32, 64, 64, 128, 128], "dense": [64, 32]},
            "small_4": {"convolutions": [16, 16, 32, 32, 64, 64], "dense": [32, 16]},
            "small_16": {"convolutions": [8, 8, 16, 16, 32, 32], "dense": [16, 8]},
            "small_24": {"convolutions": [6, 6, 13, 13, 26, 26], "dense": [13, 6]},
            "small_34": {"convolutions": [5, 5, 11, 11, 22, 22], "dense": [11, 5]},
            "small_48": {"convolutions": [4, 4, 9, 9, 19, 19], "dense": [9, 4]},
            "small_64": {"convolutions": [4, 4, 8, 8, 16, 16], "dense": [8, 4]},
        },
        "semantic autoencoder article, table 1",
    ),
    **{
        f"semantic.models.{dataset}_published": (
            {
                **{"dataset": dataset, "network": "full", "angle": "theta", "outputs": "direct"},
                **{"loss": "mean", "initializer": "glorot_uniform"},
            },
            f"{_ARTICLE} 3.1.1, 3.1.4",
        )
        for dataset in ("clean", "noise_05", "noise_10")
    },
    "semantic.training.epochs": (500, f"{_ARTICLE} 3.1.4"),
    "semantic.training.batch_size": (20, f"{_ARTICLE} 3.1.4"),
    "semantic.training.optimizer": ("adadelta", f"{_ARTICLE} 3.1.4"),
    "semantic.training.learning_rate": (1.0, f"{_ARTICLE} 3.1.4"),
    "semantic.training.rho": (0.95, f"{_ARTICLE} 3.1.4"),
    "semantic.training.decay": ("constant", f"{_ARTICLE} 3.1.4"),
    "semantic.training.target": ("clean", "semantic autoencoder article, its code"),
    "semantic.training.restore": ("last", "semantic autoencoder article, its code"),
    "xmm.source": ("local", f"{_PROJECT} section on the data: 4XMM-DR9"),
    "xmm.frame.size": ([648, 648], f"{_PROJECT} section on the images"),
    "xmm.rebin_method": ("linear", f"{_PROJECT} code: cv2.INTER_LINEAR"),
    "xmm.split": (
        {"validation": 0.1928775437, "test": 0.0357015352},
        f"{_PROJECT} table 2: 8643, 2161 and 400 of 11,204",
    ),
    "xmm.training": (
        {
            **{"epochs": 50, "batch_size": 64, "patience": 50, "learning_rate": 0.001},
            "restore": "last",
        },
        f"{_PROJECT} code of the appendix; the rate is Adam's own",
    ),
    "xmm.trained": (
        [
            *("kernel_3", "kernel_5", "kernel_7", "kernel_9", "minmax_log", "zscale_log"),
            *("minmax_sqrt", "zscale_sqrt", "minmax_power", "zscale_power", "minmax_sinh"),
            *("dropout_02", "dropout_04", "dropout_05", "batch_norm", "rotation", "vflip"),
            *("hflip", "2conv", "3conv", "2conv_rebin2"),
        ],
        f"{_PROJECT} tables 3 to 7",
    ),
    **{
        f"xmm.experiments.kernel_{size}": (
            {
                "dataset": "none_linear_rebin4",
                **({"kernel": size} if size > 3 else {}),
                "table": "3",
            },
            f"{_PROJECT} table 3",
        )
        for size in (3, 5, 7, 9)
    },
    **{
        f"xmm.experiments.{name}": (
            {"dataset": f"{name}_rebin4", "table": "4"},
            f"{_PROJECT} table 4",
        )
        for name in (
            *("minmax_log", "zscale_log", "minmax_sqrt", "zscale_sqrt", "minmax_power"),
            *("zscale_power", "minmax_sinh"),
        )
    },
    **{
        f"xmm.experiments.{name}": (
            {"dataset": "minmax_sqrt_rebin4", key: value, "table": "5"},
            f"{_PROJECT} table 5",
        )
        for name, key, value in (
            ("dropout_02", "dropout", 0.2),
            ("dropout_04", "dropout", 0.4),
            ("dropout_05", "dropout", 0.5),
            ("batch_norm", "batch_normalization", True),
            ("rotation", "rotation", 180),
            ("vflip", "vertical_flip", True),
            ("hflip", "horizontal_flip", True),
        )
    },
    **{
        f"xmm.experiments.{name}": (
            {
                **{"dataset": dataset, "dropout": 0.5, "rotation": 180, "vertical_flip": True},
                **{"horizontal_flip": True, "table": table, **more},
            },
            f"{_PROJECT} table {table}",
        )
        for name, dataset, table, more in (
            ("2conv", "minmax_sqrt_rebin4", "6", {"architecture": "2conv"}),
            ("3conv", "minmax_sqrt_rebin4", "6", {}),
            ("2conv_rebin2", "minmax_sqrt_rebin2", "7", {"architecture": "2conv"}),
        )
    },
    "xmm.evaluation.final": ("2conv_rebin2", f"{_PROJECT} table 8"),
    "helium.source": ("local", f"{_HE} section on the data: 5425 files"),
    "helium.window": ([4460, 4480], f"{_HE} section on the data"),
    "helium.pixels": (201, f"{_HE} section on the data"),
    "helium.networks": (["initial", "modified"], f"{_HE} tables 2 and 3"),
    "helium.trained": (["clean"], f"{_HE} section on the data: no noise"),
    "helium.training.epochs": (100, f"{_HE} figures 10 to 13"),
    "helium.training.patience": (100, f"{_HE} figures 10 to 13: all epochs"),
    "helium.training.snr": (None, f"{_HE} section on the data: no noise"),
    "helium.training.restore": ("last", f"{_HE} table 4"),
    "helium.uncertainty": ("none", f"{_HE} table 5: numbers without uncertainty"),
    "helium.members": (1, f"{_HE} table 4: one training a network"),
    "stellar.pixels": (29788, f"{_SLIDES} downsampling: (51359, 29788) to (51359, 7447)"),
    "stellar.downsample": (4, f"{_SLIDES} downsampling: (51359, 29788) to (51359, 7447)"),
    "stellar.synthetic.teff": (None, f"{_SLIDES} the grid: null is all of it, 51,359 spectra"),
    "stellar.synthetic.log_g": (None, f"{_SLIDES} the grid"),
    "stellar.synthetic.m_h": (None, f"{_SLIDES} the grid"),
    "stellar.synthetic.v_sin_i": (None, f"{_SLIDES} the grid"),
    "stellar.networks": (["starnet"], f"{_SLIDES} the network's summary"),
    "stellar.trained": (["clean"], f"{_SLIDES} the network: no noise"),
    "stellar.split.test": (0.125, f"{_SLIDES} 38,519 of 51,359 are trained on"),
    "stellar.split.validation": (0.125, f"{_SLIDES} 38,519 of 51,359 are trained on"),
    "stellar.training": (
        {
            **{"epochs": 100, "batch_size": 64, "patience": 5, "learning_rate": 0.0007},
            **{"labels": "minmax", "restore": "last", "snr": None},
        },
        f"{_SLIDES} hyperparameters; stopped early at epoch 23",
    ),
    "stellar.uncertainty": ("none", f"{_SLIDES} one network"),
    "stellar.members": (1, f"{_SLIDES} one network"),
    "sdss.source": ("local", f"{_SDSS} section on the data: BOSS, DR12"),
    "sdss.sample": (
        {"size": 300000, "shares": None, "redshift": [0, 3.5], "redshift_bins": None},
        f"{_SDSS} section on the data: stratified, 300,000, 0 < z < 3.5",
    ),
    "sdss.split.by": ("spectrum", f"{_SDSS} section on the data: drawn at random"),
    "sdss.networks.inception_v3": (
        {"architecture": "inception_v3", "weights": "imagenet"},
        f"{_SDSS} table 1",
    ),
    "sdss.networks.resnet_50": (
        {"architecture": "resnet_50", "weights": "imagenet"},
        f"{_SDSS} table 1",
    ),
    "sdss.networks.mnist": ({"architecture": "lenet"}, f"{_SDSS} table 1"),
    "sdss.trained": (
        {
            "networks": ["inception_v3", "resnet_50", "mnist"],
            "splits": ["60_40", "70_30", "80_20"],
        },
        f"{_SDSS} section on the evaluation",
    ),
    "sdss.training.epochs": (40, f"{_SDSS} section on the evaluation"),
    "sdss.training.readout_epochs": ([20, 30, 40], f"{_SDSS} section on the evaluation"),
    "sdss.training.patience": (40, f"{_SDSS} section on the evaluation: all epochs"),
    "sdss.training.restore": ("last", f"{_SDSS} section on the evaluation"),
    "sdss.training.class_weights": (False, f"{_SDSS} section on the evaluation: none named"),
}

#: Not printed, and it decides a number: what we chose, and why. The demo may not change it either.
CHOSEN = {
    "seed": (20260, "any seed; the documents print none"),
    "tng.gas.electron_abundance_floor": (0.0001, "keeps the entropy finite"),
    "tng.rotation.members": ("subhalo", "the thesis's code is not printed"),
    "tng.rotation.max_age": (0.5, "the thesis prints no age of young stars"),
    "tng.rotation.min_stars": (30, "the thesis prints none"),
    "tng.rotation.aperture": (15, "the thesis prints none"),
    "reproducible": ("any_cores", "features with the same bits on any machine; none is printed"),
    "tng.backbone.precision": ("float32", "what Keras computes in by itself, as the thesis did"),
    "tng.training.learning_rate": (1.0, "not printed; Adadelta's default in old Keras"),
    "semantic.datasets.wide": (
        {**_discs(train=9000, validation=1000), "profile": "wide"},
        "not in the article: as many images as its own",
    ),
    "semantic.datasets.wide_noise_05": (
        {**_discs(train=27000, validation=3000), "profile": "wide", "noise": 0.05},
        "not in the article: as many images as its own",
    ),
    "semantic.datasets.wide_noise_10": (
        {**_discs(train=27000, validation=3000), "profile": "wide", "noise": 0.1},
        "not in the article: as many images as its own",
    ),
    "semantic.datasets.sersic": (
        {**_discs(train=9000, validation=1000), "profile": "sersic"},
        "not in the article: as many images as its own",
    ),
    "semantic.datasets.galaxies": (
        {
            **_discs(train=9000, validation=1000),
            **{"profile": "galaxies", "noise": 0.02, "speckle": 0.17},
        },
        "not in the article: as many images as its own",
    ),
    "semantic.grid.sampling": ("centre", "of profiles that are not the article's"),
    "semantic.encoder": (
        {"angle": "cos_sin_2theta", "outputs": "range", "margin": 0.1},
        "of models that do not repeat the article's",
    ),
    **{
        f"semantic.models.{name}": (entry, "not the article's own recipe, but its largest network")
        for name, entry in {
            "clean": {"dataset": "clean", "network": "full"},
            "clean_theta": {"dataset": "clean", "network": "full", "angle": "theta"},
            "clean_adam": {
                **{"dataset": "clean", "network": "full", "optimizer": "adam"},
                **{"learning_rate": 0.001, "decay": "cosine"},
            },
            "noise_05": {"dataset": "noise_05", "network": "full"},
            "noise_10": {"dataset": "noise_10", "network": "full"},
            "wide": {"dataset": "wide", "network": "full"},
            "wide_theta": {"dataset": "wide", "network": "full", "angle": "theta"},
            "wide_noise_05": {"dataset": "wide_noise_05", "network": "full"},
            "wide_noise_10": {"dataset": "wide_noise_10", "network": "full"},
            "sersic": {"dataset": "sersic", "network": "full"},
            "galaxies": {"dataset": "galaxies", "network": "full", "epochs": 500},
            "clean_full": {"dataset": "clean", "network": "full"},
        }.items()
    },
    **{
        f"semantic.models.clean_small_{part}": (
            {"dataset": "clean", "network": f"small_{part}"},
            "a network of table 1, without the article's recipe",
        )
        for part in (4, 16, 24, 34, 48, 64)
    },
    "semantic.training.loss": ("relative", "of models that do not repeat the article's"),
    "semantic.training.initializer": ("matched", "of models that do not repeat the article's"),
    "semantic.training.precision": ("float32", "what Keras computes in by itself"),
    "semantic.evaluation.failed": (10, "the article prints no limit of a failed angle"),
    "semantic.evaluation.fitted": (None, "all test images"),
    "xmm.exposure": ("header", "not printed; cancels in minmax and zscale"),
    "xmm.camera": ("sum", "not printed"),
    "xmm.frame.smaller": ("reject", "not printed; all images are of one size"),
    "xmm.zscale": ({"contrast": 0.25, "samples": 1000}, "not printed: astropy's own"),
    "xmm.stretch": (
        {"log": 1000, "power": 2, "sinh": 1 / 3, "asinh": 0.1},
        "not printed: astropy's own; power: the square",
    ),
    "xmm.evaluation.threshold": (0.5, "not printed; what Keras's accuracy takes"),
    "helium.split": (
        {"by": "random", "validation": 0.1, "test": 0.1},
        "the document prints no shares",
    ),
    "helium.training.batch_size": (32, "not printed: Keras's own"),
    "helium.training.learning_rate": (0.0005, "not printed; all seeds converge with it"),
    "helium.training.labels": ("standard", "the document prints standardised labels only"),
    "helium.synthetic.teff": ([15000, 39000, 1000], "our reading of 5,425 files"),
    "helium.synthetic.log_g": ([2.0, 5.0, 0.5], "our reading of 5,425 files"),
    "helium.synthetic.v_rot": ([100, 400, 10], "our reading of 5,425 files"),
    "stellar.source": ("synthetic", "the slides do not say where their spectra are from"),
    "stellar.window": ([5000, 5300], "the slides say only that it spans 300 Angstrom"),
    "stellar.synthetic.limb_darkening": (0.6, "of our own synthesis"),
    "stellar.split.by": ("random", "the slides do not say"),
    "sdss.quality": ({"zwarning": "keep", "min_good": 0.5}, "the article prints no cut"),
    "sdss.smoothing": ({"window": 9}, "the article prints no window of its moving average"),
    "sdss.grid": ({"wavelength": [3650, 10300], "pixels": 4500}, "of networks on the spectra"),
    "sdss.drawing": (
        {
            **{"backend": "rasteriser", "wavelength": None, "flux": "minmax", "width": 1.5},
            "margin": 0.05,
        },
        "the article prints pictures, not how they were drawn",
    ),
    "sdss.split.validation": (0.1, "the article has no validation side"),
    "sdss.training.batch_size": (64, "the article prints none that can be one"),
    "sdss.training.learning_rate": (0.001, "not printed: Adam's own"),
}

_WHERE = "irrelevant, because it names files or how they are fetched, not what is computed"
_NOT_LOCAL = "irrelevant, because source is local and nothing is simulated"
_SAME = "irrelevant, because results do not depend on the number of jobs"
_UNASKED = "irrelevant, because nothing of it is built unless it is asked for by name"
_INTERVALS = "irrelevant, because it decides intervals only, which no document prints"

#: Irrelevant, because...
IRRELEVANT = {
    "run": "irrelevant, because it names a folder",
    "arms": "irrelevant, because it says which documents, not how",
    "gpus": "irrelevant, because it is asked of the scheduler only",
    "downloads": _WHERE,
    "tng.base_path": _WHERE,
    "tng.external": _WHERE,
    "tng.api": _NOT_LOCAL,
    "tng.parts_per_snapshot": _SAME,
    "tng.synthetic": _NOT_LOCAL,
    "tng.inclined": "irrelevant, because semantic.galaxies.model is null",
    "tng.channels": _UNASKED,
    "tng.views": _UNASKED,
    "tng.variants": "irrelevant, because it is not among tng.cases",
    "tng.evaluation": _INTERVALS,
    "tng.beyond": "irrelevant, because the thesis has none of it: it is empty",
    "tng.ensemble": _UNASKED,
    "tng.leakage": _UNASKED,
    "tng.attention": _UNASKED,
    "semantic.grid.subpixels": "irrelevant, because sampling is centre or endpoints",
    "semantic.profiles": "irrelevant, because the article has its own profile only",
    "semantic.models.clean_adadelta": _UNASKED,
    "semantic.trained": "irrelevant, because it says which models are compared, not how",
    "semantic.evaluation": _INTERVALS,
    "semantic.galaxies": "irrelevant, because the article measures no galaxies",
    "xmm.images": _WHERE,
    "xmm.observations": _WHERE,
    "xmm.archive": _WHERE,
    "xmm.columns": "irrelevant, because it names columns of a table",
    "xmm.synthetic": _NOT_LOCAL,
    "xmm.blocks": _SAME,
    "xmm.datasets": "irrelevant, because the experiments' datasets are built in any case",
    "xmm.experiments": "irrelevant, because it is not among xmm.trained",
    "xmm.evaluation": _INTERVALS,
    "helium.spectra": _WHERE,
    "helium.observed": _WHERE,
    "helium.synthetic": _NOT_LOCAL,
    "helium.blocks": _SAME,
    "helium.datasets": _UNASKED,
    "helium.evaluation": _INTERVALS,
    "helium.observation": "irrelevant, because it prepares observed spectra of the user's own",
    "stellar.spectra": _WHERE,
    "stellar.observed": _WHERE,
    "stellar.synthetic.observed": "irrelevant, because the slides judge no observed star",
    "stellar.blocks": _SAME,
    "stellar.datasets": _UNASKED,
    "stellar.evaluation": _INTERVALS,
    "stellar.observation": "irrelevant, because it prepares observed spectra of the user's own",
    "sdss.spectra": _WHERE,
    "sdss.catalogue": _WHERE,
    "sdss.archive": _WHERE,
    "sdss.synthetic": _NOT_LOCAL,
    "sdss.blocks": _SAME,
    "sdss.networks": "irrelevant, because it is not among sdss.trained.networks",
    "sdss.evaluation": _INTERVALS,
    "sdss.prediction": _UNASKED,
}
