"""The semantic arm as a user runs it."""

import os
import re
from pathlib import Path

import h5py
import miniature
import numpy as np
import pytest
from miniature import MINIATURE_SEMANTIC, drawn

from skyloom import datasets
from skyloom.io.files import read_json, read_table

pytestmark = pytest.mark.workflow

TRAINED = MINIATURE_SEMANTIC["semantic"]["trained"]
FIGURES = ("examples", "bounds", "speed", "trend", "published", "angle", "sizes", "optimizers")
FIGURES += ("galaxies", "galaxy_panels")
FIGURES += tuple(f"{kind}/{model}" for kind in ("errors", "panels") for model in TRAINED[::4])

# Put into a copy of the trainer: every epoch is noted, and the second one dies at its first try.
FIRST_LINE = "            begun = time.monotonic()\n"
DEADLY = """\
            import os, pathlib, signal
            notes = pathlib.Path("epochs_begun.txt")
            before = notes.read_text() if notes.exists() else ""
            notes.write_text(f"{before}{epoch} ")
            if before == "1 ":
                os.kill(os.getpid(), signal.SIGKILL)
"""


def digests(folder):
    """Of every file but logs, benchmarks and provenance, which says when a file was written."""
    told = {"logs", "benchmarks"}
    return {
        name: value
        for name, value in miniature.digests(folder, "**/*").items()
        if not told & set(Path(name).parts) and not name.endswith(".provenance.json")
    }


@pytest.fixture(scope="module")
def fresh(make_project):
    """A project in which nothing was run."""
    return make_project(MINIATURE_SEMANTIC)


@pytest.fixture(scope="module")
def killed(finished_semantic, make_project):
    """On one core: a training that is killed after its first epoch, then taken up; galaxies."""
    project = make_project(MINIATURE_SEMANTIC)
    trainer = project.folder / "src" / "skyloom" / "learn" / "checkpoints.py"
    text = trainer.read_text(encoding="utf-8")
    assert text.count(FIRST_LINE) == text.count("save_every: float = 60.0") == 1
    text = text.replace(FIRST_LINE, FIRST_LINE + DEADLY)
    trainer.write_text(
        text.replace("save_every: float = 60.0", "save_every: float = 0.0"), encoding="utf-8"
    )
    views = finished_semantic.results.parent / "tng" / "datasets" / "inclined_mass.h5"
    config = f"{{galaxies: {{dataset: {views}}}}}"
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        first = project.snakemake(
            "--cores", "1", "semantic_clean_model", check=False, config=config
        )
        project.left = digests(project.results)
        paths = ("evaluation/least_squares/clean.ecsv", "galaxies/measurements.ecsv")
        targets = [f"results/mini/semantic/{path}" for path in paths]
        project.snakemake("--cores", "1", "semantic_clean_model", *targets, config=config)
    finally:
        os.sched_setaffinity(0, cores)
    assert first.returncode
    return project


def test_whole_arm_gives_every_named_output(finished_semantic):
    results = finished_semantic.results
    for dataset in ("clean", "galaxies"):
        known = datasets.check(results / "datasets" / f"{dataset}.h5")
        assert (known["shape"], known["samples"]) == ((64, 64, 1), 110)
        sides = read_table(results / "splits" / f"{dataset}.ecsv")["part"]
        assert [np.sum(sides == part) for part in ("train", "validation", "test")] == [60, 20, 30]
        assert len(read_table(results / f"evaluation/least_squares/{dataset}.ecsv")) == 8
    for model in TRAINED:
        folder = results / "models" / model
        metrics = read_json(folder / "metrics.json")
        assert metrics["synthetic"] and metrics["epochs"] == 2
        assert len(read_table(folder / "predictions.ecsv")) == 50
        assert all((folder / name).is_file() for name in ("model.keras", "timing.csv"))
        assert len((folder / "history.csv").read_text().splitlines()) == 3
    for name in ("summary", "binned", "published", "speed"):
        read_table(results / "evaluation" / f"{name}.ecsv")
    assert drawn(results, FIGURES)
    assert not list(results.rglob(".state"))


