"""Saved networks of strangers: Python inside them is refused by everything that loads one."""

import json
import zipfile

import keras
import pytest
from refusal import refused

from skyloom.arms.sdss import prediction as sdss_prediction
from skyloom.arms.semantic import prediction
from skyloom.arms.spectra import prediction as spectra_prediction
from skyloom.learn import pretrained


@pytest.fixture
def hostile(tmp_path):
    """A saved network with a Lambda layer that writes a mark: (path, mark)."""
    mark = tmp_path / "mark"
    layer = keras.layers.Lambda(_payload(mark), output_shape=(2,))
    network = keras.Sequential([keras.Input((2,)), layer])
    path = tmp_path / "1.keras"
    network.save(path)
    mark.unlink(missing_ok=True)
    yield path
    assert not mark.exists(), "a network that was loaded has run a command"


def _payload(mark):
    # As an attacker would write it: no name of this module is needed where it is loaded.
    return eval(f"lambda x: (open({str(mark)!r}, 'w').close(), x)[1]")


def test_an_unsafe_loader_would_run_it(hostile, tmp_path):
    """The file is as hostile as it is meant to be: the other tests do show something."""
    loaded = keras.models.load_model(hostile, compile=False, safe_mode=False)
    loaded(keras.ops.ones((1, 2)))
    assert (tmp_path / "mark").exists()
    (tmp_path / "mark").unlink()


@pytest.mark.parametrize(
    "load",
    [
        sdss_prediction.load,
        prediction.load,
        lambda path: spectra_prediction.Model.load(path.parent, {"members": 1}),
        lambda path: pretrained._load(keras.Sequential([keras.Input((2,))]), "resnet_50", path),
    ],
    ids=["sdss", "semantic", "spectra", "pretrained"],
)
def test_every_loader_refuses_it_in_one_sentence(hostile, load):
    refused(r"1\.keras .*(safe_mode|unsafe|[Ll]ambda)", load, hostile)


@pytest.mark.parametrize(
    "config",
    [
        {"module": "os", "class_name": "system", "config": "touch mark"},
        {"module": "builtins", "class_name": "eval", "config": "open('mark', 'w')"},
        {"module": "subprocess", "class_name": "Popen", "config": {"args": ["touch", "mark"]}},
        {"class_name": "function", "config": "system", "module": "os", "registered_name": "system"},
    ],
    ids=["system", "eval", "Popen", "function"],
)
def test_a_configuration_that_names_other_classes_is_refused(tmp_path, monkeypatch, config):
    monkeypatch.chdir(tmp_path)
    with zipfile.ZipFile(tmp_path / "1.keras", "w") as archive:
        archive.writestr("config.json", json.dumps({"registered_name": None, **config}))
        archive.writestr("metadata.json", json.dumps({"keras_version": keras.__version__}))
        archive.writestr("model.weights.h5", b"")
    for load in (sdss_prediction.load, prediction.load):
        refused(r"1\.keras is not", load, tmp_path / "1.keras")
    assert not (tmp_path / "mark").exists()
