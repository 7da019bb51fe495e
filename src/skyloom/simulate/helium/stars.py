"""Synthetic observed stars: what a spectrograph would have written of stars between the nodes.

Each comes in another of the formats that observers use, in turn: tab-separated text in air with
0.0894 Å a pixel (224 within 4460 to 4480 Å, as the paper's star has), ECSV with units in vacuum,
a one-dimensional FITS image with a linear WCS, and text of a Be star whose disc shines in the line:
no model of the grid looks like it. Names begin with the labels that the star was made with.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy import units
from astropy.io import fits
from astropy.table import Table

from skyloom.arms.spectra import noise, wavelengths
from skyloom.arms.spectra.helium import grid
from skyloom.io.files import atomic

#: In turn.
KINDS = ("text", "ecsv", "fits", "emission")
#: Å a pixel of the paper's observed star (its figure 15), and Å beyond the window that are there.
PIXEL, MARGIN = 0.0893735, 45.0


@dataclass(frozen=True)
class Star:
    """A star and how it is observed."""

    number: int
    kind: str
    teff: float
    log_g: float
    v_rot: float
    snr: float

    @property
    def name(self):
        """Of its file."""
        ending = {"text": "txt", "ecsv": "ecsv", "fits": "fits", "emission": "dat"}[self.kind]
        labels = grid.identifier(self.teff, self.log_g, self.v_rot)
        return f"f_{labels}_synthetic_{self.kind}.{ending}"


def draw(number, options, seed):
    """One star, its labels within the grid but, where the grid is coarse, on no node.

    Parameters
    ----------
    number : int
        From 0.
    options : dict
        The grid's ``teff``, ``log_g`` and ``v_rot``.
    seed : int
    """
    random = np.random.default_rng([seed, number])
    values = []
    for (first, last, step), unit in zip(
        (options[name] for name in grid.LABELS), (10, 0.1, 1), strict=True
    ):
        # A cell of the grid away from its edges where there are that many, and a place within.
        cells = max(1, round((last - first) / step))
        low, high = (1, cells - 1) if cells > 2 else (0, cells)
        place = random.integers(low, high) + random.uniform(0.25, 0.75)
        value = first + min(place * step, last - first)
        values.append(round(round(value / unit) * unit, 1))
    kind = KINDS[number % len(KINDS)]
    return Star(int(number), kind, *map(float, values), snr=float(random.uniform(100, 200)))


def emission(wavelength: np.ndarray, v_rot: float):
    """Light of a Be star's disc in He I 4471: two peaks, in units of the continuum.

    Parameters
    ----------
    wavelength : (L,) array
        Å in air.
    v_rot : float
        Of the star, km/s; the peaks lie at 0.6 of it (Hanuschik 1996 has such separations).
    """
    velocity = (np.asarray(wavelength) / 4471.5 - 1) * wavelengths.LIGHT
    peaks = (np.exp(-0.5 * ((velocity - sign * 0.6 * v_rot) / 60) ** 2) for sign in (-1, 1))
    return 0.25 * sum(peaks)


def observe(star, window, *, limb_darkening, seed):
    """Wavelengths (Å in air) and flux of a star, with noise.

    Parameters
    ----------
    star : Star
    window : (first, last)
        Å; the spectrum reaches `MARGIN` beyond.
    limb_darkening : float
    seed : int

    Returns
    -------
    wavelength, flux : (L,) array
    """
    # The paper's star has its first pixel in the window 0.0258 Å after 4460.
    before, after = (int(np.ceil(length / PIXEL)) for length in (MARGIN, window[1] - window[0]))
    after += before
    wavelength = window[0] + 0.0258 + PIXEL * np.arange(-before, after)
    flux = grid.spectra(
        wavelength, [star.teff], [star.log_g], [star.v_rot], limb_darkening=limb_darkening
    )[0]
    if star.kind == "emission":
        flux = flux + emission(wavelength, star.v_rot)
    # Numbers far from those of the grid's spectra, whose noise comes from the same seed.
    return wavelength, noise.add(flux, star.snr, seed=seed, rows=[10**9 + star.number])[0]


def _remarks(star):
    return [
        "synthetic: made by Skyloom, not an observation",
        f"T_eff {star.teff:g} K, log g {star.log_g:.1f}, v sin i {star.v_rot:g} km/s, "
        f"S/N {star.snr:.0f}, radial velocity 0"
        + (", with emission of a disc" if star.kind == "emission" else ""),
    ]


def content(star, wavelength, flux):
    """The bytes of a star's file; equal inputs, equal bytes."""
    if star.kind == "ecsv":
        table = Table(
            {
                "wavelength": np.round(wavelengths.air_to_vacuum(wavelength) / 10, 7) * units.nm,
                "flux": np.round(flux, 6),
                "uncertainty": np.round(np.sqrt(np.maximum(flux, 0)) / star.snr, 6),
            },
            meta={"medium": "vacuum", "synthetic": True, "comments": _remarks(star)},
        )
        text = io.StringIO()
        table.write(text, format="ascii.ecsv")
        return text.getvalue().encode()
    if star.kind == "fits":
        header = fits.Header(
            [
                ("SYNTHET", True, "made by Skyloom: not an observation"),
                ("OBJECT", f"SYNTHETIC {star.number}"),
                ("CTYPE1", "AWAV", "wavelength in air"),
                ("CUNIT1", "Angstrom"),
                ("CRPIX1", 1.0),
                ("CRVAL1", float(wavelength[0])),
                ("CDELT1", PIXEL),
                ("SNR", round(star.snr, 1)),
            ]
        )
        for line in _remarks(star):
            header.add_comment(line)
        binary = io.BytesIO()
        fits.PrimaryHDU(flux.astype(">f4"), header=header).writeto(binary)
        return binary.getvalue()
    between = "\t" if star.kind == "text" else " "
    lines = [f"# {line}" for line in _remarks(star)]
    lines += [f"{w:.6f}{between}{f:.6f}" for w, f in zip(wavelength, flux, strict=True)]
    return ("\n".join(lines) + "\n").encode()


def write(folder: Path, options: dict, window, seed: int) -> Iterator[str]:
    """Write the synthetic observed stars.

    Parameters
    ----------
    folder : Path
    options : dict
        ``observed`` (how many), the grid's axes and ``limb_darkening``.
    window : (first, last)
        Å.
    seed : int

    Yields
    ------
    str
        Name of each file.
    """
    for number in range(options["observed"]):
        star = draw(number, options, seed)
        seen = observe(star, window, limb_darkening=options["limb_darkening"], seed=seed)
        with atomic(folder / star.name) as temporary:
            temporary.write_bytes(content(star, *seen))
        yield star.name
