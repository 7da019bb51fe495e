"""Results after a change of the configuration: those that stay are those of a fresh build."""

import random
from pathlib import Path

import changes
import miniature
import plans
import pytest
import yaml

pytestmark = [pytest.mark.workflow, pytest.mark.long("builds every arm three times")]

ARMS = {
    arm: getattr(miniature, f"MINIATURE_{arm.upper()}", miniature.MINIATURE)
    for arm in ("tng", "semantic", "xmm", "helium", "stellar", "sdss")
}
# Two an arm: drawn among the keys that are no entries' own, most of which nobody asks for.
SEED, DRAWN = 20260, 2
ENTRIES = {"datasets", "experiments", "models", "networks", "variants", "channels", "views"}
GIVEN = {"source", "observed", "spectra", "catalogue", "dataset", "weights"}
# Clocks, and what is drawn or told of them.
TIMED = ("timing.csv", "speed.ecsv", "speed.p*", "optimizers.p*", "index.html", "*.provenance.json")
TIMED_RULES = {"report", "semantic_speed", "semantic_draw_optimizers"}
#: Rules that a drawn key reruns though their results stay as they are.
SAME = {
    # Other files, the same images in them.
    "xmm.blocks": {"xmm_dataset", "xmm_draw_examples", "xmm_draw_stretches", "xmm_statistics"},
    # The size that the images have anyway.
    "xmm.frame.size": {"xmm_inventory", "xmm_compare_published"},
}


def drawn(arm):
    """Keys of an arm with other values that go with its miniature."""
    config = miniature.merged(changes.default(), ARMS[arm])
    kept = []
    paths = [(arm, *path) for path in changes.leaves(config[arm]) if not ENTRIES & set(path[:1])]
    # Another source, or another folder, has no files here.
    paths = [path for path in paths if changes.row(changes.named(path)) and path[-1] not in GIVEN]
    random.Random(f"{SEED} {arm}").shuffle(paths)
    for path in paths:
        value = changes.another(path, config) if len(kept) < DRAWN else None
        if value is not None:
            kept.append((path, value))
    return kept


def digests(folder):
    """Of every result of a run by its name, without what tells of its own making."""
    told = {"logs", "benchmarks", "provenance"}
    return {
        name: value
        for name, value in miniature.digests(folder, "**/*").items()
        if not told & set(Path(name).parts) and not any(map(Path(name).match, TIMED))
    }


@pytest.mark.parametrize("arm", ARMS)
def test_results_after_a_change_are_those_of_a_fresh_build(arm, request, run_once, make_project):
    keys = drawn(arm)
    overlay = ARMS[arm]
    for path, value in keys:
        overlay = changes.with_value(overlay, path, value)
    targets = ["all", "sdss_predict"] if arm == "sdss" else ["all"]
    project = run_once(ARMS[arm], *(targets if arm == "sdss" else ()))
    before = digests(project.folder / "results")
    (project.folder / "mini.yaml").write_text(yaml.safe_dump(overlay))
    project.snakemake("--cores", "2", *targets)
    fresh = make_project(overlay)
    fresh.snakemake("--cores", "2", *targets)
    wanted, after = digests(fresh.folder / "results"), digests(project.folder / "results")
    # What the change has made nobody's stays where it is.
    stale = {name for name in wanted if after.get(name) != wanted[name]}
    assert not stale, (keys, sorted(stale))

    # Each key for itself: what it reruns for its own sake is not what it was.
    asked = [
        {
            "before": ARMS[arm],
            "after": changes.with_value(ARMS[arm], path, value),
            "targets": targets,
        }
        for path, value in keys
    ]
    for (path, _), answer in zip(keys, plans.ask(asked, project.folder), strict=True):
        moved = {
            rule
            for rule, files in answer["made"].items()
            for name in after
            if after[name] != before.get(name) and f"results/{name}".startswith(tuple(files))
        }
        still = set(answer["changed"]) - moved - TIMED_RULES
        assert still == SAME.get(changes.named(path), set()), (path, answer["changed"])
