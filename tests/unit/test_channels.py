"""Further channels and views: against astropy's units and plain NumPy that shares no code."""

import h5py
import numpy as np
import pytest
from astropy import units as u

from skyloom.errors import InputError
from skyloom.tng import channel_maps, channels, code_units, header, maps, selection, universe
from skyloom.tng.simulation import Simulation

SNAPSHOT = 84
UNIVERSE = {"snapshots": [SNAPSHOT], "galaxies": 12, "seed": 3}
WIDE = {"stellar_mass": [0.0, 1e4], "total_mass_max": 1e5, "group_mass_max": 1e5}
ROTATION = {"members": "subhalo", "max_age": 0.5, "min_stars": 10, "aperture": 15.0}
OPTIONS = {
    "gas": {"members": "fof"},
    "rotation": {**ROTATION, "inclination": 30.0, "position_angle": 20.0},
    "grid": {"bins": 64, "width": 60.0, "depth": None, "edges": "exact"},
}
MEAN = "mass_weighted_mean"
STATISTIC = {"dark_matter": "sum", "stellar_mass": "sum"}


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    path = tmp_path_factory.mktemp("universe") / "output"
    universe.write_snapshot(path, SNAPSHOT, gas_cells=300, chunks=3, **UNIVERSE)
    universe.write_tree(path, **UNIVERSE)
    return path


@pytest.fixture(scope="module")
def simulation(base):
    return Simulation(base, SNAPSHOT)


@pytest.fixture(scope="module")
def galaxies(simulation):
    return selection.select(simulation, cuts=WIDE)


def projected(kernel, simulation, galaxies, name, options=OPTIONS, **changes):
    channel = {"quantity": name, "statistic": STATISTIC.get(name, MEAN), **changes}
    return list(channel_maps.project_all(kernel, simulation, galaxies, channel, options))


def whole(base, kind, field):
    """One field of every particle in the snapshot, straight from the chunks in order."""
    parts = []
    for path in sorted(base.glob(f"snapdir_{SNAPSHOT:03d}/*.hdf5")):
        with h5py.File(path) as file:
            if kind in file:
                parts.append(file[kind][field][()])
    return np.concatenate(parts).astype(np.float64)


def group_rows(base, kind, group):
    lengths = []
    for path in sorted(base.glob(f"groups_{SNAPSHOT:03d}/*.hdf5")):
        with h5py.File(path) as file:
            lengths.append(file["Group/GroupLenType"][:, kind])
    ends = np.cumsum(np.concatenate(lengths).astype(int))
    return slice(ends[group] - np.concatenate(lengths)[group], ends[group])


def on_the_sky(base, kind, galaxy, rotation, head):
    """Offsets in the picture, ckpc/h, of a group's particles, and their rows."""
    rows = group_rows(base, kind, galaxy["group_id"])
    centre = np.array([galaxy[name] for name in "xyz"])
    box = head.box_size
    offset = (whole(base, f"PartType{kind}", "Coordinates")[rows] - centre + box / 2) % box
    return rows, rotation @ (offset - box / 2).T


def binned(x, y, weights):
    edges = np.linspace(-30, 30, 65)
    return np.histogram2d(y, x, bins=[edges, edges], weights=weights)[0]


def code_gauss(a, h):
    """What one unit of MagneticField is, by astropy: CGS-Gaussian, B^2 an energy density."""
    mass, length = 1.989e43 * u.g / h, 3.085678e21 * u.cm * a / h
    pressure = mass * (u.km / u.s) ** 2 / length**3
    # Comoving fields dilute as a^-2, comoving pressures of this unit as a^-3 (and a from v^2).
    return np.sqrt((pressure / a).to_value(u.erg / u.cm**3))


def expected_map(base, name, galaxy, rotation, head):
    kind = {"dark_matter": 1, "stellar_mass": 4}.get(name, 0)
    rows, (x, y, _) = on_the_sky(base, kind, galaxy, rotation, head)
    a, h = head.scale_factor, head.hubble
    area = (60 / 64 * a / h) ** 2
    if kind == 1:
        with h5py.File(base / f"snapdir_{SNAPSHOT:03d}" / f"snap_{SNAPSHOT:03d}.0.hdf5") as file:
            mass = file["Header"].attrs["MassTable"][1]
        return binned(x, y, np.full(len(x), mass * 1e10 / h / area))
    mass = whole(base, f"PartType{kind}", "Masses")[rows]
    if kind == 4:
        star = whole(base, "PartType4", "GFM_StellarFormationTime")[rows] > 0
        return binned(x, y, mass * star * 1e10 / h / area)
    field = {"metallicity": "GFM_Metallicity", "magnetic_field": "MagneticField"}
    values = whole(base, "PartType0", field.get(name, "Velocities"))[rows]
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


@pytest.mark.parametrize("name", sorted(channels.QUANTITIES))
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
    gas = {"star_forming_temperature": "effective", "electron_abundance_floor": 1e-4}
    main = {
        **OPTIONS,
        "gas": {"members": "fof", "entropy": "linear", **gas},
        "statistic": {"entropy": MEAN, "mass": "sum", "temperature": MEAN},
    }
    ours = projected(kernel, simulation, galaxies, "metallicity")
    for one, other in zip(maps.project_all(kernel, simulation, galaxies, main), ours, strict=True):
        np.testing.assert_array_equal(one.rotation, other.rotation)
        # Where there is gas there are metals, and nowhere else.
        np.testing.assert_array_equal(one.maps[1] > 0, other.maps[0] > 0)


def test_maps_do_not_depend_on_the_number_of_threads(kernel, simulation, galaxies):
    channel = {"quantity": "velocity_dispersion", "statistic": MEAN}
    alone, shared = (
        list(
            channel_maps.project_all(
                kernel, simulation, galaxies, channel, OPTIONS, threads=threads
            )
        )
        for threads in (1, 3)
    )
    for one, other in zip(alone, shared, strict=True):
        np.testing.assert_array_equal(one.maps, other.maps)


def test_a_unit_of_the_magnetic_field_is_2_6_microgauss():
    assert pytest.approx(2.6e-6, rel=2e-3) == code_units.GAUSS
    assert code_gauss(1.0, 1.0) == pytest.approx(code_units.GAUSS)
    # h / a^2, as TNG's specification has it.
    assert code_gauss(0.5, 0.7) == pytest.approx(code_units.GAUSS * 0.7 / 0.25)


def test_a_missing_field_is_named_with_its_channel_and_snapshot(base, kernel, galaxies, tmp_path):
    folder = tmp_path / "output"
    for path in sorted(base.parent.rglob("*.hdf5")):
        copy = tmp_path / path.relative_to(base.parent)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
        with h5py.File(copy, "r+") as file:
            if "PartType0/MagneticField" in file:
                del file["PartType0/MagneticField"]
    with pytest.raises(InputError, match=r"magnetic field strength.*snapshot 84.*MagneticField"):
        projected(kernel, Simulation(folder, SNAPSHOT), galaxies, "magnetic_field")


def test_a_run_without_a_mass_of_dark_matter_is_said_to_be_so(tmp_path):
    path = tmp_path / "snap.hdf5"
    with h5py.File(path, "w") as file:
        file.create_group("Header").attrs["MassTable"] = np.zeros(6)
    with pytest.raises(InputError, match=r"snap.hdf5 has no mass of PartType1"):
        header.table_mass(path, 1)
