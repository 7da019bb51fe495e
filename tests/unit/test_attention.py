"""Where networks look: maps against networks whose gradient is known, and against differences."""

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
from astropy.table import Table
from refusal import refused
from scipy import stats

from skyloom.arms.tng import attention_files
from skyloom.explain import attention, attention_statistics
from skyloom.learn import regression

RNG = np.random.default_rng(3)


def pixels_as_activations(image):
    """A 'convolution' that hands the image on: places are pixels."""
    return tf.cast(image, tf.float32)


def linear_network(weights):
    """The sum of weights (h, w, 3) times pixels."""
    dense = keras.layers.Dense(1, use_bias=False)
    head = keras.Sequential([keras.Input(weights.shape), keras.layers.Flatten(), dense])
    head.layers[-1].set_weights([weights.reshape(-1, 1)])
    return attention.Network(pixels_as_activations, lambda x: x, head)


@pytest.fixture(scope="module")
def trained_like():
    """The thesis's head, with some weights, on activations of 4x4 places pooled to 2x2."""
    head = regression.head((2, 2, 8), seed=5)
    pool = keras.layers.MaxPooling2D(2)
    return attention.Network(pixels_as_activations, pool, head)


@pytest.fixture(scope="module")
def linear():
    """Weights of a linear network, images, the network, and its gradient."""
    weights = RNG.normal(size=(4, 4, 3)).astype("f4")
    images = RNG.uniform(0, 255, (2, 4, 4, 3)).astype("f4")
    network = linear_network(weights)
    return weights, images, network, attention.gradient(network, images)


def test_gradient_of_a_linear_network_is_its_weights(linear):
    weights, _, _, derivative = linear
    np.testing.assert_allclose(derivative, np.stack([weights, weights]), rtol=1e-6)


def test_maps_of_a_linear_network_are_those_written_out(linear):
    weights, images, network, derivative = linear
    # Sums of three products in single precision, which may cancel.
    close = {"rtol": 1e-5, "atol": 1e-5}
    expected = images @ weights.mean(axis=(0, 1))
    np.testing.assert_allclose(attention.grad_cam(images, derivative), expected, **close)
    local = attention.hires_cam(images, derivative)
    np.testing.assert_allclose(local, (images * weights).sum(axis=-1), **close)
    # Every part of the prediction has its place.
    np.testing.assert_allclose(local.sum(axis=(1, 2)), network.predict(images), rtol=1e-4)


def test_gradient_through_pooling_and_head_is_that_of_differences(trained_like):
    seen = RNG.uniform(0, 1, (1, 4, 4, 8)).astype("f4")
    derivative = attention.gradient(trained_like, seen)[0]
    # float32: a step that is seen, and so small that hardly any kink lies within.
    step = 2e-4
    moved = np.eye(128, dtype="f4").reshape(128, 4, 4, 8) * step
    slope = (trained_like.predict(seen + moved) - trained_like.predict(seen - moved)) / (2 * step)
    close = np.abs(slope - derivative.ravel()) < 0.03 * np.abs(derivative).max()
    assert np.count_nonzero(derivative) == 128 / 4
    assert close.sum() >= 126


def test_grad_cam_of_this_head_is_its_filter_times_a_number_and_hires_cam_is_not(trained_like):
    seen = RNG.uniform(0, 1, (1, 4, 4, 8)).astype("f4")
    derivative = attention.gradient(trained_like, seen)
    kernel = trained_like.head.get_layer("convolution").get_weights()[0][0, 0, :, 0]
    response = seen[0] @ kernel
    ratio = attention.grad_cam(seen, derivative)[0] / response
    assert np.ptp(ratio) < 1e-5 * np.abs(ratio).max()
    local = attention.hires_cam(seen, derivative)[0] / response
    assert np.ptp(local) > 0.1 * np.abs(local).max()


def test_hires_cam_sums_to_the_prediction_of_a_head_without_biases(trained_like):
    # A fresh head's biases are zero.
    seen = RNG.uniform(0, 1, (3, 4, 4, 8)).astype("f4")
    local = attention.hires_cam(seen, attention.gradient(trained_like, seen))
    np.testing.assert_allclose(local.sum(axis=(1, 2)), trained_like.predict(seen), rtol=1e-4)


