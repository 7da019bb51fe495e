"""Folders of trained networks: what is written is read, what does not fit is refused by name."""

import json
import zipfile

import fake_xmm
import keras
import numpy as np
import pytest
from astropy.table import Table
from refusal import refused

from skyloom import prefetch
from skyloom.arms.spectra import release as spectra_release
from skyloom.arms.spectra.out_of_distribution import Coverage
from skyloom.arms.xmm import architectures, prediction
from skyloom.arms.xmm.classes import CLASSES, FIRST_BAD
from skyloom.draw import xmm_prediction
from skyloom.learn import known_region, regression, release
from skyloom.learn.targets import Target

SIDE = 64


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    target = Target("binary", classes=len(CLASSES), positive_from=FIRST_BAD)
    made = architectures.build((SIDE // 2, SIDE // 2, 1), target, architecture="2conv", seed=3)
    path = tmp_path_factory.mktemp("network") / "model.keras"
    regression.save(made, path)
    return path


def written(folder, network, *, synthetic=True, arm="xmm", region=None):
    """A folder of a network that grades images."""
    if region is None:
        rng = np.random.default_rng(1)
        region = known_region.fit(*(rng.normal(0.2, 0.1, (400, 8)) for _ in range(2)))
    release.write(
        folder,
        arm=arm,
        name="demo",
        networks={"model.keras": network},
        facts={
            "preprocessing": {
                "stretch": {"interval": "minmax", "stretch": "sqrt"},
                **{"rebin": 2, "rebin_method": "area", "frame": [SIDE, SIDE], "pixel_scale": 4.0},
            },
            "metrics": {"experiment": "demo", "target": "binary", "synthetic": synthetic},
        },
        synthetic=synthetic,
        learnt="300 EPIC images of minmax_sqrt_rebin2",
        record={"run": "demo", "seed": 1, "sha256": {"dataset": "0" * 64}},
        arrays=region,
    )
    return folder


def read(folder, arm="xmm"):
    return release.read(folder, arm, prediction.PREPARED_BY)


def test_a_folder_gives_back_what_was_written_with_the_same_bytes_twice(tmp_path, network):
    own = read(written(tmp_path / "a", network))
    assert (own.arm, own.name, own.synthetic) == ("xmm", "demo", True)
    assert own.facts["preprocessing"]["frame"] == [SIDE, SIDE]
    assert own.network().count_params() == regression.load(network).count_params()
    again = written(tmp_path / "b", network)
    for path in own.folder.iterdir():
        assert path.read_bytes() == (again / path.name).read_bytes(), path.name
    card = (own.folder / "README.md").read_text()
    assert own.learnt == "300 EPIC images of minmax_sqrt_rebin2, synthetic" and own.learnt in card
    assert "MIT" in card and "sha256.dataset: 000" in card
    assert "synthetic" in card and "preprocessing" not in card and "stretch.interval" in card


def test_a_folder_that_is_not_whole_or_of_another_arm_is_refused_with_the_remedy(tmp_path, network):
    folder = written(tmp_path / "a", network)
    refused("make models", read, tmp_path / "none")
    refused("of the arm xmm, not of sdss.*xmm_predict", read, folder, "sdss")
    with (folder / "model.keras").open("ab") as file:
        file.write(b"x")
    refused("checksum", read, folder)
    (folder / "model.keras").unlink()
    refused("lacks model.keras", read, folder)
    about = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps(about | {"format": 99}))
    refused("format 99", read, folder)


def test_a_network_that_wants_its_input_otherwise_is_refused_by_name(tmp_path, network):
    folder = written(tmp_path / "a", network)
    said = "demo wants its input prepared in another way.*frame"
    refused(said, release.read, folder, "xmm", set(prediction.PREPARED_BY) - {"frame"})
    refused("flux", release.read, folder, "xmm", {*prediction.PREPARED_BY, "flux"})


@pytest.mark.parametrize("kind", ["lambda", "module"])
def test_a_network_that_brings_code_is_refused_before_it_is_loaded(tmp_path, network, kind):
    made = keras.Sequential([keras.Input((SIDE, SIDE, 1)), keras.layers.Lambda(lambda x: 2 * x)])
    regression.save(made, tmp_path / "lambda.keras")
    regression.save(made, tmp_path / "module.keras")
    with zipfile.ZipFile(network) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["config.json"] = parts["config.json"].replace(b'"keras.layers"', b'"subprocess"', 1)
    with zipfile.ZipFile(tmp_path / "module.keras", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    folder = written(tmp_path / "a", tmp_path / f"{kind}.keras")
    refused("model.keras has a layer of other people's code", read, folder)


@pytest.mark.parametrize(
    ("learnt", "asked", "said"),
    [(True, False, "no result"), (True, True, "say nothing about the sky"), (False, False, "test")],
)
def test_the_last_word_says_what_answers_are_worth(tmp_path, network, learnt, asked, said):
    own = read(written(tmp_path / "a", network, synthetic=learnt))
    sentence = release.worth(own, 1, far=1, synthetic=asked)
    assert said in sentence and "1 answer of" in sentence and "cannot know" in sentence


def epic(folder, name, side=SIDE, scale=4.0, seed=0, exposure=2000.0):
    rng = np.random.default_rng(seed)
    pixels = rng.poisson(0.5, (side, side)).astype(np.int32)
    keys = {"TELESCOP": "XMM", "INSTRUME": "EMOS2", "OBS_ID": f"{seed:010d}", "EXPOSURE": exposure}
    if scale:
        keys |= {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN"}
        keys |= {"CDELT1": -scale / 3600, "CDELT2": scale / 3600, "CUNIT1": "deg", "CUNIT2": "deg"}
    fake_xmm.write(folder / name, pixels, **keys)
    return pixels


def test_every_image_of_a_folder_is_graded_and_what_cannot_be_is_told(tmp_path, network):
    folder = tmp_path / "epic"
    folder.mkdir()
    pixels = epic(folder, "one.fits", seed=1)
    epic(folder, "small.fits.gz", side=50, seed=2)
    epic(folder, "plain.fits", seed=3, exposure=None)
    epic(folder, "coarse.fits", scale=8.0, seed=4)
    epic(folder, "near.fits", scale=4.35, seed=6)
    epic(folder, "large.fits", side=80, seed=5)
    (folder / "notes.txt").write_text("no image")
    own = read(written(tmp_path / "model", network))
    files = prediction.listing(folder)
    with prefetch.Pool(2) as pool:
        found = prediction.read_folder(folder, files, own, pool=pool)
        table, rejects, shown = prediction.predict(found, own)
    assert list(table["file"]) == ["near.fits", "one.fits", "plain.fits", "small.fits.gz"]
    assert list(table["padded"]) == [False, False, False, True]
    assert str(table["flag"][0]) in ("other pixel scale", "unlike")
    table.remove_row(0)
    assert np.ma.is_masked(table["exposure"][1]) and table["exposure"][0] == 2000.0
    reasons = {str(row["file"]): str(row["reason"]) for row in rejects}
    assert {*reasons} == {"coarse.fits", "large.fits", "notes.txt"}
    assert "8 arcsec" in reasons["coarse.fits"] and "more than the frame" in reasons["large.fits"]
    # By hand: counts, rebinned by 2 as means, minmax and root; the exposure cancels.
    small = pixels.reshape(SIDE // 2, 2, SIDE // 2, 2).mean(axis=(1, 3))
    seen = np.sqrt((small - small.min()) / (small.max() - small.min())).astype(np.float32)
    logit = float(own.network()(seen[None, ..., None])[0, 0])
    assert table["score"][0] == pytest.approx(1 / (1 + np.exp(-logit)), abs=1e-5)
    shown.pop("near.fits")
    assert {*shown} == {*table["file"]} and table.meta["synthetic_training"]
    figure = xmm_prediction.prediction(table, shown, synthetic=False)
    assert "learnt from synthetic" in figure.get_suptitle()


def test_a_folder_without_an_image_is_refused(tmp_path, network):
    (tmp_path / "epic").mkdir()
    (tmp_path / "epic" / "notes.txt").write_text("no image")
    own = read(written(tmp_path / "model", network))
    found = prediction.read_folder(tmp_path / "epic", ["notes.txt"], own)
    refused("None of the 1 files", prediction.predict, found, own)


def test_a_hundredth_of_what_is_alike_and_all_that_is_unlike_is_called_unlike():
    rng = np.random.default_rng(5)
    mixing = rng.normal(size=(8, 8))
    train, validation, test = (rng.normal(size=(2000, 8)) @ mixing for _ in range(3))
    region = known_region.fit(train, validation)
    share = (known_region.distances(test, region) > region["limit"]).mean()
    assert 0.003 < share < 0.025
    assert (known_region.distances(test + 12 * mixing.std(axis=0), region) > region["limit"]).all()


def test_a_region_of_spectra_from_its_arrays_judges_as_itself():
    rng = np.random.default_rng(6)
    flux = 1 - rng.uniform(0.1, 0.5, (300, 1)) * np.exp(-(np.linspace(-2, 2, 40) ** 2))
    flux += 0.001 * rng.normal(size=flux.shape)
    own = Coverage.fit(flux[:200], flux[200:])
    asked = np.concatenate([flux[:5], flux[:5] + 0.3])
    again = Coverage.of({**own.state(), "wavelength": np.arange(40)})
    for ours, theirs in zip(own.judge(asked), again.judge(asked), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_star_far_beyond_the_labels_is_a_reject_and_never_an_answer(tmp_path, network):
    own = read(written(tmp_path / "a", network))
    own.facts["limits"] = {"teff": [15000.0, 39000.0]}
    table = Table({"name": ["a", "b"], "file": ["a.txt", "b.txt"], "label": ["teff", "teff"]})
    table["unit"], table["value"] = "K", [20000.0, -1.5e8]
    kept, lost = spectra_release.believable(table, own)
    assert list(kept["name"]) == ["a"]
    ((file, reason),) = lost
    assert file == "b.txt" and "15000 to 39000" in reason and "normalised" in reason
    refused("believable", spectra_release.believable, table[1:], own)


def test_limits_of_labels_are_found_by_name_for_a_file_sorts_them(tmp_path, network):
    rng = np.random.default_rng(7)
    region = Coverage.fit(rng.normal(size=(50, 9)), rng.normal(size=(20, 9))).state()
    release.write(
        tmp_path / "a",
        **{"arm": "helium", "name": "demo", "networks": {"members/1.keras": network}},
        facts={
            "preprocessing": dict.fromkeys(spectra_release.PREPARED_BY),
            "metrics": {"labels": ["teff", "log_g"]},
            "limits": {"teff": [15000, 39000], "log_g": [2, 5]},
        },
        **{"synthetic": True, "learnt": "50 spectra", "record": {}, "arrays": region},
    )
    own = release.read(tmp_path / "a", "helium", spectra_release.PREPARED_BY)
    known = spectra_release.training(own)
    assert list(known.low) == [15000, 2] and list(known.high) == [39000, 5]
