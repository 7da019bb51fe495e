# semantic: synthetic galaxy profiles, encoders whose decoder is the profile, and galaxies they measure.
include: "common.smk"


rule semantic_dataset:
    """Synthetic profiles of one dataset, with the parameters they were drawn with."""
    output:
        dataset=f"{SEMANTIC_DIR}/datasets/{{dataset}}.h5",
        provenance=f"{SEMANTIC_DIR}/datasets/{{dataset}}.provenance.json",
    log:
        f"{SEMANTIC_DIR}/logs/dataset_{{dataset}}.log",
    benchmark:
        f"{SEMANTIC_DIR}/benchmarks/dataset_{{dataset}}.tsv"
    wildcard_constraints:
        dataset="|".join(SEMANTIC["datasets"]),
    conda:
        "../../../envs/skyloom.yaml"
    threads: share(2)
    resources:
        mem_mb=growing(2000),
    params:
        dataset=lambda w: w.dataset,
        entry=lambda w: SEMANTIC["datasets"][w.dataset],
        profile=lambda w: SEMANTIC["profiles"][
            SEMANTIC["datasets"][w.dataset]["profile"]
        ],
        grid=lambda w: configuration_semantic.grid(SEMANTIC, w.dataset),
        seed=SEED,
        code=code("semantic/make_dataset.py"),
    script:
        "../../../scripts/semantic/make_dataset.py"


rule semantic_split:
    """Training, validation and test side of one dataset."""
    input:
        dataset=f"{SEMANTIC_DIR}/datasets/{{dataset}}.h5",
    output:
        f"{SEMANTIC_DIR}/splits/{{dataset}}.ecsv",
    log:
        f"{SEMANTIC_DIR}/logs/split_{{dataset}}.log",
    wildcard_constraints:
        dataset="|".join(SEMANTIC["datasets"]),
    conda:
        "../../../envs/skyloom.yaml"
    params:
        code=code("semantic/split_images.py"),
    script:
        "../../../scripts/semantic/split_images.py"


rule semantic_train:
    """Train one encoder and let it judge the images that it has not learnt from."""
    input:
        dataset=lambda w: semantic_dataset(w.model),
        split=lambda w: semantic_dataset(w.model, ".ecsv", "splits"),
    output:
        model=f"{SEMANTIC_DIR}/models/{{model}}/model.keras",
        history=f"{SEMANTIC_DIR}/models/{{model}}/history.csv",
        predictions=f"{SEMANTIC_DIR}/models/{{model}}/predictions.ecsv",
        metrics=f"{SEMANTIC_DIR}/models/{{model}}/metrics.json",
        timing=f"{SEMANTIC_DIR}/models/{{model}}/timing.csv",
    log:
        f"{SEMANTIC_DIR}/logs/train_{{model}}.log",
    benchmark:
        f"{SEMANTIC_DIR}/benchmarks/train_{{model}}.tsv"
    wildcard_constraints:
        model="|".join(SEMANTIC["models"]),
    conda:
        "../../../envs/skyloom.yaml"
    threads: lambda w: semantic_threads(w.model)
    resources:
        **GPU,
        mem_mb=growing(3000),
        runtime=growing(1440),
    params:
        name=lambda w: w.model,
        network=lambda w: SEMANTIC["networks"][SEMANTIC["models"][w.model]["network"]],
        settings=lambda w: configuration_semantic.settings(SEMANTIC, w.model),
        failed=SEMANTIC["evaluation"]["failed"],
        seed=SEED,
        code=code("semantic/train_network.py"),
    script:
        "../../../scripts/semantic/train_network.py"


rule semantic_fit:
    """Fit test images by least squares, the classical way."""
    input:
        dataset=f"{SEMANTIC_DIR}/datasets/{{dataset}}.h5",
        split=f"{SEMANTIC_DIR}/splits/{{dataset}}.ecsv",
    output:
        f"{SEMANTIC_DIR}/evaluation/least_squares/{{dataset}}.ecsv",
    log:
        f"{SEMANTIC_DIR}/logs/fit_{{dataset}}.log",
    benchmark:
        f"{SEMANTIC_DIR}/benchmarks/fit_{{dataset}}.tsv"
    wildcard_constraints:
        dataset="|".join(SEMANTIC["datasets"]),
    conda:
        "../../../envs/skyloom.yaml"
    threads: share(2)
    params:
        dataset=lambda w: w.dataset,
        fitted=SEMANTIC["evaluation"]["fitted"],
        code=code("semantic/fit_classically.py"),
    script:
        "../../../scripts/semantic/fit_classically.py"


