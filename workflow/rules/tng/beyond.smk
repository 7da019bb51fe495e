# tng, beyond the thesis: cases over several seeds, the effect of leakage, where networks look.
TNG_MEMBERS = TNG["ensemble"]["members"]
TNG_LEAKS = TNG["leakage"]["cases"]
TNG_ATTENTION = TNG["attention"]
# Squares concern occlusion alone: without it, another one explains nothing anew.
TNG_SQUARE = {
    key: TNG_ATTENTION[key] if "occlusion" in TNG_ATTENTION["methods"] else None
    for key in ("patch", "stride")
}
# Ways to train; other images of test galaxies exist where there are several snapshots.
TNG_FOLDS = [0, 1] if len(TNG_SNAPSHOTS) > 1 else []
TNG_TRAININGS = ["lineage", "random", *(f"siblings_{fold}" for fold in TNG_FOLDS)]
# That of the ensemble is not made again.
TNG_OTHER = [name for name in TNG_TRAININGS if name != TNG["split"]["by"]]
TNG_TRAINED = {
    "training": {**TNG["training"], "readout_epochs": []},
    "members": TNG_MEMBERS,
    "seed": SEED,
}
TNG_BEYOND = {
    "ensemble": [
        f"{TNG_DIR}/evaluation/ensemble.ecsv",
        f"{TNG_DIR}/evaluation/ensemble_pairs.ecsv",
        f"{TNG_DIR}/figures/ensemble.png",
    ],
    "leakage": [
        f"{TNG_DIR}/evaluation/leakage.ecsv",
        f"{TNG_DIR}/evaluation/leakage_members.ecsv",
        f"{TNG_DIR}/figures/leakage.png",
    ],
    "attention": [
        f"{TNG_DIR}/evaluation/attention.ecsv",
        *(f"{TNG_DIR}/figures/attention/{case}.png" for case in TNG_ATTENTION["cases"]),
    ],
}


rule tng_members:
    """One case trained with several seeds; the first is the network that there is already."""
    input:
        dataset=f"{TNG_DIR}/datasets/{{case}}.h5",
        features=lambda w: f"{TNG_DIR}/features/{TNG_SAME_IMAGES[w.case]}.h5",
        splits=[TNG_SPLIT],
        first=f"{TNG_DIR}/models/{{case}}/predictions.ecsv",
    output:
        f"{TNG_DIR}/ensemble/{{case}}.ecsv",
    log:
        f"{TNG_DIR}/logs/members_{{case}}.log",
    benchmark:
        f"{TNG_DIR}/benchmarks/members_{{case}}.tsv"
    wildcard_constraints:
        case="|".join(TNG_VARIANTS),
    conda:
        "../../../envs/skyloom.yaml"
    resources:
        **GPU,
        mem_mb=growing(4000),
        runtime=growing(120 * TNG_MEMBERS),
    params:
        **TNG_TRAINED,
        code=code("tng/train_members.py"),
    script:
        "../../../scripts/tng/train_members.py"


rule tng_rank_members:
    """Ranks of the cases, and of each pair which is better, with both sources of scatter."""
    input:
        members=expand(f"{TNG_DIR}/ensemble/{{case}}.ecsv", case=TNG_CASES),
    output:
        ensemble=f"{TNG_DIR}/evaluation/ensemble.ecsv",
        pairs=f"{TNG_DIR}/evaluation/ensemble_pairs.ecsv",
    log:
        f"{TNG_DIR}/logs/rank_members.log",
    conda:
        "../../../envs/skyloom.yaml"
    params:
        cases=TNG_CASES,
        bootstrap=TNG_BOOTSTRAP,
        seed=SEED,
        code=code("tng/rank_members.py"),
    script:
        "../../../scripts/tng/rank_members.py"


rule tng_siblings:
    """The split by lineage, with other images of the test galaxies on the training side."""
    input:
        f"{TNG_DIR}/splits/lineage.ecsv",
    output:
        f"{TNG_DIR}/splits/siblings_{{fold}}.ecsv",
    log:
        f"{TNG_DIR}/logs/siblings_{{fold}}.log",
    wildcard_constraints:
        fold="[01]",
    conda:
        "../../../envs/skyloom.yaml"
    params:
        seed=SEED,
        code=code("tng/split_siblings.py"),
    script:
        "../../../scripts/tng/split_siblings.py"


