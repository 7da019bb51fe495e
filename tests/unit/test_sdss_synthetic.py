"""Synthetic stars, galaxies and quasars against rest wavelengths, known ratios and statistics."""

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from refusal import refused

from skyloom.simulate.sdss import galaxies, instrument, lines, quasars, spectra, stars

LISTS = lines.read_lists((Path(__file__).parents[2] / "resources/lines").glob("sdss_*.ecsv"))
FINE = np.linspace(3000, 9000, 60001)
STAR_FORMING = {
    "class": "GALAXY", "kind": "star_forming", "young": 0.7, "metals": 1.0, "dispersion": 100.0,
    "gas": 80.0, "dust": 0.0, "balmer": 60.0, "oiii": 1.5, "nii": 0.8, "sii": 0.6, "oii": 2.5,
}  # fmt: skip
PASSIVE = {**STAR_FORMING, "young": 0.0, "dispersion": 220.0, "balmer": 0.0}
QUASAR = {
    "class": "QSO", "slope": -1.56, "lines": 1.0, "broad": 1.0, "iron": 1.0, "narrow": 1.0,
    "host": 0.0, "trough": None, "damped": None,
}  # fmt: skip


def d4000(wavelength, flux):
    """Ratio of mean f_nu above and below 4000 Å (Balogh et al. 1999)."""
    f_nu = flux * wavelength**2
    red, blue = ((wavelength > a) & (wavelength < a + 100) for a in (4000, 3850))
    return f_nu[red].mean() / f_nu[blue].mean()


def magnesium(wavelength, flux):
    """Equivalent width of Mg b in Å (Worthey et al. 1994), air bands moved to vacuum."""
    blue, line, red = (
        (wavelength > a * 1.00028) & (wavelength < b * 1.00028)
        for a, b in ((5142.625, 5161.375), (5160.125, 5192.625), (5191.375, 5206.375))
    )
    sides = [wavelength[blue].mean(), wavelength[red].mean()]
    continuum = np.interp(wavelength[line], sides, [flux[blue].mean(), flux[red].mean()])
    return np.trapezoid(1 - flux[line] / continuum, wavelength[line])


@pytest.mark.parametrize("z", [0.05, 0.31, 0.52])
@pytest.mark.parametrize("rest", [4862.68, 5008.24, 6564.61])
def test_emission_lines_lie_at_the_redshifted_rest_wavelengths(rest, z):
    wavelength = 10 ** instrument.loglam(0, 4700)
    light = spectra.light(wavelength, {**STAR_FORMING, "z": z}, LISTS, None)
    near = np.flatnonzero(np.abs(np.log10(wavelength / (rest * (1 + z)))) < 8e-4)
    peak = wavelength[near[np.argmax(light[near])]]
    assert abs(np.log10(peak / (rest * (1 + z)))) < instrument.STEP


@pytest.mark.parametrize("rest", [1549.48, 1908.734, 2800.315])
def test_broad_lines_of_quasars_peak_at_the_redshifted_rest_wavelengths(rest):
    z = 2.0 if rest > 2000 else 2.6
    wavelength = np.linspace(4000, 10000, 30001)
    light = quasars.model(wavelength, LISTS, QUASAR, z, np.random.default_rng(0))
    light /= quasars.continuum(wavelength / (1 + z), QUASAR["slope"])
    near = np.abs(wavelength / (rest * (1 + z)) - 1) < 0.01
    assert wavelength[near][np.argmax(light[near])] == pytest.approx(rest * (1 + z), rel=2e-3)


@pytest.mark.parametrize(
    ("temperature", "rest"),
    [(6800, 6564.61), (6800, 4862.68), (5000, 3934.777), (4300, 5891.583), (15000, 4472.73)],
)
def test_absorption_lines_of_stars_lie_at_their_wavelengths(temperature, rest):
    flux = stars.flux(FINE, LISTS["stars"], temperature)
    flux = flux / stars.planck(FINE, temperature)
    near = np.abs(FINE - rest) < 3
    assert FINE[near][np.argmin(flux[near])] == pytest.approx(rest, abs=0.8)


def test_listed_equivalent_widths_are_those_of_weak_lines():
    weak = lines.Features(
        np.array([4861.0, 6000.0]),
        np.array(["balmer", "line"]),
        np.array([0.0, 2.0]),
        np.array([3000.0, 20000.0]),
        np.array([[0.02, 0.02], [0.02, 0.02]]),
    )
    for middle in weak.wavelength:
        own = np.linspace(middle - 60, middle + 60, 12001)
        absorbed = 1 - np.exp(-stars.line_depth(own, weak, 8000.0))
        assert np.trapezoid(absorbed, own) == pytest.approx(0.02, rel=0.03)


def test_titanium_oxide_appears_only_in_cool_stars():
    head, before = (np.abs(FINE - middle) < 15 for middle in (7075, 7035))
    drop = {
        kelvin: 1 - flux[head].mean() / flux[before].mean()
        for kelvin in (3100, 3500, 5500)
        for flux in [stars.flux(FINE, LISTS["stars"], kelvin)]
    }
    assert drop[3100] > 0.4 and 0.2 < drop[3500] < drop[3100] and abs(drop[5500]) < 0.02


