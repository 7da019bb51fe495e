"""The page on datasets in other tools, done: its commands and its code on a small run."""

import re
import shlex
from pathlib import Path

import pyarrow.parquet as pq
import pytest

PAGE = Path(__file__).parents[2] / "docs" / "datasets.md"


def blocks(language):
    """The page's blocks of one language, on the test's own run."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    return [
        text.replace("results/demo/", "results/mini/") for name, text in found if name == language
    ]


@pytest.fixture(scope="module")
def exported(finished):
    """The project after the page's command."""
    command = next(text for text in blocks("") if text.startswith("snakemake"))
    finished.snakemake(*shlex.split(command)[1:])
    return finished


def test_the_command_exports_a_dataset_once(exported):
    folder = exported.results / "export" / "mass"
    found = sorted(path.name for path in (folder / "data").iterdir())
    assert found == ["test-00000-of-00001.parquet", "train-00000-of-00001.parquet"]
    assert "**Synthetic.**" in (folder / "README.md").read_text()
    assert exported.planned("tng_mass_parquet") == {}
    # Another split makes another export.
    plan = exported.planned("tng_mass_parquet", config="{split: {by: random}}")
    assert plan["export_parquet"] == 1 and "tng_dataset" not in plan


def test_the_page_opens_it_with_hugging_face_datasets(exported, monkeypatch, tmp_path):
    library = pytest.importorskip("datasets", reason="datasets is not installed (requirements-dev)")
    monkeypatch.setattr(library.config, "HF_DATASETS_CACHE", tmp_path)
    monkeypatch.chdir(exported.folder)
    code = next(text for text in blocks("python") if "load_dataset" in text)
    names = {}
    exec(code, names)
    rows = pq.read_table("results/mini/tng/export/mass/data/train-00000-of-00001.parquet")
    assert len(names["found"]["train"]) == len(rows)
    assert names["found"]["train"][0]["image"].size == (64, 64)


def test_the_pages_lines_load_a_dataset_in_tensorflow_pytorch_and_astropy(finished, monkeypatch):
    torch = pytest.importorskip("torch", reason="PyTorch is in no requirements: pip install torch")
    monkeypatch.chdir(finished.folder)

    class Model:
        def fit(self, training, validation_data):
            (images, _), (others, _) = next(iter(training)), next(iter(validation_data))
            assert images.shape[1:] == others.shape[1:] == (64, 64, 3)

    code = next(text for text in blocks("python") if "loaders.torch" in text)
    names = {"model": Model(), "torch": torch}
    exec(code, names)
    assert next(iter(names["batches"]))[0].shape[1:] == (3, 64, 64)
    assert set(names["galaxies"]["part"]) == {"train", "test"}
    assert len(names["training"]) == (names["galaxies"]["part"] == "train").sum()
