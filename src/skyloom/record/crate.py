"""A whole run as one RO-Crate: which jobs made which files from what, with which software.

RO-Crate 1.1 with the Process Run Crate profile 0.5 (https://w3id.org/ro/wfrun/process/0.5): one
``CreateAction`` a job, from the records of `skyloom.record.provenance`. It describes the files
where they are and copies none of them. Equal records give an equal crate.
"""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from skyloom import __version__
from skyloom.errors import InputError
from skyloom.extras import extra
from skyloom.io.files import read_json, write_json
from skyloom.record import checksums, provenance
from skyloom.record.verification import makers, records

with extra("workflow"):
    from rocrate.model.contextentity import ContextEntity
    from rocrate.rocrate import ROCrate

_PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
# Has the terms of the profile, sha256 among them.
_CONTEXT = "https://w3id.org/ro/terms/workflow-run/context"
_TYPES = {
    ".csv": "text/csv",
    ".ecsv": "text/x-ecsv",
    ".fits": "application/fits",
    ".h5": "application/x-hdf5",
    ".hdf5": "application/x-hdf5",
    ".keras": "application/zip",
}
# As in LICENSE and CITATION.cff.
_SOFTWARE_LICENCE = "https://spdx.org/licenses/MIT"
_LICENCE = (
    "What is marked as synthetic is under the MIT licence, as Skyloom itself; of all other results "
    "the licence of the data they were made from holds, and Skyloom adds no terms of its own."
)
_SYNTHETIC = "Made from synthetic input: not a measurement of anything in the sky."


