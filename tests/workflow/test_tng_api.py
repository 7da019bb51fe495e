"""The tng arm from a web archive on this machine, and what the archive's key is never found in."""

import os
import re
from pathlib import Path

import fake_tng
import miniature
import pytest
import yaml
from archive_server import Archive
from tng_server import TngArchive, addresses

from skyloom.io.files import read_table

pytestmark = pytest.mark.workflow

KEY = "sk-5e4c7a9b-nobody-may-see-this"
OVERLAY = {
    "run": "mini",
    "arms": ["tng"],
    "downloads": {"archives": "mirror.yaml", "retries": 1, "timeout": 10},
    "tng": {
        "snapshots": [99],
        "parts_per_snapshot": 2,
        "grid": {"bins": 32},
        "cases": ["composite"],
    },
}


@pytest.fixture(scope="module")
def universe(tmp_path_factory):
    base = tmp_path_factory.mktemp("universe") / "output"
    return fake_tng.universe(base, 99, 98, seed=20260)


FURTHER = ("metallicity", "dark_matter")


@pytest.fixture(scope="module")
def local(universe, make_project):
    """A project in which all was made from the files."""
    project = make_project(OVERLAY)
    targets = ["tng_composite", *(f"tng_{name}" for name in FURTHER)]
    run(project, *targets, config=f"{{source: local, base_path: '{universe}'}}")
    return project


@pytest.fixture
def archive(universe):
    with Archive(TngArchive(universe), key=KEY) as server:
        yield server


def run(project, *words, config, check=True):
    command = ("--cores", "2", "--resources", "downloads=1", "--keep-going", *words)
    return project.snakemake(*command, config=config, check=check)


def digests(project):
    """SHA-256 of what galaxies, maps and the dataset hold, by path."""
    patterns = ("galaxies/*.ecsv", "maps/*.h5", "channels/*/*.h5", "datasets/*.h5")
    return miniature.digests(project.results, *patterns)


def holding(folder, secret):
    """Every file below a folder whose name or contents hold the secret."""
    return [
        path
        for path in folder.rglob("*")
        if secret in path.name or (path.is_file() and secret.encode() in path.read_bytes())
    ]


def test_dataset_from_the_web_is_that_from_the_files_and_the_key_is_nowhere(
    archive, local, make_project, monkeypatch
):
    monkeypatch.delenv("TNG_API_KEY", raising=False)
    project = make_project(OVERLAY)
    (project.folder / "mirror.yaml").write_text(yaml.safe_dump({"tng": addresses(archive.url)}))
    failed = run(project, "tng_composite", config="{source: api}", check=False)
    assert failed.returncode and "TNG_API_KEY must hold" in failed.stdout and not archive.asked

    monkeypatch.setenv("TNG_API_KEY", KEY)
    # One cutout is gone for now, one answer comes through another host.
    galaxies = read_table(local.results / "galaxies" / "snap_099.ecsv")
    group = galaxies["group_id"][0]
    gone = f"/api/TNG50-1/snapshots/99/halos/{group}/cutout.hdf5"
    archive.faults[gone] = [404] * 2
    archive.faults["/api/TNG50-1/files/groupcat-99/"] = ["redirect", "truncated"]
    failed = run(project, "tng_composite", config="{source: api}", check=False)
    assert failed.returncode
    tables = list(project.results.glob("failed/*.ecsv"))
    sentence = re.search(r"skyloom: (\d+) of (\d+) files could not be fetched .*", failed.stdout)
    (table,) = tables
    assert sentence and str(table.relative_to(project.folder)) in sentence[0]
    rows = read_table(table)
    assert list(rows["reason"]) == ["the server answered 404"]
    assert Path(rows["file"][0]).name == f"halo_{group}.hdf5"

    other = [headers for host, _, headers in archive.asked if host.startswith("localhost")]
    assert other and all("api-key" not in {name.lower() for name in h} for h in other)

    archive.faults.clear()
    archive.asked.clear()
    done = run(project, "tng_composite", config="{source: api}")
    assert archive.most == 1  # as many as the resource `downloads` allows, on two cores
    cutouts = [path for path in archive.paths() if path.endswith("cutout.hdf5")]
    assert set(cutouts) == {gone} and not list(project.results.glob("failed/*.ecsv"))
    # The galaxies, maps of two parts and the dataset.
    assert digests(project).items() <= digests(local).items() and len(digests(project)) == 4
    assert KEY not in done.stdout + failed.stdout
    assert holding(project.folder, KEY) == []
    # The search finds what is there.
    (project.folder / "leak").write_text(f"api-key: {KEY}")
    assert [path.name for path in holding(project.folder, KEY)] == ["leak"]
    assert not project.planned("tng_composite", config="{source: api}")
    assert os.environ["TNG_API_KEY"] == KEY


def test_further_channels_from_the_web_are_those_from_the_files(
    archive, local, make_project, monkeypatch
):
    monkeypatch.setenv("TNG_API_KEY", KEY)
    project = make_project(OVERLAY)
    (project.folder / "mirror.yaml").write_text(yaml.safe_dump({"tng": addresses(archive.url)}))
    run(project, *(f"tng_{name}" for name in FURTHER), config="{source: api}")
    # Two parts of two channels, two datasets and the galaxies; no main map was made for them.
    assert digests(project).items() <= digests(local).items() and len(digests(project)) == 7
