"""From maps to a dataset of images: our ten variants beside loops over single images.

The maps are generated here (discs of gas cells with clumps inside a hot halo, binned; synthetic,
no science in them), at 256 x 256 pixels. The peers are what a user would write. One is the thesis's
way: NumPy for the stretch, bytes, ``PIL.ImageFilter.GaussianBlur``, NumPy for the difference, one
galaxy after another. The other puts SciPy's true Gaussian in place of PIL's, which approximates
one by boxes. Both make the default choices of `config/config.yaml`, as ours does.
"""

import os
import zlib

import h5py
import hdf5plugin
import numpy as np
from astropy.table import Table
from PIL import Image, ImageFilter
from scipy import ndimage
from tools import seconds, table

from skyloom import datasets, prefetch
from skyloom.arms.tng import images, map_files, variants
from skyloom.arms.tng.gas_channels import CHANNELS
from skyloom.io.files import atomic_hdf5

BINS, GALAXIES, BETA = 256, 32, 0.001
SNAPSHOT = {"width": 60.0, "scale_factor": 1.0, "hubble": 0.6774}
CHOICES = {"beta": BETA, "overflow": "clip", "single_channel": "alone", "difference": "signed"}
CASES = {
    "composite": {"kind": "composite"},
    **{c: {"kind": "channel", "channel": c} for c in ("entropy", "mass", "temperature")},
    **{
        f"{kind}_{sigma}": {"kind": kind, "sigma": sigma}
        for kind in ("gaussian", "unsharp")
        for sigma in (3, 5, 10)
    },
}


def synthetic_maps():
    """(n, 3, 256, 256) float32 maps of entropy, mass and temperature."""
    random = np.random.default_rng(3)
    for stack in (stacks := np.zeros((GALAXIES, 3, BINS, BINS), np.float32)):
        disc, halo = (int(number) for number in random.uniform([8e3, 8e3], [4e4, 2e4]))
        radius = random.exponential(random.uniform(1.5, 5.0), disc)
        angle = random.uniform(0, 2 * np.pi, disc)
        clump = random.integers(0, 40, disc)
        angle = np.where(clump < 20, clump + random.normal(0, 0.15, disc), angle)
        x = np.concatenate([radius * np.cos(angle), random.normal(0, 15, halo)])
        y = np.concatenate([radius * np.sin(angle), random.normal(0, 15, halo)])
        temperature = 10 ** np.concatenate(
            [random.normal(4, 0.3, disc), random.normal(6, 0.2, halo)]
        )
        mass = random.lognormal(-10, 0.3, disc + halo)
        density = np.concatenate([10 ** (1 - radius / 10), np.full(halo, 1e-3)])
        pixels = [np.floor((v / 60 + 0.5) * BINS).astype(int) for v in (x, y)]
        inside = np.all([(0 <= v) & (v < BINS) for v in pixels], axis=0)
        place = (pixels[1] * BINS + pixels[0])[inside]
        total = np.bincount(place, mass[inside], BINS**2)
        for plane, values in zip(
            stack, (temperature * density ** (-2 / 3) * 1e-7, None, temperature), strict=True
        ):
            weighted = total
            if values is not None:
                weighted = np.bincount(place, (mass * values)[inside], BINS**2)
                weighted = np.divide(weighted, total, np.zeros(BINS**2), where=total > 0)
            plane[:] = weighted.reshape(BINS, BINS)
    return stacks


def thesis_asinh(x):
    """The thesis's own arcsinh, by logarithm and square root."""
    return np.log(np.abs(x / BETA) + np.sqrt(np.power(x / BETA, 2) + 1.0))


def peer_intensities(stack, maxima, parameters):
    """One galaxy's stretched channels, (H, W, 3) in [0, 1]."""
    channels = [
        np.clip(plane / maximum, 0, 1)
        for plane, maximum in zip(stack.astype(np.float64), maxima.values(), strict=True)
    ]
    if parameters["kind"] == "channel":
        alone = channels[list(maxima).index(parameters["channel"])]
        return np.dstack([thesis_asinh(alone) / thesis_asinh(1.0)] * 3)
    intensity = sum(channels) / 3.0
    ratio = np.zeros_like(intensity)
    np.divide(
        thesis_asinh(intensity) / thesis_asinh(1.0), intensity, out=ratio, where=intensity != 0
    )
    return np.clip(np.dstack([channel * ratio for channel in channels]), 0, 1)


