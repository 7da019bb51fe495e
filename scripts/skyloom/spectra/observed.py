"""Observed spectra as archives and observers keep them: text, ECSV, FITS tables, 1D FITS images.

Whatever is wrong with a file is an `skyloom.errors.InputError` of one sentence.
"""

import gzip
import re
import warnings
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from astropy.table import Table

from skyloom.errors import InputError
from skyloom.spectra import columns, observed_fits

_GZIP = b"\x1f\x8b"
_COMMENT = ("#", "%", ";", "!", "//")
_ENDINGS = re.compile(r"\.(gz|ftz|dat|txt|csv|tsv|asc|ascii|ecsv|fits?|fts)$", re.IGNORECASE)
# The names that label their star: the helium paper's files, our stellar ones, and MILES'.
_NUMBER = r"([+-]?\d+(?:\.\d+)?)"
_MILES = re.compile(rf"lt{_NUMBER}_lg{_NUMBER}_fe{_NUMBER}", re.IGNORECASE)
_HELIUM = re.compile(r"(?:^|_)t(\d{4,6})g(\d{2})v(\d+)(?!\d)", re.IGNORECASE)
_STELLAR = re.compile(r"(?:^|_)t(\d{4,6})g(\d{2})m([+-]\d{2})v(\d+)(?!\d)", re.IGNORECASE)


@dataclass(frozen=True)
class Spectrum:
    """One observed spectrum, as its file has it but in Å and by increasing wavelength."""

    wavelength: np.ndarray  # (L,) float64, Å, in the file's medium
    flux: np.ndarray  # (L,) float64, any unit; NaN where the file has none
    uncertainty: np.ndarray | None  # (L,) standard deviations; NaN where there is no valid flux
    medium: str | None  # "air" or "vacuum" where the file says so
    name: str  # the file's name without its endings
    known: dict = field(default_factory=dict)  # label: value, where name or header tell
    path: str = ""


def read(path):
    """Read one spectrum.

    Parameters
    ----------
    path : str or Path
        Text of two or more columns (separated by blanks, tabs, commas or semicolons; comments and
        header lines are passed over, names in the last of them are used), ECSV, or FITS: a table
        with columns of wavelength (or its logarithm to base 10) and flux, one row a pixel or all
        in one row, or an image of one dimension with a linear or logarithmic wavelength axis. Any
        of them may be gzip-compressed.

    Returns
    -------
    Spectrum

    Raises
    ------
    InputError
        One sentence: missing, empty, truncated, no such columns, wavelengths that are unsorted,
        occur twice or are not in Å (a unit in the file is converted).
    """
    path = Path(path)
    content = _content(path)
    if content.startswith(b"SIMPLE  ="):
        raw = observed_fits.read(content, path)
    else:
        raw = _read_text(content, path)
    wavelength, flux, uncertainty = _checked(raw, path)
    name = name_of(path)
    known = labels_of_name(name) | raw.known
    return Spectrum(wavelength, flux, uncertainty, raw.medium, name, known, str(path))


def name_of(path):
    """A file's name without its endings, such as ``.fits.gz``; other dots stay."""
    name = Path(path).name
    for _ in range(2):
        shorter = _ENDINGS.sub("", name)
        name = shorter or name
    return name


def labels_of_name(name):
    """The labels that a file's name states: {label: value}, empty where it states none."""
    if found := _MILES.search(name):
        logarithm, log_g, m_h = map(float, found.groups())
        return {"teff": 10**logarithm, "log_g": log_g, "m_h": m_h}
    if found := _STELLAR.search(name):
        teff, log_g, m_h, velocity = map(float, found.groups())
        return {"teff": teff, "log_g": log_g / 10, "m_h": m_h / 10, "v_sin_i": velocity}
    if found := _HELIUM.search(name):
        teff, log_g, velocity = map(float, found.groups())
        return {"teff": teff, "log_g": log_g / 10, "v_rot": velocity}
    return {}


def listing(observed):
    """The files that a config's value names.

    Parameters
    ----------
    observed : None, str, Path, or list of them
        Files and folders; of a folder, all files at any depth, sorted, but hidden ones.

    Returns
    -------
    list of (Path, str)
        Each file, and the name it is listed by: its path within the folder, or as it was given.

    Raises
    ------
    InputError
        If a folder holds no file.
    """
    if observed is None:
        return []
    entries = [observed] if isinstance(observed, str | Path) else list(observed)
    found = []
    for entry in map(Path, entries):
        if not entry.is_dir():
            # A file that is missing is found out by `read`, and listed with the others' faults.
            found.append((entry, str(entry)))
            continue
        inside = sorted(path.relative_to(entry) for path in entry.rglob("*"))
        inside = [
            path
            for path in inside
            if not any(part.startswith(".") for part in path.parts) and not (entry / path).is_dir()
        ]
        if not inside:
            raise InputError(f"{entry} holds no file: put spectra there, or name another folder.")
        found += [(entry / path, path.as_posix()) for path in inside]
    return found


