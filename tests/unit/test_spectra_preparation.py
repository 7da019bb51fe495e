"""Observed spectra brought to the training grid: against the spectrum they were made from."""

import h5py
import numpy as np
import pytest
from astropy.io import fits
from astropy.table import MaskedColumn, Table
from refusal import refused

from skyloom.arms.spectra import observed, preparation, velocities, wavelengths
from skyloom.errors import InputError
from skyloom.io import folders
from skyloom.io.files import atomic_hdf5, write_table

GRID = wavelengths.linear(4460, 4480, 201)
POLYNOMIAL = {
    "method": "polynomial",
    "order": 2,
    "window": None,
    "exclude": [[4455, 4488]],
    "low": 3.0,
    "high": 3.0,
    "iterations": 3,
}


def star(wavelength):
    """Normalised flux at wavelengths in air, at rest."""
    return 1 - 0.4 * np.exp(-(((wavelength - 4471.5) / 2.5) ** 2))


def seen(step=0.09, *, velocity=0.0, vacuum=False, low=4400.0, high=4540.0, **options):
    """A star as a spectrograph records it, and what is known of the record."""
    own = np.arange(low, high, step)
    rest = own / (1 + velocity / 299792.458)
    rest = wavelengths.vacuum_to_air(rest) if vacuum else rest
    options = {"uncertainty": None, "medium": None, "name": "star", "path": "star.txt"} | options
    return observed.Spectrum(own, star(rest), **options)


def test_a_finely_sampled_star_comes_out_as_it_was():
    prepared = preparation.prepare(seen(), GRID)
    assert abs(prepared.flux - star(GRID)).max() < 1e-3
    assert (prepared.medium, prepared.correlation) == ("air (assumed)", 1.0)
    assert prepared.pixels in (222, 223)
    curve = prepared.curve[0]
    assert 4440 <= curve[0] < 4440.1 and 4499.9 < curve[-1] <= 4500


def test_a_coarsely_sampled_star_is_interpolated_and_says_so():
    prepared = preparation.prepare(seen(0.9), GRID)
    assert abs(prepared.flux - star(GRID)).max() < 2e-3
    assert prepared.correlation == pytest.approx(9.0)


@pytest.mark.parametrize("step", [0.05, 0.9])
@pytest.mark.parametrize("velocity", [-250.0, 0.0, 120.0])
@pytest.mark.parametrize("vacuum", [False, True])
def test_velocity_and_vacuum_are_taken_out(step, velocity, vacuum):
    spectrum = seen(step, velocity=velocity, vacuum=vacuum, medium="vacuum" if vacuum else "air")
    prepared = preparation.prepare(spectrum, GRID, radial_velocity=velocity)
    assert abs(prepared.flux - star(GRID)).max() < 3e-3
    assert prepared.velocity == velocity


def test_the_configs_medium_overrules_the_header():
    spectrum = seen(vacuum=True, medium="air")
    prepared = preparation.prepare(spectrum, GRID, medium="vacuum")
    assert abs(prepared.flux - star(GRID)).max() < 1e-3
    assert prepared.medium == "vacuum (config)"
    wrong = preparation.prepare(spectrum, GRID)
    assert abs(wrong.flux - star(GRID)).max() > 0.1


def test_the_continuum_is_divided_out_whatever_the_fluxes_unit():
    spectrum = seen()
    slope = 1e-14 * (1 + (spectrum.wavelength - 4470) / 200)
    raw = observed.Spectrum(
        spectrum.wavelength, spectrum.flux * slope, 0.01 * slope, None, "star", path="star.txt"
    )
    prepared = preparation.prepare(raw, GRID, continuum=POLYNOMIAL)
    assert abs(prepared.flux - star(GRID)).max() < 1e-3
    # Means of one pixel or a little more: 0.01 and a little less.
    assert 0.006 < np.median(prepared.uncertainty) < 0.0101


