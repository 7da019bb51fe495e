"""Radial velocities that a configuration gives by the names of stars' files."""

from pathlib import Path

from skyloom.errors import InputError, nearest
from skyloom.spectra.folders import name_of


def velocity_of(radial_velocity, path):
    """The radial velocity that a config gives for a file.

    Parameters
    ----------
    radial_velocity : float, dict or None
        km/s; a dict gives it by the file's name, with or without its endings, 0 for others. A
        number counts as the text that it is written as: 127972 for 127972.txt.
    path : str or Path

    Returns
    -------
    float
    """
    if isinstance(radial_velocity, dict):
        known = {str(key): value for key, value in radial_velocity.items()}
        return float(next((known[name] for name in _names(path) if name in known), 0.0))
    return float(radial_velocity or 0.0)


def check(radial_velocity, files, *, where="observation.radial_velocity"):
    """Refuse names that no star has, before any star is read.

    Parameters
    ----------
    radial_velocity : float, dict or None
        As the config has it.
    files : sequence of (Path, str)
        As `skyloom.spectra.folders.observed_files` gives them.
    where : str
        The config's key, for the message.

    Raises
    ------
    InputError
        With the names and the nearest ones that stars have.
    """
    if not isinstance(radial_velocity, dict):
        return
    texts = [str(key) for key in radial_velocity]
    if twice := next((text for text in texts if texts.count(text) > 1), None):
        raise InputError(
            f"{where} names {twice} twice, as a number and as a text: keep one of them."
        )
    known = {name for path, _ in files for name in _names(path)}
    lost = [text for text in texts if text not in known]
    if lost:
        stems = sorted({name_of(path) for path, _ in files} | {Path(p).name for p, _ in files})
        raise InputError(
            f"{where} names {', '.join(lost)}, but no observed star is called so: "
            f"{'; '.join(_hint(text, stems) for text in lost)}."
        )


def _names(path):
    return str(path), Path(path).name, name_of(path)


def _hint(text, names):
    """What may have been meant: what YAML reads as the text, or what looks like it."""
    same = [name for name in names if name != text and _as_yaml(name) == text]
    if same:
        return f"YAML takes {same[0]} for a number: write '{same[0]}' in quotes"
    close = nearest(text, names)
    if close:
        return f"did you mean {close!r}?" if text != close else close
    return f"{text!r} is like none of {', '.join(names[:5])}" + (" …" if len(names) > 5 else "")


def _as_yaml(name):
    """The text of what YAML makes of a bare name: 20140131 of 2014_01_31."""
    import yaml

    try:
        return str(yaml.safe_load(name))
    except (yaml.YAMLError, ValueError):
        return name
