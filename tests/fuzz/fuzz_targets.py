"""Small valid files of every kind that Skyloom reads, and what reads each.

A target makes a folder in which all is well and names the files of it that are to be damaged, and
reads the folder as the steps do. Reading must end, or end in an InputError.
"""

import gzip
from typing import NamedTuple

import fake_sdss
import fuzz_spectra
import h5py
import numpy as np
import small_files
import small_tng
from astropy import units
from astropy.io import fits
from astropy.table import Table

from skyloom import datasets
from skyloom.arms.sdss import catalogue, objects, processing, spectrum
from skyloom.arms.semantic import galaxies, generation
from skyloom.arms.spectra import observed, wavelengths
from skyloom.arms.spectra import preparation as spectra_preparation
from skyloom.arms.tng import inclined_views, map_files, maps, selection
from skyloom.arms.tng.simulation import GAS_FIELDS, STAR_FIELDS, Simulation, open_cutout
from skyloom.arms.xmm import images, observations
from skyloom.arms.xmm import processing as xmm_processing
from skyloom.io.files import atomic_hdf5, open_hdf5, write_table
from skyloom.learn import weights

_WAVELENGTH = wavelengths.linear(5000, 5100, 64)
SPLIT = "split.ecsv"
_SUBHALOS = [0, 2, 5, 6]


class Target(NamedTuple):
    """A kind of file and its reader.

    ``make(folder)`` fills a folder and returns the paths to be damaged; ``read(folder)`` reads it.
    ``share``: how often its turn comes, for readers that take longer than others.
    """

    name: str
    make: object
    read: object
    share: int = 4


def _universe(folder, damaged):
    small_tng.write(folder / "output")
    return sorted(folder.rglob(damaged))


def _catalogue(folder):
    simulation = Simulation(folder / "output", 99)
    selection.with_ssfr(selection.select(simulation, cuts=small_tng.CUTS), mass="stellar")


def _particles(folder):
    simulation = Simulation(folder / "output", 99)
    for number in (0, 3):
        simulation.particles("gas", GAS_FIELDS, group=number)
        simulation.particles("stars", STAR_FIELDS, subhalo=number)
        simulation.announce("gas", GAS_FIELDS, group=number + 1)
    _ = simulation.header


def _compared(folder):
    assert Simulation(folder / "output", 99).compared["unfit"] is not None


def _tree(folder):
    simulation = Simulation(folder / "output", 99)
    if simulation.has_tree:
        simulation.lineages([0, 1, 3])


def _galaxies():
    table = Table({"snapshot": [99] * 4, "subhalo_id": _SUBHALOS, "sfr": [1.0, 2, 0, 3]})
    table["ssfr"] = np.array([1e-10, 2e-10, 0, 3e-10])
    table.meta = {"snapshot": 99, "hubble": 0.6774, "ssfr_mass": "stellar"}
    return table


def _read_maps(folder):
    paths, table = [folder / "maps.h5"], _galaxies()
    sample = map_files.labelled([table])
    map_files.description(sample, paths, "composite", {}, 1)
    maxima = dict.fromkeys(maps.CHANNELS, 2.0)
    composite = {"kind": "composite", "beta": 0.001, "overflow": "clip"}
    list(map_files.render_all(paths, sample, maxima, composite))
    map_files.most_star_forming(paths, table)
    with_gas, _ = inclined_views.read_views(paths, table)
    list(inclined_views.images(paths, with_gas))


def dataset(folder, kind="images"):
    """A dataset, and the split and the features of its images that training joins it with."""
    random = np.random.default_rng(3)
    of_images = kind == "images"
    shape = (6, 8, 8, 3) if of_images else (6, 64)
    samples = random.integers(0, 255, shape).astype("u1" if of_images else "f4")
    attributes = {"variant": "mass", "parameters": {"a": 1}, "seed": 1, "synthetic": True}
    attributes |= {"labels": "teff,log_g"} | wavelengths.attributes(_WAVELENGTH)
    names = [f"099_{number}" for number in range(6)]
    columns = {"id": names, "map_totals": np.ones((6, 3))}
    labels = {"target": np.arange(6) % 3, "name": "obs_class", "units": ""}
    if not of_images:
        labels = {"target": random.uniform(size=(6, 2)), "name": "teff,log_g", "units": "K,dex"}
    options = {"columns": columns, "attributes": attributes, **labels}
    small_files.dataset(folder / "dataset.h5", samples, kind, **options)
    parts = ["train", "train", "train", "test", "test", "validation"]
    write_table(Table({"id": names, "part": parts, "component": np.arange(6)}), folder / SPLIT)
    with atomic_hdf5(folder / "features.h5") as file:
        file["features"], file["id"] = random.uniform(size=(6, 5)), np.array(names, "S")
    return [folder / "dataset.h5"]


