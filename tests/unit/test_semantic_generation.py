"""Datasets of profiles: uniform parameters, white noise, the same bytes on any threads."""

import json

import fake_dataset
import numpy as np
import pytest
from scipy import stats

from skyloom import datasets, prefetch, split_tables
from skyloom.arms.semantic import generation, profiles
from skyloom.arms.semantic.sampling import Grid
from skyloom.errors import InputError
from skyloom.io.files import open_hdf5

PROFILE = {
    "decoder": "exponential",
    "parameters": {"scale": [0.1, 0.5], "ellipticity": [0.2, 0.8], "angle": [0, 180]},
}
GRID = Grid(16)


def entry(train=1200, validation=30, test=40, noise=0.1):
    return {
        "profile": "wide",
        "noise": noise,
        "images": {"train": train, "validation": validation, "test": test},
    }


def write(path, asked, *, threads=None, grid=GRID, name="wide_noise_10", seed=1):
    pool = None if threads is None else prefetch.Pool(threads)
    fake_dataset.write_profiles(path, name, asked, PROFILE, grid, seed, pool=pool)
    return path


@pytest.mark.parametrize("grid", [GRID, Grid(16, "integrated", 4)])
def test_bytes_are_the_same_on_any_number_of_threads(tmp_path, grid):
    asked = entry(train=1050)
    alone = write(tmp_path / "alone.h5", asked, grid=grid).read_bytes()
    for threads in (1, 2, 3):
        assert write(tmp_path / "x.h5", asked, threads=threads, grid=grid).read_bytes() == alone


def test_a_dataset_is_what_its_description_says(tmp_path):
    path = write(tmp_path / "wide.h5", entry())
    assert datasets.check(path)["samples"] == 1270
    with open_hdf5(path) as file:
        images, target, ids = file["images"][:], file["target"][:], file["id"].asstr()[:]
        assert dict(file["target"].attrs) == {
            "name": "scale,ellipticity,angle",
            "units": "half-width,,deg",
        }
        assert file.attrs["synthetic"] and file.attrs["seed"] == 1
        parameters = json.loads(file.attrs["parameters"])
    assert ids[0] == "wide_noise_10_00000" and ids[-1] == "wide_noise_10_01269"
    assert list(profiles.free(parameters["profile"])) == ["scale", "ellipticity", "angle"]
    assert Grid(**parameters["grid"]) == GRID and parameters["noise"] == 0.1
    values = dict(zip(profiles.free(PROFILE), target.T, strict=True))
    noise = images[..., 0] - profiles.evaluate("exponential", values, GRID)
    # White noise of the stated width: no mean, no skew, no relation between neighbours.
    assert noise.std() == pytest.approx(0.1, rel=0.01) and abs(noise.mean()) < 1e-3
    assert stats.kstest(noise[::7].reshape(-1) / 0.1, "norm").pvalue > 0.001
    assert abs(np.corrcoef(noise[:, :, 1:].ravel(), noise[:, :, :-1].ravel())[0, 1]) < 0.01


def test_a_profile_on_a_grid_of_another_half_width_is_refused():
    with pytest.raises(InputError, match="has a half_width of 1, its grid one of 0.0625"):
        generation.description("d", entry(), PROFILE, Grid(16, half_width=0.0625), 1)


def test_parameters_are_uniform_between_their_limits_and_independent():
    values = generation.draw(PROFILE, 20_000, np.random.default_rng(0))
    for name, (low, high) in profiles.free(PROFILE).items():
        assert values[name].min() >= low and values[name].max() < high
        assert stats.kstest(values[name], "uniform", (low, high - low)).pvalue > 0.001
    assert np.abs(np.corrcoef(list(values.values())) - np.eye(3)).max() < 0.03


def test_without_noise_an_image_is_the_profile():
    values = generation.draw(PROFILE, 45, np.random.default_rng(0))
    found = generation.images(PROFILE, values, GRID)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(
        found, profiles.evaluate("exponential", values, GRID).astype(np.float32)
    )


def test_parts_and_names_are_seeded_apart():
    def first(asked, part, name="a", seed=1):
        chosen = next(one for one in generation.blocks(asked["images"]) if one.part == part)
        return generation.generator(name, chosen, seed).random()

    drawn = [first(entry(), part) for part in split_tables.PARTS]
    drawn += [first(entry(), "test", name="b"), first(entry(), "test", seed=2)]
    assert len(set(drawn)) == len(drawn)
    # More training images leave the test images as they were.
    assert first(entry(train=5000), "test") == first(entry(), "test")


def test_blocks_have_at_most_a_thousand_images_of_one_part():
    found = generation.blocks({"train": 2500, "validation": 1000, "test": 1})
    assert [(one.part, one.number, one.size) for one in found] == [
        ("train", 0, 1000),
        ("train", 1, 1000),
        ("train", 2, 500),
        ("validation", 0, 1000),
        ("test", 0, 1),
    ]


def test_a_split_follows_the_order_in_which_images_were_made():
    ids = [f"a_{row:05d}" for row in range(6)]
    table = generation.split(ids, {"train": 3, "validation": 2, "test": 1})
    assert list(table["part"]) == ["train"] * 3 + ["validation"] * 2 + ["test"]
    assert table.meta["synthetic"]
    assert list(split_tables.parts_of(ids, table, dataset="a")) == list(table["part"])
    with pytest.raises(InputError, match=r"has 6 images, its attribute parameters says 7"):
        generation.split(ids, {"train": 4, "validation": 2, "test": 1})


def test_empty_parts_and_negative_noise_are_refused():
    with pytest.raises(InputError, match=r"images.test of a semantic dataset is 0"):
        generation.blocks(entry(test=0)["images"])
    with pytest.raises(InputError, match=r"noise of the semantic dataset a is -0.1"):
        generation.description("a", entry(noise=-0.1), PROFILE, GRID, 1)


def test_speckle_grows_with_the_root_of_the_intensity_and_is_recorded():
    wide = {"decoder": "exponential", "parameters": {"scale": [0.2, 0.4]}}
    asked = {"images": {"train": 400, "validation": 1, "test": 1}, "speckle": 0.2}
    grid = Grid(16)
    plain, grainy = (
        np.concatenate(list(generation.render("one", one, wide, grid, 3)))[:400, :, :, 0]
        for one in ({**asked, "speckle": 0}, asked)
    )
    pull = (grainy - plain) / np.sqrt(plain)
    assert np.std(pull) == pytest.approx(0.2, rel=0.01)
    assert abs(np.mean(pull)) < 0.003
    kept = generation.description("one", asked, wide, grid, 3)["attributes"]["parameters"]
    assert kept["speckle"] == 0.2 and kept["noise"] == 0
