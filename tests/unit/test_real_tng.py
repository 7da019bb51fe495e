"""Real files of TNG and CAMELS through the readers; skipped where they are not at hand."""

import shutil

import fake_tng
import h5py
import numpy as np
import pytest
from refusal import refused

from skyloom.arms.tng import maps, rotation, selection
from skyloom.arms.tng.particles import RowFiles
from skyloom.arms.tng.simulation import Simulation, open_cutout
from skyloom.errors import InputError

THESIS = {"stellar_mass": [0.5, 100], "total_mass_max": 200, "group_mass_max": 500}


@pytest.fixture(scope="module")
def catalogue(real_data, tmp_path_factory):
    """Two of the 448 chunks of TNG100-1's catalogue, presented as a catalogue of two."""
    base = tmp_path_factory.mktemp("tng100") / "output"
    folder = base / "groups_099"
    folder.mkdir(parents=True)
    for number, source in enumerate(("100", "1")):
        path = folder / f"fof_subhalo_tab_099.{number}.hdf5"
        shutil.copy(real_data / "tng" / f"fof_subhalo_tab_099.{source}.hdf5", path)
        path.chmod(0o644)
        with h5py.File(path, "r+") as file:
            header = file["Header"].attrs
            header["NumFiles"] = np.int32(2)
            header["Ngroups_Total"], header["Nsubgroups_Total"] = np.int32(2), np.int32(2249)
            if "Subhalo" in file and "SubhaloGrNr" in file["Subhalo"]:
                file["Subhalo/SubhaloGrNr"][:] -= 70
                file["Group/GroupFirstSub"][:] -= file["Group/GroupFirstSub"][0]
    return base


def test_thesis_cuts_select_nothing_in_two_massive_groups(catalogue):
    table = selection.with_ssfr(
        selection.select(Simulation(catalogue, 99), cuts=THESIS), mass="stellar"
    )
    assert len(table) == 0 and "ssfr" in table.colnames


def test_raised_group_cut_selects_what_a_count_by_hand_gives(catalogue):
    cuts = {**THESIS, "group_mass_max": 1e6}
    table = selection.with_ssfr(
        selection.select(Simulation(catalogue, 99), cuts=cuts), mass="total"
    )
    with h5py.File(catalogue / "groups_099" / "fof_subhalo_tab_099.0.hdf5") as file:
        rows = file["Subhalo"]
        by_hand = [
            row
            for row, (flag, mass, parts) in enumerate(
                zip(rows["SubhaloFlag"], rows["SubhaloMass"], rows["SubhaloMassType"], strict=True)
            )
            if flag and 0.5 < parts[4] < 100 and mass < 200
        ]
        sfr, total = rows["SubhaloSFR"][by_hand[0]], rows["SubhaloMass"][by_hand[0]]
    assert list(table["subhalo_id"]) == by_hand and len(by_hand) > 10
    assert table["ssfr"][0] == pytest.approx(sfr / (total * 1e10 / 0.6774), rel=1e-6)
    assert set(table["lineage_id"]) == {-1}


def test_real_cutout_goes_through_gas_rotation_and_maps(real_data, kernel):
    header, particles = open_cutout(real_data / "tng" / "SimSpin_example_IllustrisTNG.hdf5")
    gas, stars = particles["gas"], particles["stars"]
    # Thinned, so that the header's counts disagree with what is there.
    assert (header.snapshot, len(gas["Masses"]), len(stars["Masses"])) == (78, 100, 2000)
    centre = np.median(stars["Coordinates"], axis=0)
    velocity = np.median(stars["Velocities"], axis=0) * np.sqrt(header.scale_factor)
    turned = rotation.galaxy_orientation(
        gas,
        stars,
        header,
        centre=centre,
        velocity=velocity,
        options={"max_age": 1.0, "min_stars": 20, "aperture": 60.0, "inclination": 0.0},
    )
    assert turned.source in ("young_stars", "star_forming_gas", "all_stars")
    own = fake_tng.PROJECTION
    options = own | {"grid": own["grid"] | {"bins": 64, "width": 400.0}}
    frame = maps.Frame(header, velocity, turned.matrix, 1.0)
    what = frame, maps.gas_channels(own["statistic"])
    stack, floored = maps.project_galaxy(kernel, gas, *what, centre=centre, options=options)
    offset = np.abs((gas["Coordinates"] - centre) @ turned.matrix.T)[:, :2].max(axis=1)
    assert stack[1].sum() == pytest.approx(gas["Masses"][offset <= 200].sum(), rel=1e-6)
    filled = stack[1] > 0
    assert (stack[2][filled] > 1e3).all() and (stack[2][filled] < 1e9).all()
    assert (stack[0][filled] > 0).all() and floored < 100


def test_real_cutout_without_gas_names_the_missing_star_fields(real_data):
    with pytest.raises(InputError, match=r"PartType4/GFM_StellarFormationTime.*Velocities"):
        open_cutout(real_data / "tng" / "cutout_3.hdf5")


def test_camels_file_is_refused_by_the_names_of_its_missing_fields(real_data):
    with pytest.raises(InputError, match=r"Density.*ElectronAbundance.*InternalEnergy"):
        open_cutout(real_data / "tng" / "camels_snap_484dd0dc.hdf5")


def test_arepo_snapshot_with_too_few_fields_is_refused_by_name(real_data):
    refused("ElectronAbundance", open_cutout, real_data / "tng" / "paicos_reduced_snap_247.hdf5")


def test_rows_of_real_files_are_the_bytes_that_hdf5_reads(real_data):
    files, compared, placed = RowFiles(), 0, 0
    for path in sorted((real_data / "tng").glob("*.hdf5")):
        with h5py.File(path, "r") as file:
            names = [
                f"{group}/{name}"
                for group in file
                if group.startswith(("PartType", "Group", "Subhalo")) and len(file[group])
                for name, data in file[group].items()
                if isinstance(data, h5py.Dataset) and data.ndim and len(data)
            ]
            for name in names:
                first, last = len(file[name]) // 3, len(file[name])
                ours = files.rows(str(path), name, first, last - first)
                truth = file[name][first:last]
                assert ours.dtype == truth.dtype and ours.tobytes() == truth.tobytes()
                compared += 1
                placed += files.stored(str(path), name).offset is not None
    assert compared > 50 and placed > 50