def test_strengths_between_listed_temperatures_are_interpolated_and_kept_beyond():
    table = LISTS["stars"]
    assert np.array_equal(table.at(4000), table.strength[2])
    assert np.array_equal(table.at(1000), table.strength[0])
    between = table.at(np.sqrt(3000 * 3500))
    assert np.allclose(between, table.strength[:2].mean(axis=0))


def test_old_populations_have_the_break_at_4000_angstrom_and_young_ones_do_not():
    old = galaxies.continuum(FINE, LISTS["stars"], PASSIVE)
    young = galaxies.continuum(FINE, LISTS["stars"], {**PASSIVE, "young": 0.9})
    assert 1.7 < d4000(FINE, old) < 2.2 and 1.0 < d4000(FINE, young) < 1.25


@pytest.mark.parametrize("name", ["0266-51602-0013", "4055-55359-0006", "4055-55359-0012"])
def test_old_populations_have_breaks_and_magnesium_near_those_of_real_galaxies(real_data, name):
    with fits.open(real_data / "sdss" / f"spec-{name}.fits") as file:
        table, z = file[1].data, file[2].data["Z"][0]
        rest, flux = 10 ** table["loglam"].astype(float) / (1 + z), table["model"].astype(float)
    old = galaxies.continuum(FINE, LISTS["stars"], PASSIVE)
    assert d4000(FINE, old) == pytest.approx(d4000(rest, flux), rel=0.15)
    assert magnesium(FINE, old) == pytest.approx(magnesium(rest, flux), rel=0.35)


@pytest.mark.parametrize("dust", [0.0, 0.8])
def test_balmer_decrement_is_that_of_case_b_reddened_by_dust(dust):
    light = galaxies.emission(FINE, LISTS["galaxies"], {**STAR_FORMING, "nii": 0.0}, 1.0)
    light = light * stars.dust(FINE, dust)
    alpha, beta = (
        np.trapezoid(light[near], FINE[near])
        for near in (np.abs(FINE - 6564.61) < 12, np.abs(FINE - 4862.68) < 12)
    )
    reddened = np.exp(dust * ((4862.68 / 5500) ** -1.3 - (6564.61 / 5500) ** -1.3))
    assert alpha / beta == pytest.approx(2.86 * reddened, rel=2e-3)


def test_equivalent_width_of_h_alpha_is_the_drawn_one():
    light = galaxies.emission(FINE, LISTS["galaxies"], {**STAR_FORMING, "nii": 0.0}, 2.0)
    near = np.abs(FINE - 6564.61) < 12
    assert np.trapezoid(light[near] / 2.0, FINE[near]) == pytest.approx(60, rel=1e-3)


def test_forest_lets_through_the_mean_of_faucher_giguere_2008():
    wavelength = 10 ** instrument.loglam(0, 4700)
    mean = np.mean(
        [quasars.forest(wavelength, 3.0, np.random.default_rng(seed)) for seed in range(200)],
        axis=0,
    )
    absorber = wavelength / quasars.LYMAN_ALPHA - 1
    for z in (2.1, 2.4, 2.7, 2.9):
        near = np.abs(absorber - z) < 0.03
        assert mean[near].mean() == pytest.approx(np.exp(-0.0018 * (1 + z) ** 3.92), abs=0.015)
    assert (mean[absorber > 3.0] == 1).all()


@pytest.mark.parametrize("column", [20.3, 21.0])
def test_damped_absorber_has_the_equivalent_width_of_the_damping_part(column):
    wavelength = np.linspace(1100, 1340, 24001)
    width = np.trapezoid(1 - quasars.damped_absorption(wavelength, 0.0, column), wavelength)
    # Square-root part of the curve of growth, 7.3 Å (N / 1e20 cm^-2)^0.5: Draine 2011, chapter 9.
    assert width == pytest.approx(7.3 * 10 ** (0.5 * (column - 20)), rel=0.05)


def test_broad_troughs_lie_blueward_of_c_iv_at_the_wind_s_velocity():
    wavelength = np.linspace(1410, 1640, 4601)
    trough = {"velocity": 9000.0, "width": 1500.0, "depth": 2.0, "low": False}
    through = quasars.broad_absorption(wavelength, trough)
    assert wavelength[np.argmin(through)] == pytest.approx(1549.48 * (1 - 9000 / 299792), abs=2)
    assert (through[wavelength > 1549.48] > 0.99).all()


@pytest.mark.parametrize("survey", ["boss", "sdss"])
@pytest.mark.parametrize("kind", spectra.CLASSES)
def test_inverse_variance_is_that_of_the_noise_also_on_sky_lines(kind, survey):
    squares, bright = [], []
    for seed in range(12):
        seen, _ = spectra.spectrum(kind, [seed, 7], LISTS, survey=survey)
        good = seen.ivar > 0
        square = (seen.flux - seen.model)[good] ** 2 * seen.ivar[good]
        squares.append(square)
        bright.append(square[(seen.and_mask[good] >> instrument.BRIGHT_SKY) & 1 > 0])
    assert np.concatenate(squares).mean() == pytest.approx(1, abs=0.03)
    assert np.concatenate(bright).mean() == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize("ratio", [1.0, 5.0, 20.0])
