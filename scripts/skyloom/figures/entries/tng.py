"""The figures of the tng arm, each from its files: reads them and draws.

A function is an entry of the table of figures: it takes the job's inputs by name and the
parameters of its entry, and gives a figure.
"""

import json

import numpy as np

from skyloom.errors import InputError
from skyloom.figures import (
    tng_attention,
    tng_ensemble,
    tng_images,
    tng_leakage,
    tng_ranking,
    tng_results,
    tng_sample,
)
from skyloom.io import open_hdf5, read_table
from skyloom.networks import evaluation, explained
from skyloom.tng import archive


def attention(files):
    """Draw where one case's network looks."""
    columns, maps, attributes = explained.read(files.maps)
    table = read_table(files.numbers, need=("case", "method", "gas_share"))
    return tng_attention.attention(columns, maps, table, attributes)


def ensemble(files):
    """Draw the cases ranked over seeds, and which pairs are settled."""
    table = read_table(files.ensemble, need=("case", "r", "r_low", "r_high", "rank"))
    pairs = read_table(files.pairs, need=("a", "b", "probability", "resolved"))
    members = [read_table(path, need=("true", "member_1")) for path in files.members]
    return tng_ensemble.ensemble(table, pairs, members, synthetic=table.meta["synthetic"])


def family(files, *, variants, bootstrap):
    """Draw the final predictions of related cases side by side."""
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
    """Draw twenty galaxies of one variant in the order of their sSFR."""
    headers = [read_table(path).meta for path in files.galaxies]
    with open_hdf5(files.datasets, need=("images", "target", "snapshot")) as file:
        target = file["target"][:]
        rows = tng_images.evenly_ranked(target)
        return tng_images.gallery(
            np.stack([file["images"][row] for row in rows]),
            target[rows] - tng_results.LABEL_OFFSET,
            variant=file.attrs["variant"],
            width=tng_images.physical_width(
                float(file.attrs["width"]),
                file["snapshot"][:][rows],
                headers,
                float(file.attrs["hubble"]),
            ),
            synthetic=bool(file.attrs["synthetic"]),
        )


def history(files, *, variants):
    """Draw training and test loss of every case over the epochs."""
    cases = {}
    for variant, path in zip(variants, files.history, strict=True):
        log = np.atleast_1d(np.genfromtxt(path, delimiter=",", names=True))
        cases[variant] = log["epoch"], log["loss"], log["test_loss"]
    synthetic = read_table(files.galaxies[0]).meta["synthetic"]
    return tng_results.history(cases, synthetic=synthetic)


def leakage(files):
    """Draw what leakage does to the correlation of every seed."""
    table = read_table(files.comparisons, need=("case", "comparison", "r_difference"))
    members = read_table(files.members, need=("case", "training", "member", "r"))
    return tng_leakage.leakage(table, members, synthetic=table.meta["synthetic"])


def maps(files):
    """Draw in physical units the maps of the galaxy that forms the most stars."""
    galaxies = read_table(files.galaxies, need=("subhalo_id", "sfr"))
    best, stack, attributes = archive.most_star_forming(files.maps, galaxies)
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
    """Draw one case's predictions of the test side at every read-out epoch."""
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
    """Draw the cases ranked by Pearson r, with their controls and the printed value."""
    summary = read_table(files.summary, need=("variant", "r", "rank"))
    differences = read_table(files.differences, need=("a", "b", "difference"))
    published = read_table(files.published, need=("quantity", "model", "printed"))
    return tng_ranking.ranking(summary, differences, published, synthetic=summary.meta["synthetic"])


def sample(files):
    """Draw the selected galaxies: distribution of sSFR, and star formation rate against mass."""
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
    """Draw one galaxy, that of median sSFR in the first snapshot, in all its variants."""
    images, sizes, chosen = {}, {}, None
    for variant, path in zip(variants, files.datasets, strict=True):
        with open_hdf5(path, need=("images", "target", "id", "snapshot")) as file:
            if chosen is None:
                row = tng_images.median_galaxy(file["target"][:], file["snapshot"][:])
                chosen, target = file["id"][row], float(file["target"][row])
                synthetic = bool(file.attrs["synthetic"])
                width = tng_images.physical_width(
                    float(file.attrs["width"]),
                    [file["snapshot"][row]],
                    [read_table(path).meta for path in files.galaxies],
                    float(file.attrs["hubble"]),
                )[0]
            if row >= len(file["id"]) or file["id"][row] != chosen:
                raise InputError(
                    f"{path} lists other galaxies than the first dataset: make it again."
                )
            images[variant] = file["images"][row]
            sizes[variant] = json.loads(file.attrs["parameters"]).get("sigma")
    return tng_images.variants(
        images,
        sizes=sizes,
        width=width,
        name=chosen.decode(),
        log_ssfr=target - tng_results.LABEL_OFFSET,
        synthetic=synthetic,
    )
