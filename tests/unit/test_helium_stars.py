"""Synthetic observed stars: formats, labels, noise."""

import numpy as np
import pytest

from skyloom.arms.spectra import observed, preparation
from skyloom.arms.spectra.helium import grid
from skyloom.simulate.helium import stars

WINDOW = np.linspace(4460, 4480, 201)
OPTIONS = {
    "teff": [15_000, 39_000, 1_000],
    "log_g": [2.0, 5.0, 0.5],
    "v_rot": [100, 400, 10],
    "limb_darkening": 0.6,
    "observed": 4,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("observed")
    assert len(list(stars.write(place, OPTIONS, [4460, 4480], seed=5))) == 4
    return place


def star(kind):
    return stars.draw(stars.KINDS.index(kind), OPTIONS, seed=5)


def read(folder, kind):
    return observed.read_spectrum(folder / star(kind).name)


def expected(kind):
    own = star(kind)
    labels = [own.teff], [own.log_g], [own.v_rot]
    return grid.spectra(WINDOW, *labels, limb_darkening=0.6)[0, 0]


@pytest.mark.parametrize("number", range(12))
def test_labels_lie_within_the_grid_on_no_node(number):
    own = stars.draw(number, OPTIONS, seed=3)
    for name in grid.LABELS:
        first, last, step = OPTIONS[name]
        value = getattr(own, name)
        assert first < value < last and abs(value / step - round(value / step)) > 0.05


@pytest.mark.parametrize("kind", stars.KINDS)
def test_labels_are_recovered_from_the_name(folder, kind):
    own, seen = star(kind), read(folder, kind)
    assert seen.known == {"teff": own.teff, "log_g": own.log_g, "v_rot": own.v_rot}


@pytest.mark.parametrize("kind", ["text", "ecsv", "fits"])
def test_prepared_star_is_its_model_but_for_noise(folder, kind):
    spectrum = read(folder, kind)
    flux = preparation.prepare(spectrum, WINDOW)
    residual = getattr(flux, "flux", flux) - expected(kind)
    assert abs(residual.mean()) < 5 / star(kind).snr / np.sqrt(201)
    assert residual.std() < 1.6 / star(kind).snr


def test_media_are_air_and_vacuum(folder):
    assert read(folder, "ecsv").medium == "vacuum"
    assert read(folder, "fits").medium == "air"
    assert read(folder, "text").medium is None


def test_star_has_the_papers_sampling(folder):
    wavelength = read(folder, "text").wavelength
    inside = (wavelength >= 4460) & (wavelength <= 4480)
    assert inside.sum() == 224
    assert wavelength[inside][0] == pytest.approx(4460.025826, abs=1e-4)
    assert wavelength[inside][-1] == pytest.approx(4479.956102, abs=1e-3)


def test_every_file_says_that_it_is_synthetic(folder):
    assert all(b"ynthetic" in path.read_bytes() for path in folder.iterdir())
    assert all("synthetic" in path.name for path in folder.iterdir())


def test_disc_shines_where_no_model_does(folder):
    spectrum = read(folder, "emission")
    assert spectrum.flux.max() > 1.1


def test_files_are_the_same_every_time(folder, tmp_path):
    for name in stars.write(tmp_path, OPTIONS, [4460, 4480], seed=5):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()
