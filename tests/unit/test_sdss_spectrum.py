"""Reading spectra: against astropy, on real files, on both layouts and on damaged files."""

import gzip
import io

import fake_sdss as fake
import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st
from refusal import refused

from skyloom.arms.sdss import objects, spectrum
from skyloom.errors import InputError
from skyloom.io import fits_tables


@pytest.fixture(scope="module")
def real(real_data):
    return sorted((real_data / "sdss").glob("spec-*.fits"))


def test_every_real_file_has_the_class_redshift_and_pixels_of_its_tables(real):
    assert len(real) == 19
    for path in real:
        found = spectrum.read_spectrum(path)
        with fits.open(path, memmap=False) as units:
            row, pixels = units[2].data[0], units[1].data
            assert (found.label, found.z) == (row["CLASS"].strip(), row["Z"])
            assert found.zwarning == row["ZWARNING"]
            assert (found.ra, found.dec) == (row["PLUG_RA"], row["PLUG_DEC"])
            assert found.id == path.stem.removeprefix("spec-")
            assert np.array_equal(found.flux, pixels["flux"])
            assert np.array_equal(found.ivar, pixels["ivar"])
            assert np.allclose(found.wavelength, 10 ** pixels["loglam"].astype("f8"), rtol=1e-12)
            assert not found.good[pixels["ivar"] == 0].any()
            sky = pixels["and_mask"] & (1 << 23) != 0
            assert sky.any() and not found.good[sky].any()
            assert found.good.mean() > 0.9


def test_signal_to_noise_is_near_that_of_the_pipeline(real):
    for path in real:
        stated = fits.getdata(path, 2)["SN_MEDIAN_ALL"][0]
        assert spectrum.read_spectrum(path).sn == pytest.approx(stated, rel=0.06, abs=0.08)


def test_every_column_of_a_real_table_is_as_astropy_reads_it(real):
    content = real[2].read_bytes()
    *_, about, lines = fits_tables.units(io.BytesIO(content), real[2], length=len(content))
    for unit in (about, lines):
        theirs = fits.getdata(real[2], unit.position)
        assert unit.name == ("SPALL", "SPZLINE")[unit.position - 2] and unit.rows == len(theirs)
        for name in theirs.names:
            ours = unit.read(name.upper(), content)
            if ours.dtype.kind == "U":
                assert list(ours.ravel()) == [str(x).strip() for x in theirs[name].ravel()], name
            else:
                assert np.array_equal(ours.ravel(), theirs[name].ravel(), equal_nan=True), name


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("table", ["SPALL", "SPECOBJ", ""])
def test_columns_count_in_any_case_and_extensions_under_any_name(tmp_path, upper, table):
    units = (
        fake.primary(),
        fake.coadd(upper=upper, name="COADD" if table else ""),
        fake.about(table),
    )
    found = spectrum.read_spectrum(fake.write(tmp_path, *units))
    assert (found.id, found.label, found.z, found.object) == (
        "3586-55181-0007",
        "QSO",
        1.5,
        "thing-42",
    )
    assert found.good.sum() == fake.PIXELS - 1


def test_gzip_is_known_by_its_bytes(tmp_path):
    plain = fake.write(tmp_path)
    packed = tmp_path / "spec-3586-55181-0007.fits.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert np.array_equal(spectrum.read_spectrum(packed).flux, spectrum.read_spectrum(plain).flux)
    packed.write_bytes(gzip.compress(plain.read_bytes())[:-900])
    refused("truncated or damaged", spectrum.read_spectrum, packed)


def test_sizes_beyond_any_file_are_a_damaged_header():
    cards = ["SIMPLE  = T", "BITPIX  = 8", "NAXIS   = 1", f"NAXIS1  = {2**63}", "END"]
    content = "".join(card.ljust(80) for card in cards).ljust(2880).encode()
    walk = fits_tables.units(io.BytesIO(content), "x.fits")
    refused("damaged header.*download it again", list, walk)


def test_good_pixels_are_finite_have_weight_and_no_harmful_bit(tmp_path):
    flux, ivar = np.linspace(1, 2, 40), np.ones(40)
    mask = np.zeros(40, np.int64)
    mask[:32] = 1 << np.arange(32)
    flux[33], ivar[34:38] = np.nan, (0, -1, np.inf, np.nan)
    units = fake.primary(), fake.coadd(flux, ivar, mask.astype("u4").view("i4")), fake.about()
    found = spectrum.read_spectrum(fake.write(tmp_path, *units))
    # SPPIXMASK's bits by their names in the documentation: those of the fibre and three of pixels.
    harmless = {*range(1, 18), 19}
    expected = [bit in harmless for bit in range(32)] + [True, *[False] * 5, True, True]
    assert list(found.good) == expected


def test_unsigned_masks_are_read_with_their_offset(tmp_path):
    column = fits.Column("and_mask", "J", bzero=2**31, array=np.full(200, 1 << 23, np.uint32))
    plain = fake.coadd()
    columns = [c for c in plain.columns if c.name != "and_mask"] + [column]
    path = fake.write(
        tmp_path, fake.primary(), fits.BinTableHDU.from_columns(columns), fake.about()
    )
    refused("no good pixel", spectrum.read_spectrum, path)


