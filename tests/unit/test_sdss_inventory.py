"""Inventories of folders: every file in one of two tables, each spectrum once, objects named."""

import fake_sdss as fake
import numpy as np
import pytest

from skyloom.arms.sdss import catalogue, inventory, objects
from skyloom.errors import InputError
from skyloom.io.files import read_table, write_table
from skyloom.prefetch import Pool

QUALITY = {"zwarning": "keep", "min_good": 0.5}


def spectrum(folder, fiber, *, below="", mask=None, **values):
    (folder / below).mkdir(exist_ok=True)
    units = (
        fake.primary(FIBERID=fiber),
        fake.coadd(mask=mask),
        fake.about(FIBERID=fiber, **({"THING_ID": fiber, "PLUG_RA": 0.1 * fiber} | values)),
    )
    return fake.write(folder / below, *units, name=f"spec-3586-55181-{fiber:04d}.fits")


def inspected(folder, files=None, **options):
    files = inventory.listing(folder) if files is None else files
    return inventory.tables(
        inventory.inspect(folder, files, quality=options.pop("quality", QUALITY), **options)
    )


def reasons(table):
    return dict(zip(table["file"], table["reason"], strict=True))


@pytest.fixture
def folder(tmp_path):
    spectra = tmp_path / "spectra"
    spectra.mkdir()
    for fiber, label in ((1, "STAR"), (2, "QSO"), (3, "GALAXY")):
        spectrum(spectra, fiber, below="3586", CLASS=label, Z=0.1 * fiber)
    return spectra


def test_blocks_merge_to_what_one_block_gives(folder, tmp_path):
    spectrum(folder, 4, CLASS="SKY")
    (folder / "notes.txt").write_text("see the log")
    files = inventory.listing(folder)
    whole = inventory.merge(*[[part] for part in inspected(folder)])
    parts = []
    for block in (files[:1], files[1:3], files[3:], []):
        with Pool(2) as pool:
            parts.append(inspected(folder, block, pool=pool))
    for number, tables in enumerate(parts):
        for kind, table in zip("ir", tables, strict=True):
            write_table(table, tmp_path / f"{kind}{number}.ecsv")
    again = [[read_table(tmp_path / f"{kind}{n}.ecsv") for n in range(4)] for kind in "ir"]
    for one, other in zip(whole, inventory.merge(*again), strict=True):
        assert one.pformat(max_width=-1) == other.pformat(max_width=-1)
        assert one.meta == other.meta == {"synthetic": False}
    good, rejects = whole
    assert list(good["class"]) == ["STAR", "QSO", "GALAXY"]
    assert list(good["object"]) == ["thing-1", "thing-2", "thing-3"]
    assert set(reasons(rejects)) == {"notes.txt", "spec-3586-55181-0004.fits"}
    assert len(good) + len(rejects) == len(files)


def test_reasons_name_files_below_the_folder_only(folder):
    (folder / "bad.fits").write_bytes(b"")
    _, rejects = inspected(folder)
    assert reasons(rejects) == {"bad.fits": "bad.fits is empty (0 bytes): download it again."}


