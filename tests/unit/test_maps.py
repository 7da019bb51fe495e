"""The whole chain from files to maps against a reference that shares no code with it."""

import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
import small_tng
from refusal import refused
from small_tng import OPTIONS, options

from skyloom.arms.tng import galaxy_loop, map_files, maps, selection
from skyloom.arms.tng.simulation import GAS_FIELDS, Simulation
from skyloom.io.files import atomic_hdf5

SNAPSHOT = 91
UNIVERSE = {"snapshots": [99, 91], "galaxies": 16, "seed": 5}


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    path = tmp_path_factory.mktemp("universe") / "output"
    return small_tng.write(path, SNAPSHOT, gas_cells=400, chunks=3, **UNIVERSE)


@pytest.fixture
def copy(base, tmp_path):
    """The same snapshot, to be damaged."""
    shutil.copytree(base.parent, tmp_path / "copy")
    return tmp_path / "copy" / "output"


@pytest.fixture(scope="module")
def simulation(base):
    return Simulation(base, SNAPSHOT)


@pytest.fixture(scope="module")
def galaxies(simulation):
    return selection.with_ssfr(selection.select(simulation, cuts=small_tng.WIDE), mass="stellar")


@pytest.fixture(scope="module")
def projected(kernel, simulation, galaxies):
    return list(maps.project_all(kernel, simulation, galaxies, OPTIONS))


@pytest.fixture(scope="module")
def seen(base, galaxies, projected):
    """Each galaxy's maps, and its group's maps, masses and places by plain NumPy."""
    return [
        (ours.maps, *reference(base, galaxy["group_id"], centre(galaxy), ours.rotation))
        for galaxy, ours in zip(galaxies, projected, strict=True)
    ]


def centre(galaxy):
    return np.array([galaxy[name] for name in "xyz"])


def reference(base, group, centre, rotation):
    """Maps of one group in plain float64 NumPy, from the raw chunks, group lengths and formulas."""
    with h5py.File(small_tng.chunks(base, SNAPSHOT)[0]) as file:
        a, h = (file["Header"].attrs[name] for name in ("Time", "HubbleParam"))
    rows, (x, y, _) = small_tng.on_the_sky(base, SNAPSHOT, 0, group, centre, rotation)
    masses, energy, xe, density = (
        small_tng.whole(base, SNAPSHOT, "PartType0", name)[rows]
        for name in ("Masses", "InternalEnergy", "ElectronAbundance", "Density")
    )
    mu = 4 / (1 + 3 * 0.76 + 4 * 0.76 * xe)
    kelvin = (2 / 3) * energy * 1e10 * mu * 1.67262192e-24 / 1.380649e-16
    grams = density * 1e10 * 1.98840987e33 * h**2 / (a * 3.0856775815e21) ** 3
    electrons = np.maximum(xe, 1e-4) * 0.76 * grams / 1.67262192e-24
    entropy = 1.380649e-16 * kelvin / 1.602176634e-9 * electrons ** (-2 / 3)
    mass = small_tng.binned(x, y, masses)
    with np.errstate(invalid="ignore"):
        means = [
            np.nan_to_num(small_tng.binned(x, y, masses * q) / mass) for q in (entropy, kelvin)
        ]
    return np.stack([means[0], mass, means[1]]), masses, x, y


def test_maps_agree_with_plain_numpy_on_every_galaxy(seen):
    for ours, expected, *_ in seen:
        np.testing.assert_allclose(ours, expected, rtol=1e-5)


def test_total_mass_on_the_map_is_conserved(seen):
    for ours, _, mass, x, y in seen:
        inside = mass[(np.abs(x) <= 30) & (np.abs(y) <= 30)].sum()
        assert ours[1].sum(dtype=np.float64) == pytest.approx(inside, rel=1e-6)


def test_galaxies_across_the_periodic_edge_keep_the_gas_beyond_it(base, galaxies, projected):
    lost = 0
    for galaxy, ours in zip(galaxies, projected, strict=True):
        gas = Simulation(base, SNAPSHOT).particles("gas", GAS_FIELDS, group=galaxy["group_id"])
        # Without the wrap, cells on the other side of the box would be left out.
        unwrapped = np.abs((gas["Coordinates"] - centre(galaxy)) @ ours.rotation.T)
        naive = gas["Masses"][(unwrapped[:, :2] <= 30).all(axis=1)].sum()
        lost += ours.maps[1].sum() > 1.05 * naive
    assert lost >= 2


def test_galaxy_without_gas_of_its_own_gives_zeros_from_subhalo_members(
    kernel, simulation, galaxies
):
    own = options(gas={"members": "subhalo"})
    empty = galaxies[galaxies["gas_mass"] == 0]
    assert len(empty)
    for ours in maps.project_all(kernel, simulation, empty, own):
        assert ours.cells == 0 and not ours.maps.any()


