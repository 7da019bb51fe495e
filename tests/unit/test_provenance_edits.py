"""Records that were edited, and files that lie where nobody looks: `verify` finds each."""

import copy
import os
from pathlib import Path

import fake_dataset
import numpy as np
import pytest
from fake_job import job, put

from skyloom.errors import InputError
from skyloom.io.files import read_json, write_json
from skyloom.record import crate, provenance, verification

RUN = "results/mini"
DATASET, SIDECAR = f"{RUN}/xmm/datasets/x.h5", f"{RUN}/xmm/datasets/x.provenance.json"
MEMBERS = f"{RUN}/xmm/members"
RECORD = f"{RUN}/provenance/xmm_dataset/dataset=x.json"
PARAMETERS = {"stretch": "sqrt", "interval": {"kind": "minmax"}, "rebin": 4}
CONFIG = {"run": "mini", "seed": 7, "arms": ["xmm"], "xmm": {"source": "synthetic"}}


def made(attributes, script="scripts/xmm/make.py", **told):
    """Write the dataset and its sidecar, as the step does, and record the job."""
    attributes = {"variant": "x", "parameters": PARAMETERS, "seed": 7, **attributes}
    images, columns = np.zeros((2, 4, 4, 1), np.float32), {"id": np.array(["a", "b"])}
    fake_dataset.write(DATASET, images, np.zeros(2), columns, name="class", **attributes)
    ran = {"rule": "xmm_dataset", "config_sha256": provenance.digest(CONFIG), "code": "0123"}
    stated = {"parameters": PARAMETERS, "packages": ["numpy", "h5py"], "seed": 7, "job": ran}
    said = provenance.record(output=DATASET, inputs=["in.txt"], **stated)
    write_json(provenance.sealed({**said, **told}), SIDECAR)
    stated = {"parameters": {"variant": "x", "variant_parameters": PARAMETERS, "seed": 7}}
    stated |= {"wildcards": {"dataset": "x"}, "read": {"tng": "_099"}, "config": CONFIG}
    stated |= {"script": Path(script), "modules": {"numpy", "h5py"}}
    outputs = [DATASET, SIDECAR, MEMBERS]
    provenance.write_job(job("xmm_dataset", outputs, ["in.txt"], **stated), RUN, environment={})


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A dataset with its sidecar and a folder, made from a file and a simulation on disk."""
    monkeypatch.chdir(tmp_path)
    put("in.txt", "input")
    put("tng/snap_099.0.hdf5", "gas")
    put("scripts/xmm/make.py", "pass")
    put(f"{MEMBERS}/0.keras", "zero")
    put(f"{RUN}/xmm/logs/dataset_x.log", "log")
    made({})
    return tmp_path


def found():
    return {
        (each.kind, each.path): each.sentence
        for each in verification.check_run(RUN, scripts="scripts")[0]
    }


def test_dataset_its_sidecar_and_the_record_of_its_job_agree(run):
    assert found() == {}


def leaves(content, prefix=()):
    """Ways to all parts of a record, its own included."""
    for key, value in content.items():
        yield (*prefix, key)
        if isinstance(value, dict):
            yield from leaves(value, (*prefix, key))


# The record of the fixture has these parts; the packages' versions are those of the machine.
OUTPUTS = [("outputs", path) for path in (DATASET, SIDECAR, MEMBERS)]
FIELDS = [
    *(("format",), ("rule",), ("wildcards",), ("wildcards", "dataset"), ("outputs",)),
    *((*way, key) for way in OUTPUTS for key in ("bytes", "sha256")),
    *((*OUTPUTS[2], key) for key in ("files", "contents", "listing")),
    *(("inputs",), ("inputs", "in.txt"), ("inputs", "in.txt", "bytes")),
    *(("inputs", "in.txt", "sha256"), ("read",), ("read", "tng")),
    *(("read", "tng", key) for key in ("files", "bytes", "contents", "only", "sha256", "listing")),
    *(("parameters",), ("parameters", "variant"), ("parameters", "variant_parameters")),
    *(("parameters", "variant_parameters", key) for key in ("stretch", "interval", "rebin")),
    ("parameters", "variant_parameters", "interval", "kind"),
    *(("parameters", "seed"), ("parameters_sha256",), ("seed",), ("threads",), ("resources",)),
    *(("resources", "mem_mb"), ("config_sha256",), ("code",), ("code", "script")),
    *(("code", "script_sha256"), ("code", "library"), ("packages",), ("packages", "numpy")),
    *(("packages", "h5py"), ("python",), ("machine",), ("version",), ("commit",)),
    *(("started",), ("seconds",), ("written",), ("record_sha256",), *OUTPUTS),
]


def test_every_part_of_a_record_is_among_those_that_are_edited_here(run):
    assert set(leaves(read_json(RECORD))) == set(FIELDS)


def other(value):
    """Another value that could stand there as well."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, dict):
        return {**value, "more": next(iter(value.values()), 1)}
    if isinstance(value, str):
        return value[:-1] + ("1" if value[-1:] != "1" else "2")
    return "a commit"


