"""Verification and RO-Crate of a run of two jobs made by hand."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from fake_job import STARTED, job, put
from interpreter import PYTHONPATH
from rocrate.rocrate import ROCrate

import verify
from skyloom import prefetch
from skyloom.errors import InputError
from skyloom.io.files import read_json, write_json
from skyloom.record import checksums, crate, provenance, verification

RUN, RECORDS = "results/mini", Path("results/mini/provenance")
SOURCE, MAPS, DATASET = "data/images", f"{RUN}/tng/maps.h5", f"{RUN}/tng/datasets/x.h5"
MEMBERS = f"{RUN}/tng/members"


def record(rule, inputs, outputs, *, width=60, written=STARTED, **changes):
    """Record a job, at a time that is told."""
    config = {"run": "mini", "arms": ["tng"], "tng": {"source": "synthetic", "width": width}}
    stated = {"parameters": {"width": width}, "config": config, "resources": {}, "threads": 1}
    stated |= {"script": Path("scripts/tng/make.py"), "seconds": 1.0, **changes}
    path = provenance.write_job(job(rule, outputs, inputs, **stated), RUN, environment={})
    write_json(provenance.sealed({**read_json(path), "written": written}), path)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Images from outside, maps from these, and from maps a dataset and a folder of networks."""
    monkeypatch.chdir(tmp_path)
    put("scripts/tng/make.py", "pass")
    put(f"{SOURCE}/1.fits", "one")
    put(f"{SOURCE}/2.fits", "two")
    put(MAPS, "maps")
    record("tng_maps", [SOURCE], [MAPS])
    put(DATASET, "dataset")
    put(f"{MEMBERS}/0.keras", "zero")
    put(f"{RUN}/tng/logs/x.log", "log")
    record("tng_dataset", [MAPS], [DATASET, MEMBERS])
    return tmp_path


def kinds():
    found, _ = verification.check_run(RUN)
    return {(each.kind, each.path) for each in found}


def test_untouched_run_is_as_recorded(run):
    found, counts = verification.check_run(RUN)
    assert found == [] and counts == {"records": 2, "outputs": 3}
    Path(f"{MEMBERS}/.snakemake_timestamp").touch()
    os.utime(DATASET)
    assert kinds() == set()


def test_flipped_byte_is_found_where_size_and_time_are_as_before(run):
    state = os.stat(DATASET)
    put(DATASET, "datasot")
    os.utime(DATASET, ns=(state.st_atime_ns, state.st_mtime_ns))
    found, _ = verification.check_run(RUN)
    assert [(each.kind, each.path) for each in found] == [("changed", DATASET)]
    assert "has another content since tng_dataset has made it: remove it" in found[0].sentence


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda: os.remove(MAPS), ("missing", MAPS)),
        (lambda: put(MAPS, "longer maps"), ("changed", MAPS)),
        (lambda: put(f"{RUN}/tng/stray.h5", "x"), ("unrecorded", f"{RUN}/tng/stray.h5")),
        (lambda: put(f"{MEMBERS}/1.keras", "x"), ("changed", MEMBERS)),
        (lambda: put(f"{MEMBERS}/0.keras", "orez"), ("changed", MEMBERS)),
        (lambda: os.remove(f"{MEMBERS}/0.keras"), ("changed", MEMBERS)),
        (lambda: put(f"{SOURCE}/1.fits", "eno"), ("outdated", SOURCE)),
        (lambda: os.rename(SOURCE, "elsewhere"), ("input", SOURCE)),
        (
            lambda: put(RECORDS / "tng_maps/job.json", "{"),
            ("record", str(RECORDS / "tng_maps/job.json")),
        ),
    ],
)
def test_each_kind_of_damage_is_found_and_named(run, change, expected):
    change()
    assert expected in kinds()


def test_result_of_an_input_that_was_made_anew_is_outdated(run):
    put(MAPS, "new maps")
    record("tng_maps", [SOURCE], [MAPS], written="2026-02-01T00:00:00+00:00")
    assert kinds() == {("outdated", DATASET)}
    record("tng_dataset", [MAPS], [DATASET, MEMBERS], written="2026-02-02T00:00:00+00:00")
    assert kinds() == set()