def test_disc_is_seen_face_on_and_edge_on_at_ninety_degrees(kernel, simulation, galaxies):
    forming = galaxies[np.argsort(galaxies["sfr"])[-3:]]
    # The galaxy's own gas: satellites of its group lie anywhere.
    own = {"members": "subhalo"}
    views = (options(gas=own, rotation={"inclination": angle}) for angle in (0.0, 90.0))
    y = np.abs(np.arange(64) - 31.5)[:, None]
    seen = (maps.project_all(kernel, simulation, forming, view) for view in views)
    for view, other in zip(*seen, strict=True):
        face, edge = (np.average(y + 0 * m.maps[1], weights=m.maps[1]) for m in (view, other))
        assert edge < 0.7 * face


def test_maps_do_not_depend_on_threads_or_parts(kernel, simulation, galaxies, projected):
    for threads, parts in ((2, 1), (4, 3)):
        again = [
            galaxy
            for part in range(parts)
            for rows in [maps.part_of(galaxies, part, parts)]
            for galaxy in maps.project_all(kernel, simulation, rows, OPTIONS, threads=threads)
        ]
        assert [g.subhalo_id for g in again] == [g.subhalo_id for g in projected]
        for one, two in zip(again, projected, strict=True):
            np.testing.assert_array_equal(one.maps, two.maps)


@pytest.fixture
def store(tmp_path, simulation):
    """Writes maps into a file, and gives its path."""

    def write(some, name="maps.h5"):
        with atomic_hdf5(tmp_path / name) as file:
            maps.write_maps(file, some, len(some), header=simulation.header, options=OPTIONS)
        return tmp_path / name

    return write


def test_map_file_comes_back_as_it_was_projected(store, projected):
    path = store(projected)
    blocks = list(map_files.read_maps([path], block=5))
    np.testing.assert_array_equal(
        np.concatenate([block.maps for block in blocks]), [g.maps for g in projected]
    )
    with h5py.File(path) as file:
        assert list(file.attrs["units"]) == ["keV cm2", "1e10 Msun/h", "K"]
        assert file["rotation"].shape == (len(projected), 3, 3)
        assert file.attrs["synthetic"]


def test_render_refuses_maps_that_do_not_follow_the_galaxy_table(store, galaxies, projected):
    sample = map_files.labelled([galaxies])
    parameters = {"kind": "composite", "beta": 0.001, "overflow": "clip"}
    maxima = dict.fromkeys(maps.CHANNELS, 1.0)
    rendered = map_files.render_all([store(projected[::-1])], sample, maxima, parameters)
    refused("do not follow the galaxy table", list, rendered)


def test_sample_with_a_galaxy_that_has_no_map_is_refused_by_name(store, galaxies, projected):
    rest = projected[1:]
    paths = [store(rest)]
    lacking = f"lack 1 of .* subhalo {projected[0].subhalo_id} of"
    refused(lacking, map_files.map_totals, paths, galaxies)
    totals = map_files.map_totals(paths, galaxies[1:])
    np.testing.assert_allclose(totals[:, 1], [g.maps[1].sum(dtype=float) for g in rest])


def test_most_star_forming_galaxy_is_found_among_several_files(store, galaxies, projected):
    half = len(projected) // 2
    paths = [store(projected[:half], "a.h5"), store(projected[half:], "b.h5")]
    row, stack, _ = map_files.most_star_forming(paths, galaxies)
    assert row["sfr"] == galaxies["sfr"].max()
    expected = next(g for g in projected if g.subhalo_id == row["subhalo_id"])
    np.testing.assert_array_equal(stack, expected.maps)
    refused("hold no selected galaxy", map_files.most_star_forming, paths, galaxies[:0])


def test_spin_source_is_recorded_with_its_fall_backs(projected):
    sources = {ours.orientation for ours in projected}
    assert "young_stars" in sources and len(sources) > 1


def test_lineages_follow_the_main_branch_and_are_unknown_outside_the_tree(galaxies):
    lineage = np.asarray(galaxies["lineage_id"])
    known = lineage[lineage >= 0]
    assert len(set(known)) == len(known) > 0 and (lineage == -1).any()


@pytest.mark.parametrize(
    ("names", "change", "found"),
    [
        (("RowNum", "LastProgenitorID", "SubhaloID"), lambda v: np.roll(v, 1), "that of subhalo"),
        (("SubhaloID",), lambda ids: ids + 1000, "none"),
    ],
)
def test_trees_of_another_run_than_the_offsets_are_refused(copy, names, change, found):
    with h5py.File(copy.parent / OFFSETS, "r+") as file:
        columns = file["Subhalo/SubLink"]
        known = np.flatnonzero(columns["RowNum"][()] >= 0)
        for name in names:
            values = columns[name][()]
            values[known] = change(values[known])
            columns[name][...] = values
    words = rf"do not belong together, the branch .* is {found}"
    refused(words, Simulation(copy, SNAPSHOT).lineages, known)


