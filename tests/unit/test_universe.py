"""The synthetic universe, read back through the unmodified illustris_python."""

import subprocess
import sys
from pathlib import Path

import h5py
import illustris_python as il
import numpy as np
import pytest

from skyloom.arms.tng import gas as thermodynamics
from skyloom.simulate import universe
from skyloom.simulate.universe import population

SNAPSHOTS, GALAXIES, CELLS, CHUNKS, SEED = [99, 84], 12, 300, 4, 5
SIZE = {"snapshots": SNAPSHOTS, "galaxies": GALAXIES, "seed": SEED}


def write(base, snapshot, **changes):
    size = {**SIZE, "gas_cells": CELLS, "chunks": CHUNKS, **changes}
    universe.write_snapshot(base, snapshot, **size)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("universe") / "output")
    for snapshot in SNAPSHOTS:
        write(folder, snapshot)
    universe.write_tree(folder, **SIZE)
    return folder


def people(snapshot):
    return population.populate(snapshot, **SIZE)[0]


def row_of(name, snapshot=99):
    return int(np.flatnonzero(people(snapshot).name == name)[0])


def load(base, snapshot, row, kind, fields=None):
    return il.snapshot.loadSubhalo(base, snapshot, row, kind, fields=fields)


@pytest.fixture(scope="module", params=SNAPSHOTS)
def catalogue(request, base):
    snapshot = request.param
    subhalos = il.groupcat.loadSubhalos(base, snapshot)
    return snapshot, subhalos, il.groupcat.loadHalos(base, snapshot)


def test_declared_files_are_the_ones_written(base):
    files = [*universe.tree_files(base)]
    for snapshot in SNAPSHOTS:
        declared = universe.snapshot_files(base, snapshot, chunks=CHUNKS)
        files += [*declared["groups"], *declared["snapshots"], declared["offsets"]]
    written = Path(base).parent.rglob("*")
    assert sorted(files) == sorted(str(path) for path in written if path.is_file())


def test_layout_imports_neither_numpy_nor_h5py():
    code = (
        "import sys; from skyloom.simulate.universe import layout;"
        "sys.exit(any(name in sys.modules for name in ('numpy', 'h5py', 'astropy')))"
    )
    scripts = Path(universe.__file__).parents[3]
    assert subprocess.run([sys.executable, "-c", code], cwd=scripts, check=False).returncode == 0


def test_catalogue_masses_and_rates_are_the_sums_of_particles(base, catalogue):
    snapshot, subhalos, halos = catalogue
    for row in range(subhalos["count"]):
        total = subhalos["SubhaloMassType"][row, 1].astype(float)
        for kind in (0, 4):
            particles = load(base, snapshot, row, kind)
            assert particles["count"] == subhalos["SubhaloLenType"][row, kind]
            mass = particles["Masses"].sum(dtype=float) if particles["count"] else 0.0
            assert subhalos["SubhaloMassType"][row, kind] == pytest.approx(mass, rel=1e-5)
            total += mass
            if kind == 0 and particles["count"]:
                rate = particles["StarFormationRate"].sum(dtype=float)
                assert subhalos["SubhaloSFR"][row] == pytest.approx(rate, rel=1e-5)
        assert subhalos["SubhaloMass"][row] == pytest.approx(total, rel=1e-5)
    for group in range(halos["count"]):
        gas = il.snapshot.loadHalo(base, snapshot, group, "gas")
        mass = gas["Masses"].sum(dtype=float) if gas["count"] else 0.0
        assert halos["GroupMassType"][group, 0] == pytest.approx(mass, rel=1e-5)
        assert halos["GroupLenType"][group, 0] == gas["count"]


def test_particles_lie_about_their_own_galaxy(base, catalogue):
    snapshot, subhalos, halos = catalogue
    reach = halos["Group_R_Crit200"][subhalos["SubhaloGrNr"]]
    for row in range(subhalos["count"]):
        for kind in (0, 4):
            if subhalos["SubhaloLenType"][row, kind]:
                where = load(base, snapshot, row, kind, ["Coordinates"])
                assert where.dtype == np.float64 and where.min() >= 0 and where.max() < 35000
                away = where - subhalos["SubhaloPos"][row]
                away -= 35000 * np.round(away / 35000)
                assert np.linalg.norm(away, axis=1).max() < 1.2 * reach[row]


