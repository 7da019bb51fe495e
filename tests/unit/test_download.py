"""Downloads from an archive that misbehaves in every way its kind is known to."""

import email.utils
import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from archive_server import Archive

from skyloom.archives import download, transfer
from skyloom.archives.download import DownloadError, Policy, Session, Wanted, fetch, fetch_all
from skyloom.archives.session import shown
from skyloom.errors import InputError

KEY = "sk-nobody-may-see-this"
CONTENT = np.random.default_rng(1).bytes(300_000)
SHA256 = "sha256:" + hashlib.sha256(CONTENT).hexdigest()
POLICY = Policy(retries=3, timeout=30, slowest=0, backoff=0)
#: For a server that says nothing, or next to nothing.
IMPATIENT = Policy(retries=3, timeout=0.2, slowest=100, backoff=0)


@pytest.fixture
def archive():
    def serve(path, _):
        if path.startswith("/absent"):
            return 404
        return CONTENT[: int(path.rpartition("/")[2] or 0)] if path[1:2].isdigit() else CONTENT

    with Archive(serve, key=KEY) as server:
        yield server


@pytest.fixture
def session():
    return Session("api-key", KEY, "TNG_API_KEY")


@pytest.fixture
def waits(monkeypatch):
    """How long a download would have waited between its attempts."""
    waited = []
    monkeypatch.setattr(download, "time", SimpleNamespace(sleep=waited.append))
    return waited


def whole(path):
    """What a user's `verify` does."""
    if path.read_bytes() != CONTENT:
        raise InputError(f"{path} is not it.")


def test_file_is_fetched_once_and_then_kept(archive, session, tmp_path):
    path = tmp_path / "new" / "file.bin"
    first = fetch(session, archive.url + "/file", path, policy=POLICY)
    again = fetch(session, archive.url + "/file", path, policy=POLICY)
    assert path.read_bytes() == CONTENT and len(archive.asked) == 1
    assert (first.cached, again.cached) == (False, True)
    assert first.sha256 == again.sha256 == SHA256.removeprefix("sha256:")
    assert first.bytes == len(CONTENT)
    assert sorted(p.name for p in path.parent.iterdir()) == [".file.bin.json", "file.bin"]


@pytest.mark.parametrize("damage", ["flipped", "cut", "manifest"])
def test_kept_file_that_has_changed_is_fetched_again(archive, session, tmp_path, damage):
    path = tmp_path / "file.bin"
    fetch(session, archive.url + "/file", path, policy=POLICY)
    if damage == "manifest":
        (tmp_path / ".file.bin.json").write_text("{")
    else:
        path.write_bytes(b"x" + CONTENT[1:] if damage == "flipped" else CONTENT[:-1])
    assert not fetch(session, archive.url + "/file", path, policy=POLICY).cached
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize("known", [{"checksum": SHA256}, {"verify": whole}])
def test_file_put_there_by_hand_counts_if_it_can_be_verified(archive, session, tmp_path, known):
    path = tmp_path / "file.bin"
    path.write_bytes(CONTENT)
    assert fetch(session, archive.url + "/file", path, policy=POLICY, **known).cached
    assert not archive.asked
    path.write_bytes(b"other")
    assert not fetch(session, archive.url + "/file", path, policy=POLICY, **known).cached


PASSING = [500, 502, 503, 504, 408, 429, "truncated", "page", "closed", "slow", "silent", "weak"]


@pytest.mark.parametrize("fault", PASSING, ids=str)
def test_failure_that_may_pass_is_tried_again(archive, session, tmp_path, fault):
    archive.faults["/file"] = [fault]
    timed = fault in ("slow", "silent")
    policy = IMPATIENT._replace(retries=20) if timed else POLICY
    got = fetch(session, archive.url + "/file", tmp_path / "f", verify=whole, policy=policy)
    assert got.path.read_bytes() == CONTENT
    asked = 1 if fault == "weak" else 2
    # A busy machine may be silent for longer than it was given here.
    assert len(archive.asked) >= asked if timed else len(archive.asked) == asked


