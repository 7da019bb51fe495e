"""Selection: cuts, units, and what happens to galaxies at their edges."""

import numpy as np
import pytest
from refusal import refused

from skyloom.arms.tng import quantities, selection
from skyloom.errors import InputError


class FakeSimulation:
    """A catalogue in memory."""

    base_path = "memory"
    has_tree = False

    def __init__(self, **changes):
        n = 6
        self.columns = {
            "SubhaloFlag": np.array([True, True, False, True, True, True]),
            "SubhaloGrNr": np.array([0, 0, 0, 1, 2, 2], np.int32),
            "SubhaloMass": np.array([100.0, 250.0, 100.0, 100.0, 100.0, 50.0], np.float32),
            "SubhaloMassType": np.zeros((n, 6), np.float32),
            "SubhaloPos": np.ones((n, 3), np.float32),
            "SubhaloSFR": np.array([1.0, 1.0, 1.0, 1.0, 0.0, 2.0], np.float32),
            "SubhaloVel": np.zeros((n, 3), np.float32),
        }
        self.columns["SubhaloMassType"][:, 4] = [1.0, 1.0, 1.0, 1.0, 0.5, 2.0]
        self.columns.update(changes)
        self.group_mass = np.array([400.0, 600.0, 499.0], np.float32)

    def has_subhalo_field(self, field):
        return field in self.columns

    @property
    def header(self):
        from skyloom.arms.tng.simulation import Header

        return Header(99, 0.0, 1.0, 0.6774, 0.3089, 35000.0, True)

    def subhalos(self, fields):
        return {field: self.columns[field] for field in fields}

    def groups(self, fields):
        return {field: self.group_mass for field in fields}


CUTS = {"stellar_mass": [0.5, 100], "total_mass_max": 200, "group_mass_max": 500}


def test_each_cut_removes_what_it_names_and_limits_are_strict():
    # 1: total mass; 2: flag; 3: group mass; 4: stellar mass exactly at the lower limit.
    table = selection.with_ssfr(selection.select(FakeSimulation(), cuts=CUTS), mass="stellar")
    assert list(table["subhalo_id"]) == [0, 5]


def test_galaxy_without_star_formation_is_kept():
    cuts = {**CUTS, "stellar_mass": [0.4, 100]}
    table = selection.with_ssfr(selection.select(FakeSimulation(), cuts=cuts), mass="stellar")
    assert 0.0 in table["ssfr"]


@pytest.mark.parametrize(
    ("mass", "ignore_h", "expected"),
    [
        ("stellar", False, 0.6774 / 1e10),
        ("total", False, 0.6774 / 1e12),
        ("total", True, 1.0 / 1e12),
    ],
)
def test_ssfr_divides_by_the_configured_mass_with_h_handled_once(mass, ignore_h, expected):
    table = selection.with_ssfr(
        selection.select(FakeSimulation(), cuts=CUTS), mass=mass, ignore_h=ignore_h
    )
    assert table["ssfr"][0] == pytest.approx(expected)
    assert str(table["ssfr"].unit) == "1 / yr"


def test_masses_carry_their_unit_and_physical_limits_are_converted():
    assert quantities.catalogue_mass(200, 0.5) == 200.0
    assert quantities.catalogue_mass("2e12 Msun/h", 0.5) == 200.0
    assert quantities.catalogue_mass("2e12 Msun", 0.5) == 100.0
    table = selection.with_ssfr(selection.select(FakeSimulation(), cuts=CUTS), mass="stellar")
    assert table["stellar_mass"].unit.to_string() == "1e+10 solMass / littleh"


@pytest.mark.parametrize("value", ["2e12", "2e12 kg", "two Msun", "Msun"])
def test_mass_with_unknown_unit_is_refused_with_examples(value):
    refused("2e12 Msun/h", quantities.catalogue_mass, value, 0.7)


@pytest.mark.parametrize("place", [-2000.0, 35400.0, 3.5e7])
def test_galaxies_outside_the_box_are_refused(place):
    places = np.full((6, 3), 34999.0, np.float32)
    places[5, 1] = place
    with pytest.raises(InputError, match="SubhaloPos reaches .* BoxSize in the header is 35000"):
        selection.select(FakeSimulation(SubhaloPos=places), cuts=CUTS)


@pytest.mark.parametrize("place", [-3.0, 0.0, 35000.0, 35003.0])
def test_galaxies_at_the_edge_of_the_box_are_not_refused(place):
    places = np.full((6, 3), place, np.float32)
    assert len(selection.select(FakeSimulation(SubhaloPos=places), cuts=CUTS)) == 2
