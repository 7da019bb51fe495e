"""What tf.data, PyTorch and astropy get is what h5py reads from the file."""

from copy import deepcopy

import h5py
import numpy as np
import pytest
from astropy import units
from astropy.table import Table
from interpreter import python
from refusal import refused
from small_files import damage, dataset

from skyloom import loaders
from skyloom.io.files import write_table

IDS = [f"s{i}" for i in range(10)]
PARTS = ["train"] * 6 + ["test"] * 3 + ["validation"]


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="PyTorch is in no requirements: pip install torch")


@pytest.fixture
def images(tmp_path):
    pixels = np.random.default_rng(1).integers(0, 256, (10, 8, 6, 3), np.uint8)
    pixels[0, 0, 0] = 255
    return dataset(tmp_path / "mass.h5", pixels)


@pytest.fixture
def spectra(tmp_path):
    labels = np.random.default_rng(2).random((10, 3)) * [30000, 2, 400] + [15000, 3, 0]
    return dataset(
        tmp_path / "clean.h5",
        np.random.default_rng(3).random((10, 21), np.float32),
        "spectra",
        target=labels,
        name="teff,log_g,v_rot",
        units="K,dex,km / s",
    )


@pytest.fixture
def split(tmp_path):
    # Not in the dataset's order, and with a sample that the dataset does not have.
    table = Table({"id": [*IDS, "else"][::-1], "part": [*PARTS, "train"][::-1]})
    write_table(table, tmp_path / "split.ecsv")
    return tmp_path / "split.ecsv"


def stored(path, kind="images"):
    with h5py.File(path) as file:
        return file[kind][()], file["target"][()]


def test_torch_has_the_pixels_of_the_file_channels_first_from_0_to_1(torch, images, split):
    found = loaders.torch(images, split=split, part="training")
    pixels, target = stored(images)
    assert isinstance(found, torch.utils.data.Dataset) and len(found) == 6
    for row in range(6):
        image, label = found[row]
        assert image.dtype == torch.float32 and image.shape == (3, 8, 6)
        np.testing.assert_array_equal(image.numpy().transpose(1, 2, 0) * 255, pixels[row])
        assert label == target[row]
    assert found[0][0].max() == 1
    with pytest.raises(IndexError):
        found[6]


def test_workers_of_a_data_loader_open_the_file_for_themselves(torch, images, split):
    found = loaders.torch(images, split=split, part="test", normalise=False)
    # Open here before the workers are forked, as after a look at the first sample.
    assert found[0][0].dtype == torch.uint8
    whole = [batch for batch, _ in torch.utils.data.DataLoader(found, batch_size=2, num_workers=2)]
    np.testing.assert_array_equal(
        torch.cat(whole).numpy().transpose(0, 2, 3, 1), stored(images)[0][6:9]
    )
    # What a worker that is spawned, not forked, gets.
    copy = deepcopy(found)
    np.testing.assert_array_equal(copy[2][0].numpy(), found[2][0].numpy())


def test_tensorflow_has_the_samples_of_the_file_in_batches(images, spectra, split):
    for path, kind, scale in ((images, "images", 255), (spectra, "spectra", 1)):
        batches = loaders.tensorflow(path, split=split, part="train", batch=4)
        assert len(batches) == 2
        samples, labels = zip(*batches.as_numpy_iterator(), strict=True)
        values, target = stored(path, kind)
        np.testing.assert_array_equal(np.concatenate(samples) * scale, values[:6])
        np.testing.assert_allclose(np.concatenate(labels), target[:6], rtol=1e-6)
        assert batches.element_spec[0].shape[1:] == values.shape[1:]


def test_a_shuffled_pipeline_follows_its_seed_and_changes_with_the_epoch(spectra):
    def order(batches):
        return np.concatenate([labels[:, 0] for _, labels in batches.as_numpy_iterator()]).tolist()

    first, again = (loaders.tensorflow(spectra, batch=3, shuffle=7) for _ in range(2))
    epochs = [order(first), order(first)]
    assert [order(again), order(again)] == epochs
    assert epochs[0] != epochs[1] and sorted(epochs[0]) == sorted(epochs[1])
    assert sorted(epochs[0]) == sorted(stored(spectra, "spectra")[1][:, 0].astype(np.float32))


