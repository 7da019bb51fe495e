"""Further channels and views: against astropy's units and plain NumPy that shares no code."""

import shutil

import h5py
import numpy as np
import pytest
import small_tng
from astropy import units as u
from refusal import refused
from small_tng import MEAN, binned

from skyloom.arms.tng import channels, gas_channels, header, maps, particle_fields, selection
from skyloom.arms.tng.simulation import Simulation

SNAPSHOT = 84
UNIVERSE = {"snapshots": [SNAPSHOT], "galaxies": 12, "seed": 3}
OPTIONS = small_tng.options(rotation={"inclination": 30.0, "position_angle": 20.0})
STATISTIC = {"dark_matter": "sum", "stellar_mass": "sum"}


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    path = tmp_path_factory.mktemp("universe") / "output"
    return small_tng.write(path, SNAPSHOT, gas_cells=300, chunks=3, **UNIVERSE)


@pytest.fixture(scope="module")
def simulation(base):
    return Simulation(base, SNAPSHOT)


@pytest.fixture(scope="module")
def galaxies(simulation):
    return selection.select(simulation, cuts=small_tng.WIDE)


def chosen(name):
    own = {"quantity": name, "statistic": STATISTIC.get(name, MEAN)}
    return gas_channels.chosen({name: own}, channels.QUANTITIES)


def projected(kernel, simulation, galaxies, name, **options):
    options["channels"] = chosen(name)
    return list(maps.project_all(kernel, simulation, galaxies, OPTIONS, **options))


def code_gauss(a, h):
    """What one unit of MagneticField is, by astropy: CGS-Gaussian, B^2 an energy density."""
    mass, length = 1.989e43 * u.g / h, 3.085678e21 * u.cm * a / h
    pressure = mass * (u.km / u.s) ** 2 / length**3
    # Comoving fields dilute as a^-2, comoving pressures of this unit as a^-3 (and a from v^2).
    return np.sqrt((pressure / a).to_value(u.erg / u.cm**3))


def expected_map(base, name, galaxy, rotation, head):
    kind = {"dark_matter": 1, "stellar_mass": 4}.get(name, 0)
    centre = np.array([galaxy[axis] for axis in "xyz"])
    rows, (x, y, _) = small_tng.on_the_sky(
        base, SNAPSHOT, kind, galaxy["group_id"], centre, rotation
    )

    def whole(field):
        return small_tng.whole(base, SNAPSHOT, f"PartType{kind}", field)[rows]

    a, h = head.scale_factor, head.hubble
    area = (60 / 64 * a / h) ** 2
    if kind == 1:
        with h5py.File(small_tng.chunks(base, SNAPSHOT)[0]) as file:
            mass = file["Header"].attrs["MassTable"][1]
        return binned(x, y, np.full(len(x), mass * 1e10 / h / area))
    mass = whole("Masses")
    if kind == 4:
        star = whole("GFM_StellarFormationTime") > 0
        return binned(x, y, mass * star * 1e10 / h / area)
    field = {"metallicity": "GFM_Metallicity", "magnetic_field": "MagneticField"}
    values = whole(field.get(name, "Velocities"))
    if name == "metallicity":
        values = values / 0.0127
    elif name == "magnetic_field":
        values = np.linalg.norm(values, axis=1) * code_gauss(a, h) * 1e6
    else:
        motion = np.array([galaxy[f"v{axis}"] for axis in "xyz"])
        values = -(rotation @ (values * np.sqrt(a) - motion).T)[2]
    total = binned(x, y, mass)
    with np.errstate(invalid="ignore"):
        mean = np.nan_to_num(binned(x, y, mass * values) / total)
        if name != "velocity_dispersion":
            return mean
        square = np.nan_to_num(binned(x, y, mass * values**2) / total)
    return np.sqrt(np.maximum(square - mean**2, 0))


@pytest.mark.parametrize("name", sorted(set(channels.QUANTITIES) - set(gas_channels.GAS)))
def test_maps_agree_with_plain_numpy_on_every_galaxy(base, kernel, simulation, galaxies, name):
    made = projected(kernel, simulation, galaxies, name)
    assert len(made) == len(galaxies)
    for galaxy, ours in zip(galaxies, made, strict=True):
        expected = expected_map(base, name, galaxy, ours.rotation, simulation.header)
        scale = np.abs(expected).max() or 1.0
        # The reference's dispersion of one cell is what rounding leaves of it, km/s.
        noise = 1e-4 if name == "velocity_dispersion" else 0.0
        np.testing.assert_allclose(ours.maps[0], expected, rtol=2e-5, atol=1e-6 * scale + noise)
    assert sum(ours.maps.any() for ours in made) > len(made) / 2


def test_a_further_channel_is_seen_as_the_main_maps_are(kernel, simulation, galaxies):
    ours = projected(kernel, simulation, galaxies, "metallicity")
    main = maps.project_all(kernel, simulation, galaxies, OPTIONS)
    for one, other in zip(main, ours, strict=True):
        np.testing.assert_array_equal(one.rotation, other.rotation)
        # Where there is gas there are metals, and nowhere else.
        np.testing.assert_array_equal(one.maps[1] > 0, other.maps[0] > 0)


def test_maps_do_not_depend_on_the_number_of_threads(kernel, simulation, galaxies):
    alone, shared = (
        projected(kernel, simulation, galaxies, "velocity_dispersion", threads=threads)
        for threads in (1, 3)
    )
    for one, other in zip(alone, shared, strict=True):
        np.testing.assert_array_equal(one.maps, other.maps)


def test_a_unit_of_the_magnetic_field_is_2_6_microgauss():
    assert pytest.approx(2.6e-6, rel=2e-3) == particle_fields.GAUSS
    assert code_gauss(1.0, 1.0) == pytest.approx(particle_fields.GAUSS)
    # h / a^2, as TNG's specification has it.
    assert code_gauss(0.5, 0.7) == pytest.approx(particle_fields.GAUSS * 0.7 / 0.25)


def test_a_missing_field_is_named_with_its_channel_and_snapshot(base, kernel, galaxies, tmp_path):
    shutil.copytree(base.parent, tmp_path, dirs_exist_ok=True)
    for path in small_tng.chunks(tmp_path / "output", SNAPSHOT):
        with h5py.File(path, "r+") as file:
            if "PartType0/MagneticField" in file:
                del file["PartType0/MagneticField"]
    copy = Simulation(tmp_path / "output", SNAPSHOT)
    words = r"magnetic field strength.*snapshot 84.*MagneticField"
    refused(words, projected, kernel, copy, galaxies, "magnetic_field")


def test_a_run_without_a_mass_of_dark_matter_is_said_to_be_so(tmp_path):
    path = tmp_path / "snap.hdf5"
    with h5py.File(path, "w") as file:
        file.create_group("Header").attrs["MassTable"] = np.zeros(6)
    refused(r"snap.hdf5 has no mass of PartType1", header.table_mass, path, 1)
