"""Licence, citation, changelog and catalogue entry agree with each other and with the code."""

import re
import tomllib
from pathlib import Path

import yaml

import skyloom
from skyloom import crate, export_card
from skyloom.arms import ARMS

CITATION = yaml.safe_load(Path("CITATION.cff").read_text(encoding="utf-8"))
# Types of references of the Citation File Format 1.2.0 that are used here.
TYPES = {"article", "thesis", "generic", "software"}


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
        assert {"notes", "year", "journal", "volume", "issue", "doi", "start", "thesis-type"} >= (
            set(entry) - {"type", "title", "authors"}
        )
    assert all(re.fullmatch(r"10\.\d+/\S+", e["doi"]) for e in CITATION["references"] if "doi" in e)


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
    usage = yaml.safe_load(Path(".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert usage["software-stack-deployment"]["conda"] is True and usage["report"] is True
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
