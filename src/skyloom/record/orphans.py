"""Which files of a run's folder are of no job, though they should be."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from pathlib import Path

from skyloom.io import temporary_files
from skyloom.record import provenance

# What is written without a record, as it is called below the run's folder.
_WITHOUT = re.compile(
    "|".join(
        (
            # By jobs that run or have failed, too; of the run, or of an arm.
            r"([^/]+/)?logs/.+\.log",
            r"([^/]+/)?benchmarks/.+\.tsv",
            # What an archive did not give: see `skyloom.archives.download.fetch_all`.
            r"[^/]+/failed/[^/]+\.ecsv",
            # By `scripts/verify.py --crate`.
            re.escape(provenance.CRATE),
            # Records, which are read as such, and what belongs to them.
            rf"{provenance.FOLDER}/(configs|listings)/[0-9a-f]{{64}}\.json",
            rf"{provenance.FOLDER}/\.checksums/[0-9a-f]{{32}}\.json",
            rf"{provenance.FOLDER}/(?!configs/|listings/)[^./][^/]*/[^/]+\.json",
        )
    ),
    re.DOTALL,
)
# Of `skyloom.io.folders.complete`.
_TEMPORARY_FOLDER = re.compile(r"\..+\.[a-z0-9_]{8}", re.DOTALL)


def find(folder: str | Path, outputs: Collection[str]) -> list[str]:
    """Files and links among the results that no job has made, hidden ones too.

    Parameters
    ----------
    folder : str or Path
        Of the run, ``results/<run>``.
    outputs : collection of str
        What jobs have made, as seen from the folder that has ``results``.

    Returns
    -------
    list of str
        Sorted, as `outputs`. Folders that a job has made are not looked into; a link to a folder is
        followed where results lie behind it, and else is a stray itself.
    """
    here = Path(os.path.abspath(folder))
    root, strays = here.parent.parent, []
    within = {parent.as_posix() for path in outputs for parent in Path(path).parents}
    for parent, folders, names in os.walk(here, followlinks=True):
        below = Path(parent).relative_to(root)
        links = [name for name in folders if os.path.islink(os.path.join(parent, name))]
        alone = [name for name in links if (below / name).as_posix() not in within]
        folders[:] = [
            name
            for name in sorted(folders)
            if name not in alone
            and not _TEMPORARY_FOLDER.fullmatch(name)
            and (below / name).as_posix() not in outputs
        ]
        for name in (*names, *alone):
            path = (below / name).as_posix()
            inside = path.split("/", 2)[2]
            expected = (
                path in outputs or _WITHOUT.fullmatch(inside) or temporary_files.is_temporary(name)
            )
            strays += [] if expected else [path]
    return sorted(strays)