@pytest.mark.parametrize(
    ("fault", "attempts", "kind", "words"),
    [
        (400, 1, "absent", "answered 400"),
        (404, 1, "absent", "answered 404"),
        (410, 1, "absent", "answered 410"),
        (401, 1, "refused", "answered 401.*check TNG_API_KEY"),
        (403, 1, "refused", "answered 403.*check TNG_API_KEY"),
        (418, 1, "failed", "answered 418"),
        (500, 4, "failed", "answered 500"),
        (504, 4, "failed", "answered 504"),
        ("page", 4, "failed", "wrong content: f is not it"),
        ("silent", 4, "failed", "did not answer in time"),
        ("closed", 4, "failed|unreachable", "broke off|cannot be reached"),
        ("slow", 4, "failed", "more slowly than 100 kB/s over 0.2 s|in time"),
    ],
    ids=str,
)
def test_failure_for_good_is_one_sentence_and_leaves_no_file(
    archive, session, tmp_path, fault, attempts, kind, words
):
    archive.faults["/file"] = [fault] * 10
    policy = IMPATIENT if fault in ("slow", "silent") else POLICY
    with pytest.raises(DownloadError, match=words) as caught:
        fetch(session, archive.url + "/file", tmp_path / "f", verify=whole, policy=policy)
    assert len(archive.asked) == caught.value.attempts == attempts
    assert caught.value.kind in kind.split("|")
    assert f"{archive.url}/file" in str(caught.value) and KEY not in str(caught.value)
    assert not (tmp_path / "f").exists()
    if fault != "slow":
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("how", ["seconds", "date", "nonsense", "past", "digits"])
def test_server_says_how_long_to_wait(archive, session, tmp_path, waits, how):
    asked = {
        "seconds": "7",
        "date": email.utils.formatdate(time.time() + 30, usegmt=True),
        "nonsense": "soon",
        "past": email.utils.formatdate(time.time() - 30, usegmt=True),
        "digits": "9" * 5000,
    }[how]
    archive.faults["/file"] = [("wait", 429, asked)]
    policy = POLICY._replace(backoff=2, longest_wait=100)
    fetch(session, archive.url + "/file", tmp_path / "f", policy=policy)
    expected = {"seconds": 7, "date": 30, "nonsense": 2, "past": 0, "digits": 2}[how]
    assert waits == [pytest.approx(expected, abs=2 if how == "date" else 0)]


def test_server_that_asks_for_more_patience_than_there_is_is_left_alone(
    archive, session, tmp_path, waits
):
    archive.faults["/file"] = [("wait", 429, "86400")]
    with pytest.raises(DownloadError, match="answered 429"):
        fetch(session, archive.url + "/file", tmp_path / "f", policy=POLICY)
    assert waits == [] and len(archive.asked) == 1


def test_waits_double(archive, session, tmp_path, waits):
    archive.faults["/file"] = [503] * 3
    fetch(session, archive.url + "/file", tmp_path / "f", policy=POLICY._replace(backoff=2))
    assert waits == [2, 4, 8]


def test_broken_transfer_goes_on_where_it_broke_off(archive, session, tmp_path):
    archive.faults["/file"] = ["truncated"] * 3
    fetch(session, archive.url + "/file", tmp_path / "f", policy=POLICY)
    ranges = [headers.get("Range") for _, _, headers in archive.asked]
    half = len(CONTENT) // 2
    assert ranges == [None, f"bytes={half}-", f"bytes={half + half // 2}-", ranges[3]]
    assert (tmp_path / "f").read_bytes() == CONTENT
    assert all("If-Range" in headers for _, _, headers in archive.asked[1:])


def test_part_shorter_than_asked_for_is_gone_on_from(archive, session, tmp_path):
    archive.faults["/file"] = ["truncated", "part"]
    fetch(session, archive.url + "/file", tmp_path / "f", policy=POLICY)
    assert (tmp_path / "f").read_bytes() == CONTENT and len(archive.asked) == 3


@pytest.mark.parametrize("address", ["http://[bad/x", "http://localhost:99999/x"])
def test_redirection_to_no_address_is_a_failure_of_its_file_alone(
    archive, session, tmp_path, address
):
    archive.faults["/file"] = [("location", address)]
    files = [Wanted(f"{archive.url}/{name}", tmp_path / name) for name in ("file", "other")]
    outcome = fetch_all(session, files, table=tmp_path / "failed.ecsv", policy=POLICY)
    assert [found.path.name for found in outcome.fetched] == ["other"]
    assert "no usable address" in outcome.failures[0][1].reason


