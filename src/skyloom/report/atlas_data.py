"""What the atlas holds: each test galaxy's variants and maps, packed to keep to a budget."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skyloom.arms.tng.gas_channels import CHANNELS
from skyloom.draw import style
from skyloom.errors import InputError
from skyloom.io.files import open_hdf5
from skyloom.report import atlas_tiles

if TYPE_CHECKING:
    from skyloom.report.test_side import Sample

# A page may have 25 MB; Bokeh and the pictures of all arms take some 8. In bytes as text.
_BUDGET = {"variants": 8.5e6, "maps": 5.5e6}
# So many galaxies say how large the others' pictures become, within so much.
_TRIED, _MARGIN = 16, 1.15
_SIDES = (160, 128, 96, 64, 48)
_MOST_BINS, _LEAST_BINS = 128, 16
# Colours end where so much of the pixels lies beyond.
_COLOURED = (1.0, 99.9)


def collect(folder: Path, names: list[str], galaxies: Sample, maps: list[Path]) -> dict:
    """Pictures and maps of the galaxies, within the budget.

    Parameters
    ----------
    folder : Path
        ``results/<run>/tng``.
    names : list of str
        Cases.
    galaxies : `skyloom.report.test_side.Sample`
    maps : list of Path
        Files of maps in which the galaxies are.

    Returns
    -------
    dict
        What the page's script reads. Where not all galaxies fit, those are there that are evenly
        spaced in rank of sSFR; ``galaxies`` counts all.
    """
    with ExitStack() as stack:
        shown = Variants(stack, folder, names)
        found = Maps(stack, maps, galaxies)
        order = np.argsort(galaxies.ssfr, kind="stable")
        size, room = _fitting(
            lambda row, side: len(shown.strip(galaxies.id[row], side)),
            order,
            _BUDGET["variants"],
            _SIDES,
        )
        bins, fewer = _fitting(
            lambda row, side: len(atlas_tiles.packed(found.own_scale(row, side))),
            order,
            _BUDGET["maps"],
            found.possible_bins(),
        )
        rows = np.sort(_spread(order, min(room, fewer)))
        low, high, coloured = found.limits(rows, bins)
        pictures = {
            "strips": [shown.strip(galaxies.id[row], size) for row in rows],
            "maps": [
                atlas_tiles.packed(atlas_tiles.quantised(found.logarithms(row, bins), low, high))
                for row in rows
            ],
        }
    return {
        **pictures,
        **_columns(galaxies, rows, names),
        "tile": size,
        "bins": bins,
        "low": low.tolist(),
        "high": high.tolist(),
        "coloured": coloured,
        "units": found.units(),
        "width": found.width,
        "galaxies": len(galaxies.id),
        "channels": list(CHANNELS),
    }


def _columns(galaxies, rows, names):
    def rounded(values):
        return [round(float(value), 4) for value in values[rows]]

    return {
        "id": galaxies.id[rows].tolist(),
        "snapshot": galaxies.snapshot[rows].tolist(),
        "redshift": rounded(galaxies.redshift),
        "kpc": [float(value) for value in galaxies.kpc[rows]],
        "mass": rounded(galaxies.mass),
        "ssfr": rounded(galaxies.ssfr),
        "predicted": {name: rounded(galaxies.predicted[name]) for name in names},
        "cases": [[name, style.variant_label(name)] for name in names],
    }


def _spread(order, count):
    """So many of the rows, evenly spaced in their order."""
    places = np.linspace(0, len(order) - 1, min(count, len(order))).round().astype(int)
    return order[np.unique(places)]


def _fitting(measure, order, budget, sides):
    """The largest side with which all galaxies keep to a budget; else the least, and how many."""
    tried = _spread(order, _TRIED)
    for side in sides:
        mean = _MARGIN * float(np.mean([measure(row, side) for row in tried]))
        if mean * len(order) <= budget:
            return side, len(order)
    return side, max(1, int(budget / mean))


class Variants:
    """The images of all cases, by a galaxy's id."""

    def __init__(self, stack, folder, names) -> None:
        self.files = []
        for name in names:
            path = folder / "datasets" / f"{name}.h5"
            file = stack.enter_context(open_hdf5(path, need=("images", "id")))
            rows = {key.decode(): row for row, key in enumerate(file["id"][()].tolist())}
            parameters = json.loads(file.attrs.get("parameters", "{}"))
            alone = parameters.get("channel")
            self.files.append((path, file["images"], rows, alone))

    def strip(self, name, size):
        """One galaxy's variants side by side."""
        images = []
        for path, stored, rows, _ in self.files:
            if name not in rows:
                raise InputError(f"{path} lacks galaxy {name} of the test side: make it again.")
            images.append(stored[rows[name]])
        return atlas_tiles.strip(images, [alone for *_, alone in self.files], size)


