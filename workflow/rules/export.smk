# Datasets for other tools: Parquet files that Hugging Face `datasets` opens, with a dataset card.


rule export_parquet:
    """One dataset as Parquet files, with its sides and a dataset card."""
    input:
        unpack(export_inputs),
    output:
        directory(f"results/{RUN}/{{arm}}/export/{{dataset}}"),
    log:
        f"results/{RUN}/{{arm}}/logs/export_{{dataset}}.log",
    benchmark:
        f"results/{RUN}/{{arm}}/benchmarks/export_{{dataset}}.tsv"
    wildcard_constraints:
        arm="|".join(ARM_RESULTS),
        dataset="|".join({name: None for _, name in DATASETS}),
    conda:
        "../../envs/skyloom.yaml"
    threads: share(2)
    resources:
        mem_mb=growing(1000),
    params:
        about=lambda w: {"arm": w.arm, "name": w.dataset},
        code=code("export/write_parquet.py", "skyloom/export_card.md"),
    script:
        "../../scripts/export/write_parquet.py"


for _arm, _dataset in DATASETS:

    rule:
        """One dataset as Parquet files for Hugging Face, pandas and others."""
        name:
            f"{_arm}_{_dataset}_parquet"
        input:
            f"results/{RUN}/{_arm}/export/{_dataset}",
        localrule: True
