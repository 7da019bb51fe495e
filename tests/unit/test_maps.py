"""The whole chain from files to maps against a reference that shares no code with it."""

import h5py
import numpy as np
import pytest

from skyloom.errors import InputError
from skyloom.io import atomic_hdf5
from skyloom.tng import archive, in_turn, maps, selection, universe
from skyloom.tng.simulation import GAS_FIELDS, Simulation

SNAPSHOT = 91
UNIVERSE = {"snapshots": [99, 91], "galaxies": 16, "seed": 5}
WIDE = {"stellar_mass": [0.0, 1e4], "total_mass_max": 1e5, "group_mass_max": 1e5}
OPTIONS = {
    "gas": {
        "members": "fof",
        "star_forming_temperature": "effective",
        "electron_abundance_floor": 1e-4,
        "entropy": "linear",
    },
    "rotation": {
        "members": "subhalo",
        "max_age": 0.5,
        "min_stars": 10,
        "aperture": 15.0,
        "inclination": 0.0,
    },
    "grid": {"bins": 64, "width": 60.0, "depth": None, "edges": "exact"},
    "statistic": {
        "entropy": "mass_weighted_mean",
        "mass": "sum",
        "temperature": "mass_weighted_mean",
    },
}


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    path = tmp_path_factory.mktemp("universe") / "output"
    universe.write_snapshot(path, SNAPSHOT, gas_cells=400, chunks=3, **UNIVERSE)
    universe.write_tree(path, **UNIVERSE)
    return path


@pytest.fixture(scope="module")
def simulation(base):
    return Simulation(base, SNAPSHOT)


@pytest.fixture(scope="module")
def galaxies(simulation):
    return selection.with_ssfr(selection.select(simulation, cuts=WIDE), mass="stellar")


@pytest.fixture(scope="module")
def projected(kernel, simulation, galaxies):
    return list(maps.project_all(kernel, simulation, galaxies, OPTIONS))


def whole(base, kind, field):
    """One field of every particle in the snapshot, straight from the chunks in order."""
    parts = []
    for path in sorted(base.glob(f"snapdir_{SNAPSHOT:03d}/*.hdf5"), key=lambda p: p.name):
        with h5py.File(path) as file:
            if kind in file:
                parts.append(file[kind][field][()])
    return np.concatenate(parts)


def reference(base, group, centre, rotation):
    """Maps of one group in plain float64 NumPy, from the raw chunks, group lengths and formulas."""
    with h5py.File(base / f"snapdir_{SNAPSHOT:03d}" / f"snap_{SNAPSHOT:03d}.0.hdf5") as file:
        a, h, box = (file["Header"].attrs[name] for name in ("Time", "HubbleParam", "BoxSize"))
    lengths = []
    for path in sorted(base.glob(f"groups_{SNAPSHOT:03d}/*.hdf5")):
        with h5py.File(path) as file:
            if "Group" in file and "GroupLenType" in file["Group"]:
                lengths.append(file["Group/GroupLenType"][:, 0])
    lengths = np.concatenate(lengths).astype(int)
    rows = slice(lengths[:group].sum(), lengths[: group + 1].sum())
    gas = {
        name: whole(base, "PartType0", name)[rows].astype(np.float64)
        for name in ("Coordinates", "Masses", "InternalEnergy", "ElectronAbundance", "Density")
    }
    xe = gas["ElectronAbundance"]
    mu = 4 / (1 + 3 * 0.76 + 4 * 0.76 * xe)
    kelvin = (2 / 3) * gas["InternalEnergy"] * 1e10 * mu * 1.67262192e-24 / 1.380649e-16
    grams = gas["Density"] * 1e10 * 1.98840987e33 * h**2 / (a * 3.0856775815e21) ** 3
    electrons = np.maximum(xe, 1e-4) * 0.76 * grams / 1.67262192e-24
    entropy = 1.380649e-16 * kelvin / 1.602176634e-9 * electrons ** (-2 / 3)
    offset = (gas["Coordinates"] - centre + box / 2) % box - box / 2
    x, y, _ = rotation @ offset.T
    edges = np.linspace(-30, 30, 65)

    def total(weights):
        return np.histogram2d(y, x, bins=[edges, edges], weights=weights)[0]

    mass = total(gas["Masses"])
    with np.errstate(invalid="ignore"):
        means = [np.nan_to_num(total(gas["Masses"] * q) / mass) for q in (entropy, kelvin)]
    return np.stack([means[0], mass, means[1]]), gas["Masses"], x, y