def test_the_noise_of_a_record_without_uncertainty_is_estimated():
    spectrum = seen(0.9)
    noisy = spectrum.flux + np.random.default_rng(1).normal(0, 0.02, len(spectrum.flux))
    record = observed.Spectrum(spectrum.wavelength, noisy, None, None, "star", path="star.txt")
    prepared = preparation.prepare(record, GRID)
    assert prepared.uncertainty == pytest.approx(0.02, rel=0.4)


def changed(**fields):
    spectrum = seen()
    own = {"wavelength": spectrum.wavelength, "flux": spectrum.flux.copy()} | fields
    return observed.Spectrum(
        **{"uncertainty": None, "medium": None, "name": "s", "path": "s.txt"} | own
    )


def faulty():
    spectrum = seen()
    hole = spectrum.flux.copy()
    hole[np.argmin(abs(spectrum.wavelength - 4470))] = np.nan
    yield changed(flux=hole), "1 points in the window without valid flux"
    weight = np.where(np.isnan(hole), np.nan, 0.01)
    yield changed(uncertainty=weight), "inverse variance"
    yield seen(low=4465.0), "covers 4465.0 to"
    yield seen(low=5000.0, high=5100.0), "0 points in the window"
    yield seen(low=4400.0, high=4479.9), "covers 4400.0"
    gap = (spectrum.wavelength < 4468) | (spectrum.wavelength > 4474)
    yield changed(wavelength=spectrum.wavelength[gap], flux=spectrum.flux[gap]), "gap of 6"


def test_spectra_that_do_not_fill_the_window_are_refused():
    for spectrum, words in faulty():
        with pytest.raises(InputError, match=words) as error:
            preparation.prepare(spectrum, GRID)
        assert spectrum.path in str(error.value)


def test_nan_beside_the_window_does_no_harm():
    spectrum = seen()
    flux = np.where(spectrum.wavelength < 4445, np.nan, spectrum.flux)
    prepared = preparation.prepare(changed(flux=flux), GRID, continuum=POLYNOMIAL)
    assert abs(prepared.flux - star(GRID)).max() < 1e-3


def test_a_continuum_that_cannot_be_fitted_and_absurd_velocities_are_refused():
    with pytest.raises(InputError, match="continuum"):
        preparation.prepare(changed(flux=-seen().flux), GRID, continuum=POLYNOMIAL)
    refused("radial_velocity", preparation.prepare, seen(), GRID, radial_velocity=1e6)


@pytest.mark.parametrize("scale", [100.0, 3.0, 1e-13, 4e7, 1e4])
def test_a_flux_that_is_not_about_1_is_refused_where_nothing_normalises_it(scale):
    spectrum = changed(flux=seen().flux * scale)
    refused("not about 1 .*continuum.method: polynomial", preparation.prepare, spectrum, GRID)
    prepared = preparation.prepare(spectrum, GRID, continuum=POLYNOMIAL)
    assert abs(prepared.flux - star(GRID)).max() < 1e-3


def test_a_be_star_in_emission_is_normalised():
    spectrum = seen()
    disc = 4 * np.exp(-(((spectrum.wavelength - 4471.5) / 2) ** 2))
    preparation.prepare(changed(flux=1 + disc), GRID)


def hidden(values, row):
    return MaskedColumn(values, mask=np.arange(len(values)) == row)


