"""Small valid files of the arms of spectra, and their readers."""

import gzip

import numpy as np
import small_files
from astropy.io import fits
from astropy.table import Table

from skyloom.arms.spectra import grid_files, wavelengths
from skyloom.arms.spectra.stellar import files as stellar_files

_WAVELENGTH = wavelengths.linear(5000, 5100, 64)


def stellar(folder):
    labels = np.column_stack([4000 + np.arange(5), np.full(5, 4.0), np.zeros(5), np.arange(5)])
    other = np.arange(4990, 5110, 0.5)
    for name, wave in (("same.h5", _WAVELENGTH), ("other.h5", other)):
        flux = 1 - 0.3 * np.cos(wave / 20 + np.arange(5)[:, None]) ** 2
        names = [f"s{row}" for row in range(5)] if name == "other.h5" else None
        stellar_files.write(folder / name, wave, flux, labels, identifiers=names, synthetic=True)
    return [folder / "same.h5", folder / "other.h5"]


def read_stellar(folder):
    sources, _ = stellar_files.listing(folder, _WAVELENGTH)
    good, _ = stellar_files.usable(stellar_files.block_of(sources, 0, 1))
    stellar_files.table(good)
    list(stellar_files.read_spectra(good, _WAVELENGTH, 4))


def read_block(folder):
    names = Table({"id": small_files.NAMES})
    wavelength, blocks = grid_files.read_blocks([folder / "block.h5"], names)
    list(blocks)
    try:
        wavelengths.attributes(wavelength)
    except ValueError:
        # What the step would meet next is the subject of another test.
        pass


def observed_files(folder):
    flux = np.ones(80, "f4")
    axis = {"CTYPE1": "AWAV", "CUNIT1": "Angstrom", "CRPIX1": 1.0, "CRVAL1": 4400.0}
    linear = fits.PrimaryHDU(flux, fits.Header(list((axis | {"CDELT1": 0.5}).items())))
    logarithmic = fits.PrimaryHDU(flux, fits.Header([("COEFF0", 3.6), ("COEFF1", 1e-4)]))
    bands = fits.PrimaryHDU(np.ones((2, 1, 80), "f4"), linear.header)
    rows = Table({"WAVE": np.arange(4400.0, 4480), "FLUX": flux, "ERR": flux / 99})
    rows["WAVE"].unit = "Angstrom"
    vector = Table({"wave": [np.arange(440.0, 520)], "flux": [flux], "name": ["star"]})
    vector["wave"].unit = "nm"
    packed = fits.CompImageHDU(flux.reshape(1, 1, 80).astype("i4"), linear.header)
    made = {
        "linear.fits": [linear],
        "logarithmic.fits": [logarithmic],
        "bands.fits": [bands],
        "rows.fits": [fits.PrimaryHDU(), fits.BinTableHDU(rows)],
        "vector.fits": [fits.PrimaryHDU(), fits.BinTableHDU(vector)],
        "tiles.fits": [fits.PrimaryHDU(), packed],
    }
    for name, hdus in made.items():
        fits.HDUList(hdus).writeto(folder / name)
    packed = folder / "rows.fits.gz"
    packed.write_bytes(gzip.compress((folder / "rows.fits").read_bytes(), mtime=0))
    rows.write(folder / "star.ecsv", format="ascii.ecsv")
    lines = [f"{wave:.2f}\t{1:.4f}" for wave in rows["WAVE"]]
    (folder / "star.txt").write_text("\n".join(["# wavelength flux", *lines]) + "\n")
    return sorted(folder.iterdir())
