"""Whether a record agrees with itself, and with all else that states the same."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath

from skyloom.errors import InputError
from skyloom.io.files import open_hdf5, read_json
from skyloom.record import provenance
from skyloom.record.checksums import digest

_TEXTS = ("rule", "config_sha256", "parameters_sha256", "started", "written")
_PATHS = ("outputs", "inputs", "read")
_SIDECAR = ".provenance.json"
# What a dataset's sidecar and the record of its job both say, each as it stands in the record.
_SHARED = ("rule", "config_sha256", "seed", "python", "machine", "version")


def is_record(content):
    """Whether something has the form of a record as far as it is read here."""
    return (
        isinstance(content, dict)
        and content.get("format") == provenance.FORMAT
        and all(isinstance(content.get(key), str) for key in _TEXTS)
        and all(isinstance(content.get(key), dict) for key in (*_PATHS, "wildcards", "parameters"))
        and all(_is_words(content.get(key, {})) for key in ("code", "packages"))
        and all(_is_description(said) for key in _PATHS for said in content[key].values())
    )


def _is_words(said):
    return isinstance(said, dict) and all(isinstance(word, str | None) for word in said.values())


def _is_description(said):
    """Whether something describes a file, or a folder."""
    kinds = {"bytes": int, "sha256": str}
    if isinstance(said, dict) and "files" in said:
        kinds |= {"files": int, "contents": bool, "listing": str}
        kinds |= {"only": str} if "only" in said else {}
    return isinstance(said, dict) and all(isinstance(said.get(key), kinds[key]) for key in kinds)


def of_record(path: str | Path, record: dict, folder: str | Path) -> str | None:
    """What is wrong with a record by itself.

    Parameters
    ----------
    path : str or Path
        Of the record.
    record : dict
        As `is_record` takes it.
    folder : str or Path
        Of the run.

    Returns
    -------
    str or None
        What follows the name of the record in a sentence.
    """
    parameters = record["parameters"]
    if Path(path) != provenance.record_path(folder, record["rule"], record["wildcards"]):
        return "lies where the record of another rule or of other wildcards belongs"
    if digest(parameters) != record["parameters_sha256"]:
        return "has other parameters than those of its parameters_sha256"
    if "seed" in parameters and parameters["seed"] != record.get("seed"):
        return "has another seed than its parameters"
    said = record.get(provenance.SEAL)
    if said is None:
        return (
            f"has no {provenance.SEAL}, as if an older version of the workflow had written it, so "
            "that nothing shows whether it was changed"
        )
    return None if said == provenance.seal(record) else "was changed after its job had written it"


def sidecars(record):
    """Datasets and the sidecars beside them that a job has written: list of (str, str)."""
    made = record["outputs"]
    pairs = [(path.removesuffix(_SIDECAR) + ".h5", path) for path in made]
    return [pair for pair in pairs if pair[1].endswith(_SIDECAR) and pair[0] in made]


def of_sidecar(dataset: str, sidecar: str, record: dict, root: str | Path = ".") -> str | None:
    """What a dataset, its sidecar and the record of their job say differently.

    Parameters
    ----------
    dataset, sidecar : str
        As the record names them.
    record : dict
    root : str or Path
        The working folder that these paths are seen from.

    Returns
    -------
    str or None
        What follows the name of the sidecar in a sentence.
    """
    try:
        said = read_json(Path(root) / sidecar)
        with open_hdf5(Path(root) / dataset) as file:
            stated = {key: file.attrs.get(key) for key in ("parameters", "seed", "variant")}
        pairs = _both_say(dataset, said, stated, record)
    except (InputError, AttributeError, KeyError, TypeError, ValueError) as error:
        return f"cannot be compared with its dataset ({type(error).__name__})"
    if said.get(provenance.SEAL) != provenance.seal(said):
        return "was changed after its job had written it"
    differ = (f"and {where} do not state the same {name}" for name, where, a, b in pairs if a != b)
    return next(differ, None)


def _both_say(dataset, said, stated, record):
    """Facts that are stated twice: name, where the second stands, and both."""
    job, data = "the record of its job", "its dataset"
    installed = record.get("packages", {})
    packages = {name: installed.get(name, version) for name, version in said["packages"].items()}
    output = {"name": PurePosixPath(dataset).name, "sha256": record["outputs"][dataset]["sha256"]}
    inputs = {path: about["sha256"] for path, about in record["inputs"].items()}
    read = {provenance.relative(path): sha256 for path, sha256 in said["inputs"].items()}
    parameters, variant = said["parameters"], record["parameters"].get("variant")
    variant = record["wildcards"].get("variant") if variant is None else variant
    return [
        *((key, job, said.get(key), record.get(key)) for key in _SHARED),
        ("code", job, said.get("code"), record["code"]["library"]),
        ("packages", job, said["packages"], packages),
        ("output", job, said["output"], output),
        ("inputs", job, read, inputs),
        ("parameters_sha256", "its parameters", said["parameters_sha256"], digest(parameters)),
        ("parameters", data, parameters, json.loads(stated["parameters"])),
        ("seed", data, said["seed"], None if stated["seed"] is None else int(stated["seed"])),
        ("variant", data, variant, stated["variant"] if variant else variant),
    ]


def different(one, other, prefix=""):
    """Keys, written with dots, whose values differ between two configurations."""
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return [] if one == other else [prefix]
    return [
        key
        for name in sorted({*one, *other})
        for key in different(one.get(name), other.get(name), f"{prefix}.{name}".lstrip("."))
    ]
