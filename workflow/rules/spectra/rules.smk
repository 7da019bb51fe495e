# helium and stellar: from the blocks of a grid of spectra to datasets, networks, their evaluation
# and observed stars. What makes or reads the grids is in helium.smk and stellar.smk.
include: "common.smk"


rule spectra_inventory:
    """All spectra that can be used, each once; all others with reasons."""
    input:
        tables=lambda w: spectra_blocks(w.arm, "table"),
        rejects=lambda w: spectra_blocks(w.arm, "rejects"),
    output:
        inventory=f"{SPECTRA_DIR}/inventory.ecsv",
        rejects=f"{SPECTRA_DIR}/rejects.ecsv",
    log:
        f"{SPECTRA_DIR}/logs/inventory.log",
    conda:
        "../../../envs/skyloom.yaml"
    params:
        code=code("spectra/merge_inventory.py"),
    script:
        "../../../scripts/spectra/merge_inventory.py"


rule spectra_split:
    """Training, validation and test side, the same for all datasets and networks."""
    input:
        inventory=f"{SPECTRA_DIR}/inventory.ecsv",
    output:
        f"{SPECTRA_DIR}/splits/{{by}}.ecsv",
    log:
        f"{SPECTRA_DIR}/logs/split_{{by}}.log",
    wildcard_constraints:
        by="random|model",
    conda:
        "../../../envs/skyloom.yaml"
    params:
        by=lambda w: w.by,
        validation=lambda w: config[w.arm]["split"]["validation"],
        test=lambda w: config[w.arm]["split"]["test"],
        seed=SEED,
        code=code("spectra/split_spectra.py"),
    script:
        "../../../scripts/spectra/split_spectra.py"


rule spectra_dataset:
    """The whole grid at one resolving power and signal to noise."""
    input:
        inventory=f"{SPECTRA_DIR}/inventory.ecsv",
        blocks=lambda w: spectra_blocks(w.arm, "spectra"),
    output:
        dataset=f"{SPECTRA_DIR}/datasets/{{dataset}}.h5",
        provenance=f"{SPECTRA_DIR}/datasets/{{dataset}}.provenance.json",
    log:
        f"{SPECTRA_DIR}/logs/dataset_{{dataset}}.log",
    benchmark:
        f"{SPECTRA_DIR}/benchmarks/dataset_{{dataset}}.tsv"
    conda:
        "../../../envs/skyloom.yaml"
    threads: share(2)
    resources:
        mem_mb=growing(1000),
    params:
        arm=lambda w: w.arm,
        variant=lambda w: w.dataset,
        variant_parameters=lambda w: configuration_spectra.variant(
            config[w.arm], w.dataset
        ),
        seed=SEED,
        code=code("spectra/make_dataset.py"),
    script:
        "../../../scripts/spectra/make_dataset.py"


rule spectra_train:
    """Train the networks of one architecture on one dataset and let them judge every spectrum."""
    input:
        dataset=lambda w: f"{SPECTRA_DIR}/datasets/{spectra_dataset(w.model)}.h5",
        split=lambda w: spectra_split(w.arm),
    output:
        model=f"{SPECTRA_DIR}/models/{{model}}/model.keras",
        members=directory(f"{SPECTRA_DIR}/models/{{model}}/members"),
        history=f"{SPECTRA_DIR}/models/{{model}}/history.csv",
        predictions=f"{SPECTRA_DIR}/models/{{model}}/predictions.ecsv",
        noise=f"{SPECTRA_DIR}/models/{{model}}/noise.ecsv",
        metrics=f"{SPECTRA_DIR}/models/{{model}}/metrics.json",
    log:
        f"{SPECTRA_DIR}/logs/train_{{model}}.log",
    benchmark:
        f"{SPECTRA_DIR}/benchmarks/train_{{model}}.tsv"
    conda:
        "../../../envs/skyloom.yaml"
    threads: lambda w: share(SPECTRA_THREADS[w.arm])
    resources:
        **GPU,
        mem_mb=growing(3000),
        runtime=growing(480),
    params:
        arm=lambda w: w.arm,
        dataset=lambda w: spectra_dataset(w.model),
        network=lambda w: w.model.rsplit("_", 1)[1],
        training=lambda w: config[w.arm]["training"],
        uncertainty=lambda w: config[w.arm]["uncertainty"],
        members=lambda w: config[w.arm]["members"],
        noise=lambda w: config[w.arm]["evaluation"]["snr"],
        seed=SEED,
        code=code("spectra/train_network.py"),
    script:
        "../../../scripts/spectra/train_network.py"