def test_jobs_of_another_configuration_are_told_with_the_keys_that_differ(run):
    record("tng_maps", [SOURCE], [MAPS], width=61, written="2026-02-01T00:00:00+00:00")
    found, _ = verification.check_run(RUN)
    assert [each.kind for each in found] == ["configuration"]
    assert "that of 1 of 2 jobs (other values of tng.width)" in found[0].sentence


def test_edited_configuration_is_not_believed(run):
    path = next((RECORDS / "configs").iterdir())
    write_json({**read_json(path), "run": "other"}, path)
    assert kinds() == {("record", str(path))}


def test_record_that_is_json_but_no_record_is_refused_in_a_sentence(run):
    path = RECORDS / "tng_maps" / "job.json"
    for content in ([], {"rule": 1}, {**read_json(path), "outputs": {MAPS: "x"}}):
        write_json(content, path)
        assert ("record", str(path)) in kinds()


def test_folder_told_of_by_its_listing_may_be_copied_but_not_changed(run):
    put("tng/snap_099.0.hdf5", "gas")
    record("tng_maps", [SOURCE], [MAPS], read={"tng": "_099"})
    os.utime("tng/snap_099.0.hdf5", (1, 1))
    put("tng/snap_099.1.hdf5", "more, which was not read")
    assert kinds() == set()
    put("tng/snap_099.0.hdf5", "other gas")
    assert kinds() == {("outdated", "tng")}


def test_threads_and_progress_change_nothing(run):
    os.remove(MAPS)
    seen = []
    with prefetch.Pool(3) as pool:
        found = verification.check_run(
            RUN, pool=pool, progress=lambda work: seen.extend(work) or work
        )
    assert found == verification.check_run(RUN) and len(seen) == 4


def test_command_prints_a_table_and_ends_with_the_verdict(run, capsys):
    assert verify.main([RUN]) == 0
    assert "3 results of 2 jobs compared: all as recorded" in capsys.readouterr().out
    assert verify.main([RUN, "--crate"]) == 0
    assert "ro-crate-metadata.json describes the run" in capsys.readouterr().out
    assert read_json(f"{RUN}/{provenance.CRATE}") == crate.describe(RUN) and kinds() == set()
    os.remove(MAPS)
    assert verify.main([RUN]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"missing: {MAPS}, which tng_maps has made, is gone")
    assert ["missing", "1"] in [line.split() for line in lines]
    assert verify.main(["results/nothing"]) == 2
    assert "has no records" in capsys.readouterr().err


def test_crate_is_loaded_by_the_library_and_all_its_references_resolve(run):
    crate.write(RUN, f"{RUN}/{provenance.CRATE}", wanted=[DATASET])
    loaded = ROCrate(RUN)
    known = {entity.id for entity in loaded.get_entities()}

    def references(value):
        if isinstance(value, dict):
            yield from [value["@id"]] if set(value) == {"@id"} else []
            value = list(value.values())
        for part in value if isinstance(value, list) else []:
            yield from references(part)

    graph = read_json(f"{RUN}/{provenance.CRATE}")["@graph"]
    elsewhere = {"https://w3id.org/ro/crate/1.1"}
    assert {name for entity in graph for name in references(entity)} - elsewhere <= known
    assert len({entity["@id"] for entity in graph}) == len(graph)
    dataset = loaded.get("tng/datasets/x.h5")
    assert dataset["sha256"] == checksums.checksum(DATASET) and dataset["contentSize"] == "7"
    assert dataset["creativeWorkStatus"] == "synthetic"
    assert Path(RUN, "tng/members").is_dir() and loaded.get("tng/members/").type == "Dataset"
    action = loaded.get("#job/tng_dataset/job")
    assert action.type == "CreateAction" and action["instrument"]["softwareRequirements"]
    assert {entity.id for entity in action["result"]} == {"tng/datasets/x.h5", "tng/members/"}
    assert "tng/maps.h5" in {entity.id for entity in action["object"]}
    assert loaded.root_dataset["conformsTo"].id == "https://w3id.org/ro/wfrun/process/0.5"


