"""Bytes of images go back to their maps, and datasets say how, at which scale and of what."""

import json
import re
from pathlib import Path

import h5py
import numpy as np
import pytest
import yaml
from astropy import units
from astropy.cosmology import units as cosmological
from astropy.table import Table
from refusal import refused
from small_files import dataset

import configuration
import configuration_channels
from skyloom import datasets, encoding, loaders
from skyloom.arms.tng import gas_channels, grid, images, map_files, maps, metadata, variants
from skyloom.arms.tng.header import Header
from skyloom.io.files import atomic_hdf5, read_table, write_table

with open("config/config.yaml", encoding="utf-8") as file:
    DEMO = yaml.safe_load(file)["tng"]
HERE = {"width": 60.0, "scale_factor": 1.0, "hubble": 0.6774}
MAXIMA = {"entropy": 900.0, "mass": 0.02, "temperature": 3e6, "velocity": 200.0}
MAXIMA |= {"metallicity": 3.0, "dark_matter": 1e9, "stellar_mass": 1e10}
UNITS = {name: quantity.unit for name, quantity in gas_channels.GAS.items()}
UNITS |= {"velocity": "km/s", "metallicity": "Zsun"}
UNITS |= dict.fromkeys(("dark_matter", "stellar_mass"), "Msun / kpc2")


def parameters(own):
    return configuration.variant_parameters({**DEMO, "variants": {"tried": own}}, "tried")


def signed(own):
    return configuration_channels.signed({**DEMO, "variants": {"tried": own}}, "tried")


def gas(count=3, side=32, *, low=0.0):
    """Maps that fill their ranges, with pixels of nothing; a few lie beyond the reference."""
    rng = np.random.default_rng(4)
    stack = 10 ** rng.uniform(-5, 0.02, (count, 3, side, side))
    stack *= rng.random((count, 1, side, side)) < 0.7
    return (stack * np.array([MAXIMA[name] for name in maps.CHANNELS])[:, None, None]) + low


def within_a_byte(bytes_, how, truth):
    """Whether what was mapped lies in what rounding to these bytes leaves open."""
    middle, units_ = encoding.decode(bytes_, how)
    known = np.isfinite(middle) & (bytes_ > 0) & (bytes_ < 255)
    assert known.mean() > 0.2
    if how["stretch"] == "joint":
        # All planes are rounded at once: each to half a byte, their mean to as much.
        slack = 0.5 / 255 * np.arcsinh(1 / how["beta"]) + 0.5 / bytes_[known]
        assert (np.abs(np.log(middle[known] / truth[known])) < 1.5 * slack).all()
    else:
        below, above = (encoding.decode(bytes_.astype(float) + d, how)[0] for d in (-0.501, 0.501))
        assert (below[known] <= truth[known]).all() and (truth[known] <= above[known]).all()
    return units_


@pytest.mark.parametrize("channel", maps.CHANNELS)
@pytest.mark.parametrize("beta", [0.001, 0.1])
def test_bytes_of_one_channel_go_back_to_its_map_within_a_byte(channel, beta):
    own, stack = parameters({"kind": "channel", "channel": channel, "beta": beta}), gas()
    how = metadata.encoding(own, MAXIMA, UNITS)
    bytes_ = variants.render(stack, MAXIMA, own, **HERE)
    truth = np.repeat(stack[:, maps.CHANNELS.index(channel), ..., None], 3, axis=-1)
    assert within_a_byte(bytes_, how, truth) == [UNITS[channel]] * 3
    back, _ = encoding.decode(bytes_, how)
    # Beyond the reference: the largest value it can say; nothing stays nothing.
    assert truth.max() > MAXIMA[channel]
    np.testing.assert_allclose(back.max(), MAXIMA[channel])
    assert (back[truth == 0] == 0).all()


def test_bytes_of_a_composite_go_back_to_its_three_maps_within_a_byte():
    own, stack = parameters({"kind": "composite", "beta": 0.1}), gas()
    how = metadata.encoding(own, MAXIMA, UNITS)
    bytes_ = variants.render(stack, MAXIMA, own, **HERE)
    found = within_a_byte(bytes_, how, stack.transpose(0, 2, 3, 1))
    assert found == ["keV cm2", "1e10 Msun/h", "K"]
    back, _ = encoding.decode(bytes_, how)
    cut = (bytes_ == 255).any(axis=-1)
    assert 0 < cut.mean() < 0.9 and np.isnan(back[cut]).all() and np.isfinite(back[~cut]).all()
    again = variants.render(np.nan_to_num(back).transpose(0, 3, 1, 2), MAXIMA, own, **HERE)
    np.testing.assert_array_equal(again[~cut], bytes_[~cut])


