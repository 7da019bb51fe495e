"""Records of jobs: what is hashed, what is remembered, what is never written down."""

import hashlib
import json
import os
from pathlib import Path

import fake_job
import pytest

from skyloom.errors import InputError
from skyloom.io.files import read_json
from skyloom.record import checksums, provenance

KEY = "marked-0123456789-key"


def sha256(data):
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A working folder with an input, a folder of inputs, an output and a script."""
    monkeypatch.chdir(tmp_path)
    files = {"in.txt": "input", "many/a.txt": "a", "many/b/c.txt": "c"}
    files |= {"results/mini/arm/out.h5": "output", "scripts/arm/make.py": "pass"}
    for name, text in files.items():
        fake_job.put(name, text)
    return tmp_path


def job(**changes):
    """A finished job as the step describes it."""
    stated = {"wildcards": {"part": "0", "case": "x"}, "parameters": {"width": 60.0, "seed": 7}}
    stated |= {"config": {"run": "mini", "arm": {"width": 60}}, "modules": {"numpy", "sys"}}
    stated |= {"script": Path("scripts/arm/make.py"), **changes}
    return fake_job.job("arm_make", ["results/mini/arm/out.h5"], ["in.txt", "many"], **stated)


def test_record_tells_of_files_what_sha256_of_their_bytes_tells(project):
    path = provenance.write_job(job(), "results/mini", environment={})
    content = read_json(path)
    assert path == Path("results/mini/provenance/arm_make/case=x,part=0.json")
    assert content["inputs"]["in.txt"] == {"bytes": 5, "sha256": sha256(b"input")}
    output = {"bytes": 6, "sha256": sha256(b"output")}
    assert content["outputs"] == {"results/mini/arm/out.h5": output}
    assert content["code"]["script"] == "arm/make.py"
    assert content["code"]["script_sha256"] == sha256(b"pass")
    assert set(content["packages"]) == {"numpy"} and content["seed"] == 7


def test_folder_is_known_by_the_names_and_contents_of_its_files(project):
    said = checksums.of_folder("many")
    expected = json.dumps({"a.txt": sha256(b"a"), "b/c.txt": sha256(b"c")}, sort_keys=True)
    assert said["sha256"] == sha256(expected.encode())
    assert (said["files"], said["bytes"], said["contents"]) == (2, 2, True)
    Path("many/.snakemake_timestamp").touch()
    assert checksums.of_folder("many") == said
    os.utime("many/a.txt", (1, 1))
    assert checksums.of_folder("many") == said
    Path("many/a.txt").rename("many/z.txt")
    assert checksums.of_folder("many")["sha256"] != said["sha256"]


def test_large_folder_is_described_by_its_listing_and_says_so(project, monkeypatch):
    monkeypatch.setattr(checksums, "HASHED", 1)
    monkeypatch.setattr(checksums, "checksum", None)
    said = checksums.of_folder("many")
    assert said["contents"] is False and said["files"] == 2
    os.utime("many/a.txt", (1, 1))
    assert checksums.of_folder("many")["sha256"] != said["sha256"]


def test_known_checksum_is_used_until_size_or_time_change(project, monkeypatch):
    monkeypatch.setattr(checksums, "_SMALL", 0)
    known, real, taken = checksums.Known("kept"), checksums.checksum, []
    monkeypatch.setattr(checksums, "checksum", lambda path: taken.append(str(path)) or real(path))
    assert checksums.of_file("in.txt", known) == checksums.of_file("in.txt", known)
    checksums.of_folder("many", known)
    checksums.of_folder("many", known)
    assert taken == ["in.txt", "many/a.txt", "many/b/c.txt"]
    Path("in.txt").write_text("other")
    os.utime("in.txt", ns=(1, 1))
    assert checksums.of_file("in.txt", known)["sha256"] == sha256(b"other")


def test_broken_memory_of_checksums_is_made_anew(project, monkeypatch):
    monkeypatch.setattr(checksums, "_SMALL", 0)
    known = checksums.Known("kept")
    checksums.of_file("in.txt", known)
    next(Path("kept/.checksums").iterdir()).write_text("{")
    assert checksums.of_file("in.txt", known)["sha256"] == sha256(b"input")


def test_simulation_on_disk_is_told_of_by_names_sizes_and_times_of_its_snapshot(project):
    for name in ("snapdir_099/snap_099.0.hdf5", "snapdir_098/snap_098.0.hdf5"):
        fake_job.put(f"tng/{name}", "gas")
    path = provenance.write_job(job(read={"tng": "_099"}), "results/mini", environment={})
    said = read_json(path)["read"]["tng"]
    assert (said["files"], said["bytes"], said["contents"]) == (1, 3, False)
    listing = read_json(f"results/mini/provenance/listings/{said['listing']}.json")
    assert list(listing) == ["snapdir_099/snap_099.0.hdf5"]


@pytest.mark.parametrize(
    "value", ["../../../etc", "a/b", "..", "a\nb", "x" * 400, "é;rm -rf *", "/abs"]
)
def test_wildcard_never_leaves_the_folder_of_its_rule(value):
    path = provenance.record_path("results/mini", "rule", {"name": value})
    assert path.parent == Path("results/mini/provenance/rule")
    assert len(path.name) < 250 and path.name.isascii() and ".." not in path.name
    assert path != provenance.record_path("results/mini", "rule", {"name": value + "x"})


def test_nothing_like_a_secret_is_recorded(project):
    config = {
        "run": "mini",
        "arm": {"api_key": KEY, "token": KEY},
        "mirrors": [f"https://user:{KEY}@host/path?api_key={KEY}"],
    }
    parameters = {"options": {"password": KEY}, "seed": 1}
    provenance.write_job(job(config=config, parameters=parameters), "results/mini")
    assert "host/path" in "".join(path.read_text() for path in Path(".").rglob("*.json"))
    assert not [p for p in Path(".").rglob("*") if p.is_file() and KEY in p.read_text()]


def test_value_of_a_secret_variable_is_refused_wherever_it_comes_from(project):
    with pytest.raises(InputError, match="value of TNG_API_KEY: take it out"):
        provenance.write_job(
            job(parameters={"note": f"my {KEY}"}), "results/mini", environment={"TNG_API_KEY": KEY}
        )
    assert not Path("results/mini/provenance/arm_make").exists()


def test_hash_of_the_configuration_is_of_its_contents_alone(project):
    one = read_json(provenance.write_job(job(), "results/mini"))
    other = {"arm": {"width": 60}, "run": "mini"}
    same = read_json(provenance.write_job(job(config=other), "results/mini"))
    # The second in which a record is written, and so its seal, may be another.
    moment = {"written": None, "record_sha256": None}
    assert same | moment == one | moment
    changed = {"arm": {"width": 61}, "run": "mini"}
    two = read_json(provenance.write_job(job(config=changed), "results/mini"))
    assert two["config_sha256"] != one["config_sha256"]
    kept = Path("results/mini/provenance/configs")
    assert read_json(kept / f"{two['config_sha256']}.json") == changed


def test_path_outside_the_project_stays_as_it_is(project):
    assert provenance.relative(project / "in.txt") == "in.txt"
    assert provenance.relative("../other/x.txt") == "../other/x.txt"
    assert provenance.relative("/data/x.txt") == "/data/x.txt"


def test_package_that_is_not_installed_under_its_name_has_no_version():
    assert provenance._installed("no-such-distribution") is None


def test_dataset_sidecar_tells_of_configuration_and_code(project):
    told = {"rule": "arm_make", "config_sha256": "c", "code": "l"}
    said = provenance.record(
        output="results/mini/arm/out.h5", inputs=["in.txt"], parameters={}, packages=[], job=told
    )
    assert told.items() <= said.items() and said["inputs"] == {"in.txt": sha256(b"input")}


@pytest.mark.parametrize(
    "name", ["PGPASSWORD", "GITHUB_PAT", "MYSQL_PWD", "MY_API_KEY", "HF_TOKEN"]
)
def test_variables_that_people_keep_secrets_in_are_known_by_their_names(name):
    held = {"note": ["fetched with s3cret-\n'x", "and more"]}
    with pytest.raises(InputError, match=name):
        # As it is, not as it would be printed with its quotation mark and end of line escaped.
        provenance.refuse_secrets(held, {name: "s3cret-\n'x"})
    provenance.refuse_secrets(held, {"HOME": "s3cret-\n'x", name: "s3cret-other"})


def test_a_password_that_is_an_ordinary_word_stops_no_job_that_says_the_word():
    record = {"variant": "composite_edge_on", "note": "a composite image", "run": "demo"}
    provenance.refuse_secrets(record, {"DB_PASSWORD": "composite"})
    with pytest.raises(InputError, match="DB_PASSWORD"):
        provenance.refuse_secrets({"note": "composite"}, {"DB_PASSWORD": "composite"})
