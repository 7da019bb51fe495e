"""The networks of the sdss arm: Keras's counts, inputs scaled as they expect, weights seeded."""

import importlib.util
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
import yaml
from refusal import refused

from skyloom.arms.sdss import architectures
from skyloom.errors import InputError
from skyloom.learn import cnn_1d, lenet, pretrained, sub_batches

ROOT = Path(__file__).parents[2]
# Parameters without the classifier, as keras.applications documents them.
COUNTS = {"inception_v3": 21_802_784, "resnet_50": 23_587_712}
SIDES = {"inception_v3": 75, "resnet_50": 32}
PREPROCESS = {
    "inception_v3": keras.applications.inception_v3.preprocess_input,
    "resnet_50": keras.applications.resnet.preprocess_input,
}


@pytest.fixture(scope="module", params=COUNTS)
def made(request):
    """An architecture and its backbone of random weights on the smallest images it takes."""
    name = request.param
    return name, pretrained.backbone(name, "random", side=SIDES[name], seed=3)


def test_backbones_are_keras_s_own_with_its_count_input_scaling_and_mean(made):
    name, model = made
    assert model.count_params() == COUNTS[name]
    assert model.trainable_weights == []
    side = SIDES[name]
    images = np.random.default_rng(0).uniform(200, 255, (2, side, side, 3)).astype(np.float32)
    plain = pretrained.ARCHITECTURES[name](
        include_top=False, weights=None, input_shape=(side, side, 3)
    )
    plain.set_weights(model.get_weights())
    expected = np.asarray(plain(PREPROCESS[name](images.copy()))).mean(axis=(1, 2))
    seen = np.asarray(model(images))
    assert np.linalg.norm(seen - expected) < 1e-4 * np.linalg.norm(expected)


def test_random_weights_depend_on_the_seed_and_give_numbers_of_order_one(made):
    name, model = made
    kernels = [layer.kernel.numpy() for layer in model.layers if hasattr(layer, "kernel")]
    for kernel in kernels[:5]:
        window, inside, out = np.prod(kernel.shape[:2]), *kernel.shape[2:]
        assert np.abs(kernel).max() <= np.sqrt(6 / (window * (inside + out)))
    assert len({kernel.ravel()[0] for kernel in kernels}) == len(kernels)
    seen = np.asarray(model(pretrained._curves(SIDES[name], seed=9)))
    # Float16 keeps 3 digits from 6e-5 to 65504: nothing dies out or explodes on its way.
    assert 0.05 < seen.mean() < 20
    assert seen.std(axis=0).max() > 0.05


def test_layers_are_named_as_in_a_fresh_process_whatever_was_made_before(made):
    name, model = made
    names = [layer.name for layer in model.layers]
    assert len(set(names)) == len(names)
    expected = {
        "inception_v3": ("conv2d", "conv2d_93", "mixed10"),
        "resnet_50": ("conv5_block3_out",),
    }
    assert set(expected[name]) < set(names)


def test_weights_files_of_keras_are_read_and_others_are_refused(made, tmp_path):
    name, model = made
    if name != "resnet_50":
        pytest.skip("one network is enough: files are Keras's matter")
    expected = pretrained.fingerprint(model)
    model.save_weights(tmp_path / "a.weights.h5")
    pretrained.classifier(model, 3).save(tmp_path / "whole.keras")
    for path in ("a.weights.h5", "whole.keras"):
        model.get_layer("conv1_conv").kernel.assign_add(np.ones((7, 7, 3, 64)))
        assert pretrained.fingerprint(model) != expected
        pretrained._load(model, "resnet_50", tmp_path / path)
        assert pretrained.fingerprint(model) == expected
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]).save(tmp_path / "dense.keras")
    (tmp_path / "broken.h5").write_bytes(b"no weights")
    for path in ("dense.keras", "broken.h5"):
        with pytest.raises(InputError, match=rf"{path} has no weights of resnet_50"):
            pretrained._load(model, "resnet_50", tmp_path / path)
    with h5py.File(tmp_path / "a.weights.h5", "r+") as file:
        file["layers/conv2d/vars/1"][0] = np.nan
    with pytest.raises(InputError, match="conv1_conv/bias that are not finite"):
        pretrained._load(model, "resnet_50", tmp_path / "a.weights.h5")


