"""X-ray images: from rate images to stretched ones, beside a loop with astropy's objects.

The images are simulated (648 x 648, counts over exposure, float64; synthetic, no science in them).
The peer is the degree project's way: for every dataset and every image ``cv2.resize`` with linear
interpolation, one interval object and one stretch object of ``astropy.visualization``, one image
after another. Ours takes the mean of each block of pixels instead, which reads four times as many
of them, and makes it once for all datasets, as the workflow does; the columns tell what each of
these choices costs or gains. All results are compared before anything is timed.
"""

import functools
import itertools

import cv2
import h5py
import numpy as np
from astropy.io import fits
from astropy.visualization import (
    LogStretch,
    MinMaxInterval,
    PowerStretch,
    SinhStretch,
    SqrtStretch,
    ZScaleInterval,
)
from scipy import stats
from tools import seconds, table

from skyloom import datasets, prefetch
from skyloom.arms.xmm import inventory, observations, processing, statistics, stretches
from skyloom.arms.xmm.images import read_rate
from skyloom.io.files import atomic_hdf5, read_table
from skyloom.simulate.epic import files

COUNT, SEED = 32, 5
#: The seven pairs that the degree project publishes (its table 4).
PAIRS = (
    *(("minmax", stretch) for stretch in ("log", "sqrt", "power", "sinh")),
    *(("zscale", stretch) for stretch in ("log", "sqrt", "power")),
)
INTERVALS = {"minmax": MinMaxInterval, "zscale": ZScaleInterval}
STRETCHES = {
    "log": lambda: LogStretch(1000),
    "sqrt": SqrtStretch,
    "power": lambda: PowerStretch(2),
    "sinh": lambda: SinhStretch(1 / 3),
}
METHODS = {"linear": cv2.INTER_LINEAR, "area": cv2.INTER_AREA}
# Names of the observation table's columns, as in config/config.yaml.
COLUMNS = {"observation": ["OBS_ID"], "obs_class": ["OBS_CLASS"]}


def simulated(folder):
    """A folder of FITS images and the inventory's path; the rate images, (H, W) float64 each."""
    options = {"images": COUNT, "flawed": 0, "exposure_maps": False}
    with prefetch.Pool(2) as pool:
        list(files.write_images(folder / "images", options, SEED, pool=pool))
    files.write_table(options, SEED, folder / "observations.fits")
    known = observations.read_observations(folder / "observations.fits", COLUMNS)
    found, maps = inventory.listing(folder / "images")
    rows = inventory.inspect(
        folder / "images", found, maps, known, {"exposure": "header", "camera": "sum"}
    )
    good, bad = inventory.tables(rows)
    frame = {"size": None, "smaller": "reject"}
    good, _ = inventory.merge([good], [bad], known, frame)
    good.write(folder / "inventory.ecsv", format="ascii.ecsv")
    rates = [read_rate(folder / "images" / row["file"], row["exposure"]) for row in good]
    return folder / "inventory.ecsv", rates


