"""A dataset of spectra and a split in; trained networks, their predictions and errors out."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
from astropy.table import Table

from skyloom import split_tables
from skyloom.arms.spectra import architectures, ensemble
from skyloom.arms.spectra import training as spectra_training
from skyloom.arms.spectra.labels import Scaling, names_and_units
from skyloom.io.columns import or_none
from skyloom.judge.metrics import bias, mean_absolute_error, pearson_r, root_mean_square_error
from skyloom.learn import batches, experiment
from skyloom.learn.training import Learner
from skyloom.learn.training import fit as fit_network

#: The number of each snr's noise, far from those of the epochs of a training.
_TEST_NOISE = 1_000_000


@dataclasses.dataclass(kw_only=True)
class Sample(experiment.Sample):
    """Spectra.

    Attributes
    ----------
    labels : (N, K) float64 array
    names, units : list of str
        Of the labels.
    """

    labels: np.ndarray
    names: list
    units: list


@dataclasses.dataclass(kw_only=True)
class Fitted(experiment.Fitted):
    """Trained networks, of which `network` is the first, with their tables: see `fit`."""

    networks: list
    noise: Table


def read_sample(dataset: str | Path, split: Table, *, split_name: str = "the split") -> Sample:
    """Labels of a dataset and the sides of its spectra.

    Parameters
    ----------
    dataset : path
    split : Table
        Columns id and part.
    split_name : str
        What to call it in an error.

    Returns
    -------
    Sample

    Raises
    ------
    InputError
        If the two do not have the same ids, once each, or a part is none.
    """

    def labels(file, ids):
        values = np.asarray(file["target"][()], dtype=np.float64).reshape(len(ids), -1)
        names, units = names_and_units(file["target"].attrs)
        return {"labels": values, "names": names, "units": units}

    need = ("spectra", "target")
    return experiment.read_sample(Sample, dataset, split, labels, need=need, split_name=split_name)


def fit(
    name,
    dataset,
    sample,
    *,
    network,
    training,
    uncertainty="none",
    members=1,
    noise=(),
    seed=0,
    state_folder=None,
    limit=spectra_training.MEMORY_LIMIT,
):
    """Train one network, several times over, and ask it about every spectrum.

    Parameters
    ----------
    name : dict
        ``arm``, ``dataset`` and what else the tables should carry.
    dataset : path
    sample : Sample
        Of that dataset.
    network : str
        One of `skyloom.arms.spectra.architectures.ARCHITECTURES`.
    training : dict
        epochs, batch_size, patience, learning_rate, restore and snr of
        `skyloom.arms.spectra.training.Settings`, and labels, a kind of
        `skyloom.arms.spectra.labels.Scaling`.
    uncertainty : str
        One of `skyloom.arms.spectra.ensemble.UNCERTAINTIES`.
    members : int
        How many networks; the first has `seed`, the next the numbers after it.
    noise : sequence of float
        Signal to noise ratios at which the test side is judged again.
    seed : int
    state_folder : path, optional
        Where unfinished trainings are kept, to be gone on with after a kill.
    limit : int
        Bytes of spectra that are kept in memory.

    Returns
    -------
    Fitted
    """
    ensemble.check_members(uncertainty, members)
    settings = spectra_training.Settings(
        **{key: value for key, value in training.items() if key != "labels"},
        heteroscedastic=uncertainty == "heteroscedastic",
    )
    scaling = Scaling.fit(sample.labels[sample.rows("train")], training["labels"])
    with batches.open_samples(dataset, "spectra", limit=limit) as spectra:

        def build(seed):
            return architectures.build(
                network,
                spectra.shape[0],
                len(sample.names),
                heteroscedastic=settings.heteroscedastic,
                seed=seed,
            )

        task = spectra_training.task(
            spectra,
            scaling.apply(sample.labels),
            train=sample.rows("train"),
            validation=sample.rows("validation"),
            settings=settings,
        )
        # All members learn in one network, whose functions are traced once.
        learner = Learner(build(seed), task)
        networks = [build(seed + number) for number in range(members)]
        results = [
            fit_network(
                one,
                task,
                seed=seed + number,
                state_path=Path(state_folder) / f"member_{number + 1}.h5" if state_folder else None,
                label=f"{name['dataset']} {network}, member {number + 1} of {members}",
                learner=learner,
            )
            for number, one in enumerate(networks)
        ]
        made = np.stack([result.outputs for result in results])
        noisy = _ask_noisy(networks, learner, spectra, sample.rows("test"), noise, seed)
    meta = {**name, "network": network, "synthetic": sample.synthetic}
    meta["model"] = f"{name['dataset']}_{network}"
    facts = {
        "parameters": networks[0].count_params(),
        "members": members,
        "uncertainty": uncertainty,
        "training": {**training, "seed": seed},
    }
    return Fitted(
        network=networks[0],
        networks=networks,
        history=_history(results),
        predictions=_predictions(sample, scaling, made, uncertainty, meta),
        noise=_noise(sample, scaling, noisy, uncertainty, meta),
        metrics={**meta, **facts, **_metrics(sample, scaling, made, settings, results, seed)},
    )


def _ask_noisy(networks, learner, spectra, rows, noise, seed):
    """What each member says of rows with noise of each signal to noise ratio: a dict of arrays."""

    def ask(one, source):
        learner.network.set_weights(one.get_weights())
        return learner.outputs(source, rows)

    noisy = {
        float(snr): spectra_training.Noisy(spectra, snr, seed=seed, epoch=_TEST_NOISE + place)
        for place, snr in enumerate(noise)
    }
    return {snr: np.stack([ask(one, x) for one in networks]) for snr, x in noisy.items()}


def _metrics(sample, scaling, made, settings, results, seed):
    """Errors of the members together and of each."""
    return {
        "labels": sample.names,
        "units": sample.units,
        "scaling": scaling.as_dict(),
        "sides": _sides(sample, scaling, made, settings),
        "per_member": [
            {**_member(result), "seed": seed + number, "member": number + 1}
            | {"sides": _sides(sample, scaling, made[number : number + 1], settings)}
            for number, result in enumerate(results)
        ],
    }


def _history(results):
    parts = []
    for number, result in enumerate(results, 1):
        parts += [(number, epoch, *row) for epoch, row in enumerate(result.history.tolist(), 1)]
    return Table(rows=parts, names=("member", "epoch", *spectra_training.HISTORY))


def _member(result):
    """How one training went: its best and last epochs, and those numbers of the weights kept."""
    chosen = result.history[result.chosen_epoch - 1]
    return {
        "epochs": len(result.history),
        "best_epoch": result.best_epoch,
        "chosen_epoch": result.chosen_epoch,
        "chosen": dict(zip(spectra_training.HISTORY, map(float, chosen), strict=True)),
    }


def _add_labels(table, sample, scaling, made, uncertainty, *, prefix=""):
    """Columns of predictions and their uncertainties, in the labels' units."""
    mean, deviation = ensemble.combine(made, uncertainty)
    mean = scaling.invert(mean)
    for index, (name, unit) in enumerate(zip(sample.names, sample.units, strict=True)):
        table[f"{prefix}{name}_predicted"] = mean[:, index]
        table[f"{prefix}{name}_predicted"].unit = unit
        if deviation is not None:
            spread = scaling.invert_spread(deviation)
            table[f"{prefix}{name}_uncertainty"] = spread[:, index]
            table[f"{prefix}{name}_uncertainty"].unit = unit
    return table


