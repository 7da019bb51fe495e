# helium: profiles of He I 4471, synthetic or a folder of files such as f_t24000g50v370.dat.
HELIUM = config["helium"]
HELIUM_DIR = spectra_folder("helium")
HELIUM_SYNTHETIC = HELIUM["source"] == "synthetic"
HELIUM_SPECTRA = (
    f"{HELIUM_DIR}/archive/spectra"
    if HELIUM_SYNTHETIC
    else os.path.expanduser(HELIUM["spectra"] or "helium.spectra")
)


if HELIUM_SYNTHETIC:

    rule helium_simulate:
        """A grid of synthetic line profiles and some observed stars, as files."""
        output:
            spectra=directory(HELIUM_SPECTRA),
            observed=directory(f"{HELIUM_DIR}/archive/observed"),
        log:
            f"{HELIUM_DIR}/logs/simulate.log",
        benchmark:
            f"{HELIUM_DIR}/benchmarks/simulate.tsv"
        conda:
            "../../../envs/skyloom.yaml"
        threads: share(2)
        resources:
            mem_mb=growing(1000),
        params:
            window=HELIUM["window"],
            pixels=HELIUM["pixels"],
            synthetic=HELIUM["synthetic"],
            seed=SEED,
            code=code("helium/simulate_spectra.py"),
        script:
            "../../../scripts/helium/simulate_spectra.py"


rule helium_read:
    """Read one block of a folder of line profiles: which can be used, and if not, why."""
    input:
        spectra=HELIUM_SPECTRA,
    output:
        block=f"{HELIUM_DIR}/grid/block_{{block}}.h5",
        table=f"{HELIUM_DIR}/grid/block_{{block}}.ecsv",
        rejects=f"{HELIUM_DIR}/grid/rejects_{{block}}.ecsv",
    log:
        f"{HELIUM_DIR}/logs/read_{{block}}.log",
    benchmark:
        f"{HELIUM_DIR}/benchmarks/read_{{block}}.tsv"
    conda:
        "../../../envs/skyloom.yaml"
    resources:
        mem_mb=growing(1000),
    params:
        spectra=lambda w, input: str(input.spectra),
        block=lambda w: int(w.block),
        blocks=HELIUM["blocks"],
        window=HELIUM["window"],
        pixels=HELIUM["pixels"],
        synthetic=HELIUM_SYNTHETIC,
        code=code("helium/read_spectra.py"),
    script:
        "../../../scripts/helium/read_spectra.py"
