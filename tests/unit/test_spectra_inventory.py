"""Blocks' tables put together: every spectrum once, every reject listed."""

import numpy as np
import pytest
from astropy.table import Table
from refusal import refused

from skyloom.arms.spectra import inventory
from skyloom.errors import InputError
from skyloom.io.files import read_table, write_table


def block(rows, *, labels=("teff",), synthetic=True):
    table = Table(
        {
            "file": np.array([file for file, _ in rows], str),
            "id": np.array([name for _, name in rows], str),
            "teff": np.arange(len(rows), dtype=float),
        }
    )
    table["teff"].unit = "K"
    table.meta = {"labels": list(labels), "synthetic": synthetic}
    return table


def rejected(rows):
    files, reasons = ([row[part] for row in rows] for part in (0, 1))
    return Table({"file": np.array(files, str), "reason": np.array(reasons, str)})


def test_blocks_keep_their_order_and_units():
    parts = [block([("z.dat", "z"), ("a.dat", "a")]), block([]), block([("m.dat", "m")])]
    good, rejects = inventory.merge(parts, [rejected([])] * 3)
    assert list(good["id"]) == ["z", "a", "m"] and good["teff"].unit == "K"
    assert good.meta == {"labels": ["teff"], "synthetic": True}
    assert len(rejects) == 0 and rejects.colnames == ["file", "reason"]


def test_second_spectrum_of_an_id_is_rejected_naming_the_first():
    parts = [block([("a.dat", "a"), ("b.dat", "b")]), block([("c.dat", "c"), ("more/a.dat", "a")])]
    good, rejects = inventory.merge(parts, [rejected([])] * 2)
    assert list(good["file"]) == ["a.dat", "b.dat", "c.dat"]
    assert list(rejects["file"]) == ["more/a.dat"]
    assert rejects["reason"][0] == "more/a.dat has the labels of a.dat, which is used: keep one."


def test_result_does_not_depend_on_the_number_of_blocks():
    rows = [(f"{name}.dat", name) for name in "abcde"]
    lost = [(f"{name}.txt", f"{name}.txt is no spectrum.") for name in "zyx"]
    whole = inventory.merge([block(rows)], [rejected(lost)])
    parts = [block(rows[:2]), block(rows[2:])]
    parts[1]["teff"] += 2
    halves = inventory.merge(parts, [rejected(lost[:1]), rejected(lost[1:])])
    for one, other in zip(whole, halves, strict=True):
        assert one.pformat() == other.pformat() and one.meta == other.meta
    assert list(whole[1]["file"]) == ["x.txt", "y.txt", "z.txt"]


def test_tables_survive_their_files(tmp_path):
    parts = [block([("a.dat", "a")]), block([])]
    for number, part in enumerate(parts):
        write_table(part, tmp_path / f"{number}.ecsv")
        write_table(rejected([]), tmp_path / f"rejects_{number}.ecsv")
    good, _ = inventory.merge(
        [read_table(tmp_path / f"{number}.ecsv") for number in (0, 1)],
        [read_table(tmp_path / f"rejects_{number}.ecsv") for number in (0, 1)],
    )
    assert list(good["id"]) == ["a"] and good["teff"].dtype == float


def test_no_good_file_is_an_error_that_gives_the_first_reason():
    with pytest.raises(InputError, match=r"None of the 1 files can be used; the first: a is bad\."):
        inventory.merge([block([])], [rejected([("a", "a is bad.")])])
    refused("There is no file", inventory.merge, [block([])], [rejected([])])


def test_blocks_of_different_labels_are_refused():
    refused("differ in their labels", inventory.merge, [block([]), block([], labels=["log_g"])], [])