def test_crate_is_the_same_each_time_and_does_not_tell_of_itself(run):
    first = crate.describe(RUN)
    write_json(first, f"{RUN}/{provenance.CRATE}")
    record("crate", [DATASET], [f"{RUN}/{provenance.CRATE}"])
    assert crate.describe(RUN) == first
    assert kinds() == set()


def test_crate_tells_an_old_input_from_the_file_that_has_its_name_now(run):
    put(MAPS, "new maps")
    record("tng_maps", [SOURCE], [MAPS], written="2026-02-01T00:00:00+00:00")
    entities = {entity["@id"]: entity for entity in crate.describe(RUN)["@graph"]}
    assert entities["tng/maps.h5"]["sha256"] == checksums.checksum(MAPS)
    used = [each["@id"] for each in entities["#job/tng_dataset/job"]["object"]]
    assert any(name.startswith("#input/results/mini/tng/maps.h5@") for name in used)


def test_crate_of_a_result_without_a_record_says_how_to_make_it_again(run):
    with pytest.raises(InputError, match=r"tng/stray.h5 has no record .* --force"):
        crate.describe(RUN, wanted=[DATASET, f"{RUN}/tng/stray.h5"])
    put(RECORDS / "tng_maps/job.json", "{")
    with pytest.raises(InputError, match="is not JSON"):
        crate.describe(RUN)


STEP = """
import os, sys, types
class Named(dict):
    __iter__ = lambda self: iter(self.values())
job = types.SimpleNamespace(
    log=[], threads=1, rule="arm_make", input=Named(), output=Named(x="results/mini/out.txt"),
    params=Named(code="0123", seed=3), wildcards=Named(), config={"run": "mini"},
    resources=Named(mem_mb=1000, _cores=1, tmpdir="/tmp"),
)
import step
step.begin(job)
os.makedirs("results/mini", exist_ok=True)
open("results/mini/out.txt", "w").write("done")
"""


# Importing takes a second: it is done once, and each step runs in a fork.
DRIVER = """
import os, runpy, sys
from skyloom.record import provenance
for folder in sys.argv[1:]:
    child = os.fork()
    if not child:
        os.chdir(folder)
        os.dup2(os.open("stderr", os.O_WRONLY | os.O_CREAT), 2)
        runpy.run_path("make.py", run_name="__main__")
        sys.exit()
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
ENDINGS = {
    "well": ("", 0),
    "error": ("raise ValueError('wrong')", 1),
    "told to stop": ("os.kill(os.getpid(), 15)", 143),
    "no output": ("os.remove('results/mini/out.txt')", 0),
    "no room": ("open('results/mini/provenance', 'w')", 1),
    "secret": ("job.params['note'] = os.environ['SOME_TOKEN']", 1),
}


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """The folder and the status of a step of each ending."""
    folder = tmp_path_factory.mktemp("steps")
    for name, (ending, _) in ENDINGS.items():
        put(folder / name / "make.py", STEP + ending)
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, *(str(folder / name) for name in ENDINGS)],
        env={**os.environ, "PYTHONPATH": PYTHONPATH, "SOME_TOKEN": "abcd-efgh-1"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return {
        name: (folder / name, int(status))
        for name, status in zip(ENDINGS, done.stdout.split(), strict=True)
    }


@pytest.mark.parametrize("name", ENDINGS)
def test_step_is_recorded_only_if_it_ended_well_and_fails_if_it_cannot_be(ended, name):
    folder, status = ended[name]
    path, said = folder / RECORDS / "arm_make" / "job.json", (folder / "stderr").read_text()
    assert (status, path.is_file()) == (ENDINGS[name][1], name == "well"), said
    if status:
        assert said.splitlines()[-1].startswith("skyloom: ") and "abcd-efgh-1" not in said
    elif name == "well":
        content = read_json(path)
        assert content["resources"] == {"mem_mb": 1000} and content["seed"] == 3
        assert list(content["outputs"]) == ["results/mini/out.txt"]
