"""Defects of EPIC images, and the share of the field of view that each spoils.

A defect is a surface brightness D (counts a pixel, up to a factor) on top of a smooth background B.
The people who screen 4XMM mark where they see it (Webb et al. 2020, A&A 641, A136); here the bad
area is where D exceeds a contrast c times B. OBS_CLASS limits the bad area's share f of the exposed
pixels, so the factor follows from f: with t the (f N)-th largest D / B of the field's N pixels, it
is c / t. A larger share of one kind is thus a brighter or wider defect, and within a class its
appearance varies with c and the shape. Shares are drawn log-uniformly within a class, contrasts
within `CONTRASTS`, whose lower ends are lost in the noise of short exposures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from skyloom.simulate.epic import optics, sources
from skyloom.simulate.epic.geometry import FIELD_RADIUS

#: Limits of each class's bad area as a share of the field (table 1 of the document).
LIMITS = {0: (0, 0), 1: (0, 1e-3), 2: (1e-3, 1e-2), 3: (1e-2, 0.1), 4: (0.1, 1), 5: (1, 1)}
# Shares are drawn a little inside the limits, from some 20 pixels up, so that none is on the line.
_DRAWN = {1: (1.5e-4, 9.5e-4), 2: (1.1e-3, 9.5e-3), 3: (1.1e-2, 0.095), 4: (0.105, 0.95)}
#: Kinds and how often each makes an image of a class: small areas are faint extended emission, hot
#: columns and short arcs; large ones need something that reaches over the field.
KINDS = {
    0: {"none": 1.0},
    1: {"diffuse": 0.45, "columns": 0.35, "arcs": 0.20},
    2: {"diffuse": 0.30, "columns": 0.15, "arcs": 0.25, "streak": 0.20, "bright": 0.10},
    3: {"diffuse": 0.25, "arcs": 0.25, "streak": 0.15, "bright": 0.25, "noise": 0.10},
    4: {"diffuse": 0.35, "arcs": 0.15, "bright": 0.25, "noise": 0.25},
    5: {"diffuse": 1.0},
}
#: Largest share that a kind can spoil: a streak is one CCD's columns, a noisy camera one of three.
LARGEST = {"columns": 6e-3, "streak": 0.016, "arcs": 0.35, "noise": 0.6, "bright": 0.7}
#: Contrast to the background at the bad area's edge; inside it a defect is brighter.
CONTRASTS = {
    "diffuse": (0.25, 0.7),
    "arcs": (0.4, 3.0),
    "streak": (0.4, 2.0),
    "columns": (0.8, 5.0),
    "noise": (0.25, 1.5),
    "bright": (0.5, 1.0),
}
#: Share of pn's photons that are read while they are shifted, by mode (Users' Handbook, table 2).
OUT_OF_TIME = {"PrimeFullWindow": 0.063, "PrimeFullWindowExtended": 0.023}
#: Kinds with an edge, which end where their bad area does.
SHARP = ("arcs", "columns", "noise")
#: Kinds that are compared with the field's mean background: electronics, not light.
ELECTRONIC = ("columns", "noise")
#: Counts/s in a 4" pixel at which pile-up has taken half of a source's core (order of magnitude of
#: the handbook's pile-up limits, 2 to 6 counts/s over a source).
PILE_UP = 0.8
_FIELD_AREA = math.pi * FIELD_RADIUS["pn"] ** 2


@dataclass(frozen=True)
class Scene:
    """What a defect is drawn on: arrays over the working window."""

    x: np.ndarray  # arcmin
    y: np.ndarray
    response: np.ndarray  # counts a pixel of all cameras for a unit of sky brightness
    background: np.ndarray  # mean counts a pixel, 0 where nothing is exposed
    chips: dict  # camera -> geometry.Chips
    alive: dict  # camera -> bool: pixels that are exposed
    own_response: dict  # camera -> counts a pixel for a unit of sky brightness
    modes: dict  # camera -> SUBMODE


def draw_kind(obs_class, random) -> tuple[str, float, float]:
    """Kind, share of the field and contrast of one image's defect.

    Returns
    -------
    kind : str
    share, contrast : float
        0 for class 0, 1 for class 5.
    """
    names = sorted(KINDS[obs_class])
    kind = str(random.choice(names, p=[KINDS[obs_class][name] for name in names]))
    if kind == "none":
        return kind, 0.0, 0.0
    share = 1.0
    if obs_class in _DRAWN:
        low, high = _DRAWN[obs_class]
        share = _log_uniform(low, min(high, LARGEST.get(kind, high)), random)
    return kind, share, _log_uniform(*CONTRASTS[kind], random)


def _log_uniform(low, high, random):
    return float(np.exp(random.uniform(np.log(low), np.log(high))))


def scaled(shape, background, share, contrast):
    """Brightness and bad area of a defect of a given shape.

    Parameters
    ----------
    shape : array
        D up to a factor, counts a pixel; at least 0.
    background : array
        B, 0 outside the field.
    share, contrast : float
        See the module.

    Returns
    -------
    added : array
        Mean counts a pixel.
    bad : bool array
        ``round(share * N)`` pixels (at least one) of the N in the field; fewer where the shape
        itself reaches fewer.
    """
    field = np.flatnonzero(background > 0)
    ratio = shape.ravel()[field] / background.ravel()[field]
    wanted = int(np.clip(round(share * len(field)), 1, max(np.count_nonzero(ratio), 1)))
    order = np.argpartition(-ratio, wanted - 1)[:wanted]
    bad = np.zeros(background.size, bool)
    bad[field[order]] = True
    limit = float(ratio[order].min())
    return shape * np.float32(contrast / limit), bad.reshape(background.shape)


def _somewhere(radius, random):
    r, angle = radius * math.sqrt(random.random()), random.uniform(0, 2 * math.pi)
    return r * math.cos(angle), r * math.sin(angle)


def diffuse(scene, share, random):
    """Hot gas of a cluster or a remnant: an elliptical beta model; share 1 fills the field."""
    radius = math.sqrt(share * _FIELD_AREA / math.pi)
    core = max(radius / random.uniform(0.8, 2.5), 0.1)
    centre = _somewhere(9.0 if share < 0.2 else 4.0, random)
    ratio, angle = random.uniform(0.6, 1.0), random.uniform(0, 180)
    return scene.response * sources.beta_model(scene.x, scene.y, centre, core, ratio, angle)


def arcs(scene, share, random):
    """Light of a source outside the field that only one of the mirrors' two surfaces reflected.

    Concentric, sharp-edged arcs about the source, 0.4 to 1 degree away, the brighter the nearer to
    the field's edge on its side (Users' Handbook, section 3.2.4.3).
    """
    distance, azimuth = random.uniform(24, 60), random.uniform(0, 2 * math.pi)
    away = np.float32(distance * math.cos(azimuth)), np.float32(distance * math.sin(azimuth))
    # Small areas are one or two short arcs, large ones many long ones; none is thinner than 4".
    few = share < 2e-3
    number = int(random.integers(1, 3)) if few else int(random.integers(3, 6 + 60 * share))
    opening = random.uniform(3, 9) if share < 0.01 else random.uniform(9, 16)  # arcmin along an arc
    opening = min(opening, share * _FIELD_AREA / (number * 1.2 * 0.07))
    width = share * _FIELD_AREA / (number * 1.2 * opening)
    spacing = max(random.uniform(0.4, 0.9), 1.7 * width)
    first = distance - random.uniform(9, 14)
    reach = max(3.0, 0.6 * number * spacing)
    dx, dy = scene.x - away[0], scene.y - away[1]
    radius = np.sqrt(dx * dx + dy * dy)
    # Position along the arcs, in arcmin from the line that joins source and axis, and off by some.
    along = (dy * away[0] - dx * away[1]) / np.float32(distance) - random.uniform(-5, 5)
    shape = np.zeros_like(radius)
    for place in range(number):
        middle = first + place * spacing + random.normal(0, 0.15 * spacing)
        steep = ((radius - np.float32(middle)) / np.float32(width)) ** 2
        strength = math.exp(-(middle - first) / reach) * random.uniform(0.6, 1.2)
        np.add(shape, np.float32(strength) * np.exp(-np.minimum(steep * steep, 80)), out=shape)
    edge = (along / np.float32(opening)) ** 2
    shape *= np.exp(-np.minimum(edge * edge * edge, 80))
    return scene.response * shape


def _line_profile(across):
    """The King profile summed along one direction, in arcmin, for a peak of 1."""
    core = optics.CORE_RADIUS / 60
    norm = core * math.sqrt(math.pi) * math.gamma(optics.SLOPE - 0.5) / math.gamma(optics.SLOPE)
    return np.float32(norm) * (1 + (across / np.float32(core)) ** 2) ** np.float32(
        0.5 - optics.SLOPE
    )


def _column_of(scene, position):
    """Index of the window's exposed pn pixel nearest to a position (arcmin)."""
    alive = np.flatnonzero(scene.alive["pn"])
    distance = (scene.x.ravel()[alive] - np.float32(position[0])) ** 2
    distance += (scene.y.ravel()[alive] - np.float32(position[1])) ** 2
    return alive[int(np.argmin(distance))]


