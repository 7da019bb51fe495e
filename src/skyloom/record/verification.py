"""Whether the results of a run are still what their records say.

Nothing is believed but the files themselves: every output is hashed anew, and so is every input
from outside. See `skyloom.record.provenance` for the records.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from skyloom import prefetch
from skyloom.errors import InputError
from skyloom.io import temporary_files
from skyloom.io.files import read_json
from skyloom.record import checksums, consistency, orphans, provenance

if TYPE_CHECKING:
    from skyloom.prefetch import Pool

# What is wrong with a result, and what is only to be known.
FAULTS = ("changed", "missing", "unrecorded", "outdated", "record")
NOTES = ("configuration", "code", "input")
# What lies beside the records of the rules.
_BESIDE = ("configs", "listings", ".checksums")


class Finding(NamedTuple):
    """One thing found: its kind, the file it is about, and a sentence with the remedy."""

    kind: str
    path: str
    sentence: str


def records(folder: str | Path) -> tuple[dict[str, dict], list[Finding]]:
    """The records of a run.

    Parameters
    ----------
    folder : str or Path
        Of the run.

    Returns
    -------
    dict of str to dict, list of Finding
        Records by their file, oldest first; and what cannot be read as one, or was changed.

    Raises
    ------
    InputError
        If the run has no records.
    """
    kept = Path(folder) / provenance.FOLDER
    jobs, broken = {}, []
    for path in sorted(kept.glob("*/*.json")):
        if path.parent.name in _BESIDE or temporary_files.is_temporary(path.name):
            continue
        try:
            content = read_json(path)
            if not consistency.is_record(content):
                raise InputError(f"{path} is not a record of a job: remove it, run the job again.")
            jobs[str(path)] = content
            if wrong := consistency.of_record(path, content, folder):
                raise InputError(
                    f"{path} {wrong}: remove it, run the job again ({_again(content)})."
                )
        except (InputError, UnicodeDecodeError) as error:
            broken.append(Finding("record", str(path), str(error)))
    if not jobs and not broken:
        raise InputError(
            f"{kept} has no records: name the folder of a run, such as results/demo, whose results "
            "this version of the workflow has made."
        )
    return dict(sorted(jobs.items(), key=lambda item: (item[1]["written"], item[0]))), broken


def makers(jobs):
    """The record that tells of each output: path to (record's file, what it says of it)."""
    by_path = {}
    for name, record in jobs.items():
        by_path |= {path: (name, description) for path, description in record["outputs"].items()}
    return by_path


def _make_again(path):
    return f"snakemake --cores 1 {path}"


def _first(record):
    """The first result of a job."""
    return min(record["outputs"], default=record["rule"])


def _again(record):
    """The command that runs a job again whose results are there."""
    return f"snakemake --cores 1 --force {_first(record)}"


class _Run:
    """One run under verification."""

    def __init__(self, folder, pool=None):
        self.folder = Path(folder)
        self.root = Path(os.path.abspath(folder)).parent.parent
        self.kept = self.folder / provenance.FOLDER
        self.pool = pool
        self.records, self.findings = records(folder)
        self.made = makers(self.records)
        self.differences = {}

    def find(self, kind, path, sentence):
        self.findings.append(Finding(kind, str(path), sentence))

    def rule(self, name):
        return self.records[name]["rule"]

    def difference(self, path, description):
        """How a file or folder differs from what is said of it; None where it does not."""
        try:
            return self._difference(self.root / path, description)
        except OSError as error:
            return f"cannot be read ({error.strerror})"

    def _difference(self, here, description):
        if not here.exists():
            return "is gone"
        if here.is_dir() != ("files" in description):
            return "is a file where there was a folder, or the other way round"
        if "files" in description:
            return self._folder_difference(here, description)
        if here.stat().st_size != description["bytes"]:
            return f"has {here.stat().st_size} bytes and not {description['bytes']}"
        return None if checksums.checksum(here) == description["sha256"] else "has another content"

    def _folder_difference(self, here, description):
        """The same of a folder; names the files where the list of them was kept."""
        only, contents = description.get("only"), description["contents"]
        now = checksums.of_folder(here, contents=contents, only=only)
        if now["sha256"] == description["sha256"]:
            description, now = ((each["files"], each["bytes"]) for each in (description, now))
            return (
                None
                if description == now
                else "is {} files of {} bytes and not {} of {}".format(*now, *description)
            )
        before = self.kept_as("listings", description["listing"])
        if before is None:
            return "holds other files"
        after = checksums.listing(here, only)
        gone = [name for name in before if name not in after]
        other = [name for name in before if name in after and before[name][0] != after[name][0]]
        if contents:
            other += [
                name
                for name in before
                if name in after
                and name not in other
                and before[name][1] != checksums.checksum_within(here, name, after[name][0])
            ]
            # What is new in a folder that a job has written is not of that job.
            other += [name for name in after if name not in before]
        named = [*(f"{name} is gone" for name in gone), *(f"{name} is another" for name in other)]
        more = f" and {len(named) - 3} more" if len(named) > 3 else ""
        if not named:
            # Names, sizes and times tell a copy from its original, though both hold the same.
            return "holds other files" if contents else None
        return f"holds other files ({', '.join(named[:3])}{more})"

    def kept_as(self, kind, digest):
        """What is kept beside the records by its digest; None where it is not there as it was."""
        try:
            content = read_json(self.kept / kind / f"{Path(digest).name}.json")
        except InputError:
            return None
        return content if checksums.digest(content) == digest else None

    def outside(self):
        """What was read that no job here has made: path to every (record's file, description)."""
        read = {}
        for name, record in self.records.items():
            for path, description in {**record["inputs"], **record["read"]}.items():
                if path not in self.made:
                    read.setdefault((path, description["sha256"]), (description, []))[1].append(
                        name
                    )
        return read

    def check_files(self, progress):
        """Hash all outputs and all that came from outside."""
        outputs = [(path, description) for path, (_, description) in self.made.items()]
        outside = self.outside()
        work = [*outputs, *((path, description) for (path, _), (description, _) in outside.items())]
        differences = prefetch.in_order(
            self.pool, lambda item: self.difference(*item), progress(work)
        )
        differences = list(differences)
        for (path, _), difference in zip(outputs, differences, strict=False):
            if difference:
                self._output(path, difference)
        sources = zip(outside.items(), differences[len(outputs) :], strict=True)
        for ((path, _), (_, names)), difference in sources:
            if difference:
                self._source(path, names, difference)

    def _output(self, path, difference):
        rule = self.rule(self.made[path][0])
        if difference == "is gone":
            self.find(
                "missing",
                path,
                f"{path}, which {rule} has made, is gone: make it again ({_make_again(path)}), or "
                f"remove its record {self.made[path][0]} if nobody wants it any more.",
            )
        else:
            self.find(
                "changed",
                path,
                f"{path} {difference} since {rule} has made it: remove it and make it again "
                f"({_make_again(path)}).",
            )

    def _source(self, path, names, difference):
        first = _first(self.records[names[0]])
        others = f" (and {len(names) - 1} more jobs' results)" if len(names) > 1 else ""
        if difference == "is gone":
            self.find(
                "input",
                path,
                f"{path} is gone, from which {first}{others} was made: what came of it cannot be "
                "made again without it; put it back if it still exists.",
            )
        else:
            self.find(
                "outdated",
                path,
                f"{path} {difference} since {first}{others} was made from it: run Snakemake again, "
                "or put back the file as it was.",
            )

    def check_chain(self):
        """Results must be made from what the records of their inputs tell of."""
        for name, record in self.records.items():
            mine = sorted(path for path in record["outputs"] if self.made[path][0] == name)
            for path, description in record["inputs"].items() if mine else ():
                maker, now = self.made.get(path, (None, description))
                same = now["sha256"] == description["sha256"]
                if same and any(now.get(key) != description.get(key) for key in ("bytes", "files")):
                    self.find(
                        "record",
                        name,
                        f"{name} and {maker} tell of different sizes of {path}: run the job again "
                        f"({_again(record)}).",
                    )
                if maker and not same and now.get("contents") == description.get("contents"):
                    self.find(
                        "outdated",
                        mine[0],
                        f"{mine[0]} was made from {path} as it was before {self.rule(maker)} made "
                        f"it anew: remove it and make it again ({_make_again(mine[0])}).",
                    )

    def check_sidecars(self):
        """A dataset, its sidecar and the record of its job state the same."""
        wrong = {finding.path for finding in self.findings}
        for name, record in self.records.items():
            for dataset, sidecar in consistency.sidecars(record):
                if wrong & {name, dataset, sidecar}:
                    continue
                if {self.made[path][0] for path in (dataset, sidecar)} != {name}:
                    continue
                if fault := consistency.of_sidecar(dataset, sidecar, record, self.root):
                    again = _again(record)
                    self.find("record", sidecar, f"{sidecar} {fault}: run the job again ({again}).")

    def check_unrecorded(self):
        """Whatever lies among the results must be of a job that ended well."""
        for path in orphans.find(self.folder, self.made):
            self.find(
                "unrecorded",
                path,
                f"{path} has no record of a job that ended well: move it away, or make it "
                f"again if it is a result ({_make_again(path)}).",
            )

    def check_kept(self):
        """What is kept beside the records is what its name says, whether it is used or not."""
        named = {finding.path for finding in self.findings}
        for kind in ("configs", "listings"):
            for path in sorted((self.kept / kind).glob("*.json")):
                expected = str(path) in named or temporary_files.is_temporary(path.name)
                if not expected and self.kept_as(kind, path.stem) is None:
                    sentence = (
                        f"{path} was changed: put it back from a copy, or run the jobs again."
                    )
                    self.find("record", path, sentence)

    def check_code(self, scripts):
        """Steps that have changed since their jobs ran are told of."""
        used = {}
        for record in self.records.values():
            code = record.get("code", {})
            if isinstance(code.get("script"), str):
                used.setdefault((code["script"], code.get("script_sha256")), []).append(record)
        for (script, sha256), jobs in sorted(used.items(), key=str):
            path = Path(scripts) / script
            if path.is_file() and checksums.checksum(path) != sha256:
                self.find(
                    "code",
                    f"scripts/{script}",
                    f"scripts/{script} is another than that by which {_first(jobs[0])} and "
                    f"what else of {len(jobs)} jobs was made: run Snakemake again if their results "
                    "should follow it.",
                )

    def check_configurations(self):
        """All results should be of one configuration, and that must be as it was kept."""
        used = {}
        for name, record in self.records.items():
            if any(self.made[path][0] == name for path in record["outputs"]):
                used.setdefault(record["config_sha256"], []).append(name)
        newest = next(reversed(self.records.values()))["config_sha256"] if used else None
        kept = {digest: self.kept_as("configs", digest) for digest in used}
        for digest, names in used.items():
            self._check_configuration(kept[digest], digest, names)
        for digest, names in used.items():
            if digest == newest or None in (kept[digest], kept.get(newest)):
                continue
            keys = sorted(consistency.different(kept[digest], kept[newest]))
            shown = ", ".join(keys[:6]) + (f" and {len(keys) - 6} more" if len(keys) > 6 else "")
            self.find(
                "configuration",
                names[0],
                f"Another configuration than the last job's was that of {len(names)} of "
                f"{len(self.records)} jobs (other values of {shown}): run Snakemake again if their "
                "results should follow the last; what does not depend on these keys stays.",
            )

    def _check_configuration(self, config, digest, names):
        """A configuration is there as it was kept, and the jobs' seeds are its own."""
        path = str(self.kept / "configs" / f"{Path(digest).name}.json")
        if not isinstance(config, dict):
            sentence = (
                f"{path} is gone or was changed: put it back from a copy, or run the jobs again."
            )
            self.find("record", path, sentence)
            return
        for name in names:
            record = self.records[name]
            if record.get("seed") != record["parameters"].get("seed", config.get("seed")):
                sentence = f"{name} has another seed than its configuration: run the job again"
                self.find("record", name, f"{sentence} ({_again(record)}).")


def check_run(
    folder: str | Path,
    *,
    scripts: str | Path | None = None,
    pool: Pool | None = None,
    progress: Callable = list,
) -> tuple[list[Finding], dict]:
    """Compare all results of a run with their records.

    Parameters
    ----------
    folder : str or Path
        Of the run, ``results/<run>``.
    scripts : str or Path, optional
        Where the steps are that jobs ran; without it, none is looked at.
    pool : `skyloom.prefetch.Pool`, optional
        Files are hashed on its threads.
    progress : callable, optional
        Given the list of files to be hashed, an iterable over them.

    Returns
    -------
    list of Finding, dict
        What was found, and how many ``records`` and ``outputs`` there are.

    Raises
    ------
    InputError
        If the run has no records.
    """
    run = _Run(folder, pool)
    run.check_files(progress)
    run.check_chain()
    run.check_sidecars()
    run.check_unrecorded()
    run.check_configurations()
    run.check_kept()
    if scripts is not None:
        run.check_code(scripts)
    order = {kind: place for place, kind in enumerate((*FAULTS, *NOTES))}
    findings = sorted(run.findings, key=lambda finding: (order[finding.kind], finding.path))
    return findings, {"records": len(run.records), "outputs": len(run.made)}
