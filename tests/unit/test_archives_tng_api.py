"""TNG from its web API: the same galaxies and maps as from the files, and nothing half-fetched."""

import hashlib
import io
import re
import shutil
from pathlib import Path

import fake_tng
import h5py
import numpy as np
import pytest
from archive_server import Archive
from tng_server import KEY, TngArchive, open_api

from skyloom.archives import tng_branches, tng_catalogue, tng_cutouts
from skyloom.arms.tng import cutouts, maps, selection
from skyloom.arms.tng.simulation import GAS_FIELDS, STAR_FIELDS, Simulation
from skyloom.errors import InputError
from skyloom.io.files import atomic_hdf5, read_table, write_table
from skyloom.simulate.universe import layout

CUTS = {"stellar_mass": [0.5, 100], "total_mass_max": 200, "group_mass_max": 500}
SNAPSHOTS = (99, 98)


@pytest.fixture(scope="module")
def universe(tmp_path_factory):
    """The folder ``output`` of a small universe of two snapshots with trees."""
    return fake_tng.universe(tmp_path_factory.mktemp("universe") / "output", *SNAPSHOTS)


@pytest.fixture(scope="module")
def archive(universe):
    with Archive(TngArchive(universe), key=KEY) as server:
        yield server


def catalogue(api, snapshot=99):
    """Fetch and assemble one catalogue, unless it is there; the Simulation that reads it."""
    base = api.folder / "output"
    outputs = [Path(p) for p in layout.snapshot_files(base, snapshot, chunks=1)["groups"]]
    if not outputs[0].exists():
        columns = tng_catalogue.fetch_columns(api, snapshot)
        tng_catalogue.assemble(api, snapshot, columns, outputs)
    return Simulation(base, snapshot)


@pytest.fixture(scope="module")
def catalogues(archive, tmp_path_factory):
    """A folder into which both catalogues were fetched."""
    api = open_api(archive, tmp_path_factory.mktemp("catalogues") / "cache")
    for snapshot in SNAPSHOTS:
        catalogue(api, snapshot)
    return api.folder


@pytest.fixture
def connect(archive, catalogues, tmp_path):
    """The web API with a folder of its own that holds the catalogues."""

    def connected(server=archive):
        archive.asked.clear()
        archive.faults.clear()
        return open_api(server, shutil.copytree(catalogues, tmp_path / "cache"))

    return connected


def with_cutouts(api, simulation, galaxies, *, whole_groups):
    """Fetch the cutouts of galaxies; the simulation that reads them."""
    folder, failures = api.folder / "cutouts", api.folder / "failed.ecsv"
    listing = tng_cutouts.listing(simulation, galaxies, whole_groups=whole_groups)
    tng_cutouts.fetch_cutouts(api, listing, folder, simulation.header, failures=failures)
    write_table(listing, api.folder / "listing.ecsv")
    return cutouts.CutoutSimulation(
        simulation.base_path, simulation.snapshot, folder, [api.folder / "listing.ecsv"]
    )


def test_galaxies_and_lineages_are_those_of_the_files(universe, connect, tmp_path):
    api = connect()
    local = [selection.select(Simulation(universe, n), cuts=CUTS) for n in (99, 98)]
    fetched = [selection.select(catalogue(api, n), cuts=CUTS) for n in (99, 98)]
    found = tng_branches.lineages(api, fetched, failures=tmp_path / "failed.ecsv")
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
    found = tng_branches.lineages(api, tables, failures=tmp_path / "failed.ecsv")
    asked = [path for path in archive.paths() if path.endswith("mpb.hdf5")]
    assert len(asked) == len(set(asked)) < sum(map(len, tables))
    assert sum("/snapshots/98/" in path for path in asked) < len(tables[0]) / 2
    archive.asked.clear()
    again = tng_branches.lineages(api, tables, failures=tmp_path / "failed.ecsv")
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


