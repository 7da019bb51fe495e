"""Radial velocities that a configuration gives by the names of stars' files."""

import re
from pathlib import Path

from skyloom.errors import InputError, nearest
from skyloom.spectra.folders import name_of

# Names that YAML may take for numbers, dates and truth: 00102 is 66, 2014_01_31 is 20140131.
_NO_TEXT = re.compile(r"[\d.+-][\w.:+-]*|y|n|yes|no|on|off|true|false|null|~", re.IGNORECASE)


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
        With the names and the nearest ones that stars have; or if a number may be two stars.
    """
    if not isinstance(radial_velocity, dict):
        return
    texts = [str(key) for key in radial_velocity]
    if twice := next((text for text in texts if texts.count(text) > 1), None):
        raise InputError(
            f"{where} names {twice} twice, as a number and as a text: keep one of them."
        )
    known = {name for path, _ in files for name in _names(path)}
    stems = sorted({name_of(path) for path, _ in files})
    numbers = {}
    for stem in filter(_NO_TEXT.fullmatch, stems):
        numbers.setdefault(_as_yaml(stem), []).append(stem)
    lost = [text for text in texts if text not in known]
    if lost:
        names = sorted({*stems, *(Path(path).name for path, _ in files)})
        hints = "; ".join(_hint(text, names, numbers.get(text)) for text in lost)
        raise InputError(
            f"{where} names {', '.join(lost)}, but no observed star is called so: {hints}."
        )
    for text in texts:
        others = set(numbers.get(text, ())) - {text, *texts}
        if text in stems and others:
            raise InputError(
                f"{where} names {text}, which YAML makes of {', '.join(sorted(others))} too: "
                "name the files with their endings."
            )


def _names(path):
    return str(path), Path(path).name, name_of(path)


def _hint(text, names, same):
    """What may have been meant: a name that YAML reads as the text, or one that looks like it."""
    if same:
        return f"YAML makes that of {same[0]}, so write '{same[0]}' in quotes"
    if close := nearest(text, names):
        return f"did you mean {close!r}"
    more = ", …" if len(names) > 5 else ""
    return f"there are {', '.join(names[:5])}{more}" if names else "there is none"


def _as_yaml(name):
    """The text of what YAML makes of a bare name."""
    import yaml

    try:
        return str(yaml.safe_load(name))
    except (yaml.YAMLError, ValueError):
        return name
