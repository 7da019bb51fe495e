"""Files that are not of one snapshot of one run are refused, with both names and what they say."""

import os
import shutil

import fake_tng
import h5py
import numpy as np
import pytest

from skyloom.arms.tng import consistency
from skyloom.arms.tng.simulation import Simulation
from skyloom.errors import InputError

HEADER = {"Time": 1.0, "Redshift": 0.0, "BoxSize": 35000.0, "HubbleParam": 0.6774}
HEADER |= {"Omega0": 0.3089, "OmegaLambda": 0.6911}
UNITS = {
    "UnitLength_in_cm": 3.085678e21,
    "UnitMass_in_g": 1.989e43,
    "UnitVelocity_in_cm_per_s": 1e5,
}
#: Two subhaloes in the first and third group, none in the second, one in the others.
OWNERS = [0, 0, 2, 2, 3, 4]
GAS, DARK, STARS = [9, 0, 30, 1, 12], [8, 2, 4, 0, 5], [3, 9, 20, 1, 2]
OWN_GAS, OWN_DARK, OWN_STARS = [4, 3, 9, 0, 1, 0], [2, 6, 1, 2, 0, 5], [1, 1, 0, 18, 1, 2]
FIELDS = {0: ("Coordinates", "Density", "Masses"), 1: ("Coordinates",), 4: ("Masses",)}
CUTS = {0: (0.2, 0.5, 0.5), 1: (0.0, 0.3, 0.9), 4: (0.4, 1.0, 1.0)}


def by_type(gas, dark, stars):
    lengths = np.zeros((len(gas), 6), np.int64)
    lengths[:, 0], lengths[:, 1], lengths[:, 4] = gas, dark, stars
    return lengths


def snapshot(base, *, gas=GAS, own_gas=OWN_GAS, cuts=CUTS, catalogue_cuts=(0.5,), header=HEADER):
    """A snapshot in TNG's layout with two subhaloes in some groups, and gas of no group."""
    groups, subhalos = by_type(gas, DARK, STARS), by_type(own_gas, OWN_DARK, OWN_STARS)
    # Behind the last group lie particles of none.
    count = dict(enumerate(groups.sum(axis=0) + 3))
    fields = {k: {n: np.arange(float(count[k])) for n in names} for k, names in FIELDS.items()}
    fake_tng.snapshot(base, groups, fields, cuts=cuts, catalogue_cuts=catalogue_cuts)
    starts = np.cumsum(groups, axis=0) - groups
    within = np.zeros_like(subhalos)
    for row, owner in enumerate(OWNERS):
        within[row] = sum((subhalos[k] for k in range(row) if OWNERS[k] == owner), np.zeros(6, int))
    tables = {
        "Group": {"GroupLenType": groups},
        "Subhalo": {"SubhaloLenType": subhalos, "SubhaloGrNr": np.array(OWNERS)},
    }
    rows = {"Group": 5, "Subhalo": 6}
    edges = {owner: fake_tng._edges(count, catalogue_cuts) for owner, count in rows.items()}
    for chunk, path in enumerate(sorted((base / "groups_099").iterdir())):
        with h5py.File(path, "r+") as file:
            file["Header"].attrs.update(header)
            for owner, name in (("Group", "Ngroups"), ("Subhalo", "Nsubgroups")):
                first, last = edges[owner][chunk : chunk + 2]
                file["Header"].attrs[f"{name}_ThisFile"] = np.int32(last - first)
                file["Header"].attrs[f"{name}_Total"] = np.int32(edges[owner][-1])
                file.pop(owner, None)
                file.create_group(owner)
                for column, values in tables[owner].items() if last > first else ():
                    file[f"{owner}/{column}"] = values[first:last].astype(np.int32)
    for path in (base / "snapdir_099").iterdir():
        with h5py.File(path, "r+") as file:
            file["Header"].attrs.update(header | UNITS)
    with h5py.File(offsets(base), "r+") as file:
        put(file, "FileOffsets/Subhalo", edges["Subhalo"][:-1])
        put(file, "Subhalo/SnapByType", starts[OWNERS] + within)
    return base


