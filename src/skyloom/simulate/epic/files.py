"""A synthetic archive: FITS images as the pipeline names and describes them, and their table.

Images are named like the pipeline's merged ones of 0.2 to 12 keV, P<obs_id>EPX000OIMAGE8000. Most
are .FTZ (gzip), some .fits.gz, some plain .fits. Beside the good ones lie a few that cannot be used
(`FLAWS`), so that whoever reads the archive meets them.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from astropy import units
from astropy.io import fits
from astropy.table import Table

from skyloom.arms.xmm.images import SYNTHETIC_KEYWORD
from skyloom.io.files import atomic
from skyloom.prefetch import in_order
from skyloom.simulate.epic import geometry, observation

if TYPE_CHECKING:
    from astropy.io.fits import Header

    from skyloom.prefetch import Pool
    from skyloom.simulate.epic.observation import Circumstances

#: What is wrong with the unusable inputs, in turn.
FLAWS = (
    "no_row",
    "zero_exposure",
    "duplicate",
    "no_counts",
    "truncated",
    "not_a_number",
    "no_exposure",
    "no_image",
    "not_fits",
    "no_class",
)
# What the catalogue calls the cameras, and its columns of their exposures.
_CAMERAS = {"pn": "PN", "mos1": "M1", "mos2": "M2"}
_EXPOSURES = tuple(f"{short}_TEXP" for short in _CAMERAS.values())
# What the pipeline calls the merged image and the map that belongs to it.
_PRODUCTS = {"IMAGE": "OIMAGE", "EXPMAP": "OEXPMP"}
# The bytes depend on it, the archive does not: an image is made when its observation is.
_DATE = "2021-02-25T00:00:00"
_ENDINGS = ("FTZ",) * 7 + ("fits.gz",) * 2 + ("fits",)
_LEVEL = 1


def file_name(plan, *, product="IMAGE", copy=0):
    """Name of an observation's image or, as `product` "EXPMAP", of its exposure map."""
    ending = _ENDINGS[plan.number % len(_ENDINGS)]
    return f"P{plan.obs_id}EPX{copy:03d}{_PRODUCTS[product]}8000.{ending}"


def _date(year):
    """A decimal year as FITS writes dates."""
    start = np.datetime64(f"{int(year)}-01-01T00:00:00")
    return str(start + np.timedelta64(int((year % 1) * 365 * 86400), "s"))


def header(plan: Circumstances) -> Header:
    """Header of an image: the keywords of the pipeline's that say what it is.

    Parameters
    ----------
    plan : `skyloom.simulate.epic.observation.Circumstances`

    Returns
    -------
    astropy.io.fits.Header
    """
    cards = [
        (SYNTHETIC_KEYWORD, True, "simulated by Skyloom: not an observation"),
        ("CREATOR", "skyloom.simulate.epic", "name of code which created this file"),
        ("DATE", _DATE, "fixed, so that files are reproducible"),
        ("TELESCOP", "XMM", "XMM mission"),
        ("INSTRUME", "EPIC", "sum of EPN, EMOS1 and EMOS2"),
        ("OBS_ID", plan.obs_id, "Observation Identifier"),
        ("DATE-OBS", _date(plan.year), "Start time of exposure"),
        ("OBS_MODE", "POINTING", "Observation mode (pointing or slew)"),
        ("OBJECT", f"SYNTHETIC {plan.number}", "Name of observed object"),
        ("DATAMODE", "IMAGING", "Instrument mode (IMAGING or TIMING)"),
        ("FILTER", plan.filters["pn"], "Filter ID of EPN"),
        ("SUBMODE", plan.modes["pn"], "Guest Observer mode of EPN"),
        ("CONTENT", "EPIC IMAGE", "Contents of file"),
        ("HDUCLASS", "OGIP", "Format conforms to OGIP/GSFC conventions"),
        ("HDUCLAS1", "IMAGE", "File contains an Image"),
        ("HDUCLAS2", "TOTAL", "Gross Image"),
        ("DSTYP1", "PI", "data subspace descriptor: name"),
        ("DSUNI1", "CHAN", "data subspace descriptor: units"),
        ("DSVAL1", "200:12000", "0.2-12 keV"),
        ("RADECSYS", "FK5", "World coord. system for this file"),
        ("EQUINOX", 2000.0, "Equinox for sky coordinate x/y axes"),
        ("RA_PNT", plan.right_ascension, "[deg] pointing RA of the optical axis"),
        ("DEC_PNT", plan.declination, "[deg] pointing Dec of the optical axis"),
        ("PA_PNT", plan.position_angle, "[deg] position angle"),
    ]
    degrees = geometry.PIXEL / 3600
    axes = (("RA---TAN", plan.right_ascension, -degrees), ("DEC--TAN", plan.declination, degrees))
    for axis, (kind, value, step) in enumerate(axes, 1):
        cards += [
            (f"CTYPE{axis}", kind, "Coord. type: tangent plane projection"),
            (f"CRPIX{axis}", (geometry.SIDE + 1) / 2, "WCS reference pixel"),
            (f"CRVAL{axis}", value, "[deg] coord. at ref. pixel"),
            (f"CUNIT{axis}", "deg", "Physical units of axis"),
            (f"CDELT{axis}", step, "WCS pixel size (4 arcsec)"),
        ]
    for camera, short in _CAMERAS.items():
        cards += [
            (f"{short}_MODE", plan.modes[camera], f"SUBMODE of {camera}"),
            (f"{short}_FILT", plan.filters[camera], f"FILTER of {camera}"),
            (f"{short}_EXPO", plan.exposure[camera], f"[s] exposure of {camera}"),
        ]
    cards.append(("EXPOSURE", plan.longest, "[s] longest of the cameras' exposures"))
    return fits.Header(cards)


