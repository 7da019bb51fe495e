"""The tutorial's commands from archives, on servers of this machine: `make test-docs`."""

import subprocess
import sys
from pathlib import Path

import miniature
import pytest
import yaml
from archive_server import Archive
from commands import ROOT, files_of, in_page

from skyloom.io import read_table

pytestmark = [
    pytest.mark.workflow,
    pytest.mark.long("whole arms at the size of the tutorial, from servers of this machine"),
]
PAGE = "docs/tutorial.md"


def reader(folder, **overlay):
    """A copy of the project with the tutorial's files; all its configurations are small."""
    project = miniature.Project(folder, {"arms": ["tng"], **overlay})
    for name, text in files_of(PAGE).items():
        (folder / name).write_text(text)
    for path in (folder / "config" / "config.yaml", *map(folder.joinpath, files_of(PAGE))):
        small = miniature.merged(yaml.safe_load(path.read_text()), overlay)
        path.write_text(yaml.safe_dump(small, sort_keys=False))
    return project


def follow(project, needle):
    """Run every command of the tutorial that has these words, in order, as they stand."""
    commands = [c for c in in_page(PAGE) if needle in c and c.startswith("snakemake ")]
    assert commands
    for command in commands:
        code, text = miniature.shell(command, project.folder, TNG_API_KEY="your-key")
        assert code == 0, f"{command}\n{text[-4000:]}"
    return project.folder / "results"


DOWNLOADS = {"folder": "cache", "archives": "mirror.yaml", "retries": 1, "timeout": 20}


def test_first_try_of_tng50_4_ends_with_figures_and_a_table_in_hand(tmp_path):
    from tng_server import TngArchive, addresses

    from skyloom.tng.universe.snapshot import write_snapshot
    from skyloom.tng.universe.tree import write_tree

    universe = {"snapshots": [99], "galaxies": 24, "seed": 20260}
    base = tmp_path / "universe" / "output"
    write_snapshot(base, 99, gas_cells=300, chunks=3, **universe)
    write_tree(base, **universe)
    kept = ("grid", "backbone", "training", "evaluation", "attention")
    small = {key: miniature.MINIATURE["tng"][key] for key in kept}
    project = reader(tmp_path / "reader", downloads=DOWNLOADS, tng=small)
    with Archive(TngArchive(base, name="TNG50-4"), key="your-key") as server:
        text = yaml.safe_dump({"tng": addresses(server.url)})
        (project.folder / "mirror.yaml").write_text(text)
        results = follow(project, "--configfile first.yaml")
    folder = results / "first" / "tng"
    assert (folder / "figures" / "sample.png").stat().st_size > 10_000
    assert len(read_table(folder / "evaluation" / "summary.ecsv")) == 2
    # One snapshot has no siblings: the splits are compared on their own test sides alone.
    leakage = read_table(folder / "evaluation" / "leakage.ecsv")
    assert list(leakage["comparison"]) == ["own_test"]
    # The page's own Python.
    page = (ROOT / PAGE).read_text(encoding="utf-8")
    code = page.split("```python\n")[1].split("```")[0]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project.folder, capture_output=True, text=True
    )
    assert done.returncode == 0 and "composite" in done.stdout, done.stderr


def served_by(arm, overlay, target, tmp_path):
    """What an arm's own simulator wrote: its project."""
    project = miniature.Project(tmp_path / f"{arm}_archive", overlay)
    project.snakemake("--cores", "2", target)
    return project


def test_epic_images_of_the_archive_are_trained_on(tmp_path):
    source = served_by("xmm", miniature.MINIATURE_XMM, "xmm_minmax_sqrt_rebin4", tmp_path)
    archive = source.results / "archive"
    rows = read_table(source.results / "inventory.ecsv")
    images = {str(r["obs_id"]): (archive / "images" / str(r["file"])).read_bytes() for r in rows}
    table = (archive / "observations.fits").read_bytes()
    mini = {key: miniature.MINIATURE_XMM["xmm"][key] for key in ("experiments", "evaluation")}
    small = {"archive": {"observations": None}, **mini}
    project = reader(tmp_path / "reader", downloads=DOWNLOADS, xmm=small)
    serve = Archive(lambda path, query: table if path == "/t" else images.get(query["o"][0], 404))
    with serve as server:
        image = {"address": f"{server.url}/i?o={{observation}}", "file": "P{observation}.FTZ"}
        mirror = {"xmm": {"tables": {"4XMM-DR9": f"{server.url}/t"}, "images": image}}
        (project.folder / "mirror.yaml").write_text(yaml.safe_dump(mirror))
        results = follow(project, "--configfile epic.yaml")
    assert len(read_table(results / "epic" / "xmm" / "evaluation" / "summary.ecsv"))


def test_spectra_of_the_archive_are_classified(tmp_path):
    source = served_by("sdss", miniature.MINIATURE_SDSS, "sdss_images_28", tmp_path)
    archive = source.results / "archive"
    files = {path.name: path for path in (archive / "spectra").rglob("spec-*")}
    mini = {key: miniature.MINIATURE_SDSS["sdss"][key] for key in ("trained", "training")}
    project = reader(tmp_path / "reader", downloads=DOWNLOADS, sdss=mini)
    (project.folder / "wanted.fits").write_bytes((archive / "spAll.fits").read_bytes())

    def serve(path, _):
        name = Path(path).name
        return files[name].read_bytes() if name in files else 404

    with Archive(serve) as server:
        runs = {"runs": ["26", "v5_10_0"], "legacy": "26", "boss": "v5_10_0", "boss_since": 55100}
        release = {"address": f"{server.url}/{{run2d}}/{{plate}}/{{file}}", **runs}
        (project.folder / "mirror.yaml").write_text(yaml.safe_dump({"sdss": {"DR17": release}}))
        results = follow(project, "--configfile spectra.yaml")
    assert len(read_table(results / "spectra" / "sdss" / "evaluation" / "summary.ecsv"))


def test_a_star_gets_its_labels(tmp_path):
    project = reader(tmp_path / "reader", helium=miniature.MINIATURE_HELIUM["helium"])
    lines = [f"{4455 + k * 0.1:.1f} {1 - 0.4 * (abs(k - 165) < 15)}" for k in range(300)]
    (project.folder / "my_star.txt").write_text("\n".join(lines))
    results = follow(project, "my_star.txt")
    assert len(read_table(results / "demo" / "helium" / "observed" / "predictions.ecsv"))
