"""The figures of the tng arm, each from its files: reads them and draws.

A function is an entry of the table of figures: it takes the job's inputs by name and the
parameters of its entry, and gives a figure.
"""

import json

import numpy as np
from astropy.table import Table

from skyloom.arms.tng import attention_files, evaluation, map_files, metadata
from skyloom.arms.tng.labels import OFFSET
from skyloom.draw import (
    style,
    tng_attention,
    tng_ensemble,
    tng_halves,
    tng_images,
    tng_leakage,
    tng_ranking,
    tng_results,
    tng_sample,
    training_curves,
)
from skyloom.errors import InputError
from skyloom.io.files import open_hdf5, read_table


def attention(files):
    """Draw where one case's network looks.

    Where the network of this case looks: galaxies of the test side from high to low sSFR, and over
    them what raises (red) and lowers (blue) the predicted label. Grad-CAM weighs what the last
    convolution answers to by one number an image; HiResCAM by what the layers behind it do with
    each place; occlusion covers a square at a time. The numbers say how much of it lies within the
    half-mass radius of the gas, beside what untrained heads and an even map would have, and how
    alike the maps of the trained and untrained heads are (Spearman; near 1, a map does not show
    what was learnt). A cell of the first two is 16 pixels wide and saw 196.
    """
    columns, maps, attributes = attention_files.read_attention(files.maps)
    table = read_table(files.numbers, need=("case", "method", "gas_share"))
    return tng_attention.attention(columns, maps, table, attributes)


def ensemble(files):
    """Draw the cases ranked over seeds, and which pairs are settled.

    Every case trained with several seeds. Left: small dots are single trainings, the large dot
    their mean Pearson r (by way of Fisher's z) on the test side; the thick bar is the interval
    from galaxies alone (bootstrap over independent groups), the thin one has the seeds' scatter
    too (Student's t), and the diamond is r of the mean of the seeds' predictions. Rank: those that
    all pairs together leave open; best: the share of draws in which the case is the best. Right:
    the probability that the case of the row beats that of the column; dots mark pairs whose order
    is settled with all pairs taken together. Other galaxies to learn from would add scatter that
    none of this knows.
    """
    table = read_table(files.ensemble, need=("case", "r", "r_low", "r_high", "rank"))
    pairs = read_table(files.pairs, need=("a", "b", "probability", "resolved"))
    members = [read_table(path, need=("true", "member_1")) for path in files.members]
    return tng_ensemble.ensemble(table, pairs, members, synthetic=table.meta["synthetic"])


def family(files, *, variants, bootstrap):
    """Draw the final predictions of related cases side by side.

    Final predictions of related cases for the test side. Above: predicted against true log sSFR
    (1/yr) with the 1:1 line and Pearson's r; its interval resamples independent groups of
    galaxies. Below: predicted minus true (dex), red lines one standard deviation from the mean.
    After figures 4.3 to 4.5 of the thesis.
    """
    need = ("id", "part", "component", "true", "predicted")
    cases = {}
    for variant, path in zip(variants, files.predictions, strict=True):
        test = evaluation.on_test_side(read_table(path, need=need), path)
        cases[variant] = test["true"], test["predicted"], test["component"]
    return tng_results.family(
        cases,
        bootstrap=bootstrap,
        synthetic=read_table(files.galaxies[0]).meta["synthetic"],
    )


def gallery(files):
    """Draw twenty galaxies of one variant in the order of their sSFR.

    Up to twenty galaxies of one variant, evenly spaced in rank from the highest to the lowest sSFR
    (1/yr, on each image). Each image is as wide as the maps; bars are of equal length, physical
    kpc. After figures 3.3 and 4.6 to 4.8 of the thesis.
    """
    headers = [read_table(path).meta for path in files.galaxies]
    with open_hdf5(files.datasets, need=("images", "target", "snapshot")) as file:
        target = file["target"][:]
        rows = tng_images.evenly_ranked(target)
        return tng_images.gallery(
            np.stack([file["images"][row] for row in rows]),
            target[rows] - OFFSET,
            variant=file.attrs["variant"],
            size=metadata.filter_text(file.attrs),
            width=tng_images.physical_width(
                float(file.attrs["width"]),
                file["snapshot"][:][rows],
                headers,
                float(file.attrs["hubble"]),
            ),
            synthetic=bool(file.attrs["synthetic"]),
        )


