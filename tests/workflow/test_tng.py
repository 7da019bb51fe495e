"""The tng arm as a user runs it."""

import re
import subprocess
import sys
from pathlib import Path

import h5py
import pytest
import yaml
from miniature import drawn

from skyloom import datasets
from skyloom.io.files import read_json, read_table
from skyloom.record import code_hash

pytestmark = pytest.mark.workflow


def test_one_dataset_by_name_builds_no_other_variant_no_features_and_no_model(make_project):
    planned = make_project().planned("tng_unsharp_5")
    assert planned["tng_dataset"] == 1 and planned["tng_maps"] == 4
    assert not {"tng_backbone", "tng_features", "tng_train"} & set(planned)


def test_whole_arm_gives_every_named_output(finished):
    results = finished.results
    for snapshot in ("099", "098"):
        assert (results / "galaxies" / f"snap_{snapshot}.ecsv").is_file()
        for part in (0, 1):
            with h5py.File(results / "maps" / f"snap_{snapshot}.part_{part}.h5") as file:
                assert file["maps"].shape[1:] == (3, 64, 64)
                assert file["rotation"].shape == (len(file["maps"]), 3, 3)
    found = {path.stem for path in results.glob("datasets/*.h5")}
    assert len(found) == 10
    for path in sorted(results.glob("datasets/*.h5")):
        assert datasets.check(path)["variant"] == path.stem
        assert read_json(path.with_suffix(".provenance.json"))["output"]["name"] == path.name
    for case in ("composite", "mass", "unsharp_3"):
        folder = results / "models" / case
        assert (folder / "model.keras").stat().st_size > 1e7
        assert "predicted" in read_table(folder / "predictions.ecsv").colnames
        assert read_json(folder / "metrics.json")["parameters"]["frozen"] == 14_714_688
    summary = read_table(results / "evaluation" / "summary.ecsv")
    assert set(summary["variant"]) == {"composite", "mass", "unsharp_3"}
    assert drawn(results, ("sample", "maps", "variants", "history", "ranking", "published"))


@pytest.mark.parametrize(
    ("config", "datasets_rebuilt"),
    [
        ("{variants: {gaussian_5: {sigma: 6}}}", {"gaussian_5"}),
        ("{variants: {unsharp_3: {difference: wrapped}}}", {"unsharp_3"}),
        ("{images: {single_channel: joint}}", {"entropy", "mass", "temperature"}),
    ],
)
def test_changed_parameter_of_a_variant_rebuilds_that_variant_only(
    finished, config, datasets_rebuilt
):
    text = finished.snakemake("-n", "--cores", "2", config=config).stdout
    jobs = re.findall(r"rule tng_dataset:\n((?:    .*\n)+)", text)
    rebuilt = {re.search(r"wildcards: variant=(\w+)", job)[1] for job in jobs}
    assert rebuilt == datasets_rebuilt
    assert not {"tng_maps", "tng_maxima", "tng_select"} & set(finished.planned(config=config))


SIMULATE = {"tng_simulate_099", "tng_simulate_098", "tng_simulate_trees"}
DATA = {"tng_select", "tng_maps", "tng_maxima", "tng_dataset", "tng_split"}
NETWORKS = {"tng_backbone", "tng_features", "tng_train"}


@pytest.mark.parametrize(
    ("module", "rebuilt", "kept"),
    [
        (
            "skyloom/arms/tng/images.py",
            {"tng_maxima", "tng_dataset", "tng_features", "tng_train", "tng_draw_variants"},
            SIMULATE | {"tng_select", "tng_maps", "tng_split", "tng_backbone"},
        ),
        (
            "skyloom/arms/tng/splits.py",
            {"tng_split", "tng_train", "tng_evaluate"},
            SIMULATE | (DATA - {"tng_split"}) | {"tng_features", "tng_draw_variants"},
        ),
        (
            "skyloom/draw/tng_ranking.py",
            {"tng_draw_ranking"},
            SIMULATE | DATA | NETWORKS | {"tng_evaluate", "tng_rank_members", "tng_explain"},
        ),
        (
            "skyloom/learn/training.py",
            {"tng_train", "tng_evaluate", "tng_draw_history"},
            SIMULATE | DATA | {"tng_features", "tng_draw_variants"},
        ),
        (
            "skyloom/kernels/histogram2d.c",
            {"tng_compile_kernel", "tng_maps", "tng_dataset"},
            SIMULATE | {"tng_select", "tng_split", "tng_backbone"},
        ),
    ],
)
def test_changed_library_module_rebuilds_what_uses_it_and_nothing_else(
    finished, module, rebuilt, kept
):
    path = finished.folder / "src" / module
    before = path.read_bytes()
    try:
        # A statement that does nothing, but at every import: of a module of figures, at that of
        # any figure of the arm.
        path.write_bytes(before + (b"\nlen([])\n" if path.suffix == ".py" else b"\n"))
        planned = set(finished.planned())
    finally:
        path.write_bytes(before)
    assert rebuilt <= planned and not kept & planned


