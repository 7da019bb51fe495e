"""Header numbers that no snapshot of TNG's units has are refused with their values."""

import h5py
import numpy as np
import pytest
from refusal import refused

from skyloom.arms.tng import header
from skyloom.errors import InputError

TNG = {
    **{"Time": 0.770583632847062, "Redshift": 0.2977176845174465, "HubbleParam": 0.6774},
    **{"Omega0": 0.3089, "OmegaLambda": 0.6911, "BoxSize": 75000.0},
    **{"UnitLength_in_cm": 3.085678e21, "UnitMass_in_g": 1.989e43},
    "UnitVelocity_in_cm_per_s": 1e5,
}


@pytest.fixture
def written(tmp_path):
    """A function that writes a header with some other numbers, and reads it back."""

    def read(header_group=(), **groups):
        path = tmp_path / "snap.hdf5"
        with h5py.File(path, "w") as file:
            file.create_group("Header").attrs.update(TNG | dict(header_group))
            for name, attributes in groups.items():
                file.create_group(name).attrs.update(attributes)
        with h5py.File(path) as file:
            return header.read_header(file, path, 78)

    return read


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("UnitLength_in_cm", 3.085678e24, r"3\.08568e\+24 as the header attribute UnitLength"),
        ("UnitLength_in_cm", 1.0, "has 1 as the header attribute UnitLength"),
        ("UnitLength_in_cm", 3.085678e21 / 0.6774, "UnitLength_in_cm"),
        ("UnitMass_in_g", 1.989e33, r"1\.989e\+33 as the header attribute UnitMass_in_g"),
        ("UnitMass_in_g", 0.0, "has 0 as the header attribute UnitMass_in_g"),
        ("UnitMass_in_g", np.inf, "has inf as the header attribute UnitMass_in_g"),
        ("UnitVelocity_in_cm_per_s", 1.0, "has 1 as the header attribute UnitVelocity"),
        ("UnitVelocity_in_cm_per_s", np.nan, "has nan as the header attribute UnitVelocity"),
        ("Time", 0.0, "has 0 as the header attribute Time, which is no scale factor"),
        ("Time", 13.8, r"has 13\.8 as the header attribute Time, which is no scale factor"),
        ("Time", -0.5, "no scale factor"),
        ("Time", np.inf, "no scale factor"),
        ("Time", 0.98, r"0\.98 as the header .*Time and 0\.297718 .* is 0\.770584"),
        ("Redshift", 0.0, r"0\.770584 as the header attribute Time and 0 as"),
        ("Redshift", np.nan, "has nan as the header attribute Redshift"),
        ("HubbleParam", 0.0, "has 0 as the header attribute HubbleParam"),
        ("HubbleParam", -0.7, "HubbleParam, which is no Hubble constant in 100 km/s/Mpc"),
        ("HubbleParam", 67.74, "HubbleParam, which is no Hubble constant in 100 km/s/Mpc"),
        ("HubbleParam", np.inf, "has inf as"),
        ("Omega0", 0.0, "has 0 as the header attribute Omega0"),
        ("Omega0", 1.0, "Omega0, which is no density of matter between 0 and 1"),
        ("BoxSize", 0.0, "has 0 as the header attribute BoxSize, which is no side of a box"),
        ("BoxSize", -35000.0, "has -35000 as the header attribute BoxSize"),
        ("BoxSize", np.inf, "has inf as the header attribute BoxSize"),
    ],
)
def test_a_number_that_makes_no_sense_is_refused_with_its_value(written, name, value, words):
    refused(rf"snap\.hdf5 .*{words}", written, {name: value})


@pytest.mark.parametrize("group", ["Parameters", "Units"])
def test_units_are_looked_at_wherever_they_stand(written, group):
    with pytest.raises(InputError, match=rf"UnitLength_in_cm in its group {group}, where TNG's"):
        written(**{group: {"UnitLength_in_cm": 3.085678e24}})


def test_a_run_that_is_not_comoving_is_refused(written):
    with pytest.raises(InputError, match="0 as ComovingIntegrationOn"):
        written(Parameters={"ComovingIntegrationOn": np.int32(0)})


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {name: np.float32(value) for name, value in TNG.items() if "Mass" not in name},
        # What 1.989e43 is in single precision.
        {"UnitMass_in_g": np.float32(np.inf)},
        {name: np.array([value]) for name, value in TNG.items()},
        {"Time": 0.9999999999999998, "Redshift": 2.220446049250313e-16},
        {"Time": 1.0, "Redshift": 0.0},
        {"Time": 0.047513858748795615, "Redshift": 20.046490988807516},
        {"Time": 0.7706, "Redshift": 0.29772},
        {"UnitLength_in_cm": 3.0856775814913673e21, "UnitMass_in_g": 1.98841e43},
        {"UnitLength_in_cm": 3.08568e21, "UnitMass_in_g": 1.9891e43},
        {"BoxSize": 1e6, "HubbleParam": 0.6732117, "Omega0": 0.31582309},
    ],
)
def test_what_headers_of_real_files_say_is_read(written, changed):
    read = written(
        changed, Parameters={"ComovingIntegrationOn": np.int32(1), "UnitMass_in_g": 1.989e43}
    )
    said = {name: float(np.ravel(value)[0]) for name, value in (TNG | changed).items()}
    assert read == header.Header(
        *(78, said["Redshift"], said["Time"], said["HubbleParam"]),
        *(said["Omega0"], said["BoxSize"], False),
    )


def test_headers_of_the_real_files_are_not_refused(real_data):
    found = 0
    for path in sorted((real_data / "tng").glob("*.hdf5")):
        with h5py.File(path) as file:
            found += len(header.numbers(file, path)) > 0
    assert found >= 6


@pytest.mark.parametrize("value", [0.0, 0.75, 0.6, np.nan])
def test_a_curved_universe_whose_ages_are_others_is_refused(written, value):
    refused(rf"0\.3089 as Omega0 and {value:g} as OmegaLambda", written, {"OmegaLambda": value})


@pytest.mark.parametrize("value", [0.6911, np.float32(0.6911), 0.691, 0.6910098])
def test_a_flat_universe_is_not_refused_for_its_radiation_or_rounding(written, value):
    assert written({"OmegaLambda": value}).omega_matter == 0.3089


def test_a_box_of_three_sides_must_be_a_cube(written):
    assert written({"BoxSize": np.full(3, 75000.0)}).box_size == 75000
    with pytest.raises(InputError, match="3 numbers that differ as the header attribute BoxSize"):
        written({"BoxSize": [75000.0, 75000.0, 9000.0]})
