# stellar: spectra of a 300 Å window, synthesised on the slides' grid or read from HDF5 files.
STELLAR = config["stellar"]
STELLAR_DIR = spectra_folder("stellar")
STELLAR_LINES = own("resources/lines/5000-5300.ecsv")
STELLAR_BLOCK = {
    "block": f"{STELLAR_DIR}/grid/block_{{block}}.h5",
    "table": f"{STELLAR_DIR}/grid/block_{{block}}.ecsv",
    "rejects": f"{STELLAR_DIR}/grid/rejects_{{block}}.ecsv",
}


if STELLAR["source"] == "synthetic":

    rule stellar_synthesise:
        """Synthesise one block of the grid."""
        input:
            lines=STELLAR_LINES,
        output:
            **STELLAR_BLOCK,
        log:
            f"{STELLAR_DIR}/logs/synthesise_{{block}}.log",
        benchmark:
            f"{STELLAR_DIR}/benchmarks/synthesise_{{block}}.tsv"
        conda:
            "../../../envs/skyloom.yaml"
        threads: share(2)
        resources:
            mem_mb=growing(1000),
        params:
            window=STELLAR["window"],
            pixels=STELLAR["pixels"],
            downsample=STELLAR["downsample"],
            synthetic={
                key: value
                for key, value in STELLAR["synthetic"].items()
                if key != "observed"
            },
            block=lambda w: int(w.block),
            blocks=STELLAR["blocks"],
            code=code("stellar/synthesise_grid.py"),
        script:
            "../../../scripts/stellar/synthesise_grid.py"

    rule stellar_simulate_observed:
        """Some synthetic observed stars, as files."""
        input:
            lines=STELLAR_LINES,
        output:
            observed=directory(f"{STELLAR_DIR}/archive/observed"),
        log:
            f"{STELLAR_DIR}/logs/simulate_observed.log",
        conda:
            "../../../envs/skyloom.yaml"
        params:
            window=STELLAR["window"],
            synthetic={
                key: STELLAR["synthetic"][key]
                for key in ("observed", "limb_darkening")
            },
            seed=SEED,
            code=code("stellar/simulate_observed.py"),
        script:
            "../../../scripts/stellar/simulate_observed.py"

else:

    rule stellar_read:
        """Read one block of the user's spectra: which can be used, and if not, why."""
        input:
            spectra=os.path.expanduser(STELLAR["spectra"] or "stellar.spectra"),
        output:
            **STELLAR_BLOCK,
        log:
            f"{STELLAR_DIR}/logs/read_{{block}}.log",
        benchmark:
            f"{STELLAR_DIR}/benchmarks/read_{{block}}.tsv"
        conda:
            "../../../envs/skyloom.yaml"
        threads: share(2)
        resources:
            mem_mb=growing(1000),
        params:
            spectra=lambda w, input: str(input.spectra),
            window=STELLAR["window"],
            pixels=STELLAR["pixels"],
            downsample=STELLAR["downsample"],
            block=lambda w: int(w.block),
            blocks=STELLAR["blocks"],
            code=code("stellar/read_spectra.py"),
        script:
            "../../../scripts/stellar/read_spectra.py"