def test_changed_label_definition_makes_no_map_again(finished):
    planned = finished.planned(config="{ssfr: {mass: total}}")
    assert {"tng_galaxies", "tng_dataset", "tng_split"} <= set(planned)
    assert not {"tng_select", "tng_maps", "tng_maxima"} & set(planned)


def test_published_run_asks_for_the_simulation_and_then_plans_everything(finished, tmp_path):
    done = finished.snakemake("-n", overlay="config/papers.yaml", check=False)
    assert done.returncode != 0 and "tng.base_path must name the folder" in done.stdout
    for snapshot in range(89, 100):
        for kind in ("groups", "snapdir"):
            (tmp_path / f"{kind}_{snapshot:03d}").mkdir()
    done = finished.snakemake(
        "-n", overlay="config/papers.yaml", config=f"{{base_path: {tmp_path}}}"
    )
    jobs = dict(re.findall(r"^(tng_\w+) +(\d+)$", done.stdout, re.MULTILINE))
    assert jobs["tng_maps"] == "44" and jobs["tng_train"] == "10"
    assert jobs["tng_download_imagenet"] == "1" and "tng_simulate_trees" not in jobs


def test_touched_files_and_keys_in_another_order_rerun_nothing(finished):
    def turned(value):
        if not isinstance(value, dict):
            return value
        return {key: turned(value[key]) for key in reversed(value)}

    for name in ("config/config.yaml", "mini.yaml"):
        path = finished.folder / name
        path.write_text(yaml.safe_dump(turned(yaml.safe_load(path.read_text())), sort_keys=False))
    for folder in ("scripts", "src", "workflow", "config", "resources"):
        for path in (finished.folder / folder).rglob("*.*"):
            path.touch()
    assert finished.planned() == {}


def test_failing_job_leaves_no_partial_output_and_ends_with_the_remedy(make_project):
    project = make_project()
    galaxies = [f"results/mini/tng/galaxies/snap_{snapshot}.ecsv" for snapshot in ("099", "098")]
    project.snakemake("--cores", "2", "tng_simulate_099", "tng_simulate_098", *galaxies)
    chunk = project.results / "universe" / "output" / "snapdir_099" / "snap_099.0.hdf5"
    chunk.write_bytes(chunk.read_bytes()[:-2000])
    done = project.snakemake("--cores", "2", "tng_composite", check=False)
    assert done.returncode != 0
    assert not list(project.results.glob("maps/*snap_099*"))
    assert not list(project.results.glob("datasets/*"))
    # The files are looked at again before galaxies are selected from them.
    assert not (project.results / "selection" / "snap_099.ecsv").exists()
    last = (project.results / "logs" / "select_099.log").read_text().strip().splitlines()[-1]
    assert re.fullmatch(r"skyloom: .*snap_099\.0\.hdf5 is not a complete HDF5.*again\.", last)


# Those that compute with networks, and so need it.
NETWORK_STEPS = ("compute_features", "train_head", "train_members", "explain_network")
DATA_STEPS = sorted(
    path for path in Path("scripts/tng").glob("*.py") if path.stem not in NETWORK_STEPS
)


def test_data_steps_never_import_tensorflow():
    modules = {
        str(path.relative_to("src").with_suffix("")).replace("/", ".").removesuffix(".__init__")
        for step in DATA_STEPS
        for path in code_hash.dependencies(f"tng/{step.name}", ("scripts", "src"))
    }
    program = (
        "import sys, importlib\n"
        f"for name in {sorted(modules)}: importlib.import_module(name)\n"
        "sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], env={"PYTHONPATH": "src"})
    assert done.returncode == 0 and len(modules) > 15
