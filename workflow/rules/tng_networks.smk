# tng, second half: the networks, their evaluation, and every figure. Included by tng.smk.


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
        "../../envs/skyloom.yaml"
    resources:
        downloads=1,
    params:
        name="imagenet",
        folder=lambda w: f"{DOWNLOADS}/weights/fetched",
        remedy="download it by hand and give its path as tng.backbone.weights",
        code=code("tng/download_weights.py"),
    script:
        "../../scripts/tng/download_weights.py"


rule tng_backbone:
    """The 13 convolution layers of VGG16 in one canonical file."""
    input:
        unpack(tng_backbone_inputs),
    output:
        f"{TNG_DIR}/backbone/vgg16.h5",
    log:
        f"{TNG_DIR}/logs/backbone.log",
    conda:
        "../../envs/skyloom.yaml"
    params:
        weights=TNG_WEIGHTS,
        seed=SEED,
        code=code("tng/prepare_backbone.py"),
    script:
        "../../scripts/tng/prepare_backbone.py"


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
        "../../envs/skyloom.yaml"
    threads: share(16)
    resources:
        # Each thread has a batch of its own.
        mem_mb=lambda w, threads, attempt: (2000 + 300 * threads) * attempt,
        runtime=growing(240),
        gpu=GPUS,
    params:
        preprocess=TNG["backbone"]["preprocess"],
        precision=TNG_PRECISION,
        code=code("tng/compute_features.py"),
    script:
        "../../scripts/tng/compute_features.py"


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
        "../../envs/skyloom.yaml"
    # Two trainings of one thread each are faster than one of two after the other.
    threads: 1 if len(TNG_CASES) > 1 else 2
    resources:
        mem_mb=growing(4000),
        runtime=growing(240),
        gpu=GPUS,
    params:
        training=TNG["training"],
        preprocess=TNG["backbone"]["preprocess"],
        precision=TNG_PRECISION,
        seed=SEED,
        controls=True,
        code=code("tng/train_head.py"),
    script:
        "../../scripts/tng/train_head.py"


for _case in TNG_CASES:

    rule:
        """The network trained on one dataset."""
        name:
            f"tng_{_case}_model"
        input:
            f"{TNG_DIR}/models/{_case}/model.keras",
        localrule: True


rule tng_evaluate:
    """Correlations with intervals for all cases, their differences, and the thesis's findings."""
    input:
        predictions=expand(
            f"{TNG_DIR}/models/{{case}}/predictions.ecsv", case=TNG_CASES
        ),
        controls=expand(f"{TNG_DIR}/models/{{case}}/control.ecsv", case=TNG_CASES),
        galaxies=TNG_GALAXIES,
        published=TNG_PUBLISHED,
    output:
        summary=f"{TNG_DIR}/evaluation/summary.ecsv",
        differences=f"{TNG_DIR}/evaluation/differences.ecsv",
        findings=f"{TNG_DIR}/evaluation/findings.ecsv",
    log:
        f"{TNG_DIR}/logs/evaluate.log",
    conda:
        "../../envs/skyloom.yaml"
    params:
        variants=TNG_CASES,
        bootstrap=TNG_BOOTSTRAP,
        seed=SEED,
        choices=tng_comparable(),
        code=code("tng/evaluate.py"),
    script:
        "../../scripts/tng/evaluate.py"


rule tng_compare_published:
    """Counts and sSFR of each snapshot beside the thesis's table III.1."""
    input:
        galaxies=TNG_GALAXIES,
        published=TNG_PUBLISHED,
    output:
        table=f"{TNG_DIR}/evaluation/table_III_1.ecsv",
    log:
        f"{TNG_DIR}/logs/compare_published.log",
    conda:
        "../../envs/skyloom.yaml"
    params:
        choices=tng_comparable(),
        code=code("tng/compare_published.py"),
    script:
        "../../scripts/tng/compare_published.py"


rule tng_draw_sample:
    """The selected galaxies: distribution of sSFR, SFR against mass."""
    input:
        galaxies=TNG_GALAXIES,
    output:
        **tng_figure("sample", "data"),
    log:
        f"{TNG_DIR}/logs/draw_sample.log",
    conda:
        "../../envs/skyloom.yaml"
    params:
        code=code("tng/draw_sample.py"),
    script:
        "../../scripts/tng/draw_sample.py"


