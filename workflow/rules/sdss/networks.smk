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
        name: f"{SDSS_DIR}/models/{w.model}/{file}"
        for name, file in (("model", "model.keras"), ("metrics", "metrics.json"))
    },
    options={name: SDSS[name] for name in ("smoothing", "grid")},
    models=SDSS_MODELS,
    known=configuration_sdss.models(SDSS, all_of_them=True),
)


rule sdss_inspect_unknown:
    """Look at every file of the folder to classify; nobody need have classified it before."""
    input:
        spectra=SDSS_UNKNOWN,
    output:
        inventory=f"{SDSS_ANSWERS}/inventory/block_0.ecsv",
        rejects=f"{SDSS_ANSWERS}/inventory/rejects_0.ecsv",
    log:
        f"{SDSS_DIR}/logs/inspect_unknown.log",
    conda:
        "../../../envs/skyloom.yaml"
    threads: share(2)
    params:
        spectra=lambda w, input: str(input.spectra),
        block=0,
        blocks=1,
        key="sdss.prediction.spectra",
        labelled=False,
        quality=SDSS["quality"],
        code=code("sdss/inspect_spectra.py"),
    script:
        "../../../scripts/sdss/inspect_spectra.py"


rule sdss_inventory_unknown:
    """Those that can be classified, each once; all others with reasons."""
    input:
        inventory=[f"{SDSS_ANSWERS}/inventory/block_0.ecsv"],
        rejects=[f"{SDSS_ANSWERS}/inventory/rejects_0.ecsv"],
    output:
        inventory=f"{SDSS_ANSWERS}/inventory.ecsv",
        rejects=f"{SDSS_ANSWERS}/rejects.ecsv",
    log:
        f"{SDSS_DIR}/logs/inventory_unknown.log",
    conda:
        "../../../envs/skyloom.yaml"
    params:
        code=code("sdss/merge_inventory.py"),
    script:
        "../../../scripts/sdss/merge_inventory.py"


rule sdss_prepare_unknown:
    """Smooth the spectra to classify and put them on the network's grid."""
    input:
        sample=f"{SDSS_ANSWERS}/inventory.ecsv",
        spectra=SDSS_UNKNOWN,
        model=model_folder("sdss"),
    output:
        f"{SDSS_ANSWERS}/spectra.h5",
    log:
        f"{SDSS_DIR}/logs/prepare_unknown.log",
    conda:
        "../../../envs/skyloom.yaml"
    threads: share(2)
    params:
        code=code("sdss/prepare_unknown.py"),
    script:
        "../../../scripts/sdss/prepare_unknown.py"


rule sdss_predict_unknown:
    """Let a trained network classify them."""
    input:
        inventory=f"{SDSS_ANSWERS}/inventory.ecsv",
        blocks=[f"{SDSS_ANSWERS}/spectra.h5"],
        kernel=SDSS_KERNEL,
        model=model_folder("sdss"),
    output:
        f"{SDSS_ANSWERS}/predictions.ecsv",
    log:
        f"{SDSS_DIR}/logs/predict_unknown.log",
    conda:
        "../../../envs/skyloom.yaml"
    threads: share(2)
    resources:
        mem_mb=growing(4000),
    params:
        # How spectra are drawn, and all else of the network, its metrics tell.
        code=code("sdss/predict_folder.py"),
    script:
        "../../../scripts/sdss/predict_folder.py"
