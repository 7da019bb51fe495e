"""Radial velocities that a configuration gives by the names of stars' files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from skyloom.errors import InputError, nearest
from skyloom.io.folders import name_of


def velocity_of(radial_velocity: float | dict | None, path: str | Path) -> float:
    """The radial velocity that a config gives for a file.

    Parameters
    ----------
    radial_velocity : float, dict or None
        km/s; a dict gives it by the file's name, with or without its endings, 0 for others.
    path : str or Path

    Returns
    -------
    float
    """
    if isinstance(radial_velocity, dict):
        # A name of digits may have become a number on its way here.
        given = {str(name): value for name, value in radial_velocity.items()}
        return float(next((given[name] for name in _names(path) if name in given), 0.0))
    return float(radial_velocity or 0.0)


def check_names(
    radial_velocity: float | dict | None,
    files: Sequence[tuple[Path, str]],
    *,
    where: str = "observation.radial_velocity",
) -> None:
    """Refuse names that no star has, before any star is read.

    Parameters
    ----------
    radial_velocity : float, dict or None
        As the config has it.
    files : sequence of (Path, str)
        As `skyloom.io.folders.observed_files` gives them.
    where : str
        The config's key, for the message.

    Raises
    ------
    InputError
        With the names and the nearest ones that stars have.
    """
    if not isinstance(radial_velocity, dict):
        return
    known = {name for path, _ in files for name in _names(path)}
    if lost := [name for name in map(str, radial_velocity) if name not in known]:
        names = sorted({one for path, _ in files for one in (name_of(path), Path(path).name)})
        hints = "; ".join(_hint(name, names) for name in lost)
        raise InputError(
            f"{where} names {', '.join(lost)}, but no observed star is called so: {hints}."
        )


def _names(path):
    return str(path), Path(path).name, name_of(path)


def _hint(name, names):
    """The name that looks like it, or those that there are."""
    if close := nearest(name, names):
        return f"did you mean {close!r}"
    more = ", …" if len(names) > 5 else ""
    return f"there are {', '.join(names[:5])}{more}" if names else "there is none"
