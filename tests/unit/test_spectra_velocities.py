"""Radial velocities by name: every name is a star's, or an error that names the nearest."""

from pathlib import Path

import pytest
import yaml

import configuration
import configuration_names
from skyloom.arms.spectra import velocities
from skyloom.errors import InputError

ROOT = Path(__file__).parents[2]


def configured(tmp_path, own, names):
    """What the workflow makes of a configuration's text, as far as velocities go."""
    for name in names:
        (tmp_path / name).touch()
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text(encoding="utf-8"))
    config["arms"] = ["helium"]
    config["helium"]["observed"] = str(tmp_path)
    config["helium"]["observation"]["radial_velocity"] = yaml.safe_load(own)
    mine = tmp_path.with_suffix(".yaml")
    mine.write_text(f"helium: {{observation: {{radial_velocity: {own}}}}}")
    written = configuration_names.Written([mine])
    config = configuration.typed(config, configuration.load_schema(), written=written)
    configuration.check(config)
    own = config["helium"]["observation"]["radial_velocity"]
    return [velocities.velocity_of(own, tmp_path / name) for name in names]


@pytest.mark.parametrize(
    ("own", "names", "expected"),
    [
        ("{127972: 30}", ["127972.txt"], [30]),
        ("{'127972': 30}", ["127972.txt", "b.txt"], [30, 0]),
        ("{127972.txt: 30}", ["127972.txt"], [30]),
        ("{127972: 30, b: -4.5}", ["127972.fits.gz", "b.txt"], [30, -4.5]),
        ("{2014-01-31: 30}", ["2014-01-31.txt"], [30]),
        ("{2014_01_31: 30}", ["2014_01_31.txt", "20140131.txt"], [30, 0]),
        ("{00102: 30}", ["00102.fits", "66.fits"], [30, 0]),
        ("{66: 30}", ["00102.fits", "66.fits"], [0, 30]),
        ("{12:30:45: 3}", ["12:30:45.txt"], [3]),
        ("{yes: 3}", ["yes.txt"], [3]),
        ("{'00102': 30, '66': 1}", ["00102.fits", "66.fits"], [30, 1]),
        ("{66.fits: 30}", ["00102.fits", "66.fits"], [0, 30]),
        ("{hd127972: 30}", ["hd127972.fits.gz"], [30]),
        ("12.5", ["a.txt", "b.txt"], [12.5, 12.5]),
        ("{}", ["a.txt"], [0]),
    ],
)
def test_a_velocity_reaches_its_star_however_its_name_is_written(tmp_path, own, names, expected):
    assert configured(tmp_path, own, names) == expected


@pytest.mark.parametrize(
    ("own", "names", "words"),
    [
        ("{hd12797.txt: 30}", ["hd127972.txt"], ["hd12797.txt", "did you mean 'hd127972.txt'"]),
        ("{HD127972.txt: 30}", ["hd127972.txt"], ["did you mean 'hd127972.txt'"]),
        ("{a: 1, vega: 2, sirius: 3}", ["a.txt"], ["vega, sirius", "there are a, a.txt"]),
        ("{66: 30, '66': 31}", ["66.fits"], ["radial_velocity.66' stands twice"]),
    ],
)
def test_a_name_of_no_star_is_refused_before_anything_runs(tmp_path, own, names, words):
    with pytest.raises(InputError, match=r"helium\.observation\.radial_velocity") as told:
        configured(tmp_path, own, names)
    assert all(word in str(told.value) for word in words), told.value


def test_stars_of_the_simulator_are_looked_for_where_they_are_read():
    files = [(Path("/run/observed/f_t20000g40v200_synthetic_text.txt"), "x")]
    with pytest.raises(InputError, match="observation.radial_velocity names f_t2"):
        velocities.check_names({"f_t20000g40v200": 5}, files)
    velocities.check_names({"f_t20000g40v200_synthetic_text": 5}, files)


def test_a_name_that_is_a_number_is_its_stars(tmp_path):
    files = [(tmp_path / "127972.fits", "127972.fits")]
    velocities.check_names({127972: 30}, files)
    assert velocities.velocity_of({127972: 30}, files[0][0]) == 30
    with pytest.raises(InputError, match="names 99, but"):
        velocities.check_names({99: 30}, files)
