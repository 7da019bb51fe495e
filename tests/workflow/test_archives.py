"""Whole arms from archives on this machine: the bytes of a folder, gaps, failures, retries.

The archives serve what the arms' own simulators wrote.
"""

import copy
import hashlib
from pathlib import Path

import pytest
import yaml
from archive_server import Archive
from miniature import MINIATURE_SDSS, MINIATURE_XMM, digest

from skyloom.io.files import read_table

pytestmark = pytest.mark.workflow

KEY = "marked-key-4f1c"


@pytest.fixture
def fetching(make_project):
    """A function that makes a project which fetches from some addresses."""

    def made(overlay, addresses, **changes):
        overlay = copy.deepcopy(overlay)
        arm = overlay["arms"][0]
        overlay[arm] |= {"source": "archive", **changes}
        own = {"folder": "cache", "archives": "archives.yaml", "retries": 0, "timeout": 5}
        project = make_project(overlay | {"downloads": own})
        (project.folder / "archives.yaml").write_text(yaml.safe_dump({arm: addresses}))
        return project

    return made


@pytest.fixture(scope="module")
def simulated_xmm(finished_xmm):
    """A project with an xmm dataset, and its images by observation."""
    table = read_table(finished_xmm.results / "inventory.ecsv")
    folder = finished_xmm.results / "archive" / "images"
    served = {str(row["obs_id"]): (folder / str(row["file"])).read_bytes() for row in table}
    return finished_xmm, served


def xmm_archive(project, served):
    table = (project.results / "archive" / "observations.fits").read_bytes()

    def serve(path, query):
        return table if path == "/list.fits" else served.get(query["obsno"][0], 404)

    return Archive(serve)


def xmm_addresses(server):
    image = {"address": f"{server.url}/aio?obsno={{observation}}", "file": "P{observation}.FTZ"}
    return {"tables": {"4XMM-DR9": f"{server.url}/list.fits"}, "images": image}


def test_images_from_an_archive_give_the_bytes_of_a_folder_and_no_key_goes_along(
    simulated_xmm, fetching, monkeypatch
):
    source, served = simulated_xmm
    monkeypatch.setenv("TNG_API_KEY", KEY)
    with xmm_archive(source, served) as server:
        project = fetching(MINIATURE_XMM, xmm_addresses(server), blocks=2)
        project.snakemake("--cores", "2", "xmm_minmax_sqrt_rebin4")
        asked = len(server.asked)
        assert not any(KEY in str(headers) for _, _, headers in server.asked)
        name = "datasets/minmax_sqrt_rebin4.h5"
        assert digest(project.results / name) == digest(source.results / name)
        missing = read_table(project.results / "missing.ecsv")
        reasons = read_table(project.results / "rejects.ecsv")["reason"]
        assert len(missing)
        for row in missing:
            assert "404" in row["reason"]
            observation = row["file"][1:11]
            assert any(observation in reason and "no image" in reason for reason in reasons)
        # Another run asks for nothing that is there: only the gaps might have been filled.
        project.snakemake(
            "--cores", "2", "xmm_minmax_sqrt_rebin4", "--forcerun", "xmm_fetch_images"
        )
        assert len(server.asked) == asked + len(missing)


