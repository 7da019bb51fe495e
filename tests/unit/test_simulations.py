"""Any simulation of TNG's format: what its files look like, and that files alone decide."""

import h5py
import illustris_python as il
import numpy as np
import pytest
from refusal import refused

from skyloom.arms.tng import runs, selection, simulation_table
from skyloom.arms.tng.simulation import Simulation
from skyloom.simulate import universe
from skyloom.simulate.universe import cosmology, population

SIZE = {"galaxies": 12, "seed": 3}
WIDE = {"stellar_mass": [0.0, 1e4], "total_mass_max": 1e5, "group_mass_max": 1e5}
SNAPSHOTS = {"Illustris-1": [135], "TNG300-1": [99], "TNG50-1": [99]}


@pytest.fixture(scope="module")
def bases(tmp_path_factory):
    folder, found = tmp_path_factory.mktemp("universes"), {}
    for name, snapshots in SNAPSHOTS.items():
        found[name] = folder / name / "output"
        own = {**SIZE, "snapshots": snapshots, "simulation": name}
        universe.write_snapshot(found[name], snapshots[0], gas_cells=100, chunks=3, **own)
        universe.write_tree(found[name], **own)
    return found


def opened(bases, name):
    return Simulation(bases[name], SNAPSHOTS[name][0])


@pytest.mark.parametrize(
    ("name", "box", "hubble", "matter"),
    [("Illustris-1", 75000, 0.704, 0.2726), ("TNG300-1", 205000, 0.6774, 0.3089)],
)
def test_headers_have_the_box_and_cosmology_of_the_simulation(bases, name, box, hubble, matter):
    header = opened(bases, name).header
    assert (header.box_size, header.hubble, header.omega_matter) == (box, hubble, matter)
    assert header.redshift == 0.0 and header.synthetic
    where = il.snapshot.loadSubset(str(bases[name]), header.snapshot, "gas", ["Coordinates"])
    # Galaxies fill the box, and none lies beyond it.
    assert 0 <= where.min() and where.max() < box and where.max() > 0.9 * box


def test_illustris_has_no_flag_and_every_subhalo_counts_as_a_galaxy(bases):
    ours, theirs = opened(bases, "Illustris-1"), opened(bases, "TNG50-1")
    assert not ours.has_subhalo_field("SubhaloFlag") and theirs.has_subhalo_field("SubhaloFlag")
    chosen, flagged = (selection.select(s, cuts=WIDE) for s in (ours, theirs))
    stars = ours.subhalos(("SubhaloMassType",))["SubhaloMassType"][:, 4]
    assert len(chosen) == (stars > 0).sum()
    assert "every subhalo counts as a galaxy" in chosen.meta["subhalo_flag"]
    assert "subhalo_flag" not in flagged.meta
    assert len(flagged) < len(theirs.subhalos(("SubhaloGrNr",))["SubhaloGrNr"])


def test_particles_of_dark_matter_weigh_what_the_catalogue_says(bases):
    for name in SNAPSHOTS:
        simulation = opened(bases, name)
        subhalos = simulation.subhalos(("SubhaloLenType", "SubhaloMassType"))
        mass = simulation.particle_mass("dark_matter")
        weight = subhalos["SubhaloLenType"][:, 1] * mass
        # To half a particle.
        np.testing.assert_allclose(
            weight, subhalos["SubhaloMassType"][:, 1], atol=0.501 * mass, rtol=1e-6
        )


def test_dark_matter_follows_navarro_frenk_and_white(bases):
    from skyloom.simulate.universe import derived_fields

    rng = np.random.default_rng(2)
    places = derived_fields.dark_matter(1e12, 200.0, 10.0, 1e7, rng)
    radius = np.sort(np.linalg.norm(places, axis=1)) / 200.0
    x = 10.0 * radius
    share = (np.log1p(x) - x / (1 + x)) / (np.log(11) - 10 / 11)
    # Kolmogorov and Smirnov: 1.63 / sqrt(N) is passed by 99 of 100.
    steps = np.arange(1, len(x) + 1) / len(x)
    assert np.abs(share - steps).max() < 1.63 / np.sqrt(len(x))


