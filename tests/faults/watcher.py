"""Watch a folder of results while a run goes on: no final name may ever stand for half a file."""

import ctypes
import os
import select
import struct
import threading
import zipfile
from pathlib import Path

import h5py
from astropy.io import fits
from astropy.table import Table

from skyloom import datasets
from skyloom.io.files import read_json, read_table

# What Linux reports (man inotify).
_MODIFY, _MOVED_TO, _CREATE = 0x2, 0x80, 0x100
_OVERFLOW, _IS_FOLDER = 0x4000, 0x40000000
_EVENT = struct.Struct("iIII")
_SYSTEM = ctypes.CDLL(None, use_errno=True)
#: Folders whose files grow while a job runs, as logs do.
GROWING = frozenset({"logs", "benchmarks"})


def is_final(path, root):
    """Whether `path` has a final name: no temporary file, no log, no record of Snakemake's own."""
    parts = path.relative_to(root).parts
    growing = GROWING & set(parts) or path.suffix == ".log"
    return not growing and not path.name.startswith(".")


def _whole_hdf5(path):
    with h5py.File(path, "r") as file:
        file.visititems(lambda _, item: item[()] if isinstance(item, h5py.Dataset) else None)
    if path.parent.name == "datasets":
        datasets.check(path)


def _whole_archive(path):
    with zipfile.ZipFile(path) as file:
        assert file.testzip() is None


def _whole_fits(path):
    with fits.open(path) as units:
        units.verify("exception")
        assert all(unit.size == 0 or unit.data is not None for unit in units)


def _whole_library(path):
    ctypes.CDLL(str(path))


_READERS = {
    ".h5": _whole_hdf5,
    ".hdf5": _whole_hdf5,
    ".keras": _whole_archive,
    ".ecsv": read_table,
    ".json": read_json,
    ".csv": lambda path: Table.read(path, format="ascii.csv"),
    ".fits": _whole_fits,
    ".so": _whole_library,
}


class Watcher(threading.Thread):
    """Sees every file that takes a final name below a folder, at the moment it does.

    Parameters
    ----------
    root : Path
        An existing folder.

    Attributes
    ----------
    seen : int
        Files that took a final name.
    faults : list of str
        What was half a file under a final name: a file that its own reader cannot read, and any
        that was made or written to in place, however short that lasted.
    """

    def __init__(self, root):
        super().__init__(daemon=True)
        self.root, self.seen, self.faults = root, 0, []
        self._folders, self._stopped = {}, threading.Event()
        self._handle = _SYSTEM.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._handle < 0:
            raise OSError(ctypes.get_errno(), "inotify is not to be had")
        self._add(root)

    def run(self):
        """Until `stop`: take what happened, in order."""
        while not self._stopped.is_set():
            if select.select([self._handle], [], [], 0.02)[0]:
                self._take()

    def stop(self):
        """Look at what is still to be seen, then end."""
        self._stopped.set()
        self.join()
        if select.select([self._handle], [], [], 0)[0]:
            self._take()
        os.close(self._handle)

    def _add(self, folder):
        """Watch a folder and, since it may have been filled meanwhile, all that is in it."""
        number = _SYSTEM.inotify_add_watch(
            self._handle, os.fsencode(folder), _CREATE | _MODIFY | _MOVED_TO
        )
        self._folders[number] = folder
        try:
            for path in sorted(folder.iterdir()):
                if path.is_dir():
                    self._add(path)
                else:
                    self._arrived(path)
        except FileNotFoundError:
            # Snakemake removes what a failed job made.
            return

    def _take(self):
        data, place = os.read(self._handle, 1 << 20), 0
        while place < len(data):
            number, mask, _, length = _EVENT.unpack_from(data, place)
            place += _EVENT.size
            name = os.fsdecode(data[place : place + length].rstrip(b"\0"))
            place += length
            if mask & _OVERFLOW:
                self.faults.append("the watcher lost events")
            if number in self._folders and name:
                self._happened(self._folders[number] / name, mask)

    def _happened(self, path, mask):
        if mask & _IS_FOLDER:
            self._add(path)
        elif mask & _MOVED_TO:
            self._arrived(path)
        elif is_final(path, self.root):
            how = "made" if mask & _CREATE else "written to"
            self.faults.append(f"{path.relative_to(self.root)} was {how} in place")

    def _arrived(self, path):
        if not is_final(path, self.root):
            return
        self.seen += 1
        try:
            _READERS.get(path.suffix, Path.read_bytes)(path)
        except Exception as error:
            if path.exists():
                self.faults.append(f"{path.relative_to(self.root)} was not whole: {error}")