def test_predictions_stand_beside_what_the_images_were_made_with(finished_semantic):
    results = finished_semantic.results
    predictions = read_table(results / "models" / "clean" / "predictions.ecsv")
    with h5py.File(results / "datasets" / "clean.h5") as file:
        rows = dict(zip(file["id"].asstr()[()], file["target"][()], strict=True))
    truth = np.array([rows[name] for name in predictions["id"]])
    for index, name in enumerate(("scale", "ellipticity", "angle")):
        np.testing.assert_allclose(predictions[name], truth[:, index], rtol=1e-6)


def test_every_encoder_and_fit_is_judged_on_test_images(finished_semantic):
    summary = read_table(finished_semantic.results / "evaluation" / "summary.ecsv")
    encoders = summary[summary["method"] == "encoder"]
    assert set(encoders["model"]) == set(TRAINED) and set(encoders["n"]) <= {30, *range(20, 30)}
    assert set(summary["dataset"][summary["method"] == "least_squares"]) == {"clean", "galaxies"}
    speed = read_table(finished_semantic.results / "evaluation" / "speed.ecsv")
    assert len(speed) == len(TRAINED) + 2 and speed.meta["synthetic"]


def test_galaxies_are_measured_at_every_inclination_with_their_own_columns(finished_semantic):
    table = read_table(finished_semantic.results / "galaxies" / "measurements.ecsv")
    views = {(row["subhalo_id"], row["inclination"]) for row in table}
    assert len(table) == len(views) == 8 and {view[1] for view in views} == {0, 60}
    assert table.meta["decoder"] == "exponential" and table.meta["grid"]["pixels"] == 64
    assert table.meta["synthetic"]
    catalogue = finished_semantic.results.parent / "tng" / "galaxies" / "snap_099.ecsv"
    known = {row["subhalo_id"]: row for row in read_table(catalogue)}
    for row in table:
        assert row["stellar_mass"] == pytest.approx(known[row["subhalo_id"]]["stellar_mass"])


def test_killed_training_is_taken_up_where_it_was(killed):
    begun = (killed.folder / "epochs_begun.txt").read_text().split()
    # Then one epoch of it and two of the other model, in whichever order they are trained.
    assert begun[:2] == ["1", "2"] and sorted(begun[2:]) == ["1", "2", "2"]
    assert "models/clean/.state/network.h5" in killed.left
    assert "models/clean/model.keras" not in killed.left


def test_one_core_and_a_kill_change_no_byte_but_measured_times(killed, finished_semantic):
    one, two = digests(killed.results), digests(finished_semantic.results)
    models = {f"models/{model}" for model in ("clean", "galaxies")}
    files = ("model.keras", "history.csv", "predictions.ecsv", "metrics.json", "timing.csv")
    expected = {f"{model}/{name}" for model in models for name in files}
    expected |= {"datasets/clean.h5", "splits/clean.ecsv", "galaxies/measurements.ecsv"}
    assert expected <= set(one) <= set(two)
    assert {name for name in one if one[name] != two[name]} <= {f"{m}/timing.csv" for m in models}


def test_noise_of_one_dataset_rebuilds_it_and_its_models_alone(finished_semantic):
    text = finished_semantic.snakemake(
        "-n", "--cores", "2", config="{datasets: {galaxies: {noise: 0.03}}}"
    ).stdout
    found = dict.fromkeys(("dataset", "train", "fit"), ())
    for rule, value in re.findall(r"rule semantic_(\w+):\n(?:    .*\n)*?    wildcards: (.*)", text):
        if rule in found:
            found[rule] += (value,)
    assert found == {
        "dataset": ("dataset=galaxies",),
        "train": ("model=galaxies",),
        "fit": ("dataset=galaxies",),
    }
    assert "tng_" not in text.split("Job stats:")[1]


def test_one_dataset_is_a_target_of_its_own(fresh):
    assert fresh.planned("semantic_noise_05") == {"semantic_dataset": 1, "semantic_noise_05": 1}


def test_tng_is_needed_where_its_galaxies_are_measured_only(fresh):
    assert fresh.planned("semantic")["tng_inclined"] == 1
    planned = fresh.planned("semantic", config="{galaxies: {model: null, dataset: null}}")
    assert planned["semantic_train"] == len(TRAINED)
    assert not [rule for rule in planned if rule.startswith("tng_") or "galax" in rule]