def test_a_logarithmic_entropy_begins_at_its_least():
    own = parameters({"kind": "channel", "channel": "entropy", "beta": 0.1})
    stack, maxima = gas(), {**MAXIMA, "entropy": 4.0, "entropy_minimum": -1.0}
    filled = stack[:, 1] > 0
    stack[:, 0] = np.where(filled, np.linspace(-1, 4, filled.size).reshape(filled.shape), 0)
    how = metadata.encoding(own, maxima, {**UNITS, "entropy": "dex(keV cm2)"})
    bytes_ = variants.render(stack, maxima, own, **HERE)
    within_a_byte(bytes_, how, np.repeat(stack[:, 0, ..., None], 3, axis=-1))
    assert how["planes"][0]["minimum"] == -1.0 and how["planes"][0]["unit"] == "dex(keV cm2)"


def test_bytes_of_velocities_go_back_with_their_signs():
    own = {"kind": "channel", "channel": "velocity", "beta": 0.1}
    both, own = signed(own), parameters(own)
    speeds = np.linspace(-200, 200, 32 * 32).reshape(1, 1, 32, 32)
    how = metadata.encoding(own, MAXIMA, UNITS, both)
    bytes_ = variants.render(speeds, MAXIMA, own, **HERE, signed=both)
    truth = np.broadcast_to(speeds[:, 0, ..., None], bytes_.shape)
    assert within_a_byte(bytes_, how, truth) == ["km/s"] * 3
    assert encoding.decode(np.full(3, 128), how)[0].tolist() == [0, 0, 0]


def test_bytes_of_further_channels_stretched_jointly_go_back_in_their_order():
    names = ["dark_matter", "mass", "stellar_mass"]
    own = parameters({"kind": "composite", "channels": names, "beta": 0.1})
    stack = gas() / np.array([[900.0], [0.02], [3e6]])[..., None]
    stack = stack * np.array([MAXIMA[name] for name in names])[:, None, None]
    how = metadata.encoding(own, MAXIMA, UNITS)
    bytes_ = variants.render(stack, MAXIMA, own, **HERE)
    found = within_a_byte(bytes_, how, stack.transpose(0, 2, 3, 1))
    assert found == ["Msun / kpc2", "1e10 Msun/h", "Msun / kpc2"]


@pytest.mark.parametrize("channel", [None, "mass"])
def test_bytes_after_a_filter_go_back_to_what_it_left_of_the_stretched_image(channel):
    one, stack = {"channel": channel} if channel else {}, gas()
    plain = parameters({"kind": "channel" if channel else "composite", **one})
    options = {"beta": plain["beta"], "joint": channel is None, "overflow": "clip"}
    options["channel"] = channel and maps.CHANNELS.index(channel)
    sharp = images.stretched(stack, MAXIMA, **options)
    blurred = images.gaussian_blur(sharp, 3)
    for kind, truth in {"gaussian": blurred, "unsharp": sharp - blurred}.items():
        own = parameters({"kind": kind, "sigma": 3, **one})
        how = metadata.encoding(own, MAXIMA, UNITS)
        values, found = encoding.decode(variants.render(stack, MAXIMA, own, **HERE), how)
        assert np.abs(values - truth).max() <= 0.5 / 127 + 1e-6 and found == [""] * 3
    own = {"kind": "unsharp", "channel": "velocity", "sigma": 2, "beta": 0.1}
    both, own = signed(own), parameters(own)
    how = metadata.encoding(own, MAXIMA, UNITS, both)
    speeds = np.random.default_rng(1).uniform(-200, 200, (1, 1, 32, 32))
    options = {"beta": 0.1, "joint": False, "overflow": "clip", "names": both, "signed": both}
    grey = images.stretched(speeds, MAXIMA, **options)
    truth = (grey - images.gaussian_blur(grey, 2)) * 255 / 127
    values = encoding.decode(variants.render(speeds, MAXIMA, own, **HERE, signed=both), how)[0]
    assert np.abs(values - truth).max() <= 0.5 * 255 / 127**2 + 1e-5