def put(file, name, values):
    if name in file:
        del file[name]
    file[name] = values


def offsets(base):
    return base.parent / "postprocessing" / "offsets" / "offsets_099.hdf5"


def chunk(base, number):
    return base / "snapdir_099" / f"snap_099.{number}.hdf5"


def catalogue(base, number):
    return base / "groups_099" / f"fof_subhalo_tab_099.{number}.hdf5"


def rewritten(path, name, change):
    with h5py.File(path, "r+") as file:
        put(file, name, change(file[name][()]))


def state(path, **attributes):
    with h5py.File(path, "r+") as file:
        file["Header"].attrs.update(attributes)


@pytest.fixture
def base(tmp_path):
    return snapshot(tmp_path / "sim" / "output")


def refused(base, words):
    with pytest.raises(InputError, match=words):
        consistency.check_snapshot(Simulation(base, 99))


def test_files_of_one_snapshot_agree(base):
    found = consistency.check_snapshot(Simulation(base, 99))
    assert found["files"] == 4 + 2 + 1 and found["unfit"] == {}
    assert found["bytes"] == sum(p.stat().st_size for p in base.parent.rglob("*.hdf5"))


@pytest.mark.parametrize(
    ("other", "with_", "words"),
    [
        # As many groups and subhaloes and particles, and as many of these in each file.
        ({"gas": [12, 0, 27, 1, 12]}, r"tab_099\.0", "PartType0 of group 2 .* 12 .* and at 9 by"),
        # The groups are the same, their subhaloes are not.
        ({"own_gas": [3, 4, 9, 0, 1, 0]}, r"tab_099\.0", "subhalo 1 begins at 3 .* and at 4 by"),
        ({"cuts": CUTS | {0: (0.3, 0.5, 0.5)}}, r"snap_099\.1", "PartType0 .* at 16 .* and at 11"),
        ({"cuts": {0: (0.5,), 1: (0.3,), 4: (0.4,)}}, r"snap_099\.0", "lists 2 files .* of 4"),
        ({"catalogue_cuts": (0.2,)}, r"tab_099\.1", "Group .* at 1 by the offsets, and at 2"),
        ({"catalogue_cuts": (0.3, 0.6)}, r"tab_099\.0", "lists 3 files .* first of 2"),
    ],
)
def test_offsets_of_another_run_are_refused(base, tmp_path, other, with_, words):
    another = snapshot(tmp_path / "other" / "output", **other)
    shutil.copy(offsets(another), offsets(base))
    refused(base, rf"offsets_099\.hdf5 and .*{with_}\.hdf5 do not belong together.*{words}")


@pytest.mark.parametrize("owner", ["Group", "Subhalo"])
@pytest.mark.parametrize("change", [lambda v: v[:-2], lambda v: np.concatenate([v, v[-1:]])])
def test_offsets_of_more_or_fewer_objects_are_refused(base, owner, change):
    rewritten(offsets(base), f"{owner}/SnapByType", change)
    rows = {"Group": 5, "Subhalo": 6}[owner]
    refused(base, rf"offsets_099.* and .*tab_099\.0.* {owner}/SnapByType .* and {rows} in all")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("Group/SnapByType", lambda v: v[:, :1].copy()),
        ("Group/SnapByType", lambda v: np.full(v.shape, b"x")),
        ("FileOffsets/SnapByType", lambda v: v[:, 0].copy()),
        ("FileOffsets/Subhalo", lambda v: np.stack([v, v])),
    ],
)
def test_offsets_of_another_shape_or_type_are_refused_by_name(base, name, change):
    rewritten(offsets(base), name, change)
    refused(base, rf"offsets_099\.hdf5 has {name} of shape")


OTHERS = {"BoxSize": 75000.0, "HubbleParam": 0.704, "Omega0": 0.2726, "OmegaLambda": 0.7274}


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("where", [(chunk, 0), (chunk, 2), (catalogue, 1)])
def test_a_file_of_another_box_or_cosmology_is_refused(base, where, name):
    place, number = where
    path = place(base, number)
    state(path, **{name: OTHERS[name]})
    words = rf"{name} is {HEADER[name]:.8g} and {OTHERS[name]:.8g}: keep"
    refused(base, rf"tab_099\.0\.hdf5 and .*{path.name} do not belong together, .*{words}")