def test_what_cannot_be_a_backbone_is_named_before_anything_is_built():
    refused(r"nowhere.h5 does not exist", pretrained.backbone, "resnet_50", "nowhere.h5", side=32)
    with pytest.raises(InputError, match="imagenet is a file to be downloaded"):
        pretrained.backbone("resnet_50", "imagenet", side=32)
    refused("'resnet50', nearest is 'resnet_50'", pretrained.backbone, "resnet50", "random")
    with pytest.raises(InputError, match="28x28 pixels are too small for inception_v3"):
        pretrained.backbone("inception_v3", "random", side=28)


def test_fine_tuning_trains_from_a_layer_on_and_never_the_normalisation():
    model = pretrained.backbone("resnet_50", "random", side=32)
    network = pretrained.classifier(model, 3, train_from="conv5_block3_1_conv")
    names = {weight.path.split("/")[-2] for weight in network.trainable_weights}
    assert names == {*(f"conv5_block3_{k}_conv" for k in (1, 2, 3)), "output"}
    images = np.random.default_rng(0).uniform(0, 255, (5, 32, 32, 3)).astype(np.float32)
    before = [weight.numpy() for weight in network.non_trainable_weights]
    logits = sub_batches.outputs(network, images, training=True, parts=3).numpy()
    for weight, old in zip(network.non_trainable_weights, before, strict=True):
        np.testing.assert_array_equal(weight, old)
    # Parts give what the whole gives, in training too: each image is judged by itself.
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(p, network(images), atol=1e-4)
    with pytest.raises(InputError, match="nearest is 'conv5_block3_1_conv'"):
        pretrained.classifier(model, 3, train_from="conv5_block3_1_cnv")


def test_published_addresses_and_checksums_are_those_of_keras():
    entries_ = yaml.safe_load((ROOT / "resources/weights.yaml").read_text())
    folder = Path(importlib.util.find_spec("keras").origin).parent / "src/applications"
    inception = (folder / "inception_v3.py").read_text()
    assert f'file_hash="{entries_["inception_v3"]["md5"]}"' in inception
    assert entries_["inception_v3"]["url"] in inception.replace('"\n    "', "")
    resnet = keras.src.applications.resnet
    assert entries_["resnet_50"]["md5"] == resnet.WEIGHTS_HASHES["resnet50"][1]
    name = "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5"
    assert entries_["resnet_50"]["url"] == resnet.BASE_WEIGHTS_PATH + name


def test_lenet_has_lecuns_layers():
    network = lenet.build((28, 28, 1), 10)
    counts = [layer.count_params() for layer in network.layers if layer.count_params()]
    assert counts == [156, 2416, 48120, 10164, 850]
    assert network.count_params() == 61_706
    assert lenet.build((28, 28, 1), 3).count_params() == 61_111
    assert network.get_layer("pooling_2").output.shape[1:] == (5, 5, 16)


def test_lenet_sees_bright_strokes_on_black():
    network = lenet.build((28, 28, 1), 3)
    strokes = network.get_layer("strokes")
    np.testing.assert_allclose(strokes(np.array([0.0, 255.0])), [1, 0], atol=1e-6)
    refused("dataset images_28", lenet.build, (224, 224, 3), 3)


def test_the_one_dimensional_baseline_is_of_the_stated_size():
    assert cnn_1d.build(4500, 3).count_params() == 310_275
    first, same, other = (cnn_1d.build(100, 3, seed=seed).get_weights() for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, same, strict=True))
    assert not np.array_equal(first[0], other[0])
    refused("too short", cnn_1d.build, 63, 3)


def test_entries_say_what_each_network_sees_and_refuse_what_is_not_theirs():
    inception = architectures.network("a", {"architecture": "inception_v3"})
    assert (inception.weights, inception.frozen, inception.variant) == (
        "imagenet",
        True,
        "images_224",
    )
    assert not architectures.network(
        "a", {"architecture": "resnet_50", "train_from": "conv5_block1_1_conv"}
    ).frozen
    assert architectures.network("a", {"architecture": "lenet"}).variant == "images_28"
    for wrong, message in (
        ({"architecture": "lenet", "epoch": 3}, "'epoch', nearest is 'epochs'"),
        ({"architecture": "resnet"}, "architecture is 'resnet'"),
        ({"architecture": "cnn_1d", "weights": "imagenet"}, "trained from the start"),
    ):
        refused(message, architectures.network, "a", wrong)
