# The figures of the sdss arm.


rule sdss_draw_classes:
    """How many spectra there are of each class (figure 2)."""
    input:
        inventory=f"{SDSS_DIR}/inventory.ecsv",
        sample=f"{SDSS_DIR}/sample.ecsv",
    output:
        **sdss_figure("classes", "data"),
    log:
        f"{SDSS_DIR}/logs/draw_classes.log",
    conda:
        "../../envs/skyloom.yaml"
    params:
        code=code("sdss/draw_classes.py"),
    script:
        "../../scripts/sdss/draw_classes.py"


rule sdss_draw_redshifts:
    """Redshifts of each class (figures 3 to 5)."""
    input:
        inventory=f"{SDSS_DIR}/inventory.ecsv",
        sample=f"{SDSS_DIR}/sample.ecsv",
    output:
        **sdss_figure("redshifts", "data"),
    log:
        f"{SDSS_DIR}/logs/draw_redshifts.log",
    conda:
        "../../envs/skyloom.yaml"
    params:
        redshift=SDSS["sample"]["redshift"],
        code=code("sdss/draw_redshifts.py"),
    script:
        "../../scripts/sdss/draw_redshifts.py"


rule sdss_draw_examples:
    """A spectrum of each class, as observed, smoothed and drawn (figure 6)."""
    input:
        sample=f"{SDSS_DIR}/sample.ecsv",
        spectra=SDSS_SPECTRA,
        blocks=expand(f"{SDSS_DIR}/spectra/block_{{b}}.h5", b=SDSS_BLOCKS),
        images_224=f"{SDSS_DIR}/datasets/images_224.h5",
        images_28=f"{SDSS_DIR}/datasets/images_28.h5",
    output:
        **sdss_figure("examples", "data"),
    log:
        f"{SDSS_DIR}/logs/draw_examples.log",
    conda:
        "../../envs/skyloom.yaml"
    params:
        spectra=lambda w, input: str(input.spectra),
        code=code("sdss/draw_examples.py"),
    script:
        "../../scripts/sdss/draw_examples.py"


rule sdss_draw_curves:
    """Loss and accuracy over the epochs (figure 7)."""
    input:
        history=expand(f"{SDSS_DIR}/models/{{model}}/history.csv", model=SDSS_MODELS),
        metrics=expand(f"{SDSS_DIR}/models/{{model}}/metrics.json", model=SDSS_MODELS),
    output:
        **sdss_figure("curves", "results"),
    log:
        f"{SDSS_DIR}/logs/draw_curves.log",
    conda:
        "../../envs/skyloom.yaml"
    params:
        readouts=SDSS["training"]["readout_epochs"],
        code=code("sdss/draw_curves.py"),
    script:
        "../../scripts/sdss/draw_curves.py"


rule sdss_draw_confusions:
    """Confusion matrices of all networks on one split (figures 8 to 10)."""
    input:
        confusion=f"{SDSS_DIR}/evaluation/confusion.ecsv",
    output:
        **sdss_figure("confusions/{split}", "results", split="{split}"),
    log:
        f"{SDSS_DIR}/logs/draw_confusions_{{split}}.log",
    conda:
        "../../envs/skyloom.yaml"
    params:
        split=lambda w: w.split,
        kinds=["accuracy", "precision", "recall"],
        code=code("sdss/draw_confusions.py"),
    script:
        "../../scripts/sdss/draw_confusions.py"


rule sdss_draw_scores:
    """Scores of each class with intervals, networks and article side by side."""
    input:
        summary=f"{SDSS_DIR}/evaluation/summary.ecsv",
        published=f"{SDSS_DIR}/evaluation/published.ecsv",
    output:
        **sdss_figure("scores", "results"),
    log:
        f"{SDSS_DIR}/logs/draw_scores.log",
    conda:
        "../../envs/skyloom.yaml"
    params:
        code=code("sdss/draw_scores.py"),
    script:
        "../../scripts/sdss/draw_scores.py"


rule sdss_draw_published:
    """The article's numbers beside ours."""
    input:
        published=f"{SDSS_DIR}/evaluation/published.ecsv",
    output:
        **sdss_figure("published", "results"),
    log:
        f"{SDSS_DIR}/logs/draw_published.log",
    conda:
        "../../envs/skyloom.yaml"
    params:
        code=code("sdss/draw_published.py"),
    script:
        "../../scripts/sdss/draw_published.py"


rule sdss_draw_confused:
    """The spectra that one network is most wrong about."""
    input:
        confused=f"{SDSS_DIR}/evaluation/confused.ecsv",
        dataset=f"{SDSS_DIR}/datasets/spectra.h5",
    output:
        **sdss_figure("confused/{model}", "results", model="{model}"),
    log:
        f"{SDSS_DIR}/logs/draw_confused_{{model}}.log",
    conda:
        "../../envs/skyloom.yaml"
    params:
        model=lambda w: w.model,
        code=code("sdss/draw_confused.py"),
    script:
        "../../scripts/sdss/draw_confused.py"


rule sdss_draw_prediction:
    """Probabilities of the spectra that were classified."""
    input:
        predictions=f"{SDSS_DIR}/prediction/predictions.ecsv",
    output:
        **sdss_figure("prediction", "results"),
    log:
        f"{SDSS_DIR}/logs/draw_prediction.log",
    conda:
        "../../envs/skyloom.yaml"
    params:
        model=SDSS_JUDGE,
        code=code("sdss/draw_prediction.py"),
    script:
        "../../scripts/sdss/draw_prediction.py"