rule spectra_evaluate:
    """Errors in physical units with intervals, against noise, and whether they are as stated."""
    input:
        predictions=lambda w: spectra_models(w.arm, "predictions.ecsv"),
        noise=lambda w: spectra_models(w.arm, "noise.ecsv"),
        metrics=lambda w: spectra_models(w.arm, "metrics.json"),
    output:
        summary=f"{SPECTRA_DIR}/evaluation/summary.ecsv",
        members=f"{SPECTRA_DIR}/evaluation/members.ecsv",
        noise=f"{SPECTRA_DIR}/evaluation/noise.ecsv",
        calibration=f"{SPECTRA_DIR}/evaluation/calibration.ecsv",
    log:
        f"{SPECTRA_DIR}/logs/evaluate.log",
    conda:
        "../../../envs/skyloom.yaml"
    params:
        evaluation=lambda w: {
            key: config[w.arm]["evaluation"][key]
            for key in ("bootstrap_samples", "level")
        },
        seed=SEED,
        code=code("spectra/evaluate.py"),
    script:
        "../../../scripts/spectra/evaluate.py"


rule spectra_classical:
    """Labels read without a network, beside the networks': the nearest spectrum, a fit, and so on."""
    input:
        datasets=lambda w: [
            f"{spectra_folder(w.arm)}/datasets/{name}.h5"
            for name in config[w.arm]["trained"]
        ],
        blocks=lambda w: spectra_blocks(w.arm, "spectra"),
        split=lambda w: spectra_split(w.arm),
        predictions=lambda w: spectra_models(w.arm, "predictions.ecsv"),
    output:
        f"{SPECTRA_DIR}/evaluation/classical.ecsv",
    log:
        f"{SPECTRA_DIR}/logs/classical.log",
    conda:
        "../../../envs/skyloom.yaml"
    resources:
        mem_mb=growing(4000),
        runtime=growing(240),
    params:
        datasets=lambda w: list(config[w.arm]["trained"]),
        models=lambda w: configuration_spectra.models(config[w.arm]),
        evaluation=lambda w: {
            key: config[w.arm]["evaluation"][key]
            for key in ("fitted", "bootstrap_samples", "level")
        },
        seed=SEED,
        code=code("spectra/fit_classically.py"),
    script:
        "../../../scripts/spectra/fit_classically.py"


rule spectra_prepare_observed:
    """Observed spectra at rest, in air, normalised, and on the grid's wavelengths."""
    input:
        observed=lambda w: spectra_observed_or_say(w.arm),
        dataset=lambda w: f"{SPECTRA_DIR}/datasets/{config[w.arm]['observation']['dataset']}.h5",
    output:
        spectra=f"{SPECTRA_DIR}/observed/spectra.h5",
        inventory=f"{SPECTRA_DIR}/observed/inventory.ecsv",
        rejects=f"{SPECTRA_DIR}/observed/rejects.ecsv",
    log:
        f"{SPECTRA_DIR}/logs/prepare_observed.log",
    conda:
        "../../../envs/skyloom.yaml"
    params:
        observed=lambda w, input: [str(path) for path in input.observed],
        observation=lambda w: configuration_spectra.observation(config[w.arm]),
        synthetic=lambda w: not configuration_spectra.observed(config[w.arm]),
        code=code("spectra/prepare_observed.py"),
    script:
        "../../../scripts/spectra/prepare_observed.py"


