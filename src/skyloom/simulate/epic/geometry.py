"""Where EPIC's chips lie on the sky: pixels, CCDs, gaps, window modes.

Sizes are those of the XMM-Newton Users' Handbook (sections 3.3.1 to 3.3.3): MOS pixels of 1.1", 7
CCDs of 600x600 pixels; pn pixels of 4.1", 12 CCDs of 64x200 pixels; a field of 30' across. MOS1 and
MOS2 are turned by 90 degrees against each other, and pn is shifted so that the optical axis does
not fall into the gap between its quadrants.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

#: Pixels of an image along each side, and their size in arcsec: 80 sky pixels of 0.05", as in the
#: pipeline's 648x648 images.
SIDE = 648
PIXEL = 4.0
#: Only the middle of an image lies inside the field of view: the pixels that are worked on.
WINDOW = slice(86, 562)
CAMERAS = ("pn", "mos1", "mos2")
#: Radius of the field of view, arcmin.
FIELD_RADIUS = {"pn": 15.0, "mos1": 14.7, "mos2": 14.7}

_MOS_SIDE = 600 * 1.1 / 60
_MOS_PITCH = _MOS_SIDE + 0.20
_PN_WIDTH, _PN_LENGTH = 64 * 4.1 / 60, 200 * 4.1 / 60
_PN_PITCH = _PN_WIDTH + 0.10
# Half the gap between pn's quadrants, and pn's centre from the optical axis, which hits CCD 4.
_PN_HALF_GAP = 0.13
_PN_CENTRE = (-0.95, -1.15)
# Hot columns that pn's pipeline discards in every observation: CCD and position in it (0 to 1).
_PN_DEAD = ((0, 0.72), (3, 0.16), (8, 0.55), (10, 0.87))
# CCD numbers of MOS: column from left to right, row from bottom to top; 3 and 6 are opposite.
_MOS_NUMBER = {-1: (2, 3), 0: (7, 1, 4), 1: (6, 5)}


@dataclass(frozen=True)
class Chips:
    """A camera's CCDs over the working window, flat arrays over its (M, M) pixels."""

    number: np.ndarray  # int8: CCD from 1, 0 where there is none (gap, outside the field)
    across: np.ndarray  # float32 arcmin: position across the readout direction
    along: np.ndarray  # float32 arcmin: position along the readout direction


def grid() -> tuple[np.ndarray, np.ndarray]:
    """Positions of the working window's pixels.

    Returns
    -------
    x, y : (M, M) float32 array
        Arcmin from the optical axis, which is the image's centre.
    """
    indices = np.arange(SIDE)[WINDOW]
    offset = ((indices - (SIDE - 1) / 2) * PIXEL / 60).astype("f4")
    return np.meshgrid(offset, offset)


def turned(x, y, angle):
    """Coordinates in a frame turned by `angle` (degrees, counter-clockwise)."""
    cos, sin = np.float32(np.cos(np.radians(angle))), np.float32(np.sin(np.radians(angle)))
    return x * cos + y * sin, y * cos - x * sin


def mos(x: np.ndarray, y: np.ndarray, *, radius=FIELD_RADIUS["mos1"]) -> Chips:
    """CCDs of a MOS camera in its own frame.

    Parameters
    ----------
    x, y : float32 array
        Arcmin from the axis.

    Returns
    -------
    Chips
        CCD 1 is the middle one; 2 to 7 go around it.
    """
    column = np.rint(x / np.float32(_MOS_PITCH)).astype("i1")
    side = (column != 0).astype("f4")
    # The outer columns hold two CCDs each, half a CCD higher than the middle one's three.
    row = np.rint(y / np.float32(_MOS_PITCH) + side * np.float32(0.5)).astype("i1")
    across = x - column * np.float32(_MOS_PITCH)
    along = y - (row - side * np.float32(0.5)) * np.float32(_MOS_PITCH)
    lookup = np.zeros((7, 7), "i1")
    for place, numbers in _MOS_NUMBER.items():
        first = 0 if place else -1
        for step, number in enumerate(numbers):
            lookup[place, first + step] = number
    number = lookup[np.clip(column, -3, 3), np.clip(row, -3, 3)]
    half = np.float32(_MOS_SIDE / 2)
    inside = (np.abs(across) < half) & (np.abs(along) < half)
    inside &= x * x + y * y < np.float32(radius**2)
    return Chips(np.where(inside, number, 0).astype("i1"), across, along)


