"""What all tests share."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data():
    """The folder of real archive files; tests that need it say so and skip where it is absent."""
    folder = os.environ.get("SKYLOOM_REAL_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("real archive files are not here: set SKYLOOM_REAL_DATA to their folder")
    return Path(folder).resolve()
