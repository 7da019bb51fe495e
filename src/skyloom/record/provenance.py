"""What a result was made from, kept beside it in a file of its own.

The results themselves hold nothing that varies between equal runs (no clock, no commit), so that
they are byte-reproducible; all of that is recorded here: in ``<name>.provenance.json`` beside a
dataset, and in one record of every finished job, ``provenance/<rule>/<wildcards>.json`` in the
run's folder.
"""

from __future__ import annotations

import datetime
import hashlib
import importlib.metadata
import os
import platform
import re
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

from skyloom import __version__
from skyloom.errors import InputError
from skyloom.io.files import as_read, write_json
from skyloom.record.checksums import Known, checksum, digest, of_folder, of_path

FOLDER = "provenance"
# The name that RO-Crate asks for; see `skyloom.record.crate`.
CRATE = "ro-crate-metadata.json"
# The form of a record; a reader may refuse others.
FORMAT = 1
# The key of a record under which the hash of all its others stands.
SEAL = "record_sha256"
# Distributions whose versions are recorded where a job has loaded their module.
PACKAGES = {
    "astropy": "astropy",
    "bokeh": "bokeh",
    "h5py": "h5py",
    "illustris-python": "illustris_python",
    "keras": "keras",
    "matplotlib": "matplotlib",
    "numpy": "numpy",
    "opencv-python-headless": "cv2",
    "pyarrow": "pyarrow",
    "PyYAML": "yaml",
    "requests": "requests",
    "rocrate": "rocrate",
    "scipy": "scipy",
    "snakemake": "snakemake",
    "tensorflow": "tensorflow",
}
# PGPASSWORD, GITHUB_PAT and MYSQL_PWD are named so too.
_SECRET_NAME = re.compile(
    r"(^|_)(api_?key|key|pat|token|secret|credentials?)$|(pass(word|wd|phrase)?|pwd|secret|token)$",
    re.I,
)
_URL_SECRET = re.compile(r"(?<=://)[^/@\s]+@|(?<=\?)\S+")
_HIDDEN = "(not recorded)"