def test_whole_snapshot_adds_up_over_chunks(base, catalogue):
    snapshot, _, halos = catalogue
    everything = il.snapshot.loadSubset(base, snapshot, "gas", ["Masses", "ParticleIDs"])
    assert everything["count"] > halos["GroupLenType"][:, 0].sum()
    assert len(np.unique(everything["ParticleIDs"])) == everything["count"]
    stars = il.snapshot.loadSubset(base, snapshot, "stars", ["Masses"])
    assert len(stars) == halos["GroupLenType"][:, 4].sum()


def test_every_cell_forms_stars_by_the_law(base, catalogue):
    snapshot, _, _ = catalogue
    gas = il.snapshot.loadSubset(base, snapshot, "gas", ["Masses", "Density", "StarFormationRate"])
    a, h = 1 / (1 + people(snapshot).redshift), 0.6774
    # n_H from the code density, by constants written out here.
    grams = gas["Density"].astype(float) * 1e10 * 1.98841e33 * h**2 / (a * 3.0856776e21) ** 3
    hydrogen = 0.76 * grams / 1.67262192e-24
    expected = gas["Masses"] * 1e10 / h * np.sqrt(hydrogen / 0.1) / 2.2e9
    forming = gas["StarFormationRate"] > 0
    assert np.all(hydrogen[forming] > 0.0999) and np.all(hydrogen[~forming] < 0.1001)
    np.testing.assert_allclose(gas["StarFormationRate"][forming], expected[forming], rtol=1e-4)


def test_temperature_read_from_the_files_is_the_intended_one(base, catalogue):
    snapshot, _, _ = catalogue
    gas = il.snapshot.loadSubset(base, snapshot, "gas")
    kelvin = thermodynamics.temperature(gas["InternalEnergy"], gas["ElectronAbundance"])
    forming = gas["StarFormationRate"] > 0
    assert kelvin[forming].min() > 0.99e4 and np.median(kelvin[forming]) < 1e5
    assert gas["ElectronAbundance"].max() <= 1.1580
    assert np.any(gas["ElectronAbundance"] == 0) and np.all(gas["ElectronAbundance"] >= 0)
    # A quenched galaxy's gas is hot: at the virial temperature, 2.6e5 K M12^(2/3) and up.
    row = row_of("long_quenched", snapshot)
    hot = load(base, snapshot, row, "gas")
    hot = thermodynamics.temperature(hot["InternalEnergy"], hot["ElectronAbundance"])
    assert 4e5 < np.median(hot) < 1e6 and hot.min() > 1e5


def test_hot_gas_is_as_dense_as_its_mass_and_radius_say(base):
    # At z = 0.2 mass over volume, in the same comoving units, must agree with Density.
    row = row_of("long_quenched", 84)
    gas = load(base, 84, row, "gas")
    away = gas["Coordinates"] - people(84).position[row]
    radius = np.linalg.norm(away - 35000 * np.round(away / 35000), axis=1)
    order = np.argsort(radius)
    ratios = []
    for shell in np.array_split(order[20:-20], 5):
        near, far = radius[shell].min(), radius[shell].max()
        mean = gas["Masses"][shell].sum() / (4 / 3 * np.pi * (far**3 - near**3))
        # Cells carry equal masses: volume over mass is the mean of 1 / density.
        ratios.append(mean * np.mean(1 / gas["Density"][shell].astype(float)))
    # A factor of a, h or 1 + z forgotten would be 1.2 to 3.2 in density.
    assert np.exp(np.mean(np.log(ratios))) == pytest.approx(1.0, abs=0.15)


def test_velocities_and_sizes_are_in_comoving_code_units(base):
    row = row_of("edge_x", 84)
    a = 1 / (1 + people(84).redshift)
    subhalo = il.groupcat.loadSingle(base, 84, subhaloID=row)
    stars = load(base, 84, row, "stars")
    bulk = stars["Velocities"].mean(axis=0) * np.sqrt(a)
    np.testing.assert_allclose(bulk, subhalo["SubhaloVel"], atol=40)
    group = il.groupcat.loadSingle(base, 84, haloID=int(subhalo["SubhaloGrNr"]))
    # R200 from M200 by its definition; the critical density today is 27.7536 x 10^10 Msun/h per
    # (Mpc/h)^3.
    critical = 27.7536e-9 * (0.3089 / a**3 + 0.6911) * a**3
    radius = (3 * group["Group_M_Crit200"] / (800 * np.pi * critical)) ** (1 / 3)
    assert group["Group_R_Crit200"] == pytest.approx(radius, rel=2e-3)
    np.testing.assert_allclose(group["GroupVel"], subhalo["SubhaloVel"] * a, rtol=1e-5)


