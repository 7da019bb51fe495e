"""What a file is: counts or something else, of which camera, exposure, band and pixels.

The pipeline's names are those of the XMM-Newton Data Files Handbook (section 8, table 37):
P, ten digits of the observation, the instrument (M1, M2, PN, EP for all three), the exposure
(S or U and three digits; X000 for none), six characters of product, one of band, three more. Other
names are those that public scripts give to what SAS and ESAS make of them (``_exp``, ``exp-im``,
``back-im``, ``cheese``).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from astropy import units
from astropy.io import fits

from skyloom.arms.xmm import pixel_grids
from skyloom.errors import InputError

#: Endings of the names of images, in lower case; ``.ftz`` is the pipeline's ``.fits.gz``.
SUFFIXES = (".fits", ".fit", ".fts", ".ftz", ".fits.gz", ".fit.gz", ".fts.gz")
#: What a header calls a camera, and what the pipeline's names do.
CAMERAS = {"MOS1": "M1", "EMOS1": "M1", "MOS2": "M2", "EMOS2": "M2", "EPN": "PN", "EPIC": "EP"}
CAMERAS |= {name: name for name in CAMERAS.values()}

_PIPELINE = re.compile(
    r"[PC]\d{10}(?P<instrument>[A-Z0-9]{2})(?P<exposure>[SUX]\d{3})"
    r"(?P<product>[A-Z0-9_]{6})(?P<band>[A-Z0-9])[A-Z0-9]{3}",
    re.IGNORECASE,
)
_CAMERA = re.compile(
    r"(?<=\d{10})(M1|M2|PN|EP)|(?<![A-Z])(E?MOS1|E?MOS2|EPN|PN|EPIC)", re.IGNORECASE
)
_EXPOSURE = re.compile(r"(?<=M[12]|PN|S[12])[SU]\d{3}(?!\d)|EXP\d{1,3}(?!\d)", re.IGNORECASE)
_BAND = re.compile(r"(?<![\d.])(\d+\.\d+|\d{3,5})-(\d+\.\d+|\d{3,5})(?![\d.]*\d)")

# Sums of cameras or exposures have a name for it and the header of whichever part came first: the
# pipeline's X000, emosaic's and ESAS' usual names, DAXA's subexpALL.
_SUM = re.compile(
    r"(?<![a-z])(merged?|mosaic(ed)?|comb(ined)?|stack(ed)?|sum(med)?)(?![a-z])|subexpall",
    re.IGNORECASE,
)
_MAP_WORD = r"exp_?(osure)?_?map_?"
_EXP_IMAGE = r"(?<![a-z])exp(osure)?[-_]?im(age|g)?"
_EXP_ALONE = r"(?<![a-z])expo?s?(ure)?(?![a-z0-9]|[-_]\d{1,2}(?!\d))"
_COUNTS_WORD = re.compile(r"(obj|fov)[-_]?im|image|img|counts?", re.IGNORECASE)
#: The word by which an image's or a map's name says so, to be taken out before names are compared.
IMAGE_WORD = re.compile(r"(obj|fov)[-_]?im|image_?|img_?|counts?_?", re.IGNORECASE)
EXPOSURE_WORD = re.compile(rf"{_MAP_WORD}|expmp|{_EXP_IMAGE}|{_EXP_ALONE}", re.IGNORECASE)
_BACKGROUND_MAP = re.compile(r"bkg_?map|background_?map", re.IGNORECASE)
_OTHERS = {
    "a mask": re.compile(
        r"(?<!un)(?<!no)(?<!no[-_])(mask(?!ed)|msk(?!y))|cheese(?!d)", re.IGNORECASE
    ),
    "a background": re.compile(
        r"(?<!no)bkg|background|(?<![a-z])(back|bgd?)(?![a-z])|(?<![a-z])(prot|swcx|qpb)[-_]?(im|map|sky)",
        re.IGNORECASE,
    ),
    "a sensitivity map": re.compile(r"sens(itivity)?[-_]?(map|im)", re.IGNORECASE),
    "a count rate": re.compile(
        r"(?<![a-z])rate(?![a-z]|[-_]?(filt|cut|clean))|(?<![a-z])rate[-_]?(map|im)", re.IGNORECASE
    ),
}
# What SAS tasks make that is no image of counts, by the first word of CREATOR.
_TASKS = {
    "eexpmap": "an exposure map",
    "emask": "a mask",
    "immask": "a mask",
    "esplinemap": "a background",
    "ebkgmap": "a background",
    "esensmap": "a sensitivity map",
    "esensitivity": "a sensitivity map",
}
# The pipeline's energy bands by their digit in a name, eV (Data Files Handbook, table 37).
_BANDS = {"1": (200, 500), "2": (500, 1000), "3": (1000, 2000), "4": (2000, 4500)}
_BANDS |= {"5": (4500, 12000), "8": (200, 12000)}
# Other names give it as the energies themselves: 0.50-2.00keV, en0.5_2.0keV.
_KEV = re.compile(
    r"(?:(?<![a-z\d.])|(?<=en))(\d{1,2}(?:\.\d+)?)[-_](\d{1,2}(?:\.\d+)?)[-_]?kev", re.IGNORECASE
)
_CONTENT = re.compile(r"\b(MAP|MASK|BACKGROUND|SENSITIVITY)\b")


@dataclass(frozen=True)
class Said:
    """One thing that a file says of itself in two places; ``""`` where it does not."""

    header: str
    name: str

    def __str__(self):
        return self.header or self.name

    def differs(self, other):
        """The two values if two files differ, or None; like is compared with like if it can be."""
        for one, two in (
            (self.header, other.header),
            (self.name, other.name),
            (str(self), str(other)),
        ):
            if one and two:
                return (one, two) if one != two else None
        return None


@dataclass(frozen=True)
class Stated:
    """What a file says of itself by its header and its name."""

    observation: Said  # ten digits
    camera: Said  # M1, M2, PN, or EP for all three
    exposure: Said  # such as S003
    band: tuple | None  # eV, from and to, by the header alone: names call bands otherwise
    pointing: tuple | None  # degrees, right ascension and declination of the axis
    grid: pixel_grids.Grid


def is_fits(name):
    """Whether a name ends like that of a FITS file."""
    return str(name).lower().endswith(SUFFIXES)


def stem(name):
    """A file's name in lower case, without folder and ending."""
    name = Path(name).name.lower()
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        name = name.removesuffix(suffix)
    return name