rule spectra_predict_observed:
    """What the networks say of observed stars, how surely, and whether they know such spectra."""
    input:
        spectra=f"{SPECTRA_DIR}/observed/spectra.h5",
        inventory=f"{SPECTRA_DIR}/observed/inventory.ecsv",
        dataset=lambda w: f"{SPECTRA_DIR}/datasets/{config[w.arm]['observation']['dataset']}.h5",
        split=lambda w: spectra_split(w.arm),
        models=lambda w: spectra_models(
            w.arm, "members", config[w.arm]["observation"]["dataset"]
        ),
        metrics=lambda w: spectra_models(
            w.arm, "metrics.json", config[w.arm]["observation"]["dataset"]
        ),
        # Their validation side tells how far the stated uncertainties are from the errors.
        predictions=lambda w: spectra_models(
            w.arm, "predictions.ecsv", config[w.arm]["observation"]["dataset"]
        ),
    output:
        predictions=f"{SPECTRA_DIR}/observed/predictions.ecsv",
        labels=f"{SPECTRA_DIR}/observed/labels.ecsv",
    log:
        f"{SPECTRA_DIR}/logs/predict_observed.log",
    conda:
        "../../../envs/skyloom.yaml"
    resources:
        mem_mb=growing(3000),
    params:
        arm=lambda w: w.arm,
        models=lambda w: configuration_spectra.models(
            config[w.arm], config[w.arm]["observation"]["dataset"]
        ),
        seed=SEED,
        code=code("spectra/predict_observed.py"),
    script:
        "../../../scripts/spectra/predict_observed.py"


for _arm in SPECTRA_ARMS:
    releases(
        _arm,
        "skyloom.arms.spectra.release",
        inputs=lambda w, arm=_arm: {
            **{
                name: f"{spectra_folder(arm)}/models/{w.model}/{file}"
                for name, file in (
                    ("members", "members"),
                    ("metrics", "metrics.json"),
                    ("predictions", "predictions.ecsv"),
                )
            },
            "dataset": f"{spectra_folder(arm)}/datasets/{spectra_dataset(w.model)}.h5",
            "split": spectra_split(arm),
        },
        options=None,
        models=configuration_spectra.models(config[_arm]),
        known=[
            *configuration_spectra.models(config[_arm]),
            *configuration_spectra.models(
                config[_arm], config[_arm]["observation"]["dataset"]
            ),
        ],
        judge=configuration_spectra.judge(config[_arm]),
    )

    rule:
        """Labels of spectra that nobody has judged, by one network."""
        name:
            f"{_arm}_predict_unknown"
        input:
            spectra=lambda w, arm=_arm: spectra_asked(arm),
            model=model_folder(_arm),
        output:
            predictions=f"{spectra_answers(_arm)}/predictions.ecsv",
            rejects=f"{spectra_answers(_arm)}/rejects.ecsv",
            spectra=f"{spectra_answers(_arm)}/spectra.h5",
        log:
            f"{spectra_folder(_arm)}/logs/predict_unknown.log",
        conda:
            "../../../envs/skyloom.yaml"
        resources:
            mem_mb=growing(3000),
        params:
            arm=_arm,
            observation=configuration_spectra.observation(config[_arm]),
            synthetic=not configuration_spectra.asked(config[_arm]),
            code=code("spectra/predict_folder.py"),
        script:
            "../../../scripts/spectra/predict_folder.py"

    rule:
        """Labels of spectra of one's own, by a network of this or any other run, and a figure."""
        name:
            f"{_arm}_predict"
        input:
            f"{spectra_answers(_arm)}/predictions.ecsv",
            f"{spectra_answers(_arm)}/rejects.ecsv",
            f"{spectra_folder(_arm)}/figures/prediction/{Path(spectra_answers(_arm)).name}.png",
        localrule: True


include: "figures.smk"
include: "helium.smk"
include: "stellar.smk"


for _arm in SPECTRA_ARMS:
    builds(
        _arm,
        spectra_results(_arm),
        datasets=dict.fromkeys(config[_arm]["datasets"], spectra_split(_arm)),
    )

    rule:
        """Every trained network of the arm."""
        name:
            f"{_arm}_model"
        input:
            spectra_models(_arm, "model.keras"),
        localrule: True

    rule:
        """Labels of observed stars, with uncertainties and warnings, as a table and a figure."""
        name:
            f"{_arm}_observed"
        input:
            f"{spectra_folder(_arm)}/observed/labels.ecsv",
            f"{spectra_folder(_arm)}/observed/predictions.ecsv",
            f"{spectra_folder(_arm)}/figures/observed.png",
        localrule: True

    for _dataset in config[_arm]["datasets"]:

        rule:
            """The networks trained on one dataset."""
            name:
                f"{_arm}_{_dataset}_model"
            input:
                spectra_models(_arm, "model.keras", _dataset),
            localrule: True