def test_file_that_is_known_to_be_whole_needs_no_lock(archive, session, tmp_path, monkeypatch):
    fetch(session, archive.url + "/file", tmp_path / "f", policy=POLICY)
    monkeypatch.setattr(transfer.Transfer, "locked", None)
    assert fetch(session, archive.url + "/file", tmp_path / "f", policy=POLICY).cached


def test_file_that_changed_between_two_attempts_is_not_stitched_together(session, tmp_path):
    bodies = [bytes(100_000), CONTENT[:90_000]]
    with Archive(lambda *_: bodies[0]) as archive:
        archive.faults["/file"] = ["truncated"]
        with pytest.raises(DownloadError):
            fetch(session, archive.url + "/file", tmp_path / "f", policy=Policy(retries=0))
        bodies.pop(0)
        fetch(session, archive.url + "/file", tmp_path / "f", policy=POLICY)
    assert (tmp_path / "f").read_bytes() == CONTENT[:90_000]


@pytest.mark.parametrize(("known", "resumes"), [({}, False), ({"checksum": SHA256}, True)])
def test_without_a_validator_only_a_checksum_allows_to_go_on(session, tmp_path, known, resumes):
    with Archive(lambda *_: CONTENT) as archive:
        archive.faults["/file"] = ["weak"]
        path = tmp_path / "f"
        (tmp_path / ".part.f").write_bytes(CONTENT[:1000])
        fetch(session, archive.url + "/file", path, policy=POLICY, **known)
        assert ("Range" in archive.asked[0][2]) == resumes
    assert path.read_bytes() == CONTENT


def test_part_of_another_file_does_not_survive_the_checksum(archive, session, tmp_path):
    (tmp_path / ".part.f").write_bytes(b"z" * 1000)
    fetch(session, archive.url + "/file", tmp_path / "f", policy=POLICY, checksum=SHA256)
    assert (tmp_path / "f").read_bytes() == CONTENT and len(archive.asked) == 2


def test_part_longer_than_the_file_is_thrown_away(archive, session, tmp_path):
    (tmp_path / ".part.f").write_bytes(CONTENT + b"more")
    fetch(session, archive.url + "/file", tmp_path / "f", policy=POLICY, checksum=SHA256)
    assert (tmp_path / "f").read_bytes() == CONTENT


KILLED = """
import sys
from skyloom.archives.download import Policy, Session, fetch
fetch(Session("api-key", sys.argv[3]), sys.argv[1], sys.argv[2], policy=Policy(slowest=0))
"""


def test_killed_download_is_resumed_by_the_next_run(archive, session, tmp_path):
    archive.faults["/file"] = ["slow"]
    path, scripts = tmp_path / "f", Path(transfer.__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, archive.url + "/file", path, KEY],
        env={**os.environ, "PYTHONPATH": str(scripts)},
        stderr=subprocess.DEVNULL,
    )
    part = tmp_path / ".part.f"
    while not (part.exists() and part.stat().st_size) and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not path.exists() and part.stat().st_size
    fetch(session, archive.url + "/file", path, policy=POLICY)
    assert archive.asked[-1][2]["Range"].startswith("bytes=")
    assert path.read_bytes() == CONTENT
    assert sorted(p.name for p in tmp_path.iterdir()) == [".f.json", "f"]