def test_young_stars_turn_about_the_disc_and_carry_the_recent_star_formation(base):
    row = row_of("edge_x")
    stars = load(base, 99, row, "stars")
    made = stars["GFM_StellarFormationTime"]
    from astropy.cosmology import FlatLambdaCDM

    clock = FlatLambdaCDM(H0=67.74, Om0=0.3089, Tcmb0=0)
    young = made > 0
    young[young] = clock.age(0).value - clock.age(1 / made[young] - 1).value < 0.1001
    subhalo = il.groupcat.loadSingle(base, 99, subhaloID=row)
    mass = stars["Masses"][young].sum() * 1e10 / 0.6774
    assert mass == pytest.approx(subhalo["SubhaloSFR"] * 1e8, rel=1e-3)
    away = stars["Coordinates"][young] - people(99).position[row]
    away -= 35000 * np.round(away / 35000)
    motion = stars["Velocities"][young] - subhalo["SubhaloVel"]
    spin = np.sum(np.cross(away, motion), axis=0)
    assert spin @ people(99).axis[row] / np.linalg.norm(spin) > 0.95
    assert np.any(made < 0) and np.mean(made < 0) < 0.08


# ---- hard cases: one test a row of the package's table --------------------------------------


def test_corner_and_edge_galaxies_span_the_periodic_edge(base):
    for name, axes in (("corner", (0, 1, 2)), ("edge_x", (0,)), ("edge_y", (1,)), ("edge_z", (2,))):
        for snapshot in SNAPSHOTS:
            where = load(base, snapshot, row_of(name, snapshot), "gas", ["Coordinates"])
            for axis in axes:
                assert where[:, axis].min() < 50 and where[:, axis].max() > 34950, (name, axis)


def test_galaxies_straddle_the_edges_between_snapshot_files(base, catalogue):
    snapshot, subhalos, _ = catalogue
    with h5py.File(universe.snapshot_files(base, snapshot, chunks=CHUNKS)["offsets"]) as file:
        first = file["Subhalo/SnapByType"][()]
        edges = file["FileOffsets/SnapByType"][()]
    for kind in (0, 4):
        start, length = first[:, kind], subhalos["SubhaloLenType"][:, kind]
        inner = np.unique(edges[1:, kind])
        inner = inner[(inner > 0) & (inner < length.sum())]
        assert len(inner)
        for edge in inner:
            assert np.any((start < edge) & (edge < start + length))


def test_one_file_lacks_gas_and_another_lacks_stars(base):
    paths = universe.snapshot_files(base, 99, chunks=CHUNKS)["snapshots"]
    held, both = [], {"PartType0", "PartType4"}
    for path in paths:
        with h5py.File(path) as file:
            held.append(both & set(file))
    assert held == [both, {"PartType0"}, both, {"PartType4"}]


@pytest.mark.parametrize("chunks", [2, 3])
def test_fewer_files_read_the_same(base, tmp_path, chunks):
    other = str(tmp_path / "output")
    write(other, 99, chunks=chunks)
    for row in (0, row_of("corner"), len(people(99)) - 1):
        for kind in ("gas", "stars"):
            expected = load(base, 99, row, kind, ["Masses"])
            np.testing.assert_array_equal(load(other, 99, row, kind, ["Masses"]), expected)


def test_both_catalogue_files_hold_groups_and_subhaloes(base):
    for path in universe.snapshot_files(base, 99, chunks=CHUNKS)["groups"]:
        with h5py.File(path) as file:
            assert file["Header"].attrs["Ngroups_ThisFile"] > 0
            assert file["Header"].attrs["Nsubgroups_ThisFile"] > 0


def test_cuts_have_galaxies_on_both_sides(catalogue):
    _, subhalos, halos = catalogue
    stellar, total = subhalos["SubhaloMassType"][:, 4], subhalos["SubhaloMass"]
    group = halos["GroupMass"][subhalos["SubhaloGrNr"]]
    flag = subhalos["SubhaloFlag"]
    assert flag.dtype == bool
    inside = [stellar > 0.5, stellar < 100, total < 200, group < 500, flag]
    assert np.all(inside, axis=0).sum() >= 8
    assert np.any(stellar < 0.5) and np.any(stellar > 100) and np.any(total > 200)
    # One galaxy each that only the group's mass, or only the flag, keeps out.
    for cut in (3, 4):
        others = [test for index, test in enumerate(inside) if index != cut]
        assert np.any(np.all(others, axis=0) & ~inside[cut])


