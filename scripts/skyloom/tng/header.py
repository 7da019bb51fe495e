"""What the header of a TNG-format file says."""

from typing import NamedTuple

import numpy as np

from skyloom.errors import InputError
from skyloom.io import open_hdf5


class Header(NamedTuple):
    """The numbers of a snapshot that unit conversions need."""

    snapshot: int
    redshift: float
    scale_factor: float
    hubble: float
    omega_matter: float
    box_size: float
    synthetic: bool


def scalar(attributes, name, path):
    """A number among the attributes of a header; an InputError names what is missing."""
    if name not in attributes:
        raise InputError(
            f"{path} lacks the header attribute {name}: it is not a TNG-format file, or it was cut "
            "short; get it again."
        )
    # Cutouts that went through other tools hold arrays of one element.
    values = np.asarray(attributes[name]).reshape(-1)
    if not len(values) or values.dtype.kind not in "biuf":
        raise InputError(
            f"{path} has a header attribute {name} that is no number: the file is damaged; get it "
            "again."
        )
    return values[0]


def table_mass(path, kind):
    """The mass of a particle type in a file's MassTable."""
    with open_hdf5(path, need=["Header"]) as file:
        masses = np.asarray(file["Header"].attrs.get("MassTable", ())).reshape(-1)
    if len(masses) <= kind or masses.dtype.kind != "f" or not 0 < masses[kind] < np.inf:
        raise InputError(
            f"{path} has no mass of PartType{kind} in its header's MassTable: the file is damaged, "
            "or a run without such particles; get it again, or leave the channel out."
        )
    return float(masses[kind])


def read_header(file, path, snapshot):
    """The `Header` of an open file."""
    attributes = file["Header"].attrs if "Header" in file else {}
    read = {
        name: float(scalar(attributes, name, path))
        for name in ("Redshift", "Time", "HubbleParam", "Omega0", "BoxSize")
    }
    return Header(
        snapshot=int(snapshot),
        redshift=read["Redshift"],
        scale_factor=read["Time"],
        hubble=read["HubbleParam"],
        omega_matter=read["Omega0"],
        box_size=read["BoxSize"],
        synthetic=bool(attributes.get("SyntheticUniverse", False)),
    )
