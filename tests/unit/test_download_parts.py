"""Parts of files: a part is never taken for the whole, nor put behind another file's beginning."""

import hashlib

import numpy as np
import pytest
from archive_server import Archive

from skyloom.archives import responses
from skyloom.archives.download import DownloadError, Policy, Session, fetch
from skyloom.io.files import write_json

CONTENT = np.random.default_rng(2).bytes(60_000)
ALL, HALF = len(CONTENT), len(CONTENT) // 2
TAG = f'"{hashlib.sha256(CONTENT).hexdigest()[:16]}"'
SHA256 = "sha256:" + hashlib.sha256(CONTENT).hexdigest()
PATIENT, ONCE = Policy(retries=4, slowest=0, backoff=0), Policy(retries=0, slowest=0)
MULTIPART = "multipart/byteranges; boundary=x"


@pytest.fixture
def archive():
    with Archive(lambda *_: CONTENT) as server:
        yield server


@pytest.fixture
def get(archive, tmp_path):
    """Fetch the file, whose answers have those faults first."""

    def fetched(*faults, policy=PATIENT, **known):
        archive.faults["/file"] = list(faults)
        return fetch(Session(), f"{archive.url}/file", tmp_path / "f", policy=policy, **known)

    return fetched


def answer(status, first, last, *, said=None, lengths=None, **others):
    """Bytes first to last, with a Content-Range `said` and their length, or other `lengths`."""
    lengths = (last - first,) if lengths is None else lengths
    headers = [("Content-Length", str(length)) for length in lengths]
    headers += [("Content-Range", said)] if said else []
    headers += [(name.replace("_", "-"), value) for name, value in others.items()]
    return ("as", status, headers, first, last)


# Answers to a request for the whole file that bring half of it.
UNASKED = {
    "a part": answer(206, 0, HALF, said=f"bytes 0-{HALF - 1}/{ALL}"),
    "a part from the middle": answer(206, HALF, ALL, said=f"bytes {HALF}-{ALL - 1}/{ALL}"),
    "a part of unknown size": answer(206, 0, HALF, said=f"bytes 0-{HALF - 1}/*"),
    "a part that calls itself whole": answer(206, 0, HALF, said=f"bytes 0-{HALF - 1}/{HALF}"),
    "a part without its range": answer(206, 0, HALF),
    "several parts": answer(206, 0, HALF, Content_Type=MULTIPART),
    "200 with the range of a part": answer(200, 0, HALF, said=f"bytes 0-{HALF - 1}/{ALL}"),
    "200 from the middle": answer(200, HALF, ALL, said=f"bytes {HALF}-{ALL - 1}/{ALL}"),
    "two lengths": answer(200, 0, HALF, lengths=(str(HALF), str(ALL))),
    "a length in words": answer(200, 0, HALF, lengths=("many",)),
    "a negative length": answer(200, 0, HALF, lengths=("-1",)),
    "a length of 5000 digits": answer(200, 0, HALF, lengths=("9" * 5000,)),
    "203, changed on the way": answer(203, 0, HALF),
    "204, no content": answer(204, 0, 0),
    "416, unasked": answer(416, 0, 0, said=f"bytes */{ALL}"),
}


@pytest.mark.parametrize("name", UNASKED)
def test_answer_that_is_not_the_whole_file_is_never_taken_for_it(get, tmp_path, name):
    with pytest.raises(DownloadError) as caught:
        get(*[UNASKED[name]] * 9)
    assert "could not be fetched" in str(caught.value) and "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a part", "several parts", "200 with the range of a part"])
def test_whole_file_is_had_from_a_server_that_once_sent_a_part_unasked(get, name):
    assert get(UNASKED[name]).path.read_bytes() == CONTENT