@pytest.mark.parametrize(("patch", "stride"), [(4, 4), (8, 4), (2, 4)])
def test_occlusion_of_a_linear_network_is_what_the_square_contributes(patch, stride):
    weights = RNG.normal(size=(16, 16, 3)).astype("f4")
    image = RNG.integers(0, 256, (16, 16, 3), dtype=np.uint8)
    fill = np.array([10, 20, 30], np.uint8)
    (values,) = attention.occlusion(
        [linear_network(weights)], image, patch=patch, stride=stride, fill=fill, batch=5
    )
    lost = (weights * (image.astype(float) - fill)).sum(axis=-1)
    for row, column in np.ndindex(4, 4):
        middle = [(index + 0.5) * stride for index in (row, column)]
        y, x = (np.abs(np.arange(16) + 0.5 - m) < patch / 2 for m in middle)
        assert values[row, column] == pytest.approx(lost[np.ix_(y, x)].sum(), abs=0.02)


def test_empty_sky_is_the_commonest_colour_of_the_edges():
    images = np.full((2, 8, 8, 3), 127, np.uint8)
    images[:, 2:6, 2:6] = RNG.integers(0, 256, (2, 4, 4, 3))
    images[0, 0, :3] = 5
    np.testing.assert_array_equal(attention.empty_sky(images), [127, 127, 127])


def test_all_methods_together_give_maps_of_every_image_and_head(trained_like):
    images = RNG.integers(0, 256, (3, 4, 4, 8)).astype("f4")
    heads = [attention.random_head(trained_like.head, seed) for seed in (1, 2)]
    assert not np.allclose(heads[0].get_weights()[0], heads[1].get_weights()[0])
    options = {"methods": attention.METHODS, "patch": 2, "stride": 2, "label": "test", "batch": 2}
    predicted, maps, random = attention.explain(trained_like, images, heads=heads, **options)
    np.testing.assert_allclose(predicted, trained_like.predict(images), rtol=1e-5)
    shapes = maps["grad_cam"].shape, maps["occlusion"].shape
    assert shapes == ((3, 4, 4), (3, 2, 2))
    shapes = random["hires_cam"].shape, random["occlusion"].shape
    assert shapes == ((2, 3, 4, 4), (2, 3, 2, 2))
    own = attention.hires_cam(images, attention.gradient(trained_like.with_head(heads[1]), images))
    np.testing.assert_allclose(random["hires_cam"][1], own, rtol=1e-4, atol=1e-4)


def test_a_file_that_is_no_network_is_named(tmp_path):
    path = tmp_path / "model.keras"
    path.write_bytes(b"no network")
    refused(r"model.keras is no network of this project", attention.load, path)


def test_half_mass_radius_of_a_disc_is_1_678_scale_lengths():
    offset = np.arange(256) + 0.5 - 128
    radius = np.hypot(offset[:, None], offset)
    found = attention_statistics.half_mass_radius(np.exp(-radius / 15))
    assert found == pytest.approx(1.678 * 15, abs=0.5)
    assert np.isnan(attention_statistics.half_mass_radius(np.zeros((8, 8))))


def test_shares_of_an_even_map_are_those_of_the_area():
    mass = np.zeros((32, 32))
    mass[8:20, 4:30] = 1.0
    for name, region in attention_statistics.regions(mass).items():
        assert attention_statistics.share(np.full((8, 8), -2.0), region.inside) == pytest.approx(
            region.area
        )
        assert name in attention_statistics.REGIONS
    assert attention_statistics.regions(mass)["gas"].area == 12 * 26 / 32**2


def test_share_counts_the_part_of_a_cell_that_lies_inside():
    inside = np.zeros((4, 4), bool)
    inside[:2, 0] = True
    assert attention_statistics.share(np.array([[3.0, -1.0], [0.0, 0.0]]), inside) == 0.375
    assert np.isnan(attention_statistics.share(np.zeros((2, 2)), inside))


