"""Reading the galaxies of a snapshot: Skyloom beside a plain loop of illustris_python's loadHalo.

The universe has the layout, field names and data types of TNG's files, 64 snapshot files and 512
galaxies to read, chosen among four times as many groups of widely varied size, ordered by size as
in TNG. What lies between the chosen groups is never read by anyone: those parts of the files are
holes, so that they take no disk. Arrays are compared before anything is timed.
"""

import os
import resource
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import h5py
import illustris_python as il
import numpy as np
import tools
from astropy.table import Table

from skyloom.arms.tng import consistency, maps
from skyloom.arms.tng.particles import Workspace
from skyloom.arms.tng.simulation import STAR_FIELDS, Simulation
from skyloom.io.files import atomic_hdf5
from skyloom.kernels import histogram2d

SNAPSHOT, CHUNKS, CATALOGUE_CHUNKS = 99, 64, 16
GROUPS, GALAXIES = 2048, 512
GROWTH = (1, 2, 4, 8)
BOX, HUBBLE = 35000.0, 0.6774
GAS, STARS = 0, 4
#: As TNG stores them.
COLUMNS = {
    GAS: {
        "Coordinates": ("f8", (3,)),
        "Density": ("f4", ()),
        "ElectronAbundance": ("f4", ()),
        "InternalEnergy": ("f4", ()),
        "Masses": ("f4", ()),
        "StarFormationRate": ("f4", ()),
        "Velocities": ("f4", (3,)),
    },
    STARS: {
        "Coordinates": ("f8", (3,)),
        "GFM_StellarFormationTime": ("f4", ()),
        "Masses": ("f4", ()),
        "Velocities": ("f4", (3,)),
    },
}
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
        "min_stars": 20,
        "aperture": 30.0,
        "inclination": 0.0,
    },
    "grid": {"bins": 256, "width": 60.0, "depth": None, "edges": "exact", "deposit": "nearest"},
    "statistic": {
        "entropy": "mass_weighted_mean",
        "mass": "sum",
        "temperature": "mass_weighted_mean",
    },
}
MAP_FIELDS = maps.pass_fields(maps.gas_channels(OPTIONS["statistic"]), OPTIONS["gas"])


def chosen_groups():
    """Particles of every group by type, and the numbers of those that are read."""
    rng = np.random.default_rng(3)
    lengths = np.zeros((GROUPS, 6), np.int64)
    # TNG50's selected groups hold about a million cells; here a thirtieth, as widely spread.
    lengths[:, GAS] = np.sort(rng.lognormal(np.log(12e3), 1.2, GROUPS).clip(200, 1e6))[::-1]
    lengths[:, STARS] = 0.3 * lengths[:, GAS] * rng.lognormal(0, 0.4, GROUPS)
    numbers = np.sort(rng.choice(GROUPS, GALAXIES, replace=False))
    return lengths, numbers


def stuff(count, rng):
    """Values of every field for the largest galaxy; the others take the first rows of it."""
    gas = {
        "Density": rng.lognormal(-14, 2, count),
        "ElectronAbundance": rng.uniform(0, 1.16, count),
        "InternalEnergy": rng.lognormal(6, 2, count),
        "Masses": rng.lognormal(-10, 0.2, count),
        "StarFormationRate": rng.exponential(1e-3, count) * (rng.uniform(size=count) < 0.1),
    }
    offset = rng.normal(0, 12, (count, 3))
    speed = np.cross([0.3, 0.5, 0.8], offset) * 10 + rng.normal(0, 30, (count, 3))
    # 1 star in 25 is younger than 0.5 Gyr; a few are wind.
    stars = {"GFM_StellarFormationTime": rng.uniform(-0.02, 1.0, count), "Masses": gas["Masses"]}
    moving = {"Coordinates": offset, "Velocities": speed}
    return {GAS: {**gas, **moving}, STARS: {**stars, **moving}}


