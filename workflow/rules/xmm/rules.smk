# xmm: from EPIC images and a table of observations to datasets, networks that tell good images from
# bad, and their evaluation.
include: "common.smk"


if XMM_SYNTHETIC:

    rule xmm_simulate:
        """A synthetic archive: EPIC images as FITS files and the table of observations."""
        output:
            images=directory(XMM_IMAGES),
            observations=XMM_OBSERVATIONS,
        log:
            f"{XMM_DIR}/logs/simulate.log",
        benchmark:
            f"{XMM_DIR}/benchmarks/simulate.tsv"
        conda:
            "../../../envs/skyloom.yaml"
        threads: share(8)
        resources:
            mem_mb=growing(2000),
        params:
            synthetic=XMM["synthetic"],
            seed=SEED,
            code=code("xmm/simulate_observations.py"),
        script:
            "../../../scripts/xmm/simulate_observations.py"


if XMM["source"] == "archive":

    include: "archive.smk"


rule xmm_inspect:
    """Look at every file of one block: can it be used, and if not, why."""
    input:
        observations=XMM_OBSERVATIONS,
        images=XMM_IMAGES,
    output:
        inventory=f"{XMM_DIR}/inventory/block_{{block}}.ecsv",
        rejects=f"{XMM_DIR}/inventory/rejects_{{block}}.ecsv",
    log:
        f"{XMM_DIR}/logs/inspect_{{block}}.log",
    benchmark:
        f"{XMM_DIR}/benchmarks/inspect_{{block}}.tsv"
    conda:
        "../../../envs/skyloom.yaml"
    resources:
        mem_mb=growing(1000),
    params:
        images=lambda w, input: str(input.images),
        blocks=XMM["blocks"],
        exposure=XMM["exposure"],
        # Whose exposures are added up, where they come from the table.
        camera=XMM["camera"] if XMM["exposure"] == "table" else None,
        columns=configuration_xmm.columns(XMM, exposures=True),
        code=code("xmm/inspect_images.py"),
    script:
        "../../../scripts/xmm/inspect_images.py"


rule xmm_inventory:
    """All images that can be used, one an observation and of one size; all others with reasons."""
    input:
        observations=XMM_OBSERVATIONS,
        inventory=expand(f"{XMM_DIR}/inventory/block_{{b}}.ecsv", b=XMM_BLOCKS),
        rejects=expand(f"{XMM_DIR}/inventory/rejects_{{b}}.ecsv", b=XMM_BLOCKS),
    output:
        inventory=f"{XMM_DIR}/inventory.ecsv",
        rejects=f"{XMM_DIR}/rejects.ecsv",
    log:
        f"{XMM_DIR}/logs/inventory.log",
    conda:
        "../../../envs/skyloom.yaml"
    params:
        columns=configuration_xmm.columns(XMM),
        frame=XMM["frame"],
        code=code("xmm/merge_inventory.py"),
    script:
        "../../../scripts/xmm/merge_inventory.py"


rule xmm_rates:
    """Rebinned rate images of one block of observations."""
    input:
        inventory=f"{XMM_DIR}/inventory.ecsv",
        images=XMM_IMAGES,
    output:
        f"{XMM_DIR}/rates/rebin{{rebin}}.block_{{block}}.h5",
    log:
        f"{XMM_DIR}/logs/rates_{{rebin}}_{{block}}.log",
    benchmark:
        f"{XMM_DIR}/benchmarks/rates_{{rebin}}_{{block}}.tsv"
    wildcard_constraints:
        rebin="[124]",
    conda:
        "../../../envs/skyloom.yaml"
    threads: share(2)
    resources:
        mem_mb=growing(1000),
    params:
        images=lambda w, input: str(input.images),
        block=lambda w: int(w.block),
        blocks=XMM["blocks"],
        smaller=XMM["frame"]["smaller"],
        rebin=lambda w: int(w.rebin),
        rebin_method=XMM["rebin_method"],
        code=code("xmm/bin_images.py"),
    script:
        "../../../scripts/xmm/bin_images.py"