def test_maps_agree_with_plain_numpy_on_every_galaxy(base, galaxies, projected):
    for galaxy, ours in zip(galaxies, projected, strict=True):
        centre = np.array([galaxy[name] for name in "xyz"])
        expected, *_ = reference(base, galaxy["group_id"], centre, ours.rotation)
        np.testing.assert_allclose(ours.maps, expected, rtol=1e-5)


def test_total_mass_on_the_map_is_conserved(base, galaxies, projected):
    for galaxy, ours in zip(galaxies, projected, strict=True):
        centre = np.array([galaxy[name] for name in "xyz"])
        _, mass, x, y = reference(base, galaxy["group_id"], centre, ours.rotation)
        inside = mass[(np.abs(x) <= 30) & (np.abs(y) <= 30)].sum()
        assert ours.maps[1].sum(dtype=np.float64) == pytest.approx(inside, rel=1e-6)


def test_galaxies_across_the_periodic_edge_keep_the_gas_beyond_it(base, galaxies, projected):
    lost = 0
    for galaxy, ours in zip(galaxies, projected, strict=True):
        centre = np.array([galaxy[name] for name in "xyz"])
        gas = Simulation(base, SNAPSHOT).particles("gas", GAS_FIELDS, group=galaxy["group_id"])
        # Without the wrap, cells on the other side of the box would be left out.
        unwrapped = np.abs((gas["Coordinates"] - centre) @ ours.rotation.T)
        naive = gas["Masses"][(unwrapped[:, :2] <= 30).all(axis=1)].sum()
        lost += ours.maps[1].sum() > 1.05 * naive
    assert lost >= 2


def test_galaxy_without_gas_of_its_own_gives_zeros_from_subhalo_members(
    kernel, simulation, galaxies
):
    options = {**OPTIONS, "gas": {**OPTIONS["gas"], "members": "subhalo"}}
    empty = galaxies[galaxies["gas_mass"] == 0]
    assert len(empty)
    for ours in maps.project_all(kernel, simulation, empty, options):
        assert ours.cells == 0 and not ours.maps.any()


def test_disc_is_seen_face_on_and_edge_on_at_ninety_degrees(kernel, simulation, galaxies):
    forming = galaxies[np.argsort(galaxies["sfr"])[-3:]]
    # The galaxy's own gas: satellites of its group lie anywhere.
    own = {**OPTIONS, "gas": {**OPTIONS["gas"], "members": "subhalo"}}
    tilted = {**own, "rotation": {**OPTIONS["rotation"], "inclination": 90.0}}
    y = np.abs(np.arange(64) - 31.5)[:, None]
    for view, other in zip(
        maps.project_all(kernel, simulation, forming, own),
        maps.project_all(kernel, simulation, forming, tilted),
        strict=True,
    ):
        face, edge = (np.average(y + 0 * m.maps[1], weights=m.maps[1]) for m in (view, other))
        assert edge < 0.7 * face


def test_maps_do_not_depend_on_threads_or_parts(kernel, simulation, galaxies, projected):
    for threads, parts in ((2, 1), (4, 3)):
        again = [
            galaxy
            for part in range(parts)
            for galaxy in maps.project_all(
                kernel,
                simulation,
                maps.part_of(galaxies, part, parts),
                OPTIONS,
                threads=threads,
            )
        ]
        assert [g.subhalo_id for g in again] == [g.subhalo_id for g in projected]
        assert all(
            np.array_equal(one.maps, two.maps) for one, two in zip(again, projected, strict=True)
        )


