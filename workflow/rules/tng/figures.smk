# The figures of the tng arm; their numbers are those of the thesis.
figure(
    *("tng", "sample", "data", "tng.sample"),
    inputs={"galaxies": TNG_GALAXIES},
)
figure(
    *("tng", "maps", "data", "tng.maps"),
    inputs={
        "maps": tng_maps(TNG["reference_snapshot"]),
        "galaxies": f"{TNG_DIR}/galaxies/snap_{TNG['reference_snapshot']:03d}.ecsv",
    },
)
figure(
    *("tng", "variants", "data", "tng.variants"),
    inputs={
        "datasets": [f"{TNG_DIR}/datasets/{variant}.h5" for variant in TNG_BUILT],
        "galaxies": TNG_GALAXIES,
    },
    options={"variants": TNG_BUILT},
)
figure(
    *("tng", "history", "results", "tng.history"),
    inputs={
        "history": [f"{TNG_DIR}/models/{case}/history.csv" for case in TNG_CASES],
        "galaxies": TNG_GALAXIES,
    },
    options={"variants": TNG_CASES},
)
figure(
    *("tng", "ranking", "results", "tng.ranking"),
    inputs={
        "summary": f"{TNG_DIR}/evaluation/summary.ecsv",
        "differences": f"{TNG_DIR}/evaluation/differences.ecsv",
        "published": f"{TNG_DIR}/evaluation/published.ecsv",
    },
)
figure(
    *("tng", "halves", "results", "tng.halves"),
    inputs={"halves": f"{TNG_DIR}/evaluation/halves.ecsv"},
)
beside(
    "tng",
    {
        "galaxies": TNG_GALAXIES,
        "summary": f"{TNG_DIR}/evaluation/summary.ecsv",
        "differences": f"{TNG_DIR}/evaluation/differences.ecsv",
    },
    lambda: compared("tng", configuration.choices(TNG)),
    note="Table III.1 of the thesis, snapshot by snapshot, and its findings (section IV.1): one "
    "holds when the paired bootstrap interval of every difference it speaks of lies on its side of "
    "zero, fails when one lies wholly on the other side, and is undecided otherwise; likeness "
    "means an interval within 0.1 of zero, a margin of ours.",
)
# Figures 3.3 and 4.6 to 4.8.
figure(
    *("tng", "gallery/{variant}", "data", "tng.gallery"),
    inputs={
        "datasets": f"{TNG_DIR}/datasets/{{variant}}.h5",
        "galaxies": TNG_GALAXIES,
    },
    over=[
        {"variant": name}
        for name in ("composite", "mass", "gaussian_10", "unsharp_3")
        if name in TNG_BUILT
    ],
)
figure(
    *("tng", "predictions/{variant}", "results", "tng.predictions"),
    inputs={
        "predictions": f"{TNG_DIR}/models/{{variant}}/predictions.ecsv",
        "galaxies": TNG_GALAXIES,
    },
    options=lambda w: {
        "variant": w.variant,
        "bootstrap": {**TNG_BOOTSTRAP, "seed": SEED},
    },
    over=[{"variant": case} for case in TNG_CASES],
)
# Figures 4.3 to 4.5: cases that belong side by side.
figure(
    *("tng", "family/{family}", "results", "tng.family"),
    inputs={
        "predictions": lambda w: [
            f"{TNG_DIR}/models/{case}/predictions.ecsv"
            for case in TNG_FAMILIES[w.family]
        ],
        "galaxies": TNG_GALAXIES,
    },
    options=lambda w: {
        "variants": TNG_FAMILIES[w.family],
        "bootstrap": {**TNG_BOOTSTRAP, "seed": SEED},
    },
    over=[
        {"family": name}
        for name, members in TNG_FAMILIES.items()
        if set(members) <= set(TNG_CASES)
    ],
)
figure(
    *("tng", "ensemble", "beyond", "tng.ensemble"),
    inputs={
        "ensemble": f"{TNG_DIR}/evaluation/ensemble.ecsv",
        "pairs": f"{TNG_DIR}/evaluation/ensemble_pairs.ecsv",
        "members": [f"{TNG_DIR}/ensemble/{case}.ecsv" for case in TNG_CASES],
    },
    over=[],
)
figure(
    *("tng", "leakage", "beyond", "tng.leakage"),
    inputs={
        "comparisons": f"{TNG_DIR}/evaluation/leakage.ecsv",
        "members": f"{TNG_DIR}/evaluation/leakage_members.ecsv",
    },
    over=[],
)
figure(
    *("tng", "attention/{case}", "beyond", "tng.attention"),
    inputs={
        "maps": f"{TNG_DIR}/attention/{{case}}.h5",
        "numbers": f"{TNG_DIR}/evaluation/attention.ecsv",
    },
    over=[],
)
