"""What a newcomer walks, by the words of a page alone: `make test-docs`.

The README's rows on files of one's own: synthetic ones in the archives' formats, and real ones
where they are at hand. The tutorial's commands from archives, on servers of this machine.
"""

import os
import subprocess
import sys
from pathlib import Path

import miniature
import pytest
import yaml
from archive_server import Archive
from astropy.table import Table
from commands import ROOT, files_of, in_page

import skyloom
from skyloom.io.files import open_hdf5, read_table

pytestmark = [
    pytest.mark.workflow,
    pytest.mark.long("half a minute and more each: arms of one's own files and of servers"),
]
PAGE = "docs/tutorial.md"


def reader(folder, **overlay):
    """A copy of the project with the tutorial's files; all its configurations are small."""
    project = miniature.Project(folder, {"arms": ["tng"], **overlay})
    for name, text in files_of(PAGE).items():
        (folder / name).write_text(text)
    for path in (folder / "config" / "config.yaml", *map(folder.joinpath, files_of(PAGE))):
        small = miniature.merged(yaml.safe_load(path.read_text()), overlay)
        path.write_text(yaml.safe_dump(small, sort_keys=False))
    return project


def follow(project, needle, page=PAGE):
    """Run every command of a page that has these words, in order, as they stand, at home there."""
    commands = [c for c in in_page(page) if needle in c and c.startswith("snakemake ")]
    assert commands
    variables = {"TNG_API_KEY": "your-key", "HOME": str(project.folder)}
    for command in commands:
        code, text = miniature.shell(command, project.folder, **variables)
        assert code == 0, f"{command}\n{text[-4000:]}"
    return project.folder / "results"


