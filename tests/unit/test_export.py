"""An exported dataset holds what the HDF5 file holds, and Hugging Face's reader knows its types."""

import io
import os
import re
from pathlib import Path

import h5py
import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from astropy.table import Table
from PIL import Image
from refusal import refused
from small_files import damage, dataset

import configuration
from skyloom import export, prefetch
from skyloom.loaders import samples as loaded

IDS = [f"s{i}" for i in range(10)]
PARTS = ["test"] * 2 + ["train"] * 7 + ["validation"]
SPLIT = Table({"id": IDS, "part": PARTS})
ABOUT = {"arm": "tng", "name": "mass"}


@pytest.fixture
def images(tmp_path):
    pixels = np.random.default_rng(1).integers(0, 256, (10, 8, 6, 3), np.uint8)
    columns = {"id": IDS, "subhalo_id": np.arange(10)}
    return dataset(tmp_path / "mass.h5", pixels, target=np.linspace(1.0, 4.0, 10), columns=columns)


def files(folder):
    found = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_every_pixel_comes_back_from_the_png_files(images, tmp_path):
    export.write(images, tmp_path / "out", about=ABOUT, split=SPLIT)
    table = pq.read_table(tmp_path / "out/data/train-00000-of-00001.parquet")
    assert table["id"].to_pylist() == IDS[2:9]
    with h5py.File(images) as file:
        for row, image in enumerate(table["image"].to_pylist(), 2):
            pixels = np.asarray(Image.open(io.BytesIO(image["bytes"])))
            np.testing.assert_array_equal(pixels, file["images"][row])
        np.testing.assert_array_equal(table["target"], file["target"][2:9])
        np.testing.assert_array_equal(table["subhalo_id"], file["subhalo_id"][2:9])


@pytest.mark.parametrize("case", ["picture", "grey", "map", "cube", "spectrum"])
def test_hugging_face_opens_it_without_a_network_and_knows_the_types(case, tmp_path, monkeypatch):
    library = pytest.importorskip("datasets", reason="datasets is not installed (requirements-dev)")
    random = np.random.default_rng(2)
    sample, kind, feature = {
        "picture": (random.integers(0, 256, (10, 8, 6, 3), np.uint8), "images", "Image"),
        "grey": (random.integers(0, 256, (10, 8, 6, 1), np.uint8), "images", "Image"),
        "map": (random.random((10, 8, 6, 1), np.float32), "images", "Array2D"),
        "cube": (random.random((10, 8, 6, 2), np.float32), "images", "Array3D"),
        "spectrum": (random.random((10, 21), np.float32), "spectra", "List"),
    }[case]
    classes = {"target": np.arange(10) % 3, "name": "class", "units": ""}
    columns = {"id": IDS, "totals": random.random((10, 3)), "flag": np.arange(10) > 4}
    attributes = {"classes": "GALAXY,QSO,STAR"}
    path = tmp_path / "d.h5"
    dataset(path, sample, kind, columns=columns, attributes=attributes, **classes)
    export.write(path, tmp_path / "out", about=ABOUT, split=SPLIT)
    monkeypatch.setattr(library.config, "HF_HUB_OFFLINE", True)
    found = library.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
    rows = {part: len(rows) for part, rows in found.items()}
    assert rows == {"train": 7, "validation": 1, "test": 2}
    features = found["test"].features
    name = "image" if kind == "images" else "spectrum"
    assert type(features[name]).__name__ == feature
    assert features["target"].names == ["GALAXY", "QSO", "STAR"]
    row = found["test"].with_format("numpy")[1]
    np.testing.assert_array_equal(np.reshape(row[name], sample.shape[1:]), sample[1])
    assert row["id"] == "s1" and row["target"] == 1 and not row["flag"]
    assert found["test"][1]["totals"] == columns["totals"][1].tolist()
    streamed = library.load_dataset(str(tmp_path / "out"), split="test", streaming=True)
    assert [sample["id"] for sample in streamed] == ["s0", "s1"]


def test_the_same_bytes_again_and_from_any_number_of_threads(images, tmp_path):
    export.write(images, tmp_path / "a", about=ABOUT, split=SPLIT)
    with prefetch.Pool(3) as pool:
        export.write(images, tmp_path / "b", about=ABOUT, split=SPLIT, pool=pool)
    assert files(tmp_path / "a") == files(tmp_path / "b") and len(files(tmp_path / "a")) == 4


