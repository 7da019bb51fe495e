"""One kind of image a dataset: coordinates, cameras, energy band, pixel size.

Of each, the kind that most observations have is kept, and images of another are rejected by name;
the document's own kind is kept where half the observations have it, though more have another: a
folder as the archive gives it holds the sum of all cameras beside the single ones. Images that do
not state theirs have no vote and are kept: nothing shows that they differ.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from skyloom.arms.xmm import pixel_grids

#: What stands in a table for what a file does not state.
NOTHING = "-"
#: The document's images: the sum of all cameras between 0.2 and 12 keV on the pipeline's grid of
#: 4 arcsec.
DOCUMENT = {"coordinates": "sky", "camera": "EP", "band": "0.2-12", "pixel_scale": 4.0}
_CAMERAS = {"M1": "MOS1", "M2": "MOS2", "PN": "pn", "EP": "EPIC (all cameras)"}


@dataclass(frozen=True)
class Quality:
    """Something of which a dataset has one kind only."""

    column: str  # of the inventory
    name: str  # as a sentence calls it
    shown: object  # callable: a value and its row, as a sentence has it


def _pixels(value, row):
    unit = "arcsec" if row["coordinates"] in ("sky", NOTHING) else f"in {row['coordinates']}"
    return f"with pixels of {value:.4g} {unit}"


QUALITIES = (
    Quality("coordinates", "kind of coordinates", lambda value, _: f"in {value} coordinates"),
    Quality("camera", "camera", lambda value, _: f"of the camera {_CAMERAS.get(value, value)}"),
    Quality("band", "energy band", lambda value, _: f"of {value} keV"),
    Quality("pixel_scale", "pixel size", _pixels),
)


def band_text(band):
    """An energy band in eV as ``0.5-2`` (keV): edges to 50 eV, whichever channel is the first."""
    return "-".join(f"{round(edge / 50) * 50 / 1000:g}" for edge in band) if band else NOTHING


def _stated(value):
    return value != NOTHING if isinstance(value, str) else math.isfinite(value) and value > 0


def _groups(values):
    """Each stated value's representative: itself, or the smallest of the same pixel size."""
    found = {}
    for value in sorted(set(values)):
        last = next(reversed(found.values()), None)
        near = (
            last is not None and not isinstance(value, str) and pixel_grids.same_scale(last, value)
        )
        found[value] = last if near else value
    return found


def _rank(kind, votes, total, wanted):
    """What the kind to keep has least of: its rank, most important first."""
    if isinstance(kind, str):
        distance = float(kind != wanted)
    else:
        distance = 0.0 if pixel_grids.same_scale(kind, wanted) else abs(math.log(kind / wanted))
    return distance > 0 or 2 * votes < total, -votes, distance, kind


def _one_kind(rows, quality):
    """The rows of the most frequent kind, and the others as (row, reason)."""
    values = [row[quality.column] for row in rows]
    values = [str(value) if isinstance(value, str) else float(value) for value in values]
    group = _groups(value for value in values if _stated(value))
    # Several images of one observation and one kind are one vote: all but one will be rejected.
    votes = Counter(
        kind
        for _, kind in {
            (str(row["obs_id"]), group[value])
            for row, value in zip(rows, values, strict=True)
            if value in group
        }
    )
    if len(votes) < 2:
        return rows, []
    total = len({str(row["obs_id"]) for row in rows})
    common = min(votes, key=lambda kind: _rank(kind, votes[kind], total, DOCUMENT[quality.column]))
    kept, others = [], []
    for row, value in zip(rows, values, strict=True):
        if group.get(value, common) == common:
            kept.append(row)
            continue
        others.append(
            (
                row,
                f"{row['file']} is an image {quality.shown(value, row)}, those of the dataset "
                f"({votes[common]} of {total} observations) are {quality.shown(common, row)}: a "
                f"dataset holds one {quality.name}, so give the others a folder and a run of their "
                "own.",
            )
        )
    return kept, others


def one_of_each(rows: Sequence[dict]) -> tuple[list[dict], list[tuple[dict, str]]]:
    """The images that one dataset can hold together.

    Parameters
    ----------
    rows : sequence of dict
        Of good images: file, obs_id, coordinates, camera, band, pixel_scale.

    Returns
    -------
    kept : list of dict
    others : list of (dict, str)
        With the reason, one sentence.
    """
    others = []
    for quality in QUALITIES:
        rows, unlike = _one_kind(rows, quality)
        others += unlike
    return list(rows), others
