"""The atlas: maps in physical units that lose little, within a budget at any size of run."""

import base64

import cv2
import fake_tng_run
import numpy as np
import pytest

from skyloom.errors import InputError
from skyloom.report import atlas, atlas_data, atlas_tiles, page, test_side


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return fake_tng_run.write(tmp_path_factory.mktemp("run") / "tng")


def collected(run):
    names = test_side.cases(run)
    galaxies = test_side.read_test_side(run, names)
    maps = sorted((run / "maps").glob("*.h5"))
    return galaxies, atlas_data.collect(run, names, galaxies, maps)


def unpacked(address):
    content = base64.b64decode(address.partition(",")[2])
    return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)


def test_the_sample_is_the_test_side_in_physical_units(run):
    galaxies, _ = collected(run)
    assert len(galaxies.id) == fake_tng_run.COUNT
    first = np.flatnonzero(galaxies.id == "099_0000001")[0]
    assert galaxies.mass[first] == pytest.approx(np.log10(0.5e10 / fake_tng_run.HUBBLE))
    far = np.flatnonzero(galaxies.snapshot == 91)[0]
    assert galaxies.kpc[far] == pytest.approx(1 / 1.1 / fake_tng_run.HUBBLE)
    assert -15 < galaxies.ssfr.mean() < -5


def test_packed_maps_give_the_written_values_back(run):
    galaxies, data = collected(run)
    bins = fake_tng_run.BINS
    for row, name in enumerate(data["id"]):
        place = np.flatnonzero(galaxies.id == name)[0]
        truth = fake_tng_run.galaxy_maps(galaxies.snapshot[place], galaxies.subhalo[place])
        pixel = fake_tng_run.WIDTH * galaxies.kpc[place] / bins
        levels = unpacked(data["maps"][row])[..., 0].reshape(3, bins, bins).astype(float)
        factors = (1, 1e10 / fake_tng_run.HUBBLE / pixel**2, 1)
        for channel, factor in enumerate(factors):
            low, high = data["low"][channel], data["high"][channel]
            value = 10 ** (low + (high - low) * (levels[channel] - 1) / 254)
            gas = truth[1] > 0
            assert np.array_equal(levels[channel] > 0, gas)
            limit = 10 ** ((high - low) / 508) * 1.0001
            ratio = value[gas] / (truth[channel][gas] * factor)
            assert ratio.max() < limit and ratio.min() > 1 / limit


def test_larger_pixels_conserve_mass_and_weigh_means_by_it():
    rng = np.random.default_rng(0)
    maps = rng.uniform(1, 2, (3, 8, 8))
    maps[:, 0, 0] = 0
    made = atlas_tiles.rebinned(maps, ["mass_weighted_mean", "sum", "mass_weighted_mean"], 4)
    assert made[1].sum() == pytest.approx(maps[1].sum())
    block = np.s_[2:4, 4:6]
    expected = np.average(maps[2][block], weights=maps[1][block])
    assert made[2][1, 2] == pytest.approx(expected)
    assert atlas_tiles.rebinned(np.zeros((3, 8, 8)), ["sum"] * 3, 4) is not None
    assert np.isnan(atlas_tiles.rebinned(np.zeros((3, 8, 8)), ["sum"] * 3, 4)).all()


def test_the_variants_of_a_galaxy_stand_upright_side_by_side(run):
    image = np.zeros((32, 32, 3), np.uint8)
    image[-4:, :, 0] = 255  # the top, for rows count upwards, in red
    shown = unpacked(atlas_tiles.strip([image, 255 - image], [None, None], 32))
    assert shown.shape == (32, 64, 3)
    assert shown[0, 16, 2] > 200 and shown[-1, 16].max() < 60 < 200 < shown[-1, 48].min()


def test_a_run_that_is_too_large_keeps_to_its_budget(run, monkeypatch):
    _, whole = collected(run)
    budget = {"variants": 0.4 * sum(map(len, whole["strips"])), "maps": 5e6}
    monkeypatch.setattr(atlas_data, "_BUDGET", budget)
    _, smaller = collected(run)
    assert smaller["tile"] < whole["tile"] and len(smaller["id"]) == len(whole["id"])
    monkeypatch.setattr(atlas_data, "_BUDGET", {"variants": 5e3, "maps": 5e6})
    _, fewer = collected(run)
    assert sum(map(len, fewer["strips"])) <= 5e3
    assert 1 <= len(fewer["id"]) < len(whole["id"]) == fewer["galaxies"]
    told = {"title": "t", "lead": "l", "synthetic": True, "made": "m"}
    assert "evenly spaced" in page.write([atlas._section(fewer)], **told)


def test_a_galaxy_without_maps_is_named(run):
    names = test_side.cases(run)
    galaxies = test_side.read_test_side(run, names)
    with pytest.raises(InputError, match=r"091_0000001.*make the maps again"):
        atlas_data.collect(run, names, galaxies, [run / "maps" / "snap_099.part_0.h5"])


def test_an_arm_that_was_not_run_has_no_atlas(tmp_path):
    assert atlas.sections(tmp_path) == []