@pytest.mark.parametrize(
    ("own", "why"),
    [
        ({"kind": "composite", "overflow": "wrap"}, "modulo 256 .overflow: wrap"),
        ({"kind": "unsharp", "sigma": 3, "difference": "wrapped"}, "difference: wrapped"),
        ({"kind": "channel", "channel": "mass", "single_channel": "joint"}, "does not tell the"),
    ],
)
def test_bytes_that_cannot_be_taken_back_say_why(own, why):
    how = metadata.encoding(parameters(own), MAXIMA, UNITS)
    refused(why, encoding.decode, np.zeros((2, 2, 3), np.uint8), how)
    assert not encoding.faults(how, 3)


# A dataset of two snapshots, as its step makes it.
SNAPSHOTS = {99: Header(99, 0.0, 1.0, 0.6774, 0.3089, 35000.0, True)}
SNAPSHOTS[91] = Header(91, 0.1, 1 / 1.1, 0.6774, 0.3089, 35000.0, True)
OPTIONS = {
    "gas": {"entropy": "linear"},
    "grid": {"bins": 32, "width": 60.0, "depth": None, "edges": "exact", "deposit": "nearest"},
    "rotation": {"inclination": 0.0},
    "statistic": dict.fromkeys(maps.CHANNELS, "sum"),
}


@pytest.fixture
def folder(tmp_path):
    """A run's folder with maps of four galaxies and three datasets of them."""
    tmp_path = tmp_path / "results" / "demo" / "tng"
    stack, paths, tables = gas(4), [], []
    for number, header in SNAPSHOTS.items():
        rows = slice(0, 2) if number == 99 else slice(2, 4)
        found = [
            maps.GalaxyMaps(7 + k, one.astype("f4"), np.eye(3), "all_stars", 9, 0)
            for k, one in enumerate(stack[rows])
        ]
        paths.append(tmp_path / "maps" / f"snap_{number:03d}.part_0.h5")
        with atomic_hdf5(paths[-1]) as file:
            maps.write_maps(file, found, 2, header=header, options=OPTIONS)
        table = Table({"snapshot": [number] * 2, "subhalo_id": [7, 8], "ssfr": [1e-10, 2e-10]})
        table["sfr"] = np.array([1.0, 2.0]) << units.Unit("Msun/yr")
        table["stellar_mass"] = [3.0, 4.0] << units.Unit("1e10 Msun / littleh")
        table.meta = {**header._asdict(), "ssfr_mass": "stellar"}
        tables.append(table)
    for number, table in zip(SNAPSHOTS, tables, strict=True):
        write_table(table, tmp_path / "galaxies" / f"snap_{number:03d}.ecsv")
    write_datasets(tmp_path)
    return tmp_path


def write_datasets(folder):
    """Three datasets of a folder's maps, as the workflow's step makes them."""
    paths = [folder / "maps" / f"snap_{number:03d}.part_0.h5" for number in SNAPSHOTS]
    tables = [read_table(path) for path in sorted(folder.glob("galaxies/*.ecsv"))]
    sample = map_files.labelled(tables)
    for name, own in {
        "mass": {"kind": "channel", "channel": "mass"},
        "composite": {"kind": "composite"},
        "unsharp_5": {"kind": "unsharp", "sigma": "1 kpc"},
    }.items():
        own = parameters(own)
        about = map_files.description(sample, paths, name, own, 1)
        about = metadata.complete(about, sample, paths, [MAXIMA], own)
        datasets.make(
            folder / "datasets" / f"{name}.h5",
            lambda pool, own=own: map_files.render_all(paths, sample, MAXIMA, own, pool=pool),
            about,
            label=name,
            unit="galaxy",
        )


def test_a_dataset_says_its_scales_units_snapshots_and_galaxies(folder):
    table = loaders.table(folder / "datasets" / "mass.h5")
    assert table.meta["format_version"] == 2 and table.meta["origin"] == "lower"
    assert table.meta["axes"] == ["sample", "row", "column", "channel"]
    assert table.meta["pixel_scale"] == 60 / 32 and table.meta["pixel_scale_unit"] == "ckpc/h"
    assert table.meta["channel_units"] == ["keV cm2", "1e10 Msun / littleh", "K"]
    assert table.meta["simulation"] == "synthetic, in the box of TNG50"
    assert table["snapshot"].tolist() == [99, 99, 91, 91]
    np.testing.assert_allclose(table["redshift"], [0, 0, 0.1, 0.1])
    np.testing.assert_allclose(table["pixel_kpc"], 60 / 32 / 0.6774 / np.array([1, 1, 1.1, 1.1]))
    assert table["pixel_kpc"].unit == units.kpc
    assert table["sfr"].quantity[1] == 2 * units.Msun / units.yr
    solar = table["stellar_mass"].quantity.to(
        units.Msun, cosmological.with_H0(67.74 * units.km / units.s / units.Mpc)
    )
    np.testing.assert_allclose(solar.value[:2], np.array([3e10, 4e10]) / 0.6774)