def write_chunks(base, lengths, numbers, centres):
    """The snapshot files; the first particle of each by type."""
    rng = np.random.default_rng(4)
    starts, totals = np.cumsum(lengths, axis=0) - lengths, lengths.sum(axis=0)
    edges = np.linspace(np.zeros(6), totals, CHUNKS + 1).astype(np.int64)
    values = stuff(int(lengths[numbers].max()), rng)
    folder = base / f"snapdir_{SNAPSHOT:03d}"
    folder.mkdir(parents=True)
    for chunk in range(CHUNKS):
        low, high = edges[chunk], edges[chunk + 1]
        with h5py.File(folder / f"snap_{SNAPSHOT:03d}.{chunk}.hdf5", "w") as file:
            file.create_group("Header").attrs.update(
                NumPart_ThisFile=(high - low).astype(np.int32),
                NumPart_Total=totals.astype(np.uint32),
                NumPart_Total_HighWord=np.zeros(6, np.uint32),
                NumFilesPerSnapshot=np.int32(CHUNKS),
            )
            for kind, columns in COLUMNS.items():
                group = file.create_group(f"PartType{kind}")
                for name, (dtype, row) in columns.items():
                    # Space is set aside and never filled: holes between the chosen groups.
                    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
                    properties.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
                    properties.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
                    shape = (int(high[kind] - low[kind]), *row)
                    data = group.create_dataset(name, shape, dtype, dcpl=properties)
                    for number, centre in zip(numbers, centres, strict=True):
                        start = starts[number, kind]
                        first = max(start, low[kind])
                        last = min(start + lengths[number, kind], high[kind])
                        if first < last:
                            part = values[kind][name][first - start : last - start]
                            if name == "Coordinates":
                                part = (part + centre) % BOX
                            data[first - low[kind] : last - low[kind]] = part
    return starts, edges[:-1]


def write_catalogue(base, lengths, starts, first_particle):
    """Catalogue and offsets; each group has one subhalo, of most of its particles."""
    folder, offsets = base / f"groups_{SNAPSHOT:03d}", base.parent / "postprocessing" / "offsets"
    folder.mkdir()
    offsets.mkdir(parents=True)
    edges = np.linspace(0, len(lengths), CATALOGUE_CHUNKS + 1).astype(int)
    for chunk in range(CATALOGUE_CHUNKS):
        rows = lengths[edges[chunk] : edges[chunk + 1]]
        with h5py.File(folder / f"fof_subhalo_tab_{SNAPSHOT:03d}.{chunk}.hdf5", "w") as file:
            file.create_group("Header").attrs.update(
                NumFiles=np.int32(CATALOGUE_CHUNKS),
                Ngroups_ThisFile=np.int32(len(rows)),
                Nsubgroups_ThisFile=np.int32(len(rows)),
                Ngroups_Total=np.int32(len(lengths)),
                Nsubgroups_Total=np.int32(len(lengths)),
                Redshift=0.0,
                Time=1.0,
                HubbleParam=HUBBLE,
                Omega0=0.3089,
                BoxSize=BOX,
                SyntheticUniverse=True,
            )
            file["Group/GroupLenType"] = rows.astype(np.int32)
            file["Subhalo/SubhaloLenType"] = (0.85 * rows).astype(np.int32)
            file["Subhalo/SubhaloGrNr"] = np.arange(edges[chunk], edges[chunk + 1], dtype=np.int32)
    with h5py.File(offsets / f"offsets_{SNAPSHOT:03d}.hdf5", "w") as file:
        file["FileOffsets/SnapByType"] = first_particle
        for owner in ("Group", "Subhalo"):
            file[f"FileOffsets/{owner}"] = edges[:-1]
            file[f"{owner}/SnapByType"] = starts


def build(base):
    """Write the universe; the table of galaxies to read, as the workflow's selection gives it."""
    lengths, numbers = chosen_groups()
    centres = np.random.default_rng(5).uniform(0, BOX, (GALAXIES, 3))
    starts, first_particle = write_chunks(base, lengths, numbers, centres)
    write_catalogue(base, lengths, starts, first_particle)
    table = Table({"subhalo_id": numbers, "group_id": numbers, "cells": lengths[numbers, GAS]})
    for axis, name in enumerate("xyz"):
        table[name], table[f"v{name}"] = centres[:, axis], np.zeros(GALAXIES)
    table.meta["compared"] = consistency.check_snapshot(Simulation(base, SNAPSHOT))
    return table


