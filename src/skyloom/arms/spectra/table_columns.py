"""Which columns of a table are wavelength, flux and its uncertainty, and in which unit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from astropy import units as astropy_units

from skyloom.arms.spectra import medium as media
from skyloom.errors import InputError

#: Names in lower case, without signs between words, in the order they are looked for.
WAVELENGTHS = ("wavelength", "wave", "lambda", "lam", "wavelengths", "wl", "wav", "wavelen", "awav")
LOGARITHMS = ("loglam", "loglambda", "logwave", "logwavelength")
FLUXES = ("normalizedflux", "normalisedflux", "fluxnorm", "normflux", "flux", "fluxreduced")
FLUXES += ("intensity", "fluxcal", "spectrum", "spec", "fluxdensity")
ERRORS = ("uncertainty", "error", "err", "sigma", "fluxerr", "fluxerror", "errflux", "eflux", "std")
ERRORS += ("errreduced", "noise", "fluxuncertainty")
INVERSE_VARIANCES = ("ivar", "fluxivar", "inversevariance", "invvar")
# What a column's name may say of the medium, before or behind the rest: WAVE_AIR, lambda_vac.
_MEDIA = ("vacuum", "vac", "air")
# Header words that archives use for what is known of a star.
_LABELS = {
    "teff": ("teff", "mteff", "t_eff"),
    "log_g": ("log_g", "logg", "mlogg"),
    "m_h": ("m_h", "feh", "fe_h", "mfeh", "metal"),
    "v_sin_i": ("v_sin_i", "vsini"),
    "v_rot": ("v_rot", "vrot"),
}


@dataclass(frozen=True)
class Raw:
    """What a file holds, in Å but unchecked."""

    wavelength: np.ndarray
    flux: np.ndarray
    uncertainty: np.ndarray | None = None
    medium: media.Medium = media.UNSAID
    known: dict = field(default_factory=dict)
    has_unit: bool = False  # whether the file states that of the wavelengths


def _plain(name):
    return "".join(sign for sign in str(name).lower() if sign.isalnum())


def _first(table, names):
    plain = {_plain(name): name for name in reversed(list(table))}
    return next((plain[name] for name in names if name in plain), None)


def _without_medium(plain):
    for word in _MEDIA:
        for shorter in (plain.removesuffix(word), plain.removeprefix(word)):
            if shorter != plain and shorter:
                return shorter
    return plain


def wavelength_columns(table: Iterable[str]) -> list[str]:
    """Names of the columns of wavelengths or their logarithms, the likeliest first."""
    found = []
    for kinds in (WAVELENGTHS, LOGARITHMS):
        bare = {name: _without_medium(_plain(name)) for name in table if _plain(name) not in kinds}
        for kind in kinds:
            found += [name for name in table if _plain(name) == kind]
        for kind in kinds:
            found += [name for name, plain in bare.items() if plain == kind]
    return found


def wavelength_column(table: Iterable[str]) -> str | None:
    """The name of the column of wavelengths or their logarithms, or None."""
    return next(iter(wavelength_columns(table)), None)


def flux_column(table: Iterable[str]) -> str | None:
    """The name of the column of fluxes, or None."""
    return _first(table, FLUXES)


def pick(
    table: dict[str, np.ndarray],
    units: dict,
    path: str | Path,
    *,
    said: Callable | None = None,
    meta: Mapping | None = None,
) -> Raw:
    """Find the columns of a spectrum.

    Parameters
    ----------
    table : dict of (L,) array
        Numeric columns by name. Where no names are known, the first two are taken.
    units : dict
        Of the columns, as text; "" or absent where the file states none.
    path : str or Path
        For messages.
    said : callable, optional
        From a column's name to what the file says of its medium, and hints at: the arguments of
        `skyloom.arms.spectra.medium.decide`.
    meta : mapping, optional
        Header words, among which known labels are looked for.

    Returns
    -------
    Raw
        Where several columns are wavelengths, in air and in vacuum, of the first whose medium is
        sure.

    Raises
    ------
    InputError
        If there are no two numeric columns, or the unit is no length.
    """
    waves, flux = wavelength_columns(table), flux_column(table)
    names = list(table)
    if not waves and flux is None and len(names) > 1:
        waves, flux = names[:1], names[1]
    if not waves or flux is None:
        raise InputError(
            f"{path} has no columns of wavelength and flux (numeric ones: "
            f"{', '.join(map(str, names)) or 'none'}): name them wavelength and flux."
        )
    decided = {name: _medium(name, units, said) for name in waves}
    wave = next((name for name in waves if decided[name].name), waves[0])
    wavelength = np.asarray(table[wave], np.float64)
    unit = bare_unit(units.get(wave, ""))
    logarithm = _without_medium(_plain(wave)) in LOGARITHMS
    if logarithm:
        with np.errstate(over="ignore"):
            wavelength, unit = 10**wavelength, ""
    return Raw(
        wavelength * angstroms(unit, path),
        np.asarray(table[flux], np.float64),
        _uncertainty(table),
        decided[wave],
        labels(meta or {}),
        has_unit=bool(unit) or logarithm,
    )


def _medium(name, units, said):
    """What a column's name and unit say of its medium, with what else is said of it."""
    stated, hints = said(name) if said else ((), ())
    unit = str(units.get(name, ""))
    own = [(f"the column {name}", media.of_column(name))]
    own += [(f"the unit {unit!r}", media.of_text(unit.replace("_", " ")))]
    return media.decide([*own, *stated], hints)