# Answers to a request for the second half that must not be put behind the first.
REST = f"bytes {HALF}-{ALL - 1}/{ALL}"
WRONG = {
    "from the beginning": answer(206, 0, HALF, said=f"bytes 0-{HALF - 1}/{ALL}"),
    "one byte early": answer(206, HALF - 1, ALL, said=f"bytes {HALF - 1}-{ALL - 1}/{ALL}"),
    "one byte late": answer(206, HALF + 1, ALL, said=f"bytes {HALF + 1}-{ALL - 1}/{ALL}"),
    "no range": answer(206, HALF, ALL),
    "a range in other units": answer(206, HALF, ALL, said=f"lines {HALF}-{ALL - 1}/{ALL}"),
    "half a range": answer(206, HALF, ALL, said=f"bytes {HALF}-/{ALL}"),
    "a range that ends before it begins": answer(206, HALF, ALL, said=f"bytes {HALF}-5/{ALL}"),
    "a range beyond the end": answer(206, HALF, ALL, said=f"bytes {HALF}-{ALL}/{ALL}"),
    "a range of 5000 digits": answer(206, HALF, ALL, said=f"bytes {HALF}-{'9' * 5000}/{ALL}"),
    "another size": answer(206, HALF, ALL - 9, said=f"bytes {HALF}-{ALL - 10}/{ALL - 9}"),
    "another file's bytes": answer(206, HALF, ALL, said=REST, ETag='"another"'),
    "a length that is not the range's": answer(206, HALF, ALL, said=REST, lengths=("5",)),
    "several parts": answer(206, HALF, ALL, Content_Type=MULTIPART),
    "several parts and a range": answer(206, HALF, ALL, said=REST, Content_Type=MULTIPART),
    "more than the range": answer(206, HALF - 9, ALL, said=REST, lengths=()),
    "the whole file": answer(200, 0, ALL, ETag=TAG),
    "not satisfiable": answer(416, 0, 0, said=f"bytes */{ALL}"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_part_begins_the_file_anew(get, archive, name):
    assert get("truncated", WRONG[name]).path.read_bytes() == CONTENT
    assert "Range" in archive.asked[1][2]


@pytest.mark.parametrize("name", sorted({*WRONG} - {"the whole file"}))
def test_wrong_part_leaves_nothing_to_go_on_from(get, tmp_path, name):
    for fault in ("truncated", WRONG[name]):
        with pytest.raises(DownloadError):
            get(fault, policy=ONCE)
    assert list(tmp_path.iterdir()) == []


RIGHT = {
    "as asked": answer(206, HALF, ALL, said=REST),
    "with its tag": answer(206, HALF, ALL, said=REST, ETag=TAG),
    "without a length": answer(206, HALF, ALL, said=REST, lengths=()),
    "of a size that is not said again": answer(206, HALF, ALL, said=f"bytes {HALF}-{ALL - 1}/*"),
    "in capitals": answer(206, HALF, ALL, said=REST.replace("bytes", "Bytes")),
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_part_is_put_behind_what_had_come(get, archive, name):
    assert get("truncated", RIGHT[name]).path.read_bytes() == CONTENT
    assert len(archive.asked) == 2


def test_part_of_unknown_size_that_is_too_short_is_gone_on_from(get, archive):
    part = answer(206, HALF, HALF + 9, said=f"bytes {HALF}-{HALF + 8}/*", ETag=TAG)
    assert get("truncated", part).path.read_bytes() == CONTENT
    assert archive.asked[2][2]["Range"] == f"bytes={HALF + 9}-"


def test_part_of_a_file_of_which_nobody_knows_the_size_is_not_the_rest(get, archive, tmp_path):
    (tmp_path / ".part.f").write_bytes(CONTENT[:HALF])
    notes = {"address": f"{archive.url}/file", "validator": TAG, "total": None}
    write_json(notes, tmp_path / ".part.f.json")
    part = answer(206, HALF, HALF + 9, said=f"bytes {HALF}-{HALF + 8}/*", ETag=TAG)
    assert get(part).path.read_bytes() == CONTENT
    assert "Range" in archive.asked[0][2] and "Range" not in archive.asked[1][2]


def test_file_of_unknown_size_is_fetched(get):
    assert get("no-length").path.read_bytes() == CONTENT


def test_file_that_changed_by_its_date_alone_is_begun_anew(get):
    old, new = "Mon, 05 Jan 2026 00:00:00 GMT", "Tue, 06 Jan 2026 00:00:00 GMT"
    now = "Wed, 07 Jan 2026 00:00:00 GMT"
    first = answer(200, 0, HALF, lengths=(str(ALL),), Last_Modified=old, Date=now)
    other = answer(206, HALF, ALL, said=REST, Last_Modified=new)
    assert get(first, other).path.read_bytes() == CONTENT


def test_checksum_is_enough_to_go_on_with_a_part_of_unknown_size(get, tmp_path):
    (tmp_path / ".part.f").write_bytes(CONTENT[:HALF])
    got = get(answer(206, HALF, ALL, said=f"bytes {HALF}-{ALL - 1}/*"), checksum=SHA256)
    assert got.path.read_bytes() == CONTENT


@pytest.mark.parametrize("notes", ["{", "[]", '{"validator": 5, "total": []}', '{"total": 1}'])
def test_damaged_notes_of_a_part_begin_the_file_anew(get, archive, tmp_path, notes):
    with pytest.raises(DownloadError):
        get("truncated", policy=ONCE)
    (tmp_path / ".part.f.json").write_text(notes)
    assert get().path.read_bytes() == CONTENT and "Range" not in archive.asked[1][2]


def test_equal_lengths_that_were_put_together_are_one():
    assert responses.coming(200, {"Content-Length": "5, 5"}, 0) == (0, 5, 5)
    assert responses.coming(200, {}, 0) == (0, None, None)
    whole = {"Content-Length": "5", "Content-Range": "bytes 0-4/5"}
    assert responses.coming(200, whole, 0) == (0, 5, 5)