class Maps:
    """The maps of all galaxies in physical units."""

    def __init__(self, stack, paths, galaxies) -> None:
        self.galaxies = galaxies
        self.places = {}
        for path in paths:
            file = stack.enter_context(open_hdf5(path, need=("maps", "subhalo_id")))
            snapshot = int(file.attrs["snapshot"])
            for row, subhalo in enumerate(file["subhalo_id"][()].tolist()):
                self.places[snapshot, subhalo] = (file["maps"], row)
        missing = [
            name
            for name, key in zip(
                galaxies.id, zip(galaxies.snapshot, galaxies.subhalo, strict=True), strict=True
            )
            if key not in self.places
        ]
        if missing:
            raise InputError(
                f"No file of maps has galaxy {missing[0]} of the test side: make the maps again."
            )
        self.width = float(file.attrs["width"])
        self.side = int(file.attrs["bins"])
        self.statistics = [str(name) for name in file.attrs["statistic"]]
        self.stored = [str(unit) for unit in file.attrs["units"]]

    def possible_bins(self):
        """Into how many larger pixels a map can be divided, the finest first."""
        sides = [self.side // k for k in range(1, self.side + 1) if self.side % k == 0]
        chosen = [side for side in sides if _LEAST_BINS <= side <= _MOST_BINS]
        return chosen or [self.side]

    def units(self):
        """What the values of each channel are in."""
        entropy = "keV cm²"
        if self.stored[0].startswith("dex") and self.statistics[0] == "sum":
            entropy = "dex(keV cm²)"
        named = [entropy, "M☉/kpc²" if self.statistics[1] == "sum" else "M☉", "K"]
        return [
            f"{unit}, summed over cells" if statistic == "sum" and unit[0] != "M" else unit
            for unit, statistic in zip(named, self.statistics, strict=True)
        ]

    def logarithms(self, row, bins):
        """log10 of one galaxy's maps (3, bins, bins) in `units`; not a number without gas."""
        key = (self.galaxies.snapshot[row], self.galaxies.subhalo[row])
        stored, place = self.places[key]
        values = atlas_tiles.rebinned(stored[place], self.statistics, bins)
        # The catalogue's unit is 1e10 Msun/h.
        values[1] *= 1e10 / self.galaxies.hubble
        if self.statistics[1] == "sum":
            values[1] /= (self.width * self.galaxies.kpc[row] / bins) ** 2
        logarithmic = self.stored[0].startswith("dex") and self.statistics[0] != "sum"
        with np.errstate(divide="ignore", invalid="ignore"):
            result = np.log10(values)
        if logarithmic:
            result[0] = values[0]
        result[~np.isfinite(result)] = np.nan
        return result

    def own_scale(self, row, bins):
        """One galaxy's maps as 8 bits between their own limits, to see how they pack."""
        values = self.logarithms(row, bins)
        low, high, _ = _limits([values])
        return atlas_tiles.quantised(values, low, high)

    def limits(self, rows, bins):
        """Least and largest logarithm of each channel, and between which colours change."""
        return _limits(self.logarithms(row, bins) for row in rows)


def _limits(stacks):
    low, high = np.full(3, np.inf), np.full(3, -np.inf)
    ends = []
    for values in stacks:
        flat = values.reshape(3, -1)
        gas = flat[:, np.isfinite(flat).all(axis=0)]
        if gas.size:
            low, high = np.minimum(low, gas.min(axis=1)), np.maximum(high, gas.max(axis=1))
            ends.append(np.percentile(gas, _COLOURED, axis=1).T)
    if not ends:
        return np.zeros(3), np.ones(3), [[0.0, 1.0]] * 3
    # The middle galaxy's faint end and the brightest one's bright end.
    ends = np.array(ends)
    dark, bright = np.median(ends[:, :, 0], axis=0), np.max(ends[:, :, 1], axis=0)
    coloured = [[float(a), float(max(b, a + 0.1))] for a, b in zip(dark, bright, strict=True)]
    return low, high, coloured
