"""Particles that do not lie where their subhaloes are tell files of other places."""

import os

import fake_tng
import h5py
import numpy as np
import pytest
from refusal import refused

from skyloom.arms.tng import consistency
from skyloom.arms.tng.simulation import Simulation

BOX, RADIUS = 35000.0, 10.0
HEADER = {"Time": 1.0, "Redshift": 0.0, "BoxSize": BOX, "HubbleParam": 0.6774, "Omega0": 0.3089}
GAS, STARS = [60, 5, 60, 5], [40, 3, 40, 3]


def snapshot(base, seed=1, *, radii=True, corner=False):
    """Four subhaloes in two files with as many particles each; their places by the seed."""
    rng = np.random.default_rng(seed)
    places = rng.uniform(0, BOX, (4, 3))
    if corner:
        places[0] = 0.01
    lengths = np.zeros((4, 6), int)
    lengths[:, 0], lengths[:, 4] = GAS, STARS
    fields = {}
    for kind, counts in ((0, GAS), (4, STARS)):
        # Half of them, behind the others, is far out.
        far = np.concatenate([np.arange(n) < n / 2 for n in counts])[:, None]
        offsets = rng.uniform(-1, 1, (sum(counts), 3)) * np.where(far, 20, 0.5) * RADIUS
        fields[kind] = {"Coordinates": (np.repeat(places, counts, axis=0) + offsets) % BOX}
    fake_tng.snapshot(base, lengths, fields, cuts={0: (0.5,), 4: (0.5,)})
    for path in (base / "snapdir_099").iterdir():
        with h5py.File(path, "r+") as file:
            file["Header"].attrs.update(HEADER)
    for path, rows in zip(sorted((base / "groups_099").iterdir()), ([0, 1], [2, 3]), strict=True):
        with h5py.File(path, "r+") as file:
            file["Header"].attrs.update(HEADER)
            for name in ("Ngroups", "Nsubgroups"):
                file["Header"].attrs.update({f"{name}_ThisFile": 2, f"{name}_Total": 4})
            file["Subhalo/SubhaloGrNr"] = np.array(rows)
            file["Subhalo/SubhaloPos"] = places[rows].astype("f4")
            if radii:
                file["Subhalo/SubhaloHalfmassRadType"] = np.full((2, 6), RADIUS, "f4")
    return base


def check(base):
    return consistency.check_snapshot(Simulation(base, 99))


def swapped(base):
    one, other = sorted((base / "snapdir_099").iterdir())
    os.rename(one, base / "aside")
    os.rename(other, one)
    os.rename(base / "aside", other)


@pytest.mark.parametrize("corner", [False, True])
def test_particles_around_their_subhaloes_agree_across_the_edge_too(tmp_path, corner):
    assert check(snapshot(tmp_path / "output", corner=corner))["unfit"] == {}


def test_chunks_that_changed_places_are_refused_though_their_counts_are_equal(tmp_path):
    base = snapshot(tmp_path / "output")
    swapped(base)
    refused(r"snap_099\.0\.hdf5 do not belong together.*SubhaloPos", check, base)


def test_a_snapshot_of_other_random_numbers_is_refused(tmp_path):
    base = snapshot(tmp_path / "output")
    other = snapshot(tmp_path / "other" / "output", seed=2)
    os.rename(other / "snapdir_099" / "snap_099.1.hdf5", base / "snapdir_099" / "snap_099.1.hdf5")
    refused(r"snap_099\.1\.hdf5 do not belong together.*subhalo 2 ", check, base)


def test_catalogues_without_radii_tell_nothing(tmp_path):
    base = snapshot(tmp_path / "output", radii=False)
    swapped(base)
    assert check(base)["unfit"] == {}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("SubhaloPos", np.zeros(2)),
        ("SubhaloHalfmassRadType", np.ones((2, 4))),
        ("SubhaloHalfmassRadType", np.full((2, 6), b"one")),
    ],
)
def test_columns_that_are_no_places_or_radii_are_refused(tmp_path, name, values):
    base = snapshot(tmp_path / "output")
    with h5py.File(base / "groups_099" / "fof_subhalo_tab_099.0.hdf5", "r+") as file:
        del file[f"Subhalo/{name}"]
        file[f"Subhalo/{name}"] = values
    refused("get the", check, base)
