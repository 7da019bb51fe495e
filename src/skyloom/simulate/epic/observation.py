"""One simulated observation: its circumstances, drawn, and its image, rendered.

Each observation has random streams of its own, of the seed and its number, so any part of an
archive is the same whichever part is made, and in any order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skyloom.simulate.epic import defects, geometry, optics, sources
from skyloom.simulate.epic.geometry import CAMERAS

#: Share of images of each class: 4XMM-DR9's numbers of observations (table 1 of the document).
CLASS_COUNTS = (4386, 3484, 1571, 1198, 544, 21)
#: From this many images on, every class has at least one.
LEAST_FOR_ALL = 50
FILTERS = {"Thin1": 0.50, "Medium": 0.43, "Thick": 0.07}
#: Length of an observation: log-normal about the median of 4XMM's exposures, seconds.
EXPOSURE, EXPOSURE_SPREAD, EXPOSURE_LIMITS = 22_000, 0.65, (4_000, 120_000)
_CIRCUMSTANCES, _IMAGE, _ORDER = 1, 2, 3
_X, _Y = geometry.grid()
_VIGNETTING = optics.vignetting(np.hypot(_X, _Y)).astype("f4")
_PIXEL_AREA = (geometry.PIXEL / 60) ** 2


@dataclass(frozen=True)
class Circumstances:
    """What is decided before an image is made."""

    seed: int
    number: int
    obs_class: int
    obs_id: str
    kind: str  # of defect
    share: float  # of the field that it spoils
    contrast: float
    right_ascension: float  # degrees
    declination: float
    position_angle: float
    year: float  # when it was observed
    exposure: dict  # camera -> seconds, 0 where it did not observe
    modes: dict  # camera -> SUBMODE
    filters: dict  # camera -> FILTER
    sky: float  # background relative to the quiet one
    particles: float
    protons: float
    target: float | None  # flux of the source aimed at, 1e-14 erg/cm2/s

    @property
    def longest(self):
        """Longest exposure of the three cameras, which is the header's EXPOSURE, seconds."""
        return max(self.exposure.values())


def class_numbers(images) -> np.ndarray:
    """How many images each class has.

    Shares of table 1 by largest remainder; with `LEAST_FOR_ALL` images or more, a class that would
    have none takes one from the most frequent.

    Returns
    -------
    (6,) int array
    """
    exact = np.array(CLASS_COUNTS) * (images / sum(CLASS_COUNTS))
    numbers = np.floor(exact).astype(int)
    rest = np.argsort(-(exact - numbers), kind="stable")[: images - numbers.sum()]
    numbers[rest] += 1
    if images >= LEAST_FOR_ALL:
        for empty in np.flatnonzero(numbers == 0):
            numbers[empty] += 1
            numbers[np.argmax(numbers)] -= 1
    return numbers


def classes(images, seed):
    """OBS_CLASS of each image, shuffled by the seed: (images,) int array."""
    ordered = np.repeat(np.arange(len(CLASS_COUNTS)), class_numbers(images))
    return np.random.default_rng([seed, _ORDER]).permutation(ordered)


def obs_id(number):
    """Identifier of ten digits; real observations do not begin with 99."""
    return f"99{number:06d}01"


def _choose(shares, random):
    return str(random.choice(list(shares), p=list(shares.values())))


def draw(number: int, obs_class: int, seed: int) -> Circumstances:
    """The circumstances of one observation.

    Parameters
    ----------
    number : int
        From 0.
    obs_class : int
    seed : int

    Returns
    -------
    Circumstances
    """
    random = np.random.default_rng([seed, _CIRCUMSTANCES, number])
    kind, share, contrast = defects.draw_kind(int(obs_class), random)
    length = np.clip(random.lognormal(np.log(EXPOSURE), EXPOSURE_SPREAD), *EXPOSURE_LIMITS)
    exposure = {"mos1": length, "mos2": length * random.uniform(0.98, 1.0)}
    exposure["pn"] = length * random.uniform(0.78, 0.92)
    missing = {camera: random.random() < 0.02 for camera in ("pn", "mos1")}
    mos = {camera: _choose(geometry.MODES["mos"], random) for camera in ("mos1", "mos2")}
    modes = {"pn": _choose(geometry.MODES["pn"], random), **mos}
    # Some kinds of defect need what they appear on: pn's columns, or whole MOS cameras.
    if kind in ("streak", "bright"):
        modes["pn"] = "PrimeFullWindow" if random.random() < 0.7 else "PrimeFullWindowExtended"
        missing["pn"] = False
    if kind == "noise":
        modes.update(mos1="PrimeFullWindow", mos2="PrimeFullWindow")
        missing["mos1"] = False
    has_target = random.random() < 0.7
    target = float(np.exp(random.uniform(np.log(1.0), np.log(12.0)))) if has_target else None
    return Circumstances(
        seed=int(seed),
        number=int(number),
        obs_class=int(obs_class),
        obs_id=obs_id(number),
        kind=kind,
        share=share,
        contrast=contrast,
        right_ascension=float(random.uniform(0, 360)),
        declination=float(np.degrees(np.arcsin(random.uniform(-1, 1)))),
        position_angle=float(random.uniform(0, 360)),
        year=float(random.uniform(2000.1, 2019.1)),
        exposure={
            camera: 0.0 if missing.get(camera) else round(float(exposure[camera]), 3)
            for camera in CAMERAS
        },
        modes=modes,
        filters={camera: _choose(FILTERS, random) for camera in CAMERAS},
        sky=float(random.lognormal(0, 0.25)),
        particles=float(random.lognormal(0, 0.15)),
        # Flares that good time intervals have not removed: none to several times the quiet sky.
        protons=float(random.exponential(0.35)),
        target=target,
    )


