"""A trained network as a folder that serves anybody: weights, what they expect and are worth.

``model.json`` says which arm and network it is, how its input is prepared, what its numbers mean
and where they come from, and the checksum of every other file; ``README.md`` says it to a reader.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from skyloom import __version__
from skyloom.errors import InputError
from skyloom.io import folders
from skyloom.io.files import atomic_hdf5, create_dataset, open_hdf5, read_json, write_json
from skyloom.record import checksums

if TYPE_CHECKING:
    import keras

#: Of the folder; another one is refused.
FORMAT = 1
#: What results made of synthetic input may be used under; see ``skyloom.record.crate``.
LICENCE = "MIT, as all that is made of synthetic input; else that of the data it learnt from"
_DESCRIPTION, _CARD, _ARRAYS = "model.json", "README.md", "arrays.h5"


@dataclass(frozen=True)
class Release:
    """A model folder that was read and checked.

    Attributes
    ----------
    folder : Path
    arm, name : str
    synthetic : bool
        Whether it learnt from synthetic input.
    facts : dict
        ``preprocessing``, ``metrics`` and whatever else its arm keeps.
    arrays : dict of array
    """

    folder: Path
    arm: str
    name: str
    synthetic: bool
    facts: dict[str, Any]
    arrays: dict[str, np.ndarray]

    def network(self, name: str = "model.keras") -> keras.Model:
        """One of its networks, by its file's path in the folder; nothing in it is run on loading.

        Parameters
        ----------
        name : str

        Raises
        ------
        InputError
            If it is no Keras model.
        """
        from skyloom.learn import regression

        return regression.load(self.folder / name)


def write(
    folder: str | Path,
    *,
    arm: str,
    name: str,
    networks: Mapping[str, str | Path],
    facts: dict[str, Any],
    synthetic: bool,
    arrays: Mapping[str, np.ndarray] | None = None,
) -> None:
    """Write a model folder, which is there when it is complete.

    Parameters
    ----------
    folder : str or Path
    arm, name : str
    networks : mapping
        Path in the folder -> the ``.keras`` file to copy.
    facts : dict
        What can be written as JSON: ``preprocessing`` and ``metrics`` at least.
    synthetic : bool
        Whether the network learnt from synthetic input.
    arrays : mapping of array, optional
        What does not fit in a text.
    """
    with folders.complete(folder) as made:
        for place, source in networks.items():
            (made / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, made / place)
        if arrays:
            with atomic_hdf5(made / _ARRAYS) as file:
                for key, values in arrays.items():
                    create_dataset(file, key, np.asarray(values))
        about = {"arm": arm, "name": name, "synthetic_training": synthetic}
        (made / _CARD).write_text(_card(about, facts), encoding="utf-8")
        files = sorted(path for path in made.rglob("*") if path.is_file())
        write_json(
            {
                "format": FORMAT,
                **about,
                "licence": LICENCE,
                "made_by": f"Skyloom {__version__}",
                **facts,
                "sha256": {
                    path.relative_to(made).as_posix(): checksums.checksum(path) for path in files
                },
            },
            made / _DESCRIPTION,
        )


def read(folder: str | Path, arm: str) -> Release:
    """Read a model folder, and refuse one that is not whole, or of another arm.

    Parameters
    ----------
    folder : str or Path
    arm : str
        Which is to use it.

    Returns
    -------
    Release

    Raises
    ------
    InputError
        One sentence with the remedy.
    """
    folder = Path(folder)
    if not (folder / _DESCRIPTION).is_file():
        raise InputError(
            f"{folder} is no model folder: it has no {_DESCRIPTION}. Name one that `make models` "
            "wrote, such as results/demo/models/<arm>/<network>."
        )
    facts = read_json(folder / _DESCRIPTION)
    known = facts.get("format")
    if known != FORMAT:
        raise InputError(
            f"{folder} has format {known!r}, and this version reads {FORMAT}: use the version of "
            f"Skyloom that wrote it ({facts.get('made_by', 'not stated')}), or make it again."
        )
    if facts["arm"] != arm:
        raise InputError(
            f"{folder} is a network of the arm {facts['arm']}, not of {arm}: name one of {arm}, or "
            f"ask for {facts['arm']}_predict."
        )
    for name, expected in facts["sha256"].items():
        path = folder / name
        if not path.is_file():
            raise InputError(
                f"{folder} lacks {name}, which its {_DESCRIPTION} lists: copy it whole."
            )
        if checksums.checksum(path) != expected:
            raise InputError(
                f"{path} is not the file whose checksum {_DESCRIPTION} has: copy the folder again."
            )
    arrays = {}
    if _ARRAYS in facts["sha256"]:
        with open_hdf5(folder / _ARRAYS) as file:
            arrays = {key: file[key][()] for key in file}
    synthetic = bool(facts["synthetic_training"])
    return Release(folder, arm, str(facts["name"]), synthetic, facts, arrays)


def worth(release: Release, count: int, *, far: int = 0, synthetic: bool = False) -> str:
    """What answers are worth, in one sentence, for the end of a run.

    Parameters
    ----------
    release : Release
    count : int
        Of answers.
    far : int
        How many of them are of what the network cannot know.
    synthetic : bool
        Whether what was asked about is synthetic.

    Returns
    -------
    str
    """
    said = f"{count} answer{'' if count == 1 else 's'} of {release.name} of the arm {release.arm}"
    if far:
        said += f", {far} of them of what it cannot know (see the column flag)"
    if release.synthetic and not synthetic:
        return f"{said}: it learnt from synthetic input, so that they are no result."
    if synthetic:
        return f"{said}: of synthetic input, so that they say nothing about the sky."
    return f"{said}: its errors are those of its own test side, in the folder's README.md."


def say(release: Release, count: int, *, far: int = 0, synthetic: bool = False) -> None:
    """Print `worth` as a step's last word, which the run repeats at its end."""
    print(f"skyloom: {worth(release, count, far=far, synthetic=synthetic)}", file=sys.stderr)


def _card(about, facts):
    """The folder's README: what it is, what it expects, how it did, in Markdown."""
    learnt = (
        "synthetic input: it says nothing about the sky"
        if about["synthetic_training"]
        else ("the data that its metrics name")
    )
    lines = [
        f"# {about['name']}, a network of Skyloom's arm {about['arm']}",
        "",
        f"It learnt from {learnt}.",
        "",
        f"Ask it: `snakemake --cores 2 {about['arm']}_predict --config "
        f"'{about['arm']}={{prediction: {{model: PATH OF THIS FOLDER, …}}}}'` (docs/data.md of "
        "Skyloom). Its input is prepared as below, and one that was prepared otherwise is refused.",
        "",
        "## How its input is prepared",
        "",
        *_listed(facts.get("preprocessing", {})),
        "",
        "## How it did",
        "",
        *_listed(facts.get("metrics", {})),
        "",
        f"Licence: {LICENCE}.",
        "",
    ]
    return "\n".join(lines)


def _listed(values, prefix=""):
    """A mapping as a list in Markdown; what is nested is named by dots, long lists are left out."""
    lines = []
    for key, value in values.items():
        if isinstance(value, dict):
            lines += _listed(value, f"{prefix}{key}.")
        elif not (isinstance(value, list) and len(value) > 12):
            lines.append(f"- {prefix}{key}: {value}")
    return lines