def test_map_files_have_the_same_bytes_as_from_the_snapshot(universe, connect, kernel, tmp_path):
    api, digests = connect(), []
    galaxies = selection.select(catalogue(api), cuts=CUTS)
    fetched = with_cutouts(api, catalogue(api), galaxies, whole_groups=True)
    for simulation in (Simulation(universe, 99), fetched):
        projected = maps.project_all(kernel, simulation, galaxies, fake_tng.PROJECTION, threads=2)
        with atomic_hdf5(tmp_path / "maps.h5") as file:
            stated = {"header": simulation.header, "options": fake_tng.PROJECTION}
            maps.write_maps(file, projected, len(galaxies), **stated)
        digests.append(hashlib.sha256((tmp_path / "maps.h5").read_bytes()).hexdigest())
    assert digests[0] == digests[1]


FIRST = "/api/TNG50-1/snapshots/99/halos/{}/cutout.hdf5"


def refused(api, galaxies, **kwargs):
    """The sentence by which a fetch of cutouts fails, and the reasons in its table."""
    with pytest.raises(InputError) as caught:
        with_cutouts(api, catalogue(api), galaxies, whole_groups=True, **kwargs)
    table = read_table(api.folder / "failed.ecsv")
    assert str(api.folder / "failed.ecsv") in str(caught.value)
    return str(caught.value), dict(zip(table["file"], table["reason"], strict=True))


def test_fields_that_a_mini_snapshot_lacks_are_named_after_one_refusal(universe, connect):
    serve = TngArchive(universe, missing_fields=("InternalEnergy", "GFM_StellarFormationTime"))
    with Archive(serve) as server:
        api = connect(server)
        galaxies = selection.select(catalogue(api), cuts=CUTS)
        sentence, reasons = refused(api, galaxies)
        asked = [path for path in server.paths() if path.endswith("cutout.hdf5")]
    assert "snapshot 99 lacks PartType0/InternalEnergy, PartType4/GFM_Stell" in sentence
    assert "mini snapshot" in sentence and "tng.snapshots" in sentence
    assert len(asked) == 1 + len(GAS_FIELDS) + len(STAR_FIELDS)
    assert "InternalEnergy does not exist" in "".join(reasons.values())


def altered(change):
    """A server whose cutouts went through `change`, a function of the open file."""

    def server(universe):
        serve = TngArchive(universe)

        def answer(path, query):
            body = serve(path, query)
            if not path.endswith("cutout.hdf5"):
                return body
            buffer = io.BytesIO(body)
            with h5py.File(buffer, "r+") as file:
                change(file)
            return buffer.getvalue()

        return answer

    return server


def shuffle(file):
    for name in ("PartType0/Masses", "PartType4/Masses"):
        file[name][()] = np.roll(file[name][()], len(file[name]) // 3)


def not_finite(file):
    file["PartType0/Density"][3] = np.nan


def thinned(file):
    values = file["PartType4/Velocities"][::2]
    del file["PartType4/Velocities"]
    file["PartType4/Velocities"] = values


def gone(name):
    return lambda file: file.pop(name)


def stated(**attributes):
    return lambda file: file["Header"].attrs.update(attributes)


def stores_elsewhere(file):
    count = len(file["PartType0/Masses"])
    del file["PartType0/Masses"]
    place = [("/etc/passwd", 0, 4 * count)]
    file.create_dataset("PartType0/Masses", (count,), "f4", external=place)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (shuffle, "of subhalo \\d+ weigh .* where the catalogue says"),
        (not_finite, "PartType0/Density has NaN or infinite values"),
        (thinned, "PartType4/Velocities has shape .* where the catalogue's counts ask for"),
        (gone("PartType0"), "lacks PartType0/Coordinates, PartType0/Density"),
        (stated(CutoutID=-1), "CutoutID .* the cutout of something else"),
        (stated(SnapshotNumber=50), "SnapshotNumber 50 where 99"),
        (stated(Time=0.5), "Time 0.5 where 1"),
        (stated(Omega0=0.2726), "Omega0 0.2726 where 0.3089"),
        (
            stated(UnitLength_in_cm=3.085678e24),
            r"3\.08568e\+24 as the header attribute UnitLength_in_cm",
        ),
        (gone("Header"), "lacks Header"),
        (stores_elsewhere, "PartType0/Masses keeps its values in another file"),
    ],
)
def test_cutout_that_is_not_what_was_asked_for_never_takes_its_name(
    universe, connect, change, words
):
    with Archive(altered(change)(universe)) as server:
        api = connect(server)
        galaxies = selection.select(catalogue(api), cuts=CUTS)
        # A group of several galaxies: a shuffled one changes whose particles they are.
        group = np.argmax(np.bincount(galaxies["group_id"]))
        sentence, reasons = refused(api, galaxies[galaxies["group_id"] == group])
    assert re.search(words, "".join(reasons.values())), reasons
    assert "leave galaxies that are gone for good out with tng.selection.exclude" in sentence
    assert [path.name for path in (api.folder / "cutouts").glob("[!.]*")] == []


