"""Images of every kind of variant, and what channels and views are refused for."""

import copy

import numpy as np
import pytest
import yaml
from refusal import refused
from scipy import ndimage

import configuration
import configuration_channels
from skyloom.arms.tng import images, variants
from skyloom.arms.tng.channels import QUANTITIES

with open("config/config.yaml", encoding="utf-8") as file:
    DEMO = yaml.safe_load(file)
HERE = {"width": 60.0, "scale_factor": 1.0, "hubble": 0.6774}
GAS = ("entropy", "mass", "temperature")
MAXIMA = {"entropy": 900.0, "mass": 0.02, "temperature": 3e6, "velocity": 200.0, "dark_matter": 1e9}


@pytest.fixture
def maps():
    rng = np.random.default_rng(4)
    stack = rng.lognormal(0, 2, (3, 3, 32, 32)).astype(np.float32)
    stack *= np.array([30, 1e-3, 1e5], np.float32)[:, None, None]
    return stack * (rng.random((3, 1, 32, 32)) < 0.7)


def changed(**keys):
    config = copy.deepcopy(DEMO)
    config["tng"].update({name: {**config["tng"][name], **own} for name, own in keys.items()})
    return config


def render(maps, own, maxima=MAXIMA):
    """Images of a variant, from the maps of its channels."""
    tng = changed(variants={"tried": own})["tng"]
    parameters = configuration.variant_parameters(tng, "tried")
    signed = configuration_channels.signed(tng, "tried")
    return variants.render(maps, maxima, parameters, **HERE, signed=signed)


@pytest.mark.parametrize(
    "kind",
    [{"kind": "composite"}, {"kind": "gaussian", "sigma": 3}, {"kind": "unsharp", "sigma": 3}],
)
def test_the_gas_seen_from_another_side_is_rendered_as_from_the_first(maps, kind):
    turned = render(maps, {**kind, "view": "edge_on"})
    np.testing.assert_array_equal(turned, render(maps, kind))


def test_a_logarithm_below_the_references_least_is_black_from_any_side(maps):
    logs = maps.copy()
    logs[:, 0] = np.where(maps[:, 1] > 0, np.log10(np.where(maps[:, 0] > 0, maps[:, 0], 1)), 0)
    maxima = {**MAXIMA, "entropy": 4.0, "entropy_minimum": 1.2}
    dark = (logs[:, 0] < 1.2) & (maps[:, 1] > 0)
    sides = [{"kind": "composite"}, {"kind": "composite", "view": "edge_on"}]
    first, other = (render(logs, own, maxima) for own in sides)
    assert dark.any() and not first[dark][:, 0].any()
    np.testing.assert_array_equal(first, other)


def test_one_channel_of_the_gas_from_another_side_is_rendered_as_from_the_first(maps):
    own = {"kind": "channel", "channel": "mass"}
    turned = render(maps[:, 1:2], {**own, "view": "edge_on"})
    np.testing.assert_array_equal(turned, render(maps, own))


def test_a_composite_takes_its_channels_in_the_given_order(maps):
    one = {"kind": "composite", "channels": ["dark_matter", "mass", "entropy"]}
    other = {"kind": "composite", "channels": ["entropy", "dark_matter", "mass"]}
    pictures = [render(maps, one), render(maps[:, [2, 0, 1]], other)]
    np.testing.assert_array_equal(pictures[0][..., [2, 0, 1]], pictures[1])


def test_velocities_of_both_signs_lie_about_mid_grey():
    own = {"kind": "channel", "channel": "velocity", "beta": 0.1}
    speeds = np.array([-300.0, -200.0, -20.0, 0.0, 20.0, 200.0, 300.0])
    maps = np.broadcast_to(speeds, (1, 1, 7, 7))
    ours = render(maps, own)[0, 0, :, 0].astype(int)
    stretch = np.arcsinh(1.0) / np.arcsinh(10.0)
    here = 127 * stretch
    assert list(ours) == [1, 1, round(128 - here), 128, round(128 + here), 255, 255]
    # Approaching and receding are mirror images.
    np.testing.assert_array_equal(ours + ours[::-1], 256)


def test_the_scale_is_the_largest_amount_of_any_pixel():
    blocks = [np.zeros((2, 1, 4, 4)), np.full((1, 1, 4, 4), -7.5), np.ones((1, 1, 4, 4))]
    assert images.channel_maxima(blocks, ["velocity"]) == {"velocity": 7.5}
    words = "The channel velocity is 0 in every map"
    refused(words, images.channel_maxima, blocks[:1], ["velocity"])


