# sdss: from spectra to a stratified sample, drawn as images and classified.
include: "common.smk"


if SDSS_SYNTHETIC:

    rule sdss_simulate:
        """Synthetic stars, galaxies and quasars as SDSS and BOSS files, and their catalogue."""
        input:
            lines=expand(
                own("resources/lines/sdss_{kind}.ecsv"),
                kind=["galaxies", "quasars", "sky", "stars"],
            ),
        output:
            spectra=directory(SDSS_SPECTRA),
            catalogue=f"{SDSS_DIR}/archive/spAll.fits",
        log:
            f"{SDSS_DIR}/logs/simulate.log",
        benchmark:
            f"{SDSS_DIR}/benchmarks/simulate.tsv"
        conda:
            "../../../envs/skyloom.yaml"
        threads: share(2)
        resources:
            mem_mb=growing(1000),
        params:
            synthetic=SDSS["synthetic"],
            seed=SEED,
            code=code("sdss/simulate_spectra.py"),
        script:
            "../../../scripts/sdss/simulate_spectra.py"


if SDSS["source"] == "archive":

    include: "archive.smk"


rule sdss_inspect:
    """Look at every file of one block: can it be used, and if not, why."""
    input:
        spectra=SDSS_SPECTRA,
        catalogue=(
            f"{SDSS_DIR}/archive/spAll.fits" if SDSS_SYNTHETIC else SDSS_CATALOGUE
        ),
    output:
        inventory=f"{SDSS_DIR}/inventory/block_{{block}}.ecsv",
        rejects=f"{SDSS_DIR}/inventory/rejects_{{block}}.ecsv",
    log:
        f"{SDSS_DIR}/logs/inspect_{{block}}.log",
    benchmark:
        f"{SDSS_DIR}/benchmarks/inspect_{{block}}.tsv"
    conda:
        "../../../envs/skyloom.yaml"
    threads: share(2)
    resources:
        mem_mb=growing(1000),
    params:
        spectra=lambda w, input: str(input.spectra),
        block=lambda w: int(w.block),
        blocks=SDSS["blocks"],
        quality=SDSS["quality"],
        code=code("sdss/inspect_spectra.py"),
    script:
        "../../../scripts/sdss/inspect_spectra.py"


rule sdss_inventory:
    """All spectra that can be used, each once, with the objects they are of; all others."""
    input:
        inventory=expand(f"{SDSS_DIR}/inventory/block_{{b}}.ecsv", b=SDSS_BLOCKS),
        rejects=expand(f"{SDSS_DIR}/inventory/rejects_{{b}}.ecsv", b=SDSS_BLOCKS),
        catalogue=(
            f"{SDSS_DIR}/archive/spAll.fits" if SDSS_SYNTHETIC else SDSS_CATALOGUE
        ),
    output:
        inventory=f"{SDSS_DIR}/inventory.ecsv",
        rejects=f"{SDSS_DIR}/rejects.ecsv",
    log:
        f"{SDSS_DIR}/logs/inventory.log",
    conda:
        "../../../envs/skyloom.yaml"
    params:
        code=code("sdss/merge_inventory.py"),
    script:
        "../../../scripts/sdss/merge_inventory.py"


rule sdss_sample:
    """A stratified random sample over class and redshift."""
    input:
        inventory=f"{SDSS_DIR}/inventory.ecsv",
    output:
        f"{SDSS_DIR}/sample.ecsv",
    log:
        f"{SDSS_DIR}/logs/sample.log",
    conda:
        "../../../envs/skyloom.yaml"
    params:
        sample=SDSS["sample"],
        seed=SEED,
        code=code("sdss/select_sample.py"),
    script:
        "../../../scripts/sdss/select_sample.py"


rule sdss_split:
    """Training, validation and test side of one split."""
    input:
        sample=f"{SDSS_DIR}/sample.ecsv",
    output:
        f"{SDSS_DIR}/splits/{{split}}.ecsv",
    log:
        f"{SDSS_DIR}/logs/split_{{split}}.log",
    wildcard_constraints:
        split="|".join(configuration_sdss.SPLITS),
    conda:
        "../../../envs/skyloom.yaml"
    params:
        test=lambda w: configuration_sdss.SPLITS[w.split],
        by=SDSS["split"]["by"],
        validation=SDSS["split"]["validation"],
        seed=SEED,
        code=code("sdss/split_sample.py"),
    script:
        "../../../scripts/sdss/split_sample.py"


