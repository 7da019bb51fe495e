"""Compare all results of a run with the records of the jobs that made them.

    python scripts/verify.py results/demo

needs no run of Snakemake. With --crate it also writes an RO-Crate of what is there, if all is as
recorded: that of the rule `crate`, for a run of which only some targets were built. It ends with
status 0 if all is as recorded, 1 if something is not, and 2 if there is nothing to compare.
"""

import argparse
import os
import sys
from collections import Counter
from pathlib import Path

_SCRIPTS = Path(__file__).parent
sys.path.insert(1, str(_SCRIPTS.parent / "src"))

from skyloom import prefetch
from skyloom.errors import InputError
from skyloom.io import file_names
from skyloom.progress import track
from skyloom.record import provenance, verification


def main(words=None):
    """Verify the folder named on the command line; print a table; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("folder", help="of the run, for example results/demo")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="files read at once")
    parser.add_argument("--crate", action="store_true", help=f"write {provenance.CRATE} too")
    options = parser.parse_args(words)
    try:
        folder = _at_project(options.folder)
        with prefetch.Pool(max(1, options.threads)) as pool:
            findings, counts = verification.check_run(
                folder,
                scripts=_SCRIPTS,
                pool=pool,
                progress=lambda files: track(files, label="files compared", unit="file"),
            )
    except InputError as error:
        print(f"skyloom: {error}", file=sys.stderr)
        return 2
    if options.crate:
        # It is about to be written anew.
        findings = [found for found in findings if Path(found.path).name != provenance.CRATE]
    for found in findings:
        print(f"{found.kind}: {file_names.shown(found.sentence)}")
    kinds = Counter(found.kind for found in findings)
    for kind in (*verification.FAULTS, *verification.NOTES):
        print(f"{kind:<15}{kinds[kind]:>7}")
    faults = sum(kinds[kind] for kind in verification.FAULTS)
    said = f"{faults} faults" if faults else "all as recorded"
    print(f"skyloom: {counts['outputs']} results of {counts['records']} jobs compared: {said}.")
    if options.crate and not faults:
        from skyloom.record import crate

        path = folder / provenance.CRATE
        try:
            crate.write(folder, path)
        except InputError as error:
            print(f"skyloom: {error}", file=sys.stderr)
            return 2
        # What the rule `crate` said of an earlier one holds no more.
        provenance.record_path(folder, "crate", {}).unlink(missing_ok=True)
        print(f"skyloom: {path} describes the run.")
    return 1 if faults else 0


def _at_project(folder):
    """Go to the folder that the paths in records are seen from; the run's folder from there."""
    here = Path(os.path.abspath(folder))
    if here.is_dir():
        os.chdir(here.parent.parent)
    return Path(here.parent.name, here.name)


if __name__ == "__main__":
    sys.exit(main())
