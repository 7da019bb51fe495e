"""The weights of VGG16: read from every layout, verified; where published ones are fetched from."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import yaml
from refusal import refused

from skyloom.errors import InputError
from skyloom.learn import weights

ROOT = Path(__file__).parents[2]


def test_published_address_and_checksum_are_those_of_keras():
    entry = yaml.safe_load((ROOT / "resources/weights.yaml").read_text())["imagenet"]
    folder = Path(importlib.util.find_spec("keras").origin).parent
    source = (folder / "src/applications/vgg16.py").read_text()
    assert f'file_hash="{entry["md5"]}"' in source
    assert entry["url"] in source.replace('"\n    "', "")


def test_values_in_another_file_are_not_read(tmp_path):
    (tmp_path / "secret").write_bytes(bytes(4 * 64))
    layers = _layers()
    _write_canonical(layers, tmp_path / "weights.h5")
    with h5py.File(tmp_path / "weights.h5", "a") as file:
        del file["block1_conv1/bias"]
        file["block1_conv1"].create_dataset(
            "bias", (64,), "f4", external=[(tmp_path / "secret", 0, 256)]
        )
    with pytest.raises(InputError, match=r"bias of block1_conv1 in another file.*tng.backbone"):
        weights.read_convolutions(tmp_path / "weights.h5")


def test_remedy_names_the_key_of_the_arm_whose_weights_they_are():
    with pytest.raises(InputError, match=r"tng\.backbone\.weights") as caught:
        weights.read_convolutions("imagenet")
    assert "sdss" not in str(caught.value)


def _layers(seed=0):
    """Layers of the right shapes that cost nothing to make and differ from each other."""
    rng = np.random.default_rng(seed)
    return {
        name: (
            np.broadcast_to(np.float32(rng.normal()), (3, 3, *shape)).copy(),
            rng.normal(size=shape[1]).astype(np.float32),
        )
        for name, shape in weights.SHAPES.items()
    }


def _write_legacy(layers, path):
    with h5py.File(path, "w") as file:
        for name, (kernel, bias) in layers.items():
            group = file.create_group(name)
            group[f"{name}_W_1:0"], group[f"{name}_b_1:0"] = kernel, bias
        file.create_group("block1_pool")


def _write_keras3(layers, path, *, named=True):
    with h5py.File(path, "w") as file:
        for index, (name, (kernel, bias)) in enumerate(layers.items()):
            group = file.create_group(f"layers/conv2d{f'_{index}' if index else ''}/vars")
            if named:
                group.attrs["name"] = name
            group["0"], group["1"] = kernel, bias


def _write_canonical(layers, path):
    weights.write_backbone(layers, path, name="test", source="made by a test")


@pytest.mark.parametrize(
    "write",
    [
        _write_legacy,
        _write_keras3,
        lambda layers, path: _write_keras3(layers, path, named=False),
        _write_canonical,
    ],
    ids=["legacy", "keras 3", "keras 3 without names", "canonical"],
)
def test_every_layout_gives_the_same_layers(tmp_path, write):
    layers = _layers()
    write(layers, tmp_path / "weights.h5")
    found = weights.read_convolutions(tmp_path / "weights.h5")
    assert list(found) == list(weights.SHAPES)
    for name, (kernel, bias) in layers.items():
        np.testing.assert_array_equal(found[name][0], kernel)
        np.testing.assert_array_equal(found[name][1], bias)


def test_missing_layer_wrong_shape_and_nan_are_named(tmp_path):
    path = tmp_path / "weights.h5"
    layers = _layers()
    _write_legacy({k: v for k, v in layers.items() if k != "block3_conv2"}, path)
    refused(r"weights.h5 lacks the layer block3_conv2", weights.read_convolutions, path)
    wrong = dict(layers, block2_conv1=layers["block1_conv2"])
    _write_canonical(wrong, path)
    refused(r"shape.*block2_conv1", weights.read_convolutions, path)
    layers["block5_conv3"][1][7] = np.nan
    _write_canonical(layers, path)
    refused(r"bias of block5_conv3.*not finite", weights.read_convolutions, path)


def test_imagenet_is_never_a_path_and_a_missing_file_is_named():
    refused("imagenet", weights.read_convolutions, "imagenet")
    refused(r"nowhere.h5 does not exist", weights.read_convolutions, "nowhere.h5")


def test_bsds500_is_hed_tensors_backbone_and_never_called_imagenet():
    layers = weights.read_convolutions("bsds500")
    first = layers["block1_conv1"][1][:5]
    np.testing.assert_allclose(first, [0.70, 0.11, 0.06, 0.87, 0.24], atol=0.01)
    assert sum(k.size + b.size for k, b in layers.values()) == 14_714_688
    package = Path(weights._bsds500())
    with h5py.File(package) as file:
        total = sum(
            float(np.sum(file[f"block{block}/layers/{layer}/vars/0"][()], dtype=np.float64))
            for block in range(1, 6)
            for layer in file[f"block{block}/layers"]
            if layer.startswith("conv2d")
        )
    found = sum(float(np.sum(kernel, dtype=np.float64)) for kernel, _ in layers.values())
    assert found == pytest.approx(total, rel=1e-12)
    assert "BSDS500" in weights.describe("bsds500")
    assert not weights.describe("bsds500").startswith("ImageNet")


def test_random_weights_are_he_normal_and_seeded():
    layers = weights.read_convolutions("random", seed=3)
    again = weights.read_convolutions("random", seed=3)
    other = weights.read_convolutions("random", seed=4)
    for name, (kernel, bias) in layers.items():
        np.testing.assert_array_equal(kernel, again[name][0])
        assert not np.array_equal(kernel, other[name][0])
        assert not bias.any()
        expected = np.sqrt(2 / (9 * kernel.shape[2]))
        assert kernel.std() == pytest.approx(expected, rel=5 / np.sqrt(kernel.size))


def test_backbone_file_is_byte_reproducible(tmp_path):
    for name in ("a.h5", "b.h5"):
        _write_canonical(_layers(), tmp_path / name)
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()
    assert weights.backbone_name(tmp_path / "a.h5") == "test"


def test_weights_are_handled_without_tensorflow():
    code = (
        "import sys; from skyloom.learn import weights; weights.read_convolutions('bsds500');"
        "sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT / "src")