rule semantic_evaluate:
    """Errors of encoders and fits on the test side, their bounds, and their medians bin by bin."""
    input:
        predictions=semantic_models("predictions.ecsv", SEMANTIC_MODELS),
        metrics=semantic_models("metrics.json", SEMANTIC_MODELS),
        least_squares=expand(
            f"{SEMANTIC_DIR}/evaluation/least_squares/{{dataset}}.ecsv",
            dataset=SEMANTIC_DATASETS,
        ),
        published=SEMANTIC_PUBLISHED,
    output:
        summary=f"{SEMANTIC_DIR}/evaluation/summary.ecsv",
        binned=f"{SEMANTIC_DIR}/evaluation/binned.ecsv",
    log:
        f"{SEMANTIC_DIR}/logs/evaluate.log",
    conda:
        "../../../envs/skyloom.yaml"
    params:
        # The rest of it is that of the fits.
        evaluation={
            key: value
            for key, value in SEMANTIC["evaluation"].items()
            if key != "fitted"
        },
        seed=SEED,
        code=code("semantic/evaluate.py"),
    script:
        "../../../scripts/semantic/evaluate.py"


rule semantic_speed:
    """Images a second of the encoders and of the classical fit; varies from run to run."""
    input:
        models=semantic_models("model.keras", SEMANTIC_MODELS),
        metrics=semantic_models("metrics.json", SEMANTIC_MODELS),
        datasets=expand(
            f"{SEMANTIC_DIR}/datasets/{{dataset}}.h5", dataset=SEMANTIC_DATASETS
        ),
    output:
        f"{SEMANTIC_DIR}/evaluation/speed.ecsv",
    log:
        f"{SEMANTIC_DIR}/logs/speed.log",
    conda:
        "../../../envs/skyloom.yaml"
    threads: 2
    resources:
        mem_mb=growing(3000),
    params:
        code=code("semantic/measure_speed.py"),
    script:
        "../../../scripts/semantic/measure_speed.py"


if SEMANTIC_JUDGE:

    rule semantic_measure:
        """Scale, ellipticity and angle of every galaxy, beside what is known of it."""
        input:
            dataset=SEMANTIC_GALAXIES,
            model=f"{SEMANTIC_DIR}/models/{SEMANTIC_JUDGE}/model.keras",
            metrics=f"{SEMANTIC_DIR}/models/{SEMANTIC_JUDGE}/metrics.json",
            predictions=f"{SEMANTIC_DIR}/models/{SEMANTIC_JUDGE}/predictions.ecsv",
            training=semantic_dataset(SEMANTIC_JUDGE),
        output:
            f"{SEMANTIC_DIR}/galaxies/measurements.ecsv",
        log:
            f"{SEMANTIC_DIR}/logs/measure.log",
        conda:
            "../../../envs/skyloom.yaml"
        threads: share(2)
        resources:
            mem_mb=growing(3000),
        params:
            code=code("semantic/measure_galaxies.py"),
        script:
            "../../../scripts/semantic/measure_galaxies.py"


include: "figures.smk"


builds(
    "semantic",
    [
        *semantic_models("model.keras", SEMANTIC_MODELS),
        *(
            f"{SEMANTIC_DIR}/evaluation/{table}.ecsv"
            for table in ("summary", "binned", "published", "speed")
        ),
        *([f"{SEMANTIC_DIR}/galaxies/measurements.ecsv"] if SEMANTIC_JUDGE else []),
    ],
    datasets={
        name: f"{SEMANTIC_DIR}/splits/{name}.ecsv" for name in SEMANTIC["datasets"]
    },
    models=SEMANTIC["models"],
)
