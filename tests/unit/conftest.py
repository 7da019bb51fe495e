"""What several of the library's tests need."""

from pathlib import Path

import pytest

from skyloom.kernels import histogram2d, polyline
from skyloom.simulate.stellar import atoms


@pytest.fixture(scope="session")
def kernel(tmp_path_factory):
    """The kernel of the maps, compiled once."""
    path = tmp_path_factory.mktemp("kernel") / "histogram2d.so"
    histogram2d.compile_kernel(path)
    return histogram2d.load(path)


@pytest.fixture(scope="session")
def pen(tmp_path_factory):
    """The kernel that draws spectra, compiled once."""
    path = tmp_path_factory.mktemp("kernel") / "polyline.so"
    polyline.compile_kernel(path)
    return polyline.load(path)


@pytest.fixture(scope="session")
def lines():
    """The line list of the stellar arm."""
    return atoms.read_lines(Path(__file__).parents[2] / "resources/lines/5000-5300.ecsv")


@pytest.fixture
def whole_batches(monkeypatch):
    """Batches in one part: they are traced faster, and parts have tests of their own."""
    monkeypatch.setattr("skyloom.learn.sub_batches.PARTS", 1)


@pytest.fixture
def batches_in_two(monkeypatch):
    """Batches in two parts: they are traced faster, and sums of parts are still there."""
    monkeypatch.setattr("skyloom.learn.sub_batches.PARTS", 2)