def edited(way, change, path=RECORD):
    """The record with one part changed: of another value, gone, or with a part more beside it."""
    content = read_json(path)
    before, section = copy.deepcopy(content), content
    for key in way[:-1]:
        section = section[key]
    if change == "another value":
        section[way[-1]] = other(section[way[-1]])
    elif change == "gone":
        del section[way[-1]]
    elif change == "another name":
        section[f"{way[-1]}_"] = section.pop(way[-1])
    elif change == "another type":
        section[way[-1]] = [section[way[-1]]]
    else:
        section[f"{way[-1]}_more"] = section[way[-1]]
    assert content != before
    write_json(content, path)


@pytest.mark.parametrize(
    "change", ["another value", "gone", "another name", "another type", "a part more"]
)
def test_record_edited_in_any_field_is_named(run, change):
    original = Path(RECORD).read_bytes()
    for way in FIELDS:
        edited(way, change)
        said = found()
        assert ("record", RECORD) in said, (way, change)
        assert RECORD in said["record", RECORD] and "run the job again" in said["record", RECORD]
        with pytest.raises(InputError, match="provenance/xmm_dataset"):
            crate.describe(RUN)
        Path(RECORD).write_bytes(original)
    assert found() == {}


def test_only_what_a_record_says_is_its_own_not_how_its_json_is_written(run):
    content = read_json(RECORD)
    Path(RECORD).write_text(
        str(content)
        .replace("'", '"')
        .replace("False", "false")
        .replace("True", "true")
        .replace("None", "null")
    )
    assert read_json(RECORD) == content and found() == {}


def test_record_of_an_older_version_is_told_of_and_its_results_are_compared_all_the_same(run):
    content = read_json(RECORD)
    del content[provenance.SEAL]
    write_json(content, RECORD)
    assert set(found()) == {("record", RECORD)}
    assert "older version" in found()["record", RECORD]
    put(f"{MEMBERS}/0.keras", "orez")
    assert set(found()) == {("record", RECORD), ("changed", MEMBERS)}


def test_record_with_the_name_of_another_is_refused(run):
    os.rename(RECORD, RECORD.replace("=x", "=y"))
    ((kind, path),) = found()
    assert kind == "record" and path == RECORD.replace("=x", "=y")


# Whoever edits a record can compute its hash again: these are found by what else states the same.
TWICE = {
    "parameters": lambda r: r["parameters"].update(seed=8),
    "rule": lambda r: r.update(rule="xmm_split"),
    "wildcards": lambda r: r["wildcards"].update(dataset="y"),
    "seed": lambda r: r.update(seed=8),
    "seed and its parameter": lambda r: (
        r.update(seed=8),
        r["parameters"].update(seed=8),
        r.update(parameters_sha256=provenance.digest(r["parameters"])),
    ),
    "seed without a parameter": lambda r: (
        r.update(seed=8),
        r["parameters"].pop("seed"),
        r.update(parameters_sha256=provenance.digest(r["parameters"])),
    ),
    "variant": lambda r: (
        r["parameters"].update(variant="y"),
        r.update(parameters_sha256=provenance.digest(r["parameters"])),
    ),
    "library": lambda r: r["code"].update(library="4567"),
    "package": lambda r: r["packages"].update(numpy="0.1"),
    "python": lambda r: r.update(python="2.7"),
    "machine": lambda r: r.update(machine="vax"),
    "version": lambda r: r.update(version="9"),
    "configuration": lambda r: r.update(config_sha256="0" * 64),
    "bytes of a file": lambda r: r["outputs"][SIDECAR].update(bytes=1),
    "checksum of a file": lambda r: r["outputs"][SIDECAR].update(sha256="0" * 64),
    "number of files": lambda r: r["outputs"][MEMBERS].update(files=2),
    "bytes of a folder": lambda r: r["outputs"][MEMBERS].update(bytes=5),
    "checksum of a folder": lambda r: r["outputs"][MEMBERS].update(sha256="0" * 64),
    "list of a folder": lambda r: r["outputs"][MEMBERS].update(sha256="0", listing="0" * 64),
    "checksum of an input": lambda r: r["inputs"]["in.txt"].update(sha256="0" * 64),
    "an input less": lambda r: r["inputs"].clear(),
    "an output less": lambda r: r["outputs"].pop(MEMBERS),
    "files that were read": lambda r: r["read"]["tng"].update(files=2),
}


@pytest.mark.parametrize("name", TWICE)
def test_edit_with_its_hash_computed_again_is_found_by_what_else_states_the_same(run, name):
    content = read_json(RECORD)
    TWICE[name](content)
    write_json(provenance.sealed(content), RECORD)
    assert {kind for kind, _ in found()} & set(verification.FAULTS)


