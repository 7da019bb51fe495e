"""TNG from its web API: the same galaxies and maps as from the files, and nothing half-fetched."""

import hashlib

import numpy as np
import pytest
from archive_server import Archive
from tng_server import TngArchive, addresses

from skyloom.download import Policy, Session
from skyloom.errors import InputError
from skyloom.io import atomic_hdf5, write_table
from skyloom.kernels import histogram2d
from skyloom.tng import cutouts, maps, selection, web_branches, web_catalogue, web_cutouts, webapi
from skyloom.tng.simulation import GAS_FIELDS, STAR_FIELDS, Simulation
from skyloom.tng.universe import layout
from skyloom.tng.universe.snapshot import write_snapshot
from skyloom.tng.universe.tree import write_tree

KEY = "key-that-nobody-may-see"
CUTS = {"stellar_mass": [0.5, 100], "total_mass_max": 200, "group_mass_max": 500}
UNIVERSE = {"snapshots": [99, 98], "galaxies": 12, "seed": 5}
POLICY = Policy(retries=2, timeout=5, slowest=0, backoff=0)


@pytest.fixture(scope="module")
def universe(tmp_path_factory):
    """The folder ``output`` of a small universe of two snapshots with trees."""
    base = tmp_path_factory.mktemp("universe") / "output"
    for number in UNIVERSE["snapshots"]:
        write_snapshot(base, number, gas_cells=120, chunks=3, **UNIVERSE)
    write_tree(base, **UNIVERSE)
    return base


@pytest.fixture(scope="module")
def archive(universe):
    with Archive(TngArchive(universe), key=KEY) as server:
        yield server


@pytest.fixture
def connect(archive, tmp_path):
    archive.asked.clear()
    archive.faults.clear()

    def connected(key=KEY, folder=tmp_path / "cache", server=archive):
        session = Session("api-key", key, "TNG_API_KEY")
        return webapi.WebApi(session, addresses(server.url), "TNG50-1", folder, POLICY)

    return connected


def catalogue(api, snapshot=99):
    """Fetch and assemble one catalogue; the Simulation that reads it."""
    base = api.folder / "output"
    outputs = layout.snapshot_files(base, snapshot, chunks=1)["groups"]
    web_catalogue.assemble(api, snapshot, web_catalogue.fetch_columns(api, snapshot), outputs)
    return Simulation(base, snapshot)


def with_cutouts(api, simulation, galaxies, *, whole_groups):
    """Fetch the cutouts of galaxies; the simulation that reads them."""
    folder, failures = api.folder / "cutouts", api.folder / "failed.ecsv"
    listing = web_cutouts.listing(simulation, galaxies, whole_groups=whole_groups)
    web_cutouts.fetch_cutouts(api, listing, folder, simulation.header, failures=failures)
    write_table(listing, api.folder / "listing.ecsv")
    return cutouts.CutoutSimulation(
        simulation.base_path, simulation.snapshot, folder, [api.folder / "listing.ecsv"]
    )


def test_galaxies_and_lineages_are_those_of_the_files(universe, connect, tmp_path):
    api = connect()
    local = [selection.select(Simulation(universe, n), cuts=CUTS) for n in (99, 98)]
    fetched = [selection.select(catalogue(api, n), cuts=CUTS) for n in (99, 98)]
    found = web_branches.lineages(api, fetched, failures=tmp_path / "failed.ecsv")
    for table, lineage, truth, name in zip(fetched, found, local, "ab", strict=True):
        assert set(table["lineage_id"]) == {-1} and len(table) > 5
        table["lineage_id"][:] = lineage
        write_table(table, tmp_path / name)
        write_table(truth, tmp_path / "truth")
        assert (tmp_path / name).read_bytes() == (tmp_path / "truth").read_bytes()


def test_branch_already_seen_is_not_asked_for_again(connect, archive, tmp_path):
    api = connect()
    tables = [selection.select(catalogue(api, n), cuts=CUTS) for n in (98, 99)]
    archive.asked.clear()
    found = web_branches.lineages(api, tables, failures=tmp_path / "failed.ecsv")
    asked = [path for path in archive.paths() if path.endswith("mpb.hdf5")]
    assert len(asked) == len(set(asked)) < sum(map(len, tables))
    assert sum("/snapshots/98/" in path for path in asked) < len(tables[0]) / 2
    archive.asked.clear()
    again = web_branches.lineages(api, tables, failures=tmp_path / "failed.ecsv")
    absent = sum((lineage == -1).sum() for lineage in found)
    assert len(archive.asked) == absent
    assert all((a == b).all() for a, b in zip(found, again, strict=True))


@pytest.mark.parametrize("whole_groups", [True, False])
def test_particles_from_cutouts_are_those_of_the_snapshot_bit_for_bit(
    universe, connect, whole_groups
):
    api, local = connect(), Simulation(universe, 99)
    galaxies = selection.select(catalogue(api), cuts=CUTS)
    fetched = with_cutouts(api, catalogue(api), galaxies, whole_groups=whole_groups)
    # Galaxies that are not the first of their group begin behind others.
    assert (np.bincount(galaxies["group_id"]) > 1).any()
    for galaxy in galaxies:
        owners = [{"subhalo": galaxy["subhalo_id"]}]
        owners += [{"group": galaxy["group_id"]}] if whole_groups else []
        for owner in owners:
            for kind, fields in (("gas", GAS_FIELDS), ("stars", STAR_FIELDS)):
                ours = fetched.particles(kind, fields, **owner)
                theirs = local.particles(kind, fields, **owner)
                for field in fields:
                    assert ours[field].dtype == theirs[field].dtype
                    assert ours[field].tobytes() == theirs[field].tobytes()
    if not whole_groups:
        with pytest.raises(InputError, match=r"group \d+ has no cutout"):
            fetched.particles("gas", GAS_FIELDS, group=galaxies["group_id"][0])


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
        "min_stars": 30,
        "aperture": 15,
        "inclination": 0,
    },
    "grid": {"bins": 32, "width": 60, "depth": None, "edges": "exact"},
    "statistic": {
        "entropy": "mass_weighted_mean",
        "mass": "sum",
        "temperature": "mass_weighted_mean",
    },
}


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    path = tmp_path_factory.mktemp("kernel") / "histogram2d.so"
    histogram2d.compile_kernel(path)
    return histogram2d.load(path)


def test_map_files_have_the_same_bytes_as_from_the_snapshot(universe, connect, kernel, tmp_path):
    api, digests = connect(), []
    galaxies = selection.select(catalogue(api), cuts=CUTS)
    fetched = with_cutouts(api, catalogue(api), galaxies, whole_groups=True)
    for simulation in (Simulation(universe, 99), fetched):
        projected = maps.project_all(kernel, simulation, galaxies, OPTIONS, threads=2)
        with atomic_hdf5(tmp_path / "maps.h5") as file:
            maps.write_maps(
                file, projected, len(galaxies), header=simulation.header, options=OPTIONS
            )
        digests.append(hashlib.sha256((tmp_path / "maps.h5").read_bytes()).hexdigest())
    assert digests[0] == digests[1]
