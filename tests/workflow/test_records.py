"""Records, verification and crate of a run, as a user sees them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from rocrate.rocrate import ROCrate

from skyloom.io.files import read_json
from skyloom.record import checksums

pytestmark = pytest.mark.workflow

KEY = "marked-key-0f1e2d3c4b5a"
DATASET = "results/mini/xmm/datasets/minmax_sqrt_rebin4.h5"
OVERLAY = {
    "run": "mini",
    "arms": ["xmm"],
    "xmm": {"synthetic": {"images": 30, "flawed": 2}, "blocks": 1},
}
# What `all` and `crate` build in this test: no network.
FEW = f'\nARM_RESULTS["xmm"] = ["{DATASET}", "results/mini/xmm/split.ecsv"]\n'


@pytest.fixture(scope="module")
def recorded(make_project):
    """A dataset, a split and the crate, made with a marked key in the environment."""
    project = make_project(OVERLAY)
    snakefile = project.folder / "workflow" / "Snakefile"
    text = snakefile.read_text(encoding="utf-8")
    line = 'include: "rules/provenance.smk"\n'
    snakefile.write_text(text + ("" if line in text else line) + FEW, encoding="utf-8")
    before = os.environ.copy()
    os.environ |= {"TNG_API_KEY": KEY, "SOME_SECRET": KEY}
    try:
        project.log = project.snakemake("--cores", "2", "all", "crate").stdout
    finally:
        os.environ.clear()
        os.environ |= before
    return project


def verified(project):
    """Exit status and standard output of the verification of the whole run."""
    done = subprocess.run(
        [sys.executable, "scripts/verify.py", "results/mini"],
        cwd=project.folder,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.returncode, done.stdout


def test_every_job_with_outputs_leaves_one_record(recorded):
    kept = recorded.folder / "results" / "mini" / "provenance"
    rules = {path.parent.name for path in kept.glob("[a-z]*/*.json")} - {"configs", "listings"}
    expected = {"simulate", "inspect", "inventory", "rates", "split", "dataset"}
    assert rules == {f"xmm_{name}" for name in expected} | {"crate", "report"}
    record = read_json(kept / "xmm_dataset" / "dataset=minmax_sqrt_rebin4.json")
    assert record["outputs"][DATASET]["sha256"] == checksums.checksum(recorded.folder / DATASET)
    assert record["parameters"]["variant_parameters"] == {"interval": "minmax", "stretch": "sqrt"}
    config = read_json(kept / "configs" / f"{record['config_sha256']}.json")
    assert config["xmm"]["synthetic"]["images"] == 30
    sidecar = read_json((recorded.folder / DATASET).with_suffix(".provenance.json"))
    assert sidecar["config_sha256"] == record["config_sha256"]
    assert sidecar["code"] == record["code"]["library"]


def test_key_of_the_environment_is_in_no_file_and_in_no_message(recorded):
    files = [path for path in recorded.folder.rglob("*") if path.is_file()]
    assert any(".snakemake" in path.parts for path in files) and KEY not in recorded.log
    assert not [path for path in files if KEY.encode() in path.read_bytes()]


def test_crate_of_the_run_names_every_result_with_its_checksum(recorded):
    loaded = ROCrate(recorded.folder / "results" / "mini")
    dataset = loaded.get("xmm/datasets/minmax_sqrt_rebin4.h5")
    assert dataset["sha256"] == checksums.checksum(recorded.folder / DATASET)
    assert dataset["creativeWorkStatus"] == "synthetic"
    actions = loaded.get_by_type("CreateAction")
    assert len(actions) == 6 and all(action["instrument"]["name"] for action in actions)
    for entity in loaded.data_entities:
        assert (recorded.folder / "results" / "mini" / entity.id).exists()


def test_damage_is_found_and_mended_by_the_command_that_is_named(recorded):
    assert verified(recorded)[0] == 0
    rates = "results/mini/xmm/rates/rebin4.block_0.h5"
    path = recorded.folder / rates
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    status, said = verified(recorded)
    command = f"snakemake --cores 1 {rates}"
    assert status == 1 and f"changed: {rates} has another content" in said and command in said
    path.unlink()
    assert "missing" in verified(recorded)[1].split(":")[0]
    recorded.snakemake(*command.split()[1:])
    assert verified(recorded)[0] == 0


def test_run_with_another_configuration_is_told_apart(recorded):
    config = "{split: {test: 0.25}}"
    recorded.snakemake("--cores", "1", "results/mini/xmm/split.ecsv", config=config)
    status, said = verified(recorded)
    assert status == 1 and "outdated: results/mini/ro-crate-metadata.json was made from" in said
    assert "configuration: Another configuration" in said and "xmm.split.test" in said
    assert Path(recorded.folder, DATASET).exists()


def test_name_of_a_run_is_what_was_typed_in_every_process(recorded):
    split = "results/2024_01/xmm/archive/observations.fits"
    recorded.snakemake("--cores", "1", split, "--config", "run=2024_01")
    record = recorded.folder / "results" / "2024_01" / "provenance" / "xmm_simulate" / "job.json"
    assert split in read_json(record)["outputs"]
    assert not (recorded.folder / "results" / "202401").exists()