def astropy_image(rate, factor, method, interval, stretch):
    """One image the published way."""
    size = (rate.shape[1] // factor, rate.shape[0] // factor)
    small = cv2.resize(rate, size, interpolation=METHODS[method])
    return STRETCHES[stretch]()(INTERVALS[interval]()(small)).astype(np.float32)


def astropy_all(rates, factor, method, pairs=PAIRS):
    """Every image of every dataset, each from its rate image."""
    return [[astropy_image(rate, factor, method, *pair) for rate in rates] for pair in pairs]


def astropy_resized_once(rates, factor, method):
    """The same with every image resized once for all datasets."""
    size = (rates[0].shape[1] // factor, rates[0].shape[0] // factor)
    small = [cv2.resize(rate, size, interpolation=METHODS[method]) for rate in rates]
    return [
        [STRETCHES[stretch]()(INTERVALS[interval]()(one)).astype(np.float32) for one in small]
        for interval, stretch in PAIRS
    ]


def ours(rates, factor, method, pool=None, pairs=PAIRS):
    """Every dataset by the library as the steps do: blocks of seven (n, H, W) arrays."""
    count = max(1, processing.BLOCK_PIXELS * factor**2 // rates[0].size)
    work = processing.binned(factor, method, pad=False)

    def block(own):
        small = np.stack([work(rate) for rate in own])
        return [stretches.stretch(small, *pair) for pair in pairs]

    blocks = (rates[start : start + count] for start in range(0, len(rates), count))
    return list(prefetch.in_order(pool, block, blocks))


def check(rates):
    """Raise where ours and astropy's images differ though the method is the same."""
    for factor, method in itertools.product((2, 4), METHODS):
        peer, own = astropy_all(rates, factor, method), ours(rates, factor, method)
        for pair, theirs, mine in zip(PAIRS, peer, zip(*own, strict=True), strict=True):
            mine = np.concatenate(mine)
            np.testing.assert_allclose(mine, theirs, rtol=0, atol=1e-6, err_msg=str(pair))


def two_threads(way, pool, repetitions=3):
    """Seconds of a way that is given a pool, with nothing else timed in between."""
    return seconds({"way": lambda: way(pool)}, repetitions)["way"]


def all_datasets(rates, pool):
    """Seven datasets from the same rate images, rebinned by 4 and by 2."""
    figures, rows = {}, []
    number = len(rates) * len(PAIRS)
    for factor in (4, 2):
        ways = {
            "published": functools.partial(astropy_all, rates, factor, "linear"),
            "resized once": functools.partial(astropy_resized_once, rates, factor, "linear"),
            "block means": functools.partial(astropy_all, rates, factor, "area"),
            "block means once": functools.partial(astropy_resized_once, rates, factor, "area"),
            "ours": functools.partial(ours, rates, factor, "area"),
            "ours, linear": functools.partial(ours, rates, factor, "linear"),
        }
        rate = {name: number / time for name, time in seconds(ways, 5).items()}
        halves = rates[: len(rates) // 2], rates[len(rates) // 2 :]
        once = functools.partial(astropy_resized_once, factor=factor, method="linear")
        rate["resized once, 2 threads"] = number / two_threads(
            lambda pool, once=once, halves=halves: list(pool.map(once, halves)), pool, 5
        )
        rate["ours, 2 threads"] = number / two_threads(
            lambda pool, factor=factor: ours(rates, factor, "area", pool), pool, 5
        )
        for name, value in rate.items():
            ratio = value / rate["published"]
            rows.append([str(factor), _WAYS[name], f"{value:.0f}", f"{ratio:.1f}"])
        end = "" if factor == 4 else f"_rebin{factor}"
        figures |= {
            f"xmm_images_per_s{end}": rate["ours, 2 threads"],
            f"xmm_images_per_s_one_thread{end}": rate["ours"],
            f"xmm_astropy_images_per_s{end}": rate["published"],
            f"xmm_vs_astropy{end}": rate["ours, 2 threads"] / rate["published"],
            f"xmm_vs_astropy_one_thread{end}": rate["ours"] / rate["published"],
            f"xmm_vs_astropy_same_method{end}": rate["ours, linear"] / rate["published"],
            f"xmm_vs_astropy_resized_once{end}": rate["ours"] / rate["block means once"],
            f"xmm_vs_best_peer{end}": rate["ours, 2 threads"]
            / max(value for name, value in rate.items() if not name.startswith("ours")),
        }
    title = (
        "Seven published datasets from rate images in memory (648 x 648, float64; synthetic), "
        "stretched images a second"
    )
    return figures, table(title, ["rebin", "way", "images/s", "to published"], rows)


_WAYS = {
    "published": "published: linear, astropy objects, for every image of every dataset",
    "resized once": "the same, each image resized once for all datasets",
    "resized once, 2 threads": "astropy objects, linear, each image resized once, on two threads",
    "block means": "astropy objects, block means (`cv2.INTER_AREA`) for every image of each",
    "block means once": "the same, block means once for all datasets",
    "ours": "ours: block means, one thread",
    "ours, linear": "ours: linear as published, one thread",
    "ours, 2 threads": "ours: block means, two threads",
}


def single_datasets(rates, pool):
    """Each dataset alone, from rate images, and from images already rebinned by 4."""
    rows, one = [], np.stack([processing.binned(4, "area", pad=False)(rate) for rate in rates])
    precise = one.astype(np.float64)
    for pair in PAIRS:
        peer = (INTERVALS[pair[0]], STRETCHES[pair[1]])
        ways = {
            "published": lambda pair=pair: astropy_all(rates, 4, "linear", [pair]),
            "ours": lambda pair=pair: ours(rates, 4, "area", None, [pair]),
            "linear": lambda pair=pair: ours(rates, 4, "linear", None, [pair]),
            "stretch, astropy": lambda peer=peer: [peer[1]()(peer[0]()(im)) for im in precise],
            "stretch, ours": lambda pair=pair: stretches.stretch(one, *pair),
        }
        rate = {name: len(rates) / time for name, time in seconds(ways, 5).items()}
        rate["two"] = len(rates) / two_threads(
            lambda pool, pair=pair: ours(rates, 4, "area", pool, [pair]), pool, 5
        )
        numbers = [rate[name] for name in ("published", "ours", "linear", "two")]
        parts = [rate["stretch, astropy"], rate["stretch, ours"]]
        rows.append(
            [
                " ".join(pair),
                *(f"{value:.0f}" for value in numbers),
                *(f"{value:.0f}" for value in parts),
                f"{parts[1] / parts[0]:.1f}",
            ]
        )
    header = [
        *("dataset, rebin 4", "published", "ours", "ours, linear", "ours, 2 threads"),
        *("astropy, rebinned before", "ours, rebinned before", "ours to astropy's"),
    ]
    return table("One dataset alone, images a second, one thread unless said", header, rows)


def published_step(folder, rows, out):
    """The study's script: a folder of FITS to a file of images, one after another."""
    with h5py.File(out, "w") as file:
        stored = file.create_dataset("images", (len(rows), 162, 162), np.float32)
        for place, row in enumerate(rows):
            rate = fits.getdata(folder / "images" / row["file"]) / row["exposure"]
            stored[place] = astropy_image(rate, 4, "linear", "minmax", "sqrt")


def our_steps(folder, rows, out, threads):
    """What the two steps do, less their tables."""
    rates = folder / "rates.h5"
    with prefetch.Pool(threads) as pool, atomic_hdf5(rates) as file:
        work = processing.binned(4, "area", pad=False)
        options = {"smaller": "reject", "work": work, "pool": pool}
        images = processing.rate_images(rows, folder / "images", **options)
        processing.write_rates(file, images, rows, factor=4, method="area")
    parameters = {"interval": "minmax", "stretch": "sqrt"}
    described = processing.description(rows, [rates], "minmax_sqrt", parameters, SEED)
    with prefetch.Pool(threads) as pool, atomic_hdf5(out) as file:
        made = processing.render_all([rates], rows, parameters, pool=pool)
        datasets.write(file, made, **described, pool=pool)


def whole_steps(folder, path):
    """FITS to dataset file, and the statistics of an image."""
    rows, out = read_table(path), folder / "out.h5"
    ways = {
        "published": lambda: published_step(folder, rows, out),
        "ours": lambda: our_steps(folder, rows, out, 1),
    }
    rate = {name: len(rows) / time for name, time in seconds(ways, 3).items()}
    both = len(rows) / seconds({"two": lambda: our_steps(folder, rows, out, 2)}, 3)["two"]
    title = "From compressed FITS files to a dataset file (minmax sqrt, rebin 4), images a second"
    lines = [
        ["published loop, file not compressed", f"{rate['published']:.0f}"],
        ["ours, both steps, compressed", f"{rate['ours']:.0f}"],
        ["ours, two threads", f"{both:.0f}"],
    ]
    figures = {
        "xmm_fits_to_dataset_images_per_s": both,
        "xmm_fits_to_dataset_vs_published": both / rate["published"],
    }
    return figures, table(title, ["way", "images/s"], lines)


def moments(rates):
    """Standard deviation, skewness and kurtosis of full-size images."""
    some = rates[:8]

    def scipy_way(image):
        skewness = stats.skew(image, axis=None)
        return image.std(ddof=1), skewness, stats.kurtosis(image, axis=None)

    for rate in some:
        np.testing.assert_allclose(statistics.moments(rate), scipy_way(rate), rtol=1e-10)
    ways = {
        "scipy": lambda: [scipy_way(rate) for rate in some],
        "ours": lambda: [statistics.moments(rate) for rate in some],
    }
    milliseconds = {name: 1e3 * time / len(some) for name, time in seconds(ways, 3).items()}
    rows = [[name, f"{value:.2f}"] for name, value in milliseconds.items()]
    figures = {"xmm_statistics_vs_scipy": milliseconds["scipy"] / milliseconds["ours"]}
    title = "Sigma, skewness and kurtosis of a 648 x 648 image in float64, one thread"
    return figures, table(title, ["way", "ms an image"], rows)


def measure(folder):
    """Compare, then time processing in memory, from files, and the statistics."""
    path, rates = simulated(folder)
    check(rates)
    cv2.setNumThreads(1)
    with prefetch.Pool(2) as pool:
        together, first = all_datasets(rates, pool)
        second = single_datasets(rates, pool)
    stepped, third = whole_steps(folder, path)
    measured, fourth = moments(rates)
    figures = {name: float(value) for name, value in (together | stepped | measured).items()}
    return {"figures": figures, "tables": [first, second, third, fourth]}