COUNT, INSIDE, BESIDE = 1556, 800, 100
# A missing or odd cell, and whether the star can still be used.
CELLS = {
    "needless_int": ({"order": hidden(np.arange(COUNT), INSIDE)}, True),
    "needless_bool": ({"bad": hidden(np.zeros(COUNT, bool), INSIDE)}, True),
    "needless_text": ({"note": hidden(np.full(COUNT, "x"), INSIDE)}, True),
    "needless_float": ({"sky": hidden(np.zeros(COUNT), INSIDE)}, True),
    "flux_int_inside": ({"flux": hidden(np.ones(COUNT, int), INSIDE)}, False),
    "flux_int_beside": ({"flux": hidden(np.ones(COUNT, int), BESIDE)}, True),
    "flux_float_inside": ({"flux": hidden(np.ones(COUNT), INSIDE)}, False),
    "error_int_inside": ({"error": hidden(np.ones(COUNT, int), INSIDE)}, False),
    "error_minus_one": ({"error": np.where(np.arange(COUNT) == INSIDE, -1, 0.01)}, False),
    "error_minus_one_beside": ({"error": np.where(np.arange(COUNT) == BESIDE, -1, 0.01)}, True),
    "error_all_minus_one": ({"error": np.full(COUNT, -1.0)}, True),
    "error_all_nan": ({"error": np.full(COUNT, np.nan)}, True),
    "error_all_masked": ({"error": MaskedColumn(np.ones(COUNT, int), mask=True)}, True),
    "flux_text": ({"flux": np.full(COUNT, "1.0 ")}, False),
    "flux_all_masked": ({"flux": MaskedColumn(np.ones(COUNT, int), mask=True)}, False),
    "wavelength_missing": ({"wavelength": hidden(seen().wavelength, INSIDE)}, False),
    "wavelength_int": ({"wavelength": hidden(4000 + np.arange(COUNT), INSIDE)}, False),
}


@pytest.mark.parametrize("case", CELLS)
def test_one_cell_of_a_table_never_costs_another_star(tmp_path, case):
    columns, usable = CELLS[case]
    assert len(seen().wavelength) == COUNT
    Table({"wavelength": seen().wavelength, "flux": seen().flux, **columns}).write(
        tmp_path / "odd.ecsv"
    )
    np.savetxt(tmp_path / "sound.txt", np.c_[seen().wavelength, seen().flux])
    good, rejects = preparation.prepare_all(folders.observed_files(tmp_path), GRID, {})
    assert "sound" in [name for name, *_ in good]
    assert [file for file, _ in rejects] == ([] if usable else ["odd.ecsv"])
    assert len(good) == 1 + usable
    for _, _, _, prepared in good:
        assert np.isfinite(prepared.flux).all()
        # What the judgement of stars needs of each.
        assert (prepared.uncertainty >= 0).all() and np.isfinite(prepared.uncertainty).all()


def test_blanks_of_whole_numbers_in_fits_are_no_fluxes(tmp_path):
    values = np.where(np.arange(COUNT) == INSIDE, -32768, 1)
    columns = [
        fits.Column("WAVE", "D", array=seen().wavelength),
        fits.Column("FLUX", "I", array=values, null=-32768),
    ]
    fits.BinTableHDU.from_columns(columns).writeto(tmp_path / "a.fits")
    assert np.flatnonzero(np.isnan(observed.read_spectrum(tmp_path / "a.fits").flux)) == [INSIDE]


def test_a_velocity_of_no_star_ends_the_step_before_a_file_is_read(tmp_path):
    refused(
        "names hd1, but no observed star",
        preparation.prepare_all,
        [(tmp_path / "gone.txt", "gone.txt")],
        GRID,
        {"radial_velocity": {"hd1": 3}},
    )


def test_every_row_says_what_was_decided_of_the_medium_and_why(tmp_path):
    wave, flux = seen().wavelength, seen().flux
    np.savetxt(tmp_path / "a.txt", np.c_[wave, flux])
    np.savetxt(tmp_path / "b.txt", np.c_[wave, flux], header="wave_air flux")
    files = folders.observed_files(tmp_path)
    for word, expected in (
        ("header", ["air (assumed)", "air (the column wave_air)"]),
        ("air", ["air (config)", "air (config)"]),
    ):
        good, rejects = preparation.prepare_all(files, GRID, {"medium": word})
        inventory, _ = preparation.tables(good, rejects, synthetic=False)
        assert list(inventory["medium"]) == expected