def test_a_failure_is_listed_the_run_stops_and_goes_on_with_just_those(simulated_xmm, fetching):
    source, served = simulated_xmm
    wanted = sorted(served)[:6]
    broken = dict.fromkeys(wanted[2:4], 503)
    with xmm_archive(source, served | broken) as server:
        chosen = {"observations": "wanted.txt", "release": "4XMM-DR9"}
        project = fetching(MINIATURE_XMM, xmm_addresses(server), archive=chosen, blocks=1)
        (project.folder / "wanted.txt").write_text("\n".join(wanted))
        done = project.snakemake("--cores", "2", "xmm_none_linear_rebin4", check=False)
        failed = "results/mini/xmm/failed/images_0.ecsv"
        assert done.returncode
        sentence = "2 of 6 files could not be fetched (the server answered 503)"
        assert f"skyloom: {sentence}, see {failed}: run again to fetch just those." in done.stdout
        assert list(read_table(project.folder / failed)["file"]) == [
            f"cache/xmm/images/P{name}.FTZ" for name in wanted[2:4]
        ]
        asked = len(server.asked)
        server.serve = xmm_archive(source, served).serve
        project.snakemake("--cores", "2", "xmm_none_linear_rebin4")
        again = [path for _, path, _ in server.asked[asked:]]
        assert again == [f"/aio?obsno={name}" for name in wanted[2:4]]
        assert not (project.folder / failed).exists()
        assert list(read_table(project.results / "inventory.ecsv")["obs_id"]) == wanted
        assert len(read_table(project.results / "rejects.ecsv")) == 0


@pytest.fixture(scope="module")
def simulated_sdss(finished_sdss):
    """A project with sdss datasets, and its good spectra by their files' names."""
    folder = finished_sdss.results / "archive" / "spectra"
    names = read_table(finished_sdss.results / "inventory.ecsv")["file"]
    served = {Path(str(name)).name: (folder / str(name)).read_bytes() for name in names}
    return finished_sdss, served


def test_spectra_from_an_archive_give_the_bytes_of_a_folder(simulated_sdss, fetching):
    source, served = simulated_sdss
    with Archive(lambda path, query: served.get(Path(path).name, 404)) as server:
        release = {
            "address": f"{server.url}/{{run2d}}/{{plate}}/{{file}}",
            "runs": ["26", "v5_10_0"],
            **{"legacy": "26", "boss": "v5_10_0", "boss_since": 55100},
        }
        project = fetching(MINIATURE_SDSS, {"DR17": release}, catalogue="mine.fits")
        catalogue = source.results / "archive" / "spAll.fits"
        (project.folder / "mine.fits").write_bytes(catalogue.read_bytes())
        project.snakemake("--cores", "2", "sdss_images_28")
    for name in ("datasets/images_28.h5", "sample.ecsv"):
        assert digest(project.results / name) == digest(source.results / name)
    reasons = list(read_table(project.results / "missing.ecsv")["reason"])
    assert reasons and all("404" in reason for reason in reasons)


def test_published_weights_come_checked_and_messages_speak_of_their_own_arm(make_project):
    content = b"weights" * 1000
    project = make_project(MINIATURE_SDSS)
    with Archive(lambda path, query: content if path == "/resnet.h5" else 404) as server:
        path = project.folder / "resources" / "weights.yaml"
        weights = yaml.safe_load(path.read_text())
        fact = {"md5": hashlib.md5(content).hexdigest(), "bytes": len(content)}
        weights["resnet_50"] |= {"url": f"{server.url}/resnet.h5", **fact}
        weights["inception_v3"] |= {"url": f"{server.url}/gone.h5"}
        path.write_text(yaml.safe_dump(weights))
        folder = Path("resources/downloads/weights")
        project.snakemake("--cores", "2", str(folder / "resnet_50.h5"))
        assert (project.folder / folder / "resnet_50.h5").read_bytes() == content
        done = project.snakemake("--cores", "2", str(folder / "inception_v3.h5"), check=False)
    assert done.returncode and "the server answered 404" in done.stdout
    sentence = next(line for line in done.stdout.splitlines() if line.startswith("skyloom: "))
    assert "sdss.networks" in sentence and "tng" not in sentence


@pytest.mark.parametrize(
    ("overlay", "changes", "words"),
    [
        (MINIATURE_SDSS, {}, "sdss.catalogue must name"),
        (MINIATURE_XMM, {"exposure": "map"}, "xmm.exposure is map"),
    ],
    ids=["sdss without a catalogue", "xmm with maps that no archive has"],
)
def test_contradictory_configurations_are_named_before_anything_runs(
    fetching, overlay, changes, words
):
    done = fetching(overlay, {}, **changes).snakemake("-n", check=False)
    assert done.returncode and words in done.stdout
