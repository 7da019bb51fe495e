"""The published runs have every value that the documents print, whatever the demo has."""

import copy
from pathlib import Path

import pytest
import yaml
from miniature import merged

import configuration

with open("config/config.yaml", encoding="utf-8") as file:
    DEMO = yaml.safe_load(file)
with open("config/papers.yaml", encoding="utf-8") as file:
    PAPERS = merged(DEMO, yaml.safe_load(file))

#: By hand: rows of keys, their values and why these; and why others are irrelevant.
TABLE = yaml.safe_load(Path(__file__).with_name("papers_table.yaml").read_text("utf-8"))
STATED = TABLE["printed"] | TABLE["chosen"]
ROWS = [*TABLE["printed"], *TABLE["chosen"], *TABLE["irrelevant"]]


def leaves(part, prefix=""):
    """Dotted names of all values of a configuration; an empty section is one."""
    for name, value in part.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def row_of(key):
    """The longest row that fits a key; None where there is none."""
    fits = [row for row in ROWS if key == row or key.startswith(f"{row}.")]
    return max(fits, key=len, default=None)


def value(config, dotted):
    for name in dotted.split("."):
        config = config[name]
    return config


def wrong(papers):
    """Rows whose printed or chosen value a configuration does not have."""
    return [row for row, (said, _) in STATED.items() if value(papers, row) != said]


def test_every_key_has_a_row_and_every_row_a_key():
    owners = {key: row_of(key) for key in leaves(PAPERS)}
    assert [key for key, row in owners.items() if row is None] == []
    assert set(ROWS) - set(owners.values()) == set()
    assert len(ROWS) == len(set(ROWS))


def test_a_new_key_without_a_row_is_found():
    assert row_of("tng.split.new") == "tng.split"
    for key in ("tng.new", "tng.backbone.new", "new.size", "helium.training.new"):
        assert row_of(key) is None


def test_the_published_runs_have_the_values_that_are_printed_or_chosen():
    assert {row: value(PAPERS, row) for row in wrong(PAPERS)} == {}


def test_whatever_makes_the_demo_small_or_fast_is_set_back():
    """Each of these differs between the two, so that the table cannot hold for want of a demo."""
    small = [row for row, (said, _) in STATED.items() if value(DEMO, row) != said]
    assert set(wrong(DEMO)) == set(small)
    for row in (
        *("tng.grid", "tng.training.epochs", "semantic.training.epochs", "helium.synthetic.teff"),
        *("stellar.synthetic.teff", "sdss.sample", "semantic.datasets.clean", "stellar.members"),
    ):
        assert row in small


@pytest.mark.parametrize(
    ("key", "other"),
    [
        ("tng.grid.bins", 128),
        ("tng.backbone.precision", "bfloat16"),
        ("helium.training.epochs", 40),
        ("xmm.experiments.kernel_5.kernel", 3),
        ("semantic.datasets.noise_05.images.train", 2000),
    ],
)
def test_a_value_of_the_demo_that_is_not_set_back_is_found(key, other):
    papers = copy.deepcopy(PAPERS)
    *path, last = key.split(".")
    value(papers, ".".join(path))[last] = other
    assert [row for row in wrong(papers) if key.startswith(row)] != []


def test_what_is_called_irrelevant_for_want_of_a_simulation_is_so():
    for row, why in TABLE["irrelevant"].items():
        if "source is local" in why:
            assert PAPERS[row.split(".")[0]]["source"] == "local"
    assert PAPERS["tng"]["beyond"] == []
    assert PAPERS["semantic"]["galaxies"]["model"] is None


def test_the_published_runs_are_valid():
    papers = merged(PAPERS, {"tng": {"source": "synthetic"}})
    configuration.check(papers)
