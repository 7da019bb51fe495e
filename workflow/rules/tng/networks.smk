# tng, second half: the networks, their evaluation, and every figure.


rule tng_download_imagenet:
    """Fetch the VGG16 weights that Keras publishes, and check their hash."""
    input:
        catalogue=own("resources/weights.yaml"),
    output:
        IMAGENET,
    log:
        f"{TNG_DIR}/logs/download_imagenet.log",
    localrule: True
    conda:
        "../../../envs/skyloom.yaml"
    resources:
        downloads=1,
    params:
        name="imagenet",
        folder=lambda w: f"{DOWNLOADS}/weights/fetched",
        remedy="download it by hand and give its path as tng.backbone.weights",
        code=code("tng/download_weights.py"),
    script:
        "../../../scripts/tng/download_weights.py"


rule tng_backbone:
    """The 13 convolution layers of VGG16 in one canonical file."""
    input:
        unpack(tng_backbone_inputs),
    output:
        f"{TNG_DIR}/backbone/vgg16.h5",
    log:
        f"{TNG_DIR}/logs/backbone.log",
    conda:
        "../../../envs/skyloom.yaml"
    params:
        weights=TNG_WEIGHTS,
        seed=SEED,
        code=code("tng/prepare_backbone.py"),
    script:
        "../../../scripts/tng/prepare_backbone.py"


rule tng_features:
    """The frozen backbone's features of one variant, computed once."""
    input:
        dataset=f"{TNG_DIR}/datasets/{{variant}}.h5",
        backbone=f"{TNG_DIR}/backbone/vgg16.h5",
    output:
        f"{TNG_DIR}/features/{{variant}}.h5",
    log:
        f"{TNG_DIR}/logs/features_{{variant}}.log",
    benchmark:
        f"{TNG_DIR}/benchmarks/features_{{variant}}.tsv"
    conda:
        "../../../envs/skyloom.yaml"
    threads: share(16)
    resources:
        **GPU,
        # Each thread has a batch of its own.
        mem_mb=lambda w, threads, attempt: (2000 + 300 * threads) * attempt,
        runtime=growing(240),
    params:
        preprocess=TNG["backbone"]["preprocess"],
        precision=TNG_PRECISION,
        code=code("tng/compute_features.py"),
    script:
        "../../../scripts/tng/compute_features.py"


rule tng_train:
    """Train the head on one variant's features, and its controls."""
    input:
        dataset=f"{TNG_DIR}/datasets/{{variant}}.h5",
        features=lambda w: f"{TNG_DIR}/features/{TNG_SAME_IMAGES[w.variant]}.h5",
        backbone=f"{TNG_DIR}/backbone/vgg16.h5",
        split=TNG_SPLIT,
    output:
        model=f"{TNG_DIR}/models/{{variant}}/model.keras",
        history=f"{TNG_DIR}/models/{{variant}}/history.csv",
        predictions=f"{TNG_DIR}/models/{{variant}}/predictions.ecsv",
        control=f"{TNG_DIR}/models/{{variant}}/control.ecsv",
        metrics=f"{TNG_DIR}/models/{{variant}}/metrics.json",
    log:
        f"{TNG_DIR}/logs/train_{{variant}}.log",
    benchmark:
        f"{TNG_DIR}/benchmarks/train_{{variant}}.tsv"
    conda:
        "../../../envs/skyloom.yaml"
    # Two trainings of one thread each are faster than one of two after the other.
    threads: 1 if len(TNG_CASES) > 1 else 2
    resources:
        **GPU,
        mem_mb=growing(4000),
        runtime=growing(240),
    params:
        training=TNG["training"],
        preprocess=TNG["backbone"]["preprocess"],
        precision=TNG_PRECISION,
        seed=SEED,
        controls=True,
        code=code("tng/train_head.py"),
    script:
        "../../../scripts/tng/train_head.py"


rule tng_halves:
    """How much of every variant's pictures is galaxy: two halves of the cells, compared."""
    input:
        galaxies=f"{TNG_DIR}/{TNG_CHOSEN}/snap_{TNG['reference_snapshot']:03d}.ecsv",
        compared=TNG_COMPARED.format(snapshot=f"{TNG['reference_snapshot']:03d}"),
        kernel=TNG_KERNEL,
        scaling=f"{TNG_DIR}/scaling.json",
        universe=lambda _: tng_particles(TNG["reference_snapshot"], TNG_PARTS),
        groups=lambda _: tng_files(TNG["reference_snapshot"])["groups"],
        offsets=lambda _: tng_files(TNG["reference_snapshot"])["offsets"],
    output:
        f"{TNG_DIR}/evaluation/halves.ecsv",
    log:
        f"{TNG_DIR}/logs/halves.log",
    conda:
        "../../../envs/skyloom.yaml"
    threads: share(4)
    resources:
        mem_mb=growing(2000 if TNG_SYNTHETIC else 16000),
    params:
        base_path=TNG_BASE,
        external=TNG_EXTERNAL,
        snapshot=TNG["reference_snapshot"],
        cutouts=tng_cutouts(TNG["reference_snapshot"]),
        galaxies=TNG["evaluation"]["halves"],
        variants=TNG_HALVED,
        options=TNG_SOURCES["maps"].options,
        bootstrap=TNG_BOOTSTRAP,
        seed=SEED,
        code=code("tng/compare_halves.py", *TNG_KERNEL_SOURCES),
    script:
        "../../../scripts/tng/compare_halves.py"


rule tng_evaluate:
    """Correlations with intervals for all cases, and their differences."""
    input:
        predictions=expand(
            f"{TNG_DIR}/models/{{case}}/predictions.ecsv", case=TNG_CASES
        ),
        controls=expand(f"{TNG_DIR}/models/{{case}}/control.ecsv", case=TNG_CASES),
        halves=f"{TNG_DIR}/evaluation/halves.ecsv",
        galaxies=TNG_GALAXIES,
    output:
        summary=f"{TNG_DIR}/evaluation/summary.ecsv",
        differences=f"{TNG_DIR}/evaluation/differences.ecsv",
    log:
        f"{TNG_DIR}/logs/evaluate.log",
    conda:
        "../../../envs/skyloom.yaml"
    params:
        variants=TNG_CASES,
        bootstrap=TNG_BOOTSTRAP,
        seed=SEED,
        code=code("tng/evaluate.py"),
    script:
        "../../../scripts/tng/evaluate.py"


include: "beyond.smk"