def test_a_selectable_galaxy_has_no_gas_at_all_nor_has_its_group(base):
    row = row_of("no_gas")
    subhalo = il.groupcat.loadSingle(base, 99, subhaloID=row)
    assert subhalo["SubhaloMassType"][4] > 0.5 and subhalo["SubhaloSFR"] == 0
    assert load(base, 99, row, "gas") == {"count": 0}
    assert il.snapshot.loadHalo(base, 99, int(subhalo["SubhaloGrNr"]), "gas") == {"count": 0}


def test_one_galaxy_forms_stars_but_has_no_young_ones(base):
    row = row_of("no_young_stars")
    assert load(base, 99, row, "gas", ["StarFormationRate"]).sum() > 0
    made = load(base, 99, row, "stars", ["GFM_StellarFormationTime"])
    # 1.4 Gyr ago the scale factor was 0.905.
    assert made.max() < 0.905


def test_several_selectable_galaxies_form_no_stars(catalogue):
    _, subhalos, _ = catalogue
    stellar = subhalos["SubhaloMassType"][:, 4]
    assert np.sum((subhalos["SubhaloSFR"] == 0) & (stellar > 0.5) & (stellar < 100)) >= 3


def test_a_galaxy_quenches_between_snapshots(base):
    then = il.groupcat.loadSingle(base, 84, subhaloID=row_of("quenches", 84))
    now = il.groupcat.loadSingle(base, 99, subhaloID=row_of("quenches", 99))
    assert then["SubhaloSFR"] > 0.1 and now["SubhaloSFR"] < 0.05 * then["SubhaloSFR"]


def test_groups_hold_satellites_and_one_group_holds_none(catalogue):
    _, subhalos, halos = catalogue
    assert halos["GroupNsubs"].max() >= 3
    assert (halos["GroupFirstSub"][-1], halos["GroupNsubs"][-1]) == (-1, 0)
    assert halos["GroupLenType"][-1, 0] > 0
    assert halos["GroupNsubs"].sum() == subhalos["count"]
    assert np.all(np.diff(halos["Group_M_Crit200"]) <= 0)


# ---- trees ---------------------------------------------------------------------------------


def test_main_branch_follows_one_lineage_through_the_snapshots(base):
    then, now = people(84), people(99)
    for row in range(len(now)):
        branch = il.sublink.loadTree(
            base, 99, row, fields=["SnapNum", "SubfindID"], onlyMPB=True, cache=False
        )
        if now.name[row] == "no_tree_row":
            assert branch is None
            continue
        assert list(branch["SnapNum"]) == SNAPSHOTS
        assert branch["SubfindID"][0] == row
        assert then.lineage[branch["SubfindID"][1]] == now.lineage[row]


def test_a_lineage_merges_into_its_host(base):
    fields = ["SubhaloID", "DescendantID", "FirstProgenitorID", "NextProgenitorID"]
    fields += ["MainLeafProgenitorID", "LastProgenitorID", "RootDescendantID", "SubfindID"]
    whole = il.sublink.loadTree(base, 99, row_of("merger_host"), fields=fields, cache=False)
    assert whole["count"] == 3 and "merges" not in people(99).name
    assert whole["SubfindID"][2] == row_of("merges", 84)
    assert len(set(whole["RootDescendantID"])) == 1
    own = whole["SubhaloID"]
    assert list(whole["DescendantID"]) == [-1, own[0], own[0]]
    assert list(whole["FirstProgenitorID"]) == [own[1], -1, -1]
    assert list(whole["NextProgenitorID"]) == [-1, own[2], -1]
    assert list(whole["LastProgenitorID"]) == [own[2], own[1], own[2]]
    assert list(whole["MainLeafProgenitorID"]) == [own[1], own[1], own[2]]
    descendants = il.sublink.loadTree(
        base, 84, row_of("merges", 84), fields=["SubfindID"], onlyMDB=True, cache=False
    )
    assert row_of("merger_host") in descendants


def test_each_tree_lies_within_one_file(base):
    roots = []
    for path in universe.tree_files(base):
        with h5py.File(path) as file:
            roots.append(set(file["RootDescendantID"][()]))
    assert roots[0] and roots[1] and not roots[0] & roots[1]