def _read_spectra(folder):
    path = folder / "dataset.h5"
    datasets.check(path)
    with open_hdf5(path, need=["spectra"]) as file:
        spectra_preparation.grid_of(path, file)


def profiles(folder):
    """A dataset of synthetic profiles, one of galaxies at known angles, and the first's split."""
    with h5py.File(small_files.profiles(folder / "profiles.h5")) as file:
        names = file["id"].asstr()[:]
    write_table(generation.split(names, small_files.SIDES), folder / SPLIT)
    with h5py.File(folder / "profiles.h5", "r") as old, h5py.File(folder / "seen.h5", "w") as new:
        for name in ("images", "id", "target"):
            old.copy(name, new)
        for name in ("subhalo_id", "snapshot", "inclination", "position_angle"):
            new[name] = np.arange(8)
        new.attrs.update({"width_kpc": 60.0, "column_units": '{"inclination": "deg"}'})
    return [folder / "profiles.h5", folder / "seen.h5"]


def _read_profiles(folder):
    galaxies.training_of(folder / "profiles.h5")
    galaxies.read_galaxies(folder / "seen.h5")


def _counts():
    return np.random.default_rng(4).poisson(0.2, (24, 20)).astype("i4")


def _epic_header():
    return fits.Header(
        [("OBS_ID", "0098010101"), ("EXPOSURE", 1000.0), ("INSTRUME", "EPIC"), ("SYNTHETI", True)]
    )


def _packed(path, name):
    packed = path.with_name(name)
    packed.write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    return packed


def _epic(folder):
    extension = fits.ImageHDU(_counts(), _epic_header())
    unsigned = fits.ImageHDU(_counts().astype("u2"), _epic_header())
    events = fits.BinTableHDU(Table({"TIME": np.arange(9.0)}))
    made = {
        "plain.fits": [fits.PrimaryHDU(_counts(), _epic_header()), events],
        "extension.fits": [fits.PrimaryHDU(), events, extension],
        "unsigned.fits": [fits.PrimaryHDU(), unsigned],
    }
    paths = []
    for name, hdus in made.items():
        fits.HDUList(hdus).writeto(folder / name)
        paths.append(folder / name)
    return [*paths, _packed(folder / "plain.fits", "packed.FTZ")]


def _epic_tiles(folder):
    paths = []
    for kind in ("RICE_1", "GZIP_1", "GZIP_2", "PLIO_1", "HCOMPRESS_1"):
        path = folder / f"{kind}.fits"
        packed = fits.CompImageHDU(_counts(), _epic_header(), compression_type=kind)
        fits.HDUList([fits.PrimaryHDU(), packed]).writeto(path)
        paths.append(path)
    return paths


def _one(make):
    """Make a file that is alone in its folder."""
    return lambda folder: [make(folder)]


def _each(read):
    """Read the file of a folder that was damaged: the one that was written last."""

    def work(folder):
        read(max(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns))

    return work


def _read_epic(path):
    images.claimed_observation(path)
    found = images.read_image(path)
    images.seconds(found.exposure, path)


def _obslist(folder):
    table = Table({"OBS_ID": ["0098010101", "0098010201"], "OBS_CLASS": [0, 5]})
    for name in ("PN_TEXP", "M1_TEXP", "M2_TEXP"):
        table[name] = [1e4, np.nan] * units.s
    paths = [folder / f"obslist.{ending}" for ending in ("fits", "csv", "ecsv")]
    for path in paths:
        known = {"csv": "ascii.csv", "ecsv": "ascii.ecsv"}.get(path.suffix[1:], "fits")
        table.write(path, format=known)
    return [*paths, _packed(paths[0], "obslist.fits.gz")]


def _read_rates(folder):
    path, table = folder / "rates.h5", small_files.RATES
    xmm_processing.description(table, [path], "none_linear_rebin4", {}, 1)
    list(xmm_processing.read_rates([path], table))
    xmm_processing.rates_of([path], table["obs_id"][:1])