def pil_image(stack, maxima, parameters, saved=None):
    """One galaxy the thesis's way: filters act on bytes, through PIL."""
    if saved is None:
        saved = np.rint(peer_intensities(stack, maxima, parameters) * 255).astype(np.uint8)
    if "sigma" not in parameters:
        return saved
    blur = ImageFilter.GaussianBlur(radius=parameters["sigma"])
    blurred = np.asarray(Image.fromarray(saved).filter(blur))
    if parameters["kind"] == "gaussian":
        return blurred
    return np.rint(128 + 127 / 255 * (saved.astype(np.float32) - blurred)).astype(np.uint8)


def pil_together(maps, maxima):
    """All ten variants of every galaxy, whose joint stretch is made once, as the thesis kept it."""
    for stack in maps:
        saved = pil_image(stack, maxima, CASES["composite"])
        for own in list(CASES.values())[1:]:
            pil_image(stack, maxima, own, saved if "sigma" in own else None)


def scipy_image(stack, maxima, parameters):
    """One galaxy with SciPy's Gaussian."""
    image = peer_intensities(stack, maxima, parameters).astype(np.float32)
    if "sigma" not in parameters:
        return np.rint(image * 255).astype(np.uint8)
    size = (parameters["sigma"], parameters["sigma"], 0)
    blurred = ndimage.gaussian_filter(image, size, mode="nearest")
    if parameters["kind"] == "gaussian":
        return np.rint(blurred * 255).astype(np.uint8)
    return np.rint(128 + 127 * (image - blurred)).astype(np.uint8)


def warm(pool):
    """Keep the pool busy for half a second.

    The kernel of some virtual machines leaves new or rested threads on one core for that long,
    which matters to a run of tenths of a second and not to a dataset.
    """
    noise = np.random.default_rng(0).bytes(2_000_000)
    list(pool.map(lambda _: zlib.compress(noise, 6), range(16)))


def two_threads(way, pool, repetitions=3):
    """Median seconds of a way that uses a pool, the pool kept busy before each."""
    times = []
    for _ in range(repetitions):
        warm(pool)
        times.append(seconds({"way": way}, 1)["way"])
    return float(np.median(times))


def ours(maps, maxima, parameters, pool):
    """The galaxies in blocks, as `skyloom.arms.tng.map_files.render_all` takes them."""
    blocks = (maps[i : i + map_files.BLOCK] for i in range(0, len(maps), map_files.BLOCK))
    return np.concatenate(
        list(
            prefetch.in_order(
                pool, lambda block: variants.render(block, maxima, parameters, **SNAPSHOT), blocks
            )
        )
    )


def same_images(ways, on_two):
    """Every way makes the same images: PIL's to the accuracy of its boxes, SciPy's to a byte."""
    pil, scipy, one = (way().astype(int) for way in ways.values())
    assert np.abs(one - scipy).max() <= 1 and np.mean(one != scipy) < 1e-3
    assert np.abs(one - pil).mean() < 1.0
    assert np.array_equal(one, on_two)


