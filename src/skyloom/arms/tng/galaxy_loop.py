"""Galaxy after galaxy of a table, some at once, read from front to back."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from skyloom.arms.tng import consistency
from skyloom.arms.tng.particles import Workspace
from skyloom.arms.tng.simulation import GAS_FIELDS, STAR_FIELDS

if TYPE_CHECKING:
    from astropy.table import Table

    from skyloom.arms.tng.simulation import Simulation


def check_spin_fields(simulation):
    """Raise an InputError where files do not belong together, or lack fields that a spin may need.

    Which ones it will need is known only galaxy by galaxy: all must be there. These calls also
    fill the caches that threads share.
    """
    consistency.require(simulation)
    simulation.check_particles("gas", GAS_FIELDS)
    simulation.check_particles("stars", STAR_FIELDS)
    simulation.header  # noqa: B018


def each_galaxy(
    simulation: Simulation, galaxies: Table, work: Callable, needs: Callable, *, threads: int
):
    """Work on every galaxy of a table, some at once, and give what comes of it in their order.

    Parameters
    ----------
    simulation : `skyloom.arms.tng.simulation.Simulation`
    galaxies : astropy.table.Table
    work : callable
        ``work(galaxy, workspace, threads)``.
    needs : callable
        ``needs(galaxy)`` lists what the galaxy will read, as arguments of `Simulation.particles`.
    threads : int
    """
    own = threading.local()

    def task(galaxy, share):
        if not hasattr(own, "workspace"):
            own.workspace = Workspace()
        return work(galaxy, own.workspace, share)

    with ThreadPoolExecutor(threads) as pool:
        waiting = deque()
        for row, galaxy in enumerate(galaxies):
            for needed in needs(galaxy):
                simulation.announce(**needed)
            # The last galaxies, when other threads have run out of work, get these as well.
            share = threads if row + threads > len(galaxies) else 1
            waiting.append(pool.submit(task, galaxy, share))
            if len(waiting) > 2 * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
