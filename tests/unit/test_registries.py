"""Tables that others add to: who reads a file, and what a file of one's own registers."""

import gzip
import sys
from pathlib import Path

import fake_sdss
import numpy as np
import pytest
from astropy.io import fits
from refusal import refused

from skyloom import registries
from skyloom.arms.sdss import spectrum
from skyloom.arms.spectra import observed, table_columns
from skyloom.arms.xmm import images
from skyloom.record import code_hash
from skyloom.registries import Readers, Registry

FOLDERS = (Path("scripts").resolve(), Path("src").resolve())
READERS = (observed.READERS, spectrum.READERS, images.READERS)


@pytest.fixture(autouse=True)
def _forgotten(monkeypatch):
    """What a test adds to the library's tables goes with it."""
    monkeypatch.setenv(registries.PLUGINS, "")
    monkeypatch.setattr(registries, "_run", set())
    for table in READERS:
        monkeypatch.setattr(table, "_entries", dict(table._entries))
        monkeypatch.setattr(table, "_owners", dict(table._owners))


def readers(*registered):
    """Readers by name, what the file begins with and priority; each gives its own name."""
    made = Readers("things")
    for name, begin, priority in registered:

        def load(path, name=name):
            return name

        load.__qualname__ = name
        made.register(name, identify=lambda p, s, b=begin: s.startswith(b), priority=priority)(load)
    return made


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_a_file_is_read_by_the_one_reader_that_recognises_how_it_begins(tmp_path, pack):
    (tmp_path / "a").write_bytes(pack(b"TWO of them"))
    made = readers(("one", b"ONE", 0), ("two", b"TWO", 0))
    assert made.read(tmp_path / "a") == "two"


def test_of_two_readers_the_higher_priority_is_taken_and_of_equal_ones_none(tmp_path):
    (tmp_path / "a").write_bytes(b"TWO")
    own, other = ("own", b"T", 0), ("other", b"TW", 0)
    assert readers(("general", b"", -1), own).read(tmp_path / "a") == "own"
    made = readers(("general", b"", -1), own, other)
    refused(r"a is recognised by several .*\(own, other\): .*priority", made.read, tmp_path / "a")


def test_a_file_that_no_reader_recognises_is_refused_with_what_was_tried(tmp_path):
    (tmp_path / "a").write_bytes(b"THREE")
    made = readers(("one", b"ONE", 0), ("two", b"TWO", 0))
    refused(r"a is recognised by no reader of things \(tried one, two\)", made.read, tmp_path / "a")


def test_what_a_reader_does_not_foresee_is_one_sentence_with_its_name(tmp_path):
    (tmp_path / "a").write_bytes(b"ONE")
    made = Readers("things")

    @made.register("mine", identify=lambda path, start: True)
    def load(path):
        return {}["flux"]

    refused(r"a is not readable mine \('flux'\)", made.read, tmp_path / "a")


def test_two_entries_of_one_name_are_refused_and_the_same_one_may_come_again():
    table = Registry("decoder")

    def other():
        pass

    for _ in range(2):
        table.register("moffat")(
            test_two_entries_of_one_name_are_refused_and_the_same_one_may_come_again
        )
    refused("two entries 'moffat' as decoder", table.register("moffat"), other)


def test_a_spectrum_of_another_format_is_checked_and_labelled_as_those_of_sdss(tmp_path):
    @spectrum.READERS.register("csv", identify=lambda path, start: start.startswith(b"wave"))
    def read(path):
        wave, flux = np.loadtxt(path, delimiter=",", skiprows=1).T
        row = {"CLASS": "QSO", "Z": 2.0, "RA": 10.0, "DEC": 20.0}
        ones = np.ones(len(wave))
        return spectrum.Raw(wave, flux, ones, wave > 5000, id=path.stem, row=row)

    path = tmp_path / "mine.csv"
    np.savetxt(path, [(4000, 1), (4500, 2), (6000, 9)], delimiter=",", header="wave", comments="")
    found = spectrum.read_spectrum(path)
    assert (found.id, found.label, found.z, found.ra) == ("mine", "QSO", 2.0, 10.0)
    assert found.good.tolist() == [True, True, False] and found.flux.tolist() == [1, 2, 9]
    # A catalogue's row replaces what the file says, and SDSS's own files are read as before.
    assert (
        spectrum.read_spectrum(path, catalogue={"mine": {"CLASS": "STAR", "Z": 0.0}}).label
        == "STAR"
    )
    assert spectrum.read_spectrum(fake_sdss.write(tmp_path)).label in ("STAR", "GALAXY", "QSO")
    np.savetxt(path, [(4500, 1), (4000, 2)], delimiter=",", header="wave", comments="")
    refused("no increasing wavelengths", spectrum.read_spectrum, path)
    path.write_bytes(b"else")
    refused(r"no reader of spectra for sdss \(tried FITS, csv\)", spectrum.read_spectrum, path)