@pytest.mark.parametrize("redshift", [0.0095, 0.1])
def test_a_chunk_of_another_snapshot_is_refused(base, redshift):
    state(chunk(base, 3), Redshift=redshift, Time=1 / (1 + redshift))
    refused(base, rf"snap_099\.3.* Time is 1 and .*Redshift is 0 and {redshift}")


@pytest.mark.parametrize(
    ("place", "name"), [(chunk, "NumFilesPerSnapshot"), (catalogue, "NumFiles")]
)
def test_a_chunk_of_another_number_of_chunks_is_refused(base, place, name):
    state(place(base, 1), **{name: np.int32(7)})
    refused(base, rf"do not belong together, in their headers {name} is \d and 7")


def test_counts_that_are_not_those_of_the_datasets_are_refused(base):
    rewritten(chunk(base, 1), "PartType0/Density", lambda v: v[:-1])
    refused(base, r"snap_099\.1\.hdf5 has 16 rows of PartType0/Density, but its header counts 17")


def test_a_chunk_that_lost_a_particle_type_is_refused(base):
    with h5py.File(chunk(base, 1), "r+") as file:
        del file["PartType0"]
    refused(base, r"snap_099\.1\.hdf5 has no PartType0, but its header counts 17")


def test_a_snapshot_with_fewer_particles_than_the_groups_is_refused(base):
    last = chunk(base, 3)
    with h5py.File(last, "r+") as file:
        counts = file["Header"].attrs["NumPart_ThisFile"]
        counts[0] -= 5
        file["Header"].attrs["NumPart_ThisFile"] = counts
        for name in FIELDS[0]:
            put(file, f"PartType0/{name}", file[f"PartType0/{name}"][: counts[0]])
    refused(base, r"tab_099\.0.* and .*snap_099\.0.* 52 particles of PartType0 .* and 50 in all")


def test_groups_smaller_than_their_subhaloes_are_refused(base):
    rewritten(catalogue(base, 0), "Subhalo/SubhaloLenType", lambda v: v * [9, 1, 1, 1, 1, 1])
    refused(base, r"subhaloes of group 0 have more particles of PartType0 .* 9")


def test_a_catalogue_chunk_with_other_rows_than_its_header_counts_is_refused(base):
    rewritten(catalogue(base, 1), "Group/GroupLenType", lambda v: v[:-1])
    refused(base, r"tab_099\.1\.hdf5 has Group/GroupLenType of shape \(2, 6\), .* counts 3")


# What real snapshots have, and is no reason to refuse them.


def in_chunks(change):
    def work(base):
        for number in range(4):
            with h5py.File(chunk(base, number), "r+") as file:
                change(file)

    return work


def in_offsets(change):
    def work(base):
        for name in ("FileOffsets/SnapByType", "Group/SnapByType", "Subhalo/SnapByType"):
            rewritten(offsets(base), name, change)

    return work


def without(name):
    return in_chunks(lambda file: file.pop(name, None))


def counted(change):
    def work(file):
        counts = file["Header"].attrs["NumPart_ThisFile"]
        file["Header"].attrs["NumPart_ThisFile"] = change(counts)

    return in_chunks(work)


def types_that_are_never_read(base):
    """Tracers and black holes: counted, without offsets of their own."""
    in_offsets(lambda values: np.where(NEVER_READ, 10**12, values))(base)
    counted(lambda counts: np.where(NEVER_COUNTED, 77, counts))(base)


def objects_without_particles(base):
    """Where an object without particles of a type begins says nothing."""
    empty = by_type(GAS, DARK, STARS) == 0
    rewritten(offsets(base), "Group/SnapByType", lambda v: np.where(empty, -1, v))


def single_precision(base):
    for path in (chunk(base, 0), chunk(base, 2)):
        state(path, **{name: np.float32(value) for name, value in HEADER.items()})
    state(chunk(base, 1), Time=0.9999999999999998, Redshift=2.220446049250313e-16)


