"""What a trained network says of EPIC images that nobody has graded, and whether it knows such."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from astropy.table import Table

from skyloom import prefetch
from skyloom.arms.xmm import images, inventory, pixel_grids, products, selection, stretches
from skyloom.arms.xmm.classes import CLASSES, FIRST_BAD
from skyloom.arms.xmm.rebin import rebin
from skyloom.errors import InputError
from skyloom.io import file_names
from skyloom.io import inventory as inventories
from skyloom.io.files import open_hdf5, read_json, read_table
from skyloom.judge import calibration
from skyloom.learn import known_region
from skyloom.learn import release as releases
from skyloom.learn.targets import Target

if TYPE_CHECKING:
    from skyloom.learn.release import Release

#: Images that are asked about at a time, and that are shown in the figure.
BATCH, SHOWN = 32, 12
#: An image whose pixels are so many times larger or smaller is scored, and flagged; beyond that it
#: is a reject. Our choice: the pipeline's pixels are of 4 or 4.35 arcsec.
NEAR = 1.25
#: How images are prepared for a network, by the names that its folder has.
PREPARED_BY = ("stretch", "rebin", "rebin_method", "frame", "pixel_scale")


class Picture(NamedTuple):
    """One image as a network sees it, and what is said of it."""

    file: str
    observation: str
    camera: str
    band: str
    exposure: float  # s; NaN where the header has none
    padded: bool
    scale: float  # arcsec a pixel; NaN where the file does not say
    other_scale: bool  # than that of the network's training
    synthetic: bool
    pixels: np.ndarray  # (H, W, 1) float32


def contents(files, params) -> dict:
    """What a model folder of this arm holds, as `skyloom.learn.release.write` takes it.

    Parameters
    ----------
    files : mapping
        Paths of ``model``, ``metrics``, ``dataset`` and ``split``.
    params : mapping
        ``variant``: parameters of the stretch; ``rebin_method``.
    """
    metrics = read_json(files["metrics"])
    split = read_table(files["split"], need=("id", "part"))
    sides = dict(zip(map(str, split["id"]), map(str, split["part"]), strict=True))
    with open_hdf5(files["dataset"], need=("images", "id")) as file:
        parts = np.array([sides[name] for name in file["id"].asstr()[:]])
        factor = int(file.attrs["rebin"])
        found = {}
        for part in ("train", "validation"):
            rows = np.flatnonzero(parts == part)
            found[part] = np.concatenate(
                [
                    known_region.moments(file["images"][row][None])
                    for row in known_region.evenly(rows)
                ]
            )
        height, width = (int(side) * factor for side in file["images"].shape[1:3])
        scale = file.attrs.get("pixel_scale")
    preprocessing = {
        **{"stretch": dict(params["variant"]), "rebin": factor},
        **{"rebin_method": params["rebin_method"], "frame": [height, width]},
        "pixel_scale": None if scale is None else float(scale) / factor,
    }
    return {
        "networks": {"model.keras": files["model"]},
        "facts": {"preprocessing": preprocessing, "metrics": metrics},
        "synthetic": bool(metrics["synthetic"]),
        "learnt": f"{(parts == 'train').sum():,} EPIC images of {metrics['dataset']}",
        "arrays": known_region.fit(found["train"], found["validation"]),
    }


def listing(folder: str | Path) -> list[str]:
    """All files of a folder, sorted: each ends among the answers or the rejects.

    Parameters
    ----------
    folder : str or Path
    """
    files, maps = inventory.listing(folder)
    return sorted({*files, *maps})


def _read(folder, file, wanted):
    """One image of a folder as the network wants it; an InputError says why it cannot be."""
    if products.is_left_out(Path(file).name):
        raise InputError(f"{file} is an exposure or background map by its name, and no image.")
    if not (products.is_fits(file) or images.READERS.recognise(Path(folder) / file)):
        raise InputError(
            f"{file} is not an image: its name does not end in {', '.join(products.SUFFIXES[:1])}, "
            ".fits.gz or .FTZ."
        )
    products.check_name(file)
    image = images.read_image(Path(folder) / file)
    scale = image.stated.grid.scale
    known = wanted["pixel_scale"]
    other = None not in (scale, known) and not pixel_grids.same_scale(scale, known)
    if other and not 1 / NEAR <= scale / known <= NEAR:
        raise InputError(
            f"{file} has pixels of {scale:.4g} arcsec, and the network learnt from {known:.4g}: "
            "resample it, or train a network on such images."
        )
    method = wanted["stretch"]["interval"]
    try:
        exposure = images.seconds(image.exposure, f"{file}: its header")
    except InputError:
        # An interval of the image's own takes a number of seconds out again.
        if method == "none":
            raise
        exposure = np.nan
    counts = image.counts / (exposure if np.isfinite(exposure) else 1.0)
    rate = images.framed(counts, tuple(wanted["frame"]), smaller="pad", name=file)
    small = rebin(rate, wanted["rebin"], method=wanted["rebin_method"]).astype(np.float32)
    stated = image.stated
    return Picture(
        file,
        image.observation or selection.NOTHING,
        str(stated.camera.name if stated.camera.name == "EP" else stated.camera)
        or selection.NOTHING,
        selection.band_text(stated.band or products.named_band(file)),
        exposure,
        counts.shape != rate.shape,
        np.nan if scale is None else float(scale),
        other,
        image.synthetic,
        stretches.stretch(small[None], **wanted["stretch"])[0, ..., None],
    )


def read_folder(
    folder: str | Path, files: Sequence[str], release: Release, *, pool: prefetch.Pool | None = None
):
    """Images of a folder, as a network wants them, one after the other.

    Parameters
    ----------
    folder : str or Path
    files : sequence of str
        Below it; see `skyloom.arms.xmm.inventory.listing`.
    release : `skyloom.learn.release.Release`
    pool : `skyloom.prefetch.Pool`, optional
        Files are read and stretched on its threads.

    Yields
    ------
    Picture, or `skyloom.io.inventory.Reject`
    """
    wanted = release.facts["preprocessing"]
    return inventories.inspect(
        lambda file: _read(folder, file, wanted), files, folder=folder, pool=pool
    )


def predict(found, release: Release):
    """Ask a network about images, as they come.

    Parameters
    ----------
    found : iterable
        As `read_folder` gives them.
    release : `skyloom.learn.release.Release`

    Returns
    -------
    table : Table
        file, obs_id, camera, band (keV), exposure (s), score (probability that the image is bad),
        p_0 to p_5 where the network tells the class, error, padded, pixel_scale (arcsec), distance
        and limit of its pixels' distribution, flag ('unlike' where the first is above the second,
        'other pixel scale' where it is not that of the training, else '-'), and what
        `skyloom.learn.release.sign` says.
    rejects : Table
    shown : dict of (H, W) array
        Some pictures, by their file: the best, the worst and between.
    """
    metrics = release.facts["metrics"]
    target = Target(metrics["target"], classes=len(CLASSES), positive_from=FIRST_BAD)
    network = release.network()
    rows, lost, outputs, measured, waiting, kept = [], [], [], [], [], {}

    def ask():
        pictures = np.stack([picture.pixels for picture in waiting])
        outputs.append(np.asarray(network(pictures, training=False)))
        measured.append(known_region.moments(pictures))
        waiting.clear()

    for one in found:
        if isinstance(one, inventories.Reject):
            lost.append(one)
            continue
        rows.append(one._replace(pixels=None))
        kept[file_names.shown(one.file)] = (
            one.pixels[::2, ::2, 0] if len(one.pixels) > 200 else one.pixels[..., 0]
        )
        waiting.append(one)
        if len(waiting) == BATCH:
            ask()
    if waiting:
        ask()
    if not rows:
        raise inventories.nothing_left(
            lost, of="images", folder="xmm.prediction.images", keys="xmm.prediction"
        )
    table = _table(rows, np.concatenate(outputs), np.concatenate(measured), target, release)
    synthetic = table.meta["synthetic"]
    rejects = inventories.rejects(lost, synthetic=synthetic)
    order = np.argsort(np.asarray(table["score"]), kind="stable")
    chosen = order[np.unique(np.linspace(0, len(order) - 1, SHOWN).round().astype(int))]
    return (
        table,
        rejects,
        {str(table["file"][row]): kept[str(table["file"][row])] for row in chosen},
    )


def _table(rows, outputs, measured, target, release):
    table = Table()
    table["file"] = [file_names.shown(row.file) for row in rows]
    for name, field in (("obs_id", "observation"), ("camera", "camera"), ("band", "band")):
        table[name] = [getattr(row, field) for row in rows]
    table["exposure"] = np.ma.masked_invalid([row.exposure for row in rows])
    table["exposure"].unit = "s"
    metrics = release.facts["metrics"]
    warmth = calibration.temperature(metrics)
    table["score"] = calibration.calibrated(target.score(outputs), warmth)
    table["score"].description = "probability that the image is bad (OBS_CLASS 2 or more)"
    probabilities = target.probabilities(outputs)
    if probabilities is not None:
        warmth = calibration.temperature(metrics, "calibration_of_classes")
        probabilities = calibration.calibrated(probabilities, warmth)
        for number in CLASSES:
            table[f"p_{number}"] = probabilities[:, number]
    table["error"] = np.minimum(table["score"], 1 - np.asarray(table["score"]))
    table["error"].description = "probability that a grade at 0.5 is wrong, as the network says"
    table["padded"] = [row.padded for row in rows]
    table["padded"].description = "smaller than the network's frame, and padded with zeros"
    table["pixel_scale"] = np.ma.masked_invalid([row.scale for row in rows])
    table["pixel_scale"].unit = "arcsec"
    table["distance"] = known_region.distances(measured, release.arrays)
    table["limit"] = float(release.arrays["limit"])
    flags = np.where([row.other_scale for row in rows], "other pixel scale", "-")
    table["flag"] = np.where(table["distance"] > table["limit"], "unlike", flags)
    releases.sign(table, release, synthetic=any(row.synthetic for row in rows))
    return table
