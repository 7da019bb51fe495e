"""Bad input as a user meets it: the last line of a step's log, and nothing half-written.

What can be wrong with each file is in tests/bad_input; here one of them an arm goes through the
workflow, and folders with names that nobody would give one.
"""

import copy
import os
import re
import shutil

import h5py
import pytest
from miniature import (
    MINIATURE,
    MINIATURE_HELIUM,
    MINIATURE_SDSS,
    MINIATURE_SEMANTIC,
    MINIATURE_STELLAR,
    MINIATURE_XMM,
)

from skyloom import datasets
from skyloom.io.files import read_table
from skyloom.simulate import universe

pytestmark = pytest.mark.workflow

OVERLAYS = {
    overlay["arms"][0]: overlay
    for overlay in (MINIATURE, MINIATURE_SEMANTIC, MINIATURE_XMM, MINIATURE_HELIUM)
} | {overlay["arms"][0]: overlay for overlay in (MINIATURE_STELLAR, MINIATURE_SDSS)}
# Snakemake itself would read braces in a path as wildcards.
HOSTILE = "two  spaces; $(touch pwned) & 'Größe' ★"


def overlay(arm, **keys):
    """The arm's miniature with keys of the arm laid over it."""
    new = copy.deepcopy(OVERLAYS[arm])
    new[arm] |= keys
    return new


def half(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def observations_cut_short(folder):
    (folder / "images").mkdir()
    write(folder / "observations.fits", b"SIMPLE  =                    T" + b" " * 900)
    return {"images": str(folder / "images"), "observations": str(folder / "observations.fits")}


def catalogue_of_another_kind(folder):
    write(folder / "spectra" / "spec-0266-51602-0001.fits", b"no spectrum")
    write(folder / "spAll.fits", b"PLATE,MJD\n266,51602\n")
    return {"spectra": str(folder / "spectra"), "catalogue": str(folder / "spAll.fits")}


def nothing_but_damaged_spectra(folder):
    for name in ("f_t15000g30v100.dat", "t05000_g+4.0_m+0.0_v000.fits"):
        write(folder / "spectra" / name, b"4460.0 nan\n4460.1 0.9\n")
    return {"spectra": str(folder / "spectra")}


def maps_cut_short(folder):
    write(folder / "maps.h5", b"\x89HDF\r\n\x1a\n" + bytes(500))
    return {"galaxies": {"model": "galaxies", "dataset": str(folder / "maps.h5")}}


def chunk_of_another_run(folder):
    size = {"snapshots": [99], "galaxies": 12, "seed": 3}
    universe.write_snapshot(folder / "output", 99, gas_cells=100, chunks=2, **size)
    universe.write_tree(folder / "output", **size)
    with h5py.File(folder / "output" / "snapdir_099" / "snap_099.1.hdf5", "r+") as file:
        file["Header"].attrs["BoxSize"] = 75000.0
    return {"base_path": str(folder / "output"), "snapshots": [99]}


CASES = {
    # Found when galaxies are selected: no map is begun.
    "tng": (
        "tng_composite",
        chunk_of_another_run,
        r"tab_099\.0\.hdf5 and .*snap_099\.1\.hdf5 .* BoxSize is 35000 and 75000",
    ),
    "xmm": (
        "xmm_minmax_sqrt_rebin4",
        observations_cut_short,
        r"observations\.fits is not a readable .* check xmm\.observations\.",
    ),
    "sdss": (
        "sdss_spectra",
        catalogue_of_another_kind,
        r"spAll\.fits is not a FITS file.* sdss\.catalogue",
    ),
    "helium": (
        "helium_clean",
        nothing_but_damaged_spectra,
        r"None of the 2 files .* f_t15000g30v100\.dat has 2 points .* window keys",
    ),
    "stellar": (
        "stellar_clean",
        nothing_but_damaged_spectra,
        r"None of the 2 files .*f_t15000g30v100\.dat is not a complete HDF5 .* spectra and window",
    ),
    "semantic": ("semantic", maps_cut_short, r"maps\.h5 is not a complete HDF5 file.*again"),
}


@pytest.mark.parametrize("arm", CASES)
def test_step_ends_with_one_sentence_and_leaves_nothing_half_written(arm, make_project, tmp_path):
    target, spoil, words = CASES[arm]
    keys = spoil(tmp_path)
    local = {} if arm == "semantic" else {"source": "local"}
    project = make_project(overlay(arm, **local, **keys))
    if arm == "semantic":
        target = f"results/mini/{arm}/galaxies/measurements.ecsv"
    done = project.snakemake("--cores", "2", target, check=False)
    assert done.returncode
    said = re.findall(r"^ *skyloom: (.*)$", done.stdout, re.MULTILINE)
    assert said, done.stdout[-3000:]
    assert any(re.search(words, line) for line in said), said
    assert not any("not foreseen" in line for line in said), said
    assert 'File "' not in done.stdout
    assert not list((project.folder / "results").rglob("*.tmp*"))
    assert not list(project.results.glob("datasets/*.h5")) or arm == "semantic"
    assert not list(project.results.glob("maps/*"))


def test_folder_with_a_hostile_name_is_read_like_any_other(finished_xmm, make_project, tmp_path):
    odd = tmp_path / HOSTILE
    shutil.copytree(finished_xmm.results / "archive", odd)
    # Nobody writes to the pipe, and the link leads back to itself: both would be waited for.
    os.mkfifo(odd / "images" / "pipe.fits")
    (odd / "images" / "loop.fits").symlink_to("loop.fits")
    keys = {"images": str(odd / "images"), "observations": str(odd / "observations.fits")}
    project = make_project(overlay("xmm", source="local", **keys))
    project.snakemake("--cores", "2", "xmm_minmax_sqrt_rebin4")
    name = "datasets/minmax_sqrt_rebin4.h5"
    assert datasets.check(project.results / name)["variant"] == "minmax_sqrt_rebin4"
    good = [read_table(one.results / "inventory.ecsv")["file"] for one in (finished_xmm, project)]
    assert list(good[0]) == list(good[1]) and len(good[0]) > 30
    bad = {str(name) for name in read_table(project.results / "rejects.ecsv")["file"]}
    assert {"pipe.fits", "loop.fits"} <= bad
    assert not list(tmp_path.rglob("pwned")) and not list(project.folder.rglob("pwned"))