def test_masked_and_doubtful_spectra_are_kept_or_not_as_configured(folder):
    spectrum(folder, 5, ZWARNING=4)
    mask = np.zeros(fake.PIXELS, np.int32)
    mask[: fake.PIXELS // 2 + 10] = 1 << 23
    spectrum(folder, 6, mask=mask)
    good, rejects = inspected(folder)
    assert "45% good pixels" in reasons(rejects)["spec-3586-55181-0006.fits"]
    assert good[good["zwarning"] == 4]["good"][0] == pytest.approx(199 / 200)
    good, rejects = inspected(folder, quality={"zwarning": "reject", "min_good": 0})
    assert "warning 4" in reasons(rejects)["spec-3586-55181-0005.fits"] and len(good) == 4
    with pytest.raises(InputError, match=r"quality\.zwarning is 'drop'"):
        inspected(folder, quality={"zwarning": "drop", "min_good": 0})


def test_a_catalogue_in_the_folder_is_no_spectrum_and_its_values_win(folder):
    path = fake.catalogue(folder / "spAll.fits", [3586] * 5, [1, 2, 8, 9, 10], labels=["QSO"] * 5)
    files = inventory.listing(folder, catalogue=path)
    assert len(files) == 3 and len(inventory.listing(folder)) == 4
    rows = catalogue.rows(path, ["3586-55181-0001", "3586-55181-0002"])
    good, rejects = inspected(folder, files, catalogue=rows)
    assert list(good["class"]) == ["QSO", "QSO", "GALAXY"]
    # The catalogue has a photometric number, but the file's own THING_ID stays the first choice.
    assert list(good["object"]) == ["thing-1", "thing-2", "thing-3"]
    good, rejects = inventory.merge([good], [rejects], catalogue=path)
    assert reasons(rejects)["spAll.fits"].startswith("3 of the 5 rows of spAll.fits have no file")


def test_rejected_files_are_not_missing_from_the_catalogue(folder):
    (folder / "spec-3586-55181-0008.fits").write_bytes(b"")
    path = fake.catalogue(folder.parent / "c.fits", [3586] * 2, [1, 8], labels=["STAR"] * 2)
    good, rejects = inspected(folder)
    assert list(inventory.merge([good], [rejects], catalogue=path)[1]["file"]) == [
        "spec-3586-55181-0008.fits"
    ]


def test_nothing_to_use_is_an_error_that_shows_the_first_reason(tmp_path):
    with pytest.raises(InputError, match="There is no file in the folder"):
        inventory.merge(*[[part] for part in inspected(tmp_path)])
    (tmp_path / "a.fits").write_bytes(b"")
    with pytest.raises(InputError, match=r"None of the 1 files can be used; the first: a\.fits is"):
        inventory.merge(*[[part] for part in inspected(tmp_path)])
    with pytest.raises(InputError, match=r"set sdss\.prediction\.spectra"):
        inventory.listing(tmp_path / "none", key="sdss.prediction.spectra")


def test_objects_within_two_arcsec_are_one_also_across_numbers():
    # A chain: the same number, then a neighbour at 1.9", then one at 2.1", which is another.
    arcsec = 1 / 3600
    keys = ["thing-1", "thing-1", "objid-9", "objid-10", "thing-2"]
    ra, dec = [10, 200, 10, 10, np.nan], np.array([0, 50, 1.9, 4.0, np.nan]) * arcsec
    found = objects.group(keys, ra, dec)
    assert list(found) == ["thing-1", "thing-1", "thing-1", "objid-10", "thing-2"]


def test_objects_are_found_across_the_pole_and_zero_hours():
    ra, dec = [0.0001, 359.9999, 10, 190], [0, 0, 89.9998, 89.9998]
    found = objects.group(["a", "b", "c", "d"], ra, dec)
    assert list(found) == ["b", "b", "d", "d"]


def test_grouping_agrees_with_all_separations_of_astropy_in_any_order():
    from astropy.coordinates import SkyCoord

    random = np.random.default_rng(2)
    ra, dec = random.uniform(0, 0.02, 150), 60 + random.uniform(0, 0.01, 150)
    keys = np.array([f"k{number:03d}" for number in range(150)])
    points = SkyCoord(ra, dec, unit="deg")
    near = points[:, None].separation(points[None]).arcsec < 2
    # The slow reference: everyone takes the greatest name near until nothing changes.
    number = np.arange(150)
    for _ in range(150):
        number = np.array([number[row].max() for row in near])
    found = objects.group(keys, ra, dec)
    assert list(found) == list(keys[number]) and 20 < len(set(found)) < 150
    order = random.permutation(150)
    assert list(objects.group(keys[order], ra[order], dec[order])) == list(found[order])


def test_many_spectra_of_one_position_take_no_pairs():
    found = objects.group([f"{k:06d}" for k in range(50_000)], np.zeros(50_000), np.zeros(50_000))
    assert set(found) == {"049999"}


def test_real_folder_is_used_whole(real_data):
    good, rejects = inventory.merge(*[[part] for part in inspected(real_data / "sdss")])
    labels, counts = np.unique(np.asarray(good["class"], str), return_counts=True)
    assert dict(zip(labels, counts, strict=True)) == {"GALAXY": 5, "QSO": 11, "STAR": 3}
    assert len(rejects) == 0 and len(set(good["object"])) == 19
    assert "19 spectra of 19 objects" in inventory.summary(good, rejects)
