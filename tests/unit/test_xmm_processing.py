"""The chain from images of counts to datasets, through the steps themselves."""

import json
import os
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest
from astropy import units
from astropy.io import fits
from astropy.table import Table
from astropy.visualization import AsinhStretch, LogStretch, SqrtStretch, ZScaleInterval
from fake_step import run
from refusal import refused
from scipy import stats
from small_files import RATES, rates

from skyloom import datasets, prefetch
from skyloom.arms.xmm import processing, stretches
from skyloom.io.files import atomic_hdf5, read_table

ROOT = Path(__file__).parents[2]
REAL = Path(os.environ.get("SKYLOOM_REAL_DATA", "")) / "xmm"
SIDE, COUNT = 48, 13


def toy_archive(folder, count=COUNT, side=SIDE):
    """A folder of images of counts, and its inventory."""
    random, rows = np.random.default_rng(7), []
    distance = np.hypot(*(np.mgrid[:side, :side] - side / 2))
    for number in range(count):
        name, exposure = f"{100000000 + 101 * number:010d}", 8000.0 + 731.0 * number
        law = 0.2 + 0.5 * (distance < side / 3) + 40 * np.exp(-(distance**2) / 8)
        counts = random.poisson(law).astype(np.int32)
        header = fits.Header({"EXPOSURE": exposure, "OBS_ID": name})
        fits.writeto(folder / f"{name}.fits.gz", counts, header)
        rows.append((f"{name}.fits.gz", name, number % 6, exposure, side, side))
    names = ("file", "obs_id", "obs_class", "exposure", "height", "width")
    table = Table(rows=rows, names=names, meta={"frame": [side, side], "synthetic": True})
    table.write(folder / "inventory.ecsv", format="ascii.ecsv")
    return folder / "inventory.ecsv"


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return toy_archive(tmp_path_factory.mktemp("archive"))


@pytest.fixture
def bin_all(archive, tmp_path, monkeypatch):
    """A function that makes the files of rates, block after block."""

    def made(folder=tmp_path, *, blocks=1, threads=1, rebin=4, method="area"):
        paths = [str(folder / f"rebin{rebin}.block_{block}.h5") for block in range(blocks)]
        params = {"images": str(archive.parent), "smaller": "reject", "rebin": rebin}
        params |= {"rebin_method": method, "blocks": blocks}
        files, how = {"inventory": str(archive)}, {"threads": threads, "monkeypatch": monkeypatch}
        for block, path in enumerate(paths):
            run("xmm/bin_images", input=files, output=path, params=params | {"block": block}, **how)
        return paths

    return made


@pytest.fixture
def make(archive, monkeypatch):
    """A function that makes a dataset of rates."""

    def made(rates, path, parameters, threads=1):
        run(
            "xmm/make_dataset",
            input={"inventory": str(archive), "rates": rates},
            output={"dataset": str(path), "provenance": str(path.with_suffix(".json"))},
            params={"variant": "toy", "variant_parameters": parameters, "seed": 1},
            threads=threads,
            monkeypatch=monkeypatch,
        )
        return path

    return made


def counts_of(archive):
    """(id, rate image) of every row, read by astropy alone."""
    for row in read_table(archive):
        counts = fits.getdata(archive.parent / row["file"])
        yield row["obs_id"], counts.astype(np.float64) / row["exposure"]