def _sdss(folder):
    fake_sdss.write(folder, name="spec-3586-55181-0007.fits")
    wide = fake_sdss.about("SPECOBJ", **{f"MORE_{number}": 1.0 for number in range(60)})
    lines = fits.BinTableHDU(Table({"LINENAME": ["Ha", "Hb"], "LINEWAVE": [6563.0, 4861.0]}))
    full = [fake_sdss.primary(), fake_sdss.coadd(upper=True), wide, lines]
    full += [fake_sdss.coadd(name=f"B1-{number}") for number in range(2)]
    fits.HDUList(full).writeto(folder / "full.fits")
    _packed(folder / "full.fits", "packed.fits.gz")
    return sorted(folder.iterdir())


def _read_sdss(path):
    found = spectrum.read_spectrum(path)
    _ = found.sn
    spectrum.read_spectrum(path, labelled=False)


def _spall(folder):
    path = folder / "spAll.fits"
    labels = ["GALAXY", "QSO", "STAR", "GALAXY"]
    fake_sdss.catalogue(path, [3586] * 4, [7, 8, 9, 10], labels=labels, wide=30)
    return [path, _packed(path, "spAll.fits.gz")]


def _read_spall(path):
    names = ["3586-55181-0007", "3586-55181-0009"]
    rows = catalogue.rows(path, names, chunk=200)
    for name, row in rows.items():
        objects.object_of(row, name)
    catalogue.reject_of(path, names)


def _read_prepared(folder):
    _, _, blocks = processing.read_blocks([folder / "prepared.h5"], small_files.NAMES)
    list(blocks)


def _weights(folder):
    # Datasets that were never written take no room and are read as zeros.
    with h5py.File(folder / "vgg16.h5", "w") as file:
        for name, (channels, filters) in list(weights.SHAPES.items())[:4]:
            file.create_dataset(f"{name}/{name}/kernel:0", (3, 3, channels, filters), "f4")
            file.create_dataset(f"{name}/{name}/bias:0", (filters,), "f4")
        for number, (channels, filters) in enumerate(list(weights.SHAPES.values())[4:]):
            group = file.create_group(f"layers/conv2d_{number}/vars")
            group.create_dataset("0", (3, 3, channels, filters), "f4")
            group.create_dataset("1", (filters,), "f4")
            group.attrs["name"] = list(weights.SHAPES)[4 + number]
    return [folder / "vgg16.h5"]


def _read_weights(folder):
    weights.read_convolutions(folder / "vgg16.h5")
    weights.backbone_name(folder / "vgg16.h5")


#: Every reader of HDF5 and FITS but Keras's.
FILES = [
    Target("tng catalogue", lambda at: _universe(at, "fof_subhalo_tab*"), _catalogue),
    Target("tng snapshot", lambda at: _universe(at, "snap_*"), _particles),
    Target("tng offsets", lambda at: _universe(at, "offsets_*"), _particles, 2),
    Target("tng files", lambda at: _universe(at, "*_099*.hdf5"), _compared),
    Target("tng tree", lambda at: _universe(at, "tree_*"), _tree, 2),
    Target("tng cutout", lambda at: [small_tng.cutout(at, 40)], _each(open_cutout)),
    Target("tng maps", lambda at: [small_tng.map_file(at, subhalos=_SUBHALOS)], _read_maps, 2),
    Target("dataset of images", dataset, _each(datasets.check), 2),
    Target("dataset of spectra", lambda at: dataset(at, "spectra"), _read_spectra, 2),
    Target("dataset of galaxies", profiles, _read_profiles, 2),
    Target("xmm image", _epic, _each(_read_epic), 8),
    Target("xmm image in tiles", _epic_tiles, _each(_read_epic), 2),
    Target("xmm observation list", _obslist, _each(observations.read_observations), 2),
    Target("xmm rates", _one(small_files.rates), _read_rates, 2),
    Target("sdss spectrum", _sdss, _each(_read_sdss), 8),
    Target("sdss catalogue", _spall, _each(_read_spall)),
    Target("sdss prepared spectra", _one(small_files.prepared), _read_prepared, 2),
    Target("stellar spectra", fuzz_spectra.stellar, fuzz_spectra.read_stellar, 2),
    Target("spectra of a grid", _one(small_files.block), fuzz_spectra.read_block, 2),
    Target("observed spectrum", fuzz_spectra.observed_files, _each(observed.read_spectrum), 6),
    Target("weights of VGG16", _weights, _read_weights, 1),
]
