# The figures of the sdss arm; their numbers are those of the article.
_of_sample = {
    "inventory": f"{SDSS_DIR}/inventory.ecsv",
    "sample": f"{SDSS_DIR}/sample.ecsv",
}
# Figure 2.
figure("sdss", "classes", "data", "sdss.classes", inputs=_of_sample)
# Figures 3 to 5.
figure(
    *("sdss", "redshifts", "data", "sdss.redshifts"),
    inputs=_of_sample,
    options={"redshift": SDSS["sample"]["redshift"]},
)
# Figure 6.
figure(
    *("sdss", "examples", "data", "sdss.examples"),
    inputs={
        "sample": f"{SDSS_DIR}/sample.ecsv",
        "spectra": SDSS_SPECTRA,
        "blocks": [f"{SDSS_DIR}/spectra/block_{block}.h5" for block in SDSS_BLOCKS],
        "images_224": f"{SDSS_DIR}/datasets/images_224.h5",
        "images_28": f"{SDSS_DIR}/datasets/images_28.h5",
    },
)
# Figure 7.
figure(
    *("sdss", "curves", "results", "sdss.curves"),
    inputs={
        name.split(".")[0]: [
            f"{SDSS_DIR}/models/{model}/{name}" for model in SDSS_MODELS
        ]
        for name in ("history.csv", "metrics.json")
    },
    options={"readouts": SDSS["training"]["readout_epochs"]},
)
figure(
    *("sdss", "scores", "results", "sdss.scores"),
    inputs={
        "summary": f"{SDSS_DIR}/evaluation/summary.ecsv",
        "published": f"{SDSS_DIR}/evaluation/published.ecsv",
    },
)
beside(
    "sdss",
    {"summary": f"{SDSS_DIR}/evaluation/summary.ecsv"},
    lambda: compared("sdss", configuration.flat(SDSS, "sdss")),
    options={"networks": SDSS["networks"]},
    note="The article gives its conclusions as percentages without saying of which metric, names "
    "one class twice, and says elsewhere that no network classifies galaxies well: its numbers are "
    "printed as they are.",
)
# Figures 8 to 10.
figure(
    *("sdss", "confusions/{split}", "results", "sdss.confusions"),
    inputs={"confusion": f"{SDSS_DIR}/evaluation/confusion.ecsv"},
    options=lambda w: {"split": w.split, "kinds": ["accuracy", "precision", "recall"]},
    over=[{"split": split} for split in SDSS["trained"]["splits"]],
)
figure(
    *("sdss", "confused/{model}", "results", "sdss.confused"),
    inputs={
        "confused": f"{SDSS_DIR}/evaluation/confused.ecsv",
        "dataset": f"{SDSS_DIR}/datasets/spectra.h5",
    },
    options=lambda w: {"model": w.model},
    over=[{"model": model} for model in SDSS_MODELS],
)
figure(
    *("sdss", "prediction/{asked}", "results", "sdss.prediction"),
    inputs={"predictions": f"{SDSS_DIR}/prediction/{{asked}}/predictions.ecsv"},
    over=[],
)