def _content(path):
    try:
        if not path.exists():
            raise InputError(f"{path} does not exist: check the path.")
        if not path.is_file():
            raise InputError(f"{path} is not a regular file: name a file or a folder of spectra.")
        content = path.read_bytes()
        if content.startswith(_GZIP):
            content = gzip.decompress(content)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(
            f"{path} is truncated or damaged gzip ({error}): download it again."
        ) from error
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}): check its permissions, or remove it."
        ) from error
    if not content:
        raise InputError(f"{path} is empty (0 bytes): download it again.")
    return content


def _read_text(content, path):
    if b"\0" in content:
        raise InputError(f"{path} is neither text nor FITS: export it as one of them.")
    text = content.decode("utf-8-sig", "replace")
    if text.startswith("# %ECSV"):
        return _read_ecsv(text, path)
    return _read_columns(text, path)


def _read_ecsv(text, path):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table = Table.read(text, format="ascii.ecsv")
    except Exception as error:
        raise InputError(
            f"{path} is not a readable ECSV table ({error}): remove it and make it again."
        ) from error
    units = {name: str(table[name].unit or "") for name in table.colnames}
    values = {
        name: np.ma.filled(np.ma.asarray(table[name]), np.nan)
        for name in table.colnames
        if table[name].dtype.kind in "fiu"
    }
    return columns.pick(values, units, path, medium=table.meta.get("medium"), meta=table.meta)


def _read_columns(text, path):
    """Text without a description: the first line of two numbers tells how it is separated."""
    header, rows, separator = [], [], None
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith(_COMMENT):
            header = [line] if line and not rows else header
            continue
        if separator is None:
            separator = _separator(line)
            if separator is None:
                header = [line]
                continue
        values = _numbers(line, separator)
        if values is None or (rows and len(values) != len(rows[0])):
            raise InputError(
                f"{path}: line {number} is not like the lines before it ({line[:40]!r}): "
                "correct or remove it."
            )
        rows.append(values)
    if not rows:
        raise InputError(
            f"{path} has no two columns of numbers: it should give wavelength and flux, "
            "one point a line."
        )
    return _named(np.array(rows, np.float64), header, separator, path)


def _separator(line):
    """What parts the numbers of a line: ``None`` where there are not two of them."""
    for separator in (",", ";", "\t", " "):
        values = _numbers(line, separator)
        if values is not None and len(values) > 1:
            return separator
    return None


def _numbers(line, separator):
    parts = line.split() if separator == " " else line.rstrip(separator).split(separator)
    try:
        return [float(part) for part in parts]
    except ValueError:
        return None


def _named(values, header, separator, path):
    """Columns under the names of the last header line, or the first two where it has none."""
    words = []
    for line in header:
        line = line.lstrip("#%;!/ ")
        words = (
            line.split() if separator == " " else [word.strip() for word in line.split(separator)]
        )
    units = [re.search(r"[(\[](.*?)[)\]]", word) for word in words]
    names = [re.sub(r"[(\[].*", "", word).strip().strip("\"'") for word in words]
    if len(names) == values.shape[1] and len(set(names)) == len(names):
        table = dict(zip(names, values.T, strict=True))
        if columns.wavelength_column(table) and columns.flux_column(table):
            stated = {
                name: unit[1] if unit else "" for name, unit in zip(names, units, strict=True)
            }
            return columns.pick(table, stated, path)
    return columns.pick({"wavelength": values[:, 0], "flux": values[:, 1]}, {}, path)


def _checked(raw, path):
    """Increasing wavelengths in Å, or one sentence about what is wrong with them."""
    wavelength, flux, uncertainty = raw.wavelength, raw.flux, raw.uncertainty
    if len(wavelength) < 2 or not np.isfinite(wavelength).all():
        raise InputError(
            f"{path} has wavelengths that are NaN or infinite, or fewer than two of them: "
            "remove those points."
        )
    step = np.diff(wavelength)
    if np.all(step < 0):
        wavelength, flux = wavelength[::-1], flux[::-1]
        uncertainty = None if uncertainty is None else uncertainty[::-1]
    elif not np.all(step > 0):
        place = int(np.argmax(step <= 0))
        what = "occurs twice" if (step == 0).any() else "is followed by a smaller one"
        place = int(np.argmax(step == 0)) if (step == 0).any() else place
        raise InputError(
            f"{path}: the wavelength {wavelength[place]:.10g} {what}: sort the points, and merge "
            "orders that overlap."
        )
    _check_angstrom(wavelength, path)
    if not np.isfinite(flux).any():
        raise InputError(f"{path} has no flux: all its values are NaN or infinite.")
    return wavelength, flux, uncertainty


def _check_angstrom(wavelength, path):
    low, high = wavelength[0], wavelength[-1]
    if high > 1000 and low > 0 and high < 1e6:
        return
    guesses = (("m", 1e-7, 1e-4), ("µm", 0.09, 30), ("nm", 90, 1000))
    guess = next((unit for unit, least, most in guesses if least < high < most), None)
    remedy = f"they look like {guess}; " if guess else ""
    raise InputError(
        f"{path} has wavelengths from {low:g} to {high:g}, which are not Å: {remedy}state the unit "
        "in the file, or convert them to Å."
    )
