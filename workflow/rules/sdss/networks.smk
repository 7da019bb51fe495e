# sdss, second part: the networks, their evaluation, and spectra that nobody has classified.


rule sdss_download_weights:
    """Fetch a network's weights that Keras publishes, and check their hash."""
    input:
        catalogue=own("resources/weights.yaml"),
    output:
        f"{DOWNLOADS}/weights/{{name}}.h5",
    log:
        f"{SDSS_DIR}/logs/download_{{name}}.log",
    wildcard_constraints:
        name="|".join(
            name for name, own in architectures.ARCHITECTURES.items() if own.pretrained
        ),
    localrule: True
    conda:
        "../../../envs/skyloom.yaml"
    resources:
        downloads=1,
    params:
        name=lambda w: w.name,
        folder=lambda w: f"{DOWNLOADS}/weights/fetched",
        remedy="download it by hand and name it as the weights of an entry of sdss.networks",
        code=code("tng/download_weights.py"),
    script:
        "../../../scripts/tng/download_weights.py"


rule sdss_features:
    """What a frozen network sees in every image, once for all splits."""
    input:
        unpack(lambda w: sdss_weights(w.network)),
        dataset=lambda w: f"{SDSS_DIR}/datasets/{SDSS_NETWORKS[w.network].variant}.h5",
    output:
        f"{SDSS_DIR}/features/{{network}}.h5",
    log:
        f"{SDSS_DIR}/logs/features_{{network}}.log",
    benchmark:
        f"{SDSS_DIR}/benchmarks/features_{{network}}.tsv"
    conda:
        "../../../envs/skyloom.yaml"
    threads: share(16)
    resources:
        **GPU,
        mem_mb=growing(4000),
        runtime=growing(240),
    params:
        name=lambda w: w.network,
        network=lambda w: SDSS["networks"][w.network],
        seed=SEED,
        reproducible=config["reproducible"],
        code=code("sdss/compute_features.py"),
    script:
        "../../../scripts/sdss/compute_features.py"


rule sdss_train:
    """Train one network on one split and let it judge every spectrum."""
    input:
        unpack(sdss_training_inputs),
    output:
        model=f"{SDSS_DIR}/models/{{model}}/model.keras",
        history=f"{SDSS_DIR}/models/{{model}}/history.csv",
        predictions=f"{SDSS_DIR}/models/{{model}}/predictions.ecsv",
        metrics=f"{SDSS_DIR}/models/{{model}}/metrics.json",
    log:
        f"{SDSS_DIR}/logs/train_{{model}}.log",
    benchmark:
        f"{SDSS_DIR}/benchmarks/train_{{model}}.tsv"
    wildcard_constraints:
        model="|".join(configuration_sdss.models(SDSS, all_of_them=True)),
    conda:
        "../../../envs/skyloom.yaml"
    threads: lambda w: 1 if sdss_network(w.model).frozen else share(2)
    resources:
        **GPU,
        mem_mb=growing(4000),
        runtime=growing(480),
    params:
        name=lambda w: configuration_sdss.parts(w.model)[0],
        network=lambda w: SDSS["networks"][configuration_sdss.parts(w.model)[0]],
        split=lambda w: configuration_sdss.parts(w.model)[1],
        training=SDSS["training"],
        seed=SEED,
        code=code(
            "sdss/train_network.py",
            entry=tuple(
                filter(None, (a.module for a in architectures.ARCHITECTURES.values()))
            ),
        ),
    script:
        "../../../scripts/sdss/train_network.py"


rule sdss_evaluate:
    """Accuracy, precision, recall and F1 with intervals; who is taken for whom."""
    input:
        predictions=expand(
            f"{SDSS_DIR}/models/{{model}}/predictions.ecsv", model=SDSS_MODELS
        ),
        metrics=expand(f"{SDSS_DIR}/models/{{model}}/metrics.json", model=SDSS_MODELS),
    output:
        summary=f"{SDSS_DIR}/evaluation/summary.ecsv",
        reliability=f"{SDSS_DIR}/evaluation/reliability.ecsv",
        readouts=f"{SDSS_DIR}/evaluation/readouts.ecsv",
        confusion=f"{SDSS_DIR}/evaluation/confusion.ecsv",
        confused=f"{SDSS_DIR}/evaluation/confused.ecsv",
    log:
        f"{SDSS_DIR}/logs/evaluate.log",
    conda:
        "../../../envs/skyloom.yaml"
    params:
        evaluation=SDSS["evaluation"],
        seed=SEED,
        code=code("sdss/evaluate.py"),
    script:
        "../../../scripts/sdss/evaluate.py"


rule sdss_classical:
    """Classes told without a network, beside the networks': nearest spectrum, bands, noise."""
    input:
        dataset=f"{SDSS_DIR}/datasets/spectra.h5",
        inventory=f"{SDSS_DIR}/inventory.ecsv",
        predictions=expand(
            f"{SDSS_DIR}/models/{{model}}/predictions.ecsv", model=SDSS_MODELS
        ),
    output:
        f"{SDSS_DIR}/evaluation/classical.ecsv",
    log:
        f"{SDSS_DIR}/logs/classical.log",
    conda:
        "../../../envs/skyloom.yaml"
    resources:
        mem_mb=growing(4000),
    params:
        models=SDSS_MODELS,
        evaluation=SDSS["evaluation"],
        seed=SEED,
        code=code("sdss/classify_classically.py"),
    script:
        "../../../scripts/sdss/classify_classically.py"


releases(
    "sdss",
    "skyloom.arms.sdss.release",
    inputs=lambda w: {
        "model": f"{SDSS_DIR}/models/{w.model}/model.keras",
        "metrics": f"{SDSS_DIR}/models/{w.model}/metrics.json",
        "sample": f"{SDSS_DIR}/sample.ecsv",
        "split": f"{SDSS_DIR}/splits/{configuration_sdss.parts(w.model)[1]}.ecsv",
        "blocks": expand(f"{SDSS_DIR}/spectra/block_{{b}}.h5", b=SDSS_BLOCKS),
    },
    options={name: SDSS[name] for name in ("smoothing", "grid")},
    models=SDSS_MODELS,
    known=configuration_sdss.models(SDSS, all_of_them=True),
)


rule sdss_predict_unknown:
    """Let a trained network classify spectra that nobody need have classified before."""
    input:
        spectra=SDSS_UNKNOWN,
        kernel=SDSS_KERNEL,
        model=model_folder("sdss"),
    output:
        predictions=f"{SDSS_ANSWERS}/predictions.ecsv",
        rejects=f"{SDSS_ANSWERS}/rejects.ecsv",
        spectra=f"{SDSS_ANSWERS}/spectra.h5",
    log:
        f"{SDSS_DIR}/logs/predict_unknown.log",
    conda:
        "../../../envs/skyloom.yaml"
    threads: share(2)
    resources:
        mem_mb=growing(4000),
    params:
        quality=SDSS["quality"],
        code=code("sdss/predict_folder.py"),
    script:
        "../../../scripts/sdss/predict_folder.py"
