"""Maps of one further channel: velocity, metallicity, dark matter and whatever else is known."""

import numpy as np

from skyloom.errors import InputError
from skyloom.kernels import histogram2d
from skyloom.tng import agreement, channels
from skyloom.tng.grid import bin_edges, padded
from skyloom.tng.in_turn import check_spin_fields, each_galaxy
from skyloom.tng.maps import GalaxyMaps, oriented, owner


def project(kernel, particles, quantity, frame, *, centre, grid, statistic, threads=1):
    """The map of one channel of one galaxy.

    Parameters
    ----------
    kernel : ctypes library
        From `skyloom.kernels.histogram2d.load`.
    particles : dict of array
        Coordinates, Masses and the quantity's fields, in TNG units; may be empty.
    quantity : `skyloom.tng.channels.Quantity`
    frame : `skyloom.tng.channels.Frame`
    centre : (3,) array
        ckpc/h.
    grid : dict
        As for `skyloom.tng.maps.project_galaxy`.
    statistic : str
        One of the quantity's.
    threads : int
        The map does not depend on it.

    Returns
    -------
    (1, bins, bins) float32 array
        In the quantity's unit; zeros where there is no particle.
    """
    moments = quantity.values(particles, frame)
    filled = histogram2d.project(
        kernel,
        particles["Coordinates"],
        moments,
        statistics=[statistic] * len(moments),
        edges=bin_edges(grid["bins"], grid["width"], grid["edges"]),
        mass=particles["Masses"],
        centre=centre,
        box_size=frame.header.box_size,
        rotation=frame.rotation,
        depth=grid["depth"],
        threads=threads,
    )
    single = filled[0] if quantity.combine is None else quantity.combine(filled)
    return padded(single[None], grid["bins"])


def pixel_area(grid, header):
    """Area of a pixel, physical kpc^2."""
    # The thesis's edges are further apart than width / bins.
    steps = np.diff(bin_edges(grid["bins"], grid["width"], grid["edges"]))
    return float((steps[0] * header.scale_factor / header.hubble) ** 2)


def _galaxy_map(kernel, simulation, source, galaxy, channel, options, workspace, threads):
    quantity, header = channels.quantity(channel["quantity"]), simulation.header
    turned = oriented(simulation, galaxy, options, workspace)
    needed = _needed(galaxy, quantity, options)
    # Arrays of another source are of the same object, but not the same arrays.
    particles = source.particles(**needed, workspace=workspace if source is simulation else None)
    if not quantity.masses:
        mass = source.particle_mass(quantity.particles) if len(particles["Coordinates"]) else 0
        particles["Masses"] = np.full(len(particles["Coordinates"]), mass)
    frame = channels.Frame(
        header,
        np.array([galaxy[f"v{name}"] for name in "xyz"]),
        turned.matrix,
        pixel_area(options["grid"], header),
    )
    stack = project(
        kernel,
        particles,
        quantity,
        frame,
        centre=np.array([galaxy[name] for name in "xyz"]),
        grid=options["grid"],
        statistic=channel["statistic"],
        threads=threads,
    )
    count = len(particles["Coordinates"])
    return GalaxyMaps(int(galaxy["subhalo_id"]), stack, turned.matrix, turned.source, count, 0)


def _needed(galaxy, quantity, options):
    return {
        "kind": quantity.particles,
        "fields": channels.fields(quantity),
        **owner(galaxy, options["gas"]["members"]),
    }


def project_all(kernel, simulation, galaxies, channel, options, *, threads=1, source=None):
    """Maps of one channel of every galaxy of a table, in the table's order.

    Parameters
    ----------
    kernel, simulation, galaxies, threads
        As for `skyloom.tng.maps.project_all`.
    channel : dict
        ``quantity``, one of `skyloom.tng.channels.QUANTITIES`, and ``statistic``.
    options : dict
        ``gas`` (of which its ``members``), ``rotation`` and ``grid``.
    source : `skyloom.tng.simulation.Simulation`, optional
        Where the channel's particles are read from, if not where those of the spin are.

    Yields
    ------
    `skyloom.tng.maps.GalaxyMaps`
        With one channel.

    Raises
    ------
    InputError
        If files or fields are missing, before work starts; the sentence names the channel.
    """
    if not len(galaxies):
        return
    quantity = channels.quantity(channel["quantity"])
    source = source or simulation
    check_spin_fields(simulation)
    try:
        agreement.require(source, (quantity.particles,))
        source.check_particles(quantity.particles, channels.fields(quantity))
    except InputError as error:
        raise InputError(
            f"The {quantity.label} cannot be mapped in snapshot {simulation.snapshot}: {error} "
            "Or leave out what shows it."
        ) from None

    def work(galaxy, workspace, share):
        return _galaxy_map(kernel, simulation, source, galaxy, channel, options, workspace, share)

    yield from each_galaxy(
        source,
        galaxies,
        work,
        lambda galaxy: [_needed(galaxy, quantity, options)],
        threads=threads,
    )


def described(name, channel):
    """Channel, unit and statistic, as `skyloom.tng.maps.write_maps` wants them."""
    quantity = channels.quantity(channel["quantity"])
    return {"channels": [name], "units": [quantity.unit], "statistic": [channel["statistic"]]}
