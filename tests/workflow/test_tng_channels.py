"""Further channels, views and other simulations, as a user asks for them: by name and by config."""

import copy
import re
import shutil

import h5py
import numpy as np
import pytest
from miniature import digests

from skyloom import datasets
from skyloom.io.files import read_json, read_table

pytestmark = pytest.mark.workflow


@pytest.fixture(scope="module")
def extended(finished, tmp_path_factory):
    """A copy of the finished project, which others go on using as it is."""
    project = copy.copy(finished)
    project.folder = tmp_path_factory.mktemp("extended") / "project"
    shutil.copytree(finished.folder, project.folder)
    return project


def mapped(project, *targets, config=None):
    """Folders of the maps that a run would make."""
    text = project.snakemake("-n", "--cores", "2", *targets, config=config).stdout
    jobs = re.findall(r"rule tng_maps:\n((?:    .*\n)+)", text)
    return {re.search(r"wildcards: .*source=([\w/]+)", job)[1] for job in jobs}


def test_all_makes_no_further_channel_and_no_view(finished):
    assert not (finished.results / "channels").exists()
    assert not (finished.results / "views").exists()


def test_further_channels_are_made_by_name_and_remake_nothing(extended):
    old = digests(extended.results, "maps/*.h5", "datasets/*.h5", "scaling.json")
    folders = {"metallicity": "channels/metallicity", "composite_edge_on": "views/edge_on/gas"}
    for variant, folder in folders.items():
        rules = {"tng_maps": 4, "tng_maxima": 1, "tng_dataset": 1, f"tng_{variant}": 1}
        assert extended.planned(f"tng_{variant}") == rules
        assert mapped(extended, f"tng_{variant}") == {folder}
    extended.snakemake(
        "--cores", "2", "tng_metallicity", "tng_velocity_edge_on", "tng_matter", "tng_simulation"
    )
    assert digests(extended.results, "maps/*.h5", "scaling.json").items() <= old.items()
    folder = extended.results / "datasets"
    assert digests(extended.results, "datasets/*.h5").items() >= {
        item for item in old.items() if item[0].startswith("datasets")
    }
    with h5py.File(folder / "composite.h5") as file:
        identifiers = file["id"][:]
    for variant in ("metallicity", "velocity_edge_on", "matter"):
        attributes = datasets.check(folder / f"{variant}.h5")
        assert attributes["variant"] == variant
        with h5py.File(folder / f"{variant}.h5") as file:
            assert file.attrs["synthetic"]
        record = read_json(folder / f"{variant}.provenance.json")
        assert record["output"]["name"] == f"{variant}.h5"
        with h5py.File(folder / f"{variant}.h5") as file:
            np.testing.assert_array_equal(file["id"][:], identifiers)
            assert len(np.unique(file["images"][:])) > 50
    # About mid-grey, to both sides alike.
    with h5py.File(folder / "velocity_edge_on.h5") as file:
        images = file["images"][:].astype(int)
    assert images.min() < 60 and images.max() > 196 and abs(images.mean() - 128) < 16


def test_the_census_of_the_simulation_names_it_and_its_channels(extended):
    table = read_table(extended.results / "simulation.ecsv")
    assert table.meta["simulation"] == "TNG50" and table.meta["synthetic"]
    assert list(table["snapshot"]) == [99, 98]
    assert "magnetic_field" in table["channels"][0].split()


def test_a_channel_of_ones_own_is_a_target_by_configuration_alone(extended):
    words = (
        "{channels: {metals: {quantity: metallicity, statistic: mean}}, "
        "views: {slanted: {inclination: 60, position_angle: 30}}, "
        "variants: {metals: {kind: channel, channel: metals, view: slanted}}}"
    )
    planned = extended.planned("tng_metals", config=words)
    assert planned["tng_maps"] == 4
    assert mapped(extended, "tng_metals", config=words) == {"views/slanted/metals"}
    # The other channels' maps stay, and so does what is built of them.
    assert not extended.planned("tng_metallicity", config=words)


def test_a_further_variant_among_the_cases_is_built_by_all_and_trained_on(extended):
    planned = extended.planned(config="{cases: [composite, metallicity]}")
    assert planned["tng_features"] == 1 and planned["tng_train"] >= 1
    assert "tng_maps" not in planned


def test_files_like_illustris_are_made_and_known_for_what_they_are(make_project):
    project = make_project()
    words = (
        "{snapshots: [135], reference_snapshot: 135, "
        "synthetic: {simulation: Illustris-1, galaxies: 12, gas_cells: 100}}"
    )
    done = project.snakemake("--cores", "2", "tng_simulation", "tng_dark_matter", config=words)
    assert done.returncode == 0
    table = read_table(project.results / "simulation.ecsv")
    assert table.meta["simulation"] == "Illustris" and table.meta["hubble"] == 0.704
    assert not table["subhalo_flag"][0] and "magnetic_field" not in table["channels"][0]
    galaxies = read_table(project.results / "selection" / "snap_135.ecsv")
    assert "every subhalo counts" in galaxies.meta["subhalo_flag"]
    failed = project.snakemake("--cores", "2", "tng_magnetic_field", config=words, check=False)
    assert failed.returncode
    assert "The magnetic field strength cannot be mapped in snapshot 135" in failed.stdout