def emptied(path):
    with h5py.File(path, "r+") as file:
        file["PartType0/Density"][:] = -1.0


OFFSETS = f"postprocessing/offsets/offsets_{SNAPSHOT:03d}.hdf5"


@pytest.mark.parametrize(
    ("damage", "words"),
    [(Path.unlink, r"/snap_091\.0\.hdf5 is missing"), (emptied, "gas makes no sense")],
)
def test_damaged_simulation_is_refused_by_name(copy, kernel, galaxies, damage, words):
    damage(small_tng.chunks(copy, SNAPSHOT)[0])
    simulation = Simulation(copy, SNAPSHOT)
    refused(words, lambda: list(maps.project_all(kernel, simulation, galaxies, OPTIONS)))


class Watched(Simulation):
    """A simulation that keeps a list of what was read, and how much at once."""

    def __init__(self, *args):
        super().__init__(*args)
        self.read = []

    def particles(self, kind, fields, **owner):
        self.read.append((kind, tuple(fields), owner.get("subhalo")))
        return super().particles(kind, fields, **owner)


def test_gas_velocities_are_read_only_for_galaxies_whose_stars_do_not_decide(
    base, kernel, galaxies, projected
):
    simulation = Watched(base, SNAPSHOT)
    list(maps.project_all(kernel, simulation, galaxies, OPTIONS))
    asked = {subhalo for kind, fields, subhalo in simulation.read if "Velocities" in fields}
    gas = {s for kind, fields, s in simulation.read if kind == "gas" and "Velocities" in fields}
    undecided = {g.subhalo_id for g in projected if g.orientation != "young_stars"}
    assert gas == undecided and 0 < len(gas) < len(galaxies) == len(asked)
    rates = [fields for kind, fields, subhalo in simulation.read if subhalo is None]
    assert len(rates) == len(galaxies)
    assert not any("StarFormationRate" in fields for fields in rates)


def test_fixed_temperature_of_star_forming_gas_reads_their_rates(base, kernel, galaxies):
    fixed = options(gas={"star_forming_temperature": 1e3})
    forming = galaxies[np.argsort(galaxies["sfr"])[-2:]]
    made = (
        maps.project_all(kernel, Simulation(base, SNAPSHOT), forming, own)
        for own in (fixed, OPTIONS)
    )
    for ours, effective in zip(*made, strict=True):
        assert ours.maps[2].sum() < effective.maps[2].sum()
        np.testing.assert_array_equal(ours.maps[1], effective.maps[1])


@pytest.mark.parametrize("field", ["PartType0/Velocities", "PartType4/Velocities"])
def test_field_that_only_a_spin_may_need_is_missed_before_work_starts(
    copy, kernel, galaxies, projected, field
):
    for path in small_tng.chunks(copy, SNAPSHOT):
        with h5py.File(path, "r+") as file:
            if field in file:
                del file[field]
    decided = [row for row, g in enumerate(projected) if g.orientation == "young_stars"]
    simulation = Watched(copy, SNAPSHOT)
    made = maps.project_all(kernel, simulation, galaxies[decided], OPTIONS)
    refused(f"lacks /{field}", list, made)
    assert not simulation.read


def test_galaxies_of_one_group_get_the_same_maps_in_turn_as_alone(base, kernel, galaxies):
    table = galaxies[np.argsort(galaxies["group_id"], kind="stable")]
    group, count = np.unique(table["group_id"], return_counts=True)
    assert count.max() > 1
    together = table[table["group_id"] == group[count.argmax()]]

    def project(rows):
        return list(maps.project_all(kernel, Simulation(base, SNAPSHOT), rows, OPTIONS))

    alone = [project(together[row : row + 1])[0] for row in range(len(together))]
    for one, other in zip(alone, project(together), strict=True):
        np.testing.assert_array_equal(one.maps, other.maps)
        np.testing.assert_array_equal(one.rotation, other.rotation)


def test_no_galaxies_give_no_maps_and_read_nothing(kernel, galaxies):
    nowhere = Simulation("/nowhere", SNAPSHOT)
    assert list(maps.project_all(kernel, nowhere, galaxies[:0], OPTIONS, threads=2)) == []


def test_particles_of_no_more_galaxies_than_threads_are_held(base, kernel, galaxies, monkeypatch):
    made = []

    class Counted(galaxy_loop.Workspace):
        def __init__(self):
            super().__init__()
            made.append(self)

    monkeypatch.setattr(galaxy_loop, "Workspace", Counted)
    list(maps.project_all(kernel, Simulation(base, SNAPSHOT), galaxies, OPTIONS, threads=3))
    assert 1 <= len(made) <= 3 < len(galaxies)
