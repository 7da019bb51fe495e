# The figures of the semantic arm.


rule semantic_draw_examples:
    """What the encoders are given: images of every dataset."""
    input:
        datasets=expand(
            f"{SEMANTIC_DIR}/datasets/{{dataset}}.h5", dataset=SEMANTIC_DATASETS
        ),
    output:
        **semantic_figure("examples", "data"),
    log:
        f"{SEMANTIC_DIR}/logs/draw_examples.log",
    conda:
        "../../envs/skyloom.yaml"
    params:
        code=code("semantic/draw_examples.py"),
    script:
        "../../scripts/semantic/draw_examples.py"


rule semantic_draw_errors:
    """True and predicted parameters and their differences (figures 3 and 4)."""
    input:
        predictions=f"{SEMANTIC_DIR}/models/{{model}}/predictions.ecsv",
        metrics=f"{SEMANTIC_DIR}/models/{{model}}/metrics.json",
        binned=f"{SEMANTIC_DIR}/evaluation/binned.ecsv",
    output:
        **semantic_figure("errors/{model}", "results", model="{model}"),
    log:
        f"{SEMANTIC_DIR}/logs/draw_errors_{{model}}.log",
    conda:
        "../../envs/skyloom.yaml"
    params:
        grid=lambda w: configuration_semantic.grid(
            SEMANTIC, SEMANTIC["models"][w.model]["dataset"]
        ),
        failed=SEMANTIC["evaluation"]["failed"],
        code=code("semantic/draw_errors.py"),
    script:
        "../../scripts/semantic/draw_errors.py"


rule semantic_draw_panels:
    """Images, their reconstructions and what remains (figure 6)."""
    input:
        dataset=lambda w: semantic_dataset(w.model),
        predictions=f"{SEMANTIC_DIR}/models/{{model}}/predictions.ecsv",
        metrics=f"{SEMANTIC_DIR}/models/{{model}}/metrics.json",
    output:
        **semantic_figure("panels/{model}", "results", model="{model}"),
    log:
        f"{SEMANTIC_DIR}/logs/draw_panels_{{model}}.log",
    conda:
        "../../envs/skyloom.yaml"
    params:
        code=code("semantic/draw_panels.py"),
    script:
        "../../scripts/semantic/draw_panels.py"


rule semantic_draw_bounds:
    """Errors of encoders and fits beside the Cramér-Rao bound."""
    input:
        summary=f"{SEMANTIC_DIR}/evaluation/summary.ecsv",
    output:
        **semantic_figure("bounds", "results"),
    log:
        f"{SEMANTIC_DIR}/logs/draw_bounds.log",
    conda:
        "../../envs/skyloom.yaml"
    params:
        code=code("semantic/draw_bounds.py"),
    script:
        "../../scripts/semantic/draw_bounds.py"


rule semantic_draw_speed:
    """Images a second of encoders and fits."""
    input:
        speed=f"{SEMANTIC_DIR}/evaluation/speed.ecsv",
    output:
        **semantic_figure("speed", "results"),
    log:
        f"{SEMANTIC_DIR}/logs/draw_speed.log",
    conda:
        "../../envs/skyloom.yaml"
    params:
        code=code("semantic/draw_speed.py"),
    script:
        "../../scripts/semantic/draw_speed.py"


rule semantic_draw_trend:
    """Errors over the epochs, the paper's beside them."""
    input:
        history=semantic_models("history.csv", SEMANTIC_MODELS),
        metrics=semantic_models("metrics.json", SEMANTIC_MODELS),
        summary=f"{SEMANTIC_DIR}/evaluation/summary.ecsv",
    output:
        **semantic_figure("trend", "training"),
    log:
        f"{SEMANTIC_DIR}/logs/draw_trend.log",
    conda:
        "../../envs/skyloom.yaml"
    params:
        code=code("semantic/draw_trend.py"),
    script:
        "../../scripts/semantic/draw_trend.py"


rule semantic_draw_published:
    """The paper's numbers beside ours."""
    input:
        published=f"{SEMANTIC_DIR}/evaluation/published.ecsv",
    output:
        **semantic_figure("published", "results"),
    log:
        f"{SEMANTIC_DIR}/logs/draw_published.log",
    conda:
        "../../envs/skyloom.yaml"
    params:
        code=code("semantic/draw_published.py"),
    script:
        "../../scripts/semantic/draw_published.py"


if SEMANTIC_ANGLES:

    rule semantic_draw_angle:
        """The two forms of the angle where 180 degrees meet 0."""
        input:
            predictions=semantic_models("predictions.ecsv", SEMANTIC_ANGLES),
            metrics=semantic_models("metrics.json", SEMANTIC_ANGLES),
        output:
            **semantic_figure("angle", "results"),
        log:
            f"{SEMANTIC_DIR}/logs/draw_angle.log",
        conda:
            "../../envs/skyloom.yaml"
        params:
            failed=SEMANTIC["evaluation"]["failed"],
            code=code("semantic/draw_angle.py"),
        script:
            "../../scripts/semantic/draw_angle.py"


if SEMANTIC_SIZES:

    rule semantic_draw_sizes:
        """Errors against the number of weights (figure 5)."""
        input:
            summary=f"{SEMANTIC_DIR}/evaluation/summary.ecsv",
        output:
            **semantic_figure("sizes", "results"),
        log:
            f"{SEMANTIC_DIR}/logs/draw_sizes.log",
        conda:
            "../../envs/skyloom.yaml"
        params:
            code=code("semantic/draw_sizes.py"),
        script:
            "../../scripts/semantic/draw_sizes.py"


if SEMANTIC_OPTIMIZERS:

    rule semantic_draw_optimizers:
        """Optimisers side by side, over epochs and over seconds."""
        input:
            history=semantic_models("history.csv", SEMANTIC_OPTIMIZERS),
            timing=semantic_models("timing.csv", SEMANTIC_OPTIMIZERS),
            metrics=semantic_models("metrics.json", SEMANTIC_OPTIMIZERS),
        output:
            **semantic_figure("optimizers", "training"),
        log:
            f"{SEMANTIC_DIR}/logs/draw_optimizers.log",
        conda:
            "../../envs/skyloom.yaml"
        params:
            code=code("semantic/draw_optimizers.py"),
        script:
            "../../scripts/semantic/draw_optimizers.py"


if SEMANTIC_JUDGE:

    rule semantic_draw_galaxies:
        """Inclination, scale and angle of galaxies beside the views' own."""
        input:
            measurements=f"{SEMANTIC_DIR}/galaxies/measurements.ecsv",
        output:
            **semantic_figure("galaxies", "galaxies"),
        log:
            f"{SEMANTIC_DIR}/logs/draw_galaxies.log",
        conda:
            "../../envs/skyloom.yaml"
        params:
            code=code("semantic/draw_galaxies.py"),
        script:
            "../../scripts/semantic/draw_galaxies.py"


if SEMANTIC_JUDGE:

    rule semantic_draw_galaxy_panels:
        """Galaxies at every inclination, the discs fitted to them, and what remains."""
        input:
            dataset=SEMANTIC_GALAXIES,
            measurements=f"{SEMANTIC_DIR}/galaxies/measurements.ecsv",
        output:
            **semantic_figure("galaxy_panels", "galaxies"),
        log:
            f"{SEMANTIC_DIR}/logs/draw_galaxy_panels.log",
        conda:
            "../../envs/skyloom.yaml"
        params:
            code=code("semantic/draw_galaxy_panels.py"),
        script:
            "../../scripts/semantic/draw_galaxy_panels.py"