rule xmm_dataset:
    """Normalise and stretch the rate images of all observations into one dataset."""
    input:
        inventory=f"{XMM_DIR}/inventory.ecsv",
        rates=lambda w: xmm_rates(configuration_xmm.rebin(w.dataset)),
    output:
        dataset=f"{XMM_DIR}/datasets/{{dataset}}.h5",
        provenance=f"{XMM_DIR}/datasets/{{dataset}}.provenance.json",
    log:
        f"{XMM_DIR}/logs/dataset_{{dataset}}.log",
    benchmark:
        f"{XMM_DIR}/benchmarks/dataset_{{dataset}}.tsv"
    wildcard_constraints:
        dataset="|".join(configuration_xmm.datasets()),
    conda:
        "../../../envs/skyloom.yaml"
    threads: share(2)
    resources:
        mem_mb=growing(1000),
    params:
        variant=lambda w: w.dataset,
        variant_parameters=lambda w: configuration_xmm.variant(XMM, w.dataset),
        seed=SEED,
        code=code("xmm/make_dataset.py"),
    script:
        "../../../scripts/xmm/make_dataset.py"


rule xmm_measure:
    """Standard deviation, skewness and kurtosis of the rate images of one block."""
    input:
        inventory=f"{XMM_DIR}/inventory.ecsv",
        images=XMM_IMAGES,
    output:
        f"{XMM_DIR}/statistics/block_{{block}}.ecsv",
    log:
        f"{XMM_DIR}/logs/measure_{{block}}.log",
    benchmark:
        f"{XMM_DIR}/benchmarks/measure_{{block}}.tsv"
    conda:
        "../../../envs/skyloom.yaml"
    threads: share(2)
    resources:
        mem_mb=growing(1000),
    params:
        images=lambda w, input: str(input.images),
        block=lambda w: int(w.block),
        blocks=XMM["blocks"],
        smaller=XMM["frame"]["smaller"],
        code=code("xmm/measure_statistics.py"),
    script:
        "../../../scripts/xmm/measure_statistics.py"


rule xmm_statistics:
    """The three statistics of every image, and how well they tell good images from bad."""
    input:
        blocks=expand(f"{XMM_DIR}/statistics/block_{{b}}.ecsv", b=XMM_BLOCKS),
        split=f"{XMM_DIR}/split.ecsv",
    output:
        table=f"{XMM_DIR}/statistics.ecsv",
        auc=f"{XMM_DIR}/evaluation/statistics_auc.json",
    log:
        f"{XMM_DIR}/logs/statistics.log",
    conda:
        "../../../envs/skyloom.yaml"
    params:
        bootstrap=XMM_BOOTSTRAP,
        seed=SEED,
        code=code("xmm/merge_statistics.py"),
    script:
        "../../../scripts/xmm/merge_statistics.py"


rule xmm_split:
    """Training, validation and test side, the same for all experiments."""
    input:
        inventory=f"{XMM_DIR}/inventory.ecsv",
    output:
        f"{XMM_DIR}/split.ecsv",
    log:
        f"{XMM_DIR}/logs/split.log",
    conda:
        "../../../envs/skyloom.yaml"
    params:
        validation=XMM["split"]["validation"],
        test=XMM["split"]["test"],
        seed=SEED,
        code=code("xmm/split_observations.py"),
    script:
        "../../../scripts/xmm/split_observations.py"


include: "networks.smk"
include: "figures.smk"


builds(
    "xmm",
    [
        f"{XMM_DIR}/inventory.ecsv",
        f"{XMM_DIR}/rejects.ecsv",
        f"{XMM_DIR}/statistics.ecsv",
        f"{XMM_DIR}/split.ecsv",
        *(f"{XMM_DIR}/datasets/{dataset}.h5" for dataset in XMM_DATASETS),
        *(f"{XMM_DIR}/models/{name}/model.keras" for name in XMM_TRAINED),
        *(f"{XMM_DIR}/evaluation/{table}.ecsv" for table in XMM_TABLES),
    ],
    datasets=dict.fromkeys(configuration_xmm.datasets(), f"{XMM_DIR}/split.ecsv"),
    models=XMM_EXPERIMENTS,
)
