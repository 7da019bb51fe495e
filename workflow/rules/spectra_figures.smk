# The figures of the helium and stellar arms. Captions have no wildcards: one rule an arm and figure.
for _arm in SPECTRA_ARMS:

    rule:
        """How a spectrum changes with each label."""
        name:
            f"{_arm}_draw_grid"
        input:
            dataset=f"{spectra_folder(_arm)}/datasets/{config[_arm]['trained'][0]}.h5",
            inventory=f"{spectra_folder(_arm)}/inventory.ecsv",
        output:
            **spectra_figure(_arm, "grid", "data"),
        log:
            f"{spectra_folder(_arm)}/logs/draw_grid.log",
        conda:
            "../../envs/skyloom.yaml"
        params:
            arm=_arm,
            code=code("spectra/draw_grid.py"),
        script:
            "../../scripts/spectra/draw_grid.py"

    rule:
        """Which stars the grid holds, and on which side."""
        name:
            f"{_arm}_draw_coverage"
        input:
            inventory=f"{spectra_folder(_arm)}/inventory.ecsv",
            split=spectra_split(_arm),
        output:
            **spectra_figure(_arm, "coverage", "data"),
        log:
            f"{spectra_folder(_arm)}/logs/draw_coverage.log",
        conda:
            "../../envs/skyloom.yaml"
        params:
            arm=_arm,
            code=code("spectra/draw_coverage.py"),
        script:
            "../../scripts/spectra/draw_coverage.py"

    rule:
        """Loss and errors of the networks over the epochs."""
        name:
            f"{_arm}_draw_curves"
        input:
            history=spectra_models(_arm, "history.csv"),
            metrics=spectra_models(_arm, "metrics.json"),
        output:
            **spectra_figure(_arm, "curves", "results"),
        log:
            f"{spectra_folder(_arm)}/logs/draw_curves.log",
        conda:
            "../../envs/skyloom.yaml"
        params:
            arm=_arm,
            code=code("spectra/draw_curves.py"),
        script:
            "../../scripts/spectra/draw_curves.py"

    rule:
        """Predicted labels of the test side against the true ones."""
        name:
            f"{_arm}_draw_predictions"
        input:
            predictions=f"{spectra_folder(_arm)}/models/{{model}}/predictions.ecsv",
            metrics=f"{spectra_folder(_arm)}/models/{{model}}/metrics.json",
        output:
            **spectra_figure(_arm, "predictions/{model}", "results", model="{model}"),
        log:
            f"{spectra_folder(_arm)}/logs/draw_predictions_{{model}}.log",
        conda:
            "../../envs/skyloom.yaml"
        params:
            arm=_arm,
            code=code("spectra/draw_predictions.py"),
        script:
            "../../scripts/spectra/draw_predictions.py"

    rule:
        """Errors of the test side against the signal to noise."""
        name:
            f"{_arm}_draw_noise"
        input:
            noise=f"{spectra_folder(_arm)}/evaluation/noise.ecsv",
            summary=f"{spectra_folder(_arm)}/evaluation/summary.ecsv",
        output:
            **spectra_figure(_arm, "noise", "results"),
        log:
            f"{spectra_folder(_arm)}/logs/draw_noise.log",
        conda:
            "../../envs/skyloom.yaml"
        params:
            arm=_arm,
            code=code("spectra/draw_noise.py"),
        script:
            "../../scripts/spectra/draw_noise.py"

    rule:
        """How often the truth lies within the stated uncertainty."""
        name:
            f"{_arm}_draw_calibration"
        input:
            calibration=f"{spectra_folder(_arm)}/evaluation/calibration.ecsv",
        output:
            **spectra_figure(_arm, "calibration", "results"),
        log:
            f"{spectra_folder(_arm)}/logs/draw_calibration.log",
        conda:
            "../../envs/skyloom.yaml"
        params:
            arm=_arm,
            code=code("spectra/draw_calibration.py"),
        script:
            "../../scripts/spectra/draw_calibration.py"

    rule:
        """The networks beside each other and beside the document."""
        name:
            f"{_arm}_draw_comparison"
        input:
            summary=f"{spectra_folder(_arm)}/evaluation/summary.ecsv",
            members=f"{spectra_folder(_arm)}/evaluation/members.ecsv",
            published=f"{spectra_folder(_arm)}/evaluation/published.ecsv",
        output:
            **spectra_figure(_arm, "comparison", "results"),
        log:
            f"{spectra_folder(_arm)}/logs/draw_comparison.log",
        conda:
            "../../envs/skyloom.yaml"
        params:
            arm=_arm,
            code=code("spectra/draw_comparison.py"),
        script:
            "../../scripts/spectra/draw_comparison.py"

    rule:
        """Observed spectra, what the networks say of them, and the nearest spectra of the grid."""
        name:
            f"{_arm}_draw_observed"
        input:
            spectra=f"{spectra_folder(_arm)}/observed/spectra.h5",
            inventory=f"{spectra_folder(_arm)}/observed/inventory.ecsv",
            predictions=f"{spectra_folder(_arm)}/observed/predictions.ecsv",
            dataset=f"{spectra_folder(_arm)}/datasets/{config[_arm]['observation']['dataset']}.h5",
        output:
            **spectra_figure(_arm, "observed", "results"),
        log:
            f"{spectra_folder(_arm)}/logs/draw_observed.log",
        conda:
            "../../envs/skyloom.yaml"
        params:
            arm=_arm,
            code=code("spectra/draw_observed.py"),
        script:
            "../../scripts/spectra/draw_observed.py"


rule helium_draw_line:
    """A test spectrum and the profiles at the labels that each network reads from it."""
    input:
        grid=f"{spectra_folder('helium')}/datasets/{config['helium']['trained'][0]}.h5",
        dataset=f"{spectra_folder('helium')}/datasets/{config['helium']['trained'][-1]}.h5",
        predictions=spectra_models(
            "helium", "predictions.ecsv", config["helium"]["trained"][-1]
        ),
    output:
        **spectra_figure("helium", "line", "results"),
    log:
        f"{spectra_folder('helium')}/logs/draw_line.log",
    conda:
        "../../envs/skyloom.yaml"
    params:
        code=code("spectra/draw_line.py"),
    script:
        "../../scripts/spectra/draw_line.py"