rule tng_draw_maps:
    """One galaxy's maps in physical units."""
    input:
        maps=tng_maps(TNG["reference_snapshot"]),
        galaxies=f"{TNG_DIR}/galaxies/snap_{TNG['reference_snapshot']:03d}.ecsv",
    output:
        **tng_figure("maps", "data"),
    log:
        f"{TNG_DIR}/logs/draw_maps.log",
    conda:
        "../../envs/skyloom.yaml"
    params:
        code=code("tng/draw_maps.py"),
    script:
        "../../scripts/tng/draw_maps.py"


rule tng_draw_variants:
    """One galaxy in all variants."""
    input:
        datasets=expand(f"{TNG_DIR}/datasets/{{variant}}.h5", variant=TNG_BUILT),
        galaxies=TNG_GALAXIES,
    output:
        **tng_figure("variants", "data"),
    log:
        f"{TNG_DIR}/logs/draw_variants.log",
    conda:
        "../../envs/skyloom.yaml"
    params:
        variants=TNG_BUILT,
        code=code("tng/draw_variants.py"),
    script:
        "../../scripts/tng/draw_variants.py"


rule tng_draw_gallery:
    """Twenty galaxies of one variant."""
    input:
        datasets=f"{TNG_DIR}/datasets/{{variant}}.h5",
        galaxies=TNG_GALAXIES,
    output:
        **tng_figure("gallery/{variant}", "data", variant="{variant}"),
    log:
        f"{TNG_DIR}/logs/draw_gallery_{{variant}}.log",
    conda:
        "../../envs/skyloom.yaml"
    params:
        code=code("tng/draw_gallery.py"),
    script:
        "../../scripts/tng/draw_gallery.py"


rule tng_draw_predictions:
    """One case's predictions at each read-out epoch."""
    input:
        predictions=f"{TNG_DIR}/models/{{variant}}/predictions.ecsv",
        galaxies=TNG_GALAXIES,
    output:
        **tng_figure("predictions/{variant}", "results", variant="{variant}"),
    log:
        f"{TNG_DIR}/logs/draw_predictions_{{variant}}.log",
    conda:
        "../../envs/skyloom.yaml"
    params:
        variant=lambda w: w.variant,
        bootstrap=TNG_BOOTSTRAP,
        seed=SEED,
        code=code("tng/draw_predictions.py"),
    script:
        "../../scripts/tng/draw_predictions.py"


rule tng_draw_family:
    """Cases that belong together, side by side."""
    input:
        predictions=lambda w: expand(
            f"{TNG_DIR}/models/{{case}}/predictions.ecsv", case=TNG_FAMILIES[w.family]
        ),
        galaxies=TNG_GALAXIES,
    output:
        **tng_figure("family/{family}", "results", family="{family}"),
    log:
        f"{TNG_DIR}/logs/draw_family_{{family}}.log",
    conda:
        "../../envs/skyloom.yaml"
    params:
        variants=lambda w: TNG_FAMILIES[w.family],
        bootstrap=TNG_BOOTSTRAP,
        seed=SEED,
        code=code("tng/draw_family.py"),
    script:
        "../../scripts/tng/draw_family.py"


rule tng_draw_history:
    """Losses of all cases."""
    input:
        history=expand(f"{TNG_DIR}/models/{{case}}/history.csv", case=TNG_CASES),
        galaxies=TNG_GALAXIES,
    output:
        **tng_figure("history", "results"),
    log:
        f"{TNG_DIR}/logs/draw_history.log",
    conda:
        "../../envs/skyloom.yaml"
    params:
        variants=TNG_CASES,
        code=code("tng/draw_history.py"),
    script:
        "../../scripts/tng/draw_history.py"


rule tng_draw_ranking:
    """All cases ranked, with their controls."""
    input:
        summary=f"{TNG_DIR}/evaluation/summary.ecsv",
        differences=f"{TNG_DIR}/evaluation/differences.ecsv",
    output:
        **tng_figure("ranking", "results"),
    log:
        f"{TNG_DIR}/logs/draw_ranking.log",
    conda:
        "../../envs/skyloom.yaml"
    params:
        code=code("tng/draw_ranking.py"),
    script:
        "../../scripts/tng/draw_ranking.py"


rule tng_draw_findings:
    """The thesis's findings beside ours."""
    input:
        findings=f"{TNG_DIR}/evaluation/findings.ecsv",
    output:
        **tng_figure("findings", "results"),
    log:
        f"{TNG_DIR}/logs/draw_findings.log",
    conda:
        "../../envs/skyloom.yaml"
    params:
        code=code("tng/draw_findings.py"),
    script:
        "../../scripts/tng/draw_findings.py"


include: "tng_beyond.smk"