def loop_one(base, number):
    """Gas of a group and stars of its galaxy by illustris_python: fields as the maps need them."""
    return (
        il.snapshot.loadHalo(base, SNAPSHOT, number, GAS, list(MAP_FIELDS)),
        il.snapshot.loadSubhalo(base, SNAPSHOT, number, STARS, list(STAR_FIELDS)),
    )


def ours_one(simulation, number, workspace):
    """The same as the workflow's step reads it, checks for NaN included."""
    return (
        simulation.particles("gas", MAP_FIELDS, group=number, workspace=workspace),
        simulation.particles("stars", STAR_FIELDS, subhalo=number, workspace=workspace),
    )


def loop(base, numbers, threads=1):
    """Read every galaxy by illustris_python."""
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(lambda number: loop_one(base, number) and None, numbers):
            pass


def ours(base, numbers, threads=1):
    """Read every galaxy by Skyloom, from opening the snapshot on."""
    simulation, own = Simulation(base, SNAPSHOT), threading.local()
    ours_one(simulation, numbers[0], None)

    def one(number):
        if not hasattr(own, "workspace"):
            own.workspace = Workspace()
        ours_one(simulation, number, own.workspace)

    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(one, numbers):
            pass


def compare(base, numbers):
    """Assert that both ways give the same bytes for every galaxy; how many there are in all."""
    simulation, size = Simulation(base, SNAPSHOT), 0
    for number in numbers:
        truth, mine = loop_one(base, number), ours_one(simulation, number, None)
        for one, other in zip(truth, mine, strict=True):
            for name, array in other.items():
                assert array.dtype == one[name].dtype
                np.testing.assert_array_equal(array, one[name])
                size += array.nbytes
    return size


def project(base, table, kernel_path, output, threads):
    """The whole step: read, orient, project, write."""
    simulation = Simulation(base, SNAPSHOT, compared=table.meta["compared"])
    projected = maps.project_all(
        histogram2d.load(kernel_path), simulation, table, OPTIONS, threads=threads
    )
    with atomic_hdf5(output) as file:
        maps.write_maps(file, projected, len(table), header=simulation.header, options=OPTIONS)


def forget(base):
    """Have the system drop the snapshot's files from its cache; False where it cannot be asked."""
    if not hasattr(os, "posix_fadvise"):
        return False
    for path in Path(base).glob("snapdir_*/*.hdf5"):
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)
    return True