rule sdss_prepare:
    """Smooth one block of the sample and put it on one grid of wavelengths."""
    input:
        sample=f"{SDSS_DIR}/sample.ecsv",
        spectra=SDSS_SPECTRA,
    output:
        f"{SDSS_DIR}/spectra/block_{{block}}.h5",
    log:
        f"{SDSS_DIR}/logs/prepare_{{block}}.log",
    benchmark:
        f"{SDSS_DIR}/benchmarks/prepare_{{block}}.tsv"
    conda:
        "../../../envs/skyloom.yaml"
    threads: share(2)
    resources:
        mem_mb=growing(1000),
    params:
        spectra=lambda w, input: str(input.spectra),
        block=lambda w: int(w.block),
        blocks=SDSS["blocks"],
        smoothing=SDSS["smoothing"],
        grid=SDSS["grid"],
        code=code("sdss/prepare_spectra.py"),
    script:
        "../../../scripts/sdss/prepare_spectra.py"


rule sdss_compile_kernel:
    """Compile the C kernel that draws the spectra."""
    input:
        own("src/skyloom/kernels/polyline.c"),
    output:
        SDSS_KERNEL,
    log:
        "results/kernels/compile_polyline.log",
    conda:
        "../../../envs/skyloom.yaml"
    params:
        code=code("sdss/compile_kernel.py", "skyloom/kernels/polyline.c"),
    script:
        "../../../scripts/sdss/compile_kernel.py"


rule sdss_dataset:
    """The sample as images of one size, or as the spectra themselves."""
    input:
        sample=f"{SDSS_DIR}/sample.ecsv",
        blocks=expand(f"{SDSS_DIR}/spectra/block_{{b}}.h5", b=SDSS_BLOCKS),
        kernel=SDSS_KERNEL,
    output:
        dataset=f"{SDSS_DIR}/datasets/{{dataset}}.h5",
        provenance=f"{SDSS_DIR}/datasets/{{dataset}}.provenance.json",
    log:
        f"{SDSS_DIR}/logs/dataset_{{dataset}}.log",
    benchmark:
        f"{SDSS_DIR}/benchmarks/dataset_{{dataset}}.tsv"
    wildcard_constraints:
        dataset="|".join(configuration_sdss.DATASETS),
    conda:
        "../../../envs/skyloom.yaml"
    threads: share(2)
    resources:
        mem_mb=growing(1000),
    params:
        variant=lambda w: w.dataset,
        drawing=lambda w: SDSS["drawing"] if w.dataset != "spectra" else None,
        grid=SDSS["grid"],
        seed=SEED,
        code=code("sdss/make_dataset.py"),
    script:
        "../../../scripts/sdss/make_dataset.py"


include: "networks.smk"
include: "figures.smk"


rule sdss_model:
    """Every trained network of the arm."""
    input:
        expand(f"{SDSS_DIR}/models/{{model}}/model.keras", model=SDSS_MODELS),
    localrule: True


rule sdss_predict:
    """Classes of a folder of spectra, with probabilities, as a table and a figure."""
    input:
        f"{SDSS_ANSWERS}/predictions.ecsv",
        f"{SDSS_ANSWERS}/rejects.ecsv",
        f"{SDSS_DIR}/figures/prediction/{Path(SDSS_ANSWERS).name}.png",
    localrule: True


builds(
    "sdss",
    [
        f"{SDSS_DIR}/inventory.ecsv",
        f"{SDSS_DIR}/rejects.ecsv",
        f"{SDSS_DIR}/sample.ecsv",
        *(f"{SDSS_DIR}/models/{model}/model.keras" for model in SDSS_MODELS),
        *(
            f"{SDSS_DIR}/evaluation/{name}.ecsv"
            for name in ("summary", "readouts", "confusion", "confused", "published")
        ),
    ],
    datasets=dict.fromkeys(
        configuration_sdss.DATASETS,
        f"{SDSS_DIR}/splits/{SDSS['trained']['splits'][0]}.ecsv",
    ),
    models=configuration_sdss.models(SDSS, all_of_them=True),
)
