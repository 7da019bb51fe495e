"""The TNG web API over a TNG-format folder, for `archive_server.Archive`.

It answers as the real one is described to (tng-project.org/data/docs/api): JSON of a simulation
and a snapshot, single fields of the group catalogue, cutouts without NumPart_Total, main branches.
"""

import io
import json
from functools import cache
from pathlib import Path

import h5py
import illustris_python as il
import numpy as np

from skyloom.archives import tng_api
from skyloom.archives.download import Policy, Session
from skyloom.arms.tng.simulation import PARTICLE_TYPES, Simulation

KEY = "key-that-nobody-may-see"
POLICY = Policy(retries=2, timeout=30, slowest=0, backoff=0)

_SNAPSHOT = "{url}/api/{{simulation}}/snapshots/{{snapshot}}/"
PATTERNS = {
    "key_header": "api-key",
    "simulation": "{url}/api/{{simulation}}/",
    "snapshot": _SNAPSHOT,
    "column": "{url}/api/{{simulation}}/files/groupcat-{{snapshot}}/?{{table}}={{field}}",
    "halo": _SNAPSHOT + "halos/{{number}}/cutout.hdf5?{{fields}}",
    "subhalo": _SNAPSHOT + "subhalos/{{number}}/cutout.hdf5?{{fields}}",
    "branch": _SNAPSHOT + "subhalos/{{number}}/sublink/mpb.hdf5",
}


def addresses(url):
    """What ``resources/archives.yaml`` would say of this server."""
    return {name: pattern.format(url=url) for name, pattern in PATTERNS.items()}


def open_api(server, folder, key=KEY):
    """The web API as a step would use it, with its answers in `folder`."""
    session = Session("api-key", key, "TNG_API_KEY")
    return tng_api.WebApi(session, addresses(server.url), "TNG50-1", folder, POLICY)


class TngArchive:
    """Answers for `archive_server.Archive`.

    Parameters
    ----------
    base_path : path
        The folder ``output``.
    name : str
        The simulation's.
    missing_fields : sequence of str
        Particle fields that its snapshots lack, as mini snapshots do: 400.
    """

    def __init__(self, base_path, name="TNG50-1", missing_fields=()):
        self.base, self.name, self.missing = Path(base_path), name, set(missing_fields)
        self._simulation = cache(lambda number: Simulation(self.base, number))

    def __call__(self, path, query):
        parts = path.strip("/").split("/")
        if parts[:2] != ["api", self.name]:
            return 404
        match parts[2:]:
            case []:
                header = self._simulation(self._first()).header
                return _json(
                    boxsize=header.box_size, hubble=header.hubble, omega_0=header.omega_matter
                )
            case ["snapshots", number]:
                return self._snapshot(int(number))
            case ["files", groupcat]:
                return self._column(int(groupcat.removeprefix("groupcat-")), query)
            case ["snapshots", number, "halos" | "subhalos" as owner, own, "cutout.hdf5"]:
                return self._cutout(int(number), owner[:-1], int(own), query)
            case ["snapshots", number, "subhalos", own, "sublink", "mpb.hdf5"]:
                return self._branch(int(number), int(own))
        return 404

    def _first(self):
        return int(sorted(self.base.glob("groups_*"))[0].name[-3:])

    def _snapshot(self, number):
        simulation = self._simulation(number)
        return _json(
            number=number,
            redshift=simulation.header.redshift,
            num_groups_fof=len(simulation.groups(("GroupMass",))["GroupMass"]),
            num_groups_subfind=len(simulation.subhalos(("SubhaloMass",))["SubhaloMass"]),
        )

    def _column(self, number, query):
        ((table, (field,)),) = query.items()
        simulation = self._simulation(number)
        if table == "Subhalo" and not simulation.has_subhalo_field(field):
            return 404
        read = {"Subhalo": simulation.subhalos, "Group": simulation.groups}[table]
        with _Built() as built:
            built.file[f"{table}/{field}"] = read((field,))[field]
            built.file.create_group("Header").attrs["SyntheticUniverse"] = True
        return built.bytes

    def _cutout(self, number, owner, own, query):
        simulation = self._simulation(number)
        source = simulation._snapshot_files[0]
        with _Built() as built, h5py.File(source) as original:
            header = built.file.create_group("Header").attrs
            for name, value in original["Header"].attrs.items():
                if not name.startswith("NumPart_Total"):
                    header[name] = value
            counts = np.zeros(6, "i4")
            for kind, (names,) in query.items():
                fields, kind = names.split(","), {"dm": "dark_matter"}.get(kind, kind)
                if lacking := self.missing & set(fields):
                    return 400, json.dumps(
                        {"detail": f"field {sorted(lacking)[0]} does not exist"}
                    ).encode()
                key = {"halo": "group", "subhalo": "subhalo"}[owner]
                arrays = simulation.particles(kind, fields, **{key: own})
                counts[PARTICLE_TYPES[kind]] = len(arrays[fields[0]])
                if len(arrays[fields[0]]):
                    for field, values in arrays.items():
                        built.file[f"PartType{PARTICLE_TYPES[kind]}/{field}"] = values
            header["NumPart_ThisFile"] = counts
            header["NumFilesPerSnapshot"] = np.int32(1)
            header["SnapshotNumber"], header["CutoutID"] = np.int32(number), np.int32(own)
            header["CutoutType"] = owner
        return built.bytes

    def _branch(self, number, own):
        fields = ["SnapNum", "SubfindID", "SubhaloID", "MainLeafProgenitorID"]
        tree = il.sublink.loadTree(str(self.base), number, own, fields=fields, onlyMPB=True)
        if tree is None:
            return 404
        with _Built() as built:
            for field in fields:
                built.file[field] = tree[field]
        return built.bytes


class _Built:
    """An HDF5 file in memory; `bytes` when it is closed."""

    def __enter__(self):
        self._buffer = io.BytesIO()
        self.file = h5py.File(self._buffer, "w")
        return self

    def __exit__(self, *_):
        self.file.close()
        self.bytes = self._buffer.getvalue()


def _json(**content):
    return json.dumps(content).encode()
