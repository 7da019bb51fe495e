"""From an observed spectrum to what a network was trained on: air, rest frame, continuum, grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from astropy.table import Column, MaskedColumn, Table

from skyloom.arms.spectra import continuum as continua
from skyloom.arms.spectra import medium as media
from skyloom.arms.spectra import noise, normalisation, observed, resampling, velocities, wavelengths
from skyloom.arms.spectra.velocities import velocity_of
from skyloom.errors import InputError
from skyloom.io.files import create_dataset
from skyloom.progress import track

if TYPE_CHECKING:
    import h5py

    from skyloom.arms.spectra.observed import Spectrum

#: Labels that a file's name or header may tell, with their units.
LABELS = {"teff": "K", "log_g": "dex", "m_h": "dex", "v_rot": "km / s", "v_sin_i": "km / s"}

_CONTINUUM = ("order", "exclude", "low", "high", "iterations")


@dataclass(frozen=True)
class Prepared:
    """An observed spectrum on a training grid, and what it was made from."""

    flux: np.ndarray  # (L,) float64 on the grid, over the continuum
    uncertainty: np.ndarray  # (L,) standard deviation of the flux: the file's, or estimated
    correlation: float  # grid pixels over which the noise is the same
    curve: tuple  # wavelength, flux of the observed points, air, at rest, in a wider window
    medium: str  # what was decided and why: "vacuum (TUCD1 = 'em.wl')", "air (assumed)"
    velocity: float  # km/s that was taken out
    pixels: int  # observed points inside the grid's window


def prepare(
    spectrum: Spectrum,
    wavelength: np.ndarray,
    *,
    medium: str = "header",
    radial_velocity: float = 0.0,
    continuum: dict | None = None,
) -> Prepared:
    """Bring an observed spectrum to a network's wavelengths.

    Parameters
    ----------
    spectrum : `skyloom.arms.spectra.observed.Spectrum`
    wavelength : (L,) array
        The training grid: Å in air, at rest.
    medium : 'header', 'air' or 'vacuum'
        Of the file's wavelengths. With 'header', what the file says; one that says nothing is taken
        as air, which is the custom of ground-based optical spectra.
    radial_velocity : float
        km/s, positive when receding.
    continuum : dict, optional
        ``method`` 'none' (the file is normalised already) or 'polynomial', and for the latter
        ``order``, ``window``, ``exclude``, ``low``, ``high``, ``iterations`` as
        `skyloom.arms.spectra.continuum.normalise` takes them. A window of None is that of the grid
        and as much again on either side. Wavelengths of both are air, at rest.

    Returns
    -------
    Prepared

    Raises
    ------
    InputError
        If the spectrum does not cover the grid, has NaN or pixels without valid flux there, is not
        normalised where it should be, contradicts itself about air and vacuum, or no continuum can
        be fitted.

    Notes
    -----
    Vacuum wavelengths are brought to rest, then to air. Where the observed pixels are finer than
    the grid's, the grid gets flux-conserving means; where they are coarser, a cubic spline through
    them: `skyloom.arms.spectra.resampling.resample`.
    """
    stated = media.Medium(spectrum.medium, spectrum.medium_from)
    decided = media.choose(stated, medium, spectrum.path)
    in_vacuum = decided.name == media.VACUUM
    options = continuum or {"method": "none"}
    wide = _wide(wavelength, options.get("window"))
    rest, flux, uncertainty = _cut(spectrum, wide, radial_velocity, in_vacuum)
    inside = (rest >= wavelength[0]) & (rest <= wavelength[-1])
    _check_window(spectrum, wavelength, rest, flux, uncertainty, inside)
    if options.get("method", "none") == "polynomial":
        flux, uncertainty = _normalised(spectrum, rest, flux, uncertainty, wavelength, options)
    else:
        _check_level(spectrum, flux[inside])
    good = np.isfinite(flux)
    uncertainty = _uncertainty(flux, uncertainty, good)
    step = np.median(np.diff(rest[inside])) / np.median(np.diff(wavelength))
    try:
        new = resampling.resample(rest[good], flux[good], wavelength, method="auto")
    except ValueError as error:
        raise InputError(f"{spectrum.path}: {error}.") from error
    sigma = _resampled_uncertainty(rest[good], uncertainty[good], wavelength)
    shown = good & (rest >= 2 * wavelength[0] - wavelength[-1])
    shown &= rest <= 2 * wavelength[-1] - wavelength[0]
    curve = (rest[shown], flux[shown])
    velocity, pixels = float(radial_velocity), int(inside.sum())
    said = f"{decided.name} ({decided.why or 'stated'})"
    return Prepared(new, sigma, max(1.0, float(step)), curve, said, velocity, pixels)


def _wide(wavelength, window):
    """The grid's range and as much again on either side, and the continuum's window."""
    length = wavelength[-1] - wavelength[0]
    low, high = wavelength[0] - length, wavelength[-1] + length
    return (min(low, window[0]), max(high, window[1])) if window else (low, high)


def _cut(spectrum, wide, velocity, in_vacuum):
    """Wavelengths in air at rest, flux and uncertainty, of the points within `wide`."""
    try:
        rest = wavelengths.to_rest(spectrum.wavelength, velocity)
    except ValueError as error:
        raise InputError(f"{spectrum.path}: {error}: correct radial_velocity.") from error
    # Air and vacuum differ by less than 6 Å where the formula holds.
    low, high = wavelengths.CIDDOR_RANGE
    near = (rest >= max(wide[0] - 6, low)) & (rest <= min(wide[1] + 6, high))
    rest = rest[near]
    if in_vacuum and len(rest):
        rest = wavelengths.vacuum_to_air(rest)
    kept = (rest >= wide[0]) & (rest <= wide[1])
    uncertainty = spectrum.uncertainty
    if uncertainty is not None:
        uncertainty = uncertainty[near][kept]
    return rest[kept], spectrum.flux[near][kept], uncertainty


def _check_window(spectrum, wavelength, rest, flux, uncertainty, inside):
    covered = len(rest) > 1 and _covers(rest, wavelength)
    if not covered or inside.sum() < 5:
        own = spectrum.wavelength
        raise InputError(
            f"{spectrum.path} covers {own[0]:.1f} to {own[-1]:.1f} Å with {inside.sum()} points in "
            f"the window {wavelength[0]:g} to {wavelength[-1]:g} Å (air, at rest), which it must "
            "cover with five or more: take another spectrum, or check its medium, unit and radial "
            "velocity."
        )
    # Points beside the window take part in the resampling of its ends.
    step = 2 * np.median(np.diff(rest[inside]))
    near = (rest >= wavelength[0] - step) & (rest <= wavelength[-1] + step)
    gap = np.diff(rest[near]).max()
    if gap > 5 * step:
        raise InputError(
            f"{spectrum.path} has a gap of {gap:.2f} Å in the window {wavelength[0]:g} to "
            f"{wavelength[-1]:g} Å: take another spectrum, or interpolate over it."
        )
    valid = np.isfinite(flux)
    if uncertainty is not None:
        valid &= np.isfinite(uncertainty)
    missing = int((near & ~valid).sum())
    if missing:
        raise InputError(
            f"{spectrum.path} has {missing} points in the window without valid flux (NaN, an "
            "error that is not above 0, or an inverse variance of 0): interpolate over them, or "
            "take another spectrum."
        )


def _check_level(spectrum, flux):
    if not normalisation.is_normalised(flux):
        raise InputError(
            f"{spectrum.path} has a flux of about {np.median(flux):.3g} in the window, not about 1 "
            "as networks know it: normalise it to its continuum, in the file or with "
            "observation.continuum.method: polynomial."
        )


def _covers(rest, wavelength):
    if resampling.method_for(rest, wavelength) == "interpolate":
        return rest[0] <= wavelength[0] and rest[-1] >= wavelength[-1]
    ours, theirs = resampling.edges(wavelength), resampling.edges(rest)
    slack = 1e-6 * np.diff(ours).min()
    return theirs[0] <= ours[0] + slack and theirs[-1] >= ours[-1] - slack


def _normalised(spectrum, rest, flux, uncertainty, wavelength, options):
    good = np.isfinite(flux) & (True if uncertainty is None else np.isfinite(uncertainty))
    chosen = {name: options[name] for name in _CONTINUUM if options.get(name) is not None}
    # The continuum may use a wider window than is shown.
    window = options.get("window") or _wide(wavelength, None)
    normalised = np.full(len(flux), np.nan)
    try:
        normalised[good], level = continua.normalise(
            rest[good], flux[good], window=tuple(window), **chosen
        )
    except ValueError as error:
        raise InputError(
            f"{spectrum.path}: no continuum can be fitted ({error}): change "
            "observation.continuum, or normalise the file and set its method to none."
        ) from error
    if uncertainty is not None:
        scaled = np.full(len(flux), np.nan)
        scaled[good] = uncertainty[good] / level
        uncertainty = scaled
    return normalised, uncertainty


def _uncertainty(flux, uncertainty, good):
    """The file's uncertainty, or one estimated from the flux, the same everywhere."""
    if uncertainty is not None:
        return uncertainty
    # Beside the window too: coarse pixels are so few that the line itself would count as noise.
    return np.where(good, noise.estimate(flux[good]), np.nan)


