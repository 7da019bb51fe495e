# The figures of the helium and stellar arms.
for _arm in SPECTRA_ARMS:
    _folder, _own = spectra_folder(_arm), config[_arm]
    _tables = spectra_tables(_arm)
    figure(
        *(_arm, "grid", "data", "spectra.grid"),
        inputs={
            "dataset": f"{_folder}/datasets/{_own['trained'][0]}.h5",
            "inventory": f"{_folder}/inventory.ecsv",
        },
    )
    figure(
        *(_arm, "coverage", "data", "spectra.coverage"),
        inputs={
            "inventory": f"{_folder}/inventory.ecsv",
            "split": spectra_split(_arm),
        },
    )
    figure(
        *(_arm, "curves", "results", "spectra.curves"),
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
        inputs={"calibration": _tables["calibration"]},
        over=[{}] if _own["uncertainty"] != "none" else [],
    )
    figure(
        *(_arm, "observed", "results", "spectra.observed"),
        inputs={
            "spectra": f"{_folder}/observed/spectra.h5",
            "inventory": f"{_folder}/observed/inventory.ecsv",
            "predictions": f"{_folder}/observed/predictions.ecsv",
            "dataset": f"{_folder}/datasets/{_own['observation']['dataset']}.h5",
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
