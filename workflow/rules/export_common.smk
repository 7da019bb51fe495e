# What the rules of exports share: which datasets there are, and the sides of their samples.

# Which table says on which side the samples of an arm's datasets are; {dataset} stands for its name.
EXPORT_SPLITS = {
    "tng": TNG_SPLIT,
    "semantic": f"{SEMANTIC_DIR}/splits/{{dataset}}.ecsv",
    "xmm": f"{XMM_DIR}/split.ecsv",
    **{arm: spectra_split(arm) for arm in SPECTRA_ARMS},
    "sdss": f"{SDSS_DIR}/splits/{SDSS['trained']['splits'][0]}.ecsv",
}
EXPORTED = [
    *(("tng", name) for name in [*TNG_VARIANTS, Path(TNG_INCLINED).stem]),
    *(("semantic", name) for name in SEMANTIC["datasets"]),
    *(("xmm", name) for name in configuration_xmm.DATASETS),
    *((arm, name) for arm in SPECTRA_ARMS for name in config[arm]["datasets"]),
    *(("sdss", name) for name in configuration_sdss.DATASETS),
]


def export_inputs(wildcards):
    """A dataset and its split; the tng arm's galaxies at several inclinations have none."""
    dataset = f"results/{RUN}/{wildcards.arm}/datasets/{wildcards.dataset}.h5"
    if dataset == TNG_INCLINED:
        return {"dataset": dataset}
    split = EXPORT_SPLITS[wildcards.arm].format(dataset=wildcards.dataset)
    return {"dataset": dataset, "split": split}