def test_radial_velocities_are_found_by_name():
    table = {"a.txt": 12, "b": -5.5}
    assert velocities.velocity_of(table, "/folder/a.txt") == 12
    assert velocities.velocity_of(table, "b.fits.gz") == -5.5
    assert velocities.velocity_of(table, "c.txt") == 0
    assert velocities.velocity_of(None, "c.txt") == 0
    assert velocities.velocity_of(7, "c.txt") == 7


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "observed"
    for name in ("f_t24000g50v370.txt", "other.dat", "sub/other.dat"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        spectrum = seen()
        np.savetxt(path, np.stack([spectrum.wavelength, spectrum.flux], 1), delimiter="\t")
    (root / "readme.md").write_text("nothing here\n", encoding="utf-8")
    return root


def test_a_folder_becomes_spectra_an_inventory_and_rejects(folder, tmp_path):
    files = folders.observed_files(folder)
    good, rejects = preparation.prepare_all(files, GRID, {"continuum": {"method": "none"}})
    inventory, rejected = preparation.tables(good, rejects, synthetic=True)
    assert list(inventory["name"]) == ["f_t24000g50v370", "other", "other.dat"]
    assert list(inventory["file"]) == ["f_t24000g50v370.txt", "other.dat", "sub/other.dat"]
    assert list(rejected["file"]) == ["readme.md"] and "two columns" in rejected["reason"][0]
    assert inventory["known_teff"][0] == 24000 and inventory["known_teff"].mask[1]
    for table, name in ((inventory, "i.ecsv"), (rejected, "r.ecsv")):
        write_table(table, tmp_path / name)
        assert Table.read(tmp_path / name).meta["synthetic"] is True
    for name in ("a.h5", "b.h5"):
        with atomic_hdf5(tmp_path / name) as file:
            preparation.write(file, good, GRID, synthetic=True)
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()
    with h5py.File(tmp_path / "a.h5") as file:
        assert file["spectra"].shape == file["uncertainty"].shape == (3, 201)
        assert file["curves/other.dat/flux"].shape == file["curves/other.dat/wavelength"].shape
        assert [name.decode() for name in file["name"]] == list(inventory["name"])
        assert file.attrs["synthetic"]


def test_no_rejects_still_make_a_table(folder, tmp_path):
    (folder / "readme.md").unlink()
    good, rejects = preparation.prepare_all(folders.observed_files(folder), GRID, {})
    write_table(preparation.tables(good, rejects, synthetic=False)[1], tmp_path / "r.ecsv")
    assert Table.read(tmp_path / "r.ecsv").colnames == ["file", "reason"]


def test_a_folder_of_rejects_names_the_first_reason(tmp_path):
    (tmp_path / "a.txt").write_text("words\n", encoding="utf-8")
    with pytest.raises(InputError, match="None of the 1 observed spectra.*two columns"):
        preparation.prepare_all(folders.observed_files(tmp_path), GRID, {})


def test_real_miles_stars_reach_the_grid_with_their_helium_line(real_data):
    files = folders.observed_files(real_data / "stellar")
    files = [entry for entry in files if entry[1].endswith(".fits")]
    good, rejects = preparation.prepare_all(
        files, GRID, {"medium": "header", "continuum": POLYNOMIAL | {"exclude": [[4464, 4478]]}}
    )
    assert len(good) == len(files) >= 11 and rejects == []
    for _, _, spectrum, prepared in good:
        assert prepared.pixels == 22 and np.isfinite(prepared.flux).all()
        if spectrum.known["teff"] > 15000 and spectrum.known["m_h"] < 1:
            # He I 4471 is the deepest line of early B stars here, within half of MILES' 2.5 Å.
            assert GRID[prepared.flux.argmin()] == pytest.approx(4471.5, abs=1.0)
            assert 0.6 < prepared.flux.min() < 0.9
