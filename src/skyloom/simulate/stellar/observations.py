"""Synthetic observed stars: files as spectrographs leave them, with labels between the grid's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from astropy.io import fits

from skyloom.arms.spectra import broadening, noise, resampling, wavelengths
from skyloom.arms.spectra.stellar import grid
from skyloom.io.files import atomic
from skyloom.simulate.stellar import atmosphere, synthesis

if TYPE_CHECKING:
    from skyloom.simulate.stellar.atoms import Lines


#: Pixels of the files, Å, and how far beyond the window they go.
STEP, BEYOND = 0.02, 4.0
#: Signal to noise of a pixel at the continuum.
SNR = 150.0
#: The last star lies far beyond the grid: Teff, log g, [m/H], v sin i.
STRANGER = (12000, 4.0, 0.0, 60)


def stars(count, seed):
    """Labels of `count` stars, a (count, 4) list: within the grid, off its nodes, but the last.

    The last is `STRANGER`, hotter than any of the grid, where there are two or more.
    """
    chosen = []
    generator = np.random.default_rng([seed, 4])
    while len(chosen) < count - (count > 1):
        teff = int(generator.integers(3600, 9700))
        lowest = grid.lowest_log_g(teff) * 10
        star = (
            teff,
            int(generator.integers(lowest, 51)) / 10,
            int(generator.integers(-22, 5)) / 10,
            int(generator.integers(0, 181)),
        )
        if star not in chosen:
            chosen.append(star)
    return [*chosen, STRANGER] if count > 1 else chosen


def spectrum(lines: Lines, star, window: tuple[float, float], limb_darkening: float):
    """Wavelength in air and flux over the continuum of a star, without noise.

    Parameters
    ----------
    lines : `skyloom.simulate.stellar.atoms.Lines`
    star : (teff, log_g, m_h, v_sin_i)
    window : (float, float)
    limb_darkening : float
    """
    first, last = window[0] - BEYOND, window[1] + BEYOND
    wavelength = wavelengths.linear(first, last, round((last - first) / STEP) + 1)
    fine = synthesis.pixels((first - 1, last + 1), 3 * len(wavelength), star[3])
    layer = atmosphere.layer(lines.elements, *star[:3])
    flux = broadening.rotate(
        synthesis.residual_flux(lines, layer, fine.wide),
        star[3],
        step=fine.step,
        limb_darkening=limb_darkening,
    )
    return wavelength, resampling.resample(fine.wide, flux, wavelength)


def _write_text(path, wavelength, flux, name):
    body = "".join(f"{w:.3f} {f:.6f}\n" for w, f in zip(wavelength, flux, strict=True))
    head = f"# {name}: synthetic, simulated by Skyloom, not an observation\n# wavelength_air flux\n"
    path.write_text(head + body, encoding="ascii")


def _write_fits(path, wavelength, flux, name):
    header = fits.Header(
        [
            ("SYNTHET", True, "simulated by Skyloom: not an observation"),
            ("OBJECT", name, "id: Teff, log g, [m/H], v sin i"),
            ("CTYPE1", "AWAV", "wavelength in air"),
            ("CUNIT1", "Angstrom", ""),
            ("CRPIX1", 1.0, ""),
            ("CRVAL1", wavelength[0], ""),
            ("CDELT1", STEP, ""),
        ]
    )
    fits.PrimaryHDU(flux.astype(np.float32), header).writeto(path, overwrite=True)


_FORMATS = {"txt": _write_text, "fits": _write_fits}


def write(folder, lines, *, window, options, seed):
    """Write `options["observed"]` observed stars, two-column text and FITS with WCS by turns.

    Parameters
    ----------
    folder : Path
        Exists.
    lines : `skyloom.simulate.stellar.atoms.Lines`
    window : (float, float)
    options : dict
        ``observed`` (how many) and ``limb_darkening``.
    seed : int

    Yields
    ------
    Path
        Each file when it is complete. Its name is the star's id
        (`skyloom.arms.spectra.stellar.grid.identifier`) and so carries its labels.
    """
    for number, star in enumerate(stars(options["observed"], seed)):
        wavelength, flux = spectrum(lines, star, window, options["limb_darkening"])
        flux = noise.add(flux[None], SNR, seed=seed, rows=[number])[0]
        ending = list(_FORMATS)[number % len(_FORMATS)]
        name = grid.identifier(*star)
        with atomic(folder / f"{name}.{ending}") as path:
            _FORMATS[ending](path, wavelength, flux, name)
        yield folder / f"{name}.{ending}"
