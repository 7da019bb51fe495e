# The figures of the semantic arm.
figure(
    *("semantic", "examples", "data", "semantic.examples"),
    inputs={"datasets": [f"{SEMANTIC_DIR}/datasets/{d}.h5" for d in SEMANTIC_DATASETS]},
)
figure(
    # Figures 3 and 4 of the article.
    *("semantic", "errors/{model}", "results", "semantic.errors"),
    inputs={
        "predictions": f"{SEMANTIC_DIR}/models/{{model}}/predictions.ecsv",
        "metrics": f"{SEMANTIC_DIR}/models/{{model}}/metrics.json",
        "binned": f"{SEMANTIC_DIR}/evaluation/binned.ecsv",
    },
    options=lambda w: {
        "grid": configuration_semantic.grid(
            SEMANTIC, SEMANTIC["models"][w.model]["dataset"]
        ),
        "failed": SEMANTIC["evaluation"]["failed"],
    },
    over=[{"model": model} for model in SEMANTIC_SHOWN],
)
figure(
    # Figure 6.
    *("semantic", "panels/{model}", "results", "semantic.panels"),
    inputs={
        "dataset": lambda w: semantic_dataset(w.model),
        "predictions": f"{SEMANTIC_DIR}/models/{{model}}/predictions.ecsv",
        "metrics": f"{SEMANTIC_DIR}/models/{{model}}/metrics.json",
    },
    over=[{"model": model} for model in SEMANTIC_SHOWN],
)
figure(
    *("semantic", "bounds", "results", "semantic.bounds"),
    inputs={"summary": f"{SEMANTIC_DIR}/evaluation/summary.ecsv"},
)
figure(
    *("semantic", "speed", "results", "semantic.speed"),
    inputs={"speed": f"{SEMANTIC_DIR}/evaluation/speed.ecsv"},
)
figure(
    *("semantic", "trend", "training", "semantic.trend"),
    inputs={
        "history": semantic_models("history.csv", SEMANTIC_MODELS),
        "metrics": semantic_models("metrics.json", SEMANTIC_MODELS),
        "summary": f"{SEMANTIC_DIR}/evaluation/summary.ecsv",
    },
)
beside(
    "semantic",
    {
        "summary": f"{SEMANTIC_DIR}/evaluation/summary.ecsv",
        "metrics": semantic_models("metrics.json", SEMANTIC_MODELS),
    },
    semantic_choices,
    note="Scales are in the article's unit, of which an image's half-width is 0.0625. Its "
    "dispersions of the angle and scale under noise are drawn there, not printed, and the count of "
    "weights in the third row of its table 1 is misprinted.",
)
if SEMANTIC_ANGLES:
    figure(
        *("semantic", "angle", "results", "semantic.angle"),
        inputs={
            "predictions": semantic_models("predictions.ecsv", SEMANTIC_ANGLES),
            "metrics": semantic_models("metrics.json", SEMANTIC_ANGLES),
        },
        options={"failed": SEMANTIC["evaluation"]["failed"]},
    )
if SEMANTIC_SIZES:
    # Figure 5.
    figure(
        *("semantic", "sizes", "results", "semantic.sizes"),
        inputs={"summary": f"{SEMANTIC_DIR}/evaluation/summary.ecsv"},
    )
if SEMANTIC_OPTIMIZERS:
    figure(
        *("semantic", "optimizers", "training", "semantic.optimizers"),
        inputs={
            "history": semantic_models("history.csv", SEMANTIC_OPTIMIZERS),
            "timing": semantic_models("timing.csv", SEMANTIC_OPTIMIZERS),
            "metrics": semantic_models("metrics.json", SEMANTIC_OPTIMIZERS),
        },
    )
if SEMANTIC_JUDGE:
    figure(
        *("semantic", "galaxies", "galaxies", "semantic.galaxies"),
        inputs={"measurements": f"{SEMANTIC_DIR}/galaxies/measurements.ecsv"},
    )
    figure(
        *("semantic", "galaxy_panels", "galaxies", "semantic.galaxy_panels"),
        inputs={
            "dataset": SEMANTIC_GALAXIES,
            "measurements": f"{SEMANTIC_DIR}/galaxies/measurements.ecsv",
        },
    )