def test_wind_may_count_as_gas_in_the_mass_and_as_stars_in_the_number(connect):
    api = connect()
    galaxies = selection.select(catalogue(api), cuts=CUTS)
    wind = 0.3 * np.asarray(galaxies["stellar_mass"])
    galaxies["stellar_mass"] -= wind
    galaxies["gas_mass"] += wind
    with_cutouts(api, catalogue(api), galaxies, whole_groups=True)


@pytest.mark.parametrize("fault", ["page", "truncated", 500, 404])
def test_one_galaxy_that_cannot_be_had_costs_no_other_and_comes_with_the_next_run(
    connect, archive, fault
):
    api = connect()
    galaxies = selection.select(catalogue(api), cuts=CUTS)
    lost = FIRST.format(galaxies["group_id"][2])
    # What was truncated goes on, so that the archive must fail for longer.
    archive.faults[lost] = [fault if fault != "truncated" else "closed"] * 3
    _, reasons = refused(api, galaxies)
    assert [Path(name).name for name in reasons] == [f"halo_{galaxies['group_id'][2]}.hdf5"]
    archive.asked.clear()
    archive.faults[lost] = ["truncated"]
    with_cutouts(api, catalogue(api), galaxies, whole_groups=True)
    assert set(archive.paths()) == {lost} and not (api.folder / "failed.ecsv").exists()


def test_excluded_galaxy_is_not_asked_for(connect, archive):
    api = connect()
    everyone = selection.select(catalogue(api), cuts=CUTS)
    alone = next(row for row in everyone if sum(everyone["group_id"] == row["group_id"]) == 1)
    gone = f"099_{alone['subhalo_id']}"
    rest = selection.select(catalogue(api), cuts={**CUTS, "exclude": [gone, "098_0"]})
    assert set(everyone["subhalo_id"]) - set(rest["subhalo_id"]) == {alone["subhalo_id"]}
    with_cutouts(api, catalogue(api), rest, whole_groups=True)
    assert FIRST.format(alone["group_id"]) not in archive.paths()


def test_cutout_that_went_away_after_it_was_fetched_is_named(connect):
    api = connect()
    galaxies = selection.select(catalogue(api), cuts=CUTS)[:2]
    fetched = with_cutouts(api, catalogue(api), galaxies, whole_groups=True)
    path = next((api.folder / "cutouts").glob("halo_*"))
    path.unlink()
    with pytest.raises(InputError, match=f"{path.name}, listed in .* is not there: remove the"):
        cutouts.CutoutSimulation(
            fetched.base_path, 99, api.folder / "cutouts", [api.folder / "listing.ecsv"]
        )


def test_column_of_another_length_than_the_archive_says_is_refused(universe, tmp_path):
    serve = TngArchive(universe)

    def answer(path, query):
        body = serve(path, query)
        if path.endswith("/snapshots/99/"):
            return body.replace(b'"num_groups_fof": ', b'"num_groups_fof": 1')
        return body

    with Archive(answer) as server:
        api = open_api(server, tmp_path)
        with pytest.raises(InputError, match=r"rows of Group/GroupFirstSub where .* has 1\d+"):
            tng_catalogue.fetch_columns(api, 99)


def test_archive_without_any_branch_is_taken_for_a_wrong_address(connect, archive, tmp_path):
    api = connect()
    table = selection.select(catalogue(api), cuts=CUTS)
    api._addresses = {**api._addresses, "branch": archive.url + "/nowhere/{number}"}
    with pytest.raises(InputError, match=r"no main branch of any .* tng\.branch"):
        tng_branches.lineages(api, [table], failures=tmp_path / "failed.ecsv")
