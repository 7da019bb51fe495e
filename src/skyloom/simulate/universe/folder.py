"""A whole synthetic TNG folder in one call."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from skyloom.arms.tng.arguments import arguments_named
from skyloom.arms.tng.runs import SIMULATIONS
from skyloom.errors import InputError, check_one_of
from skyloom.io.files import open_hdf5
from skyloom.simulate.universe.snapshot import write_snapshot
from skyloom.simulate.universe.tree import write_tree


def simulate_tng(
    folder: str | Path,
    snapshots: Sequence[int] = (99,),
    *,
    galaxies: int = 12,
    gas_cells: int = 4000,
    chunks: int = 4,
    seed: int = 1,
    simulation: str = "TNG50-1",
) -> Path:
    """Write a synthetic universe in TNG's on-disk format: `skyloom.simulate.universe` describes it.

    Parameters
    ----------
    folder : str or Path
        Gets ``output`` and ``postprocessing``, as a run of TNG has.
    snapshots : sequence of int
        Of TNG 80 to 99.
    galaxies : int
        Lineages, at least 12; some more galaxies are hard cases.
    gas_cells : int
        Of an ordinary galaxy, at least 100.
    chunks : int
        Files that a snapshot is cut into, at least 2.
    seed : int
        Equal arguments give equal bytes.
    simulation : str
        One of `skyloom.arms.tng.runs.SIMULATIONS`, whose box, cosmology and fields the files have.

    Returns
    -------
    Path
        What `skyloom.open_tng` takes as `base_path`.

    Raises
    ------
    InputError
        If an argument makes no sense, or files are there that no synthetic universe wrote.
    """
    base, numbers = Path(folder) / "output", [int(number) for number in snapshots]
    check_one_of("simulation", simulation, SIMULATIONS)
    _refuse_real(base)
    size: dict = {
        "snapshots": numbers,
        "galaxies": galaxies,
        "seed": seed,
        "simulation": simulation,
    }
    with arguments_named():
        # The trees first: they check the list of snapshots.
        write_tree(base, **size)
        for number in numbers:
            write_snapshot(base, number, gas_cells=gas_cells, chunks=chunks, **size)
    return base


def _refuse_real(base):
    """Refuse to write over a simulation."""
    for path in sorted(base.glob("groups_*/*.hdf5"))[:1]:
        with open_hdf5(path, need=["Header"]) as file:
            if not file["Header"].attrs.get("SyntheticUniverse", False):
                raise InputError(
                    f"{path} is of a real simulation: give another folder for the synthetic one."
                )
