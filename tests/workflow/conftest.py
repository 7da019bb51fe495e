"""A copy of the project in a temporary folder, and whole runs of it."""

import fcntl
import os
import shutil

import pytest
from miniature import (
    MINIATURE,
    MINIATURE_HELIUM,
    MINIATURE_SDSS,
    MINIATURE_SEMANTIC,
    MINIATURE_STELLAR,
    MINIATURE_XMM,
    Project,
)


@pytest.fixture(scope="session")
def make_project(tmp_path_factory):
    """Copy the project into a new folder."""
    return lambda overlay=MINIATURE: Project(tmp_path_factory.mktemp("project"), overlay)


@pytest.fixture(scope="session")
def run_once(tmp_path_factory):
    """Run a project whole; whichever of pytest's workers comes first does, each gets a copy."""

    def run(overlay, *targets):
        folder = tmp_path_factory.getbasetemp()
        if "PYTEST_XDIST_WORKER" in os.environ:
            folder = folder.parent
        master, arm = folder / f"finished_{overlay['arms'][0]}", overlay["arms"][0]
        with (folder / f"finished_{arm}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (master / "log.txt").exists():
                shutil.rmtree(master, ignore_errors=True)
                log = Project(master, overlay).snakemake("--cores", "2", *targets).stdout
                (master / "log.txt").write_text(log)
        own = tmp_path_factory.mktemp("project")
        shutil.copytree(master, own, symlinks=True, dirs_exist_ok=True)
        return Project.at(own, arm)

    return run


@pytest.fixture(scope="session")
def finished(run_once):
    """A project whose whole tng arm was run once."""
    return run_once(MINIATURE)


@pytest.fixture(scope="session")
def finished_xmm(run_once):
    """A project whose whole xmm arm was run once."""
    return run_once(MINIATURE_XMM)


@pytest.fixture(scope="session")
def finished_helium(run_once):
    """A project whose whole helium arm was run once."""
    return run_once(MINIATURE_HELIUM)


@pytest.fixture(scope="session")
def finished_stellar(run_once):
    """A project whose whole stellar arm was run once."""
    return run_once(MINIATURE_STELLAR)


@pytest.fixture(scope="session")
def finished_semantic(run_once):
    """A project whose whole semantic arm was run once, and of tng what it measures."""
    return run_once(MINIATURE_SEMANTIC)


@pytest.fixture(scope="session")
def finished_sdss(run_once):
    """A project whose whole sdss arm was run once, its prediction included."""
    return run_once(MINIATURE_SDSS, "all", "sdss_predict")