def _encoding(path):
    suffix = PurePosixPath(path).suffix
    return _TYPES.get(suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"


def synthetic_arms(config):
    """The arms whose input is made by their own generator: nothing of theirs is science."""
    arms = config.get("arms", [])
    return {arm for arm in arms if config[arm].get("source", "synthetic") == "synthetic"}


class _Crate:
    """The crate of one run while it is put together."""

    def __init__(self, folder, jobs):
        self.folder, self.records = Path(folder).as_posix(), jobs
        newest = list(jobs.values())[-1]
        kept = f"{self.folder}/{provenance.FOLDER}/configs/{newest['config_sha256']}.json"
        self.config = read_json(kept)
        self.synthetic = synthetic_arms(self.config)
        self.made = makers(jobs)
        self.crate = ROCrate(version="1.1")
        self.crate.metadata.extra_contexts.append(_CONTEXT)
        self.entities = {}

    def context(self, identifier, kind, **properties):
        """A contextual entity, made once."""
        if identifier not in self.entities:
            properties = {"@type": kind, **properties}
            entity = ContextEntity(self.crate, identifier, properties=properties)
            self.entities[identifier] = self.crate.add(entity)
        return self.entities[identifier]

    def file(self, path, description, **properties):
        """The entity of a file or folder: of the crate if it is among the run's results."""
        identifier = f"{path} {description['sha256']}"
        if identifier in self.entities:
            return self.entities[identifier]
        about = {
            "name": path,
            "sha256": description["sha256"],
            "contentSize": str(description["bytes"]),
        }
        inside = path.startswith(f"{self.folder}/")
        newest = self.made.get(path, (None, description))[1]["sha256"] == description["sha256"]
        if inside and newest and (path in self.made or properties):
            self.entities[identifier] = self._part(path, description, {**about, **properties})
            return self.entities[identifier]
        # What an input was then, or what lies outside: told of by name and checksum.
        name = f"#input/{quote(path)}@{description['sha256'][:16]}"
        self.entities[identifier] = self.context(name, "CreativeWork", **about)
        return self.entities[identifier]

    def _part(self, path, description, about):
        below = PurePosixPath(path).relative_to(self.folder)
        if below.parts[0] in self.synthetic:
            about = {**about, "description": _SYNTHETIC, "creativeWorkStatus": "synthetic"}
        if "files" in description:
            about["description"] = (
                f"{description['files']} files. {about.get('description', '')}".strip()
            )
            return self.crate.add_dataset(dest_path=f"{below}/", properties=about)
        about["encodingFormat"] = _encoding(path)
        return self.crate.add_file(dest_path=str(below), properties=about)

    def software(self, record):
        """The step of a job, with what it ran on."""
        code = record.get("code") or {}
        script, library = code.get("script"), code.get("library")
        needs = [
            self.context(
                f"#package/{name}@{version}",
                "SoftwareApplication",
                name=name,
                softwareVersion=str(version),
            )
            for name, version in sorted(record.get("packages", {}).items())
        ]
        needs.append(
            self.context(
                f"#package/python@{record.get('python')}",
                "SoftwareApplication",
                name="Python",
                softwareVersion=str(record.get("python")),
            )
        )
        packages = "".join(sorted(entity.id for entity in needs))
        identifier = f"#step/{script}@{library}-{checksums.digest(packages)[:8]}"
        return self.context(
            identifier,
            "SoftwareApplication",
            name=f"Skyloom's step {script}",
            softwareVersion=f"{record.get('version')} ({record.get('commit') or 'no git commit'}, "
            f"library {library}, script {str(code.get('script_sha256'))[:16]})",
            softwareRequirements=needs,
            isPartOf=self.entities["#skyloom"],
        )

    def action(self, name, record):
        """One job."""
        config = f"{self.folder}/{provenance.FOLDER}/configs/{record['config_sha256']}.json"
        inputs = [self.file(path, description) for path, description in record["inputs"].items()]
        inputs += [self.file(path, description) for path, description in record["read"].items()]
        inputs.append(self._configuration(config))
        identifier = PurePosixPath(name).relative_to(f"{self.folder}/{provenance.FOLDER}")
        return self.crate.add_action(
            self.software(record),
            identifier=f"#job/{quote(str(identifier.with_suffix('')))}",
            object=inputs,
            result=[
                self.file(path, description) for path, description in record["outputs"].items()
            ],
            properties={
                "name": " ".join([record["rule"], *map(str, record["wildcards"].values())]),
                "description": "parameters: " + json.dumps(record["parameters"], sort_keys=True),
                "startTime": record["started"],
                "endTime": record["written"],
                "actionStatus": "http://schema.org/CompletedActionStatus",
            },
        )

    def _configuration(self, path):
        """The configuration of a job, as it is kept with the records."""
        if not Path(path).is_file():
            raise InputError(f"{path} does not exist: put it back, or run the jobs again.")
        return self.file(path, checksums.of_file(path), alternateName="the resolved configuration")

    def describe(self):
        """Root, profile and workflow, then every job; the JSON-LD as a dict."""
        root, run = self.crate.root_dataset, self.config["run"]
        profile = self.context(_PROFILE, "CreativeWork", name="Process Run Crate", version="0.5")
        self.context(
            "#skyloom",
            "SoftwareApplication",
            name="Skyloom, a Snakemake workflow from simulations, images and spectra to networks",
            softwareVersion=__version__,
            license=_SOFTWARE_LICENCE,
        )
        sources = ", ".join(sorted(self.synthetic)) or "no arm"
        root["name"] = f"Skyloom run {run}"
        root["description"] = (
            f"Datasets, networks, tables and figures of the run {run}, with the jobs that made "
            f"them. Synthetic input: {sources}."
        )
        root["license"] = self.context(
            "#licence", "CreativeWork", name="Licence", description=_LICENCE
        )
        root["conformsTo"] = profile
        self.crate.datePublished = max(record["written"] for record in self.records.values())
        root["mentions"] = [self.action(*item) for item in sorted(self.records.items())]
        return self.crate.metadata.generate()


def describe(folder: str | Path, *, wanted: Sequence[str] = ()) -> dict:
    """The crate of a run.

    Parameters
    ----------
    folder : str or Path
        Of the run, ``results/<run>``, as seen from the working folder.
    wanted : sequence of str
        Files of which a record must tell.

    Returns
    -------
    dict
        JSON-LD. The crate's own record is left out: it would tell of an older crate.

    Raises
    ------
    InputError
        If there are no records, one is broken, or none tells of a wanted file.
    """
    jobs, broken = records(folder)
    if broken:
        raise InputError(broken[0].sentence)
    crate = f"{Path(folder).as_posix()}/{provenance.CRATE}"
    jobs = {name: record for name, record in jobs.items() if crate not in record["outputs"]}
    producers = makers(jobs)
    unknown = sorted(path for path in map(str, wanted) if path not in producers)
    if unknown:
        raise InputError(
            f"{unknown[0]} has no record of the job that made it (nor have {len(unknown) - 1} "
            f"others): make it again (snakemake --cores 1 --force {unknown[0]})."
        )
    return _Crate(folder, jobs).describe()


def write(folder, path, *, wanted=()):
    """Write the crate of a run to `path`; see `describe`."""
    write_json(describe(folder, wanted=wanted), path)
