"""The observation table, in each format and with each thing that can be wrong with it."""

import numpy as np
import pytest
from astropy.table import MaskedColumn, Table
from refusal import refused

from skyloom.arms.xmm import observations
from skyloom.errors import InputError


def table():
    return Table(
        {
            "OBS_ID": ["0098010101", "0201901401", "0500000001"],
            "OBS_CLASS": [0, 5, 2],
            "PN_TEXP": [100.0, 0.0, 7.0],
            "M1_TEXP": [110.0, 5150.0, 8.0],
            "M2_TEXP": [120.0, 5100.0, np.nan],
        }
    )


@pytest.mark.parametrize("name", ["o.fits", "o.fits.gz", "o.csv", "o.ecsv"])
def test_every_format_gives_the_same_rows(tmp_path, name):
    # CSV keeps numbers, not the zeros before them.
    own = table()
    if name.endswith(".csv"):
        own["OBS_ID"] = own["OBS_ID"].astype(int)
    own.write(tmp_path / name)
    found = observations.read_observations(tmp_path / name)
    assert list(found.rows) == ["0098010101", "0201901401", "0500000001"]
    assert [row.obs_class for row in found.rows.values()] == [0, 5, 2]
    assert found.rows["0201901401"].exposure == {"pn": 0.0, "mos1": 5150.0, "mos2": 5100.0}
    assert found.rows["0500000001"].exposure["mos2"] == 0.0


def test_columns_are_found_by_alias_without_regard_to_case(tmp_path):
    own = table()
    own.rename_columns(["OBS_ID", "OBS_CLASS", "PN_TEXP"], ["obsid", "Quality", "pn_ontime"])
    own.write(tmp_path / "o.csv")
    refused(r"xmm\.columns\.obs_class", observations.read_observations, tmp_path / "o.csv")
    found = observations.read_observations(
        tmp_path / "o.csv", {"obs_class": ["nothing", "quality"]}
    )
    assert found.rows["0098010101"].obs_class == 0
    assert found.rows["0098010101"].exposure["pn"] == 100.0


def test_a_camera_whose_exposure_is_used_must_have_its_column(tmp_path):
    own = table()
    own.remove_column("M1_TEXP")
    own.write(tmp_path / "o.csv")
    assert (
        observations.read_observations(tmp_path / "o.csv").rows["0098010101"].exposure["mos1"]
        == 0.0
    )
    with pytest.raises(InputError, match=r"xmm\.columns\.mos1"):
        observations.read_observations(tmp_path / "o.csv", cameras=observations.cameras_of("sum"))


@pytest.mark.parametrize("value", [-1, 6, 9, 2.5])
def test_a_class_outside_0_to_5_is_no_class(tmp_path, value):
    own = table()
    own["OBS_CLASS"] = [0, value, 2]
    own.write(tmp_path / "o.ecsv")
    row = observations.read_observations(tmp_path / "o.ecsv").rows["0201901401"]
    assert row.obs_class is None
    assert str(value) in row.given_class


def test_missing_values_are_no_class_and_no_exposure(tmp_path):
    own = table()
    own["OBS_CLASS"] = MaskedColumn([0, 1, 2], mask=[False, True, False])
    own["PN_TEXP"] = MaskedColumn([1.0, 1.0, 1.0], mask=[True, False, False])
    own.write(tmp_path / "o.ecsv")
    found = observations.read_observations(tmp_path / "o.ecsv")
    assert found.rows["0201901401"].obs_class is None
    assert found.rows["0098010101"].exposure["pn"] == 0.0


def test_of_an_observation_listed_twice_the_first_row_counts_and_the_second_is_named(tmp_path):
    own = table()
    own["OBS_ID"] = ["0000000001", "1", ""]
    own.write(tmp_path / "o.ecsv")
    found = observations.read_observations(tmp_path / "o.ecsv")
    assert found.rows["0000000001"].obs_class == 0
    assert [observation for observation, _ in found.rejects] == ["0000000001", ""]
    assert "Row 2" in found.rejects[0][1]


@pytest.mark.parametrize("content", [None, b"", b"not a table", b"SIMPLE  = nonsense"])
def test_a_table_that_cannot_be_read_is_one_sentence(tmp_path, content):
    path = tmp_path / "o.fits"
    if content is not None:
        path.write_bytes(content)
    refused(r"o\.fits .*xmm\.observations", observations.read_observations, path)