def content(pixels, head, name):
    """The bytes of a FITS file, compressed if its name says so; equal inputs, equal bytes."""
    buffer = io.BytesIO()
    fits.PrimaryHDU(pixels, header=head).writeto(buffer)
    plain = buffer.getvalue()
    return plain if name.endswith(".fits") else gzip.compress(plain, _LEVEL, mtime=0)


def row(plan):
    """The table's row of an observation, with the 4XMM list's names and, last, our own."""
    return {
        "OBS_ID": plan.obs_id,
        "RA": plan.right_ascension,
        "DEC": plan.declination,
        "DATE_OBS": _date(plan.year),
        "TARGET": f"SYNTHETIC {plan.number}",
        "OBS_CLASS": plan.obs_class,
        **{f"{short}_TEXP": plan.exposure[camera] for camera, short in _CAMERAS.items()},
        **{f"{short}_SUBMODE": plan.modes[camera] for camera, short in _CAMERAS.items()},
        **{f"{short}_FILTER": plan.filters[camera] for camera, short in _CAMERAS.items()},
        "DEFECT": plan.kind,
        "BAD_FRACTION": plan.share,
    }


def good(plan, *, with_map=False):
    """The files of one good observation: name -> bytes."""
    rendered, name = observation.render(plan), file_name(plan)
    made = {name: content(rendered.counts, header(plan), name)}
    if with_map:
        head, name = header(plan), file_name(plan, product="EXPMAP")
        head["CONTENT"] = "EPIC EXPOSURE MAP"
        made[name] = content(observation.exposure_map(plan, rendered.scene), head, name)
    return made


def flawed(plan: Circumstances, flaw: str):
    """The file of one input that cannot be used: name -> bytes, empty for "no_image".

    Parameters
    ----------
    plan : Circumstances
        Of an observation beyond the good ones; a duplicate comes with the plan of a good one.
    flaw : str
        One of `FLAWS`.
    """
    head, name = header(plan), file_name(plan, copy=int(flaw == "duplicate"))
    if flaw == "no_image":
        return {}
    if flaw == "not_fits":
        return {name: b"This was a download: 404 Not Found.\n"}
    counts = observation.render(plan).counts
    if flaw == "no_counts":
        counts = np.zeros_like(counts)
    elif flaw == "not_a_number":
        counts = counts.astype("f4")
        counts[counts.shape[0] // 2] = np.nan
    elif flaw == "zero_exposure":
        head["EXPOSURE"] = 0.0
    elif flaw == "no_exposure":
        del head["EXPOSURE"]
    packed = content(counts, head, name)
    return {name: packed[: len(packed) * 2 // 3] if flaw == "truncated" else packed}


def flawed_row(plan, flaw):
    """The table's row of an input that cannot be used, or None where there is none."""
    never = dict.fromkeys(_EXPOSURES, 0.0)
    changes = {"zero_exposure": never, "no_exposure": never, "no_class": {"OBS_CLASS": -1}}
    if flaw in ("no_row", "duplicate"):
        return None
    return row(plan) | changes.get(flaw, {})


def plans(options: dict, seed: int) -> tuple[list[Circumstances], list[tuple[Circumstances, str]]]:
    """Good observations, and flawed ones with what is wrong with each.

    Parameters
    ----------
    options : dict
        ``images`` (good ones) and ``flawed`` (inputs that cannot be used).
    seed : int

    Returns
    -------
    list of Circumstances, list of (Circumstances, str)
    """
    kinds = observation.classes(options["images"], seed)
    fine = [observation.draw(number, kind, seed) for number, kind in enumerate(kinds)]
    wrong = []
    for place in range(options["flawed"]):
        flaw = FLAWS[place % len(FLAWS)]
        number = options["images"] + place
        source = place % len(fine) if flaw == "duplicate" else None
        plan = observation.draw(number, place % 4, seed) if source is None else fine[source]
        wrong.append((plan, flaw))
    return fine, wrong


def write_images(
    folder: str | Path,
    options: dict,
    seed: int,
    *,
    part: int = 0,
    parts: int = 1,
    pool: Pool | None = None,
) -> Iterator[str]:
    """Write every `parts`-th input of an archive.

    Parameters
    ----------
    folder : str or Path
    options : dict
        ``images``, ``flawed``, and ``exposure_maps`` (whether maps lie beside the images).
    seed : int
    part, parts : int
        Files are the same for any number of parts.
    pool : `skyloom.prefetch.Pool`, optional

    Yields
    ------
    str
        Name of each file written.
    """
    fine, wrong = plans(options, seed)
    work = [(plan, None) for plan in fine] + wrong

    def make(item):
        plan, flaw = item
        if flaw is None:
            return good(plan, with_map=options["exposure_maps"])
        return flawed(plan, flaw)

    Path(folder).mkdir(parents=True, exist_ok=True)
    for made in in_order(pool, make, work[part::parts]):
        for name, packed in made.items():
            with atomic(Path(folder) / name) as temporary:
                temporary.write_bytes(packed)
            yield name


def table(options, seed):
    """The table of observations that belongs to an archive, sorted by observation."""
    fine, wrong = plans(options, seed)
    rows = [row(plan) for plan in fine]
    rows += [own for plan, flaw in wrong if (own := flawed_row(plan, flaw))]
    rows.sort(key=lambda own: own["OBS_ID"])
    made = Table(rows, meta={SYNTHETIC_KEYWORD: True, "DATE": _DATE})
    for name in _EXPOSURES:
        made[name].unit = units.s
    return made


def write_table(options, seed, path) -> None:
    """Write the observation table as FITS; equal inputs, equal bytes."""
    with atomic(path) as temporary:
        table(options, seed).write(temporary, format="fits", overwrite=True)
