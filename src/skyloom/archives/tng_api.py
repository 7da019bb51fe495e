"""The TNG web API: what is asked of it, and where its answers are kept.

Addresses come from a file of data; numbers and names in them are ours. Answers lie below one
folder a simulation: ``columns/099/``, ``cutouts/099/``, ``branches/099/``, and what is made of
them in TNG's own layout below ``output/``.
"""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np
import requests

from skyloom.archives.download import Session, fetch
from skyloom.arms.tng import header
from skyloom.errors import InputError
from skyloom.io.files import open_hdf5, read_json

if TYPE_CHECKING:
    from skyloom.archives.download import Policy


#: The environment variable that holds the user's key; it is written nowhere.
KEY = "TNG_API_KEY"
#: Numbers of the archive's answers by the names of TNG's headers.
_HEADER = {
    "boxsize": "BoxSize",
    "hubble": "HubbleParam",
    "omega_0": "Omega0",
    "redshift": "Redshift",
}
_REMEDY = "give the files as a folder, with tng.source local"


def connect(addresses, simulation, folder, policy):
    """The web API as `WebApi`, with the key from the environment.

    Raises
    ------
    InputError
        If the environment has no key.
    """
    key = os.environ.get(KEY, "").strip()
    if not key:
        raise InputError(
            f"The environment variable {KEY} is not set: put the key there that the archive shows "
            "on your profile page, for example with export, and run again."
        )
    session = Session(addresses.get("key_header", "api-key"), key, KEY)
    return WebApi(session, addresses, simulation, folder, policy)


class WebApi:
    """One simulation as the archive serves it.

    Parameters
    ----------
    session : `skyloom.archives.download.Session`
    addresses : dict
        Patterns ``simulation``, ``snapshot``, ``column``, ``halo``, ``subhalo``, ``branch``.
    simulation : str
        The archive's name of it, such as ``TNG50-1``.
    folder : str or Path
        Where its answers are kept.
    policy : `skyloom.archives.download.Policy`
    """

    def __init__(
        self, session, addresses: dict, simulation: str, folder: str | Path, policy: Policy
    ) -> None:
        self.session, self.simulation, self.policy = session, simulation, policy
        self.folder, self._addresses = Path(folder), addresses

    def address(self, kind, **words):
        """The address of one answer."""
        try:
            return self._addresses[kind].format(simulation=self.simulation, **words)
        except (KeyError, IndexError, AttributeError, ValueError) as error:
            raise InputError(
                f"The file of addresses has no usable pattern tng.{kind} ({error}): compare it "
                "with resources/archives.yaml."
            ) from error

    def fetch(self, url, path, verify, *, progress=False):
        """Fetch one file, or keep it where it is there and whole."""
        return fetch(
            self.session,
            url,
            path,
            verify=verify,
            policy=self.policy,
            remedy=_REMEDY,
            progress=progress,
        )

    def status(self, url):
        """What the archive answers to a request, as a number, without fetching the body."""
        try:
            with self.session.ask(url, timeout=self.policy.timeout) as response:
                return response.status_code
        except (requests.RequestException, ValueError):
            return None

    def _numbers(self, kind, path, names, **words):
        """Named numbers from one of the API's JSON answers."""

        def verify(path):
            _read_numbers(path, names)

        url = self.address(kind, **words)
        return _read_numbers(self.fetch(url, path, verify).path, names)

    def cosmology(self):
        """The simulation's boxsize (ckpc/h), hubble and omega_0, as a dict."""
        names = ("boxsize", "hubble", "omega_0")
        return self._numbers("simulation", self.folder / "simulation.json", names)

    def snapshot(self, snapshot):
        """A snapshot's redshift, num_groups_fof and num_groups_subfind, as a dict."""
        names = ("redshift", "num_groups_fof", "num_groups_subfind")
        path = self.folder / "columns" / f"{snapshot:03d}" / "snapshot.json"
        return self._numbers("snapshot", path, names, snapshot=snapshot)


def _read_numbers(path, names):
    answer = read_json(path)
    if not isinstance(answer, dict):
        raise InputError(f"{path} is not one object: it is not an answer of the web API.")
    for name in names:
        value = answer.get(name)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not math.isfinite(value):
            raise InputError(
                f"{path} lacks the number {name}: it is not an answer of the TNG web API, or that "
                "has changed."
            )
    numbers = {_HEADER[name]: answer[name] for name in names if name in _HEADER}
    header.check_numbers(numbers, path, "{}")
    return {name: answer[name] for name in names}


def check_rows(file, name, count, path):
    """Raise an InputError unless a dataset of an open file has `count` rows of numbers."""
    rows = stored_here(file, name, path)
    if not rows.shape or rows.dtype.kind not in "biuf":
        raise InputError(f"{path}: {name} is no column of numbers.")
    if rows.shape[0] != count:
        raise InputError(
            f"{path} has {rows.shape[0]} rows of {name} where the archive's catalogue has {count}."
        )
    return rows


def stored_here(file, name, path):
    """A dataset of an open file, refused where its values would come from another file.

    HDF5 can point to any path on the machine that reads it; an archive's answer has no reason to.
    """
    place = file
    for part in name.split("/"):
        if not isinstance(place, h5py.Group) or place.get(part, getlink=True) is None:
            raise InputError(f"{path} lacks {name}.")
        if not isinstance(place.get(part, getlink=True), h5py.HardLink):
            raise InputError(f"{path}: {name} is a link to somewhere else, not data.")
        place = place[part]
    if not isinstance(place, h5py.Dataset):
        raise InputError(f"{path}: {name} is no dataset.")
    if place.external or place.is_virtual:
        raise InputError(f"{path}: {name} keeps its values in another file.")
    return place


def is_synthetic(path):
    """Whether a file says that it comes from the synthetic universe."""
    with open_hdf5(path) as file:
        attributes = file["Header"].attrs if "Header" in file else file.attrs
        return bool(np.any(attributes.get("SyntheticUniverse", False)))
