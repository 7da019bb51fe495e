"""EPIC images from an archive on this machine: whole answers, tars, gaps, and what is refused."""

import gzip
import io
import shutil
import tarfile
from pathlib import Path

import fake_xmm
import numpy as np
import pytest
from archive_server import Archive
from astropy.table import Table
from refusal import refused

from skyloom.archives import requests, xmm_images
from skyloom.archives.download import Policy
from skyloom.arms.xmm import images, observations
from skyloom.errors import InputError
from skyloom.io.files import read_table

QUICK = Policy(retries=2, timeout=1.0, slowest=1.0, backoff=0.0)
NAMES = ["0098010101", "0201901401", "0505720401"]


def image(observation, counts=3):
    """An EPIC image as the pipeline writes it: gzip-compressed FITS."""
    cards = {"OBS_ID": observation, "EXPOSURE": 1000.0, "CONTENT": "EPIC IMAGE"}
    made = fake_xmm.content(np.full((12, 12), counts, np.int16), **cards)
    return gzip.compress(made, mtime=0)


def tarred(**members):
    """A tar of members, by their names."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        for name, text in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text))
    return content.getvalue()


def product(observation):
    return f"P{observation}EPX000OIMAGE8000.FTZ"


def serve(answers):
    """What the AIO servlet answers: by the observation in the query."""

    def answer(path, query):
        assert path == "/aio" and query["level"] == ["PPS"]
        return answers[query["obsno"][0]]

    return answer


def addresses(server):
    return {
        "tables": {"4XMM-DR9": f"{server.url}/table.fits"},
        "images": {
            "address": f"{server.url}/aio?obsno={{observation}}&level=PPS",
            "file": "P{observation}EPX000OIMAGE8000.FTZ",
        },
    }


def fetch(server, folder, names=NAMES, policy=QUICK):
    table = folder / "failed.ecsv"
    return xmm_images.fetch_images(
        addresses(server), names, folder / "cache", table=table, policy=policy
    )


def test_images_come_once_and_are_those_that_were_served(tmp_path):
    served = {name: image(name) for name in NAMES}
    with Archive(serve(served)) as server:
        fetched, missing = fetch(server, tmp_path)
        again, _ = fetch(server, tmp_path)
        assert len(server.asked) == 3
    assert list(fetched["file"]) == [product(name) for name in NAMES] == list(again["file"])
    assert len(missing) == 0 and list(fetched["sha256"]) == list(again["sha256"])
    for name in NAMES:
        path = tmp_path / "cache" / product(name)
        assert path.read_bytes() == served[name]
        assert images.read_image(path).observation == name


def test_a_gap_of_the_archive_is_listed_and_does_not_stop_the_others(tmp_path):
    served = {NAMES[0]: image(NAMES[0]), NAMES[1]: 404, NAMES[2]: 401}
    with Archive(serve(served)) as server:
        fetched, missing = fetch(server, tmp_path)
        assert len(server.asked) == 3
    assert list(fetched["file"]) == [product(NAMES[0])]
    assert list(missing["file"]) == [product(NAMES[1]), product(NAMES[2])]
    assert "404" in missing["reason"][0] and "401" in missing["reason"][1]
    assert read_table(tmp_path / "failed.ecsv")["kind"].tolist() == ["absent", "refused"]


def test_failures_that_may_pass_stop_the_job_and_only_they_are_asked_for_again(tmp_path):
    served = {name: image(name) for name in NAMES}
    served[NAMES[1]] = b"<html>maintenance</html>"
    with Archive(serve(served)) as server:
        refused(r"1 of 3 files.*wrong content.*failed\.ecsv.*again", fetch, server, tmp_path)
        assert len(server.asked) == 5
        served[NAMES[1]] = image(NAMES[1])
        fetched, _ = fetch(server, tmp_path)
        assert len(server.asked) == 6
    assert len(fetched) == 3
    assert not (tmp_path / "failed.ecsv").exists()


def test_no_answer_at_all_is_one_sentence(tmp_path):
    with Archive(serve({})) as server:
        pass
    with pytest.raises(InputError, match=r"3 of 3 files could not be fetched.*cannot be reached"):
        fetch(server, tmp_path, policy=QUICK._replace(retries=0))


@pytest.mark.parametrize("wrong", ["another observation", "truncated", "empty", "no image"])
def test_an_answer_that_is_not_the_image_is_never_kept(tmp_path, wrong):
    name = NAMES[0]
    whole = image(name)
    content = {
        "another observation": image(NAMES[1]),
        "truncated": gzip.compress(gzip.decompress(whole)[:3000]),
        "empty": b"",
        "no image": tarred(**{f"{name}/pps/P{name}EPX000OBSMLI0000.FTZ": whole}),
    }[wrong]
    with Archive(serve({name: content})) as server, pytest.raises(InputError, match="wrong"):
        fetch(server, tmp_path, [name])
    assert not (tmp_path / "cache" / product(name)).exists()


def test_a_tar_gives_its_one_image_and_none_of_its_paths(tmp_path):
    name = NAMES[0]
    hostile = tarred(
        **{
            "../../escaped": b"x",
            "/tmp/skyloom_escaped": b"x",
            f"../{name}/pps/{product(name)}": image(name),
        }
    )
    with Archive(serve({name: hostile})) as server:
        fetched, _ = fetch(server, tmp_path, [name])
    count = requests.gather(
        [fetched], tmp_path / "cache", tmp_path / "run" / "images", place=xmm_images.place
    )
    assert count == 1
    made = tmp_path / "run" / "images" / product(name)
    assert made.read_bytes() == image(name)
    assert not Path("/tmp/skyloom_escaped").exists()
    found = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")}
    assert not [path for path in found if "escaped" in path]
    assert [path.name for path in (tmp_path / "run").rglob("*")] == ["images", product(name)]


def test_members_of_a_tar_that_are_links_or_devices_are_passed_over(tmp_path):
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE):
            entry = tarfile.TarInfo(product(NAMES[0]))
            entry.type, entry.linkname = kind, "/etc/passwd"
            tar.addfile(entry)
    (tmp_path / "answer").write_bytes(content.getvalue())
    with pytest.raises(InputError, match="tar without P0098010101EPX000OIMAGE8000.FTZ"):
        xmm_images.place(tmp_path / "answer", tmp_path / product(NAMES[0]))


def _table(path, rows):
    columns = {"OBS_ID": rows, "OBS_CLASS": [0] * len(rows), "TARGET": ["Abell"] * len(rows)}
    Table(columns).write(path, format="fits", overwrite=True)
    return path


def test_table_is_fetched_checked_and_cut_to_the_wanted_rows(tmp_path):
    content = _table(tmp_path / "served.fits", NAMES).read_bytes()
    with Archive(lambda path, query: content) as server:
        table = xmm_images.fetch_table(
            addresses(server), "4XMM-DR9", tmp_path / "cache", columns={}, policy=QUICK
        )
    xmm_images.cut(table, None, {}, tmp_path / "all.fits")
    assert (tmp_path / "all.fits").read_bytes() == content
    xmm_images.cut(table, NAMES[1:], {}, tmp_path / "cut.fits")
    assert list(observations.read_observations(tmp_path / "cut.fits").rows) == NAMES[1:]
    assert list(Table.read(tmp_path / "cut.fits")["TARGET"]) == ["Abell"] * 2
    with pytest.raises(InputError, match=r"archive\.observations names 0000000001, which 4XMM-DR9"):
        xmm_images.cut(table, ["0000000001"], {}, tmp_path / "none.fits")


def test_unknown_release_names_the_nearest(tmp_path):
    refused(
        r"xmm\.archive\.release is '4XMM-DR99'.*'4XMM-DR9'",
        xmm_images.fetch_table,
        {"tables": {"4XMM-DR9": "x"}},
        "4XMM-DR99",
        tmp_path,
        columns={},
        policy=QUICK,
    )


def test_observations_are_chosen_by_a_list_or_a_file_of_ten_digits(tmp_path):
    (tmp_path / "list.txt").write_text("# mine\n0201901401\n0098010101 # Abell 1835\n\n")
    assert xmm_images.configured_observations(str(tmp_path / "list.txt")) == NAMES[:2]
    assert (
        xmm_images.configured_observations(NAMES[::-1]) == NAMES
        and xmm_images.configured_observations(None) is None
    )
    for wrong in (["../../etc"], ["98010101"], ["0098010101; rm -rf"], []):
        refused(r"xmm\.archive\.observations", xmm_images.configured_observations, wrong)


def test_rows_with_hostile_identifiers_are_never_asked_for(tmp_path):
    table = _table(tmp_path / "t.fits", ["0098010101", "../../etc/x", "$(touch x)", "12345678901"])
    assert xmm_images.names(observations.read_observations(table), 0, 1) == ["0098010101"]


def test_blocks_share_the_observations_out(tmp_path):
    table = observations.read_observations(_table(tmp_path / "t.fits", NAMES))
    parts = [xmm_images.names(table, block, 2) for block in range(2)]
    assert sorted(parts[0] + parts[1]) == NAMES and not set(parts[0]) & set(parts[1])


def test_a_real_image_passes_the_check_of_its_own_observation_alone(real_data, tmp_path):
    name = "P0098010101M2U009IMAGE_3000.FTZ"
    shutil.copy(real_data / "xmm" / name, tmp_path / name)
    xmm_images.check_image(tmp_path / name, observation=NAMES[0], file=name)
    with pytest.raises(InputError, match="observation 0098010101, not 0201901401"):
        xmm_images.check_image(tmp_path / name, observation=NAMES[1], file=name)