def _resampled_uncertainty(rest, uncertainty, wavelength):
    """Standard deviations on the grid: of means, or those of the coarser points."""
    valid = np.isfinite(uncertainty)
    uncertainty = np.interp(rest, rest[valid], uncertainty[valid])
    if resampling.method_for(rest, wavelength) == "interpolate":
        return np.interp(wavelength, rest, uncertainty)
    weights = resampling.overlap(rest, wavelength)
    return np.sqrt(weights.power(2) @ uncertainty**2)


def prepare_all(files: Sequence[tuple[Path, str]], wavelength: np.ndarray, observation: dict):
    """Read and prepare files; those that cannot be are listed with the reason.

    Parameters
    ----------
    files : sequence of (Path, str)
        As `skyloom.io.folders.observed_files` gives.
    wavelength : (L,) array
    observation : dict
        ``medium``, ``radial_velocity`` and ``continuum`` of the config.

    Returns
    -------
    list of (str, str, Spectrum, Prepared)
        A name that is unique, and the file's name in the list.
    list of (str, str)
        File and reason.

    Raises
    ------
    InputError
        If a radial velocity is of no file, or no file can be used; the first one's reason is named.
    """
    velocity = observation.get("radial_velocity")
    velocities.check_names(velocity, files)
    good, rejects, names = [], [], set()
    for path, listed in track(files, label="observed spectra", unit="spectrum"):
        try:
            spectrum = observed.read_spectrum(path)
            prepared = prepare(
                spectrum,
                wavelength,
                medium=observation.get("medium") or "header",
                radial_velocity=velocity_of(velocity, path),
                continuum=observation.get("continuum"),
            )
        except InputError as error:
            rejects.append((listed, str(error)))
            continue
        except Exception as error:
            # Files can be wrong in more ways than can be foreseen, and one must not stop all.
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
            rejects.append((listed, f"{path} cannot be used ({reason}): check it, or remove it."))
            continue
        name = _unique(spectrum.name, path, names)
        names.add(name)
        good.append((name, listed, spectrum, prepared))
    if not good:
        reason = f"the first: {rejects[0][1]}" if rejects else "there are none."
        raise InputError(f"None of the {len(rejects)} observed spectra can be used; {reason}")
    return good, rejects


