"""A trained network as a folder that serves anybody: weights, what they expect and are worth.

``model.json`` says which arm and network it is, how its input is prepared, what its numbers mean
and within which limits, what it learnt from and under which licence, how it was made, and the
checksum of every other file; ``README.md`` says it to a reader. Nothing in a folder is run: a
network that brings code of its own is refused.
"""

from __future__ import annotations

import json
import shutil
import sys
import zipfile
from collections.abc import Collection, Mapping
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
    from astropy.table import Table

#: Of the folder; another one is refused.
FORMAT = 1
#: What a network may be used under, by whether it learnt from synthetic input: as all results, see
#: `skyloom.record.crate`.
LICENCE = {
    True: "MIT, as Skyloom itself",
    False: "that of the data it learnt from; Skyloom adds no terms of its own",
}
#: Where the classes of a network's layers may come from.
_MODULES = ("builtins", "keras", "skyloom")
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
    learnt : str
        What from, in words.
    facts : dict
        ``preprocessing``, ``metrics`` and whatever else its arm keeps.
    arrays : dict of array
    """

    folder: Path
    arm: str
    name: str
    synthetic: bool
    learnt: str
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
    learnt: str,
    record: dict[str, Any],
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
    learnt : str
        How many of what, such as "208 spectra of the dataset clean".
    record : dict
        How it was made: run, seed, checksums of what it was made from. No clock, path or machine.
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
        about = {
            **{"arm": arm, "name": name, "synthetic_training": synthetic},
            "learnt_from": f"{learnt}, {'synthetic' if synthetic else 'real'}",
            **{"licence": LICENCE[synthetic], "made_by": f"Skyloom {__version__}"},
            "record": record,
        }
        (made / _CARD).write_text(_card(about, facts), encoding="utf-8")
        files = sorted(path for path in made.rglob("*") if path.is_file())
        write_json(
            {
                "format": FORMAT,
                **about,
                **facts,
                "sha256": {
                    path.relative_to(made).as_posix(): checksums.checksum(path) for path in files
                },
            },
            made / _DESCRIPTION,
        )


def read(folder: str | Path, arm: str, prepared_by: Collection[str]) -> Release:
    """Read a model folder, and refuse one that is not whole, of another arm, or brings code.

    Parameters
    ----------
    folder : str or Path
    arm : str
        Which is to use it.
    prepared_by : collection of str
        The parts of ``preprocessing`` that the arm does: a network that wants another, or not one
        of these, would be shown what it has not learnt from.

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
        if path.suffix == ".keras":
            _check_classes(path)
    wanted = set(facts["preprocessing"])
    if wanted != set(prepared_by):
        differing = ", ".join(sorted(wanted ^ set(prepared_by)))
        raise InputError(
            f"{folder}: {facts['name']} wants its input prepared in another way than {arm}_predict "
            f"prepares it ({differing}): use the version of Skyloom that wrote it, "
            f"{facts['made_by']}."
        )
    arrays = {}
    if _ARRAYS in facts["sha256"]:
        with open_hdf5(folder / _ARRAYS) as file:
            arrays = {key: file[key][()] for key in file}
    synthetic = bool(facts["synthetic_training"])
    learnt = str(facts["learnt_from"])
    return Release(folder, arm, str(facts["name"]), synthetic, learnt, facts, arrays)


def _check_classes(path):
    """Refuse a Keras file whose layers are other code than Keras's and ours, or hold code."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = [json.loads(archive.read("config.json"))]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} is no Keras model: copy the folder again.") from error
    while parts:
        part = parts.pop()
        if isinstance(part, list):
            parts += part
        elif isinstance(part, dict):
            parts += part.values()
            kind, module = part.get("class_name"), str(part.get("module") or "keras")
            if kind in ("Lambda", "__lambda__") or module.partition(".")[0] not in _MODULES:
                raise InputError(
                    f"{path} has a layer of other people's code ({module}, {kind}), which would "
                    "run here: use a network of Skyloom's own layers only."
                )


def sign(table: Table, release: Release, *, synthetic: bool) -> None:
    """Say in a table of answers, in every row, whose they are and what that network learnt from.

    Parameters
    ----------
    table : Table
        Gets the columns model, learnt_from and synthetic_training, and the same in its meta.
    release : Release
    synthetic : bool
        Whether what was asked about is synthetic.
    """
    said = {
        **{"model": release.name, "learnt_from": release.learnt},
        "synthetic_training": release.synthetic,
    }
    for name, value in said.items():
        table[name] = [value] * len(table)
    table.meta.update(synthetic=synthetic, arm=release.arm, **said)


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
        return f"{said}: it learnt from {release.learnt} input, so that they are no result."
    if synthetic:
        return f"{said}: of synthetic input, so that they say nothing about the sky."
    return f"{said}: as good as on its own test side, which {release.folder / _CARD} tells."


def say(release: Release, count: int, *, far: int = 0, synthetic: bool = False) -> None:
    """Print `worth` as a step's last word, which the run repeats at its end."""
    print(f"skyloom: {worth(release, count, far=far, synthetic=synthetic)}", file=sys.stderr)


def _card(about, facts):
    """The folder's README: what it is, what it expects, how it did, in Markdown."""
    worth = " Its answers say nothing about the sky." if about["synthetic_training"] else ""
    lines = [
        f"# {about['name']}, a network of Skyloom's arm {about['arm']}",
        "",
        f"It learnt from {about['learnt_from']}.{worth}",
        "",
        f"Ask it: `snakemake --cores 2 {about['arm']}_predict --config "
        f"'{about['arm']}={{prediction: {{model: PATH OF THIS FOLDER, …}}}}'` (docs/data.md of "
        "Skyloom). The input is prepared for it as below, and what cannot be is a reject.",
        "",
        "## How its input is prepared",
        "",
        *_listed(facts.get("preprocessing", {})),
        "",
        "## Within which limits",
        "",
        *(
            _listed(facts.get("limits", {}))
            or ["The region of its input is in `arrays.h5`; answers beyond it are flagged."]
        ),
        "",
        "## How it did",
        "",
        *_listed(facts.get("metrics", {})),
        "",
        "## How it was made",
        "",
        f"- by {about['made_by']}",
        *_listed(about["record"]),
        "",
        f"Licence: {about['licence']}.",
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
