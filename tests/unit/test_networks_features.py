"""Features computed once: streamed, resumable, the same bytes however often they were stopped."""

import shutil

import h5py
import numpy as np
import pytest

from skyloom.errors import InputError
from skyloom.learn import features, vgg16, weights


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("features")
    rng = np.random.default_rng(0)
    with h5py.File(folder / "composite.h5", "w") as file:
        file["images"] = rng.integers(0, 256, (10, 32, 32, 3), dtype=np.uint8)
        file["id"] = np.array([f"099_{i:07d}" for i in range(10)], "S11")
    layers = weights.read_convolutions("random")
    weights.write_backbone(layers, folder / "vgg16.h5", name="random", source="test")
    return folder / "composite.h5", folder / "vgg16.h5"


def test_cached_features_are_the_backbones_rounded_to_float16(files, tmp_path):
    features.cache(*files, tmp_path / "f.h5", batch=4)
    model = vgg16.load(files[1], bins=32)
    with h5py.File(files[0]) as source, h5py.File(tmp_path / "f.h5") as file:
        expected = np.asarray(model(source["images"][()].astype(np.float32)))
        assert file["features"].dtype == np.float16
        assert file["features"].shape == (10, 1, 1, 512)
        np.testing.assert_allclose(file["features"][()], expected, rtol=1e-3, atol=1e-3)
        np.testing.assert_array_equal(file["id"][()], source["id"][()])
        assert (file.attrs["backbone"], file.attrs["preprocess"]) == ("random", "none")
    assert [path.name for path in tmp_path.iterdir()] == ["f.h5"]


def test_features_are_the_same_bytes_however_many_threads_compute_them(files, tmp_path):
    for threads in (1, 3):
        features.cache(*files, tmp_path / f"{threads}.h5", batch=2, threads=threads)
    assert (tmp_path / "1.h5").read_bytes() == (tmp_path / "3.h5").read_bytes()


def test_bfloat16_features_are_close_marked_and_not_mixed_with_float32s(files, tmp_path):
    features.cache(*files, tmp_path / "float32.h5")
    shutil.copy(tmp_path / "float32.h5", tmp_path / "bfloat16.h5.partial")
    features.cache(*files, tmp_path / "bfloat16.h5", precision="bfloat16")
    values = {}
    for precision in vgg16.PRECISIONS:
        with h5py.File(tmp_path / f"{precision}.h5") as file:
            assert file.attrs["precision"] == precision
            values[precision] = file["features"][()].astype(float)
    difference = np.linalg.norm(values["bfloat16"] - values["float32"])
    # Eight bits are 2e-3 a rounding; thirteen layers of them add up to some 1e-2.
    assert 1e-3 < difference / np.linalg.norm(values["float32"]) < 3e-2


def test_backbone_in_bfloat16_keeps_its_weights_in_float32(files):
    model = vgg16.load(files[1], bins=32, precision="bfloat16")
    assert {weight.dtype for weight in model.weights} == {"float32"}
    assert model.get_layer("block3_conv2").compute_dtype == "bfloat16"
    assert vgg16.load(files[1], bins=32).get_layer("block3_conv2").compute_dtype == "float32"
    with pytest.raises(InputError, match=r"tng.backbone.precision is 'half'"):
        vgg16.load(files[1], bins=32, precision="half")


class _KilledError(Exception):
    pass


def test_killed_computation_continues_to_the_same_bytes(files, tmp_path, monkeypatch):
    features.cache(*files, tmp_path / "whole.h5", batch=4)
    real = features.compute
    starts = []

    def dying(*args, **options):
        starts.append(options["start"])
        for number, item in enumerate(real(*args, **options)):
            if number == 1:
                raise _KilledError
            yield item

    monkeypatch.setattr(features, "compute", dying)
    for _ in range(2):
        with pytest.raises(_KilledError):
            features.cache(*files, tmp_path / "f.h5", batch=4)
        assert not (tmp_path / "f.h5").exists()
    monkeypatch.setattr(features, "compute", real)
    features.cache(*files, tmp_path / "f.h5", batch=4)
    assert starts == [0, 4]
    assert (tmp_path / "f.h5").read_bytes() == (tmp_path / "whole.h5").read_bytes()


def test_leftovers_of_other_work_are_not_continued(files, tmp_path):
    features.cache(*files, tmp_path / "none.h5")
    (tmp_path / "none.h5").rename(tmp_path / "vgg16.h5.partial")
    features.cache(*files, tmp_path / "vgg16.h5", preprocess="vgg16")
    (tmp_path / "again.h5.partial").write_bytes(b"half a file")
    features.cache(*files, tmp_path / "again.h5", preprocess="vgg16")
    assert (tmp_path / "again.h5").read_bytes() == (tmp_path / "vgg16.h5").read_bytes()


def test_features_too_large_for_float16_are_refused(files, tmp_path):
    layers = weights.read_convolutions("random")
    kernel, bias = layers["block5_conv3"]
    layers["block5_conv3"] = kernel * 1e4, bias
    weights.write_backbone(layers, tmp_path / "loud.h5", name="loud", source="test")
    with pytest.raises(InputError, match=r"composite.h5.*float16.*tng.backbone"):
        features.cache(files[0], tmp_path / "loud.h5", tmp_path / "f.h5")
    assert not (tmp_path / "f.h5").exists()


def test_images_of_another_kind_are_refused(files, tmp_path):
    with h5py.File(tmp_path / "d.h5", "w") as file:
        file["images"], file["id"] = np.zeros((2, 32, 32, 1), np.uint8), [b"a", b"b"]
    with pytest.raises(InputError, match=r"d.h5 has images of shape"):
        features.cache(tmp_path / "d.h5", files[1], tmp_path / "f.h5")