def halves(files):
    """Draw how alike two halves of a galaxy's cells are in every variant.

    The gas cells of each galaxy are divided at random into two halves, and both are seen as every
    variant shows them. Pearson's r of the two pictures, mean over galaxies with a bootstrap
    interval: near 1, the picture is of the galaxy; near 0, it is of where its cells happen to lie,
    and a network can find little in it. Not in the thesis, which draws each cell into one pixel
    (`tng.grid.deposit: nearest`).
    """
    table = read_table(files.halves, need=("variant", "half_r", "galaxies"))
    return tng_halves.halves(table, synthetic=table.meta["synthetic"])


def history(files, *, variants):
    """Draw training and test loss of every case over the epochs.

    Mean squared error (dex²) of every case on the training and the test side over the epochs. The
    test side chooses nothing: weights are kept by the training loss alone. Not in the thesis. A
    loss is called still falling where the lowest of the last quarter of the epochs is more than 5
    % below the lowest before.
    """
    logs = [Table.read(path, format="ascii.csv") for path in files.history]
    return training_curves.curves(
        [
            training_curves.Training(style.variant_label(variant), log)
            for variant, log in zip(variants, logs, strict=True)
        ],
        {"loss": "Mean squared error [dex²]"},
        judged="test_",
        columns=min(5, len(logs)),
        synthetic=read_table(files.galaxies[0]).meta["synthetic"],
    )


def leakage(files):
    """Draw what leakage does to the correlation of every seed.

    What it does when the same galaxy, in another snapshot, is on the training side. Own test side:
    the split by lineage and the random split, each judged on its own test images. Same test
    images: other images of the test galaxies take the place of as many training images, and
    nothing else differs. Small dots are seeds (same seed, same column), large ones their mean with
    its interval (groups of galaxies resampled, seeds by Student's t).
    """
    table = read_table(files.comparisons, need=("case", "comparison", "r_difference"))
    members = read_table(files.members, need=("case", "training", "member", "r"))
    return tng_leakage.leakage(table, members, synthetic=table.meta["synthetic"])


def maps(files):
    """Draw in physical units the maps of the galaxy that forms the most stars.

    Gas of the galaxy of one shard that forms the most stars, projected along its spin: entropy
    (keV cm²), mass (10¹⁰ M☉/h) and temperature (K) of each pixel, with the statistic named above
    each map and logarithmic colours; pixels without gas are black. Lengths are physical, kpc.
    After figure 3.2 of the thesis, which shows it in stretched intensities only.
    """
    galaxies = read_table(files.galaxies, need=("subhalo_id", "sfr"))
    best, stack, attributes = map_files.most_star_forming(files.maps, galaxies)
    return tng_sample.maps(
        stack,
        **{key: attributes[key] for key in ("channels", "units", "statistic")},
        **{key: float(attributes[key]) for key in ("width", "scale_factor", "hubble")},
        name=(
            f"gas of subhalo {best['subhalo_id']} of snapshot {attributes['snapshot']}, "
            f"z = {attributes['redshift']:.2f}, SFR = {best['sfr']:.2g} M$_\\odot$/yr"
        ),
        synthetic=bool(attributes["synthetic"]),
    )


def predictions(files, *, variant, bootstrap):
    """Draw one case's predictions of the test side at every read-out epoch.

    Predictions of one case for the test side, a row a read-out. Left: predicted against true log
    sSFR (1/yr), coloured by the density of points, with the 1:1 line and Pearson's r; its interval
    resamples independent groups of galaxies, not images. Middle: predicted minus true (dex), red
    lines one standard deviation from the mean. Right: true values of all galaxies and predictions
    of the test side. After figures 4.1 and 4.2 of the thesis.
    """
    path = files.predictions
    table = read_table(path, need=("id", "part", "component", "true", "predicted"))
    test = evaluation.on_test_side(table, path)
    return tng_results.predictions(
        table["true"],
        tng_results.readouts(test),
        test["component"],
        variant=variant,
        bootstrap=bootstrap,
        synthetic=read_table(files.galaxies[0]).meta["synthetic"],
    )


