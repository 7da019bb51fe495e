"""The stellar grid: synthesis in blocks, beside one spectrum after another.

The peer is the plain way: for every spectrum every line's Voigt profile on every pixel, and a
direct convolution with the rotation profile; no block is kept. Ours cuts lines where they end,
makes an atmosphere once for all its velocities, and rotates by Fourier transform. Both give the
same spectra, which is checked before anything is timed. The rate of ours is measured through the
step's own functions, file included, on whole atmospheres spread evenly over the slide's grid, and
extrapolated to its 51,359 spectra; a grid of all of them was made once (benchmarks/README.md).
"""

import resource
import time
from pathlib import Path

import numpy as np
from scipy.special import wofz
from tools import table

from skyloom import prefetch
from skyloom.arms.spectra import broadening, grid_files, resampling
from skyloom.arms.spectra.stellar import grid
from skyloom.io.files import atomic_hdf5
from skyloom.simulate.stellar import atmosphere, atoms, blocks, synthesis

LINES = Path(__file__).parents[1] / "resources/lines/5000-5300.ecsv"
SHAPE = {"window": (5000, 5300), "pixels": 29788, "downsample": 4, "limb_darkening": 0.6}
# Every 25th of the grid's 1,771 atmospheres: 71 of them, 2,059 spectra.
EVERY, WHOLE = 25, 51359


def plain(lines, labels, velocity, laid):
    """One spectrum the plain way."""
    layer = atmosphere.layer(lines.elements, *labels)
    strength, doppler, damping = synthesis.line_strengths(lines, layer)
    eta = np.zeros(len(laid.wide))
    for line, centre in enumerate(lines.wavelength):
        offset = np.log(laid.wide / centre) * 299792.458 / doppler[line]
        eta += strength[line] * wofz(offset + 1j * damping[line]).real
    flux = 1 - synthesis.greatest_depth(layer, laid.wide) * eta / (1 + eta)
    reach = np.arange(-(laid.margin - 2), laid.margin - 1) * laid.step
    kernel = broadening.rotation_profile(reach, velocity, 0.6, width=laid.step) * laid.step
    padded = np.pad(flux, len(kernel) // 2, mode="edge")
    turned = np.convolve(padded, kernel, mode="valid")
    kept = turned[laid.margin : laid.margin + len(laid.wavelength)]
    return resampling.downsample(kept, SHAPE["downsample"])


def peer(lines, velocities):
    """Spectra a second the plain way, and the largest difference from ours."""
    laid = synthesis.pixels(SHAPE["window"], SHAPE["pixels"], max(velocities))
    labels, chosen = (5750, 4.5, 0.0), [2, 40, 200]
    start = time.perf_counter()
    spectra = [plain(lines, labels, velocity, laid) for velocity in chosen]
    rate = len(chosen) / (time.perf_counter() - start)
    ours = synthesis.rotations(lines, labels, chosen, laid, limb_darkening=0.6, downsample=4)
    difference = float(np.abs(ours - spectra).max())
    # Lines are cut where they have 5e-5 of the continuum's opacity; far ones add up.
    assert difference < 3e-3, difference
    return rate, difference


def timed(lines, found, velocities, path, threads):
    """Seconds to make some atmospheres at all velocities and write their block."""
    names = grid.table(found, velocities)["id"]
    centres = synthesis.centres(SHAPE["window"], SHAPE["pixels"], SHAPE["downsample"])
    start = time.perf_counter()
    with prefetch.Pool(threads) as pool, atomic_hdf5(path) as file:
        spectra = blocks.synthesise(lines, found, velocities, **SHAPE, pool=pool)
        grid_files.write_block(file, spectra, centres, names, synthetic=True)
    return time.perf_counter() - start


def measure(folder):
    """Compare one spectrum, then time the synthesis on one thread and on two."""
    lines = atoms.read_lines(LINES)
    whole, velocities = blocks.plan({}, 0, 1)
    found = whole[::EVERY]
    count = len(found) * len(velocities)
    slow, difference = peer(lines, velocities)
    rows = [["one spectrum after another, 1 thread", f"{slow:.1f}", f"{WHOLE / slow:,.0f}"]]
    figures = {"stellar_peer_difference": difference}
    for threads in (1, 2):
        path = Path(folder) / f"block_{threads}.h5"
        rate = count / timed(lines, found, velocities, path, threads)
        rows.append([f"ours, {threads} threads", f"{rate:,.0f}", f"{WHOLE / rate:,.0f}"])
        figures[f"stellar_spectra_per_s_{threads}"] = rate
    size = path.stat().st_size / count * WHOLE / 1e9
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures |= {
        "stellar_spectra_vs_plain": figures["stellar_spectra_per_s_1"] / slow,
        "stellar_grid_gb": size,
        "stellar_grid_peak_mb": peak,
    }
    title = (
        f"Stellar grid: {count:,} of {WHOLE:,} spectra of 29,788 pixels, to 7,447; the whole grid "
        f"is {size:.2f} GB on disk; peak memory {peak:.0f} MB; largest difference in flux from "
        f"the plain way {difference:.0e}"
    )
    return {
        "figures": figures,
        "tables": [table(title, ["way", "spectra/s", "whole grid, s"], rows)],
    }