@pytest.mark.parametrize(
    ("parameters", "interval", "stretch"),
    [
        ({"interval": "zscale", "stretch": "asinh", "a": 0.1}, ZScaleInterval(), AsinhStretch(0.1)),
        (
            {"interval": "zscale", "stretch": "log", "a": 50, "contrast": 0.4, "samples": 60},
            ZScaleInterval(n_samples=60, contrast=0.4),
            LogStretch(50),
        ),
    ],
)
def test_a_dataset_holds_what_astropy_makes_of_the_block_means(
    parameters, interval, stretch, archive, bin_all, make, tmp_path
):
    path = make(bin_all(blocks=3), tmp_path / "dataset.h5", parameters)
    assert datasets.check(path)["dtype"] == "float32"
    with h5py.File(path) as file:
        assert file["images"].shape == (COUNT, SIDE // 4, SIDE // 4, 1)
        for row, (name, rate) in enumerate(counts_of(archive)):
            assert file["id"][row].decode() == name
            means = rate.reshape(SIDE // 4, 4, SIDE // 4, 4).mean(axis=(1, 3))
            expected = stretch(interval(means.astype(np.float32).astype(np.float64)))
            np.testing.assert_allclose(file["images"][row, ..., 0], expected, rtol=0, atol=1e-6)
        assert list(file["target"][:]) == list(read_table(archive)["obs_class"])
        assert file["target"].attrs["name"] == "obs_class"
        assert file.attrs["synthetic"]
        assert json.loads(file.attrs["parameters"]) == parameters


def test_the_published_rebinning_is_that_of_opencv(archive, bin_all):
    [path] = bin_all(method="linear")
    with h5py.File(path) as file:
        for image, (_, rate) in zip(file["images"], counts_of(archive), strict=True):
            size = (SIDE // 4, SIDE // 4)
            expected = cv2.resize(rate, size, interpolation=cv2.INTER_LINEAR)
            np.testing.assert_array_equal(image, expected.astype(np.float32))


@pytest.mark.parametrize("blocks", [1, 4, 20])
def test_datasets_have_the_same_bytes_for_any_blocks_and_threads(blocks, bin_all, make, tmp_path):
    found = []
    for shape, threads in ((blocks, 3), (2, 1)):
        rates = bin_all(tmp_path / f"{shape}", blocks=shape, threads=threads)
        parameters = {"interval": "minmax", "stretch": "sqrt"}
        found.append(make(rates, tmp_path / f"{shape}" / "d.h5", parameters, threads).read_bytes())
    assert found[0] == found[1]


def test_rates_as_they_are_keep_their_values(archive, bin_all, make, tmp_path):
    parameters = {"interval": "none", "stretch": "linear"}
    with h5py.File(make(bin_all(blocks=2, rebin=1), tmp_path / "d.h5", parameters)) as file:
        for image, (_, rate) in zip(file["images"], counts_of(archive), strict=True):
            np.testing.assert_array_equal(image[..., 0], rate.astype(np.float32))


def test_rates_of_another_inventory_are_refused(archive, bin_all):
    rates = bin_all(blocks=2)
    inventory = read_table(archive)
    refused("does not follow the inventory", list, processing.read_rates(rates[::-1], inventory))
    refused("hold 6 of the inventory's 13", list, processing.read_rates(rates[:1], inventory))


def test_blocks_are_read_a_few_images_at_a_time(archive, bin_all, monkeypatch):
    monkeypatch.setattr(processing, "BLOCK_PIXELS", 4 * (SIDE // 4) ** 2)
    rates = bin_all(blocks=2)
    sizes = [len(block) for block in processing.read_rates(rates, read_table(archive))]
    assert max(sizes) == 4 and sum(sizes) == COUNT


def test_single_observations_are_found_in_the_order_asked_for(archive, bin_all):
    rates = bin_all(blocks=3)
    names = [str(name) for name in read_table(archive)["obs_id"][[9, 2]]]
    known = {name: rate for name, rate in counts_of(archive)}
    for image, name in zip(processing.rates_of(rates, names), names, strict=True):
        assert image.mean() == pytest.approx(known[name].mean(), rel=1e-6)
    refused("lack observation 0000000001", processing.rates_of, rates, ["0000000001"])


def test_an_exposure_map_divides_pixel_by_pixel(archive, tmp_path):
    rows = read_table(archive)[:2]
    exposed = np.where(np.arange(SIDE) < 30, 500.0, 250.0) * np.ones((SIDE, 1))
    fits.writeto(archive.parent / "expmap.fits", exposed, overwrite=True)
    rows["exposure_map"] = ["expmap.fits", "-"]
    options = {"smaller": "reject", "work": lambda rate: rate}
    mapped, plain = processing.rate_images(rows, archive.parent, **options)
    counts = fits.getdata(archive.parent / rows["file"][0])
    np.testing.assert_allclose(mapped, counts / exposed)
    np.testing.assert_allclose(
        plain, fits.getdata(archive.parent / rows["file"][1]) / rows["exposure"][1]
    )


def test_an_empty_inventory_makes_no_dataset(archive, tmp_path):
    nothing = read_table(archive)[:0]
    with atomic_hdf5(tmp_path / "r.h5") as file:
        processing.write_rates(file, [], nothing, factor=4, method="area")
    refused("rejects.ecsv", processing.description, nothing, [tmp_path / "r.h5"], "toy", {}, 1)


def test_statistics_of_all_blocks_are_those_of_scipy(archive, tmp_path, monkeypatch):
    def step(name, given, output, threads=1, **params):
        how = {"threads": threads, "monkeypatch": monkeypatch}
        run(f"xmm/{name}", input=given, output=output, params=params, **how)

    table, auc, split = (tmp_path / name for name in ("s.ecsv", "auc.json", "split.ecsv"))
    paths = [str(tmp_path / f"block_{block}.ecsv") for block in range(3)]
    own, params = {"inventory": str(archive)}, {"images": str(archive.parent), "blocks": 3}
    for block, path in enumerate(paths):
        step("measure_statistics", own, path, 2, **params, smaller="reject", block=block)
    step("split_observations", own, str(split), validation=0.2, test=0.3, seed=1)
    given, made = {"blocks": paths, "split": str(split)}, {"table": str(table), "auc": str(auc)}
    step("merge_statistics", given, made, bootstrap={"samples": 50, "level": 0.9}, seed=1)
    table = read_table(table)
    assert table.meta["synthetic"] and json.loads(auc.read_text())["synthetic"]
    for row, (name, rate) in zip(table, counts_of(archive), strict=True):
        assert row["obs_id"] == name
        shape = stats.skew(rate, axis=None), stats.kurtosis(rate, axis=None)
        expected = rate.std(ddof=1), *shape
        found = (row["sigma"], row["skewness"], row["kurtosis"])
        np.testing.assert_allclose(found, expected, rtol=1e-10)


@pytest.mark.skipif(not REAL.is_dir(), reason="SKYLOOM_REAL_DATA names no folder with xmm")
def test_a_real_image_goes_through_reading_division_rebinning_and_stretch():
    name = "P0098010101M2U009IMAGE_3000.FTZ"
    with fits.open(REAL / name) as hdus:
        counts, exposure = hdus[0].data.astype(np.float64), hdus[0].header["EXPOSURE"]
    rows = Table({"file": [name], "obs_id": ["0098010101"], "exposure": [exposure]})
    rows.meta["frame"] = [648, 648]
    work = processing.binned(4, "area", pad=False)
    [rate] = processing.rate_images(rows, REAL, smaller="reject", work=work)
    means = (counts / exposure).reshape(162, 4, 162, 4).mean(axis=(1, 3))
    np.testing.assert_allclose(rate, means, rtol=1e-7)
    ours = stretches.stretch(rate[None], "zscale", "sqrt")[0]
    np.testing.assert_allclose(ours, SqrtStretch()(ZScaleInterval()(means)), rtol=0, atol=1e-6)


def test_threads_give_the_images_in_order(archive):
    rows = read_table(archive)
    options = {"smaller": "reject", "work": np.mean}
    one, four = (
        list(processing.rate_images(rows, archive.parent, **options, pool=prefetch.Pool(threads)))
        for threads in (1, 4)
    )
    assert one == four


def test_x_ray_images_say_their_pixels_and_unit_where_they_have_them(tmp_path):
    path, none = rates(tmp_path), {"interval": "none", "stretch": "linear"}

    def said(table, own):
        return processing.description(table, [path], "toy", own, 1)["attributes"]

    assert "pixel_scale" not in said(RATES, none)
    on_sky = RATES.copy()
    on_sky["pixel_scale"] = [4.0, np.nan] << units.arcsec
    found = said(on_sky, none)
    assert found["pixel_scale"] == 16.0 and found["pixel_scale_unit"] == "arcsec"
    assert found["image_units"] == "ct / s" and found["column_units"] == {"exposure": "s"}
    stretched = said(on_sky, {"interval": "minmax", "stretch": "sqrt"})
    assert "image_units" not in stretched and "each image's own" in stretched["shows"]