def rendering(maps, maxima, pool):
    """Images a second of every variant made alone, from maps in memory."""
    rates = {}
    for case, own in CASES.items():
        parameters = CHOICES | own
        ways = {
            "PIL loop (thesis)": lambda p=parameters: np.stack(
                [pil_image(stack, maxima, p) for stack in maps]
            ),
            "SciPy loop": lambda p=parameters: np.stack(
                [scipy_image(stack, maxima, p) for stack in maps]
            ),
            "skyloom": lambda p=parameters: ours(maps, maxima, p, None),
        }
        same_images(ways, ours(maps, maxima, parameters, pool))
        rates[case] = {name: len(maps) / time for name, time in seconds(ways, 3).items()}
    names = list(next(iter(rates.values())))
    whole = {name: len(CASES) / sum(1 / rates[case][name] for case in CASES) for name in names}
    rates["all ten"] = whole
    pil, scipy, one = whole.values()
    count = len(CASES) * len(maps)
    once = count / seconds({"once": lambda: pil_together(maps, maxima)}, 3)["once"]
    two = count / two_threads(
        lambda: [ours(maps, maxima, CHOICES | own, pool) for own in CASES.values()], pool
    )
    halves = maps[: len(maps) // 2], maps[len(maps) // 2 :]
    once_two = count / two_threads(
        lambda: list(pool.map(lambda some: pil_together(some, maxima), halves)), pool
    )
    rows = [
        [case, *(f"{rate:.0f}" for rate in row.values()), f"{row['skyloom'] / row[names[0]]:.1f}"]
        for case, row in rates.items()
    ]
    rows.append(["all ten, PIL's stretched once", f"{once:.0f}", "", f"{one:.0f}"])
    rows[-1].append(f"{one / once:.1f}")
    rows.append(["all ten, PIL's stretched once, 2 threads each", f"{once_two:.0f}", ""])
    rows[-1] += [f"{two:.0f}", f"{two / once_two:.1f}"]
    filled = np.mean(maps[:, 1] > 0)
    title = (
        "Images a second, from maps in memory to bytes, one thread unless said "
        f"(synthetic, {filled:.0%} of the pixels with gas)"
    )
    figures = {
        "variants_images_per_s": two,
        "variants_images_per_s_one_thread": one,
        "variants_vs_pil": one / pil,
        "variants_vs_pil_stretched_once_two_threads": two / once_two,
        "variants_vs_pil_stretched_once": one / once,
        "variants_vs_scipy": one / scipy,
        **{f"variants_{case}_images_per_s": rates[case]["skyloom"] for case in CASES},
    }
    return figures, table(title, ["variant", *names, "ours to PIL's"], rows)


def gzip(level, shuffle=False):
    """h5py's keywords of a gzip filter."""
    return {"compression": "gzip", "compression_opts": level, "shuffle": shuffle}


FILTERS = {
    "none": {},
    "lzf": {"compression": "lzf"},
    "lzf, shuffle": {"compression": "lzf", "shuffle": True},
    "gzip 1": gzip(1),
    "gzip 1, shuffle": gzip(1, True),
    "gzip 4": gzip(4),
    "gzip 4, shuffle": gzip(4, True),
    "gzip 9": gzip(9),
    "gzip 9, shuffle": gzip(9, True),
    "zstd 3 (needs a plugin)": dict(hdf5plugin.Zstd(clevel=3)),
}


def write_plain(path, samples, options):
    """Samples through HDF5's own filters, one a chunk."""
    with h5py.File(path, "w") as file:
        chunks = (1, *samples.shape[1:])
        file.create_dataset("images", data=samples, chunks=chunks, **options)


def read_plain(path):
    """All samples of a file."""
    with h5py.File(path) as file:
        return file["images"][:]


def store(file, blocks, count, shape, dtype, pool):
    """Images as `skyloom.datasets` writes them, with a target that says nothing."""
    datasets.write(
        file,
        blocks,
        count,
        kind="images",
        shape=shape,
        dtype=dtype,
        target=np.zeros(count),
        name="none",
        units="",
        columns={"id": np.arange(count).astype(str)},
        attributes={},
        pool=pool,
    )


def write_ours(path, samples, pool):
    """Samples in blocks, as a dataset."""
    blocks = (samples[i : i + map_files.BLOCK] for i in range(0, len(samples), map_files.BLOCK))
    with h5py.File(path, "w") as file:
        store(file, blocks, len(samples), samples.shape[1:], samples.dtype, pool)


def packing(folder, samples, pool=None):
    """{filter: (size as a fraction, write MB/s, read MB/s)}; ours too where there is a pool."""
    path, measured = folder / "packed.h5", {}

    def keep(name, writing, samples=samples):
        megabytes = samples.nbytes / 1e6
        reading = seconds({name: lambda: read_plain(path)}, 3)[name]
        assert np.array_equal(read_plain(path), samples)
        size = os.path.getsize(path) / samples.nbytes
        measured[name] = (size, megabytes / writing, megabytes / reading)

    for name, options in FILTERS.items():
        # Level 9 takes seconds for what the others do in tenths: on a quarter of the samples.
        part, repetitions = (samples[::4], 1) if name.startswith("gzip 9") else (samples, 3)
        way = {name: lambda o=options, part=part: write_plain(path, part, o)}
        keep(name, seconds(way, repetitions)[name], part)
    if pool:
        way = {"way": lambda: write_ours(path, samples, None)}
        keep("ours: gzip 1", seconds(way, 3)["way"])
        keep("ours on 2 threads", two_threads(lambda: write_ours(path, samples, pool), pool))
    return measured


def packing_table(title, measured):
    """Size, write and read for every kind of sample."""
    header = ["filter", *(f"{kind}: size, write, read MB/s" for kind in measured)]
    rows = [
        [name, *("{:.1%}, {:.0f}, {:.0f}".format(*found[name]) for found in measured.values())]
        for name in next(iter(measured.values()))
    ]
    return table(title, header, rows)


def compression(folder, maps, maxima, pool):
    """Filters on the images of three variants and on maps."""
    measured = {
        case: packing(folder, ours(maps, maxima, CHOICES | CASES[case], pool), pool)
        for case in ("composite", "gaussian_10", "unsharp_3")
    }
    sizes = [row["ours: gzip 1"][0] for row in measured.values()]
    figures = {"dataset_size_fraction": np.mean(sizes)}
    for key, name in (
        ("dataset_write_mb_per_s_one_thread", "ours: gzip 1"),
        ("dataset_write_mb_per_s", "ours on 2 threads"),
    ):
        figures[key] = len(measured) / sum(1 / row[name][1] for row in measured.values())
    figures["dataset_read_mb_per_s"] = len(measured) / sum(
        1 / row["ours: gzip 1"][2] for row in measured.values()
    )
    tables = [
        packing_table("Filters, images of 8 bits, one a chunk", measured),
        packing_table(
            "Filters, maps (float32), one galaxy a chunk", {"maps": packing(folder, maps)}
        ),
    ]
    return {key: float(value) for key, value in figures.items()}, tables


def map_file(path, maps):
    """A map file as `skyloom.arms.tng.maps.write_maps` stores it, not compressed."""
    with h5py.File(path, "w") as file:
        file["maps"], file["subhalo_id"] = maps, np.arange(len(maps))
        file.attrs.update({"snapshot": 99, "channels": CHANNELS, **SNAPSHOT})
    return path


def plain_step(path, out, maxima, parameters):
    """Read a galaxy, draw it the thesis's way, write it, one after another."""
    with h5py.File(path) as file, h5py.File(out, "w") as new:
        maps = file["maps"]
        shape = (len(maps), BINS, BINS, 3)
        stored = new.create_dataset("images", shape, np.uint8, chunks=(1, *shape[1:]), **gzip(1))
        for row in range(len(maps)):
            stored[row] = pil_image(maps[row], maxima, parameters)


def our_step(path, out, maxima, parameters, count, pool):
    """What the dataset step does, less its tables."""
    sample = Table({"snapshot": np.full(count, 99), "subhalo_id": np.arange(count)})
    with atomic_hdf5(out) as file:
        blocks = map_files.render_all([path], sample, maxima, parameters, pool=pool)
        store(file, blocks, count, (BINS, BINS, 3), np.uint8, pool)


def whole_step(folder, maps, maxima, pool):
    """Map file to dataset file, for a variant of every kind."""
    maps = np.concatenate([maps] * 4)
    path, out = map_file(folder / "maps.h5", maps), folder / "dataset.h5"
    one, names = prefetch.Pool(1), ["h5py and PIL loop", "skyloom", "skyloom, 2 threads"]
    rates = {}
    for case in ("composite", "mass", "gaussian_5", "unsharp_5"):
        p = CHOICES | CASES[case]
        ways = {
            names[0]: lambda p=p: plain_step(path, out, maxima, p),
            names[1]: lambda p=p: our_step(path, out, maxima, p, len(maps), one),
        }
        times = seconds(ways, 2)
        times[names[2]] = two_threads(
            lambda p=p: our_step(path, out, maxima, p, len(maps), pool), pool, 2
        )
        rates[case] = [len(maps) / times[name] for name in names]
    rates["mean"] = list(1 / np.mean([1 / np.array(row) for row in rates.values()], axis=0))
    plain, alone, both = rates["mean"]
    rows = [[case, *(f"{rate:.0f}" for rate in row)] for case, row in rates.items()]
    figures = {
        "dataset_step_images_per_s": both,
        "dataset_step_images_per_s_one_thread": alone,
        "dataset_step_vs_loop": alone / plain,
        "dataset_step_vs_loop_two_threads": both / plain,
    }
    title = "The dataset step, map file to dataset file: images/s"
    return figures, table(title, ["variant", *names], rows)


def measure(folder):
    """Time rendering, packing and the whole step."""
    maps = synthetic_maps()
    maxima = images.channel_maxima([maps])
    with prefetch.Pool(2) as pool:
        rendered, first = rendering(maps, maxima, pool)
        packed, middle = compression(folder, maps, maxima, pool)
        stepped, last = whole_step(folder, maps, maxima, pool)
    return {"figures": rendered | packed | stepped, "tables": [first, *middle, last]}