@dataclass(frozen=True)
class Rendered:
    """An image before and after the dice."""

    counts: np.ndarray  # (648, 648) int32
    bad: np.ndarray  # (M, M) bool over the working window: the defect's area
    scene: defects.Scene
    added: np.ndarray  # (M, M) mean counts of the defect


def _scene(plan):
    chips, alive, response = {}, {}, {}
    background = np.zeros_like(_X)
    for camera in CAMERAS:
        turn = plan.position_angle + (90 if camera == "mos1" else 0)
        x, y = geometry.turned(_X, _Y, turn)
        chips[camera] = geometry.pn(x, y) if camera == "pn" else geometry.mos(x, y)
        lost = geometry.lost_ccds(camera, plan.year)
        alive[camera] = geometry.exposed(camera, chips[camera], plan.modes[camera], lost)
        if plan.exposure[camera] == 0:
            alive[camera][...] = False
        exposed = np.float32(plan.exposure[camera] * _PIXEL_AREA) * alive[camera]
        response[camera] = np.float32(sources.RESPONSE[camera]) * exposed * _VIGNETTING
        levels = {name: getattr(plan, name) for name in ("sky", "particles", "protons")}
        smooth = sources.background(
            camera, _VIGNETTING, plan.exposure[camera], _PIXEL_AREA, **levels
        )
        background += smooth * alive[camera]
    return defects.Scene(
        x=_X,
        y=_Y,
        response=sum(response.values()),
        background=background,
        chips=chips,
        alive=alive,
        own_response=response,
        modes=plan.modes,
    )


def _point_sources(plan, scene, random):
    """Counts of point sources that fall on exposed pixels: (M, M)."""
    flux, x, y = sources.draw_sources(random, target=plan.target)
    landed = sources.photons(flux, x, y, plan.exposure, random)
    side = len(_X)
    scale, origin = np.float32(60 / geometry.PIXEL), np.float32(side / 2)
    counts = np.zeros(side * side, np.int64)
    for camera, (px, py) in landed.items():
        column = np.floor(px * scale + origin).astype("i4")
        row = np.floor(py * scale + origin).astype("i4")
        inside = (column >= 0) & (column < side) & (row >= 0) & (row < side)
        index = row[inside] * side + column[inside]
        index = index[scene.alive[camera].ravel()[index]]
        counts += np.bincount(index, minlength=side * side)
    return counts.reshape(side, side)


def render(plan: Circumstances) -> Rendered:
    """Make the image of an observation.

    Parameters
    ----------
    plan : Circumstances

    Returns
    -------
    Rendered
    """
    random = np.random.default_rng([plan.seed, _IMAGE, plan.number])
    scene = _scene(plan)
    added, bad = defects.spoil(scene, plan.kind, plan.share, plan.contrast, plan.longest, random)
    mean, field = scene.background + added, scene.background > 0
    window = np.zeros(mean.shape, np.int64)
    window[field] = random.poisson(mean[field])
    window += _point_sources(plan, scene, random)
    counts = np.zeros((geometry.SIDE, geometry.SIDE), np.int32)
    counts[geometry.WINDOW, geometry.WINDOW] = window
    return Rendered(counts, bad, scene, added)


def exposure_map(plan, scene):
    """Effective exposure of each pixel of an image, seconds: (648, 648) float32.

    The cameras' vignetted exposures, weighted by their response.
    """
    weighted = sum(scene.own_response.values()) / (_PIXEL_AREA * sum(sources.RESPONSE.values()))
    full = np.zeros((geometry.SIDE, geometry.SIDE), "f4")
    full[geometry.WINDOW, geometry.WINDOW] = weighted
    return full