def _predictions(sample, scaling, made, uncertainty, meta):
    table = Table(meta=dict(meta))
    table["id"], table["part"] = sample.id, sample.part
    for index, (name, unit) in enumerate(zip(sample.names, sample.units, strict=True)):
        table[name] = sample.labels[:, index]
        table[name].unit = unit
    return _add_labels(table, sample, scaling, made, uncertainty)


def _noise(sample, scaling, noisy, uncertainty, meta):
    ids = sample.id[sample.rows("test")]
    table = Table(meta=dict(meta))
    table["id"] = np.tile(ids, len(noisy)).astype(sample.id.dtype)
    table["snr"] = np.repeat(np.array(list(noisy), dtype=float), len(ids))
    outputs = len(sample.names) * (2 if uncertainty == "heteroscedastic" else 1)
    nothing = np.empty((2, 0, outputs))
    made = np.concatenate(list(noisy.values()), axis=1) if noisy else nothing
    return _add_labels(table, sample, scaling, made, uncertainty)


def _sides(sample, scaling, made, settings):
    return {part: _side(sample, scaling, made, settings, part) for part in split_tables.PARTS}


def _side(sample, scaling, made, settings, part):
    """How one side came out with the weights kept; null where it is undefined."""
    rows = sample.rows(part)
    if not len(rows):
        return {"spectra": 0}
    heteroscedastic = settings.heteroscedastic
    mean, deviation = ensemble.combine(
        made[:, rows], "heteroscedastic" if heteroscedastic else "none"
    )
    outputs = np.hstack([mean, 2 * np.log(deviation)]) if heteroscedastic else mean
    scaled = scaling.apply(sample.labels[rows])
    loss, error, agree = spectra_training.judge(outputs, scaled, heteroscedastic=heteroscedastic)
    predicted = scaling.invert(mean)
    usual = sample.labels[sample.rows("train")].mean(axis=0)
    by_label = {
        name: _label(sample.labels[rows, index], predicted[:, index], usual[index])
        for index, name in enumerate(sample.names)
    }
    return {
        "spectra": len(rows),
        "loss": loss,
        "mae_standardised": error,
        "mae_of_the_mean_standardised": float(np.mean(np.abs(scaled - scaling.apply(usual[None])))),
        "argmax_agreement": agree,
        "mixed_mae": float(np.mean([by_label[name]["mae"] for name in sample.names])),
        "labels": by_label,
    }


def _label(true, predicted, usual):
    """Errors of one label in its units, and that of always predicting the training mean."""
    error = mean_absolute_error(true, predicted)
    of_the_mean = float(np.mean(np.abs(true - usual)))
    return {
        "mae": error,
        "rmse": root_mean_square_error(true, predicted),
        "bias": bias(true, predicted),
        "r": or_none(pearson_r(true, predicted)),
        "mae_of_the_mean": of_the_mean,
        "ratio": of_the_mean / error if error > 0 else None,
    }
