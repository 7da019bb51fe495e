"""Licence, citation, changelog and catalogue entry agree with each other and with the code."""

import re
import tomllib
from pathlib import Path

import yaml

import skyloom
from skyloom import export_card
from skyloom.arms.registry import ARMS
from skyloom.record import crate

CITATION = yaml.safe_load(Path("CITATION.cff").read_text(encoding="utf-8"))
# Types of references of the Citation File Format 1.2.0 that are used here.
TYPES = {"article", "thesis", "generic", "slides"}
#: What an article, a thesis or a set of slides may say of itself there.
FIELDS = {
    "notes",
    "year",
    "journal",
    "volume",
    "issue",
    "doi",
    "start",
    "end",
    "thesis-type",
    "url",
}
FIELDS |= {"url", "repository-code"}


def test_the_citation_has_what_the_format_asks_for():
    assert CITATION["cff-version"] == "1.2.0"
    assert all(CITATION[key] for key in ("message", "title", "authors"))
    assert CITATION["type"] in {"software", "dataset"}
    for entry in [CITATION, *CITATION["references"]]:
        for person in entry["authors"]:
            # A person has a family name, an entity a name; nothing else is allowed beside.
            assert set(person) in ({"name"}, {"family-names", "given-names"})
    for entry in CITATION["references"]:
        assert entry["type"] in TYPES and entry["title"]
        assert set(entry) - {"type", "title", "authors"} <= FIELDS
    assert all(re.fullmatch(r"10\.\d+/\S+", e["doi"]) for e in CITATION["references"] if "doi" in e)


def test_the_citation_has_the_study_of_every_arm_and_its_archives_release():
    notes = [entry["notes"] for entry in CITATION["references"]]
    for arm in ARMS:
        assert sum(f"The study that the {arm} arm follows" in note for note in notes) == 1
    given = {entry.get("doi", ""): entry for entry in CITATION["references"]}
    for release, names in (("4XMM-DR9", "Webb"), ("DR12", "Alam"), ("DR17", "Abdurro'uf")):
        (entry,) = (entry for entry in given.values() if release in entry["notes"])
        assert names in str(entry["authors"][0])
    # The releases that the default configuration fetches are among them.
    config = yaml.safe_load(Path("config/config.yaml").read_text())
    for arm in ("xmm", "sdss"):
        release = config[arm]["archive"]["release"]
        assert any(release in note and f"({arm})" in note for note in notes)


def test_every_file_names_the_same_version_and_licence():
    project = tomllib.loads(Path("pyproject.toml").read_text())
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "skyloom.__version__"}
    changes = Path("CHANGELOG.md").read_text()
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d\d-\d\d$", changes, re.M)
    assert skyloom.__version__ == CITATION["version"] == released[0]
    assert Path("LICENSE").read_text().startswith("MIT License")
    assert CITATION["license"] == "MIT" and "MIT" in crate._LICENCE
    assert "MIT" in export_card.LICENCE[True] and "MIT" not in export_card.LICENCE[False]


def test_the_changelog_keeps_to_its_form():
    lines = Path("CHANGELOG.md").read_text().splitlines()
    assert lines[0] == "# Changelog"
    headings = [line for line in lines if line.startswith("## ")]
    assert headings[0] == "## [Unreleased]"
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert {line[4:] for line in lines if line.startswith("### ")} <= kinds


def test_the_catalogue_finds_the_standard_layout():
    # Its rules: snakemake/snakemake-workflow-catalog, source/docs/about/adding_workflows.md, and
    # what its scripts read, scripts/generate-catalog.py.
    usage = yaml.safe_load(Path(".snakemake-workflow-catalog.yml").read_text())["usage"]
    deployment = usage["software-stack-deployment"]
    assert deployment["conda"] is True and usage["report"] is deployment["report"] is True
    assert set(usage) == {"mandatory-flags", "software-stack-deployment", "report"}
    assert set(deployment) == {"conda", "apptainer", "apptainer+conda", "report"}
    assert set(usage["mandatory-flags"]) == {"desc", "flags"}
    readme = Path("README.md").read_text(encoding="utf-8").lower()
    assert "snakemake" in readme and "workflow" in readme
    # Right below the folder, not deeper.
    assert [*Path("workflow/rules").glob("*.smk")]
    assert Path("workflow/schemas/config.schema.yaml").is_file()
    for path in ("workflow/Snakefile", "config/config.yaml", "config/README.md", "README.md"):
        assert Path(path).is_file()
    used = {
        path
        for file in Path("workflow/rules").rglob("*.smk")
        for path in re.findall(r'"(?:\.\./)+(envs/[^"]+)"', file.read_text())
    }
    assert used == {"envs/skyloom.yaml"} and Path("envs/skyloom.yaml").is_file()
    assert set(yaml.safe_load(Path("envs/skyloom.yaml").read_text())) == {
        "name",
        "channels",
        "dependencies",
    }


def test_every_arm_has_a_card():
    arms = yaml.safe_load(Path("config/config.yaml").read_text())["arms"]
    assert list(ARMS) == arms