def test_standardised_labels_use_the_training_side_for_every_side(torch, spectra, split):
    _, target = stored(spectra, "spectra")
    mean, deviation = loaders.scaling(spectra, split=split)
    np.testing.assert_allclose(mean, target[:6].mean(axis=0))
    np.testing.assert_allclose(deviation, target[:6].std(axis=0))
    test = loaders.torch(spectra, split=split, part="test", targets="standardised")
    np.testing.assert_allclose(test.labels.numpy() * deviation + mean, target[6:9], rtol=1e-5)
    # Spectra stay as they are, whatever becomes of labels.
    np.testing.assert_array_equal(test[1][0].numpy(), stored(spectra, "spectra")[0][7])


def test_a_table_has_labels_with_units_ids_and_sides(images, spectra, split):
    table = loaders.table(spectra, split=split)
    assert table.colnames == ["id", "teff", "log_g", "v_rot", "part"]
    assert table["teff"].unit == units.K and table["v_rot"].unit == units.km / units.s
    np.testing.assert_array_equal(table["teff"], stored(spectra, "spectra")[1][:, 0])
    assert table["id"].tolist() == IDS and table["part"].tolist() == PARTS
    one = loaders.table(images)
    assert one["target"].description == "log10(1e15 sSFR yr)" and one["target"].unit == units.dex
    assert one.meta["parameters"] == {"beta": 0.001} and one.meta["synthetic"] is True


def test_a_table_takes_units_that_astropy_does_not_know_by_their_name(tmp_path):
    path = dataset(
        tmp_path / "d.h5",
        np.zeros((10, 4, 4, 1), np.float32),
        target=np.ones((10, 2)),
        name="scale,id",
        units="half-width,",
        columns={"id": IDS, "mass": np.arange(10.0)},
        attributes={"column_units": {"mass": "solMass"}},
    )
    table = loaders.table(path)
    assert str(table["scale"].unit) == "half-width" and table["target_id"].unit is None
    assert table["mass"].unit == units.solMass


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"part": "train"}, "no split says"),
        ({"part": "holdout", "split": {"id": IDS, "part": PARTS}}, "must be one of train"),
        ({"part": "test", "split": {"id": IDS, "part": ["train"] * 10}}, "No sample of"),
        ({"part": "test", "split": {"id": IDS[1:], "part": PARTS[1:]}}, "which side s0 of"),
        ({"part": "test", "split": {"id": IDS[:1] * 2, "part": PARTS[:2]}}, "an id twice"),
    ],
)
def test_a_side_that_cannot_be_had_is_explained(images, options, said):
    if "split" in options:
        options = {**options, "split": Table(options["split"])}
    refused(said, loaders.Samples, images, **options)


def test_classes_have_no_mean(tmp_path):
    classes = {"target": np.arange(10) % 3, "attributes": {"classes": "GALAXY,QSO,STAR"}}
    path = dataset(tmp_path / "d.h5", np.zeros((10, 4), np.float32), "spectra", **classes)
    assert loaders.Samples(path).classes == ["GALAXY", "QSO", "STAR"]
    refused("is a class", loaders.tensorflow, path, targets="standardised", error=ValueError)
    with h5py.File(path, "r+") as file:
        file["target"][4] = 3
    refused("classes beyond the 3", loaders.Samples, path)


def test_a_damaged_sample_is_one_sentence_with_the_file(images):
    damage(images, 3)
    samples = loaders.Samples(images)
    assert len(samples.read([2])) == 1
    refused(r"mass\.h5 is damaged", samples.read, [2, 3])


def test_neither_tensorflow_nor_torch_is_imported_before_it_is_asked_for(images):
    asked = (
        "import sys; from skyloom import loaders; loaders.table(sys.argv[1]);"
        "print({'tensorflow', 'torch', 'keras', 'pyarrow'} & set(sys.modules))"
    )
    assert python(asked, images.parent, images).stdout.strip() == "set()"