def test_similarity_is_scipys_spearman_of_absolute_values():
    one, other = RNG.normal(size=(2, 6, 6))
    expected = stats.spearmanr(np.abs(one).ravel(), np.abs(other).ravel()).statistic
    assert attention_statistics.similarity(one, other) == pytest.approx(expected, abs=1e-12)
    assert attention_statistics.similarity(one, -3 * one) == pytest.approx(1)


def test_summary_gives_means_with_intervals_from_groups():
    groups = np.repeat(np.arange(6), 2)
    values = RNG.uniform(0.2, 0.9, 12)
    columns = {"random_similarity": values}
    for region in attention_statistics.REGIONS:
        columns |= {f"{region}_{kind}": values for kind in ("share", "random", "area")}
    columns["gas_share"] = np.where(np.arange(12) == 0, np.nan, values)
    entries = [("mass", "grad_cam", columns, groups)]
    (row,) = attention_statistics.summarise(entries, samples=2000, level=0.95, seed=1)
    assert row["half_mass_share"] == pytest.approx(values.mean())
    assert row["gas_share"] == pytest.approx(values[1:].mean())
    means = values.reshape(6, 2).mean(axis=1)
    width = row["half_mass_share_high"] - row["half_mass_share_low"]
    assert width == pytest.approx(3.92 * means.std() / np.sqrt(6), rel=0.25)


def test_galaxies_their_gas_and_maps_come_back_from_files(tmp_path):
    ids = [f"{s:03d}_{n:07d}" for s in (99, 91) for n in range(6)]
    target = RNG.normal(4, 1, 12)
    with h5py.File(tmp_path / "mass.h5", "w") as file:
        file["images"] = RNG.integers(0, 256, (12, 32, 32, 3), dtype=np.uint8)
        file["target"], file["id"] = target, np.array(ids, "S")
        file.attrs.update(variant="mass", width=60.0, hubble=0.7, synthetic=True)
    for snapshot, a in ((99, 1.0), (91, 0.9)):
        with h5py.File(tmp_path / f"{snapshot}.h5", "w") as file:
            file["subhalo_id"] = np.arange(6)[::-1].copy()
            maps = np.zeros((6, 3, 32, 32), "f4")
            maps[:, 1] = np.arange(6)[::-1, None, None] + 100 * snapshot
            file["maps"] = maps
            file.attrs.update(snapshot=snapshot, scale_factor=a)
            file.attrs["channels"] = ["entropy", "mass", "temperature"]
    split = Table({"id": ids, "component": np.arange(12) // 2})
    split["part"] = ["test", "train"] * 6
    galaxies = attention_files.choose(tmp_path / "mass.h5", split, 4)
    assert np.all(np.diff(galaxies.target) < 0)
    assert set(galaxies.id) <= set(ids[::2])
    gas = attention_files.gas([tmp_path / "99.h5", tmp_path / "91.h5"], galaxies.id)
    for name, mass, a in zip(galaxies.id, gas.mass, gas.scale_factor, strict=True):
        assert mass[0, 0] == 100 * int(name[:3]) + int(name[4:])
        assert a == (1.0 if name.startswith("099") else 0.9)
    with h5py.File(tmp_path / "out.h5", "w") as file:
        attention_files.write_galaxies(file, galaxies, galaxies.target + 0.1, gas, np.arange(4.0))
        attention_files.write_method(
            file, "grad_cam", np.ones((4, 2, 2)), {"gas_share": np.ones(4)}
        )
    columns, maps, attributes = attention_files.read_attention(tmp_path / "out.h5")
    assert list(columns["id"]) == list(galaxies.id)
    assert maps["grad_cam"].shape == (4, 2, 2)
    assert attributes["variant"] == "mass"
    entries, synthetic = attention_files.read_numbers(tmp_path / "out.h5")
    assert synthetic
    assert entries[0][:2] == ("mass", "grad_cam")
    refused("lack galaxy 091", attention_files.gas, [tmp_path / "99.h5"], galaxies.id)
