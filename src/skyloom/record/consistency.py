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
        and all(
            _is_description(description) for key in _PATHS for description in content[key].values()
        )
    )


def _is_words(words):
    return isinstance(words, dict) and all(isinstance(word, str | None) for word in words.values())


def _is_description(description):
    """Whether something describes a file, or a folder."""
    kinds = {"bytes": int, "sha256": str}
    if isinstance(description, dict) and "files" in description:
        kinds |= {"files": int, "contents": bool, "listing": str}
        kinds |= {"only": str} if "only" in description else {}
    return isinstance(description, dict) and all(
        isinstance(description.get(key), kinds[key]) for key in kinds
    )


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
    seal = record.get(provenance.SEAL)
    if seal is None:
        return (
            f"has no {provenance.SEAL}, as if an older version of the workflow had written it, so "
            "that nothing shows whether it was changed"
        )
    return None if seal == provenance.seal(record) else "was changed after its job had written it"


def sidecars(record):
    """Datasets and the sidecars beside them that a job has written: list of (str, str)."""
    outputs = record["outputs"]
    pairs = [(path.removesuffix(_SIDECAR) + ".h5", path) for path in outputs]
    return [pair for pair in pairs if pair[1].endswith(_SIDECAR) and pair[0] in outputs]


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
        content = read_json(Path(root) / sidecar)
        with open_hdf5(Path(root) / dataset) as file:
            stated = {key: file.attrs.get(key) for key in ("parameters", "seed", "variant")}
        pairs = _both_say(dataset, content, stated, record)
    except (InputError, AttributeError, KeyError, TypeError, ValueError) as error:
        return f"cannot be compared with its dataset ({type(error).__name__})"
    if content.get(provenance.SEAL) != provenance.seal(content):
        return "was changed after its job had written it"
    differ = (f"and {where} do not state the same {name}" for name, where, a, b in pairs if a != b)
    return next(differ, None)


def _both_say(dataset, content, stated, record):
    """Facts that are stated twice: name, where the second stands, and both."""
    job, data = "the record of its job", "its dataset"
    installed = record.get("packages", {})
    packages = {name: installed.get(name, version) for name, version in content["packages"].items()}
    output = {"name": PurePosixPath(dataset).name, "sha256": record["outputs"][dataset]["sha256"]}
    inputs = {path: about["sha256"] for path, about in record["inputs"].items()}
    read = {provenance.relative(path): sha256 for path, sha256 in content["inputs"].items()}
    parameters, variant = content["parameters"], record["parameters"].get("variant")
    variant = record["wildcards"].get("variant") if variant is None else variant
    return [
        *((key, job, content.get(key), record.get(key)) for key in _SHARED),
        ("code", job, content.get("code"), record["code"]["library"]),
        ("packages", job, content["packages"], packages),
        ("output", job, content["output"], output),
        ("inputs", job, read, inputs),
        ("parameters_sha256", "its parameters", content["parameters_sha256"], digest(parameters)),
        ("parameters", data, parameters, json.loads(stated["parameters"])),
        ("seed", data, content["seed"], None if stated["seed"] is None else int(stated["seed"])),
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
