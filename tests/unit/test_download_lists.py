"""Lists of downloads: one that fails costs no other, and an archive that fails is left alone."""

import numpy as np
import pytest
from archive_server import Archive

from skyloom.archives.download import Policy, Session, Wanted, fetch_all
from skyloom.errors import InputError
from skyloom.io.files import read_table

KEY = "sk-nobody-may-see-this"
CONTENT = np.random.default_rng(1).bytes(30_000)
POLICY = Policy(retries=3, timeout=30, slowest=0, backoff=0)


@pytest.fixture
def archive():
    with Archive(lambda path, _: 404 if "absent" in path else CONTENT, key=KEY) as server:
        yield server


@pytest.fixture
def session():
    return Session("api-key", KEY, "TNG_API_KEY")


def wanted(archive, tmp_path, *names):
    return [Wanted(f"{archive.url}/{name}", tmp_path / name.replace("/", "_")) for name in names]


def test_one_missing_file_does_not_stop_the_others_and_is_listed(archive, session, tmp_path):
    table = tmp_path / "failed.ecsv"
    files = wanted(archive, tmp_path, "a", "absent?token=s", "b")
    outcome = fetch_all(session, files, table=table, policy=POLICY)
    assert [f.path.name for f in outcome.fetched] == ["a", "b"]
    (row,) = read_table(table)
    assert row["file"].endswith("absent?token=s") and row["attempts"] == 1
    assert row["address"] == f"{archive.url}/absent"
    assert row["reason"] == "the server answered 404: Not found."
    with pytest.raises(InputError, match=r"1 of 3 files .* see .*failed\.ecsv: run again"):
        outcome.require(table)
    outcome.require(table, allow=("absent",))


def test_next_run_fetches_just_what_failed_and_removes_the_table(archive, session, tmp_path):
    files, table = wanted(archive, tmp_path, "a", "b", "c"), tmp_path / "failed.ecsv"
    archive.faults["/b"] = [500] * 4
    fetch_all(session, files, table=table, policy=POLICY)
    assert table.exists()
    archive.asked.clear()
    outcome = fetch_all(session, files, table=table, policy=POLICY)
    outcome.require(table)
    assert archive.paths() == ["/b"] and not table.exists()
    assert [f.cached for f in outcome.fetched] == [True, False, True]


def test_refused_key_stops_at_once(archive, tmp_path):
    stranger = Session("api-key", "another", "TNG_API_KEY")
    files, table = wanted(archive, tmp_path, "a", "b", "c"), tmp_path / "failed.ecsv"
    outcome = fetch_all(stranger, files, table=table, policy=POLICY)
    assert len(archive.asked) == 1 and len(outcome.failures) == 3
    assert "check TNG_API_KEY" in outcome.stopped
    assert list(read_table(table)["attempts"]) == [1, 0, 0]
    with pytest.raises(InputError, match="3 of 3 files"):
        outcome.require(table, allow=("absent", "refused", "failed"))


def test_archive_that_shuts_its_door_is_not_taken_for_one_with_gaps(tmp_path):
    with Archive(lambda path, _: CONTENT if path < "/file_03" else 403) as archive:
        names = [f"file_{number:02}" for number in range(40)]
        outcome = fetch_all(
            Session(),
            wanted(archive, tmp_path, *names),
            table=tmp_path / "failed.ecsv",
            policy=POLICY,
        )
        assert len(outcome.fetched) == 3 and outcome.stopped and len(archive.asked) < 30
    with pytest.raises(InputError, match="run again to fetch just those"):
        outcome.require(tmp_path / "failed.ecsv", allow=("absent", "refused"))


def test_archive_that_is_out_of_order_is_left_alone_after_a_while(archive, session, tmp_path):
    names = [f"f{number}" for number in range(30)]
    archive.faults.update({f"/{name}": [503] for name in names})
    policy = POLICY._replace(retries=0)
    outcome = fetch_all(
        session, wanted(archive, tmp_path, *names), table=tmp_path / "t", policy=policy
    )
    assert len(archive.asked) == 20 and outcome.stopped == "the server answered 503"
