"""A dataset file of any samples, in the format in which every arm writes its own."""

from skyloom import datasets
from skyloom.arms.semantic import generation
from skyloom.io.files import atomic_hdf5


def write(path, samples, target, columns, *, name="", units="", **attributes):
    """Write images (n, y, x, channels) or spectra (n, pixels) as the file at `path`; the path."""
    described = {"kind": "spectra" if samples.ndim == 2 else "images", "shape": samples.shape[1:]}
    described |= {"dtype": samples.dtype, "target": target, "name": name, "units": units}
    with atomic_hdf5(path) as file:
        datasets.write(
            file, [samples], len(samples), **described, columns=columns, attributes=attributes
        )
    return path


def write_profiles(path, *asked, pool=None):
    """Write what `generation.render` makes of its arguments; what the file says of itself."""
    described = generation.description(*asked)
    with atomic_hdf5(path) as file:
        datasets.write(file, generation.render(*asked, pool=pool), **described, pool=pool)
    return described
