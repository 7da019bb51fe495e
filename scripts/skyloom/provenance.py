"""What a result was made from, kept beside it in a file of its own.

The results themselves hold nothing that varies between equal runs (no clock, no commit), so that
they are byte-reproducible; all of that is recorded here.
"""

import datetime
import hashlib
import importlib.metadata
import json
import platform
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def checksum(path):
    """SHA-256 of a file's contents, as hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def commit(folder):
    """The git commit of `folder`, with ``+changes`` if files differ from it; None outside git."""
    try:
        answers = [
            subprocess.run(
                ["git", "-C", str(folder), *words], capture_output=True, text=True, check=True
            ).stdout.strip()
            for words in (["rev-parse", "HEAD"], ["status", "--porcelain"])
        ]
    except (OSError, subprocess.CalledProcessError):
        return None
    return answers[0] + ("+changes" if answers[1] else "")


def record(*, output, inputs, parameters, packages, seed=None, threads=1):
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

    Returns
    -------
    dict
        Ready for JSON: checksums, versions, git commit, machine type, time (UTC).
    """
    paths = sorted(map(str, inputs))
    with ThreadPoolExecutor(threads) as pool:
        checksums = list(pool.map(checksum, [output, *paths]))
    text = json.dumps(parameters, sort_keys=True, default=str)
    return {
        "output": {"name": Path(output).name, "sha256": checksums[0]},
        "inputs": dict(zip(paths, checksums[1:], strict=True)),
        "parameters": parameters,
        "parameters_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "seed": seed,
        "packages": {name: importlib.metadata.version(name) for name in sorted(packages)},
        "python": platform.python_version(),
        "machine": platform.machine(),
        "commit": commit(Path(__file__).parent),
        "written": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }
