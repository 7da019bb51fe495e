"""What docs/extending.md says is done: its own blocks, on a copy of the project."""

import io
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import h5py
import illustris_python as il
import numpy as np
import pytest
import yaml
from miniature import (
    MINIATURE,
    MINIATURE_HELIUM,
    MINIATURE_SDSS,
    MINIATURE_XMM,
    merged,
    shell,
)
from scipy import ndimage, special, stats

from skyloom.io.files import read_table
from skyloom.kernels import reference

pytestmark = pytest.mark.workflow

PAGE = Path(__file__).parents[2] / "docs" / "extending.md"
ARM = "An arm"
BLOCK = re.compile(r"([^\n]*)\n\n```(\w+)\n(.*?)```", re.DOTALL)


def sections():
    """Blocks of each section: {title: [(sentence before, language, text)]}."""
    parts = re.split(r"^## (.*)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {title: BLOCK.findall(text) for title, text in zip(parts[::2], parts[1::2], strict=True)}


# One galaxy survey of seconds, one of each archive, and what the page adds, built in one run.
BASE = {
    "run": "mini",
    "arms": ["tng", "semantic", "xmm", "helium", "sdss"],
    "tng": {
        **MINIATURE["tng"],
        "snapshots": [99],
        "parts_per_snapshot": 1,
        "synthetic": {"galaxies": 12, "gas_cells": 300, "chunks": 3},
    },
    "semantic": {"training": {"epochs": 1}, "evaluation": {"fitted": 8, "bootstrap_samples": 20}},
    "xmm": {**MINIATURE_XMM["xmm"], "blocks": 1, "trained": []},
    "helium": {
        **MINIATURE_HELIUM["helium"],
        "training": {"epochs": 1},
        "uncertainty": "none",
        "members": 1,
    },
    "sdss": {
        **MINIATURE_SDSS["sdss"],
        "synthetic": {"spectra": 60},
        "sample": {"size": 50},
        "blocks": 1,
        "training": {"epochs": 1, "readout_epochs": [1]},
    },
}


# A star in a format of its own: Å in air, flux over the continuum.
WAVE = np.linspace(4455, 4485, 601)
STAR = WAVE, 1 - 0.4 * np.exp(-(((WAVE - 4471.5) / 2) ** 2))


def small(text):
    """A block of configuration, with fewer images where the page has thousands."""
    config = yaml.safe_load(text)
    for own in config.get("semantic", {}).get("datasets", {}).values():
        own["images"] = {"train": 60, "validation": 20, "test": 30}
    return config


def apply(folder, blocks):
    """Do what a section's blocks say; what is to be run comes back: (configuration, commands)."""
    config, commands = {}, []
    for before, language, text in blocks:
        if language == "diff":
            words = ["git", "apply", "--unsafe-paths", f"--directory={folder}", "-"]
            subprocess.run(words, input=text, text=True, check=True, cwd="/")
        elif language == "python":
            target = folder / re.search(r"append to `(.*?)`", before)[1]
            there = target.read_text() + "\n\n" if target.exists() else ""
            target.parent.mkdir(exist_ok=True)
            target.write_text(there + text)
        elif language == "yaml":
            assert "In `mine.yaml`:" in before, before
            config = merged(config, small(text))
        else:
            assert language == "console", language
            commands += text.splitlines()
    assert commands, blocks
    return config, commands


@pytest.fixture(scope="module")
def extended(make_project):
    """The results of a project to which the whole page was applied, by its commands as they stand.

    What is small here is the project's own configuration.
    """
    project, config, commands = make_project(BASE), {}, []
    for title, blocks in sections().items():
        if title != ARM:
            own, lines = apply(project.folder, blocks)
            config, commands = merged(config, own), [*commands, *lines]
    (project.folder / "mine.yaml").write_text(yaml.safe_dump(config))
    (project.folder / "stars").mkdir()
    np.savez(project.folder / "stars" / "hd127972.npz", wave=STAR[0] / 10, flux=STAR[1])

    def run(line):
        code, text = shell(line, project.folder)
        assert code == 0, f"{line}\n{text[-4000:]}"

    # The defaults are written with the schema, and made small after that.
    for line in (line for line in commands if "skyloom.config" in line):
        run(line)
    defaults = project.folder / "config" / "config.yaml"
    whole = merged(yaml.safe_load(defaults.read_text()), BASE)
    defaults.write_text(yaml.safe_dump(whole, sort_keys=False))
    for line in (line for line in commands if "skyloom.config" not in line):
        run(line)
    run("snakemake --cores 8 tng_composite")
    return project.folder / "results" / "mini"


def test_the_page_has_the_extensions_that_are_judged_here():
    names = [
        "channel",
        "variant",
        "reader",
        "stretch",
        "network",
        "network of the sdss arm",
        "label",
    ]
    names += ["statistic", "decoder", "figure"]
    assert list(sections()) == [*(f"A {name}" for name in names), ARM]


def changed_files(blocks):
    """The files that a section's blocks change or make, in their order."""
    found = []
    for before, language, text in blocks:
        if language == "python":
            found.append(re.search(r"append to `(.*?)`", before)[1])
        elif language == "diff":
            found += re.findall(r"^\+\+\+ b/(.*)$", text, re.MULTILINE)
    return list(dict.fromkeys(found))


def test_no_extension_but_an_arm_changes_more_than_two_files():
    several = {title for title, blocks in sections().items() if len(changed_files(blocks)) > 2}
    assert several == {ARM}


def test_an_arm_is_one_folder_and_a_line_of_the_registry():
    line, *folder = changed_files(sections()[ARM])
    assert line == "src/skyloom/arms/registry.py"
    assert {str(Path(name).parent) for name in folder} == {"src/skyloom/arms/transits"}


def test_a_channel_maps_what_its_entry_says_of_every_cell(extended):
    with h5py.File(extended / "tng" / "maps" / "snap_099.part_0.h5") as file:
        subhalos, rotations = file["subhalo_id"][()], file["rotation"][()]
    found = extended / "tng" / "channels" / "star_formation" / "snap_099.part_0.h5"
    with h5py.File(found) as file:
        maps = file["maps"][:, 0]
        assert np.array_equal(file["subhalo_id"][()], subhalos)
    base = str(extended / "tng" / "universe" / "output")
    fields = ["SubhaloPos", "SubhaloGrNr"]
    catalogue = il.groupcat.loadSubhalos(base, 99, fields=fields)
    # At a = 1 a map of 60 ckpc/h is 60 / h kpc wide.
    area, edges = (60 / 0.6774 / 64) ** 2, np.linspace(-30, 30, 65)
    for subhalo, rotation, image in zip(subhalos, rotations, maps, strict=True):
        group = catalogue["SubhaloGrNr"][subhalo]
        fields = ["Coordinates", "StarFormationRate", "Masses", "Density"]
        gas = il.snapshot.loadHalo(base, 99, group, "gas", fields=fields)
        if not gas["count"]:
            assert not image.any()
            continue
        offset = gas["Coordinates"].astype(float) - catalogue["SubhaloPos"][subhalo].astype(float)
        # The slow reference shares each cell out over the pixels that it covers.
        (expected,) = reference.project(
            offset,
            [gas["StarFormationRate"]],
            statistics=["sum"],
            edges=edges,
            mass=gas["Masses"],
            density=gas["Density"],
            box_size=35000.0,
            rotation=rotation,
        )
        np.testing.assert_allclose(image * area, expected, rtol=1e-5, atol=1e-9)
    assert maps.any()
    with h5py.File(extended / "tng" / "datasets" / "birth.h5") as file:
        assert file["images"].shape[1:] == (64, 64, 3)


def test_a_variant_is_a_name_and_a_size_in_kiloparsec(extended):
    folder = extended / "tng" / "datasets"
    with h5py.File(folder / "blurred_1kpc.h5") as file:
        blurred = file["images"][:8, ..., 0].astype(float)
        names = [name.decode() for name in file["id"][:8]]
    with h5py.File(folder / "composite.h5") as file:
        sharp = file["images"][:8, ..., 0].astype(float)
        assert [name.decode() for name in file["id"][:8]] == names
    # Snapshot 99 is at z = 0: 1 kpc is h ckpc/h there, of the 60 that 64 pixels show.
    at_zero = [row for row, name in enumerate(names) if name.startswith("099")]
    assert at_zero
    for row in at_zero:
        expected = ndimage.gaussian_filter(sharp[row], 0.6774 * 64 / 60, mode="nearest")
        # Both were rounded to bytes once.
        assert np.abs(blurred[row] - expected).max() <= 1.5


def test_a_reader_of_a_file_of_ones_own_gives_what_the_files_hold(extended):
    folder = extended / "helium" / "observed"
    (row,) = read_table(folder / "inventory.ecsv")
    assert row["file"] == "hd127972.npz" and len(read_table(folder / "rejects.ecsv")) == 0
    with h5py.File(folder / "spectra.h5") as file:
        (curve,) = (file["curves"][name] for name in file["curves"])
        wavelength, flux = curve["wavelength"][()], curve["flux"][()]
    inside = (WAVE >= wavelength[0] - 1e-6) & (WAVE <= wavelength[-1] + 1e-6)
    np.testing.assert_allclose(wavelength, WAVE[inside], rtol=1e-9)
    np.testing.assert_allclose(flux, STAR[1][inside], rtol=1e-6)


def test_a_stretch_is_what_its_formula_says(extended):
    folder = extended / "xmm"
    with h5py.File(folder / "datasets" / "minmax_cbrt_rebin4.h5") as file:
        images, names = file["images"][..., 0], list(file["id"])
    with h5py.File(next((folder / "rates").glob("rebin4*.h5"))) as file:
        rates = file["images"][()] if "images" in file else file["rates"][()]
    rates = rates.reshape(len(rates), *images.shape[1:])
    low, high = (f(rates, axis=(1, 2), keepdims=True) for f in (np.min, np.max))
    assert len(names) == len(rates)
    np.testing.assert_allclose(images, ((rates - low) / (high - low)) ** (1 / 3), atol=1e-6)


def test_a_network_has_the_weights_that_its_entry_says_and_is_judged(extended):
    folder = extended / "helium" / "models" / "clean_deep"
    metrics = json.loads((folder / "metrics.json").read_text())
    # Convolutions over 201 points, pooled to 100; a dense layer of 64; three labels and the page's.
    convolutions = (5 * 1 + 1) * 16 + (5 * 16 + 1) * 16 + (5 * 16 + 1) * 32
    assert metrics["parameters"] == convolutions + (100 * 32 + 1) * 64 + (64 + 1) * 4
    assert (folder / "model.keras").exists() and len(read_table(folder / "predictions.ecsv"))


def test_a_network_of_sdss_reads_the_view_that_its_entry_says(extended):
    folder = extended / "sdss"
    metrics = json.loads((folder / "models" / "dense_80_20" / "metrics.json").read_text())
    assert metrics["parameters"] == (4500 + 1) * 32 + (32 + 1) * 3
    assert metrics["inputs"]["variant"] == "spectra"
    assert [path.name for path in (folder / "datasets").glob("*.h5")] == ["spectra.h5"]
    # What it says is its own two layers, of the stored spectra.
    with h5py.File(folder / "datasets" / "spectra.h5") as file:
        spectra, names = file["spectra"][()].astype(float), file["id"][()].astype(str)
    with zipfile.ZipFile(folder / "models" / "dense_80_20" / "model.keras") as archive:
        weights = h5py.File(io.BytesIO(archive.read("model.weights.h5")))
    kernels = [weights[f"layers/{name}/vars"] for name in ("dense", "dense_1")]
    (w, b), (v, c) = ((own["0"][()].astype(float), own["1"][()]) for own in kernels)
    logits = np.maximum(spectra @ w + b, 0) @ v + c
    predictions = read_table(folder / "models" / "dense_80_20" / "predictions.ecsv")
    assert list(predictions["id"]) == list(names)
    found = np.stack([predictions[name] for name in ("p_galaxy", "p_qso", "p_star")], axis=1)
    # Over the temperature that the validation side asked for.
    warmth = metrics["calibration"]["temperature"] or 1.0
    np.testing.assert_allclose(found, special.softmax(logits / warmth, axis=1), atol=1e-4)


def test_a_label_is_what_its_formula_says_of_the_grid_and_is_learnt(extended):
    folder = extended / "helium"
    with h5py.File(folder / "datasets" / "clean.h5") as file:
        target, names = file["target"][()], file["target"].attrs["name"].split(",")
        spectra = [name.decode() for name in file["id"]]
    assert names == ["teff", "log_g", "v_rot", "flux_weighted_gravity"]
    parts = [re.fullmatch(r"t(\d+)g(\d+)v(\d+)", name).groups() for name in spectra]
    expected = [int(g) / 10 - 4 * np.log10(int(t) / 1e4) for t, g, _ in parts]
    np.testing.assert_allclose(target[:, 3], expected, rtol=1e-12)
    predictions = read_table(folder / "models" / "clean_deep" / "predictions.ecsv")
    assert np.isfinite(predictions["flux_weighted_gravity_predicted"]).all()


def test_a_statistic_is_a_column_of_the_summary(extended):
    folder = extended / "helium"
    predictions = read_table(folder / "models" / "clean_deep" / "predictions.ecsv")
    test = predictions[predictions["part"] == "test"]
    for row in read_table(folder / "evaluation" / "summary.ecsv"):
        errors = np.abs(test[f"{row['label']}_predicted"] - test[row["label"]])
        np.testing.assert_allclose(row["median_error"], np.median(errors), rtol=1e-9)
        assert row["median_error"] != row["mae"]


def test_a_decoder_draws_its_formula_and_an_encoder_learns_its_parameters(extended):
    folder = extended / "semantic"
    with h5py.File(folder / "datasets" / "stars.h5") as file:
        images, target = file["images"][..., 0], file["target"][()]
    scale, ellipticity, angle, slope = target[0]
    centres = (np.arange(64) + 0.5) / 32 - 1
    x, y = np.meshgrid(centres, centres)
    c, s = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    across = (s * x + c * y) / (scale * (1 - ellipticity))
    r2 = ((c * x - s * y) / scale) ** 2 + across**2
    noise = images[0] - (1 + r2) ** -slope
    assert abs(noise.std() - 0.01) < 0.001 and abs(noise.mean()) < 0.001
    predictions = read_table(folder / "models" / "stars" / "predictions.ecsv")
    assert any("slope" in name for name in predictions.colnames)


def test_a_figure_shows_what_its_function_draws(extended):
    folder = extended / "tng"
    for kind in ("png", "pdf"):
        assert (folder / "figures" / f"box.{kind}").stat().st_size > 1000
    # Drawn by the copy's own function, whose caption Snakemake's report has.
    code = """
from types import SimpleNamespace
from skyloom.draw.entries import tng
figure = tng.box(SimpleNamespace(galaxies="galaxies/snap_099.ecsv"))
print(figure.axes[0].lines[0].get_xydata().tolist())
"""
    library = extended.parents[1] / "src"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(library)},
        capture_output=True,
        text=True,
        check=True,
    )
    base = str(folder / "universe" / "output")
    positions = il.groupcat.loadSubhalos(base, 99, fields=["SubhaloPos"])
    chosen = read_table(folder / "galaxies" / "snap_099.ecsv")["subhalo_id"]
    np.testing.assert_allclose(json.loads(done.stdout), positions[chosen][:, :2], rtol=1e-6)


@pytest.mark.long("a second project is planned three times and trains a network")
def test_a_seventh_arm_is_built_judged_drawn_told_and_exported_by_its_folder_and_line(make_project):
    project = make_project(BASE)
    config, commands = apply(project.folder, sections()[ARM])
    (project.folder / "mine.yaml").write_text(yaml.safe_dump(config))
    for line in commands:
        code, text = shell(line, project.folder)
        assert code == 0, f"{line}\n{text[-4000:]}"
    folder = project.folder / "results" / "demo"
    with h5py.File(folder / "transits" / "datasets" / "curves.h5") as file:
        flux, label = file["spectra"][()].astype(float), file["target"][()]
    # Its light: a dip of 1 % over 16 of 128 points.
    missing = 1 - flux.mean(axis=1)
    assert abs(missing[label == 1].mean() - 0.01 * 16 / 128) < 1e-4
    assert abs(missing[label == 0].mean()) < 1e-4
    summary = read_table(folder / "transits" / "evaluation" / "summary.ecsv")[0]
    table = read_table(folder / "transits" / "models" / "curves" / "predictions.ecsv")
    test = table[table["part"] == "test"]
    ranks = stats.rankdata(test["score"])
    ones, count = np.asarray(test["transit"]) == 1, len(test) // 2
    area = (ranks[ones].sum() - count * (count + 1) / 2) / count**2
    assert abs(summary["auc"] - area) < 1e-12 and summary["low"] > 0.5
    for kind in ("png", "pdf"):
        assert (folder / "transits" / "figures" / f"examples.{kind}").stat().st_size > 1000
    page = (folder / "report" / "index.html").read_text()
    assert "Light curves: is there a planet?" in page
    assert f"{summary['auc']:.2f}" in page and 'id="ranking"' not in page
    card = (folder / "transits" / "export" / "curves" / "README.md").read_text()
    assert "Light curves of stars, half of them with a transit: 400 samples" in card
    readme = (project.folder / "config" / "README.md").read_text()
    assert "| `transits.depth` | 0.01 | share of the light that the planet hides |" in readme
    # A key that contradicts another is refused before anything runs.
    code, text = shell(f"{commands[1]} -n --config 'transits={{duration: 200}}'", project.folder)
    assert code == 1 and "transits.duration is 200" in text
