"""Answers of the TNG web API that are not what they should be, and what they may not point to."""

import h5py
import pytest
from archive_server import Archive
from astropy.table import Table
from refusal import refused
from tng_server import KEY, POLICY, open_api

from skyloom.archives import tng_api, tng_branches, tng_cutouts
from skyloom.archives.download import Session
from skyloom.arms.tng.simulation import Header
from skyloom.errors import InputError


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"{}", "lacks the number boxsize"),
        (b"[1]", "is not one object"),
        (b'{"boxsize": NaN, "hubble": 1, "omega_0": 1}', "lacks the number boxsize"),
        (b"<html>", "is not JSON"),
        (b'{"boxsize": 0, "hubble": 0.6774, "omega_0": 0.3089}', "has 0 as BoxSize"),
        (b'{"boxsize": 35000, "hubble": 67.74, "omega_0": 0.3089}', r"has 67\.74 as HubbleParam"),
    ],
)
def test_answer_that_is_no_simulation_is_refused(tmp_path, answer, words):
    with Archive(lambda *_: answer) as server:
        api = open_api(server, tmp_path)
        refused(words, api.cosmology)
    assert not (tmp_path / "simulation.json").exists()


@pytest.mark.parametrize("pattern", [None, 5, "http://host/{other}", "http://host/{"])
def test_address_pattern_that_cannot_be_filled_in_is_named(tmp_path, pattern):
    api = tng_api.WebApi(Session(), {"simulation": pattern}, "TNG50-1", tmp_path, POLICY)
    refused(r"no usable pattern tng\.simulation", api.cosmology)


def test_branch_of_another_galaxy_is_refused(tmp_path):
    path = tmp_path / "mpb.hdf5"
    with h5py.File(path, "w") as file:
        file["SnapNum"], file["SubfindID"], file["SubhaloID"] = [99, 98], [4, 5], [100, 101]
    assert tng_branches.read_branch(path, 99, 4) == ([(99, 4), (98, 5)], 101)
    refused("not the main branch of subhalo 5", tng_branches.read_branch, path, 99, 5)
    with h5py.File(path, "r+") as file:
        file["SnapNum"][:] = [99, 99]
    refused("not one branch", tng_branches.read_branch, path, 99, 4)


def test_key_comes_from_the_environment_alone(monkeypatch, tmp_path):
    monkeypatch.delenv("TNG_API_KEY", raising=False)
    refused("TNG_API_KEY is not set", tng_api.connect, {}, "TNG50-1", tmp_path, POLICY)
    monkeypatch.setenv("TNG_API_KEY", KEY)
    assert tng_api.connect({}, "TNG50-1", tmp_path, POLICY).session.has_key


@pytest.mark.parametrize("how", ["external link", "soft link", "link of the group"])
def test_data_that_points_to_another_file_is_refused(tmp_path, how):
    with h5py.File(tmp_path / "private.hdf5", "w") as file:
        file["PartType0/Masses"] = [1.0, 2.0]
    with h5py.File(tmp_path / "cutout.hdf5", "w") as file:
        file["own"] = [3.0]
        if how == "external link":
            link = h5py.ExternalLink(str(tmp_path / "private.hdf5"), "/PartType0/Masses")
            file.create_group("PartType0")["Masses"] = link
        elif how == "soft link":
            file.create_group("PartType0")["Masses"] = h5py.SoftLink("/own")
        else:
            file["PartType0"] = h5py.ExternalLink(str(tmp_path / "private.hdf5"), "/PartType0")
    with h5py.File(tmp_path / "cutout.hdf5") as file:
        assert "PartType0/Masses" in file
        with pytest.raises(InputError, match="cutout.hdf5: PartType0/Masses is a link to somewhe"):
            tng_api.stored_here(file, "PartType0/Masses", tmp_path / "cutout.hdf5")
        assert tng_api.stored_here(file, "own", "")[0] == 3


def test_virtual_data_is_refused(tmp_path):
    layout = h5py.VirtualLayout(shape=(2,), dtype="f4")
    layout[:] = h5py.VirtualSource(str(tmp_path / "private.hdf5"), "Masses", shape=(2,))
    with h5py.File(tmp_path / "cutout.hdf5", "w") as file:
        file.create_virtual_dataset("Masses", layout)
        with pytest.raises(InputError, match="Masses keeps its values in another file"):
            tng_api.stored_here(file, "Masses", tmp_path / "cutout.hdf5")


def test_header_of_a_real_cutout_is_understood(real_data):
    path = real_data / "tng" / "SimSpin_example_IllustrisTNG.hdf5"
    header = Header(78, 0.29771768, 0.77058363, 0.6774, 0.3089, 75000.0, False)
    rows = Table({"subhalo_id": [9], "group_id": [4]}, meta={"of": "subhalo"})
    with h5py.File(path) as file:
        attributes = file["Header"].attrs
        tng_cutouts.check_header(attributes, path, rows, header)
        for wrong in (header._replace(snapshot=79), header._replace(box_size=35000.0)):
            with pytest.raises(InputError, match="the cutout of something else"):
                tng_cutouts.check_header(attributes, path, rows, wrong)
        rows["subhalo_id"] = 10
        with pytest.raises(InputError, match="CutoutID 9 where 10 was asked for"):
            tng_cutouts.check_header(attributes, path, rows, header)
