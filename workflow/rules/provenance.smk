# The run as one standard record of what made what: an RO-Crate, from the records of all jobs.


rule crate:
    """Everything that the configuration's arms build, and one RO-Crate that describes it."""
    input:
        lambda _: [path for arm in config["arms"] for path in ARM_RESULTS[arm]],
    output:
        f"results/{RUN}/ro-crate-metadata.json",
    log:
        f"results/{RUN}/logs/crate.log",
    conda:
        "../../envs/skyloom.yaml"
    params:
        code=code("provenance/write_crate.py"),
    script:
        "../../scripts/provenance/write_crate.py"