def masked(value, name=""):
    """A copy of a configuration in which whatever could be a secret is hidden.

    Values of keys such as ``password`` or ``api_key``, and in addresses the user and the query.
    """
    if isinstance(value, dict):
        return {key: masked(part, str(key)) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [masked(part, name) for part in value]
    if isinstance(value, str) and _SECRET_NAME.search(name):
        return _HIDDEN
    if isinstance(value, str) and "://" in value:
        return _URL_SECRET.sub(_HIDDEN, value)
    return value


def _strings(content):
    """All strings of a record, keys too, as they are and not as they would be printed."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, dict):
        for key, value in content.items():
            yield from _strings(key)
            yield from _strings(value)
    elif isinstance(content, list | tuple | set | frozenset):
        for value in content:
            yield from _strings(value)
    elif isinstance(content, os.PathLike):
        yield os.fspath(content)


def refuse_secrets(content, environment) -> None:
    """Refuse a record that holds the value of a variable which is named like a secret.

    Parameters
    ----------
    content : object
        Mappings, lists and strings.
    environment : mapping

    Raises
    ------
    InputError
        If a string is that value, or has it as a part that no letter or digit touches. Values of
        letters alone are looked for as whole strings, since they may be ordinary words.
    """
    secrets = {
        name: value
        for name, value in sorted(environment.items())
        if _SECRET_NAME.search(name) and len(value) >= 8
    }
    if not secrets:
        return
    said = set(_strings(content))
    for name, value in secrets.items():
        part = re.compile(rf"(?<![A-Za-z0-9]){re.escape(value)}(?![A-Za-z0-9])")
        within = not value.isalpha() and any(part.search(text) for text in said)
        if value in said or within:
            raise InputError(
                f"The record of this job would hold the value of {name}: take it out of the "
                "configuration; a key belongs into the environment only."
            )


def sealed(content):
    """A record with the hash of all that it says, ready for JSON; see `seal`."""
    content = as_read(content)
    return {**content, SEAL: seal(content)}


def seal(content):
    """SHA-256 of a record as it is read: of its JSON with sorted keys, without the seal itself.

    Whoever changes a record can compute it anew: it tells of slips and damage, and is no signature.
    """
    return digest({key: value for key, value in content.items() if key != SEAL})


def commit(folder):
    """The git commit of `folder`, with ``+changes`` if files differ from it; None outside git."""
    try:
        answers = [
            subprocess.run(
                ["git", "-C", str(folder), *words], capture_output=True, text=True, check=True
            ).stdout.strip()
            for words in (["rev-parse", "HEAD"], ["--no-optional-locks", "status", "--porcelain"])
        ]
    except (OSError, subprocess.CalledProcessError):
        return None
    return answers[0] + ("+changes" if answers[1] else "")


def _installed(name):
    """A package's version; None where another packager has given it another name."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _surroundings(packages):
    """Versions, machine and commit: what a result depends on beside input and parameters."""
    return {
        "packages": {name: _installed(name) for name in sorted(packages)},
        "python": platform.python_version(),
        "machine": platform.machine(),
        "version": __version__,
        "commit": commit(Path(__file__).parent),
    }


def _now():
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def record(
    *,
    output: str | Path,
    inputs: Sequence[str | Path],
    parameters: dict,
    packages: Sequence[str],
    seed: int | None = None,
    threads: int = 1,
    job: dict | None = None,
) -> dict:
    """Describe how `output` was made.

    Parameters
    ----------
    output : str or Path
        The finished file.
    inputs : sequence of str or Path
        Files it was made from.
    parameters : dict
        The resolved parameters that decided its contents.
    packages : sequence of str
        Installed packages whose versions matter.
    seed : int, optional
    threads : int
        Files that are read at once.
    job : dict, optional
        What else is known of the job: ``rule``, ``config_sha256`` and ``code``.

    Returns
    -------
    dict
        Ready for JSON: checksums, versions, git commit, machine type, time (UTC); `sealed`.
    """
    paths = sorted(map(str, inputs))
    with ThreadPoolExecutor(threads) as pool:
        checksums = list(pool.map(checksum, [output, *paths]))
    parameters = as_read(parameters)
    content = {
        "output": {"name": Path(output).name, "sha256": checksums[0]},
        "inputs": dict(zip(paths, checksums[1:], strict=True)),
        "parameters": parameters,
        "parameters_sha256": digest(parameters),
        "seed": seed,
        **(job or {}),
        **_surroundings(packages),
        "written": _now(),
    }
    return sealed(content)


def _quoted(text):
    """A part of a file's name without anything that means something in a path."""
    return quote(str(text), safe="").replace(".", "%2E")


def record_path(folder: str | Path, rule: str, wildcards: dict[str, str]):
    """Where the record of one job is: wildcards are quoted, and never form a path.

    Parameters
    ----------
    folder : str or Path
        Of the run.
    rule : str
    wildcards : dict of str
    """
    words = [f"{_quoted(key)}={_quoted(value)}" for key, value in sorted(wildcards.items())]
    name = ",".join(words) or "job"
    if len(name) > 200:
        name = name[:160] + "~" + hashlib.sha256(name.encode()).hexdigest()[:32]
    return Path(folder) / FOLDER / _quoted(rule) / f"{name}.json"


def relative(path):
    """A path as seen from the working folder; one that lies outside stays as it is."""
    seen = os.path.relpath(path)
    return str(path) if seen.startswith("..") else seen


def job_record(job: dict, *, cache: Known) -> dict:
    """Describe one finished job.

    Parameters
    ----------
    job : dict
        ``rule``, ``wildcards``, ``outputs``, ``inputs`` (paths), ``read`` (folders that are no
        inputs of the workflow, each with what its files' names must contain), ``parameters``,
        ``config``, ``script``, ``library`` (hash of the modules), ``threads``, ``resources``,
        ``modules`` (names of those loaded), ``started``, ``seconds``.
    cache : `skyloom.record.checksums.Known`

    Returns
    -------
    dict
        Ready for JSON, `sealed`. ``outputs`` and ``inputs`` as `skyloom.record.checksums.of_path`
        gives them.
    """
    parameters = as_read(masked(job["parameters"]))
    content = {
        "format": FORMAT,
        "rule": job["rule"],
        "wildcards": job["wildcards"],
        # A job writes its outputs anew: what was known of them is of no use.
        "outputs": {
            relative(path): of_path(path, Known(cache.folder) if os.path.isdir(path) else None)
            for path in sorted(set(job["outputs"]))
        },
        "inputs": {relative(path): of_path(path, cache) for path in sorted(set(job["inputs"]))},
        "read": {
            relative(path): of_folder(path, cache, contents=False, only=only)
            for path, only in sorted(job["read"].items())
        },
        "parameters": parameters,
        "parameters_sha256": digest(parameters),
        "seed": parameters.get("seed", job["config"].get("seed")),
        "threads": job["threads"],
        "resources": job["resources"],
        "config_sha256": digest(masked(job["config"])),
        "code": {
            "script": _below_scripts(job["script"]),
            "script_sha256": checksum(job["script"]),
            "library": job["library"],
        },
        **_surroundings(name for name, module in PACKAGES.items() if module in job["modules"]),
        "started": job["started"],
        "seconds": round(job["seconds"], 3),
        "written": _now(),
    }
    return sealed(content)


def _below_scripts(script):
    """A step's path below the folder of steps: those that arms share lie in no arm's folder."""
    arm = script.parent.name
    return script.name if arm == "scripts" else f"{arm}/{script.name}"


def write_job(job: dict, folder: str | Path, environment: Mapping | None = None) -> Path:
    """Write the record of one finished job, and its configuration once for all jobs.

    Parameters
    ----------
    job : dict
        As for `job_record`.
    folder : str or Path
        Of the run.
    environment : mapping, optional
        Whose secrets must not be in it; that of the process unless given.

    Returns
    -------
    Path
        The record.

    Raises
    ------
    InputError
        If the record would hold a secret, or cannot be written.
    """
    kept = Path(folder) / FOLDER
    content = job_record(job, cache=Known(kept))
    config = masked(job["config"])
    refuse_secrets([content, config], os.environ if environment is None else environment)
    configuration = kept / "configs" / f"{content['config_sha256']}.json"
    if not configuration.is_file():
        write_json(config, configuration)
    path = record_path(folder, job["rule"], job["wildcards"])
    write_json(content, path)
    return path