rule tng_leaks:
    """One case trained with the same seeds on the splits that the ensemble does not have."""
    input:
        dataset=f"{TNG_DIR}/datasets/{{case}}.h5",
        features=lambda w: f"{TNG_DIR}/features/{TNG_SAME_IMAGES[w.case]}.h5",
        splits=expand(f"{TNG_DIR}/splits/{{training}}.ecsv", training=TNG_OTHER),
    output:
        expand(f"{TNG_DIR}/leakage/{{{{case}}}}/{{training}}.ecsv", training=TNG_OTHER),
    log:
        f"{TNG_DIR}/logs/leaks_{{case}}.log",
    benchmark:
        f"{TNG_DIR}/benchmarks/leaks_{{case}}.tsv"
    wildcard_constraints:
        case="|".join(TNG_VARIANTS),
    conda:
        "../../../envs/skyloom.yaml"
    resources:
        **GPU,
        mem_mb=growing(4000),
        runtime=growing(120 * TNG_MEMBERS * len(TNG_OTHER)),
    params:
        **TNG_TRAINED,
        code=code("tng/train_members.py"),
    script:
        "../../../scripts/tng/train_members.py"


rule tng_measure_leakage:
    """Trainings that saw the test galaxies at another time beside ones that did not."""
    input:
        members=[
            (
                f"{TNG_DIR}/leakage/{case}/{training}.ecsv"
                if training in TNG_OTHER
                else f"{TNG_DIR}/ensemble/{case}.ecsv"
            )
            for case in TNG_LEAKS
            for training in TNG_TRAININGS
        ],
        splits=expand(f"{TNG_DIR}/splits/{{training}}.ecsv", training=TNG_TRAININGS),
    output:
        comparisons=f"{TNG_DIR}/evaluation/leakage.ecsv",
        members=f"{TNG_DIR}/evaluation/leakage_members.ecsv",
    log:
        f"{TNG_DIR}/logs/measure_leakage.log",
    conda:
        "../../../envs/skyloom.yaml"
    params:
        cases=TNG_LEAKS,
        trainings=TNG_TRAININGS,
        bootstrap=TNG_BOOTSTRAP,
        seed=SEED,
        code=code("tng/measure_leakage.py"),
    script:
        "../../../scripts/tng/measure_leakage.py"


rule tng_explain:
    """Where one case's network looks in galaxies of the test side."""
    input:
        model=f"{TNG_DIR}/models/{{case}}/model.keras",
        dataset=f"{TNG_DIR}/datasets/{{case}}.h5",
        split=TNG_SPLIT,
        # The gas as it lies in the case's images.
        maps=lambda w: [
            path
            for s in TNG_SNAPSHOTS
            for path in tng_maps(s, configuration_channels.gas_folder(TNG, w.case))
        ],
    output:
        f"{TNG_DIR}/attention/{{case}}.h5",
    log:
        f"{TNG_DIR}/logs/explain_{{case}}.log",
    benchmark:
        f"{TNG_DIR}/benchmarks/explain_{{case}}.tsv"
    wildcard_constraints:
        case="|".join(TNG_VARIANTS),
    conda:
        "../../../envs/skyloom.yaml"
    resources:
        **GPU,
        mem_mb=growing(3000),
        runtime=growing(240),
    params:
        **TNG_SQUARE,
        galaxies=TNG_ATTENTION["galaxies"],
        methods=TNG_ATTENTION["methods"],
        heads=TNG_ATTENTION["random_heads"],
        seed=SEED,
        code=code("tng/explain_network.py"),
    script:
        "../../../scripts/tng/explain_network.py"


rule tng_measure_attention:
    """Shares of attention on gas, and whether maps know what was learnt."""
    input:
        expand(f"{TNG_DIR}/attention/{{case}}.h5", case=TNG_ATTENTION["cases"]),
    output:
        f"{TNG_DIR}/evaluation/attention.ecsv",
    log:
        f"{TNG_DIR}/logs/measure_attention.log",
    conda:
        "../../../envs/skyloom.yaml"
    params:
        bootstrap=TNG_BOOTSTRAP,
        seed=SEED,
        code=code("tng/measure_attention.py"),
    script:
        "../../../scripts/tng/measure_attention.py"


rule tng_ensemble:
    """The cases over several seeds: table, pairs, figure."""
    input:
        TNG_BEYOND["ensemble"],
    localrule: True


rule tng_leakage:
    """The measured effect of the same galaxy on both sides of the split."""
    input:
        TNG_BEYOND["leakage"],
    localrule: True


rule tng_attention:
    """Where the networks look: maps, numbers, figures."""
    input:
        TNG_BEYOND["attention"],
    localrule: True