def test_an_image_of_another_format_is_checked_as_those_of_epic(tmp_path):
    @images.READERS.register("npy", identify=lambda path, start: start.startswith(b"\x93NUMPY"))
    def read(path):
        header = fits.Header({"OBS_ID": "0098010101", "EXPOSURE": 50.0, "INSTRUME": "EMOS2"})
        return header, header, np.load(path).astype(float)

    path = tmp_path / "0098010101.npy"
    np.save(path, np.eye(4))
    found = images.read_image(path)
    assert (found.observation, found.exposure, found.instrument) == ("0098010101", 50, "EMOS2")
    assert found.counts.sum() == 4 and images.READERS.recognise(path) == ["npy"]
    np.save(path, -np.eye(4))
    refused("negative counts", images.read_image, path)


PLUGIN = """
import numpy as np
from skyloom.errors import InputError
from skyloom.arms.spectra import table_columns, observed

@observed.READERS.register("mine", identify=lambda path, start: start.startswith(b"MINE"))
def read_mine(path):
    return table_columns.Raw(np.array([4000.0, 4001.0]), np.array([1.0, FLUX]), has_unit=True)

FLUX = 2.0
"""


@pytest.fixture
def plugin(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(PLUGIN)
    yield path
    sys.modules.pop("skyloom_plugin_mine", None)


def test_a_file_of_ones_own_adds_its_readers_once_in_a_process(plugin, tmp_path):
    (tmp_path / "star").write_bytes(b"MINE")
    registries.use([plugin])
    found = observed.read_spectrum(tmp_path / "star")
    assert found.flux.tolist() == [1, 2] and found.medium is None
    module = sys.modules["skyloom_plugin_mine"]
    assert (
        observed.read_spectrum(tmp_path / "star") and sys.modules["skyloom_plugin_mine"] is module
    )
    assert table_columns.Raw is module.table_columns.Raw


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import numpy\n\nnumpy.nothing()\n", r"bad\.py, line 3, which plugins names, .*Attribute"),
        ("def\n", r"bad\.py, which plugins names, cannot be run \(SyntaxError"),
        (None, r"plugins names .*bad\.py, which is no Python file"),
    ],
    ids=["error", "syntax", "missing"],
)
def test_a_file_that_cannot_be_run_is_named_with_its_line(tmp_path, text, said):
    path = tmp_path / "bad.py"
    if text:
        path.write_text(text)
    refused(said, registries.use, [path])


def test_a_file_of_ones_own_counts_for_the_steps_that_use_what_it_adds_to(plugin):
    def hashes(*plugins):
        code_hash.forget()
        steps = ("spectra/prepare_observed.py", "tng/project_maps.py", "xmm/inspect_images.py")
        return [code_hash.fingerprint(step, FOLDERS, plugins=plugins) for step in steps]

    without, before = hashes(), hashes(plugin)
    assert [a != b for a, b in zip(without, before, strict=True)] == [True, False, False]
    plugin.write_text(PLUGIN.replace("FLUX = 2.0", "FLUX = 3.0"))
    edited = hashes(plugin)
    assert [a != b for a, b in zip(before, edited, strict=True)] == [True, False, False]
    plugin.write_text(PLUGIN.replace("FLUX = 2.0", "# Twice.\nFLUX = 2.0"))
    assert hashes(plugin) == before
