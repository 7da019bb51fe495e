"""From a sample to the three datasets, through the steps themselves."""

import itertools
import json
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
from astropy.table import Table
from fake_step import run
from refusal import refused

from skyloom import datasets, loaders
from skyloom.arms.sdss import drawing, preparation, processing
from skyloom.io.files import atomic_hdf5, read_table
from skyloom.kernels import polyline

ROOT = Path(__file__).parents[2]
COUNT, GRID = 9, {"wavelength": [3700, 9000], "pixels": 600}
DRAWING = {"backend": "rasteriser", "wavelength": None, "flux": "minmax", "width": 1.5}
DRAWING |= {"margin": 0.05}


def spectrum_of(path, *, labelled):
    """Stands in for the reader, which has tests of its own: a spectrum by its number."""
    random = np.random.default_rng(int(Path(path).stem))
    flux = 5 + random.normal(size=4000).cumsum() / 20
    good = random.random(4000) > 0.05
    wavelength = 10 ** (3.56 + 1e-4 * np.arange(4000))
    return SimpleNamespace(wavelength=wavelength, flux=flux.astype("f4"), good=good)


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    """A sample, its kernel, and its spectra prepared in two blocks."""
    folder = tmp_path_factory.mktemp("sdss")
    sample = Table(meta={"synthetic": True})
    sample["id"] = [f"0266-51602-{k:04d}" for k in range(COUNT)]
    sample["file"] = [f"{k}.fits" for k in range(COUNT)]
    sample["class"] = [("STAR", "GALAXY", "QSO")[k % 3] for k in range(COUNT)]
    sample["z"] = np.linspace(0, 2, COUNT)
    sample["object"] = [f"thing-{k}" for k in range(COUNT)]
    sample.write(folder / "sample.ecsv", format="ascii.ecsv")
    with pytest.MonkeyPatch.context() as patch:
        run("sdss/compile_kernel", input={}, output=folder / "k.so", params={}, monkeypatch=patch)
        patch.setattr(preparation, "read_spectrum", spectrum_of)
        given = {"input": {"sample": folder / "sample.ecsv"}, "monkeypatch": patch}
        params = {"spectra": "unused", "blocks": 2, "smoothing": {"window": 9}, "grid": GRID}
        for threads, block in itertools.product((1, 2), range(2)):
            given |= {"output": folder / f"block_{block}_{threads}.h5", "threads": threads}
            run("sdss/prepare_spectra", **given, params=params | {"block": block})
    return folder


def made(chain, folder, variant, monkeypatch, threads=1, options=DRAWING):
    """A dataset through the step."""
    output = {"dataset": folder / "d.h5", "provenance": folder / "d.json"}
    blocks = [chain / f"block_{block}_{threads}.h5" for block in range(2)]
    inputs = {"sample": chain / "sample.ecsv", "blocks": blocks, "kernel": chain / "k.so"}
    params = {"variant": variant, "drawing": options, "grid": GRID, "seed": 1}
    job = {"input": inputs, "output": output, "params": params, "threads": threads}
    run("sdss/make_dataset", **job, monkeypatch=monkeypatch)
    return output["dataset"]


def test_prepared_blocks_have_the_same_bytes_from_any_number_of_threads(chain):
    for block in range(2):
        one, two = (chain / f"block_{block}_{threads}.h5" for threads in (1, 2))
        assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("variant", processing.VARIANTS)
def test_datasets_hold_what_the_library_makes_of_each_spectrum(
    chain, variant, tmp_path, monkeypatch
):
    path = made(chain, tmp_path, variant, monkeypatch)
    found = datasets.check(path)
    assert (found["samples"], found["variant"]) == (COUNT, variant)
    grid = preparation.grid(**GRID)
    kernel = polyline.load(chain / "k.so")
    with h5py.File(path) as file:
        samples = file[found["kind"]][:]
        assert list(file["target"][:]) == [2, 0, 1] * 3
        assert file["target"].attrs["name"] == "class"
        assert file.attrs["classes"] == "GALAXY,QSO,STAR" and file.attrs["synthetic"]
        assert [name.decode() for name in file["class"][:3]] == ["STAR", "GALAXY", "QSO"]
        assert json.loads(file.attrs["parameters"])["grid"] == GRID
    for number in range(COUNT):
        own = preparation.prepare(spectrum_of(f"{number}.fits", labelled=False), grid, window=9)
        if variant == "spectra":
            np.testing.assert_array_equal(samples[number], preparation.normalise(own[None])[0])
            continue
        image = drawing.draw(own[None], samples.shape[1:3], x=grid, kernel=kernel)[0]
        for channel in range(samples.shape[3]):
            np.testing.assert_array_equal(samples[number, ..., channel], image)


def test_datasets_have_the_same_bytes_from_any_number_of_threads(chain, tmp_path, monkeypatch):
    contents = []
    for threads in (1, 2):
        folder = tmp_path / str(threads)
        folder.mkdir()
        contents.append(made(chain, folder, "images_28", monkeypatch, threads).read_bytes())
    assert contents[0] == contents[1]


def test_the_matplotlib_backend_makes_a_like_dataset(chain, tmp_path, monkeypatch):
    ours = made(chain, tmp_path, "images_28", monkeypatch)
    (tmp_path / "other").mkdir()
    options = DRAWING | {"backend": "matplotlib"}
    other = made(chain, tmp_path / "other", "images_28", monkeypatch, options=options)
    with h5py.File(ours) as one, h5py.File(other) as two:
        pair = one["images"][:].astype(float), two["images"][:].astype(float)
    assert np.corrcoef(pair[0].ravel(), pair[1].ravel())[0, 1] > 0.97


def test_an_empty_sample_and_an_unknown_class_are_told(chain):
    sample = read_table(chain / "sample.ecsv")
    grid = preparation.grid(**GRID)
    refused("no spectrum", processing.description, sample[:0], grid, 9, "spectra", {}, 1)
    sample["class"][0] = "SKY"
    refused("'SKY'", processing.description, sample, grid, 9, "spectra", {}, 1)
    refused("none of", processing.inputs, np.zeros((1, 600)), grid, "images_64", error=ValueError)


def test_images_that_are_drawn_begin_at_the_top_and_have_no_way_back(tmp_path):
    sample = Table({"id": ["a"], "class": ["STAR"], "z": [0.0], "object": ["a"]})
    sample.meta["synthetic"] = True
    made = processing.description(sample, np.linspace(4000, 9000, 64), 9, "images_28", {}, 1)
    path = tmp_path / "images_28.h5"
    with atomic_hdf5(path) as file:
        datasets.write(file, [np.zeros((1, 28, 28, 1), "u1")], **made)
    assert datasets.check(path)["lacks"] == []
    assert loaders.Samples(path).attributes["origin"] == "upper"
    refused("a curve in a frame of its own", loaders.physical, path)