def test_signal_to_noise_is_the_asked_one(ratio):
    seen, found = spectra.spectrum("STAR", 3, LISTS, signal_to_noise=ratio)
    good = seen.ivar > 0
    measured = np.median(seen.model[good] * np.sqrt(seen.ivar[good]))
    assert measured == pytest.approx(ratio, rel=0.04)
    assert found["signal_to_noise"] == ratio


def test_spoilt_pixels_have_no_weight_and_bad_columns_their_bit():
    seen = [spectra.spectrum("STAR", seed, LISTS)[0] for seed in range(40)]
    spoilt = [np.abs(s.flux - s.model) * np.sqrt(s.ivar) for s in seen]
    assert max(map(np.max, spoilt)) < 6
    gaps = [(s.and_mask >> instrument.NO_DATA) & 1 > 0 for s in seen]
    assert any(gap.any() for gap in gaps)
    for exposure, gap in zip(seen, gaps, strict=True):
        assert (exposure.ivar[gap] == 0).all() and 2 < (exposure.ivar == 0).sum() < 400
        assert ((exposure.or_mask & exposure.and_mask) == exposure.and_mask).all()


def test_noise_has_the_course_of_real_noise(real_data):
    windows = ((3600, 3800), (3800, 4500), (4500, 5500), (5600, 6800), (6800, 7700), (7700, 9200))

    def course(wavelength, ivar):
        sigma, good = 1 / np.sqrt(np.where(ivar > 0, ivar, 1)), ivar > 0
        level = np.median(sigma[good & (wavelength > 4900) & (wavelength < 5300)])
        inside = [good & (wavelength > a) & (wavelength < b) for a, b in windows]
        return [np.percentile(sigma[part], q) / level for part in inside for q in (50, 90)]

    real = []
    for path in sorted((real_data / "sdss").glob("spec-10000-*.fits")):
        table = fits.getdata(path, 1)
        real.append(course(10 ** table["loglam"].astype(float), table["ivar"]))
    ours = [
        course(10 ** s.loglam.astype(float), s.ivar)
        for s in (spectra.spectrum("QSO", n, LISTS, signal_to_noise=2.0)[0] for n in range(20))
    ]
    assert np.allclose(np.median(ours, axis=0), np.median(real, axis=0), rtol=0.25)


def redshifts(kind, number=3000):
    rng = np.random.default_rng(11)
    return np.array([spectra.labels(kind, rng)["z"] for _ in range(number)])


def test_stars_move_slower_than_600_kilometres_a_second_both_ways():
    z = redshifts("STAR")
    assert np.abs(z).max() < 0.002 and 0.4 < (z < 0).mean() < 0.6


def peak(z, width):
    counts, edges = np.histogram(z, np.arange(0, 5, width))
    return edges[np.argmax(counts)] + width / 2


def test_galaxies_are_most_at_redshift_one_half():
    z = redshifts("GALAXY")
    assert 0.4 < peak(z, 0.1) < 0.6 and z.min() > 0 and z.max() <= 1.2


def test_quasars_are_most_at_redshift_2_4_with_some_beyond_the_cut():
    z = redshifts("QSO")
    assert 2.2 < peak(z, 0.2) < 2.6 and 0.005 < (z > 3.5).mean() < 0.05
    assert 0.12 < ((z > 0.8) & (z < 1.5)).mean() < 0.25


def test_quasars_of_every_drawn_kind_stay_finite_and_positive():
    rng = np.random.default_rng(2)
    wavelength = 10 ** instrument.loglam(0, 4700)
    for z in (0.2, 1.3, 2.4, 3.4, 4.4):
        for _ in range(4):
            light = quasars.model(wavelength, LISTS, quasars.draw(rng, z), z, rng)
            assert np.isfinite(light).all() and (light >= 0).all()


def test_same_seed_gives_the_same_spectrum_and_another_seed_another():
    first, again, other = (spectra.spectrum("QSO", seed, LISTS)[0] for seed in (4, 4, 5))
    assert np.array_equal(first.flux, again.flux)
    assert not np.array_equal(first.flux[:4000], other.flux[:4000])


def test_unknown_classes_are_refused_with_the_nearest_name():
    refused("'STARS' is not a class of spectra: write STAR", spectra.spectrum, "STARS", 1, LISTS)


def test_missing_line_lists_are_named():
    refused(r"lack sdss_stars\.ecsv", lines.read_lists, ["resources/lines/sdss_sky.ecsv"])


def test_galaxies_lines_have_the_wavelengths_that_the_survey_fits(real_data):
    with fits.open(real_data / "sdss" / "spec-4055-55359-0006.fits") as file:
        fitted = file["SPZLINE"].data["LINEWAVE"]
    for wavelength in LISTS["galaxies"]["wavelength"]:
        assert np.abs(fitted - wavelength).min() < 0.06
