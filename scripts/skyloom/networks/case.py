"""One case of the study: a dataset, its features and a split in; a judged network out."""

import dataclasses
from pathlib import Path

import keras
import numpy as np
from astropy.table import Table

from skyloom.errors import InputError
from skyloom.io import open_hdf5
from skyloom.networks import controls, head_training, regression
from skyloom.networks.head_training import Settings
from skyloom.networks.metrics import pearson_r

#: Keys of ``tng.training`` that shape the head; the others are fields of `head_training.Settings`.
_HEAD_KEYS = ("output_activation", "convolution_activation", "dropout")


@dataclasses.dataclass
class Case:
    """Images of one variant with their labels, sides and features, row by row.

    Attributes
    ----------
    id, part : (N,) str array
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
    meta : dict
        Variant and whether the data are synthetic.
    precision : str
        What the features were computed in.
    """

    id: np.ndarray
    part: np.ndarray
    component: np.ndarray
    target: np.ndarray
    features: np.ndarray
    totals: np.ndarray
    map_totals: np.ndarray | None
    bins: int
    meta: dict
    precision: str = "float32"

    @property
    def train(self):
        """Training rows."""
        return np.flatnonzero(self.part == "train")

    @property
    def test(self):
        """Test rows."""
        return np.flatnonzero(self.part == "test")


@dataclasses.dataclass
class Fitted:
    """A trained head with its tables: see `fit`."""

    head: keras.Model
    history: Table
    predictions: Table
    control: Table
    metrics: dict


def read(dataset, features, split, *, split_name="the split", precision=None):
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
        totals = controls.total_intensities(file["images"])
        map_totals = file["map_totals"][()] if "map_totals" in file else None
        meta = {
            "variant": str(file.attrs.get("variant", Path(dataset).stem)),
            "synthetic": bool(file.attrs.get("synthetic", False)),
        }
    with open_hdf5(features, need=["features", "id"]) as file:
        found = str(file.attrs.get("precision", "float32"))
        if precision not in (None, found):
            raise InputError(
                f"{features} holds features in {found}, but this run takes them in {precision}: "
                "set tng.backbone.precision to one of the two for all machines, or remove the file."
            )
        rows = _rows_of(ids, file["id"][()].astype(str), dataset, features)
        stored = file["features"][()][rows]
    rows = _rows_of(ids, np.asarray(split["id"]).astype(str), dataset, split_name)
    return Case(
        id=ids,
        part=np.asarray(split["part"]).astype(str)[rows],
        component=np.asarray(split["component"])[rows],
        target=target,
        features=stored,
        totals=totals,
        map_totals=map_totals,
        bins=bins,
        meta=meta,
        precision=found,
    )


def _rows_of(ids, other, dataset, name):
    """Rows of `other` in the order of `ids`; both must hold the same ids, once."""
    if len(set(ids)) != len(ids) or len(set(other)) != len(other):
        raise InputError(f"{dataset} or {name} names an image twice in id: make them again.")
    for found, wanted, lacking, having in (
        (other, ids, name, dataset),
        (ids, other, dataset, name),
    ):
        missing = sorted(set(wanted) - set(found))
        if missing:
            raise InputError(
                f"{lacking} lacks {len(missing)} of the ids of {having}, {missing[0]} first: "
                "they were made from different galaxies; make both again."
            )
    place = {value: row for row, value in enumerate(other)}
    return np.array([place[value] for value in ids])


def fit(case, *, options, seed, state_folder=None, with_controls=True, label="network"):
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

    def learn(name, targets, shown=None):
        head = regression.head(case.features.shape[1:], seed=seed, **shape)
        result = head_training.fit(
            head,
            case.features,
            targets,
            train=case.train,
            test=case.test,
            settings=settings,
            seed=seed,
            state_path=Path(state_folder) / f"{name}.h5" if state_folder else None,
            label=f"{case.meta['variant']}: {shown or name}",
        )
        return head, result

    head, result = learn("network", case.target, label)
    nothing = np.full(len(case.target), np.nan)
    shuffled, linear, linear_maps = nothing, nothing, nothing
    if with_controls:
        mixed = controls.shuffled(case.target, case.train, seed=seed)
        shuffled = learn("shuffled labels", mixed)[1].outputs
        linear = controls.linear_fit(case.totals, case.target, case.train)
        if case.map_totals is not None:
            # Physical totals span decades, as the label does: both are logarithms.
            logarithms = controls.logarithm(case.map_totals)
            linear_maps = controls.linear_fit(logarithms, case.target, case.train)
    return Fitted(
        head=head,
        history=_history(result, case.meta),
        predictions=_predictions(case, result, settings),
        control=table(case, shuffled=shuffled, linear=linear, linear_maps=linear_maps),
        metrics=_metrics(case, head, result, settings, shuffled, linear),
    )


def _history(result, meta):
    made = Table(result.history, names=("loss", "test_loss"), meta=meta)
    made.add_column(np.arange(1, len(made) + 1), name="epoch", index=0)
    return made


def table(case, **columns):
    """A table with the identity of each image first; labels and predictions are in dex."""
    made = Table(meta=dict(case.meta))
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
    true = case.target[case.test]

    def judge(values):
        predicted = values[case.test]
        return {
            "pearson_r": _number(pearson_r(true, predicted)),
            "mse": _number(np.mean((predicted - true) ** 2)),
        }

    final = judge(result.outputs)
    return {
        **case.meta,
        "parameters": {
            "trainable": int(sum(np.prod(w.shape) for w in head.trainable_weights)),
        },
        "n_train": len(case.train),
        "n_test": len(case.test),
        "epochs": settings.epochs,
        "best_epoch": result.best_epoch,
        "loss_best": float(result.history[result.best_epoch - 1, 0]),
        "readouts": {str(e): judge(result.readouts[e]) for e in settings.readout_epochs},
        **final,
        "shuffled_pearson_r": judge(shuffled)["pearson_r"],
        "linear_pearson_r": judge(linear)["pearson_r"],
    }


def _number(value):
    """JSON has no NaN: what is undefined (a constant prediction) becomes null."""
    return float(value) if np.isfinite(value) else None