def camera_of_name(name):
    """M1, M2, PN or EP where a file's name says it, else ``""``."""
    found = _CAMERA.search(Path(name).name)
    return CAMERAS.get(found[0].upper(), "") if found else ""


def exposure_of_name(name):
    """S003, EXP1 or the like where a file's name says it, else ``""``."""
    pipeline = _PIPELINE.fullmatch(stem(name))
    found = pipeline["exposure"] if pipeline else _EXPOSURE.search(stem(name))
    return (found if isinstance(found, str) else found[0] if found else "").upper()


def band_of_name(name):
    """The energy band where a file's name says it: the pipeline's digit, 0.5-2.0; else ``""``."""
    if pipeline := _PIPELINE.fullmatch(stem(name)):
        return pipeline["band"]
    found = _BAND.search(stem(name))
    return "-".join(f"{float(edge):g}" for edge in found.groups()) if found else ""


def is_exposure_map(name):
    """Whether a name says that the file is an exposure map."""
    own = stem(name)
    if not is_fits(name) or not EXPOSURE_WORD.search(own):
        return False
    # The word alone may stand for one exposure's image: mos1_exp_img.
    sure = re.search(rf"{_MAP_WORD}|expmp|{_EXP_IMAGE}", own)
    return bool(sure) or not _COUNTS_WORD.search(own)


def is_left_out(name):
    """Whether a file is one of the maps that lie beside every image: EXPMAP, OEXPMP, BKGMAP."""
    own = Path(name).name
    pipeline = _PIPELINE.fullmatch(stem(name))
    merged = bool(pipeline) and "expmp" in pipeline["product"].lower()
    known = re.search(_MAP_WORD, own, re.IGNORECASE) or _BACKGROUND_MAP.search(own)
    return is_fits(name) and (merged or bool(known))


def named_band(name):
    """The energy band that a file's name stands for or gives in keV: (from, to) in eV, or None."""
    if pipeline := _PIPELINE.fullmatch(stem(name)):
        return _BANDS.get(pipeline["band"])
    found = _KEV.search(stem(name))
    low, high = (1000 * float(edge) for edge in found.groups()) if found else (0, 0)
    return (low, high) if low < high else None


def check_name(name) -> None:
    """Raise an InputError if a file's name says that it is no EPIC image of counts."""
    if pipeline := _PIPELINE.fullmatch(stem(name)):
        instrument, product = pipeline["instrument"].upper(), pipeline["product"].upper()
        if instrument in ("M1", "M2", "PN", "EP") and product.strip("_").endswith("IMAGE"):
            return
        raise InputError(
            f"{name} is not an EPIC image of counts: its name says product {product} of "
            f"instrument {instrument}."
        )
    what = "an exposure map" if is_exposure_map(name) else None
    for kind, word in _OTHERS.items():
        what = what or (kind if word.search(stem(name)) else None)
    if what:
        raise InputError(
            f"{name} is not an image of counts: its name says that it is {what}; rename it if it "
            "is none."
        )


def _text(value):
    return value.strip() if isinstance(value, str) else ""