def test_a_filter_says_how_large_it_is_at_every_snapshot(folder):
    said = loaders.Samples(folder / "datasets" / "unsharp_5.h5").attributes["filter"]
    assert said["kind"] == "unsharp" and said["sigma"] == "1 kpc"
    np.testing.assert_allclose(said["range"]["kpc"], 1.0)
    np.testing.assert_allclose(said["range"]["ckpc/h"], [0.6774, 0.6774 * 1.1])
    np.testing.assert_allclose(said["range"]["pixel"], np.array([0.6774, 0.6774 * 1.1]) * 32 / 60)
    with h5py.File(folder / "datasets" / "unsharp_5.h5") as file:
        assert metadata.filter_text(file.attrs) == "σ = 1 kpc = 0.677 to 0.745 ckpc/h"
    own = {"sigma": 5, "range": {"ckpc/h": [2.34375, 2.34375]}}
    assert metadata.filter_text({"filter": json.dumps(own)}) == "σ = 5 px = 2.34 ckpc/h"
    assert metadata.filter_text({}) == ""
    five = metadata.filter_sizes(5, width=60.0, bins=128, scale_factor=0.5, hubble=0.7)
    assert five == pytest.approx({"pixel": 5, "ckpc/h": 5 * 60 / 128, "kpc": 2.34375 * 0.5 / 0.7})


@pytest.mark.parametrize("rule", ["exact", "published"])
def test_the_pixel_scale_is_that_of_the_grid(rule):
    edges = grid.bin_edges(50, 60.0, rule)
    np.testing.assert_allclose(metadata.pixel_side(60.0, 50, rule), edges[1] - edges[0])


def broken(path, name, value):
    with h5py.File(path, "r+") as file:
        file.attrs[name] = value
    return path


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("format_version", 3, "format version 3, and this Skyloom knows 1 to 2"),
        ("axes", ["sample", "row"], "axes do not name the 4 of images"),
        ("column_units", json.dumps({"speed": "km/s"}), "column_units names speed, no column"),
        ("column_units", "km/s", "column_units is no description in JSON"),
        ("pixel_scale", -1.0, "pixel_scale is -1.0, no size"),
        ("pixel_scale_unit", "", "pixel_scale has no pixel_scale_unit"),
        ("encoding", json.dumps({"gives": "maps", "planes": []}), "does not describe the 3 planes"),
        ("encoding", "[]", "encoding is no description"),
    ],
)
def test_an_attribute_that_makes_no_sense_is_named(folder, name, value, said):
    path = broken(folder / "datasets" / "mass.h5", name, value)
    refused(said, datasets.check, path)


def test_older_files_are_read_and_say_what_they_lack(folder):
    path = folder / "datasets" / "mass.h5"
    with h5py.File(path, "r+") as file:
        for name in ("format_version", "axes", "encoding"):
            del file.attrs[name]
    assert datasets.check(path)["lacks"] == ["format_version", "axes", "encoding"]
    assert len(loaders.Samples(path)) == 4


def test_images_in_their_units_are_the_maps_within_a_byte_and_maps_are_read_with_theirs(folder):
    stored = loaders.maps(folder / "maps" / "snap_091.part_0.h5")
    assert stored["mass"].shape == (2, 32, 32) and stored["temperature"].unit == units.K
    assert stored["mass"].unit == units.Unit("1e10 Msun / littleh") and stored.width == 60.0
    assert stored.galaxies["subhalo_id"].tolist() == [7, 8] and stored.header.redshift == 0.1
    np.testing.assert_array_equal(stored["mass"].value, gas(4)[2:, 1].astype("f4"))
    one = loaders.maps(folder / "maps" / "snap_091.part_0.h5", rows=[1])
    np.testing.assert_array_equal(one["entropy"], stored["entropy"][1:])
    assert one.orientations.tolist() == ["all_stars"]
    mass = loaders.physical(folder / "datasets" / "mass.h5", rows=[3])["mass"]
    truth, back = stored["mass"][1].value, mass[0].to_value(stored["mass"].unit)
    inside = (truth > 1e-4) & (truth < 0.02)
    # A byte is a 255th of asinh(1 / beta) in the logarithm.
    assert np.abs(np.log(back[inside] / truth[inside])).max() < 0.5 / 255 * np.arcsinh(1000) + 0.01
    composite = loaders.physical(folder / "datasets" / "composite.h5")
    assert list(composite) == list(maps.CHANNELS)
    difference = loaders.physical(folder / "datasets" / "unsharp_5.h5")["mass"]
    assert difference.unit.is_equivalent(units.dimensionless_unscaled) and difference.min() < 0


