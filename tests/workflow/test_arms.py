"""What is true of every arm as a user runs it."""

import itertools
import re
from pathlib import Path

import pytest
import yaml
from miniature import MINIATURE_SEMANTIC

pytestmark = pytest.mark.workflow

FINISHED = ("finished", *(f"finished_{arm}" for arm in ("semantic", "xmm", "helium", "stellar")))


@pytest.mark.parametrize("name", [*FINISHED, "finished_sdss"])
def test_second_run_does_nothing(name, request):
    assert request.getfixturevalue(name).planned() == {}


@pytest.fixture(scope="module")
def fresh(make_project):
    """A project in which nothing was run."""
    return make_project(MINIATURE_SEMANTIC)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["semantic={trained: [claen]}"], "semantic.trained names 'claen'"),
        (["semantic={encoder: {angle: tetha}}"], "Did you mean 'theta'"),
        (["tng={source: local}"], "tng.source is local, so tng.base_path must name the folder"),
        (["tng={grid: {bin: 3}}"], "unknown key 'tng.grid.bin': did you mean 'tng.grid.bins'"),
        (["arms=[xmm]", "xmm={source: local, images: nowhere}"], "xmm.images is 'nowhere'"),
        (["arms=[sdss]", "sdss={source: local, spectra: nowhere}"], "sdss.spectra is 'nowhere'"),
        (["arms=[helium]", "helium={source: local, spectra: nowhere}"], "spectra is 'nowhere'"),
    ],
)
def test_what_cannot_be_is_one_sentence_before_anything_runs(fresh, words, sentence):
    done = fresh.snakemake("-n", "--config", *words, check=False)
    assert done.returncode and sentence in done.stdout
    assert "Traceback" not in done.stdout


def experiments():
    """Targets of all that the degree project trained."""
    published = yaml.safe_load(Path("resources/published/xmm.yaml").read_text(encoding="utf-8"))
    rows = [row for table in published["tables"].values() for row in table["rows"]]
    assert len(rows) == 21
    return [f"xmm_{row['experiment']}_model" for row in rows]


_STRETCHES = ("linear", "log", "sqrt", "power", "sinh", "asinh")
_XMM = itertools.product(("minmax", "zscale"), _STRETCHES, (1, 2, 4))
_NETWORKS = ("inception_v3", "resnet_50", "mnist", "cnn_1d")
_SDSS = itertools.product(_NETWORKS, ("60_40", "70_30", "80_20"))
_SPECTRA = ("", "_model", "_observed", "_clean", "_clean_model", "_snr_100_model")
TARGETS = {
    "tng": [
        *("all", "tng", "tng_composite", "tng_entropy", "tng_gaussian_10", "tng_unsharp_3"),
        *("tng_composite_model", "tng_mass_model", "tng_ensemble", "tng_leakage", "tng_attention"),
        *("tng_velocity", "tng_metallicity", "tng_magnetic_field", "tng_dark_matter"),
        *("tng_composite_edge_on", "tng_matter", "tng_simulation", "report"),
    ],
    "xmm": [*(f"xmm_{one}_{two}_rebin{by}" for one, two, by in _XMM), *experiments()],
    "sdss": [
        *(f"sdss_{network}_{split}_model" for network, split in _SDSS),
        *("sdss", "sdss_model", "sdss_predict", "sdss_images_224", "sdss_spectra"),
    ],
    "helium": [f"helium{name}" for name in _SPECTRA],
    "stellar": [f"stellar{name}" for name in _SPECTRA],
}


@pytest.fixture(scope="module")
def listed(fresh):
    """Lines that list all targets, whichever arms are configured."""
    said = fresh.snakemake("--list-target-rules").stdout
    return re.findall(r"^[\w{}]+(?: \(.*\))?$", said, re.M)


@pytest.mark.parametrize("arm", TARGETS)
def test_every_dataset_model_and_experiment_is_a_target_by_its_name(arm, listed):
    assert set(TARGETS[arm]) - set(re.findall(r"\w+", " ".join(listed))) == set()


def test_targets_are_listed_in_a_hundred_lines_and_each_rule_in_a_line_of_its_own(fresh, listed):
    assert 50 < len(listed) <= 100
    assert any(line.startswith("tng_{dataset} (One dataset ") for line in listed)
    rules = re.findall(r"^\w+", fresh.snakemake("--list-rules").stdout, re.M)
    assert {"tng_unsharp_5", "xmm_minmax_log_rebin2", "tng_maps"} <= {*rules}


def test_what_is_listed_in_a_family_is_planned_by_its_name(fresh):
    for name in ("sdss_images_28_parquet", "xmm_zscale_log_model", "tng_universe"):
        done = fresh.snakemake("-n", name, "--config", "arms=[sdss, xmm, tng]")
        assert re.search(rf"^{name} +1$", done.stdout, re.M)


def test_every_job_that_asks_for_gpus_asks_for_their_partition(fresh):
    words = ("arms=[tng, xmm, sdss, semantic, helium]", "gpus=1", "gpu_partition=fast")
    said = fresh.snakemake("-n", "all", "--config", *words).stdout
    jobs = re.findall(r"rule (\w+):\n((?:    .*\n)+)", said)
    asking = {rule for rule, about in jobs if "gpu=1" in about}
    assert asking == {rule for rule, about in jobs if "slurm_partition=fast" in about}
    assert {"tng_train", "tng_members", "tng_leaks", "tng_explain", "sdss_features"} <= asking


def test_the_universe_alone_is_a_target(fresh):
    planned = set(fresh.planned("tng_universe")) - {"tng_universe"}
    assert "tng_simulate_trees" in planned
    assert all(rule.startswith("tng_simulate_") for rule in planned)