def _units(**changes):
    parts = {"primary": fake.primary(), "coadd": fake.coadd(), "about": fake.about()} | changes
    return [part for part in parts.values() if part is not None]


DAMAGE = {
    "no table COADD": lambda: _units(coadd=None),
    "extensions in the wrong order": lambda: [fake.primary(), fake.about(), fake.coadd()],
    "wrong order .the pixels are in extension 1, CLASS and Z in 3": lambda: [
        fake.primary(),
        fake.coadd(),
        fits.ImageHDU(np.ones(3)),
        fake.about(),
    ],
    "no good pixel": lambda: _units(coadd=fake.coadd(ivar=np.zeros(200))),
    "the same flux .1. in all": lambda: _units(coadd=fake.coadd(np.ones(50))),
    "no increasing wavelengths": lambda: _units(coadd=fake.coadd(loglam=np.full(200, 3.6))),
    "is 3586-55181-0007 by its name but 3587-55181-0007 by its header": lambda: _units(
        primary=fake.primary(PLATEID=3587)
    ),
    "has the class 'SKY'": lambda: _units(about=fake.about(CLASS="SKY")),
    "has the class ''": lambda: _units(about=fake.about(CLASS=" ")),
    "of no object .ZWARNING 129 has SKY.": lambda: _units(about=fake.about(ZWARNING=129)),
}


@pytest.mark.parametrize("message", DAMAGE)
def test_a_damaged_file_is_named_with_what_is_wrong(tmp_path, message):
    path = fake.write(tmp_path, *DAMAGE[message]())
    with pytest.raises(InputError, match=message) as caught:
        spectrum.read_spectrum(path)
    assert str(path) in str(caught.value) and str(caught.value).endswith(".")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return fake.write(tmp_path_factory.mktemp("whole")).read_bytes()


def test_a_file_cut_anywhere_in_its_data_is_a_reject(tmp_path, whole):
    path = tmp_path / "spec-3586-55181-0007.fits"
    # The last table's data end before the padding of the last block does.
    data = len(whole.rstrip(b"\0"))
    for length in sorted({*range(1, data - 3000, 613), *range(2880, data - 3000, 2880)}):
        path.write_bytes(whole[:length])
        refused(r"truncated|no table|not a FITS|wrong order", spectrum.read_spectrum, path)


@settings(max_examples=150, deadline=None)
@given(place=st.integers(0, 10**9), change=st.binary(min_size=1, max_size=30))
def test_a_changed_header_or_value_never_ends_in_anything_but_a_reject(
    tmp_path_factory, whole, place, change
):
    path = tmp_path_factory.mktemp("changed") / "spec-3586-55181-0007.fits"
    place %= len(whole)
    path.write_bytes((whole[:place] + change + whole[place + len(change) :])[: len(whole)])
    try:
        found = spectrum.read_spectrum(path)
    except InputError as error:
        assert str(path) in str(error)
    else:
        assert found.label in spectrum.CLASSES and found.good.any()


def test_spectra_to_be_classified_need_no_class_and_no_table(tmp_path):
    path = fake.write(tmp_path, fake.primary(), fake.coadd())
    found = spectrum.read_spectrum(path, labelled=False)
    assert found.label == spectrum.UNKNOWN and np.isnan(found.z)
    assert found.id == "3586-55181-0007" == found.object.removeprefix("spec-")
    other = fake.write(tmp_path, *_units(about=fake.about(CLASS="SKY")), name="mine.fits")
    assert spectrum.read_spectrum(other, labelled=False).label == spectrum.UNKNOWN


def test_the_catalogue_replaces_what_the_file_says(tmp_path):
    path = fake.write(tmp_path)
    row = {"CLASS": "STAR", "Z": -0.001, "ZWARNING": 4, "THING_ID": 7}
    found = spectrum.read_spectrum(path, catalogue={"3586-55181-0007": row})
    assert (found.label, found.z, found.zwarning) == ("STAR", -0.001, 4)
    assert (found.object, found.ra) == ("thing-7", 10.0)
    assert spectrum.read_spectrum(path, catalogue={"3586-55181-0008": row}).label == "QSO"


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"THING_ID": 5, "BESTOBJID": "12"}, "thing-5"),
        ({"THING_ID": -1, "BESTOBJID": " 1237650795146576091"}, "objid-1237650795146576091"),
        (
            {"OBJID": np.array([752, 1, 2, 22, 112]), "PLUG_RA": 1.5, "PLUG_DEC": -2},
            "001.50000-02.00000",
        ),
        ({"OBJID": "", "RA": np.float64(200), "DEC": np.float64(9)}, "200.00000+09.00000"),
        ({"PLUG_RA": 0.0, "PLUG_DEC": 0.0}, "spec-1-2-3"),
    ],
)
def test_objects_go_by_number_then_by_position(row, expected):
    assert objects.object_of(row, "1-2-3")[0] == expected


def test_only_a_file_that_says_so_is_synthetic(tmp_path):
    assert not spectrum.read_spectrum(fake.write(tmp_path)).synthetic
    units = _units(primary=fake.primary(SYNTHETI=True))
    assert spectrum.read_spectrum(fake.write(tmp_path, *units, name="a.fits")).synthetic