@functools.cache
def _unit(stated):
    """BUNIT as an astropy unit, or None where it is missing or none ('Primary Array')."""
    text = re.sub(r"\b(counts?|cts?|photons?)\b", "ct", stated.strip().lower())
    text = re.sub(r"\bsec(ond)?s?\b", "s", text)
    try:
        return units.Unit(text).decompose() if text else None
    except Exception:
        # A damaged unit can fail in more ways than can be foreseen; then it says nothing.
        return None


def check_counts(keyword: Callable, path: str | Path) -> None:
    """Raise an InputError if a header says that its image is not one of EPIC's counts.

    Parameters
    ----------
    keyword : callable
        Value of a keyword by its name, None where there is none.
    path : str or Path
        For the message.
    """
    content = _text(keyword("CONTENT"))
    if found := _CONTENT.search(content.upper()):
        what = "a map" if "MAP" in content.upper().split() else f"a {found[0].lower()}"
        raise InputError(f"{path} is {what} (CONTENT is {content!r}), not an image of counts.")
    creator = _text(keyword("CREATOR"))
    if what := _TASKS.get(creator.split(" ")[0].lower()):
        raise InputError(f"{path} is {what} (CREATOR is {creator!r}), not an image of counts.")
    telescope, instrument = _text(keyword("TELESCOP")), _text(keyword("INSTRUME"))
    if telescope and not re.search("XMM|NEWTON", telescope.upper()):
        raise InputError(f"{path} is of the telescope {telescope} (TELESCOP), not of XMM-Newton.")
    if instrument.upper() == "OM" or instrument.upper().startswith("RGS"):
        raise InputError(f"{path} is of the instrument {instrument} (INSTRUME), not of EPIC.")
    stated = _text(keyword("BUNIT"))
    unit = _unit(stated)
    countable = {units.count, units.photon, units.pixel, units.bin, units.adu, units.electron}
    if unit is not None and not countable >= set(unit.bases):
        raise InputError(f"{path} is in {stated} (BUNIT), not in counts.")


def check_seconds(keyword, path) -> None:
    """Raise an InputError if a header says that its map is in anything but seconds."""
    stated = _text(keyword("BUNIT"))
    unit = _unit(stated)
    if unit is not None and unit != units.s:
        raise InputError(f"{path} is in {stated} (BUNIT), not in seconds.")


def _band(keyword):
    """The range of PI that the data subspace keywords state, eV.

    SAS writes ``DSTYPn = 'PI'`` with ``DSVALn = '500:2000'``, also ``'(1000:2000'`` without the
    lower edge; several hold together.
    """
    low, high = None, None
    for number in range(1, 100):
        kind = _text(keyword(f"DSTYP{number}"))
        if not kind:
            break
        found = re.findall(r"\d+(?:\.\d+)?", _text(keyword(f"DSVAL{number}")))
        if kind.upper() == "PI" and len(found) > 1:
            edges = [float(edge) for edge in found]
            low = max(edges[0], low) if low is not None else edges[0]
            high = min(edges[-1], high) if high is not None else edges[-1]
    return None if low is None else (low, high)


def stated(keyword: Callable, own: Callable, path: str | Path, observation: Said) -> Stated:
    """What a file says of itself.

    Parameters
    ----------
    keyword : callable
        Value of a keyword of the file by its name, None where there is none.
    own : callable
        Likewise of the image's own HDU alone, for its coordinates.
    path : str or Path
    observation : Said

    Returns
    -------
    Stated
    """
    pointing = tuple(pixel_grids.number(keyword(name)) for name in ("RA_PNT", "DEC_PNT"))
    pipeline = _PIPELINE.fullmatch(stem(path))
    exposure = pipeline["exposure"].upper() if pipeline else ""
    camera = camera_of_name(path)
    # What a sum's header says of one part is not true of the whole.
    named = bool(_SUM.search(stem(path)))
    of_cameras = camera == "EP" or (named and not camera)
    exposure = "X000" if named else exposure
    of_exposures = of_cameras or exposure == "X000"
    return Stated(
        observation=observation,
        camera=Said(
            "" if of_cameras else CAMERAS.get(_text(keyword("INSTRUME")).upper(), ""), camera
        ),
        exposure=Said("" if of_exposures else _text(keyword("EXPIDSTR")).upper(), exposure),
        band=_band(keyword),
        pointing=None if None in pointing else pointing,
        grid=pixel_grids.read_grid(own),
    )


def lenient(*headers):
    """The keywords of headers, the first that has one; None for a missing or unreadable one."""

    def keyword(name):
        for header in headers:
            try:
                value = header.get(name)
            except (fits.VerifyError, ValueError, TypeError, OverflowError):
                continue
            if value is not None and not isinstance(value, fits.card.Undefined):
                return value
        return None

    return keyword