def ranking(files):
    """Draw the cases ranked by Pearson r, with their controls and the printed value.

    Cases ranked by Pearson's r of true and predicted log sSFR on the test side, with intervals
    from a bootstrap over independent groups of galaxies. Small open circles: the same network
    trained on shuffled labels. Diamonds: a linear regression on the three total intensities of the
    case's images; triangles and squares: ridge regressions on their radial profile and on what
    VGG16's features are on average. Right: r minus that of the best case in paired resamples, bold
    where the interval excludes zero. The star is the one value that the thesis prints (mass,
    0.752); the others are not printed. It is grey, with the reasons below, where this run's choices
    differ from those of the thesis.
    """
    summary = read_table(files.summary, need=("variant", "r", "rank"))
    differences = read_table(files.differences, need=("a", "b", "difference"))
    published = read_table(files.published, need=("quantity", "model", "printed"))
    return tng_ranking.ranking(summary, differences, published, synthetic=summary.meta["synthetic"])


def sample(files):
    """Draw the selected galaxies: distribution of sSFR, and star formation rate against mass.

    Selected galaxies of all snapshots. Left: distribution of the specific star formation rate
    (1/yr) in steps of 0.25 dex; galaxies that form no stars stand apart at the left. Right: star
    formation rate (M☉/yr) against total mass of the subhalo (M☉), coloured by the density of
    points; triangles at the lower edge form no stars. Galaxies without star formation have maps
    but are in no dataset. After figures 3.1 and 2.8 of the thesis.
    """
    tables = [read_table(path, need=("ssfr", "sfr", "total_mass")) for path in files.galaxies]
    columns = {
        "ssfr": np.concatenate([np.asarray(table["ssfr"]) for table in tables]),
        "sfr": np.concatenate([np.asarray(table["sfr"]) for table in tables]),
        # Catalogue masses are in 1e10 Msun/h.
        "total_mass": np.concatenate([t["total_mass"] * 1e10 / t.meta["hubble"] for t in tables]),
    }
    return tng_sample.sample(
        **columns,
        ssfr_mass=tables[0].meta["ssfr_mass"],
        synthetic=any(table.meta["synthetic"] for table in tables),
    )


def variants(files, *, variants):
    """Draw one galaxy, that of median sSFR in the first snapshot, in all its variants.

    One galaxy, that of median sSFR in the first snapshot, as each network sees it. The composite
    holds entropy in red, mass in green and temperature in blue. Variants of a single channel hold
    the same plane three times and are drawn here in a colour map. Gaussian smoothing and unsharp
    masking act on each channel of the composite; σ is given in pixels, in physical kpc and in
    comoving ckpc/h, as is the side of a pixel. Bars are of equal length, physical kpc. After
    figures 3.2, 3.4 and 3.5 of the thesis.
    """
    images, sizes, chosen = {}, {}, None
    for variant, path in zip(variants, files.datasets, strict=True):
        with open_hdf5(path, need=("images", "target", "id", "snapshot")) as file:
            if chosen is None:
                row = tng_images.median_galaxy(file["target"][:], file["snapshot"][:])
                chosen, target = file["id"][row], float(file["target"][row])
                synthetic = bool(file.attrs["synthetic"])
                comoving, hubble = float(file.attrs["width"]), float(file.attrs["hubble"])
                headers = [read_table(path).meta for path in files.galaxies]
                snapshot = [file["snapshot"][row]]
                width = tng_images.physical_width(comoving, snapshot, headers, hubble)[0]
            if row >= len(file["id"]) or file["id"][row] != chosen:
                raise InputError(
                    f"{path} lists other galaxies than the first dataset: make it again."
                )
            images[variant] = file["images"][row]
            sigma = json.loads(file.attrs["parameters"]).get("sigma")
            if sigma is not None:
                grid = {"width": comoving, "bins": images[variant].shape[0], "hubble": hubble}
                grid["scale_factor"] = width / comoving * hubble
                sizes[variant] = metadata.filter_sizes(sigma, **grid)
    return tng_images.variants(
        images,
        sizes=sizes,
        width=width,
        comoving=comoving,
        name=chosen.decode(),
        log_ssfr=target - OFFSET,
        synthetic=synthetic,
    )