def catalogue_without_some_keys(base):
    for number in range(2):
        with h5py.File(catalogue(base, number), "r+") as file:
            del file["Header"].attrs["OmegaLambda"]


def one_element_arrays(base):
    state(chunk(base, 0), **{name: np.array([value]) for name, value in HEADER.items()})


NEVER_READ = np.isin(np.arange(6), [2, 3, 5])
NEVER_COUNTED = np.isin(np.arange(6), [3, 5])
ORDINARY = {
    "types that are never read": types_that_are_never_read,
    "objects without particles": objects_without_particles,
    # Downloads leave PartType1 out: the headers still count it.
    "no dark matter": without("PartType1"),
    "unsigned counts": in_offsets(lambda values: values.astype(np.uint64)),
    "floating counts": counted(lambda counts: counts.astype(float)),
    "single precision": single_precision,
    "catalogue without some keys": catalogue_without_some_keys,
    "arrays of one element": one_element_arrays,
    "mini snapshot": without("PartType0/Density"),
}


@pytest.mark.parametrize("name", ORDINARY)
def test_what_real_files_have_is_not_refused(base, name):
    ORDINARY[name](base)
    assert consistency.check_snapshot(Simulation(base, 99))["unfit"] == {}


def test_lengths_beyond_32_bits_add_up(tmp_path):
    """TNG50-1 has more than 2^32 cells: sums of 32-bit lengths must not wrap."""
    base, many = snapshot(tmp_path / "sim" / "output"), 2**31 - 1
    simulation = Simulation(base, 99)
    lengths = np.full((5, 6), many, np.int32)
    simulation.groups = lambda _: {"GroupLenType": lengths}
    starts = np.arange(5)[:, None] * np.full(6, many, np.int64)
    counts = np.full((1, 6), 5 * many, np.int64)
    # It refuses gas at once.
    consistency._compare_starts(
        simulation, {"Group": starts}, counts, ["gas"], consistency._Found()
    )


def test_nothing_is_compared_where_particles_are_not_on_disk(base):
    shutil.rmtree(base / "snapdir_099")
    assert consistency.check_snapshot(Simulation(base, 99)) == {}


@pytest.mark.parametrize("name", ["FileOffsets/SnapByType", "Group/SnapByType"])
def test_what_is_wrong_with_dark_matter_concerns_those_who_ask_for_it(base, name):
    rewritten(offsets(base), name, lambda v: v + [0, 1, 0, 0, 0, 0])
    consistency.require(Simulation(base, 99))
    with pytest.raises(InputError, match="PartType1 of .* begins at 1 by the offsets, and at 0"):
        consistency.require(Simulation(base, 99), ("dark_matter",))


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("Group/GroupLenType", lambda v: v[:, 0].copy(), "GroupLenType of shape"),
        ("Subhalo/SubhaloGrNr", lambda v: v + 70, "SubhaloGrNr points to group 70 of 5"),
    ],
)
def test_catalogues_that_cannot_be_compared_are_refused(base, name, change, words):
    for number in range(2):
        rewritten(catalogue(base, number), name, change)
    refused(base, words)


def test_what_was_found_before_holds_for_the_same_files_alone(base, monkeypatch):
    found = consistency.check_snapshot(Simulation(base, 99))
    with monkeypatch.context() as patched:
        patched.delattr(consistency, "check_snapshot")
        consistency.require(Simulation(base, 99, compared=found))
    os.truncate(chunk(base, 2), chunk(base, 2).stat().st_size + 8)
    with pytest.raises(InputError, match="not those that were compared when .* selected"):
        consistency.require(Simulation(base, 99, compared=found))


@pytest.mark.parametrize("found", [None, {}])
def test_files_that_were_not_compared_are_when_particles_are_asked_for(base, found):
    state(chunk(base, 3), BoxSize=75000.0)
    with pytest.raises(InputError, match="BoxSize is 35000 and 75000"):
        consistency.require(Simulation(base, 99, compared=found))
