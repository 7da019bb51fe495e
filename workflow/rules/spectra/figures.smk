# The figures of the helium and stellar arms.
# What captions add: of the document (helium), of the slides (stellar).
SPECTRA_NOTES = {
    "helium": {
        "comparison": (
            "Dotted: the published ratio (about 4; the document's one error mixes K, dex and "
            "km/s, so temperature decides it)."
        ),
        "coverage": (
            "The document gives the number of files, 5,425, and the labels' limits, not the axes: "
            "ours are an assumption."
        ),
        "curves": (
            "Argmax agreement, the share of spectra whose largest output is that of the largest "
            "label, is what the document calls accuracy; it says little of a regression. After "
            "figures 10 to 13 of the document."
        ),
        "grid": (
            "The window of He I 4471 Å: marked are the allowed component at 4471.5 Å, the "
            "forbidden one at 4470 Å and Mg II 4481 Å, which rotation carries into the window's "
            "red end. The document shows one such profile (figure 4)."
        ),
        "observed": "After figure 16 and table 5 of the document.",
        "published": "Table 4 of the document and, of an observed star, its table 5.",
    },
    "stellar": {
        "calibration": "Error estimates are what the slides call future work.",
        "published": (
            "The slides' numbers are of the training and the validation side, which also chose "
            "when to stop."
        ),
        "coverage": "The staircase is that of the slides: hot stars of low gravity are missing.",
        "curves": (
            "Training stops early; the slides' ended at epoch 23 with a loss of 0.0013 and an "
            "error of 0.0242, for labels from 0 to 1."
        ),
        "grid": (
            "Left: the whole window. Middle: the Mg I b triplet, where the window holds it. "
            "Right: where else the label changes the spectrum most. The window is our choice, the "
            "slides do not say theirs."
        ),
        "observed": (
            "Stars hotter than the grid are outside. The slides name real observations as future "
            "work."
        ),
    },
}
for _arm in SPECTRA_ARMS:
    _folder, _own = spectra_folder(_arm), config[_arm]
    _tables = spectra_tables(_arm)
    figure(
        *(_arm, "grid", "data", "spectra.grid"),
        note=SPECTRA_NOTES[_arm].get("grid", ""),
        inputs={
            "dataset": f"{_folder}/datasets/{_own['trained'][0]}.h5",
            "inventory": f"{_folder}/inventory.ecsv",
        },
    )
    figure(
        *(_arm, "coverage", "data", "spectra.coverage"),
        note=SPECTRA_NOTES[_arm].get("coverage", ""),
        inputs={
            "inventory": f"{_folder}/inventory.ecsv",
            "split": spectra_split(_arm),
        },
    )
    figure(
        *(_arm, "curves", "results", "spectra.curves"),
        note=SPECTRA_NOTES[_arm].get("curves", ""),
        inputs={
            "history": spectra_models(_arm, "history.csv"),
            "metrics": spectra_models(_arm, "metrics.json"),
        },
        options={"agreement": _arm == "helium"},
    )
    figure(
        *(_arm, "noise", "results", "spectra.noise"),
        inputs={"noise": _tables["noise"], "summary": _tables["summary"]},
    )
    figure(
        *(_arm, "comparison", "results", "spectra.comparison"),
        note=SPECTRA_NOTES[_arm].get("comparison", ""),
        inputs={name: _tables[name] for name in ("summary", "members", "published")},
    )
    # The article's table 5 is of an observed star.
    _star = _arm == "helium" and spectra_observed(_arm)
    beside(
        _arm,
        {
            "members": _tables["members"],
            **({"observed": [f"{_folder}/observed/predictions.ecsv"]} if _star else {}),
        },
        lambda arm=_arm: compared(arm, configuration.flat(config[arm], arm)),
        library="spectra",
        options={"arm": _arm},
        note=SPECTRA_NOTES[_arm]["published"],
    )
    if _arm == "helium":
        # Wider spectra hold too many lines for one picture.
        figure(
            *(_arm, "line", "results", "spectra.line"),
            inputs={
                "grid": f"{_folder}/datasets/{_own['trained'][0]}.h5",
                "dataset": f"{_folder}/datasets/{_own['trained'][-1]}.h5",
                "predictions": spectra_models(
                    _arm, "predictions.ecsv", _own["trained"][-1]
                ),
            },
        )
    figure(
        *(_arm, "calibration", "results", "spectra.calibration"),
        note=SPECTRA_NOTES[_arm].get("calibration", ""),
        inputs={"calibration": _tables["calibration"]},
        over=[{}] if _own["uncertainty"] != "none" else [],
    )
    figure(
        *(_arm, "observed", "results", "spectra.observed"),
        note=SPECTRA_NOTES[_arm].get("observed", ""),
        inputs={
            "spectra": f"{_folder}/observed/spectra.h5",
            "inventory": f"{_folder}/observed/inventory.ecsv",
            "predictions": f"{_folder}/observed/predictions.ecsv",
            "dataset": f"{_folder}/datasets/{_own['observation']['dataset']}.h5",
            "blocks": spectra_blocks(_arm, "spectra"),
        },
        over=[{}] if spectra_observed(_arm) else [],
    )
    figure(
        *(_arm, "predictions/{model}", "results", "spectra.predictions"),
        inputs={
            "predictions": f"{_folder}/models/{{model}}/predictions.ecsv",
            "metrics": f"{_folder}/models/{{model}}/metrics.json",
        },
        over=[{"model": model} for model in configuration_spectra.models(_own)],
    )
    figure(
        *(_arm, "prediction/{asked}", "results", "spectra.prediction"),
        inputs={
            name: f"{_folder}/prediction/{{asked}}/{file}"
            for name, file in (
                ("predictions", "predictions.ecsv"),
                ("spectra", "spectra.h5"),
            )
        },
        over=[],
    )
    figure(
        *(_arm, "classical", "results", "spectra.classical"),
        inputs={"classical": _tables["classical"]},
    )
