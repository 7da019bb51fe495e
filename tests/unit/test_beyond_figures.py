"""Figures of ensembles, leakage and attention: labelled, honest, with the same bytes twice."""

import figure_axes
import numpy as np
import pytest
from astropy.table import vstack
from test_tng_ensemble import together
from test_tng_leakage import galaxies, predictions

from skyloom.arms.tng import ensemble, leakage
from skyloom.draw import style, tng_attention, tng_ensemble, tng_leakage
from skyloom.explain import attention_statistics

OPTIONS = {"samples": 300, "level": 0.95, "seed": 3}
CASES = ("composite", "mass", "unsharp_3")


def ranked(dead=False):
    tables = together(0, 0.2, 1.5, 1.6, seed_scatter=0.2)
    if dead:
        tables[0]["member_1"] = 4.0
    return *ensemble.summarise(CASES, tables, **OPTIONS), tables


def leaked(cases=("mass",)):
    splits = galaxies()
    for fold in range(leakage.FOLDS):
        splits[f"siblings_{fold}"] = leakage.siblings_split(splits["lineage"], fold, seed=4)
    tables = {name: predictions(split, leak=True) for name, split in splits.items()}
    found = [leakage.measure(case, tables, splits, **OPTIONS) for case in cases]
    return [vstack(list(tables)) for tables in zip(*found, strict=True)]


def looked(count=5):
    rng = np.random.default_rng(1)
    columns = {
        "id": np.array([f"099_{n:07d}" for n in range(count)]),
        "target": np.linspace(5, 3, count),
        "predicted": np.linspace(4.5, 3.5, count),
        "images": rng.integers(0, 256, (count, 64, 64, 3), dtype=np.uint8),
        "scale_factor": np.ones(count),
        "half_mass_radius": np.r_[np.full(count - 1, 10.0), np.nan],
    }
    maps = {"grad_cam": rng.normal(size=(count, 4, 4)), "occlusion": np.zeros((count, 8, 8))}
    mass = rng.uniform(0, 1, (count, 64, 64))
    regions = [attention_statistics.regions(one) for one in mass]
    entries = [
        (
            "mass",
            name,
            attention_statistics.per_galaxy(values, values[None] * -2, regions),
            np.arange(count),
        )
        for name, values in maps.items()
    ]
    table = attention_statistics.summarise(entries, **OPTIONS)
    attributes = {"variant": "mass", "width": 60.0, "hubble": 0.6774, "synthetic": True}
    return columns, maps, table, attributes


FIGURES = {
    "ensemble": (
        lambda: tng_ensemble.ensemble(*ranked(), synthetic=True),
        ("3 cases over 3 seeds", "95 % intervals", "Probability", "Unsharp 3", "one training"),
    ),
    "ensemble without a number": (
        lambda: tng_ensemble.ensemble(*ranked(dead=True), synthetic=True),
        ("r undefined: constant prediction",),
    ),
    "leakage": (
        lambda: tng_leakage.leakage(*leaked(), synthetic=True),
        ("Pearson r", "siblings among", "test images with a sibling", "leakage: +0."),
    ),
    "leakage of two cases": (
        lambda: tng_leakage.leakage(*leaked(("mass", "entropy")), synthetic=True),
        ("Mass. The same test images", "Entropy. Each split on its own test side"),
    ),
    "attention": (
        lambda: tng_attention.attention(*looked()),
        ("10 kpc", "Grad-CAM", "untrained heads", "raises", "[1/yr]", "Occlusion: undefined"),
    ),
    "attention of one galaxy": (lambda: tng_attention.attention(*looked(2)), ("10 kpc",)),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_says_what_it_shows_and_has_the_same_bytes_twice(name, tmp_path):
    make, labels = FIGURES[name]
    files = []
    for number in range(2):
        figure = make()
        paths = [tmp_path / f"{number}.{kind}" for kind in ("png", "pdf")]
        style.save(figure, *paths)
        files.append([path.read_bytes() for path in paths])
    assert files[0] == files[1]
    figure_axes.check(figure, labels)