def _smeared(scene, position, widening=1.0):
    """Out-of-time events of a source in pn: its CCD's columns, uniformly along the readout."""
    chips, here = scene.chips["pn"], _column_of(scene, position)
    across = (chips.across - chips.across.ravel()[here]) / np.float32(widening)
    same = scene.alive["pn"] & (chips.number == chips.number.ravel()[here])
    return _line_profile(across) * same


def streak(scene, share, random):
    """Out-of-time events of a bright source that itself is beyond the part of the CCD kept."""
    width = random.uniform(1.0, 2.0) * max(1.0, share / 0.004)
    return _smeared(scene, _somewhere(11.0, random), width)


def columns(scene, share, random):
    """Hot columns of one CCD, one to four next to each other, over a part of its length."""
    pixels = share * _FIELD_AREA / (4 / 60) ** 2
    wide = int(random.integers(1, 5))
    camera = str(random.choice([name for name in sorted(scene.alive) if scene.alive[name].any()]))
    chips, alive = scene.chips[camera], scene.alive[camera]
    here = int(random.choice(np.flatnonzero(alive)))
    across = np.abs(chips.across - chips.across.ravel()[here])
    along = np.abs(chips.along - chips.along.ravel()[here])
    same = alive & (chips.number == chips.number.ravel()[here])
    # As many columns as it takes when the CCD is not long enough.
    wide = max(wide, math.ceil(pixels * 4 / 60 / 8.0))
    length = 1.2 * pixels / wide * 4 / 60
    fall = np.maximum(across / np.float32(wide * 2 / 60), along / np.float32(length / 2))
    shape = np.exp(-np.minimum(fall, 1.0) * np.float32(0.2)) * (fall < 1.6)
    return shape.astype("f4") * same


