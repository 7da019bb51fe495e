"""The EPIC simulator against the laws that it claims to follow."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from astropy import units
from astropy.io import fits
from astropy.table import Table
from astropy.wcs import WCS
from scipy import integrate, stats

from skyloom import prefetch
from skyloom.simulate.epic import defects, files, geometry, observation, optics, sources

SEED = 41
PIXEL_AREA = (geometry.PIXEL / 60) ** 2
OPTIONS = {"images": 9, "flawed": 5, "exposure_maps": False}


def plain(number=0, **changes):
    """An observation without a defect, all cameras in full window."""
    modes = dict.fromkeys(geometry.CAMERAS, "PrimeFullWindow")
    exposure = {"pn": 20_000.0, "mos1": 25_000.0, "mos2": 25_000.0}
    plan = observation.draw(number, 0, SEED)
    changes = {"modes": modes, "exposure": exposure, "year": 2001.0} | changes
    return replace(plan, **changes)


def digests(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_the_published_number_of_images_gives_the_published_classes():
    assert tuple(observation.class_numbers(11204)) == (4386, 3484, 1571, 1198, 544, 21)


@pytest.mark.parametrize("images", [1, 7, 49, 50, 51, 100, 300, 5000])
def test_class_shares_are_those_of_table_1_to_one_image(images):
    numbers = observation.class_numbers(images)
    exact = np.array(observation.CLASS_COUNTS) * images / 11204
    assert numbers.sum() == images
    if images >= 50:
        assert numbers.min() >= 1
    assert np.abs(numbers - exact).max() < 2


def test_the_seed_decides_the_order_of_the_classes_only():
    one, other = observation.classes(300, 1), observation.classes(300, 2)
    assert not np.array_equal(one, other)
    np.testing.assert_array_equal(np.sort(one), np.sort(other))
    np.testing.assert_array_equal(np.bincount(one, minlength=6), observation.class_numbers(300))


def test_archives_have_the_same_bytes_for_any_parts_and_threads(tmp_path):
    list(files.write_images(tmp_path / "one", OPTIONS, SEED))
    for part in (2, 0, 1):
        list(files.write_images(tmp_path / "parts", OPTIONS, SEED, part=part, parts=3))
    with prefetch.Pool(3) as pool:
        list(files.write_images(tmp_path / "pool", OPTIONS, SEED, pool=pool))
    assert digests(tmp_path / "one") == digests(tmp_path / "parts") == digests(tmp_path / "pool")
    assert len(digests(tmp_path / "one")) == 9 + 5
    for name in ("a.fits", "b.fits"):
        files.write_table(OPTIONS, SEED, tmp_path / name)
    assert (tmp_path / "a.fits").read_bytes() == (tmp_path / "b.fits").read_bytes()


def test_another_seed_gives_another_sky():
    assert not np.array_equal(
        observation.render(observation.draw(0, 0, 1)).counts,
        observation.render(observation.draw(0, 0, 2)).counts,
    )


def test_counts_of_the_empty_sky_are_poisson_about_the_background(monkeypatch):
    nothing = np.empty(0)
    monkeypatch.setattr(sources, "draw_sources", lambda *_, target: (nothing, nothing, nothing))
    rendered = observation.render(plain())
    window = rendered.counts[geometry.WINDOW, geometry.WINDOW]
    mean = rendered.scene.background
    field = mean > 0
    assert window.sum() == rendered.counts.sum() and not window[~field].any()
    assert abs(window.sum() - mean.sum()) < 5 * np.sqrt(mean.sum())
    # Pearson's chi2 of Poisson counts has mean N and variance N (2 + 1 / mu).
    chi2 = ((window[field] - mean[field]) ** 2 / mean[field]).sum()
    spread = np.sqrt((2 + 1 / mean[field]).sum())
    assert abs(chi2 - field.sum()) < 5 * spread


def test_the_quiet_background_is_the_sum_of_its_laws_on_the_axis():
    level = sources.background(
        "pn", np.array([1.0]), 1000.0, PIXEL_AREA, sky=1.0, particles=1.0, protons=0.0
    )
    expected = (sources.PARTICLES["pn"] + sources.SKY["pn"]) * 1000 * PIXEL_AREA
    np.testing.assert_allclose(level, expected, rtol=1e-6)


@pytest.mark.parametrize("angle", [0.0, 5.0, 10.2, 14.0])
def test_photons_of_a_source_fall_with_the_vignetting(angle):
    random = np.random.default_rng(1)
    landed = sources.photons(
        np.array([50.0]), np.array([angle]), np.array([0.0]), {"pn": 1e5, "mos1": 1e5}, random
    )
    for camera, (x, _) in landed.items():
        mean = 50 * sources.RESPONSE[camera] * 1e5 / (1 + (angle / 10.2) ** 2)
        assert abs(len(x) - mean) < 5 * np.sqrt(mean)


def test_vignetting_is_half_at_ten_arcmin_as_in_the_handbook():
    assert optics.vignetting(0) == 1
    np.testing.assert_allclose(optics.vignetting([10, 14]), [0.5, 0.35], atol=0.02)


def test_number_counts_are_the_integral_of_the_published_law():
    def law(flux):
        return 111.0 * flux**-1.94 if flux < 2.66 else 238.1 * flux**-2.72

    for flux in (0.1, 0.25, 1.0, 2.66, 5.0, 14.0):
        total, _ = integrate.quad(law, flux, sources.FLUXES[1], points=[2.66])
        np.testing.assert_allclose(sources.number_counts(flux), total, rtol=1e-6)


def test_drawn_fluxes_follow_the_number_counts():
    flux = sources.draw_fluxes(20_000, np.random.default_rng(2))
    assert flux.min() >= sources.FLUXES[0] and flux.max() <= sources.FLUXES[1]

    def cumulative(value):
        return 1 - sources.number_counts(value) / sources.number_counts(sources.FLUXES[0])

    assert stats.kstest(flux, cumulative).pvalue > 1e-3


def test_a_field_has_as_many_sources_as_the_law_gives():
    random = np.random.default_rng(3)
    counts = [len(sources.draw_sources(random, target=None)[0]) for _ in range(100)]
    area = (np.pi * (sources.SOURCE_RADIUS * units.arcmin) ** 2).to_value(units.deg**2)
    mean = 100 * area * sources.number_counts(sources.FLUXES[0])
    assert abs(sum(counts) - mean) < 5 * np.sqrt(mean)


def test_scattered_photons_have_the_king_profiles_encircled_energy():
    size = 20_000
    x, y = optics.scatter(np.zeros(size), np.zeros(size), np.random.default_rng(4))
    radius = 60 * np.hypot(x, y).astype("f8")
    assert stats.kstest(radius, optics.encircled_energy).pvalue > 1e-3


def test_the_rendered_psf_encloses_what_the_formula_says():
    # Finely sampled, up to a radius where the grid still reaches.
    side = np.linspace(-1, 1, 2001, dtype="f4")
    image = optics.king(*np.meshgrid(side, side), (0.0, 0.0)).astype("f8")
    radius = 60 * np.hypot(*np.meshgrid(side, side))
    whole = np.pi * optics.CORE_RADIUS**2 / (optics.SLOPE - 1)
    for within in (5.0, 15.0, 50.0):
        share = image[radius < within].sum() * (60 * 0.001) ** 2 / whole
        np.testing.assert_allclose(share, optics.encircled_energy(within), rtol=5e-3)


def test_off_the_axis_the_psf_is_stretched_along_the_circle_about_it():
    size = 40_000
    x, y = optics.scatter(np.full(size, 14.0), np.full(size, np.pi / 2), np.random.default_rng(5))
    # Above the axis, the circle runs along x. Quartiles, since a King profile has no variance.
    ratio = stats.iqr(x) / stats.iqr(y)
    np.testing.assert_allclose(ratio, optics.stretch(14.0), rtol=0.03)
    source = (0.0, 14.0)
    along, outward = (
        optics.king(*map(np.float32, place), source) for place in ((1, 14), (0, 14.5))
    )
    np.testing.assert_allclose(along, outward, rtol=1e-4)


def test_the_cameras_have_their_ccds_and_their_sizes():
    x, y = geometry.grid()
    pn, mos = geometry.pn(x, y), geometry.mos(x, y, radius=30)
    assert sorted(np.unique(pn.number)) == list(range(13))
    assert sorted(np.unique(mos.number)) == list(range(8))
    side = 600 * 1.1 / 60
    np.testing.assert_allclose((mos.number == 1).sum() * PIXEL_AREA, side**2, rtol=0.02)
    # The optical axis lies on CCD 4 of pn and CCD 1 of MOS.
    middle = np.argmin(np.hypot(x, y))
    assert pn.number.ravel()[middle] == 4 and mos.number.ravel()[middle] == 1


def test_mos1_is_mos2_turned_by_a_right_angle():
    scene = observation._scene(plain(position_angle=0.0))
    mos1, mos2 = scene.chips["mos1"].number, scene.chips["mos2"].number
    same = np.mean(np.rot90(mos1, 1) == mos2), np.mean(np.rot90(mos1, -1) == mos2)
    # Pixels just on a CCD's edge may differ by rounding.
    assert max(same) > 0.99 and np.mean(mos1 == mos2) < 0.9


@pytest.mark.parametrize(
    ("camera", "mode", "area"),
    [
        ("mos2", "PrimePartialW3", (300 * 1.1 / 60) ** 2),
        ("mos2", "PrimePartialW2", (100 * 1.1 / 60) ** 2),
        ("mos2", "FastUncompressed", 0.0),
        ("pn", "PrimeSmallWindow", (64 * 4.1 / 60) ** 2),
        ("pn", "FastTiming", 0.0),
    ],
)
def test_window_modes_read_the_area_of_the_handbook(camera, mode, area):
    x, y = geometry.grid()
    chips = geometry.pn(x, y) if camera == "pn" else geometry.mos(x, y)
    alive = geometry.exposed(camera, chips, mode)
    own = alive if camera == "pn" else alive & (chips.number == 1)
    # A strip of one pixel along the edge, and a hot column of pn's CCD 4.
    margin = 2.2 * np.sqrt(area) * geometry.PIXEL / 60 + 1e-9
    assert abs(own.sum() * PIXEL_AREA - area) < margin


def test_large_window_is_the_inner_half_of_pn():
    x, y = geometry.grid()
    chips = geometry.pn(x, y)
    alive = geometry.exposed("pn", chips, "PrimeLargeWindow")
    assert set(np.unique(chips.number[alive])) == set(range(1, 13))
    assert chips.along[alive].max() <= 100 * 4.1 / 60


def test_mos1_loses_its_two_ccds_when_they_were_hit():
    assert geometry.lost_ccds("mos1", 2005.0) == ()
    assert geometry.lost_ccds("mos1", 2010.0) == (6,)
    assert geometry.lost_ccds("mos1", 2013.0) == (6, 3)
    assert geometry.lost_ccds("mos2", 2013.0) == ()
    before, after = (
        observation._scene(plain(year=year)).alive["mos1"].sum() for year in (2001.0, 2015.0)
    )
    assert after < 0.85 * before


@pytest.mark.parametrize("obs_class", range(6))
def test_bad_areas_lie_inside_their_class_and_are_what_was_planned(obs_class):
    low, high = defects.LIMITS[obs_class]
    kinds = set()
    for number in range(12 if obs_class else 3):
        plan = observation.draw(number, obs_class, SEED)
        rendered = observation.render(plan)
        field = rendered.scene.background > 0
        share = rendered.bad[field].mean()
        assert not rendered.bad[~field].any()
        assert share == low == high or low < share < high
        assert abs(share - plan.share) <= 1 / field.sum()
        kinds.add(plan.kind)
    assert kinds <= set(defects.KINDS[obs_class])


@pytest.mark.parametrize("kind", sorted(defects.SHAPES))
def test_inside_the_bad_area_a_defect_exceeds_its_contrast_and_outside_it_does_not(kind):
    contrast, share = 0.6, 0.005 if kind in ("columns", "streak") else 0.05
    scene = observation._scene(plain())
    shape = defects.SHAPES[kind](scene, share, np.random.default_rng(6))
    added, bad = defects.scaled(shape, scene.background, share, contrast)
    field = scene.background > 0
    ratio = np.divide(added, scene.background, where=field, out=np.zeros_like(added))
    assert ratio[bad].min() >= contrast * (1 - 1e-5)
    assert ratio[field & ~bad].max() <= contrast * (1 + 1e-5)
    assert bad.sum() == round(share * field.sum())


def test_class_5_spoils_the_whole_field():
    rendered = observation.render(observation.draw(1, 5, SEED))
    np.testing.assert_array_equal(rendered.bad, rendered.scene.background > 0)


def test_a_saturated_source_has_a_hole_and_a_faint_one_has_none():
    profile = optics.king(np.linspace(0, 1, 50, dtype="f4"), np.zeros(50, "f4"), (0.0, 0.0))
    faint = defects.piled_up(profile * 1e-3 * 1e4, 1e4)
    np.testing.assert_allclose(faint, profile * 1e-3 * 1e4, rtol=1e-3)
    strong = defects.piled_up(profile * 100 * 1e4, 1e4)
    assert strong[0] < 0.5 * strong.max() and np.argmax(strong) > 2


def test_out_of_time_events_are_the_share_of_the_photons_that_the_mode_gives():
    scene = observation._scene(plain(position_angle=0.0))
    at = (2.9, 6.0)
    streak = defects._smeared(scene, at)
    # Across the CCD, a sum over one line of pixels times the CCD's length is the source's total.
    total = np.pi * (optics.CORE_RADIUS / 60) ** 2 / (optics.SLOPE - 1)
    row = streak[np.argmin(np.abs(scene.y[:, 0] - 8.0))]
    assert row.sum() * geometry.PIXEL / 60 < total
    np.testing.assert_allclose(row.sum() * geometry.PIXEL / 60, total, rtol=0.2)


@pytest.mark.filterwarnings("ignore:.*RADECSYS", "ignore:.*datfix")
def test_headers_are_those_of_an_epic_image(tmp_path):
    list(files.write_images(tmp_path, {"images": 12, "flawed": 0, "exposure_maps": True}, SEED))
    plan = observation.draw(9, observation.classes(12, SEED)[9], SEED)
    path = tmp_path / files.file_name(plan)
    assert path.name == f"P{plan.obs_id}EPX000OIMAGE8000.fits"
    with fits.open(path) as opened:
        opened.verify("exception")
        header, counts = opened[0].header, opened[0].data
    assert counts.shape == (648, 648) and header["BITPIX"] == 32
    expected = {"TELESCOP": "XMM", "INSTRUME": "EPIC", "OBS_ID": plan.obs_id, "SYNTHETI": True}
    expected |= {"EXPOSURE": max(plan.exposure.values()), "DSVAL1": "200:12000"}
    assert {key: header[key] for key in expected} == expected
    assert len(plan.obs_id) == 10 and plan.obs_id.isdecimal()
    wcs = WCS(header)
    scales = wcs.proj_plane_pixel_scales()
    np.testing.assert_allclose([scale.to_value(units.arcsec) for scale in scales], 4.0, rtol=1e-9)
    axis = wcs.pixel_to_world(323.5, 323.5)
    np.testing.assert_allclose(axis.dec.deg, plan.declination, atol=1e-9)
    exposed = fits.getdata(tmp_path / files.file_name(plan, product="EXPMAP"))
    assert not counts[exposed == 0].any() and exposed.max() <= plan.longest


def test_the_table_has_the_columns_of_the_4xmm_list_and_a_row_an_image(tmp_path):
    files.write_table(OPTIONS, SEED, tmp_path / "o.fits")
    table = Table.read(tmp_path / "o.fits")
    assert {"OBS_ID", "OBS_CLASS", "PN_TEXP", "M1_TEXP", "M2_TEXP", "RA", "DEC"} <= set(
        table.colnames
    )
    assert table.meta["SYNTHETI"] is True
    assert len(set(table["OBS_ID"])) == len(table)
    classes = observation.classes(9, SEED)
    for number in range(9):
        row = table[table["OBS_ID"] == observation.obs_id(number)][0]
        assert row["OBS_CLASS"] == classes[number]
        low, high = defects.LIMITS[row["OBS_CLASS"]]
        assert low <= row["BAD_FRACTION"] <= high
