"""Classical fits: they recover the truth, reach the bound, and agree with astropy's."""

import fake_dataset
import h5py
import numpy as np
import pytest
from astropy.modeling import fitting
from astropy.modeling.functional_models import Sersic2D
from astropy.table import Table
from scipy.special import gammaincinv

from skyloom.arms.semantic import (
    bounds,
    evaluation,
    generation,
    initial_guesses,
    least_squares,
    profiles,
)
from skyloom.arms.semantic.sampling import Grid
from skyloom.errors import InputError

PUBLISHED = {"scale": [0.01, 0.05], "ellipticity": [0.2, 0.8], "angle": [0, 180]}
WIDE = {**PUBLISHED, "scale": [0.1, 0.5]}
FREE = {"intensity": [0.5, 2.0], "centre_x": [-0.1, 0.1], "centre_y": [-0.1, 0.1]}


def _problem(parameters, *, decoder="exponential", **grid):
    return least_squares.Problem.of({"decoder": decoder, "parameters": parameters}, grid)


def _sample(problem, count, *, seed=1, noise=0.0):
    random = np.random.default_rng(seed)
    low, high = np.array(list(problem.ranges.values())).T
    true = random.uniform(low, high, (count, len(low)))
    images = profiles.evaluate(problem.decoder, problem.parameters(true.T), problem.grid)
    return true, images + noise * random.standard_normal(images.shape)


def _errors(problem, true, fits):
    found = np.array([fit.values for fit in fits])
    pairs = zip(problem.names, true.T, found.T, strict=True)
    return np.array([evaluation.differences(*triple)[1] for triple in pairs]).T


@pytest.mark.parametrize("parameters, count", [(WIDE, 15), (PUBLISHED, 25), ({**WIDE, **FREE}, 5)])
def test_images_without_noise_give_back_their_parameters(parameters, count):
    problem = _problem(parameters)
    true, images = _sample(problem, count)
    fits = list(least_squares.fit_all(problem, images))
    assert np.max(np.abs(_errors(problem, true, fits))) < 1e-6
    assert all(fit.converged for fit in fits)


def test_pixels_in_single_precision_cost_little():
    problem = _problem(WIDE)
    true, images = _sample(problem, 8)
    fits = list(least_squares.fit_all(problem, images.astype(np.float32)))
    assert np.max(np.abs(_errors(problem, true, fits)) / problem.widths) < 1e-6


def test_sersic_profiles_give_back_index_and_centre():
    problem = _problem({**WIDE, **FREE, "sersic_index": [0.5, 4.0]}, decoder="sersic", pixels=32)
    true, images = _sample(problem, 6, seed=2)
    fits = list(least_squares.fit_all(problem, images))
    assert np.max(np.abs(_errors(problem, true, fits))) < 1e-6


def test_pixel_means_give_back_their_parameters():
    problem = _problem(WIDE, pixels=16, sampling="integrated", subpixels=4)
    assert not problem.written_out
    true, images = _sample(problem, 3)
    fits = list(least_squares.fit_all(problem, images))
    assert np.max(np.abs(_errors(problem, true, fits))) < 1e-6


@pytest.mark.parametrize("decoder", sorted(profiles.DECODERS))
def test_written_out_derivatives_are_those_by_differences(decoder):
    extra = {"sersic_index": [0.8, 3.0]} if decoder == "sersic" else {}
    problem = _problem({**WIDE, **FREE, **extra}, decoder=decoder)
    assert problem.written_out
    true, _ = _sample(problem, 3, seed=4)
    for values in true:
        ours, other = problem.jacobian(values), problem.differences(values)
        assert np.allclose(ours, other, atol=1e-8 * np.abs(other).max(axis=0))


def test_a_model_that_bends_the_radius_is_differentiated_by_differences():
    class Bent(profiles.Exponential):
        def radius(self, ops, p, x, y):
            return super().radius(ops, p, x, y) ** 1.1

    grid, ranges = Grid(), {name: tuple(pair) for name, pair in WIDE.items()}
    fixed = {"intensity": 1.0, "centre_x": 0.0, "centre_y": 0.0}
    assert not least_squares.Problem(Bent(), grid, ranges, fixed).written_out


def test_errors_under_noise_are_those_of_the_bound():
    problem, noise, count = _problem(WIDE, pixels=32), 0.05, 200
    true, images = _sample(problem, count, seed=5, noise=noise)
    fits = list(least_squares.fit_all(problem, images, noise=noise))
    profile = {"decoder": "exponential", "parameters": WIDE}
    values = dict(zip(problem.names, true.T, strict=True))
    limit = bounds.cramer_rao(profile, values, problem.grid, noise)
    # Chi square of 200 has a relative standard deviation of 0.1.
    chi_square = np.mean((_errors(problem, true, fits) / limit) ** 2, axis=0)
    assert np.all(np.abs(chi_square - 1) < 0.3), chi_square
    assert all(fit.converged and fit.starts == 1 for fit in fits)
    dof = 32 * 32 - 3
    costs = np.array([2 * fit.cost for fit in fits]) / noise**2
    assert np.isclose(costs.mean(), dof, rtol=4 / np.sqrt(dof * count / 2))


