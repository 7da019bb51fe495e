"""Which columns of a table are wavelength, flux and its uncertainty, and in which unit."""

from dataclasses import dataclass, field

import numpy as np
from astropy import units as astropy_units

from skyloom.errors import InputError

#: Names in lower case, without signs between words, in the order they are looked for.
WAVELENGTHS = ("wavelength", "wave", "lambda", "lam", "wavelengths", "wl", "wav", "wavelen", "awav")
WAVELENGTHS += ("waveair", "airwave", "lambdaair", "wavelengthair", "wavevac", "wavelengthvac")
LOGARITHMS = ("loglam", "loglambda", "logwave", "logwavelength")
FLUXES = ("normalizedflux", "normalisedflux", "fluxnorm", "normflux", "flux", "fluxreduced")
FLUXES += ("intensity", "fluxcal", "spectrum", "spec", "fluxdensity")
ERRORS = ("uncertainty", "error", "err", "sigma", "fluxerr", "fluxerror", "errflux", "eflux", "std")
ERRORS += ("errreduced", "noise", "fluxuncertainty")
INVERSE_VARIANCES = ("ivar", "fluxivar", "inversevariance", "invvar")
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
    medium: str | None = None
    known: dict = field(default_factory=dict)


def _plain(name):
    return "".join(sign for sign in str(name).lower() if sign.isalnum())


def _first(table, names):
    plain = {_plain(name): name for name in reversed(list(table))}
    return next((plain[name] for name in names if name in plain), None)


def wavelength_column(table):
    """The name of the column of wavelengths or their logarithms, or None."""
    return _first(table, WAVELENGTHS) or _first(table, LOGARITHMS)


def flux_column(table):
    """The name of the column of fluxes, or None."""
    return _first(table, FLUXES)


def pick(table, units, path, *, medium=None, meta=None):
    """Find the columns of a spectrum.

    Parameters
    ----------
    table : dict of (L,) array
        Numeric columns by name. Where no names are known, the first two are taken.
    units : dict
        Of the columns, as text; "" or absent where the file states none.
    path : str or Path
        For messages.
    medium : str, optional
        As the file states it.
    meta : mapping, optional
        Header words, among which known labels are looked for.

    Returns
    -------
    Raw

    Raises
    ------
    InputError
        If there are no two numeric columns, or the unit is no length.
    """
    wave, flux = wavelength_column(table), flux_column(table)
    names = list(table)
    if wave is None and flux is None and len(names) > 1:
        wave, flux = names[:2]
    if wave is None or flux is None:
        raise InputError(
            f"{path} has no columns of wavelength and flux (numeric ones: "
            f"{', '.join(map(str, names)) or 'none'}): name them wavelength and flux."
        )
    wavelength = np.asarray(table[wave], np.float64)
    unit = units.get(wave, "")
    if _plain(wave) in LOGARITHMS:
        wavelength, unit = 10**wavelength, ""
    medium = medium_of(medium) or medium_of(_plain(wave))
    return Raw(
        wavelength * angstroms(unit, path),
        np.asarray(table[flux], np.float64),
        _uncertainty(table),
        medium,
        labels(meta or {}),
    )


def _uncertainty(table):
    """Standard deviations; NaN where an inverse variance of 0 says that there is no flux."""
    if error := _first(table, ERRORS):
        return np.asarray(table[error], np.float64)
    if inverse := _first(table, INVERSE_VARIANCES):
        inverse = np.asarray(table[inverse], np.float64)
        good = inverse > 0
        return np.where(good, 1 / np.sqrt(np.where(good, inverse, 1)), np.nan)
    return None


def angstroms(unit, path):
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


def medium_of(value):
    """'air' or 'vacuum' where a header's word says so, else None."""
    if isinstance(value, bool | np.bool_):
        return "vacuum" if value else "air"
    text = str(value or "").strip().lower()
    if "vac" in text:
        return "vacuum"
    return "air" if "air" in text or text.startswith("awav") or "obs.atmos" in text else None


def labels(header):
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