@pytest.mark.parametrize(
    ("box", "hubble", "mass", "name"),
    [
        # Masses as printed: 4.5e5, 7.5e6, 5.9e7 (Nelson et al. 2019) and 6.26e6 Msun (2015).
        (35000, 0.6774, 4.5e5 * 0.6774 / 1e10, "TNG50-1"),
        (75000, 0.6774, 7.5e6 * 0.6774 / 1e10, "TNG100-1"),
        (205000, 0.6774, 5.9e7 * 0.6774 / 1e10, "TNG300-1"),
        (75000, 0.704, 6.26e6 * 0.704 / 1e10, "Illustris-1"),
    ],
)
def test_a_simulation_is_known_by_its_box_and_particles(box, hubble, mass, name):
    run = runs.SIMULATIONS[name]
    # Printed to two digits.
    assert run.dark_mass == pytest.approx(mass, rel=2e-2)
    assert runs.recognised(box, hubble, run.dark_mass) == name
    assert runs.recognised(box, hubble, 17.0) == name.rpartition("-")[0]
    assert runs.recognised(box, 0.5, run.dark_mass) == "unknown"


def test_the_census_says_what_each_snapshot_can_give(bases):
    found = {}
    for name in SNAPSHOTS:
        simulation = opened(bases, name)
        found[name] = simulation_table.table(
            [simulation], [selection.select(simulation, cuts=WIDE)]
        )
    assert found["Illustris-1"].meta["simulation"] == "Illustris"
    assert "magnetic_field" not in found["Illustris-1"]["channels"][0].split()
    everything = {"gas", "velocity", "velocity_dispersion", "metallicity", "dark_matter"}
    assert everything <= set(found["Illustris-1"]["channels"][0].split())
    assert everything | {"magnetic_field"} <= set(found["TNG300-1"]["channels"][0].split())
    assert found["TNG300-1"].meta["simulation"] == "TNG300"


def test_snapshots_of_two_simulations_are_refused(bases):
    both = [opened(bases, name) for name in ("TNG50-1", "TNG300-1")]
    refused("of another simulation than snapshot 99", simulation_table.table, both, [[], []])


def test_the_adopted_simulation_is_left_with_its_context():
    with cosmology.adopted("Illustris-1"):
        assert cosmology.HUBBLE == 0.704 and cosmology.redshift(135) == 0.0
        refused("choose from 116 to 135", cosmology.redshift, 99)
        # 13.7 Gyr with WMAP9's numbers (Hinshaw et al. 2013: 13.74).
        assert float(cosmology.age(0.0)) == pytest.approx(13.74, abs=0.05)
    assert cosmology.HUBBLE == 0.6774 and float(cosmology.age(0.0)) == pytest.approx(13.8, abs=0.03)


def test_further_fields_take_no_random_number_of_the_galaxies(bases):
    """Gas and stars come from generators that metals, fields and dark matter never touch."""
    people, _ = population.populate(99, snapshots=[99], **SIZE)
    with h5py.File(bases["TNG50-1"] / "snapdir_099" / "snap_099.0.hdf5") as file:
        assert {"GFM_Metallicity", "MagneticField"} <= set(file["PartType0"])
        metals = file["PartType0/GFM_Metallicity"][()] / 0.0127
        assert metals.min() > 0 and 0.5 < np.median(metals[metals > 0.5]) < 3
        field = np.linalg.norm(file["PartType0/MagneticField"][()], axis=1) * 2.6 * 0.6774
        # Discs have some microgauss (Beck 2015), haloes less.
        assert 1 < np.percentile(field, 95) < 50
    assert len(people) > 12


@pytest.mark.parametrize(
    ("file", "name"),
    [("SimSpin_example_IllustrisTNG.hdf5", "TNG100-1"), ("cutout_3.hdf5", "TNG50-1")],
)
def test_real_files_are_recognised(real_data, file, name):
    with h5py.File(real_data / "tng" / file) as opened_file:
        header = opened_file["Header"].attrs
        box, hubble = (float(np.ravel(header[key])[0]) for key in ("BoxSize", "HubbleParam"))
        mass = header["MassTable"][1]
    assert runs.recognised(box, hubble, mass) == name
    assert runs.SIMULATIONS[name].dark_mass == pytest.approx(mass, rel=1e-4)
