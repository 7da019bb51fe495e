"""What is true of every arm as a user runs it."""

import pytest
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