@pytest.mark.parametrize(
    ("attributes", "told", "words"),
    [
        ({"parameters": {"stretch": "asinh"}}, {}, "its dataset do not state the same parameters"),
        ({"seed": 8}, {}, "its dataset do not state the same seed"),
        ({"variant": "y"}, {}, "its dataset do not state the same variant"),
        ({}, {"seed": 8}, "the record of its job do not state the same seed"),
        ({}, {"rule": "x"}, "the record of its job do not state the same rule"),
        ({}, {"code": "4567"}, "the record of its job do not state the same code"),
        ({}, {"inputs": {"in.txt": "0"}}, "the record of its job do not state the same inputs"),
        ({}, {"output": {}}, "the record of its job do not state the same output"),
        ({}, {"parameters": {}}, "its parameters do not state the same parameters_sha256"),
        ({}, {"parameters": []}, "its parameters do not state the same parameters_sha256"),
        ({}, {"inputs": None}, "cannot be compared"),
        ({"parameters": "x"}, {}, "cannot be compared"),
    ],
)
def test_sidecar_that_tells_of_another_dataset_or_job_is_named(run, attributes, told, words):
    made(attributes, **told)
    assert set(found()) == {("record", SIDECAR)} and words in found()["record", SIDECAR]


def test_change_of_a_folder_is_not_hidden_by_an_edit_of_the_list_of_its_files(run):
    (kept,) = (
        path
        for path in Path(RUN, "provenance/listings").iterdir()
        if path.stem == read_json(RECORD)["read"]["tng"]["listing"]
    )
    put("tng/snap_099.0.hdf5", "other gas")
    state = os.stat("tng/snap_099.0.hdf5")
    write_json({"snap_099.0.hdf5": [state.st_size, state.st_mtime_ns]}, kept)
    assert ("outdated", "tng") in found()


@pytest.mark.parametrize("script", ["scripts/xmm/make.py", "scripts/draw.py"])
def test_changed_step_is_told_whether_an_arm_has_it_alone_or_all_share_it(run, script):
    put(script, "pass")
    made({}, script=script)
    put(script, "pass  # otherwise")
    assert set(found()) == {("code", script)}
    assert "code" in verification.NOTES


STRAYS = [
    *("stray.h5", ".stray.h5", "report/stray.html", "report/deep/stray.h5", "logs/stray.h5"),
    *("benchmarks/stray.h5", "xmm/report/stray.h5", "xmm/logs/stray.h5", "xmm/logs/stray.log.h5"),
    *("xmm/datasets/logs/stray.log", "xmm/datasets/benchmarks/stray.tsv", "logs"),
    *("xmm/datasets/provenance/stray.json", "xmm/provenance/x/stray.json", "xmm/datasets/.y.h5"),
    *(".hidden/stray.h5", "xmm/.hidden/deep/stray.h5", "xmm/ro-crate-metadata.json"),
    *("provenance/stray.h5", "provenance/xmm_dataset/stray.h5", "provenance/a/b/stray.json"),
    *("provenance/configs/stray.json", "provenance/listings/stray.json"),
    *("provenance/.checksums/stray.h5", "provenance/.hidden/stray.h5", "xmm/failed/stray.h5"),
    *("xmm/report", "report", "xmm/benchmarks", "xmm/.snakemake_timestamp"),
    "xmm/datasets/.x.0123abcd-12.h5",
]


@pytest.mark.parametrize("name", STRAYS)
def test_planted_file_is_named_wherever_it_lies(run, name):
    path = f"{RUN}/{name}"
    put(path, "x")
    assert ("unrecorded", path) in found()


@pytest.mark.parametrize("kind", ["configs", "listings"])
def test_file_with_the_name_of_what_is_kept_must_have_its_contents(run, kind):
    path = f"{RUN}/provenance/{kind}/{'a' * 64}.json"
    put(path, "{}")
    assert set(found()) == {("record", path)}


@pytest.mark.parametrize(
    "name",
    [
        *("logs/report.log", "xmm/logs/views/a.log", "benchmarks/report.tsv"),
        *("xmm/benchmarks/a/b.tsv", "ro-crate-metadata.json", "xmm/failed/images_0.ecsv"),
        *("xmm/.x.0123abcd-12-a1b2c3d4.h5", f"provenance/.checksums/{'a' * 32}.json"),
        *("xmm/.models.a1b2c3d4/model.h5", "provenance/xmm_dataset/.a.0123abcd-12-a1b2c3d4.json"),
    ],
)
def test_what_is_written_without_a_record_is_none_of_the_results(run, name):
    put(f"{RUN}/{name}", "x")
    assert found() == {}


def test_folder_behind_a_link_is_looked_into_where_results_lie_there(run):
    os.rename(f"{RUN}/xmm", "elsewhere")
    os.symlink(os.path.abspath("elsewhere"), f"{RUN}/xmm")
    assert found() == {}
    put("elsewhere/datasets/stray.h5", "x")
    assert set(found()) == {("unrecorded", f"{RUN}/xmm/datasets/stray.h5")}
    os.remove("elsewhere/datasets/stray.h5")
    os.symlink(os.path.abspath("elsewhere"), f"{RUN}/xmm/loop")
    os.symlink("nowhere", f"{RUN}/dangling")
    assert set(found()) == {("unrecorded", f"{RUN}/{name}") for name in ("xmm/loop", "dangling")}