def python_of(page, needle, folder, more=""):
    """Run the one block of Python of a page that has these words, and some more; what it says."""
    blocks = (ROOT / page).read_text(encoding="utf-8").split("```python\n")[1:]
    (code,) = (own for block in blocks if needle in (own := block.partition("```")[0]))
    done = subprocess.run(
        [sys.executable, "-c", code + more],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def home(tmp_path):
    """A reader's home, which is the project's folder: ``~/data`` is in it."""
    (tmp_path / "reader" / "data").mkdir(parents=True)
    return tmp_path / "reader"


def linked(files, folder):
    """Files of one's own in a folder, and how many."""
    folder.mkdir()
    for path in files:
        (folder / path.name).symlink_to(path)
    return len(list(folder.iterdir()))


def test_a_tng_folder_becomes_unsharp_5_that_pytorch_loads(home):
    size = {"galaxies": 24, "gas_cells": 300, "chunks": 3}
    skyloom.simulate_tng(home / "data" / "TNG50-1", (99, 98), **size)
    small = {"snapshots": [99, 98], "synthetic": size, "split": {"test_fraction": 0.3}}
    project = reader(home, tng=small)
    results = follow(project, "tng_unsharp_5 --config 'tng={source: local", "README.md")
    python_of("README.md", "open_tng", home / "data")
    with open_hdf5(results / "demo/tng/datasets/unsharp_5.h5", need=("images",)) as file:
        images = file["images"][()]
    assert images.shape[1:] == (256, 256, 3) and images.any()
    pytest.importorskip("torch", reason="PyTorch is not here: pip install torch")
    more = """
import torch
batch, labels = next(iter(torch.utils.data.DataLoader(training, batch_size=4)))
print(len(training), *batch.shape, *labels.shape, int((255 * batch).round().long().sum()))
"""
    said = python_of("README.md", "loaders.torch", home, more).split()
    assert said == [str(n) for n in (len(images), 4, 3, 256, 256, 4, images[:4].sum())]


def test_a_filter_of_ones_own_is_a_dataset(home):
    size = {"galaxies": 24, "gas_cells": 300, "chunks": 3}
    project = reader(home, tng={"snapshots": [99], "synthetic": size, "grid": {"bins": 64}})
    results = follow(project, "tng_gaussian_7", "README.md") / "demo/tng/datasets"
    assert [path.name for path in results.glob("*.h5")] == ["gaussian_7.h5"]
    with open_hdf5(results / "gaussian_7.h5", need=("images",)) as file:
        assert '"sigma": 7' in file.attrs["parameters"] and file["images"][()].any()


@pytest.mark.parametrize("which", ["synthetic", "real"])
def test_epic_images_become_a_normalised_dataset(which, home, request):
    data, table = home / "data", home / "data" / "4xmmdr9_obslist.fits"
    if which == "real":
        files = (request.getfixturevalue("real_data") / "xmm").iterdir()
        count = linked([path for path in files if "map" not in path.name.lower()], data / "epic")
        # What the catalogue says of the two observations: good.
        rows = {"OBS_ID": ["0098010101", "0201901401"], "OBS_CLASS": [0, 1]}
        Table(rows).write(table)
    else:
        from skyloom.simulate.epic import files

        options = {"images": 6, "flawed": 4, "exposure_maps": False}
        count = len(list(files.write_images(data / "epic", options, seed=1)))
        files.write_table(options, 1, table)
    results = follow(reader(home), "xmm_minmax_sqrt_rebin4", "README.md") / "demo" / "xmm"
    inventory = read_table(results / "inventory.ecsv")
    named = {*inventory["file"], *read_table(results / "rejects.ecsv")["file"]}
    assert len(named & {path.name for path in (data / "epic").iterdir()}) == count
    with open_hdf5(results / "datasets/minmax_sqrt_rebin4.h5", need=("images",)) as file:
        images = file["images"][()]
    assert len(images) == len(inventory) >= 1
    assert (images.min(axis=(1, 2, 3)) == 0).all() and (images.max(axis=(1, 2, 3)) == 1).all()


@pytest.mark.parametrize("which", ["synthetic", "real"])
def test_spectra_get_their_classes(which, home, request):
    if which == "real":
        count = linked((request.getfixturevalue("real_data") / "sdss").iterdir(), home / "data/new")
    else:
        from skyloom.simulate.sdss import archive, lines

        shares = {"GALAXY": 0.5, "QSO": 0.25, "STAR": 0.25}
        options = {"spectra": 12, "shares": shares, "repeated": 0.0, "flawed": 0}
        lists = lines.read_lists((ROOT / "resources" / "lines").glob("sdss_*.ecsv"))
        (home / "data" / "new").mkdir()
        count = len(list(archive.write(home / "data" / "new", options, lists, 7)))
    project = reader(home, sdss=miniature.MINIATURE_SDSS["sdss"])
    results = follow(project, "sdss_predict", "README.md") / "demo" / "sdss" / "prediction" / "new"
    predictions = read_table(results / "predictions.ecsv")
    assert len(predictions) + len(read_table(results / "rejects.ecsv")) == count
    assert {*predictions["predicted"]} <= {"STAR", "GALAXY", "QSO"} and len(predictions) > 10


def test_real_hot_stars_get_their_labels(home, real_data):
    stars = (real_data / "stellar").glob("MILES_*")
    count = linked(stars, home / "data" / "MILES")
    project = reader(home, helium=miniature.MINIATURE_HELIUM["helium"])
    results = follow(project, "dataset: miles", "docs/data.md") / "demo" / "helium" / "observed"
    labels = read_table(results / "labels.ecsv", need=("teff", "teff_error", "flag"))
    assert len(labels) + len(read_table(results / "rejects.ecsv")) == count and len(labels) >= 5


DOWNLOADS = {"folder": "cache", "archives": "mirror.yaml", "retries": 1, "timeout": 20}


def test_first_try_of_tng50_4_ends_with_figures_and_a_table_in_hand(tmp_path):
    from tng_server import TngArchive, addresses

    from skyloom.simulate.universe.snapshot import write_snapshot
    from skyloom.simulate.universe.tree import write_tree

    universe = {"snapshots": [99], "galaxies": 24, "seed": 20260}
    base = tmp_path / "universe" / "output"
    write_snapshot(base, 99, gas_cells=300, chunks=3, **universe)
    write_tree(base, **universe)
    kept = ("grid", "backbone", "training", "evaluation", "attention")
    small = {key: miniature.MINIATURE["tng"][key] for key in kept}
    project = reader(tmp_path / "reader", downloads=DOWNLOADS, tng=small)
    with Archive(TngArchive(base, name="TNG50-4"), key="your-key") as server:
        text = yaml.safe_dump({"tng": addresses(server.url)})
        (project.folder / "mirror.yaml").write_text(text)
        results = follow(project, "--configfile first.yaml")
    folder = results / "first" / "tng"
    assert (folder / "figures" / "sample.png").stat().st_size > 10_000
    assert len(read_table(folder / "evaluation" / "summary.ecsv")) == 2
    # One snapshot has no siblings: the splits are compared on their own test sides alone.
    leakage = read_table(folder / "evaluation" / "leakage.ecsv")
    assert list(leakage["comparison"]) == ["own_test"]
    assert "composite" in python_of(PAGE, "loaders.table", project.folder)


def served_by(arm, overlay, target, tmp_path):
    """What an arm's own simulator wrote: its project."""
    project = miniature.Project(tmp_path / f"{arm}_archive", overlay)
    project.snakemake("--cores", "2", target)
    return project


def test_epic_images_of_the_archive_are_trained_on(tmp_path):
    source = served_by("xmm", miniature.MINIATURE_XMM, "xmm_minmax_sqrt_rebin4", tmp_path)
    archive = source.results / "archive"
    rows = read_table(source.results / "inventory.ecsv")
    images = {str(r["obs_id"]): (archive / "images" / str(r["file"])).read_bytes() for r in rows}
    table = (archive / "observations.fits").read_bytes()
    mini = {key: miniature.MINIATURE_XMM["xmm"][key] for key in ("experiments", "evaluation")}
    small = {"archive": {"observations": None}, **mini}
    project = reader(tmp_path / "reader", downloads=DOWNLOADS, xmm=small)
    serve = Archive(lambda path, query: table if path == "/t" else images.get(query["o"][0], 404))
    with serve as server:
        image = {"address": f"{server.url}/i?o={{observation}}", "file": "P{observation}.FTZ"}
        mirror = {"xmm": {"tables": {"4XMM-DR9": f"{server.url}/t"}, "images": image}}
        (project.folder / "mirror.yaml").write_text(yaml.safe_dump(mirror))
        results = follow(project, "--configfile epic.yaml")
    assert len(read_table(results / "epic" / "xmm" / "evaluation" / "summary.ecsv"))


def test_spectra_of_the_archive_are_classified(tmp_path):
    source = served_by("sdss", miniature.MINIATURE_SDSS, "sdss_images_28", tmp_path)
    archive = source.results / "archive"
    files = {path.name: path for path in (archive / "spectra").rglob("spec-*")}
    mini = {key: miniature.MINIATURE_SDSS["sdss"][key] for key in ("trained", "training")}
    project = reader(tmp_path / "reader", downloads=DOWNLOADS, sdss=mini)
    (project.folder / "wanted.fits").write_bytes((archive / "spAll.fits").read_bytes())

    def serve(path, _):
        name = Path(path).name
        return files[name].read_bytes() if name in files else 404

    with Archive(serve) as server:
        runs = {"runs": ["26", "v5_10_0"], "legacy": "26", "boss": "v5_10_0", "boss_since": 55100}
        release = {"address": f"{server.url}/{{run2d}}/{{plate}}/{{file}}", **runs}
        (project.folder / "mirror.yaml").write_text(yaml.safe_dump({"sdss": {"DR17": release}}))
        results = follow(project, "--configfile spectra.yaml")
    assert len(read_table(results / "spectra" / "sdss" / "evaluation" / "summary.ecsv"))


def test_a_star_gets_its_labels(home):
    project = reader(home, helium=miniature.MINIATURE_HELIUM["helium"])
    lines = [f"{4455 + k * 0.1:.1f} {1 - 0.4 * (abs(k - 165) < 15)}" for k in range(300)]
    for name in ("my_star.txt", "data/hd127972_final_corr.txt"):
        (home / name).write_text("\n".join(lines))
        page = PAGE if name == "my_star.txt" else "README.md"
        observed = follow(project, name, page) / "demo" / "helium" / "observed"
        (star,) = read_table(observed / "labels.ecsv", need=("teff", "log_g", "v_rot", "flag"))
        assert star["name"] == Path(name).stem and star["teff"] > 0
        assert len(read_table(observed / "predictions.ecsv")) >= 3
