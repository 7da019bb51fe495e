"""Further channels from the web API: fields are asked for only where a channel needs them."""

from pathlib import Path

import fake_tng
import h5py
import numpy as np
import pytest
from archive_server import Archive
from tng_server import KEY, TngArchive, open_api

from skyloom.archives import tng_catalogue, tng_cutouts
from skyloom.arms.tng import channels, cutouts, gas_channels, maps, selection
from skyloom.arms.tng.simulation import Simulation
from skyloom.errors import InputError
from skyloom.io.files import read_table, write_table
from skyloom.simulate.universe import layout

CUTS = {"stellar_mass": [0.5, 100], "total_mass_max": 200, "group_mass_max": 500}
TURNED = fake_tng.PROJECTION["rotation"] | {"inclination": 40, "position_angle": 0}
OPTIONS = fake_tng.PROJECTION | {"rotation": TURNED}


@pytest.fixture(scope="module")
def universe(tmp_path_factory):
    return fake_tng.universe(tmp_path_factory.mktemp("universe") / "output", 99, tree=False)


def opened(server, folder):
    """The web API, the catalogue from it, and its first galaxies."""
    api = open_api(server, folder)
    base = api.folder / "output"
    outputs = [Path(path) for path in layout.snapshot_files(base, 99, chunks=1)["groups"]]
    tng_catalogue.assemble(api, 99, tng_catalogue.fetch_columns(api, 99), outputs)
    catalogue = Simulation(base, 99)
    return api, catalogue, selection.select(catalogue, cuts=CUTS)[:6]


def fetched(api, catalogue, galaxies, name, fields):
    """Fetch cutouts with these fields; their folder and the list of them."""
    folder, path = api.folder / "cutouts" / name, api.folder / f"{name}.ecsv"
    table = tng_cutouts.listing(catalogue, galaxies, whole_groups=True, kinds=tuple(fields))
    failures = api.folder / f"failed_{name}.ecsv"
    tng_cutouts.fetch_cutouts(
        api, table, folder, catalogue.header, failures=failures, fields_of=fields
    )
    write_table(table, path)
    return folder, [path]


def test_what_the_galaxies_cutouts_hold_is_not_asked_for_again():
    further = {name: gas_channels.further_fields(own) for name, own in channels.QUANTITIES.items()}
    assert not any(further[name] for name in gas_channels.GAS)
    assert not further["velocity"] and not further["velocity_dispersion"]
    assert not further["stellar_mass"]
    assert further["metallicity"] == {
        "gas": ("Coordinates", "Density", "GFM_Metallicity", "Masses")
    }
    assert further["dark_matter"] == {"dark_matter": ("Coordinates",)}


def test_a_channel_from_cutouts_of_its_own_is_that_of_the_files(universe, kernel, tmp_path):
    local = Simulation(universe, 99)
    with Archive(TngArchive(universe), key=KEY) as server:
        api, catalogue, galaxies = opened(server, tmp_path / "cache")
        main = fetched(api, catalogue, galaxies, "main", tng_cutouts.FIELDS)
        seen = cutouts.CutoutSimulation(catalogue.base_path, 99, *main)
        for name in ("metallicity", "magnetic_field", "dark_matter"):
            quantity = channels.QUANTITIES[name]
            own = fetched(api, catalogue, galaxies, name, gas_channels.further_fields(quantity))
            source = cutouts.open_further(seen, *own, quantity.particles)
            asked = {name: gas_channels.Channel(quantity, quantity.statistics[0])}
            what = {"galaxies": galaxies, "options": OPTIONS, "channels": asked}
            ours = list(maps.project_all(kernel, seen, **what, source=source))
            theirs = list(maps.project_all(kernel, local, **what))
            assert len(ours) == len(theirs) == len(galaxies)
            for one, other in zip(ours, theirs, strict=True):
                np.testing.assert_array_equal(one.maps, other.maps)
                np.testing.assert_array_equal(one.rotation, other.rotation)


def test_a_cutout_without_the_mass_of_its_dark_matter_is_none(universe, tmp_path):
    fields = gas_channels.further_fields(channels.QUANTITIES["dark_matter"])
    with Archive(TngArchive(universe), key=KEY) as server:
        api, catalogue, galaxies = opened(server, tmp_path / "cache")
        folder, [listing] = fetched(api, catalogue, galaxies, "dark_matter", fields)
    table = read_table(listing)
    rows = table[table["file"] == table["file"][0]]
    path = folder / rows["file"][0]
    tng_cutouts.check_cutout(path, rows, catalogue.header, fields)
    with h5py.File(path, "r+") as file:
        del file["Header"].attrs["MassTable"]
    with pytest.raises(InputError, match="has no mass of PartType1 in its header"):
        tng_cutouts.check_cutout(path, rows, catalogue.header, fields)


def test_a_mini_snapshot_without_a_channels_field_is_named(universe, tmp_path):
    fields = gas_channels.further_fields(channels.QUANTITIES["magnetic_field"])
    words = r"snapshot 99 lacks PartType0/MagneticField.*leave the variants that show this channel"
    with Archive(TngArchive(universe, missing_fields=("MagneticField",)), key=KEY) as server:
        api, catalogue, galaxies = opened(server, tmp_path / "cache")
        with pytest.raises(InputError, match=words):
            fetched(api, catalogue, galaxies, "magnetic_field", fields)


def test_a_catalogue_without_a_flag_comes_without_it(tmp_path):
    base = tmp_path / "output"
    fake_tng.universe(base, 135, tree=False, gas_cells=100, simulation="Illustris-1")
    with Archive(TngArchive(base), key=KEY) as server:
        api = open_api(server, tmp_path / "cache")
        paths = tng_catalogue.fetch_columns(api, 135)
    assert ("Subhalo", "SubhaloFlag") not in paths and ("Subhalo", "SubhaloMass") in paths
    outputs = [
        Path(path) for path in layout.snapshot_files(tmp_path / "web", 135, chunks=1)["groups"]
    ]
    with Archive(TngArchive(base), key=KEY) as server:
        tng_catalogue.assemble(open_api(server, tmp_path / "cache"), 135, paths, outputs)
    ours = selection.select(Simulation(tmp_path / "web", 135), cuts=CUTS)
    theirs = selection.select(Simulation(base, 135), cuts=CUTS)
    assert list(ours["subhalo_id"]) == list(theirs["subhalo_id"])
    assert "every subhalo counts as a galaxy" in ours.meta["subhalo_flag"]