def test_every_quantity_has_a_channel_and_a_variant_in_the_configuration():
    defined = {own["quantity"] for own in DEMO["tng"]["channels"].values()}
    assert defined == set(QUANTITIES) - set(GAS)
    single = {own.get("channel") for own in DEMO["tng"]["variants"].values()}
    assert set(DEMO["tng"]["channels"]) <= single


def test_a_further_variant_depends_on_its_own_channels_and_view_only():
    own = configuration.variant_parameters(DEMO["tng"], "velocity_edge_on")
    other = changed(channels={"metallicity": {"quantity": "metallicity", "statistic": "mean"}})
    other["tng"]["views"]["inclined_45"] = {"inclination": 40, "position_angle": 0}
    assert configuration.variant_parameters(other["tng"], "velocity_edge_on") == own
    turned = changed(views={"edge_on": {"inclination": 80, "position_angle": 0}})
    assert configuration.variant_parameters(turned["tng"], "velocity_edge_on") != own
    # Without a further channel or a view there is nothing new in what decides a variant.
    assert set(configuration.variant_parameters(DEMO["tng"], "composite")) == {
        *("beta", "overflow", "kind")
    }


def tried(words, **own):
    return {"variants": {"tried": own}}, words


def named(name, quantity, statistic, words):
    own = {"quantity": quantity, "statistic": statistic}
    return {"channels": {name: own}}, f"'tng.channels.{name}' {words}"


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        tried(
            "'tng.variants.tried' shows 'metalicity'.*did you mean 'metallicity'",
            kind="channel",
            channel="metalicity",
        ),
        tried(
            "seen from 'edge', which is not one of tng.views; did you mean 'edge_on'",
            kind="composite",
            view="edge",
        ),
        tried("shows 'x', which is neither", kind="composite", channels=["mass", "velocity", "x"]),
        tried(
            "'velocity', which has both signs.*add 'stretch: alone'",
            kind="composite",
            channels=["mass", "velocity", "entropy"],
        ),
        named("dust", "metalicity", "mean", "is a map of 'metalicity'.*did you mean 'metallicity'"),
        named("warm", "temperature", "mean", "is a map of 'temperature', which"),
        named("halo", "dark_matter", "mean", "has the statistic 'mean'.*choose 'sum'"),
        named("mass", "dark_matter", "sum", "is taken by the maps of the gas"),
        named("entropy_minimum", "dark_matter", "sum", "is taken"),
        # Nothing that is written is passed over in silence.
        tried(
            "'tng.variants.tried.channel' has no meaning beside kind: composite: take it",
            kind="composite",
            channel="velocity",
        ),
        tried(
            "'tng.variants.tried.channels' has no meaning beside kind: unsharp, .*: take it",
            kind="unsharp",
            sigma=3,
            channel="mass",
            channels=["mass", "entropy", "temperature"],
        ),
        tried(
            "'tng.variants.tried.sigma' has no meaning beside kind: channel, channel: velocity",
            kind="channel",
            sigma=3,
            channel="velocity",
        ),
        tried(
            "'tng.variants.tried' has single_channel: joint.*take it out",
            kind="channel",
            channel="mass",
            view="edge_on",
            single_channel="joint",
        ),
        ({"variants": {"simulation": {"kind": "composite"}}}, "target tng_simulation is taken"),
    ],
)
def test_what_cannot_be_made_is_refused_before_anything_runs(keys, words):
    refused(words, configuration.check, changed(**keys))


@pytest.mark.parametrize("kind", ["gaussian", "unsharp"])
def test_a_filter_on_one_channel_is_that_of_its_image_and_sees_no_other(maps, kind):
    own = {"kind": kind, "sigma": 3, "channel": "entropy"}
    picture = render(maps, own)
    others = maps * np.array([1, 0.5, 2], np.float32)[:, None, None]
    np.testing.assert_array_equal(render(others, own), picture)
    image = render(maps, {"kind": "channel", "channel": "entropy"})[..., 0].astype(float)
    blurred = ndimage.gaussian_filter(image, (0, 3, 3), mode="nearest")
    expected = blurred if kind == "gaussian" else 128 + (image - blurred) / 2
    assert picture.std() > 1 and np.all(picture == picture[..., :1])
    assert abs(picture[..., 0] - expected).max() < 2.5


def test_a_filter_on_a_channel_with_both_signs_is_about_mid_grey(maps):
    own = {"kind": "gaussian", "sigma": 3, "channel": "velocity"}
    parameters = configuration.variant_parameters(changed(variants={"a": own})["tng"], "a")
    assert parameters["stretch"] == "alone" and parameters["channels"] == ["velocity"]
    nothing = render(np.zeros_like(maps[:, :1]), own)
    assert np.all(nothing == 128)