def test_astropy_finds_the_same_minimum():
    problem, noise = _problem({**WIDE, "intensity": [0.5, 2.0]}), 0.05
    _, images = _sample(problem, 3, seed=6, noise=noise)
    y, x = np.meshgrid(problem.grid.centres, problem.grid.centres, indexing="ij")
    # Sersic2D is I_e exp(-b (r / r_e)^(1/n) + b) with Gamma(2n) = 2 gamma(2n, b): r_e = b A of n=1.
    b = gammaincinv(2, 0.5)
    fit = fitting.TRFLSQFitter()
    for image, ours in zip(
        images, least_squares.fit_all(problem, images, noise=noise), strict=True
    ):
        scale, ellipticity, angle, intensity = ours.values
        start = {"r_eff": 1.1 * b * scale, "ellip": ellipticity + 0.05, "x_0": 0.0, "y_0": 0.0}
        model = Sersic2D(
            amplitude=1.1 * intensity * np.exp(-b),
            **start,
            n=1,
            theta=np.deg2rad(-angle + 3),
            fixed={"n": True, "x_0": True, "y_0": True},
        )
        found = fit(model, x, y, image, maxiter=500, acc=1e-12)
        theirs = np.array([found.r_eff.value / b, found.ellip.value, found.amplitude.value])
        theirs[2] *= np.exp(b)
        assert np.allclose(theirs, [scale, ellipticity, intensity], rtol=1e-5)
        turned = -np.rad2deg(float(np.asarray(found.theta.value))) - angle
        assert abs(evaluation.folded(turned)) < 1e-3


def test_moments_of_a_disc_well_inside_the_image_are_its_parameters():
    problem = _problem({**WIDE, **FREE})
    values = np.array([0.1, 0.4, 30.0, 1.3, 0.05, -0.08])
    found = dict(
        zip(
            problem.names, initial_guesses.from_moments(problem, problem.image(values)), strict=True
        )
    )
    assert abs(found["centre_x"] - 0.05) < 2e-3 and abs(found["centre_y"] + 0.08) < 2e-3
    assert abs(evaluation.folded(found["angle"] - 30)) < 1
    assert abs(found["ellipticity"] - 0.4) < 0.05 and 0.03 < found["scale"] < 0.1


def test_an_empty_image_is_fitted_without_converging_to_anything_outside_the_limits():
    problem = _problem({**WIDE, "intensity": [0.5, 2.0]})
    fit = least_squares.fit_image(problem, np.zeros((64, 64)))
    low, high = problem.limits
    assert np.all((fit.values >= low) & (fit.values <= high)) and np.isfinite(fit.cost)


def test_what_no_profile_describes_is_tried_from_every_start_and_said():
    problem = _problem(WIDE)
    image = np.random.default_rng(0).uniform(size=(64, 64))
    fit = least_squares.fit_image(problem, image)
    assert fit.starts == least_squares.STARTS and not fit.converged


def test_processes_do_not_change_a_bit():
    problem = _problem(PUBLISHED)
    _, images = _sample(problem, 6, noise=0.05)
    alone, shared = (
        list(least_squares.fit_all(problem, images, noise=0.05, threads=threads))
        for threads in (1, 2)
    )
    for one, other in zip(alone, shared, strict=True):
        assert np.array_equal(one.values, other.values) and one[1:] == other[1:]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """A dataset of ten images each side, and its split."""
    path = tmp_path_factory.mktemp("semantic") / "wide_noise_05.h5"
    entry = {"noise": 0.05, "images": {"train": 10, "validation": 10, "test": 10}}
    profile, grid = {"decoder": "exponential", "parameters": WIDE}, Grid()
    described = fake_dataset.write_profiles(path, "wide_noise_05", entry, profile, grid, 1)
    split = generation.split(described["columns"]["id"], entry["images"])
    return path, split


def test_fits_of_a_dataset_are_of_its_first_test_images_with_their_bounds(dataset):
    path, split = dataset
    table = least_squares.fit_dataset(path, split, fitted=6)
    assert list(table["id"]) == [f"wide_noise_05_{row:05d}" for row in range(20, 26)]
    assert table.meta["noise"] == 0.05 and table.meta["synthetic"]
    with h5py.File(path) as file:
        assert np.array_equal(table["scale"], file["target"][20:26, 0])
    error = evaluation.folded(table["angle_predicted"] - table["angle"])
    assert np.all(np.abs(error) < 5 * table["bound_angle"])
    row = {name: np.array([table[name][2]]) for name in WIDE}
    derivatives = bounds.jacobian("exponential", row, list(WIDE), Grid())[0]
    fisher = np.linalg.inv(derivatives @ derivatives.T / 0.05**2)
    own = [table[f"bound_{name}"][2] for name in WIDE]
    assert np.allclose(own, np.sqrt(np.diag(fisher)), rtol=1e-6)


def test_a_split_without_test_images_is_refused(dataset):
    path, split = dataset
    split = Table(split, copy=True)
    split["part"] = "train"
    with pytest.raises(InputError, match="no test image to fit"):
        least_squares.fit_dataset(path, split)
