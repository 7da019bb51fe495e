"""What all tests share."""

import os
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

# Before any test imports TensorFlow: errors alone.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

#: Files that take minutes, the longest first: where two workers share all files, they come before
#: the many short ones, so that both workers end together; neighbours wait for different arms.
MINUTES = (
    "docs/test_commands.py",
    "faults/test_faults.py",
    "workflow/test_tng.py",
    "workflow/test_archives.py",
    "workflow/test_spectra.py",
    "workflow/test_tng_api.py",
    "workflow/test_sdss.py",
    "workflow/test_extending.py",
    "workflow/test_semantic.py",
    "workflow/test_tng_channels.py",
    "workflow/test_sharding.py",
    "unit/test_training.py",
    "unit/test_xmm_training.py",
    "workflow/test_bad_input_steps.py",
    "workflow/test_xmm.py",
    "workflow/test_messages.py",
    "fuzz/test_fuzz.py",
)


def pytest_configure(config):
    """Let all processes of this run compile each kernel once."""
    if "CC" not in os.environ:
        folder = tempfile.mkdtemp(prefix="skyloom-cc-")
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
        words = [sys.executable, str(Path(__file__).with_name("cc.py")), folder]
        os.environ["CC"] = shlex.join(words)


def pytest_addoption(parser):
    """One option: run what is long, too."""
    parser.addoption("--long", action="store_true", help="run tests that are marked long, too")


def pytest_collection_modifyitems(config, items):
    """Long files first, and a reason for each test that is left out because it is long."""
    places = {Path(__file__).parent / name: place for place, name in enumerate(MINUTES)}
    items.sort(key=lambda item: places.get(item.path, len(places)))
    for item in () if config.getoption("--long") else items:
        if mark := item.get_closest_marker("long"):
            reason = mark.args[0] if mark.args else "no reason is given"
            item.add_marker(pytest.mark.skip(reason=f"long, in make test-all: {reason}"))


@pytest.fixture(scope="session")
def real_data():
    """The folder of real archive files; tests that need it say so and skip where it is absent."""
    folder = os.environ.get("SKYLOOM_REAL_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("real archive files are not here: set SKYLOOM_REAL_DATA to their folder")
    return Path(folder).resolve()