def test_map_file_comes_back_as_it_was_projected(tmp_path, simulation, projected):
    with atomic_hdf5(tmp_path / "maps.h5") as file:
        maps.write_maps(
            file, iter(projected), len(projected), header=simulation.header, options=OPTIONS
        )
    blocks = list(archive.read_maps([tmp_path / "maps.h5"], block=5))
    np.testing.assert_array_equal(
        np.concatenate([block.maps for block in blocks]), [g.maps for g in projected]
    )
    with h5py.File(tmp_path / "maps.h5") as file:
        assert list(file.attrs["units"]) == ["keV cm2", "1e10 Msun/h", "K"]
        assert file["rotation"].shape == (len(projected), 3, 3)
        assert file.attrs["synthetic"]


def test_render_refuses_maps_that_do_not_follow_the_galaxy_table(
    tmp_path, simulation, galaxies, projected
):
    with atomic_hdf5(tmp_path / "maps.h5") as file:
        maps.write_maps(
            file,
            iter(projected[::-1]),
            len(projected),
            header=simulation.header,
            options=OPTIONS,
        )
    sample = archive.labelled([galaxies])
    parameters = {"kind": "composite", "beta": 0.001, "overflow": "clip"}
    maxima = {"entropy": 1.0, "mass": 1.0, "temperature": 1.0}
    with pytest.raises(InputError, match="do not follow the galaxy table"):
        list(archive.render_all([tmp_path / "maps.h5"], sample, maxima, parameters))


def test_sample_with_a_galaxy_that_has_no_map_is_refused_by_name(
    tmp_path, simulation, galaxies, projected
):
    with atomic_hdf5(tmp_path / "maps.h5") as file:
        rest = projected[1:]
        maps.write_maps(file, rest, len(rest), header=simulation.header, options=OPTIONS)
    with pytest.raises(InputError, match=f"lack 1 of .* subhalo {projected[0].subhalo_id} of"):
        archive.map_totals([tmp_path / "maps.h5"], galaxies)
    totals = archive.map_totals([tmp_path / "maps.h5"], galaxies[1:])
    np.testing.assert_allclose(totals[:, 1], [g.maps[1].sum(dtype=float) for g in rest])


def test_most_star_forming_galaxy_is_found_among_several_files(
    tmp_path, simulation, galaxies, projected
):
    half = len(projected) // 2
    for name, part in (("a.h5", projected[:half]), ("b.h5", projected[half:])):
        with atomic_hdf5(tmp_path / name) as file:
            maps.write_maps(file, part, len(part), header=simulation.header, options=OPTIONS)
    paths = [tmp_path / "a.h5", tmp_path / "b.h5"]
    row, stack, _ = archive.most_star_forming(paths, galaxies)
    assert row["sfr"] == galaxies["sfr"].max()
    expected = next(g for g in projected if g.subhalo_id == row["subhalo_id"])
    np.testing.assert_array_equal(stack, expected.maps)
    with pytest.raises(InputError, match="hold no selected galaxy"):
        archive.most_star_forming(paths, galaxies[:0])


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
def test_trees_of_another_run_than_the_offsets_are_refused(tmp_path, base, names, change, found):
    import shutil

    shutil.copytree(base.parent, tmp_path / "copy")
    folder = tmp_path / "copy" / "postprocessing" / "offsets"
    with h5py.File(folder / f"offsets_{SNAPSHOT:03d}.hdf5", "r+") as file:
        columns = file["Subhalo/SubLink"]
        known = np.flatnonzero(columns["RowNum"][()] >= 0)
        for name in names:
            values = columns[name][()]
            values[known] = change(values[known])
            columns[name][...] = values
    copy = Simulation(tmp_path / "copy" / "output", SNAPSHOT)
    with pytest.raises(InputError, match=rf"do not belong together, the branch .* is {found}"):
        copy.lineages(known)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("chunk", r"snap_091\.1\.hdf5 is missing"),
        ("first", r"/snap_091\.0\.hdf5 is missing"),
        ("offsets", "offsets_091.hdf5 does not exist"),
        ("truncated", "not a complete HDF5 file"),
        ("field", r"PartType0/InternalEnergy"),
        ("nan", "NaN or infinite values in Masses"),
        ("density", "gas makes no sense"),
    ],
)
def test_damaged_simulation_is_refused_by_name(tmp_path, base, kernel, galaxies, damage, words):
    import shutil

    shutil.copytree(base.parent, tmp_path / "copy")
    copy = tmp_path / "copy" / "output"
    folder = copy / f"snapdir_{SNAPSHOT:03d}"
    first, second = folder / "snap_091.0.hdf5", folder / "snap_091.1.hdf5"
    if damage == "chunk":
        second.unlink()
    elif damage == "first":
        first.unlink()
    elif damage == "offsets":
        (copy.parent / "postprocessing" / "offsets" / "offsets_091.hdf5").unlink()
    elif damage == "truncated":
        first.write_bytes(first.read_bytes()[:-5000])
    else:
        with h5py.File(first, "r+") as file:
            if damage == "field":
                del file["PartType0/InternalEnergy"]
            elif damage == "nan":
                file["PartType0/Masses"][:] = np.nan
            else:
                file["PartType0/Density"][:] = -1.0
    with pytest.raises(InputError, match=words):
        list(maps.project_all(kernel, Simulation(copy, SNAPSHOT), galaxies, OPTIONS))


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
    fixed = {**OPTIONS, "gas": {**OPTIONS["gas"], "star_forming_temperature": 1e3}}
    forming = galaxies[np.argsort(galaxies["sfr"])[-2:]]
    for ours, effective in zip(
        maps.project_all(kernel, Simulation(base, SNAPSHOT), forming, fixed),
        maps.project_all(kernel, Simulation(base, SNAPSHOT), forming, OPTIONS),
        strict=True,
    ):
        assert ours.maps[2].sum() < effective.maps[2].sum()
        np.testing.assert_array_equal(ours.maps[1], effective.maps[1])


