# xmm, second half: the networks, their evaluation and their figures.


rule xmm_train:
    """Train the network of one experiment and let it judge every image."""
    input:
        dataset=lambda w: f"{XMM_DIR}/datasets/{XMM_EXPERIMENTS[w.experiment]['dataset']}.h5",
        split=f"{XMM_DIR}/split.ecsv",
    output:
        model=f"{XMM_DIR}/models/{{experiment}}/model.keras",
        history=f"{XMM_DIR}/models/{{experiment}}/history.csv",
        predictions=f"{XMM_DIR}/models/{{experiment}}/predictions.ecsv",
        metrics=f"{XMM_DIR}/models/{{experiment}}/metrics.json",
    log:
        f"{XMM_DIR}/logs/train_{{experiment}}.log",
    benchmark:
        f"{XMM_DIR}/benchmarks/train_{{experiment}}.tsv"
    wildcard_constraints:
        experiment="|".join(XMM_EXPERIMENTS),
    conda:
        "../../../envs/skyloom.yaml"
    threads: share(16)
    resources:
        **GPU,
        # Convolutions of the full size keep planes of 648 x 648.
        mem_mb=lambda w, attempt: (
            attempt
            * (8000 if "rebin1" in XMM_EXPERIMENTS[w.experiment]["dataset"] else 4000)
        ),
        runtime=growing(480),
    params:
        name=lambda w: w.experiment,
        experiment=lambda w: XMM_EXPERIMENTS[w.experiment],
        # An experiment's own number of epochs goes before that of all.
        training=lambda w: {
            key: XMM_EXPERIMENTS[w.experiment].get(key, value)
            for key, value in XMM["training"].items()
        },
        seed=SEED,
        code=code("xmm/train_network.py"),
    script:
        "../../../scripts/xmm/train_network.py"


rule xmm_evaluate:
    """AUC with intervals, mistakes of each class and calibration of the trained networks."""
    input:
        predictions=expand(
            f"{XMM_DIR}/models/{{name}}/predictions.ecsv", name=XMM_TRAINED
        ),
        metrics=expand(f"{XMM_DIR}/models/{{name}}/metrics.json", name=XMM_TRAINED),
    output:
        summary=f"{XMM_DIR}/evaluation/summary.ecsv",
        mistakes=f"{XMM_DIR}/evaluation/mistakes.ecsv",
        reliability=f"{XMM_DIR}/evaluation/reliability.ecsv",
    log:
        f"{XMM_DIR}/logs/evaluate.log",
    conda:
        "../../../envs/skyloom.yaml"
    params:
        experiments=XMM_TRAINED,
        bootstrap=XMM_BOOTSTRAP,
        threshold=XMM["evaluation"]["threshold"],
        calibration=XMM["evaluation"]["calibration"],
        seed=SEED,
        code=code("xmm/evaluate.py"),
    script:
        "../../../scripts/xmm/evaluate.py"


releases(
    "xmm",
    "skyloom.arms.xmm.prediction",
    inputs=lambda w: {
        "model": f"{XMM_DIR}/models/{w.model}/model.keras",
        "metrics": f"{XMM_DIR}/models/{w.model}/metrics.json",
        "dataset": f"{XMM_DIR}/datasets/{XMM_EXPERIMENTS[w.model]['dataset']}.h5",
        "split": f"{XMM_DIR}/split.ecsv",
    },
    options=lambda w: {
        "variant": configuration_xmm.variant(XMM, XMM_EXPERIMENTS[w.model]["dataset"]),
        "rebin_method": XMM["rebin_method"],
    },
    models=XMM_TRAINED,
    known=XMM_EXPERIMENTS,
)


rule xmm_predict_unknown:
    """Grade images that nobody has graded, of any camera."""
    input:
        images=XMM_UNKNOWN,
        model=model_folder("xmm"),
    output:
        predictions=f"{XMM_ANSWERS}/predictions.ecsv",
        rejects=f"{XMM_ANSWERS}/rejects.ecsv",
        pictures=f"{XMM_ANSWERS}/pictures.h5",
    log:
        f"{XMM_DIR}/logs/predict_unknown.log",
    conda:
        "../../../envs/skyloom.yaml"
    threads: share(2)
    resources:
        mem_mb=growing(4000),
    params:
        code=code("xmm/predict_folder.py"),
    script:
        "../../../scripts/xmm/predict_folder.py"


rule xmm_predict:
    """Grades of a folder of EPIC images, with what the network cannot know, and a figure."""
    input:
        f"{XMM_ANSWERS}/predictions.ecsv",
        f"{XMM_DIR}/figures/prediction/{Path(XMM_ANSWERS).name}.png",
    localrule: True
