"""What a change of the configuration makes Snakemake run: each key beside a table by hand."""

import json
import os

import changes
import plans
import pytest

pytestmark = pytest.mark.workflow

# What is not built unless somebody asks for it, so that keys of that count too.
ASKED = {
    "tng": [
        *("tng_velocity_edge_on", "tng_matter", "tng_magnetic_field"),
        *("tng_composite_inclined_45", "tng_composite_parquet"),
    ],
    "xmm": ["xmm_predict"],
    "helium": ["helium_predict"],
    "stellar": ["stellar_predict"],
    "sdss": ["sdss_predict"],
}
#: Keys that have one value only, as long as the entry that they are of has no others.
FIXED = {
    "semantic.profiles.sersic.decoder",
    "stellar.networks",
    "tng.channels.dark_matter.statistic",
    "tng.channels.stellar_mass.statistic",
    *(
        f"tng.variants.{name}.kind"
        for name, own in changes.default()["tng"]["variants"].items()
        if "sigma" not in own
    ),
}
PLUGIN = """
import numpy as np

from skyloom.arms.spectra import observed, table_columns

@observed.READERS.register("mine", identify=lambda path, start: path.suffix == ".mine")
def read(path):
    return table_columns.Raw(*np.loadtxt(path, unpack=True), has_unit=True)
"""
VALUES = {path: changes.another(path) for path in changes.leaves(changes.default())}
KEYS = {changes.named(path): path for path, value in VALUES.items() if value is not None}
# Without effect because of other keys' values, not because nobody asks for what they decide.
IDLE = [
    *("tng.external", "tng.attention.patch", "tng.api.simulation", "semantic.grid.subpixels"),
    *("xmm.camera", "xmm.columns.pn", "helium.observation.continuum.order"),
    *("stellar.observation.continuum.high", "downloads.folder", "gpus", "gpu_partition"),
]


def request(path, value):
    """A key's change, with all arms that it can concern."""
    arms = changes.default()["arms"]
    if path[0] in arms:
        # One arm measures galaxies of another.
        arms = ["tng", "semantic"] if path[0] == "tng" else [path[0]]
    before = {"arms": arms}
    targets = ["all", *(name for arm in arms for name in ASKED.get(arm, []))]
    after = changes.changed(before, path, value)
    return {"before": before, "after": after, "targets": targets}


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    """Answers on some keys; each must stand in the table as it is."""
    folder = tmp_path_factory.mktemp("plans")
    (folder / "config").symlink_to(changes.ROOT / "config")
    (folder / "mine.py").write_text(PLUGIN)
    os.environ.setdefault("TNG_API_KEY", "none that is used")

    def answers(changed):
        asked = [request(path, value) for path, value in changed.items()]
        found = plans.ask(asked, folder)
        assert not any("error" in one for one in found), json.dumps(found)[:3000]
        return dict(zip(map(changes.named, changed), found, strict=True))

    return answers


def differences(found):
    """Keys whose plan is another than the table's: found rules, wanted rules."""
    wrong = {}
    for key, answer in found.items():
        said, rules = changes.row(key), answer["changed"]
        wanted = dict(word.partition("*")[::2] for word in said.split())
        if said == "everything":
            right = rules == answer["rerun"]
        else:
            counts = (count in ("", str(rules.get(name))) for name, count in wanted.items())
            right = set(wanted) == set(rules) and all(counts)
        if not right:
            wrong[key] = {"plan": rules, "table": said}
    return wrong


def test_a_key_without_effect_beside_the_others_reruns_nothing(ask):
    found = ask({KEYS[key]: VALUES[KEYS[key]] for key in IDLE})
    assert {key: answer["rerun"] for key, answer in found.items() if answer["rerun"]} == {}


def test_a_file_of_ones_own_reruns_what_reads_the_table_that_it_adds_to(ask):
    assert differences(ask({KEYS["plugins"]: VALUES[KEYS["plugins"]]})) == {}


def test_every_key_of_both_files_has_another_value_or_a_reason():
    assert {changes.named(path) for path, value in VALUES.items() if value is None} == FIXED
    assert set(changes.leaves(changes.published())) <= set(VALUES)


def test_a_list_in_another_order_reruns_what_shows_the_order(ask):
    """Which Snakemake itself does not see where the list is one of inputs."""
    lists = {
        "semantic.trained": {"semantic_evaluate", "semantic_draw_trend"},
        "tng.cases": {"tng_evaluate", "tng_draw_history"},
        "helium.trained": {"spectra_evaluate", "helium_draw_curves"},
        "helium.networks": {"spectra_evaluate", "helium_draw_curves"},
        "sdss.trained.networks": {"sdss_evaluate", "sdss_draw_curves"},
    }
    leaves = changes.leaves(changes.default())
    found = ask({KEYS[key]: leaves[KEYS[key]][::-1] for key in lists})
    for key, rules in lists.items():
        assert rules <= set(found[key]["changed"]), key
        assert not any("train" in rule for rule in found[key]["rerun"]), key


@pytest.mark.long("a plan for each of some five hundred keys")
def test_each_key_reruns_the_rules_of_the_table(ask):
    found = ask({path: VALUES[path] for path in KEYS.values()})
    assert not [answer["loose"] for answer in found.values() if answer["loose"]]
    assert differences(found) == {}