def pn(x, y) -> Chips:
    """CCDs of pn in its own frame; 1 to 6 above the middle gap, 7 to 12 below.

    Returns
    -------
    Chips
        `along` counts from the middle of the camera to the readout at its edge.
    """
    px, py = x - np.float32(_PN_CENTRE[0]), y - np.float32(_PN_CENTRE[1])
    # Three CCDs on each side of the gap between the quadrants.
    shifted = np.abs(px) - np.float32(_PN_HALF_GAP)
    third = np.floor(shifted / np.float32(_PN_PITCH)).astype("i1")
    within = shifted - third * np.float32(_PN_PITCH)
    along = np.abs(py) - np.float32(_PN_HALF_GAP)
    inside = (within > 0) & (within < np.float32(_PN_WIDTH)) & (third < 3) & (shifted > 0)
    inside &= (along > 0) & (along < np.float32(_PN_LENGTH))
    inside &= x * x + y * y < np.float32(FIELD_RADIUS["pn"] ** 2)
    column = np.where(px < 0, 2 - third, 3 + third)
    number = 1 + column + 6 * (py < 0)
    for ccd, place in _PN_DEAD:
        inside &= (number != ccd + 1) | (np.abs(within - np.float32(place * _PN_WIDTH)) > 0.034)
    return Chips(np.where(inside, number, 0).astype("i1"), px, along)


#: Science modes by camera: SUBMODE as headers have it, and its share among 4XMM's exposures
#: (rounded from the modes that Webb et al. 2020, A&A 641, A136, section 2, list).
MODES = {
    "pn": {
        "PrimeFullWindow": 0.55,
        "PrimeFullWindowExtended": 0.26,
        "PrimeLargeWindow": 0.07,
        "PrimeSmallWindow": 0.09,
        "FastTiming": 0.03,
    },
    "mos": {
        "PrimeFullWindow": 0.80,
        "PrimePartialW3": 0.06,
        "PrimePartialW2": 0.11,
        "FastUncompressed": 0.03,
    },
}
# Side of the part of MOS CCD 1 that is read in partial windows (300 and 100 pixels), arcmin.
_MOS_WINDOW = {"PrimePartialW3": 300 * 1.1 / 60, "PrimePartialW2": 100 * 1.1 / 60}


def exposed(camera: str, chips: Chips, mode: str, lost: Sequence[int] = ()) -> np.ndarray:
    """Pixels of a camera that take part in an image.

    Parameters
    ----------
    camera : str
    chips : Chips
    mode : str
        A key of `MODES`; timing modes keep no image of their CCD.
    lost : sequence of int
        CCDs that no longer work.

    Returns
    -------
    bool array
    """
    alive = chips.number > 0
    for ccd in lost:
        alive &= chips.number != ccd
    if camera == "pn":
        if mode == "PrimeLargeWindow":
            alive &= chips.along < np.float32(_PN_LENGTH / 2)
        elif mode == "PrimeSmallWindow":
            # 63x64 pixels of CCD 4, the one with the optical axis.
            alive &= (chips.number == 4) & (chips.along < np.float32(64 * 4.1 / 60))
        elif mode == "FastTiming":
            alive[...] = False
        return alive
    if mode in _MOS_WINDOW:
        half = np.float32(_MOS_WINDOW[mode] / 2)
        window = (np.abs(chips.across) < half) & (np.abs(chips.along) < half)
        alive &= (chips.number != 1) | window
    elif mode == "FastUncompressed":
        alive &= chips.number != 1
    return alive


def lost_ccds(camera: str, year: float):
    """CCDs that a camera had lost by then (micrometeoroids hit MOS1 in March 2005, December 2012).

    Parameters
    ----------
    camera : str
    year : float
        For example 2012.95.
    """
    if camera != "mos1":
        return ()
    return tuple(ccd for ccd, since in ((6, 2005.18), (3, 2012.94)) if year >= since)