def peak_memory():
    """Most memory that this process has held, MB."""
    status = Path("/proc/self/status")
    if status.exists():
        # getrusage would count what the parent held before the program was started.
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def growing(table, share):
    """An eighth, a quarter, half or all of the galaxies, each with the largest one."""
    return table[:: len(GROWTH) * 2 // share] if share < GROWTH[-1] else table


def memory_and_time(folder, share):
    """Peak memory (MB) and seconds of the whole step on a share of the galaxies, in a process."""
    done = subprocess.run(
        [sys.executable, __file__, str(folder), str(share)],
        capture_output=True,
        text=True,
        check=True,
    )
    return [float(word) for word in done.stdout.split()]


def ways_to_read(base, numbers):
    """Name -> a call that reads these galaxies."""
    return {
        "loop of loadHalo and loadSubhalo": lambda: loop(base, numbers),
        "the same loop in 2 threads": lambda: loop(base, numbers, 2),
        "skyloom, 1 thread": lambda: ours(base, numbers, 1),
        "skyloom, 2 threads": lambda: ours(base, numbers, 2),
    }


def speed_table(title, times, size):
    """Galaxies and MB a second of each way, and the ratio to the first."""
    first = next(iter(times.values()))
    rows = [
        (name, f"{GALAXIES / t:.0f}", f"{size / t / 1e6:.0f}", f"{first / t:.1f}")
        for name, t in times.items()
    ]
    return tools.table(title, ("way", "galaxies/s", "MB/s", "ratio to the loop"), rows)


def size_table(base, table):
    """The loop and ours for small, middling and large groups."""
    rows = []
    for low, high in ((0, 10_000), (10_000, 50_000), (50_000, 10**7)):
        part = table[(low <= table["cells"]) & (table["cells"] < high)]
        ways = ways_to_read(base, [int(number) for number in part["group_id"]])
        first, *_, last = ways
        times = tools.seconds({name: ways[name] for name in (first, last)}, 3)
        rates = [f"{len(part) / t:.0f}" for t in times.values()]
        largest = f"{part['cells'].min():,} to {part['cells'].max():,}"
        rows.append((largest, len(part), *rates, f"{times[first] / times[last]:.1f}"))
    return tools.table(
        "By size of the group, files in the system's cache",
        ("gas cells", "galaxies", "loop, galaxies/s", "skyloom, 2 threads", "ratio"),
        rows,
    )


def cold_seconds(base, ways, repetitions=2):
    """Median seconds of each way with the files dropped from the cache before; in turn."""
    times = {name: [] for name in ways}
    for _ in range(repetitions):
        for name, way in ways.items():
            forget(base)
            times[name].append(tools.seconds({name: way}, 1)[name])
    return {name: float(np.median(values)) for name, values in times.items()}


def whole_step(folder, table):
    """Figures and table of the whole step as galaxies grow in number."""
    histogram2d.compile_kernel(folder / "histogram2d.so")
    figures, rows = {}, []
    for share in GROWTH:
        peak, seconds = memory_and_time(folder, share)
        count = len(growing(table, share))
        figures |= {f"maps_peak_mb_{share}x": peak, "maps_galaxies_per_s": count / seconds}
        rows.append((f"{share}x", count, f"{peak:.0f}", f"{seconds:.2f}", f"{count / seconds:.0f}"))
    return figures, tools.table(
        "The whole step (read, orient, project, write), 2 threads, each in a process of its own; "
        "the largest group is in each",
        ("growth", "galaxies", "peak memory, MB", "seconds", "galaxies/s"),
        rows,
    )


def measure(folder):
    """Time both ways warm, cold and by size of the galaxies; the memory of the whole step."""
    base = str(folder / "output")
    table = build(folder / "output")
    table.write(folder / "galaxies.ecsv", format="ascii.ecsv")
    numbers = [int(number) for number in table["group_id"]]
    size = compare(base, numbers)
    ways = ways_to_read(base, numbers)
    warm = tools.seconds(ways, 3)
    title = f"Reading {GALAXIES} galaxies ({size / 1e6:.0f} MB) from {CHUNKS} files"
    tables = [
        speed_table(f"{title}, files in the system's cache", warm, size),
        size_table(base, table),
    ]
    if forget(base):
        del ways["the same loop in 2 threads"]
        cold = cold_seconds(base, ways)
        title += ", dropped from the system's cache before each (POSIX_FADV_DONTNEED)"
        tables.append(speed_table(title, cold, size))
    seconds = warm["skyloom, 2 threads"]
    figures, step = whole_step(folder, table)
    figures |= {
        "reading_vs_loop": warm["loop of loadHalo and loadSubhalo"] / seconds,
        "reading_galaxies_per_s": GALAXIES / seconds,
        "reading_mb_per_s": size / seconds / 1e6,
    }
    return {"figures": figures, "tables": [*tables, step]}


def _one_share(folder, share):
    table = growing(Table.read(folder / "galaxies.ecsv"), share)
    start = time.perf_counter()
    project(str(folder / "output"), table, folder / "histogram2d.so", folder / "maps.h5", 2)
    print(peak_memory(), time.perf_counter() - start)


if __name__ == "__main__":
    _one_share(Path(sys.argv[1]), int(sys.argv[2]))
