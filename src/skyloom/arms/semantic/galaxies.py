"""What an encoder of profiles says of galaxies seen at known inclinations.

A thin round disc at inclination i looks like an ellipse of axis ratio cos i, so the ellipticity of
a galaxy's image tells its inclination; here the one that it was seen at is known, and so is the
position angle. Images come prepared, by `skyloom.arms.semantic.preparation`.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from astropy import units
from astropy.table import Table

from skyloom.arms.semantic import profiles
from skyloom.arms.semantic.evaluation import ANGLE, folded
from skyloom.arms.semantic.sampling import Grid
from skyloom.errors import InputError
from skyloom.io.files import open_hdf5

#: Axis ratio of a disc seen edge-on: our choice, the usual one. Stellar discs have been measured at
#: 0.124, with a scatter of 0.033 (arXiv:2409.06768).
THICKNESS = 0.2
#: What a dataset of inclined galaxies must have.
_NEED = ("images", "id", "subhalo_id", "snapshot", "inclination", "position_angle")


def inclination(ellipticity: np.ndarray, thickness: float = 0.0) -> np.ndarray:
    """Inclination of a round disc that looks as elliptical.

    Parameters
    ----------
    ellipticity : array
        1 - b / a, in [0, 1].
    thickness : float
        Axis ratio q0 of the disc itself, an oblate spheroid, in [0, 1).

    Returns
    -------
    array
        Degrees: 0 face-on, 90 edge-on, and for what is flatter than the disc.

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Notes
    -----
    cos^2 i = ((1 - e)^2 - q0^2) / (1 - q0^2): Hubble 1926, ApJ 64, 321; checked against the
    projection of an ellipsoid by its quadratic form. Without thickness, cos i = 1 - e.
    """
    ratio = 1 - np.asarray(ellipticity, dtype=float)
    if np.any((ratio < 0) | (ratio > 1)) or not 0 <= thickness < 1:
        raise ValueError("an ellipticity is in [0, 1], a thickness in [0, 1)")
    squared = (ratio**2 - thickness**2) / (1 - thickness**2)
    return np.rad2deg(np.arccos(np.sqrt(np.clip(squared, 0.0, 1.0))))


def read_galaxies(path: str | Path) -> tuple[np.ndarray, Table]:
    """A dataset of galaxies at known inclinations.

    Parameters
    ----------
    path : path
        See `skyloom.datasets`; ``images`` (N, H, W, 1), with the columns id, subhalo_id,
        snapshot, inclination and position_angle (degrees) and any further ones; the attribute
        ``width_kpc`` says how wide an image is.

    Returns
    -------
    images : (N, H, W, 1) float32 array
    columns : Table
        All columns but the images; meta: width_kpc, image_units, synthetic, variant.

    Raises
    ------
    InputError
        If a column or the width is missing.
    """
    with open_hdf5(path, need=_NEED) as file:
        if "width_kpc" not in file.attrs:
            raise InputError(
                f"{path} does not say how wide its images are (attribute width_kpc): make it again."
            )
        images = file["images"][()]
        others = [name for name in file if name not in ("images", "target", *_NEED)]
        known = _units(file.attrs.get("column_units", "{}"), path)
        table = Table()
        for name in (*_NEED[1:], *others):
            values = file[name][()]
            table[name] = values.astype(str) if values.dtype.kind == "S" else values
            if name in known:
                table[name].unit = units.Unit(known[name], parse_strict="silent")
        table.meta.update(
            width_kpc=float(file.attrs["width_kpc"]),
            image_units=str(file.attrs.get("image_units", "")),
            synthetic=bool(file.attrs.get("synthetic", False)),
            variant=str(file.attrs.get("variant", "")),
        )
    return images, table


def _units(text, path):
    """Units of the columns, by name."""
    try:
        known = dict(json.loads(text))
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{path} has no readable units of its columns (attribute column_units): make it again."
        ) from error
    return {name: str(unit) for name, unit in known.items()}


def training_of(path) -> dict:
    """How the images that an encoder learnt from were made: its dataset's resolved parameters.

    Returns
    -------
    dict
        ``grid``, ``profile``, ``noise``, ``images``.
    """
    with open_hdf5(path, need=["images"]) as file:
        try:
            return json.loads(file.attrs["parameters"])
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"{path} does not say how its images were made: make it again."
            ) from error


def measurements(
    columns: Table,
    parameters: np.ndarray,
    residual: np.ndarray,
    unit: np.ndarray,
    profile: dict,
    *,
    grid: dict,
    model: str,
    seen: np.ndarray,
) -> Table:
    """One row a view of a galaxy, its measured parameters beside what is known of it.

    Parameters
    ----------
    columns : Table
        As `read_galaxies` gives it.
    parameters : (N, P) array
        The encoder's answers, free parameters of `profile` in order; among them scale,
        ellipticity and angle.
    residual : (N,) array
        Mean of |image - reconstruction|, in the prepared image's units.
    unit : (N,) array
        What an intensity of 1 of the prepared image is in the dataset's.
    profile, grid : dict
        Of the encoder's training dataset.
    model : str
    seen : (n,) array
        Residuals of images that the encoder was tested on.

    Returns
    -------
    Table
        id, subhalo_id, snapshot, inclination, position_angle (as used, degrees); scale (in the
        profile's unit of lengths), scale_kpc, ellipticity, angle, intensity (of the dataset's
        images) and any further parameter; residual; inclination_inferred (thin disc) and
        inclination_thick (of thickness `THICKNESS`), inclination_difference (inferred less used),
        angle_difference (angle less position angle, folded to [-90, 90); of a face-on galaxy it
        says nothing); beyond (names of parameters outside the trained range), unlike (a residual
        larger than any of `seen`), outside (either); then every other column of the dataset. meta
        says of which model and on what grid the images can be made again.

    Raises
    ------
    InputError
        If the encoder does not measure scale, ellipticity and angle.
    """
    ranges = profiles.free(profile)
    missing = [name for name in ("scale", "ellipticity", ANGLE) if name not in ranges]
    if missing:
        raise InputError(
            f"model {model} does not measure {', '.join(missing)}: name another one in "
            "semantic.galaxies.model."
        )
    found = dict(zip(ranges, np.asarray(parameters, dtype=float).T, strict=True))
    table = columns[list(_NEED[1:])]
    table.meta = {}
    for name, values in found.items():
        table[name] = values
    height = found.get("intensity", profiles.fixed(profile).get("intensity", 1.0))
    table["intensity"] = height * np.asarray(unit, dtype=float)
    # Of the whole image, whatever the unit of the profile's lengths and wherever its points lie.
    kpc = columns.meta["width_kpc"] / Grid(**grid).side
    table.add_column(found["scale"] * kpc, name="scale_kpc", index=table.index_column("scale") + 1)
    table["residual"] = residual
    table["inclination_inferred"] = inclination(found["ellipticity"])
    table["inclination_thick"] = inclination(found["ellipticity"], THICKNESS)
    table["inclination_difference"] = table["inclination_inferred"] - table["inclination"]
    table["angle_difference"] = folded(found[ANGLE] - np.asarray(columns["position_angle"]))
    table["beyond"] = _beyond(found, ranges)
    table["unlike"] = np.asarray(residual) > np.max(seen)
    table["outside"] = (table["beyond"] != "") | table["unlike"]
    for name in columns.colnames:
        if name not in table.colnames:
            table[name] = columns[name]
    _describe(table, columns.meta, Grid(**grid).half_width)
    table.meta.update(model=model, decoder=profile["decoder"], grid=dict(grid))
    table.meta.update(thickness=THICKNESS, **columns.meta)
    return table


def _beyond(found, ranges):
    """Of each view, the parameters outside the range that the encoder was trained on."""
    texts = []
    for row in range(len(found["scale"])):
        names = [
            name
            for name, (low, high) in ranges.items()
            if name != ANGLE and not low <= found[name][row] <= high
        ]
        texts.append(", ".join(names))
    return np.array(texts, dtype=str)


def _describe(table, meta, half_width):
    """Units, and in words what has none that astropy knows."""
    for name in table.colnames:
        if name in ("inclination", "position_angle", ANGLE) or name.startswith(("inclination_",)):
            table[name].unit = "deg"
    table["angle_difference"].unit = "deg"
    table["scale_kpc"].unit = "kpc"
    table["intensity"].unit = units.Unit(meta["image_units"] or "", parse_strict="silent")
    table["scale"].description = profiles.length_words(half_width)
    table["residual"].description = "mean of |image - reconstruction|, of the prepared image"
