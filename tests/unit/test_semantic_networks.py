"""The encoder's counts and outputs, and the decoder as a layer: gradients, saving."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from refusal import refused

from skyloom.arms.semantic import encoder, profiles, sampling
from skyloom.arms.semantic.decoder import ProfileDecoder
from skyloom.arms.semantic.encoder import PhysicalParameters
from skyloom.learn import regression

NAMES = ["scale", "ellipticity", "angle"]
# Table 1 of the paper, layer by layer; the third row's total is printed 50981, its layers add up
# to 50987.
TABLE = {
    812963: [320, 9248, 18496, 36928, 73856, 147584, 524352, 2080, 99],
    203475: [160, 2320, 4640, 9248, 18496, 36928, 131104, 528, 51],
    50987: [80, 584, 1168, 2320, 4640, 9248, 32784, 136, 27],
    33567: [60, 330, 715, 1534, 3068, 6110, 21645, 84, 21],
    24041: [50, 230, 506, 1100, 2200, 4378, 15499, 60, 18],
    17093: [40, 148, 333, 738, 1558, 3268, 10953, 40, 15],
    12807: [40, 148, 296, 584, 1168, 2320, 8200, 36, 15],
}
NETWORKS = {
    812963: ([32, 32, 64, 64, 128, 128], [64, 32]),
    203475: ([16, 16, 32, 32, 64, 64], [32, 16]),
    50987: ([8, 8, 16, 16, 32, 32], [16, 8]),
    33567: ([6, 6, 13, 13, 26, 26], [13, 6]),
    24041: ([5, 5, 11, 11, 22, 22], [11, 5]),
    17093: ([4, 4, 9, 9, 19, 19], [9, 4]),
    12807: ([4, 4, 8, 8, 16, 16], [8, 4]),
}


def _layer(angle="cos_sin_2theta"):
    return PhysicalParameters(NAMES, [0.006, 0.14, 0], [0.054, 0.86, 180], angle=angle)


def _build(count, angle, shape=(64, 64, 1), **options):
    convolutions, dense = NETWORKS[count]
    layer = _layer(angle)
    return encoder.build(shape, layer, convolutions=convolutions, dense=dense, **options)


@pytest.mark.parametrize("count", TABLE)
def test_every_network_of_table_1_has_its_printed_layers(count):
    network = _build(count, "theta")
    assert [n for n in (x.count_params() for x in network.layers) if n] == TABLE[count]
    assert network.count_params() == count == sum(TABLE[count])


@pytest.mark.parametrize("count", TABLE)
def test_the_second_output_of_the_angle_adds_one_neuron(count):
    assert _build(count, "cos_sin_2theta").count_params() == count + NETWORKS[count][1][-1] + 1


def test_the_published_network_with_the_continuous_angle_has_812996_weights():
    network = _build(812963, "cos_sin_2theta")
    assert network.count_params() == 812_996
    dense = sum(x.count_params() for x in network.layers if isinstance(x, keras.layers.Dense))
    assert dense == 526_531 + 33


def test_dense_layers_are_sigmoid_and_convolutions_relu():
    kinds = {keras.layers.Dense: "sigmoid", keras.layers.Conv2D: "relu"}
    for layer in _build(12807, "theta").layers:
        if type(layer) in kinds:
            assert layer.activation.__name__ == kinds[type(layer)]
            assert type(layer) is keras.layers.Dense or layer.padding == "same"


def test_layers_start_from_different_weights_and_a_seed_repeats_them():
    one, two = (_build(12807, "theta", seed=5).get_weights() for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
    assert not np.allclose(one[2][0, 0, 0], one[6][0, 0, 0, :4])


def test_theta_is_180_degrees_times_the_sigmoid():
    made = _layer("theta")(np.array([[0.5, 0.5, 0.25]], np.float32)).numpy()
    assert made == pytest.approx(np.array([[0.03, 0.5, 45.0]]), rel=1e-6)


def test_cos_and_sin_of_twice_theta_give_theta_for_any_length_of_the_vector():
    theta = np.linspace(0, 179.9, 100)
    for length in (0.01, 0.5, 1.0):
        twice = np.radians(2 * theta)
        outputs = np.full((100, 4), 0.5)
        outputs[:, 2] = (1 + length * np.cos(twice)) / 2
        outputs[:, 3] = (1 + length * np.sin(twice)) / 2
        made = _layer()(outputs.astype(np.float32)).numpy()[:, 2]
        off = (made - theta + 90) % 180 - 90
        assert np.abs(off).max() < 2e-5 / length
        assert made.min() >= 0 and made.max() < 180


def test_a_direction_just_below_zero_is_not_the_period_itself():
    made = _layer()(np.array([[0.5, 0.5, 1.0, 0.5 - 6e-8]], np.float32)).numpy()[0, 2]
    assert 0 <= made < 180


def test_a_vector_without_direction_has_a_finite_gradient():
    outputs = tf.fill((1, 4), 0.5)
    with tf.GradientTape() as tape:
        tape.watch(outputs)
        made = _layer()(outputs)
    assert np.isfinite(tape.gradient(made, outputs).numpy()).all()


@pytest.mark.parametrize(
    ("drawn", "physical", "expected"),
    [
        ((0.01, 0.05), (1e-4, 10.0), (0.006, 0.054)),
        ((0.0, 0.95), (0.0, 0.999), (0.0, 0.999)),
        ((0.02, 0.6), (1e-4, 10.0), (0.01, 0.658)),
        ((-0.1, 0.1), (-1.0, 1.0), (-0.12, 0.12)),
    ],
)
def test_limits_reach_beyond_the_range_but_stay_physical(drawn, physical, expected):
    given = {"minimum": physical[0], "maximum": physical[1], "margin": 0.1}
    assert encoder.limits(*drawn, **given) == pytest.approx(expected)


def test_bfloat16_changes_answers_by_rounding_only_and_keeps_float32_weights():
    single, mixed = (_build(12807, "theta", precision=p) for p in ("float32", "bfloat16"))
    assert {str(x.dtype) for x in mixed.weights} == {"float32"}
    assert all(np.array_equal(a, b) for a, b in zip(single.weights, mixed.weights, strict=True))
    images = np.random.default_rng(0).random((3, 64, 64, 1), np.float32)
    one, two = single(images).numpy(), mixed(images).numpy()
    assert two.dtype == np.float32
    assert not np.array_equal(one, two)
    assert two == pytest.approx(one, rel=2e-2)


def test_images_too_small_for_the_poolings_are_refused():
    refused("4x4 pixels are too small for 6 convolutions", _build, 12807, "theta", shape=(4, 4, 1))


def test_an_unknown_angle_names_the_nearest():
    refused("nearest is 'theta'", _layer, "thetta")


def test_a_saved_encoder_loads_in_safe_mode_and_gives_the_same(tmp_path):
    network = _build(12807, "cos_sin_2theta", seed=2)
    regression.save(network, tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    images = np.random.default_rng(0).random((2, 64, 64, 1), np.float32)
    assert again(images).shape == (2, 3)
    assert np.array_equal(again(images).numpy(), network(images).numpy())


PROFILES = {
    "exponential": {"scale": [0.1, 0.5], "ellipticity": [0.2, 0.8], "angle": [0, 180]},
    "sersic": {
        "scale": [0.1, 0.5],
        "ellipticity": [0.0, 0.8],
        "angle": [0, 180],
        "intensity": [0.5, 2.0],
        "centre_x": [-0.1, 0.1],
        "centre_y": [-0.1, 0.1],
        "sersic_index": [0.5, 4.0],
    },
}
POINTS = {
    "exponential": [[0.3, 0.4, 30.0], [0.12, 0.7, 178.0]],
    # The second one's centre is that of a pixel: r' = 0 there.
    "sersic": [[0.3, 0.4, 30.0, 1.0, 0.03, -0.05, 1.5], [0.2, 0.3, 80.0, 0.7, 0.0, 0.0, 1.0]],
}


def _decoder(name, **options):
    profile = {"decoder": name, "parameters": PROFILES[name]}
    return ProfileDecoder(profile, options.pop("grid", {"pixels": 9}), **options)


@pytest.mark.parametrize("name", PROFILES)
def test_the_gradient_of_every_parameter_is_that_of_finite_differences(name):
    decoder, at = _decoder(name, dtype="float64"), np.array(POINTS[name])
    weights = np.random.default_rng(1).normal(size=(len(at), 9, 9, 1))
    given = tf.constant(at, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(given)
        total = tf.reduce_sum(decoder(given) * weights)
    found = tape.gradient(total, given).numpy()
    expected = np.empty_like(found)
    for index in range(at.shape[1]):
        step = 1e-6 * np.maximum(1, np.abs(at[:, index]))
        up, down = at.copy(), at.copy()
        up[:, index] += step
        down[:, index] -= step
        difference = (decoder(up).numpy() - decoder(down).numpy()) * weights
        expected[:, index] = difference.sum(axis=(1, 2, 3)) / (2 * step)
    assert np.isfinite(found).all()
    assert found == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_the_centre_of_a_profile_on_a_pixel_has_the_peak_and_a_finite_gradient():
    at = tf.constant([[0.3, 0.4, 30.0]], tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(at)
        value = _decoder("exponential")(at)[0, 4, 4, 0]
    assert float(value) == pytest.approx(1.0, abs=2e-6)
    assert np.abs(tape.gradient(value, at).numpy()).max() < 1e-4


@pytest.mark.parametrize("sampling_name", sampling.SAMPLINGS)
@pytest.mark.parametrize("name", PROFILES)
def test_the_layer_gives_the_images_that_datasets_are_made_of(name, sampling_name):
    grid = {"pixels": 9, "sampling": sampling_name}
    at = np.array(POINTS[name])
    values = dict(zip(PROFILES[name], at.T, strict=True))
    expected = profiles.evaluate(name, values, sampling.Grid(**grid))[..., None]
    decoder = _decoder(name, grid=grid)
    made = decoder(at.astype(np.float32)).numpy()
    assert made.shape == decoder.compute_output_shape(at.shape) == (2, 9, 9, 1)
    assert made == pytest.approx(expected, abs=3e-5)


def test_the_decoder_has_no_weights_and_survives_being_saved(tmp_path):
    answer = keras.Input((3,))
    model = keras.Model(answer, _decoder("exponential")(answer))
    assert model.weights == []
    model.save(tmp_path / "decoder.keras")
    again = keras.saving.load_model(tmp_path / "decoder.keras", safe_mode=True)
    at = np.array(POINTS["exponential"], np.float32)
    assert np.array_equal(model(at).numpy(), again(at).numpy())