def _unique(name, path, taken):
    for candidate in (name, Path(path).name, f"{Path(path).parent.name}_{Path(path).name}"):
        if candidate not in taken:
            return candidate
    return next(f"{name}_{n}" for n in range(2, len(taken) + 3) if f"{name}_{n}" not in taken)


def tables(good, rejects, *, synthetic: bool) -> tuple[Table, Table]:
    """The inventory of observed spectra and the rejects, as tables.

    Parameters
    ----------
    good, rejects
        As `prepare_all` gives.
    synthetic : bool
        Whether the files are a simulation's.

    Returns
    -------
    inventory : `astropy.table.Table`
        name, file, medium, radial_velocity, pixels, and ``known_<label>``, masked where unknown.
    rejects : `astropy.table.Table`
        file, reason.
    """
    inventory = Table(meta={"synthetic": synthetic})
    inventory["name"] = [name for name, *_ in good]
    inventory["file"] = [listed for _, listed, *_ in good]
    inventory["medium"] = [prepared.medium for *_, prepared in good]
    inventory["radial_velocity"] = Column([p.velocity for *_, p in good], unit="km / s")
    inventory["pixels"] = [prepared.pixels for *_, prepared in good]
    for label, unit in LABELS.items():
        values = [spectrum.known.get(label, np.nan) for _, _, spectrum, _ in good]
        column = MaskedColumn(values, mask=np.isnan(values), dtype="f8", unit=unit)
        inventory[f"known_{label}"] = column
    rows = {"file": [file for file, _ in rejects], "reason": [reason for _, reason in rejects]}
    rejected = Table(rows, dtype=["U", "U"] if not rejects else None)
    rejected.meta["synthetic"] = synthetic
    return inventory, rejected


def write(file: h5py.File, good: list, wavelength: np.ndarray, *, synthetic: bool) -> None:
    """Fill a file of observed spectra.

    Parameters
    ----------
    file : h5py.File
        Empty; see `skyloom.io.files.atomic_hdf5`. Gets ``spectra`` and ``uncertainty`` (k, L)
        float32, ``correlation`` (k,), ``wavelength`` (L,), ``name`` (k,), and for every name a
        group ``curves/<name>`` of ``wavelength`` and ``flux``: the observed points, at rest, in air
        and normalised, over three times the window. Attribute ``synthetic``.
    good : list
        As `prepare_all` gives.
    wavelength : (L,) array
    synthetic : bool
    """
    prepared = [item for *_, item in good]
    create_dataset(file, "spectra", np.array([item.flux for item in prepared], np.float32))
    uncertainty = np.array([item.uncertainty for item in prepared], np.float32)
    create_dataset(file, "uncertainty", uncertainty)
    create_dataset(file, "correlation", np.array([item.correlation for item in prepared]))
    create_dataset(file, "wavelength", np.asarray(wavelength, np.float64))
    create_dataset(file, "name", np.array([name.encode() for name, *_ in good]))
    file.attrs["synthetic"] = synthetic
    for name, _, _, item in good:
        group = file.create_group(f"curves/{name}")
        create_dataset(group, "wavelength", item.curve[0])
        create_dataset(group, "flux", item.curve[1].astype(np.float32))


def grid_of(path, file):
    """The wavelengths of a dataset of spectra that `skyloom.io.files.open_hdf5` has opened.

    Raises
    ------
    InputError
        If its attributes do not tell.
    """
    try:
        return wavelengths.grid(file.attrs, file["spectra"].shape[1])
    except ValueError as error:
        raise InputError(f"{path} does not tell its wavelengths ({error}): make it again.") from (
            error
        )
