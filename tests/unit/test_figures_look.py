"""The one look: colour maps that every eye can read, categories that it can tell apart."""

import re
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from PIL import Image

from skyloom.draw import style, thumbnails, workflow_graph

FIGURES = Path(style.__file__).parent
# Machado, Oliveira & Fernandes (2009), severity 1: linear sRGB as a dichromat sees it.
DICHROMATS = {
    "normal": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
               [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
               [-0.011820, 0.042940, 0.968881]],
}  # fmt: skip
_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
     [0.0193339, 0.1191920, 0.9503041]]
)  # fmt: skip


def lab(rgb, sight="normal"):
    """CIE L*a*b* (D65) of sRGB colours (N, 3) in [0, 1], as somebody sees them."""
    rgb = np.asarray(rgb, dtype=float)
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear @ np.transpose(DICHROMATS[sight]), 0, 1)
    t = linear @ _TO_XYZ.T / [0.95047, 1.0, 1.08883]
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = f.T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)


def used():
    """The names of all maps that the figures' code names."""
    words = set(matplotlib.colormaps)
    text = "\n".join(path.read_text() for path in sorted(FIGURES.glob("*.py")))
    return sorted(set(re.findall(r'"(\w+)"', text)) & words)


def test_the_conversion_to_lab_gives_known_colours():
    # Lindbloom's calculator, sRGB red, and white.
    np.testing.assert_allclose(lab([(1, 0, 0)]), [[53.24, 80.09, 67.20]], atol=0.05)
    np.testing.assert_allclose(lab([(1, 1, 1)]), [[100, 0, 0]], atol=0.05)


def test_figures_use_perceptually_uniform_maps_greys_and_one_diverging_map_only():
    uniform = {"viridis", "magma", "inferno", "plasma", "cividis"}
    assert set(used()) - uniform <= {"gray", "gray_r", "RdBu_r", "Blues", "PuOr_r", "grey"}
    assert "jet" not in used()


@pytest.mark.parametrize("sight", DICHROMATS)
@pytest.mark.parametrize("name", ["viridis", "magma", "inferno"])
def test_a_map_of_one_sign_gets_lighter_in_even_steps_for_every_eye(name, sight):
    seen = lab(matplotlib.colormaps[name](np.linspace(0, 1, 64))[:, :3], sight)
    steps = np.diff(seen[:, 0])
    assert steps.min() > 0
    if sight == "normal":
        assert steps.std() < 0.45 * steps.mean()


@pytest.mark.parametrize("sight", DICHROMATS)
def test_the_diverging_map_parts_both_signs_for_every_eye(sight):
    seen = lab(matplotlib.colormaps["RdBu_r"](np.linspace(0, 1, 65))[:, :3], sight)
    assert (np.diff(seen[:33, 0]) > -0.3).all()
    assert (np.diff(seen[32:, 0]) < 0.3).all()
    apart = np.linalg.norm(seen[:25] - seen[::-1][:25], axis=1)
    assert apart.min() > 10


@pytest.mark.parametrize("sight", DICHROMATS)
def test_categories_are_told_apart_by_every_eye(sight):
    names = [style.BLACK, style.BLUE, style.ORANGE, style.GREEN, style.GOLD, style.PINK, style.SKY]
    seen = lab([matplotlib.colors.to_rgb(name) for name in names], sight)
    apart = np.linalg.norm(seen[:, None] - seen[None], axis=2) + 1e3 * np.eye(len(seen))
    assert apart.min() > 10


def test_a_picture_of_a_page_is_small_whatever_it_shows(tmp_path):
    noise = np.random.default_rng(1).integers(0, 255, (600, 900, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    thumbnails.shrink(tmp_path / "noise.png", tmp_path / "a.png", width=500, largest=60_000)
    thumbnails.shrink(tmp_path / "noise.png", tmp_path / "b.png", width=500, largest=60_000)
    assert (tmp_path / "a.png").stat().st_size <= 60_000
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    thumbnails.shrink(tmp_path / "noise.png", tmp_path / "c.png", width=500, largest=10**7)
    assert Image.open(tmp_path / "c.png").size == (500, 333)


def test_the_picture_of_the_rules_merges_figures_and_snapshots_and_leaves_collectors_out():
    dot = """
    0[label = "all", color = "0.0 0.6 0.85", style="rounded"];
    1[label = "tng_simulate_099", color = "0.0 0.6 0.85", style="rounded,dashed"];
    2[label = "tng_simulate_098", color = "0.0 0.6 0.85", style="rounded"];
    3[label = "tng_maps", color = "0.0 0.6 0.85", style="rounded"];
    4[label = "tng_draw_maps", color = "0.0 0.6 0.85", style="rounded"];
    5[label = "tng_draw_ranking", color = "0.0 0.6 0.85", style="rounded"];
    1 -> 3
    2 -> 3
    3 -> 4
    3 -> 5
    4 -> 0
    """
    edges, count = workflow_graph.merged(workflow_graph.parse_rulegraph(dot))
    assert edges == [("tng_maps", "tng_figures"), ("tng_simulate", "tng_maps")]
    assert count == {"tng_simulate": 2, "tng_maps": 1, "tng_figures": 2}
    said = set(
        re.findall(r'label="([^"]+)"', workflow_graph.drawing(workflow_graph.parse_rulegraph(dot)))
    )
    assert said == {*workflow_graph.BANDS, "maps", "simulate (2)", "figures (2)"}
