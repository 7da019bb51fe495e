"""Whether wavelengths are in air or in vacuum: the ways in which files say so, decided here alone.

The two differ by 84 km/s at 4471 Å (Ciddor 1996), so a wrong guess moves every line. Sources of the
words: FITS paper III (Greisen et al. 2006, A&A 446, 747), table 1: WAVE is wavelength in vacuum,
AWAV in air; ESO's science data products standard, 5.2: TUCD ``em.wl`` is vacuum and
``em.wl;obs.atmos`` air (comments of columns contradict each other between ESO's collections, and so
count for less); SDSS' idlspec2d writes VACUUM, desispec AIRORVAC, IRTF's Spextool WAVETYPE.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from skyloom.errors import InputError

AIR, VACUUM = "air", "vacuum"
# Header words whose value is a medium's name, and those that are true for one of the two.
_NAMED = ("AIRORVAC", "AIR_VAC", "AIRVAC", "VACORAIR", "WAVETYPE", "WAVEMED", "WAVEREF", "MEDIUM")
_TRUE_FOR = {"VACUUM": VACUUM, "VACWAVE": VACUUM, "INVACUUM": VACUUM, "ISVACUUM": VACUUM}
_TRUE_FOR |= {"AIRWAVE": AIR, "INAIR": AIR, "ISAIR": AIR}
#: All header words that are looked at.
WORDS = (*_NAMED, *_TRUE_FOR)
_FLAGS = {"t": True, "true": True, "y": True, "yes": True, "1": True}
_FLAGS |= {"f": False, "false": False, "n": False, "no": False, "0": False}
_CARD = re.compile(r"[\W_]*([A-Za-z_-]+)\s*[:=]\s*([^/]*)")
_WAVELENGTH = re.compile(r"wave|lambda|λ", re.IGNORECASE)
_UNSURE = re.compile(r"\b(not|no|non|without|before|never|cannot)\b|n't\b", re.IGNORECASE)


@dataclass(frozen=True)
class Medium:
    """What a file says of its wavelengths' medium.

    Attributes
    ----------
    name : str or None
        `AIR`, `VACUUM`, or None where nothing or two things are said.
    why : str
        What says so, such as "VACUUM = T"; the contradiction where two things are said; empty
        where nothing is.
    """

    name: str | None = None
    why: str = ""


#: Of a file that says nothing.
UNSAID = Medium()


def of_text(value):
    """The medium that words name, or None: "Vacuum", "vac", "in air", "AWAV"."""
    words = re.split(r"[^a-z]+", _text(value).lower())
    found = {VACUUM for word in words if word.startswith("vac")}
    found |= {AIR for word in words if word in ("air", "awav")}
    return found.pop() if len(found) == 1 else None


def of_column(name):
    """The medium that a wavelength column's name tells, such as WAVE_AIR or lambdavac, or None."""
    plain = "".join(sign for sign in str(name).lower() if sign.isalpha())
    if "vac" in plain:
        return VACUUM
    return AIR if "air" in plain or plain.startswith("awav") else None


def of_ctype(value):
    """The medium of an axis by its CTYPE, or None: WAVE and WAVE-LOG are vacuum, AWAV is air."""
    kind = _text(value).strip().upper()
    if (named := of_text(kind.replace("_", " "))) or not re.fullmatch(r"(WAVE|AWAV)(-.*)?", kind):
        return named
    return VACUUM if kind.startswith("WAVE") else AIR


def of_ucd(value):
    """The medium of a column by its UCD, or None."""
    first, *others = _text(value).lower().replace(" ", "").split(";")
    if first != "em.wl":
        return None
    if "obs.atmos" in others:
        return AIR
    return VACUUM if set(others) <= {"meta.main"} else None


def of_header(header: Mapping):
    """What header words say: a list of (what says so, medium).

    Parameters
    ----------
    header : mapping
        Of FITS, ECSV or HDF5; words in any case.
    """
    names = {str(key).upper(): key for key in header}
    said = []
    for name in WORDS:
        if name in names:
            value = header[names[name]]
            medium = of_text(value)
            if medium is None and name in _TRUE_FOR and (flag := _flag(value)) is not None:
                medium = _TRUE_FOR[name] if flag else _other(_TRUE_FOR[name])
            said.append((f"{names[name]} = {_shown(value)}", medium))
    return [one for one in said if one[1]]


def of_remarks(lines: Sequence[str]):
    """What remarks above a table of text say: statements and hints, lists as `of_header` gives.

    Parameters
    ----------
    lines : sequence of str
        ``AIRORVAC = vac`` or ``medium: air`` states it; a line that speaks of wavelengths and of
        one medium hints at it.
    """
    said, hints = [], []
    for line in lines:
        card = _CARD.match(line)
        found = of_header({card[1]: card[2].strip().strip("'\"").strip()}) if card else []
        said += found
        if not found and _WAVELENGTH.search(line) and (medium := of_remark(line)):
            hints.append((repr(" ".join(line.split())[:60]), medium))
    return said, hints


def of_remark(text):
    """The medium that prose names, or None: also where it tells what is not, or a conversion."""
    return None if _UNSURE.search(_text(text)) else of_text(text)


def decide(
    said: Sequence[tuple[str, str | None]], hints: Sequence[tuple[str, str | None]] = ()
) -> Medium:
    """The medium by what is said of it.

    Parameters
    ----------
    said, hints : sequence of (str, str or None)
        What says it, and the medium. Hints count where nothing is said.

    Returns
    -------
    Medium
    """
    for sources in (said, hints):
        found = {}
        for source, medium in sources:
            if medium is not None:
                found.setdefault(medium, source)
        if len(found) == 1:
            return Medium(*next(iter(found.items())))
        if found:
            return Medium(
                None, f"{found[AIR]} says that its wavelengths are in air, {found[VACUUM]} vacuum"
            )
    return UNSAID


def choose(stated: Medium, configured: str, path: str) -> Medium:
    """The medium to work with.

    Parameters
    ----------
    stated : Medium
    configured : 'header', 'air' or 'vacuum'
        The config's word; with 'header', what the file says, and air where it says nothing, which
        is the custom of ground-based optical spectra.
    path : str
        For the message.

    Returns
    -------
    Medium
        Of a name; `why` is "config", "assumed", or what says so.

    Raises
    ------
    InputError
        If the file contradicts itself and the config does not decide.
    """
    if configured in (AIR, VACUUM):
        return Medium(configured, "config")
    if stated.name is None and stated.why:
        raise InputError(
            f"{path}: {stated.why}: correct the file, or set observation.medium to air or vacuum."
        )
    return stated if stated.name else Medium(AIR, "assumed")


def _other(medium):
    return AIR if medium == VACUUM else VACUUM


def _text(value):
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    # HDF5 has texts as arrays too; a keyword without value is an object of its own in astropy.
    value = value.item() if isinstance(value, np.ndarray) and value.size == 1 else value
    return _text(value) if isinstance(value, bytes) else str(value)


def _flag(value):
    """True or False where a value means one: T, 1, 'T', 'yes'; a dewar's pressure does not."""
    if isinstance(value, float | np.floating):
        value = int(value) if value in (0, 1) else ""
    return _FLAGS.get(_text(value).strip().lower())


def _shown(value):
    if isinstance(value, bool | np.bool_):
        return "T" if value else "F"
    return repr(_text(value)) if isinstance(value, str | bytes) else _text(value)