def test_a_file_that_holds_no_maps_and_images_without_a_unit_are_named(folder, tmp_path):
    refused("lacks maps", loaders.maps, folder / "datasets" / "mass.h5")
    refused("lacks target, id", loaders.table, folder / "maps" / "snap_099.part_0.h5")
    rates = dataset(tmp_path / "r.h5", np.zeros((3, 4, 4, 1), "f4"))
    refused("have no unit .not said", loaders.physical, rates)
    older = dataset(tmp_path / "o.h5", np.zeros((3, 4, 4, 3), "u1"))
    refused("attribute encoding.: an older Skyloom made it", loaders.physical, older)


def test_splits_that_lie_beside_a_dataset_are_taken_by_name(folder):
    path, ids = (
        folder / "datasets" / "mass.h5",
        loaders.table(folder / "datasets" / "mass.h5")["id"],
    )
    sides = {"lineage": ["train", "test"] * 2, "random": ["test", "train"] * 2}
    refused("no split says which", loaders.Samples, path, part="test")
    for name, parts in sides.items():
        write_table(Table({"id": ids, "part": parts}), folder / "splits" / f"{name}.ecsv")
        if name == "lineage":
            # The only one.
            assert loaders.Samples(path, part="test").rows.tolist() == [1, 3]
    assert list(loaders.beside(path)) == ["lineage", "random"]
    for name, parts in sides.items():
        assert loaders.table(path, split=name)["part"].tolist() == parts
    assert loaders.Samples(path, split="random", part="train").rows.tolist() == [1, 3]
    refused(
        "2 splits lie beside .*: give split, one of lineage, random",
        loaders.Samples,
        path,
        part="test",
    )
    refused("No split 'lineages'.*there are lineage, random", loaders.table, path, split="lineages")
    write_table(Table({"id": ids, "part": ["train"] * 4}), folder / "splits" / "mass.ecsv")
    assert len(loaders.Samples(path, part="train")) == 4


def test_standardised_labels_of_the_only_split_use_its_training_side(folder):
    path = folder / "datasets" / "mass.h5"
    ids, target = loaders.Samples(path).ids, loaders.Samples(path).target
    write_table(
        Table({"id": ids, "part": ["train", "train", "test", "train"]}), folder / "split.ecsv"
    )
    found = loaders.tensorflow(path, part="test", targets="standardised")
    ((_, label),) = found.as_numpy_iterator()
    mean, deviation = loaders.scaling(path, split="split")
    np.testing.assert_allclose(label, (target[2:3] - mean) / deviation, rtol=1e-6)


def test_the_page_of_datasets_reads_each_attribute_as_printed(folder, monkeypatch):
    text = Path("docs/datasets.md").read_text(encoding="utf-8")
    section = text.partition("## What a dataset says of itself")[2].partition("\n## ")[0]
    (block,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    said = loaders.Samples(folder / "datasets" / "unsharp_5.h5")
    write_table(Table({"id": said.ids, "part": ["train"] * 4}), folder / "splits" / "lineage.ecsv")
    monkeypatch.chdir(folder.parents[2])
    exec(block, {})
    table = section.partition("| attribute")[2].partition("\n\n")[0]
    cells = "".join(re.findall(r"^\| (.*?) \|", table, re.MULTILINE))
    named = set(re.findall(r"`([a-z_]+)`", cells))
    # Those that galaxies have none of.
    others = {"shows", "image_units", "wavelength_first", "_last", "_scale", "_unit", "_medium"}
    assert named - others <= set(said.attributes)
    columns = section.partition("Columns of a galaxy: ")[2].partition("\n")[0]
    assert {*re.findall(r"`(\w+)`", columns)} == set(said.columns)


def test_a_dataset_that_explains_itself_has_the_same_bytes_again(folder):
    path = folder / "datasets" / "unsharp_5.h5"
    first = path.read_bytes()
    path.unlink()
    write_datasets(folder)
    assert path.read_bytes() == first