def noise(scene, share, random):
    """CCDs of a MOS camera, or a part of one, in an anomalous state: more low-energy events.

    Kuntz & Snowden (2008, A&A 478, 575) find CCDs 4 and 5 of MOS1, 2 and 5 of MOS2 most often so.
    """
    camera = str(random.choice(["mos1", "mos2"]))
    chips, alive = scene.chips[camera], scene.alive[camera]
    likely = {"mos1": [4, 5], "mos2": [5, 2]}[camera]
    others = [int(ccd) for ccd in random.permutation([1, 2, 3, 4, 5, 6, 7]) if ccd not in likely]
    wanted = share * np.count_nonzero(scene.background > 0)
    noisy, reached = np.zeros(alive.shape, bool), 0
    for ccd in likely + others:
        if reached >= wanted:
            break
        noisy |= alive & (chips.number == ccd)
        reached = np.count_nonzero(noisy)
    # Towards one side there are more; a share less than a CCD's is a strip at that side.
    slope = np.float32(random.uniform(0.02, 0.12) * random.choice([-1, 1]))
    return np.exp(slope * chips.along) * noisy


def bright(scene, share, random):
    """A source that saturates: PSF wings, the spider's arms, and pn's out-of-time events.

    Returns the counts before pile-up; see `piled_up`.
    """
    position = _somewhere(6.0, random)
    wings = optics.king(scene.x, scene.y, position)
    dx, dy = scene.x - np.float32(position[0]), scene.y - np.float32(position[1])
    # The spider that holds the mirror shells has 16 arms.
    arms = np.cos(16 * np.arctan2(dy, dx) + np.float32(random.uniform(0, 2 * math.pi)))
    wings *= 1 + np.float32(0.35) * arms * (dx * dx + dy * dy > np.float32(0.1))
    smeared = np.float32(OUT_OF_TIME[scene.modes["pn"]] / 13.67) * _smeared(scene, position)
    at_source = scene.own_response["pn"].ravel()[_column_of(scene, position)]
    return scene.response * wings + at_source * smeared


def piled_up(counts: np.ndarray, exposure: float):
    """Counts of a source after pile-up: its core turns into a hole.

    Parameters
    ----------
    counts : array
        Mean counts a pixel without pile-up.
    exposure : float
        Seconds.
    """
    rate = counts / np.float32(exposure * PILE_UP)
    return counts / (1 + rate * np.sqrt(rate))


def spoil(
    scene: Scene,
    kind: str,
    share: float,
    contrast: float,
    exposure: float,
    random: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """A defect in a scene.

    Parameters
    ----------
    scene : Scene
    kind : str
        A key of `SHAPES`, or "none".
    share, contrast : float
        As `draw_kind` gives them.
    exposure : float
        The longest of the cameras', seconds.
    random : numpy.random.Generator

    Returns
    -------
    added : (M, M) array
        Mean counts a pixel.
    bad : (M, M) bool array
    """
    if kind == "none":
        return np.zeros_like(scene.background), np.zeros(scene.background.shape, bool)
    shape, reference = SHAPES[kind](scene, share, random), scene.background
    if kind in ELECTRONIC:
        field = scene.background > 0
        reference = field * scene.background[field].mean()
    added, bad = scaled(shape, reference, share, contrast)
    if kind in SHARP:
        added = added * bad
    return (piled_up(added, exposure) if kind == "bright" else added), bad


SHAPES = {
    "diffuse": diffuse,
    "arcs": arcs,
    "streak": streak,
    "columns": columns,
    "noise": noise,
    "bright": bright,
}
