"""EPIC images as astropy writes them, and the inventory that is made of a folder of them."""

import gzip
import io

from astropy.io import fits

from skyloom.arms.xmm import inventory, observations
from skyloom.io.files import read_table, write_table

#: No frame is asked for: that of most images is taken.
REJECT = {"size": None, "smaller": "reject"}


def content(pixels, *, more=(), **header):
    """The bytes of a FITS file; cards of None are left out."""
    hdu = fits.PrimaryHDU(pixels)
    hdu.header.update({key: value for key, value in header.items() if value is not None})
    buffer = io.BytesIO()
    fits.HDUList([hdu, *more]).writeto(buffer)
    return buffer.getvalue()


def write(path, pixels, **header):
    """A FITS file, compressed where its name says so; its path."""
    made = content(pixels, **header)
    path.write_bytes(gzip.compress(made, 1) if path.suffix in (".FTZ", ".gz") else made)
    return path


def table(path, observations_of, columns=""):
    """A list of observations in CSV: rows of text, or numbers of observations of class 0."""
    rows = [row if isinstance(row, str) else f"{row},0" for row in observations_of]
    path.write_text("\n".join([f"OBS_ID,OBS_CLASS{columns}", *rows]) + "\n")
    return path


def build(images, listed, *, blocks=1, exposure="header", camera="sum", frame=REJECT):
    """Inventory and rejects of a folder, by way of files as the steps do it."""
    own = observations.read_observations(listed)
    files, maps = inventory.listing(images, table=listed)
    options = {"exposure": exposure, "camera": camera}
    parts = {"good": [], "bad": []}
    for block in range(blocks):
        rows = inventory.inspect(images, files[block::blocks], maps, own, options)
        for part, kind in zip(inventory.tables(rows), parts, strict=True):
            path = listed.parent / f"{kind}_{block}.ecsv"
            write_table(part, path)
            parts[kind].append(read_table(path))
    return inventory.merge(*parts.values(), own, frame)
