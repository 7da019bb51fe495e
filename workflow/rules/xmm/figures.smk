# The figures of the xmm arm; their numbers are those of the document.
_of_models = {
    name: [f"{XMM_DIR}/models/{model}/{file}" for model in XMM_TRAINED]
    for name, file in (
        ("history", "history.csv"),
        ("metrics", "metrics.json"),
        ("predictions", "predictions.ecsv"),
    )
}
# Figure 16.
figure(
    *("xmm", "stretches", "data", "xmm.stretches"),
    inputs={"inventory": f"{XMM_DIR}/inventory.ecsv", "rates": xmm_rates(4)},
    options={"variants": XMM_SHOWN},
)
# Figure 15.
figure(
    *("xmm", "examples", "data", "xmm.examples"),
    inputs={"inventory": f"{XMM_DIR}/inventory.ecsv", "rates": xmm_rates(4)},
    options={"shown": configuration_xmm.variant(XMM, "minmax_log_rebin4")},
)
# Figure 17.
figure(
    *("xmm", "statistics", "data", "xmm.statistics"),
    inputs={
        "table": f"{XMM_DIR}/statistics.ecsv",
        "auc": f"{XMM_DIR}/evaluation/statistics_auc.json",
    },
)
# Figures 18, 20, 22 and 23.
figure(
    *("xmm", "curves", "results", "xmm.curves"),
    inputs={name: _of_models[name] for name in ("history", "metrics")},
)
# Figures 19 and 21.
figure(
    *("xmm", "roc", "results", "xmm.roc"),
    inputs={
        "summary": f"{XMM_DIR}/evaluation/summary.ecsv",
        "predictions": _of_models["predictions"],
    },
)
beside(
    "xmm",
    {name: f"{XMM_DIR}/evaluation/{name}.ecsv" for name in ("summary", "mistakes")},
    lambda: compared("xmm", configuration.flat(XMM, "xmm")),
    options={"experiments": XMM_EXPERIMENTS, "final": XMM_FINAL},
    note="Tables 3 to 8 of the document. Ours of the test side, which the document never scored, "
    "has no printed number beside it; the document's AUC is of the validation side, which also "
    "chose the epoch. Two of the printed ratios of table 8 are not those of their counts.",
)
figure(
    *("xmm", "calibration", "results", "xmm.calibration"),
    inputs={
        "summary": f"{XMM_DIR}/evaluation/summary.ecsv",
        "reliability": f"{XMM_DIR}/evaluation/reliability.ecsv",
    },
    over=[{}] if XMM["evaluation"]["calibration"] else [],
)
# Figure 24.
figure(
    *("xmm", "histograms/{experiment}", "results", "xmm.histograms"),
    inputs={"predictions": f"{XMM_DIR}/models/{{experiment}}/predictions.ecsv"},
    options={"threshold": XMM["evaluation"]["threshold"]},
    over=[{"experiment": name} for name in XMM_TRAINED],
)
# Figures 25 and 26.
figure(
    *("xmm", "worst/{experiment}", "results", "xmm.worst"),
    inputs={
        "dataset": lambda w: f"{XMM_DIR}/datasets/{XMM_EXPERIMENTS[w.experiment]['dataset']}.h5",
        "predictions": f"{XMM_DIR}/models/{{experiment}}/predictions.ecsv",
    },
    options={"most": 6, "threshold": XMM["evaluation"]["threshold"]},
    over=[{"experiment": name} for name in XMM_TRAINED],
)
figure(
    *("xmm", "prediction/{asked}", "results", "xmm.prediction"),
    inputs={
        "predictions": f"{XMM_DIR}/prediction/{{asked}}/predictions.ecsv",
        "pictures": f"{XMM_DIR}/prediction/{{asked}}/pictures.h5",
    },
    over=[],
)