def test_two_processes_that_want_one_file_fetch_it_once(archive, session, tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        jobs = [
            pool.submit(
                fetch, session, archive.url + "/file", tmp_path / "f", policy=POLICY, verify=whole
            )
            for _ in range(4)
        ]
        cached = [job.result().cached for job in jobs]
    assert sorted(cached) == [False, True, True, True] and len(archive.asked) == 1


@pytest.mark.parametrize(
    "known",
    [{"checksum": "md5:0"}, {"size": 5}, {"checksum": "sha1:" + hashlib.sha1(b"").hexdigest()}],
)
def test_file_that_is_not_the_published_one_never_takes_its_name(archive, session, tmp_path, known):
    with pytest.raises(DownloadError, match="checksum|5 are expected"):
        fetch(session, archive.url + "/file", tmp_path / "f", policy=POLICY, **known)
    assert list(tmp_path.iterdir()) == [] and len(archive.asked) == 4


@pytest.mark.parametrize("error", [OSError("bad chunk"), RuntimeError("bad chunk"), KeyError("a")])
def test_file_that_cannot_even_be_read_is_wrong_content(archive, session, tmp_path, error):
    def verify(path):
        raise error

    with pytest.raises(DownloadError, match="wrong content: .*(bad chunk|a)"):
        fetch(session, archive.url + "/file", tmp_path / "f", policy=POLICY, verify=verify)
    assert list(tmp_path.iterdir()) == []


def test_key_goes_to_the_archive_and_to_no_other_host(archive, session, tmp_path):
    archive.faults["/file"] = ["redirect"]
    fetch(session, archive.url + "/file", tmp_path / "f", policy=POLICY)
    keys = [(host.split(":")[0], headers.get("api-key")) for host, _, headers in archive.asked]
    assert keys == [("127.0.0.1", KEY), ("localhost", None)]


@pytest.mark.parametrize(
    ("key", "address", "words"),
    [
        (KEY, "http://example.org/file", "TNG_API_KEY would travel in the clear"),
        ("two words", "http://127.0.0.1/", "characters that no key has"),
        ("line\nbreak", "http://127.0.0.1/", "characters that no key has"),
    ],
)
def test_key_is_not_sent_in_the_clear_nor_shown(tmp_path, key, address, words):
    with pytest.raises(InputError, match=words) as caught:
        fetch(Session("api-key", key, "TNG_API_KEY"), address, tmp_path / "f", policy=POLICY)
    assert key not in str(caught.value)


def test_servers_words_are_shown_short_and_without_the_key(session, tmp_path):
    says = json.dumps({"detail": f"no such\nfield for {KEY} " + "x" * 500}).encode()
    with Archive(lambda *_: (400, says)) as archive, pytest.raises(DownloadError) as caught:
        fetch(session, archive.url + "/file", tmp_path / "f", policy=POLICY)
    assert "no such field for ***" in caught.value.reason and len(caught.value.reason) < 250


def test_addresses_are_shown_without_secrets():
    url = "https://user:word@host.org/a/b?Subhalo=SubhaloPos&api_key=s&X-Signature=t&token=u#v"
    assert shown(url) == "https://host.org/a/b?Subhalo=SubhaloPos"


def test_unreachable_server_is_said_to_be(session, tmp_path):
    with pytest.raises(DownloadError, match="cannot be reached") as caught:
        fetch(session, "http://127.0.0.1:9/f", tmp_path / "f", policy=POLICY, remedy="walk")
    assert caught.value.kind == "unreachable" and str(caught.value).endswith("or walk.")


def test_full_disk_is_one_sentence_and_what_came_is_kept(archive, session, tmp_path, monkeypatch):
    def full(self, *_):
        self.part.write_bytes(CONTENT[:1000])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(transfer.Transfer, "_receive", full)
    with pytest.raises(InputError, match="the disk is full: free some space"):
        fetch(session, archive.url + "/file", tmp_path / "f", policy=POLICY)
    assert len(archive.asked) == 1
    assert (tmp_path / ".part.f").read_bytes() == CONTENT[:1000]


def test_folder_that_cannot_be_written_is_named(archive, session, tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(InputError, match=r"taken/f cannot be written .*downloads\.folder"):
        fetch(session, archive.url + "/file", tmp_path / "taken" / "f", policy=POLICY)


def test_a_file_longer_than_any_may_be_is_broken_off_with_the_key_that_allows_it(
    archive, session, tmp_path
):
    policy = POLICY._replace(largest=1e-4)
    with pytest.raises(DownloadError, match=r"longer than 0\.0001 GB: raise downloads\.largest"):
        fetch(session, archive.url + "/300000", tmp_path / "file", policy=policy)
    # Nothing is left of it, and it is asked for once.
    assert [path for path in tmp_path.iterdir() if path.stat().st_size > 1000] == []
    assert len(archive.asked) == 1
    assert fetch(session, archive.url + "/90000", tmp_path / "file", policy=policy).bytes == 90000


@pytest.mark.parametrize("name", [".part.file", ".part.file.lock"])
def test_a_link_in_a_shared_cache_is_not_followed(archive, session, tmp_path, name):
    precious = tmp_path / "precious"
    precious.write_text("mine")
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / name).symlink_to(precious)
    with pytest.raises(InputError, match="is a link"):
        fetch(session, archive.url + "/1000", tmp_path / "cache" / "file", policy=POLICY)
    assert precious.read_text() == "mine"
