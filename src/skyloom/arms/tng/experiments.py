"""One case of the study: a dataset, its features and a split in; a judged network out."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
from astropy.table import Table

from skyloom.arms.tng import controls
from skyloom.errors import InputError
from skyloom.io.columns import or_none
from skyloom.io.files import open_hdf5
from skyloom.judge.metrics import pearson_r
from skyloom.learn import baselines, experiment, head_training, regression
from skyloom.learn.head_training import Settings
from skyloom.split_tables import rows_of

#: Keys of ``tng.training`` that shape the head; the others are fields of `head_training.Settings`.
_HEAD_KEYS = ("output_activation", "convolution_activation", "dropout")


@dataclasses.dataclass(kw_only=True)
class Case(experiment.Sample):
    """Images of one variant with their labels and features.

    Attributes
    ----------
    component : (N,) int array
        Independent group of each image; the bootstrap resamples these.
    target : (N,) float64 array
        Label, dex.
    features : (N, h, w, c) float16 array
    totals : (N, 3) float64 array
        Sum of each channel of each image.
    map_totals : (N, 3) float64 array or None
        Sum of each physical map the image was made from, where the dataset holds it.
    bins : int
        Side of the images, pixels.
    variant : str
    precision : str
        What the features were computed in.
    profiles, spectra : (N, k) float64 array or None
        Radial profiles and power spectra of the images' channels, side by side; None where no
        control asks for them.
    """

    component: np.ndarray
    target: np.ndarray
    features: np.ndarray
    totals: np.ndarray
    map_totals: np.ndarray | None
    bins: int
    variant: str
    precision: str = "float32"
    profiles: np.ndarray | None = None
    spectra: np.ndarray | None = None

    @property
    def meta(self):
        """What every table says of the case."""
        return {"variant": self.variant, "synthetic": self.synthetic}


@dataclasses.dataclass(kw_only=True)
class Fitted(experiment.Fitted):
    """A trained head with its tables, that of its controls among them: see `fit`."""

    control: Table


def read_case(
    dataset: str | Path,
    features: str | Path,
    split: Table,
    *,
    split_name: str = "the split",
    precision: str | None = None,
    with_controls: bool = True,
) -> Case:
    """Join a dataset with its features and a split by id.

    Parameters
    ----------
    dataset, features : path
        Files with `images`, `target`, `id`, and with `features`, `id`.
    split : Table
        Columns id, part, component.
    split_name : str
        What to call the split in an error.
    precision : {'float32', 'bfloat16'}, optional
        What the features must have been computed in.
    with_controls : bool
        Whether what only the controls look at is worked out.

    Returns
    -------
    Case

    Raises
    ------
    InputError
        If the three do not have the same ids, an id repeats, or the features are of another
        precision.
    """
    with open_hdf5(dataset, need=["images", "target", "id"]) as file:
        ids = file["id"][()].astype(str)
        target = file["target"][()].astype(np.float64)
        bins = int(file["images"].shape[1])
        totals = baselines.total_intensities(file["images"])
        profiles, spectra = (
            _of_blocks(file["images"], work) if with_controls else None
            for work in (controls.radial_profiles, controls.power_spectra)
        )
        map_totals = file["map_totals"][()] if "map_totals" in file else None
        variant = str(file.attrs.get("variant", Path(dataset).stem))
        synthetic = bool(file.attrs.get("synthetic", False))
    with open_hdf5(features, need=["features", "id"]) as file:
        found = str(file.attrs.get("precision", "float32"))
        if precision not in (None, found):
            raise InputError(
                f"{features} holds features in {found}, but this run takes them in {precision}: "
                "set tng.backbone.precision to one of the two for all machines, or remove the file."
            )
        rows = rows_of(ids, file["id"][()].astype(str), dataset=dataset, name=features)
        stored = file["features"][()][rows]
    rows = rows_of(ids, split["id"], dataset=dataset, name=split_name)
    return Case(
        id=ids,
        part=np.asarray(split["part"]).astype(str)[rows],
        synthetic=synthetic,
        component=np.asarray(split["component"])[rows],
        target=target,
        features=stored,
        totals=totals,
        map_totals=map_totals,
        profiles=profiles,
        spectra=spectra,
        bins=bins,
        variant=variant,
        precision=found,
    )


def _of_blocks(images, work, block=64):
    """What `work` makes of images, some at a time: a row of numbers each."""
    parts = [work(images[at : at + block]) for at in range(0, len(images), block)]
    return np.concatenate(parts).reshape(len(images), -1)


def fit(
    case: Case,
    *,
    options: dict,
    seed: int,
    state_folder: str | Path | None = None,
    with_controls: bool = True,
    label: str = "network",
) -> Fitted:
    """Train the head on a case, train its control, fit the straight line, and judge all three.

    Parameters
    ----------
    case : Case
    options : dict
        The keys of ``tng.training``: the fields of `head_training.Settings`, and output_activation,
        convolution_activation and dropout of `regression.head`.
    seed : int
        Of initial weights, order and dropout: the same for every case, so that cases differ by
        their images only.
    state_folder : path, optional
        Where unfinished trainings are kept, to be gone on with after a kill.
    with_controls : bool
        Without them the columns of the control table are NaN.
    label : str
        What the progress bar calls the network.

    Returns
    -------
    Fitted
    """
    shape = {key: options[key] for key in _HEAD_KEYS if key in options}
    settings = Settings(**{key: options[key] for key in options if key not in _HEAD_KEYS})
    train = case.rows("train")

    def learn(name, targets, shown=None):
        head = regression.head(case.features.shape[1:], seed=seed, **shape)
        result = head_training.fit(
            head,
            case.features,
            targets,
            train=train,
            test=case.rows("test"),
            settings=settings,
            seed=seed,
            state_path=Path(state_folder) / f"{name}.h5" if state_folder else None,
            label=f"{case.variant}: {shown or name}",
        )
        return head, result

    head, result = learn("network", case.target, label)
    nothing = np.full(len(case.target), np.nan)
    shuffled, linear, linear_maps = nothing, nothing, nothing
    ridge = dict.fromkeys(controls.RIDGE, nothing)
    if with_controls:
        mixed = baselines.shuffled(case.target, train, seed=seed)
        shuffled = learn("shuffled labels", mixed)[1].outputs
        linear = baselines.linear_fit(case.totals, case.target, train)
        if case.map_totals is not None:
            # Physical totals span decades, as the label does: both are logarithms.
            logarithms = baselines.logarithm(case.map_totals)
            linear_maps = baselines.linear_fit(logarithms, case.target, train)
        pooled = case.features.mean(axis=(1, 2), dtype=np.float64)
        for name, values in zip(controls.RIDGE, (case.profiles, case.spectra, pooled), strict=True):
            ridge[name] = baselines.ridge(values, case.target, train, case.component, seed=seed)
    return Fitted(
        network=head,
        history=experiment.history(result, ("loss", "test_loss"), case.meta),
        predictions=_predictions(case, result, settings),
        control=table(case, shuffled=shuffled, linear=linear, linear_maps=linear_maps, **ridge),
        metrics=_metrics(case, head, result, settings, shuffled, linear),
    )


def table(case, **columns):
    """A table with the identity of each image first; labels and predictions are in dex."""
    made = Table(meta=case.meta)
    made["id"], made["part"], made["component"] = case.id, case.part, case.component
    for name, values in {"true": case.target, **columns}.items():
        made[name] = values
        made[name].unit = "dex"
    return made


def _predictions(case, result, settings):
    readouts = {
        f"predicted_epoch_{epoch}": result.readouts[epoch] for epoch in settings.readout_epochs
    }
    return table(case, predicted=result.outputs, **readouts)


def _metrics(case, head, result, settings, shuffled, linear):
    test = case.rows("test")
    true = case.target[test]

    def judge(values):
        predicted = values[test]
        return {
            "pearson_r": or_none(pearson_r(true, predicted)),
            "mse": or_none(np.mean((predicted - true) ** 2)),
        }

    final = judge(result.outputs)
    return {
        **case.meta,
        "parameters": {
            "trainable": int(sum(np.prod(w.shape) for w in head.trainable_weights)),
        },
        "n_train": len(case.rows("train")),
        "n_test": len(test),
        "epochs": settings.epochs,
        "best_epoch": result.best_epoch,
        "loss_best": float(result.history[result.best_epoch - 1, 0]),
        "readouts": {str(e): judge(result.readouts[e]) for e in settings.readout_epochs},
        **final,
        "shuffled_pearson_r": judge(shuffled)["pearson_r"],
        "linear_pearson_r": judge(linear)["pearson_r"],
    }
