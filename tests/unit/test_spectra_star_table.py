"""Observed stars in one row each."""

import numpy as np
import pytest
from astropy.table import Table

from skyloom.arms.spectra import star_table
from skyloom.io.columns import masked
from skyloom.io.files import read_table, write_table

NAMES = "name file model label unit value uncertainty medium beyond"


def predictions(*rows):
    table = Table(rows=rows, names=NAMES.split())
    table["uncertainty"] = masked(table["uncertainty"])
    table.meta["synthetic"] = True
    return table


def star(name, model, teff, log_g, *, medium="air (file)", beyond=False):
    about = (name, f"{name}.txt", model)
    return [
        (*about, "teff", "K", *teff, medium, beyond),
        (*about, "log_g", "dex", *log_g, medium, beyond),
    ]


def test_each_star_has_one_row_of_the_network_with_the_smaller_errors(tmp_path):
    long = predictions(
        *star("a", "small", (25500.23516, 4087.9), (3.75317, 0.6717)),
        *star("a", "large", (26229.96680, 2919.1), (3.56969, 0.6302)),
        *star("b", "small", (15012.3, 151.0), (4.0049, 0.0999), medium="air (assumed)"),
        *star("b", "large", (15112.3, 1510.0), (4.1, 0.12), medium="air (assumed)"),
        *star("c", "small", (9000.0, 99.0), (4.0, 0.1), beyond=True),
    )
    write_table(star_table.one_row_each(long), tmp_path / "labels.ecsv")
    made = read_table(tmp_path / "labels.ecsv")
    assert made.colnames == "name file teff teff_error log_g log_g_error flag model".split()
    assert list(made["model"]) == ["large", "small", "small"]
    assert list(made["flag"]) == ["good", "medium assumed", "beyond training"]
    assert str(made["teff"].unit) == "K" and made.meta["synthetic"]
    # No more digits than the error has, in the file too.
    assert (made["teff"][0], made["teff_error"][0]) == (26200, 2900)
    assert (made["log_g"][0], made["log_g_error"][0]) == (3.57, 0.63)
    assert (made["log_g"][1], made["log_g_error"][1]) == (4.0, 0.1)
    assert "a a.txt 26200.0 2900.0 3.57 0.63 good large" in (tmp_path / "labels.ecsv").read_text()


@pytest.mark.parametrize(
    ("value", "error", "expected"),
    [
        (3.14159, 0.0123, (3.142, 0.012)),
        (3.14159, 0.0999, (3.14, 0.1)),
        (12345.6, 1234.5, (12300, 1200)),
        (12345.6, np.nan, (12350, np.nan)),
    ],
)
def test_a_value_has_no_more_digits_than_its_error(value, error, expected):
    np.testing.assert_equal(star_table.rounded(value, error), expected)


def test_without_errors_the_first_network_stands_and_its_error_is_masked():
    long = predictions(*star("a", "one", (25500.235, np.nan), (3.7531, np.nan)))
    made = star_table.one_row_each(long)
    assert made["teff"][0] == 25500 and made["teff_error"].mask.all()