@pytest.mark.parametrize("field", ["PartType0/Velocities", "PartType4/Velocities"])
def test_field_that_only_a_spin_may_need_is_missed_before_work_starts(
    tmp_path, base, kernel, galaxies, projected, field
):
    import shutil

    shutil.copytree(base.parent, tmp_path / "copy")
    copy = tmp_path / "copy" / "output"
    for path in (copy / f"snapdir_{SNAPSHOT:03d}").iterdir():
        with h5py.File(path, "r+") as file:
            if field in file:
                del file[field]
    decided = [row for row, g in enumerate(projected) if g.orientation == "young_stars"]
    simulation = Watched(copy, SNAPSHOT)
    with pytest.raises(InputError, match=f"lacks /{field}"):
        list(maps.project_all(kernel, simulation, galaxies[decided], OPTIONS))
    assert not simulation.read


def test_galaxies_of_one_group_get_the_same_maps_in_turn_as_alone(base, kernel, galaxies):
    table = galaxies[np.argsort(galaxies["group_id"], kind="stable")]
    group, count = np.unique(table["group_id"], return_counts=True)
    assert count.max() > 1
    together = table[table["group_id"] == group[count.argmax()]]
    alone = [
        next(maps.project_all(kernel, Simulation(base, SNAPSHOT), together[row : row + 1], OPTIONS))
        for row in range(len(together))
    ]
    in_turn = maps.project_all(kernel, Simulation(base, SNAPSHOT), together, OPTIONS)
    for one, other in zip(alone, in_turn, strict=True):
        np.testing.assert_array_equal(one.maps, other.maps)
        np.testing.assert_array_equal(one.rotation, other.rotation)


def test_no_galaxies_give_no_maps_and_read_nothing(kernel, galaxies):
    nowhere = Simulation("/nowhere", SNAPSHOT)
    assert list(maps.project_all(kernel, nowhere, galaxies[:0], OPTIONS, threads=2)) == []


def test_particles_of_no_more_galaxies_than_threads_are_held(base, kernel, galaxies, monkeypatch):
    made = []

    class Counted(in_turn.Workspace):
        def __init__(self):
            super().__init__()
            made.append(self)

    monkeypatch.setattr(in_turn, "Workspace", Counted)
    list(maps.project_all(kernel, Simulation(base, SNAPSHOT), galaxies, OPTIONS, threads=3))
    assert 1 <= len(made) <= 3 < len(galaxies)
