# xmm from the XMM-Newton Science Archive, where xmm.source is archive.
# Rules that fetch run where Snakemake does, which is where a cluster has its way to the network.
rule xmm_fetch_observations:
    """The catalogue's table of observations, of those that are wanted."""
    input:
        chosen=lambda w: XMM_CHOSEN_FILE,
    output:
        XMM_OBSERVATIONS,
    log:
        f"{XMM_DIR}/logs/fetch_observations.log",
    localrule: True
    conda:
        "../../../envs/skyloom.yaml"
    resources:
        mem_mb=growing(1000),
        downloads=1,
    params:
        addresses=ADDRESSES,
        release=XMM["archive"]["release"],
        chosen=XMM_CHOSEN,
        folder=f"{DOWNLOADS}/xmm/tables",
        columns=configuration_xmm.columns(XMM),
        code=code("xmm/fetch_observations.py"),
    script:
        "../../../scripts/xmm/fetch_observations.py"


rule xmm_fetch_images:
    """The EPIC images of one block of observations, into the folder that runs share."""
    input:
        observations=XMM_OBSERVATIONS,
    output:
        fetched=f"{XMM_DIR}/fetched/block_{{block}}.ecsv",
        missing=f"{XMM_DIR}/fetched/missing_{{block}}.ecsv",
    log:
        f"{XMM_DIR}/logs/fetch_images_{{block}}.log",
    localrule: True
    conda:
        "../../../envs/skyloom.yaml"
    resources:
        mem_mb=growing(1000),
        downloads=1,
    params:
        addresses=ADDRESSES,
        block=lambda w: int(w.block),
        blocks=XMM["blocks"],
        folder=f"{DOWNLOADS}/xmm/images",
        columns=configuration_xmm.columns(XMM),
        failures=lambda w: f"{XMM_DIR}/failed/images_{w.block}.ecsv",
        code=code("xmm/fetch_images.py"),
    script:
        "../../../scripts/xmm/fetch_images.py"


rule xmm_gather_images:
    """This run's folder of images, and a table of those that the archive does not have."""
    input:
        fetched=expand(f"{XMM_DIR}/fetched/block_{{b}}.ecsv", b=XMM_BLOCKS),
        missing=expand(f"{XMM_DIR}/fetched/missing_{{b}}.ecsv", b=XMM_BLOCKS),
    output:
        images=directory(XMM_IMAGES),
        missing=f"{XMM_DIR}/missing.ecsv",
    log:
        f"{XMM_DIR}/logs/gather_images.log",
    localrule: True
    conda:
        "../../../envs/skyloom.yaml"
    params:
        folder=f"{DOWNLOADS}/xmm/images",
        code=code("xmm/gather_images.py"),
    script:
        "../../../scripts/xmm/gather_images.py"