def test_large_datasets_become_several_files_and_are_read_in_groups(images, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "FILE", 3 * 8 * 6 * 3)
    monkeypatch.setattr(export, "GROUP", 2 * 8 * 6 * 3)
    read, asked = loaded.Samples.read, []

    def watched(self, rows):
        asked.append(len(rows))
        return read(self, rows)

    monkeypatch.setattr(loaded.Samples, "read", watched)
    export.write(images, tmp_path / "out", about=ABOUT, split=SPLIT)
    assert max(asked) == 2 and sum(asked) == 10
    pieces = sorted((tmp_path / "out/data").glob("train-*"))
    assert [path.name for path in pieces] == [f"train-0000{k}-of-00003.parquet" for k in range(3)]
    names = [name for path in pieces for name in pq.read_table(path)["id"].to_pylist()]
    assert names == IDS[2:9]
    assert pq.ParquetFile(pieces[0]).num_row_groups == 2


def test_units_are_in_the_schema_and_in_the_card(tmp_path):
    labels = {"target": np.ones((10, 2)), "name": "teff,log_g", "units": "K,dex"}
    attributes = {"column_units": {"mass": "solMass"}, "synthetic": False}
    columns = {"id": IDS, "mass": np.arange(10.0)}
    path, flat = tmp_path / "d.h5", np.zeros((10, 5), np.float32)
    dataset(path, flat, "spectra", columns=columns, attributes=attributes, **labels)
    export.write(path, tmp_path / "out", about={"arm": "stellar", "name": "clean"})
    schema = pq.read_schema(tmp_path / "out/data/train-00000-of-00001.parquet")
    units = {name: (schema.field(name).metadata or {}).get(b"unit") for name in schema.names}
    assert units["teff"] == b"K" and units["mass"] == b"solMass" and units["spectrum"] is None
    card = (tmp_path / "out/README.md").read_text()
    assert re.search(r"\| `teff` \|.*\| K \|", card) and re.search(r"\| `mass` .*solMass", card)


def test_a_card_says_whether_it_is_synthetic_under_which_terms_and_how_made(images, tmp_path):
    export.write(images, tmp_path / "out", about=ABOUT, split=SPLIT)
    card = (tmp_path / "out/README.md").read_text()
    header = yaml.safe_load(card.split("---")[1])
    assert header["license"] == "mit" and "synthetic" in header["tags"]
    assert "**Synthetic.**" in card and '"beta": 0.001' in card and "| train | 7 |" in card
    assert str(tmp_path) not in card and not re.search(r"\b[0-9a-f]{40}\b", card)
    black = np.zeros((10, 4, 4, 1), np.uint8)
    real = dataset(tmp_path / "real.h5", black, attributes={"synthetic": False})
    for arm in ("xmm", "tng", "sdss"):
        export.write(real, tmp_path / arm, about={"arm": arm, "name": "real"})
        card = (tmp_path / arm / "README.md").read_text()
        header = yaml.safe_load(card.split("---")[1])
        assert header["license"] == "other" and "synthetic" not in header["tags"]
        assert "Synthetic" not in card and "- The data: " in card


def test_an_export_that_fails_leaves_nothing_and_says_why(images, tmp_path):
    options = {"about": ABOUT, "split": SPLIT[1:]}
    refused("does not say on which side s0", export.write, images, tmp_path / "out", **options)
    damage(images, 9)
    options["split"] = SPLIT
    refused(r"mass\.h5 is damaged", export.write, images, tmp_path / "out", **options)
    refused("does not exist", export.write, tmp_path / "none.h5", tmp_path / "out", **options)
    assert sorted(os.listdir(tmp_path)) == ["mass.h5"]


@pytest.mark.parametrize("key", ["tng.variants", "semantic.datasets", "helium.datasets"])
def test_no_dataset_is_called_like_the_export_of_another(key):
    config = yaml.safe_load(Path("config/config.yaml").read_text())
    arm, name = key.split(".")
    config[arm][name]["mass_parquet"] = dict(next(iter(config[arm][name].values())))
    refused("mass_parquet", configuration.check, config)