def bare_unit(unit: str | None) -> str:
    """A unit without the medium that may stand with it: nm of nm_vac, Å of "Å (air)"."""
    return re.sub(r"[\s_(,-]*(vacuum|vac|air)\)?$", "", str(unit or ""), flags=re.IGNORECASE)


def _uncertainty(table):
    """Standard deviations; NaN where a flag stands for one, or an inverse variance of 0.

    None where no point has one: pipelines fill a column of errors that they cannot compute with
    NaN, 0 or -1. Inverse variances that are 0 everywhere say that there is no flux.
    """
    if error := _first(table, ERRORS):
        sigma = np.asarray(table[error], np.float64)
        valid = np.isfinite(sigma) & (sigma > 0)
        return np.where(valid, sigma, np.nan) if valid.any() else None
    if inverse := _first(table, INVERSE_VARIANCES):
        inverse = np.asarray(table[inverse], np.float64)
        good = np.isfinite(inverse) & (inverse > 0)
        return np.where(good, 1 / np.sqrt(np.where(good, inverse, 1)), np.nan)
    return None


def angstroms(unit: str | None, path: str | Path) -> float:
    """How many Å a wavelength unit has; 1 where none is stated.

    Raises
    ------
    InputError
        If the unit is not a length.
    """
    text = str(unit or "").strip().strip("'\"")
    if not text or text.lower() in ("angstrom", "angstroms", "a", "aa", "å", "ang", "0.1 nm"):
        return 1.0
    known = {"nanometers": "nm", "nanometer": "nm", "nanometre": "nm", "microns": "micron"}
    known |= {"micrometer": "um", "µm": "um", "meter": "m", "metre": "m", "meters": "m"}
    try:
        unit = astropy_units.Unit(known.get(text.lower(), text))
        return float(unit.to(astropy_units.AA))
    except (ValueError, TypeError) as error:
        raise InputError(
            f"{path} gives wavelengths in {text!r}, which is no unit of length: convert them to Å."
        ) from error


def labels(header: Mapping) -> dict[str, float]:
    """What header words tell of the star: {label: value}, with Teff from its logarithm too."""
    words = {str(key).lower(): value for key, value in header.items()}
    found = {}
    for label, names in _LABELS.items():
        for name in names:
            if _is_number(words.get(name)):
                found.setdefault(label, float(words[name]))
    if "teff" not in found and _is_number(words.get("mlogt")):
        found["teff"] = 10 ** float(words["mlogt"])
    return found


def _is_number(value):
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return number and bool(np.isfinite(value))
