"""Errors, intervals and coverage of spectra's labels beside what a person would count."""

import numpy as np
import pytest
from astropy.table import Table
from scipy import stats

from skyloom.arms.spectra import evaluation
from skyloom.errors import InputError
from skyloom.io.columns import where

COUNT = 3000


def _predictions(sigma_scale=1.0, seed=0):
    """One label, Gaussian errors of 100 K, stated as `sigma_scale` times that."""
    rng = np.random.default_rng(seed)
    table = Table(meta={"synthetic": True})
    table["id"] = [f"t{n:04d}" for n in range(COUNT)]
    table["part"] = np.tile(["train", "validation", "test"], COUNT // 3)
    table["teff"] = rng.choice(np.arange(15000.0, 30001, 500), COUNT)
    table["v_rot"] = rng.choice([100.0, 200.0, 300.0], COUNT)
    for name, width in (("teff", 100.0), ("v_rot", 10.0)):
        table[f"{name}_predicted"] = table[name] + rng.normal(0, width, COUNT)
        table[f"{name}_uncertainty"] = width * sigma_scale
    return table


def _side(error):
    by_label = {"teff": {"mae": 80.0}, "v_rot": {"mae": 8.0}}
    return {
        **{"spectra": 1000, "loss": error**2, "mae_standardised": error, "mixed_mae": 44.0},
        **{"argmax_agreement": 0.9, "mae_of_the_mean_standardised": 0.86, "labels": by_label},
    }


def _metrics(model="clean_initial", synthetic=True):
    chosen = {"loss": 0.1, "mae": 0.2, "argmax_agreement": 0.8, "learning_rate": 0.001}
    chosen |= {"val_loss": 0.11, "val_mae": 0.22, "val_argmax_agreement": 0.79}
    sides = {part: _side(0.2) for part in ("train", "validation", "test")}
    members = [
        {
            **{"member": n, "seed": n, "epochs": 9, "best_epoch": 7, "chosen_epoch": 7},
            **{"chosen": chosen, "sides": {part: _side(0.2 * n) for part in sides}},
        }
        for n in (1, 2)
    ]
    return {
        **{"arm": "helium", "dataset": "clean", "network": "initial", "model": model},
        **{"labels": ["teff", "v_rot"], "units": ["K", "km / s"], "synthetic": synthetic},
        **{"sides": sides, "per_member": members},
    }


def _summary(table):
    return evaluation.summarise([table], [_metrics()], samples=400, level=0.95, seed=1)


def test_summary_counts_the_test_side_only():
    table = _predictions()
    row = _summary(table)[0]
    test, train = (table[table["part"] == part] for part in ("test", "train"))
    difference = test["teff_predicted"] - test["teff"]
    assert row["mae"] == pytest.approx(np.mean(abs(difference)))
    assert row["bias"] == pytest.approx(np.mean(difference))
    assert row["rmse"] == pytest.approx(np.sqrt(np.mean(difference**2)))
    assert row["pearson_r"] == pytest.approx(
        np.corrcoef(test["teff"], test["teff_predicted"])[0, 1]
    )
    of_the_mean = np.mean(abs(test["teff"] - np.mean(train["teff"])))
    assert row["mae_mean"] == pytest.approx(of_the_mean)
    assert row["ratio"] == pytest.approx(of_the_mean / row["mae"])
    assert (row["label"], row["unit"]) == ("teff", "K")
    assert row["ratio_low"] < row["ratio"] < row["ratio_high"]


def test_interval_is_that_of_the_mean_of_a_half_normal():
    row = _summary(_predictions())[0]
    # The mean of 1,000 |errors|: its standard error is that of a half normal over sqrt(1000).
    error = 100 * np.sqrt(1 - 2 / np.pi) / np.sqrt(1000)
    assert (row["mae_high"] - row["mae_low"]) / (2 * 1.96) == pytest.approx(error, rel=0.35)


def test_rotations_of_one_model_are_one_draw():
    table = _predictions()
    rows = where(table, part="test")
    groups = evaluation._groups(rows, ["teff", "v_rot"])
    assert len(np.unique(groups)) == len(np.unique(rows["teff"]))
    assert len(np.unique(evaluation._groups(rows, ["v_rot"]))) == 3


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_recalibrated_uncertainties_cover_what_they_say(scale):
    table = evaluation.calibration([_predictions(scale)], [_metrics()])
    rows = table[table["label"] == "teff"]
    expected = 2 * stats.norm.cdf(scale * stats.norm.ppf((1 + rows["level"]) / 2)) - 1
    np.testing.assert_allclose(rows["coverage"], expected, atol=0.04)
    np.testing.assert_allclose(rows["coverage_recalibrated"], rows["level"], atol=0.04)
    assert rows["factor"][0] == pytest.approx(1 / scale, rel=0.07)


def test_factor_of_gaussian_errors_is_their_root_mean_square_and_outliers_do_not_move_it():
    z = abs(np.random.default_rng(0).normal(0, 2, 20_000))
    assert evaluation.recalibration(z) == pytest.approx(np.sqrt(np.mean(z**2)), rel=0.02)
    z[:20] = 1e6
    assert evaluation.recalibration(z) == pytest.approx(2, rel=0.02)
    assert np.isnan(evaluation.recalibration(np.array([])))


def test_models_without_uncertainties_have_no_calibration():
    table = _predictions()
    table.remove_columns(["teff_uncertainty", "v_rot_uncertainty"])
    made = evaluation.calibration([table], [_metrics()])
    assert len(made) == 0 and "coverage_recalibrated" in made.colnames


def test_noise_begins_with_the_spectra_as_they_are():
    table = _predictions()
    test = table[table["part"] == "test"]
    noisy = Table({"id": test["id"][::-1], "snr": np.full(len(test), 50.0)})
    for label in ("teff", "v_rot"):
        noisy[f"{label}_predicted"] = test[label][::-1] + 7.0
    rows = evaluation.noise([table], [noisy], [_metrics()])
    teff = rows[rows["label"] == "teff"]
    assert list(teff["snr"]) == [0, 50]
    assert teff["mae"][0] == pytest.approx(_summary(table)["mae"][0])
    assert teff["mae"][1] == pytest.approx(7) and teff["bias"][1] == pytest.approx(7)


def test_members_stand_alone_with_what_the_training_recorded():
    rows = evaluation.members([_metrics()])
    assert list(rows["member"]) == [1, 1, 1, 2, 2, 2]
    test = rows[rows["part"] == "test"]
    np.testing.assert_allclose(test["mae_standardised"], [0.2, 0.4])
    np.testing.assert_allclose(test["ratio"], [4.3, 2.15])
    assert np.all(test["history_loss"].mask)
    assert set(rows[rows["part"] == "validation"]["history_mae"]) == {0.22}
    assert rows.meta["spectra"] == 3000 and rows.meta["synthetic"]


def test_predictions_that_cannot_be_judged_are_refused():
    table = _predictions()
    with pytest.raises(InputError, match="no row with part = test: raise helium.split.test"):
        _summary(table[table["part"] != "test"])
    table["teff_predicted"][3] = np.nan
    with pytest.raises(InputError, match="teff_predicted has values that are not finite"):
        _summary(table)
