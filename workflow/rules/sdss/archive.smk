# sdss from the Science Archive Server, where sdss.source is archive.
# Rules that fetch run where Snakemake does, which is where a cluster has its way to the network.
SDSS_FETCHED = f"{DOWNLOADS}/sdss/{SDSS['archive']['release']}"


rule sdss_fetch:
    """One block of the spectra that the catalogue lists, into the folder that runs share."""
    input:
        catalogue=lambda w: SDSS_CATALOGUE,
    output:
        fetched=f"{SDSS_DIR}/fetched/block_{{block}}.ecsv",
        missing=f"{SDSS_DIR}/fetched/missing_{{block}}.ecsv",
    log:
        f"{SDSS_DIR}/logs/fetch_{{block}}.log",
    localrule: True
    conda:
        "../../../envs/skyloom.yaml"
    resources:
        mem_mb=growing(1000),
        downloads=1,
    params:
        addresses=ADDRESSES,
        release=SDSS["archive"]["release"],
        block=lambda w: int(w.block),
        blocks=SDSS["blocks"],
        folder=SDSS_FETCHED,
        failures=lambda w: f"{SDSS_DIR}/failed/spectra_{w.block}.ecsv",
        code=code("sdss/fetch_spectra.py"),
    script:
        "../../../scripts/sdss/fetch_spectra.py"


rule sdss_gather:
    """This run's folder of spectra, and a table of those that the archive does not have."""
    input:
        fetched=expand(f"{SDSS_DIR}/fetched/block_{{b}}.ecsv", b=SDSS_BLOCKS),
        missing=expand(f"{SDSS_DIR}/fetched/missing_{{b}}.ecsv", b=SDSS_BLOCKS),
    output:
        spectra=directory(SDSS_SPECTRA),
        missing=f"{SDSS_DIR}/missing.ecsv",
    log:
        f"{SDSS_DIR}/logs/gather.log",
    localrule: True
    conda:
        "../../../envs/skyloom.yaml"
    params:
        folder=SDSS_FETCHED,
        code=code("sdss/gather_spectra.py"),
    script:
        "../../../scripts/sdss/gather_spectra.py"
