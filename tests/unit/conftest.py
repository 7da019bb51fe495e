"""What several of the library's tests need."""

import pytest

from skyloom.kernels import histogram2d


@pytest.fixture(scope="session")
def kernel(tmp_path_factory):
    """The kernel of the maps, compiled once."""
    path = tmp_path_factory.mktemp("kernel") / "histogram2d.so"
    histogram2d.compile_kernel(path)
    return histogram2d.load(path)
