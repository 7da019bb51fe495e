# The run's report: one HTML page, from the results of all arms that are on.

REPORT = f"results/{RUN}/report/index.html"


rule report:
    """One page on the whole run that opens without a network."""
    input:
        results=lambda _: [path for arm in config["arms"] for path in ARM_RESULTS[arm]],
        shown=lambda _: [path for arm in config["arms"] for path in SHOWN[arm]],
    output:
        REPORT,
    log:
        f"results/{RUN}/logs/report.log",
    benchmark:
        f"results/{RUN}/benchmarks/report.tsv"
    conda:
        "../../envs/skyloom.yaml"
    resources:
        mem_mb=growing(2000),
    params:
        folder=lambda w, output: str(Path(output[0]).parents[1]),
        arms=config["arms"],
        options=lambda _: {arm: TOLD[arm] for arm in config["arms"]},
        code=code(
            "report/write_report.py",
            # Templates, styles and scripts of the page.
            *sorted(
                f"skyloom/report/{path.name}"
                for path in (PROJECT / "src").glob("skyloom/report/*.[chj]*")
            ),
            entry=tuple(registry.module(arm, "report") for arm in config["arms"]),
        ),
    script:
        "../../scripts/report/write_report.py"
