"""A training that ended while its loss was still falling is told from one that was over."""

import numpy as np
import pytest

from skyloom.draw import style, training_curves
from skyloom.learn import convergence
from skyloom.report import convergence as report_convergence

EPOCHS = np.arange(1, 41)
FALLING = 1.0 / EPOCHS  # by a quarter in the last quarter
FLAT = 0.1 + np.exp(-EPOCHS / 3)


@pytest.mark.parametrize(
    ("loss", "falling"),
    [
        (FALLING, True),
        (FLAT, False),
        (FALLING[::-1], False),
        # An overfitted one: it was lowest long ago.
        (np.abs(EPOCHS - 12) + 1.0, False),
        # A likelihood's, below zero.
        (-EPOCHS / 10.0, True),
        (-1 + np.exp(-EPOCHS / 3), False),
        ([1.0], True),
        ([1.0, 0.5], True),
        ([1.0, 0.96], False),
        ([np.nan, np.nan], False),
        (np.where(EPOCHS % 2, FALLING, np.nan), True),
    ],
)
def test_a_loss_is_falling_if_the_last_quarter_goes_five_per_cent_below_all_before(loss, falling):
    assert convergence.still_falling(loss) is falling


def test_noise_alone_is_not_taken_for_a_fall():
    rng = np.random.default_rng(1)
    noisy = 1 + 0.02 * rng.standard_normal((1000, 40))
    assert sum(map(convergence.still_falling, noisy)) < 10


def test_the_limit_is_relative_so_the_unit_of_the_loss_does_not_matter():
    for factor in (1e-6, 1.0, 1e6):
        just = np.array([1.0, 1.0, 1.0, 0.949]) * factor
        assert convergence.still_falling(just)
        assert not convergence.still_falling(just + [0, 0, 0, 0.002 * factor])


def test_members_are_judged_one_by_one():
    member = np.repeat([1, 2, 3], 40)
    loss = np.concatenate([FALLING, FLAT, FALLING])
    assert convergence.members_falling(member, loss) == (2, 3)
    assert convergence.members_falling(None, FLAT) == (0, 1)


def text_of(axes):
    return " ".join(text.get_text() for text in axes.texts)


def test_a_panel_says_that_its_loss_was_still_falling_and_is_silent_else():
    one, two, three = style.figure(6, 2, title="t", synthetic=False).subplots(1, 3)
    training_curves.mark_unfinished(one, FALLING)
    training_curves.mark_unfinished(two, FLAT)
    training_curves.mark_unfinished(three, np.concatenate([FALLING, FLAT]), np.repeat([1, 2], 40))
    assert text_of(one) == "still falling at the last epoch:\nnot converged"
    assert text_of(two) == ""
    assert text_of(three).endswith("1 of 2 members not converged")


def write(folder, model, **columns):
    path = folder / "models" / model / "history.csv"
    path.parent.mkdir(parents=True)
    rows = zip(*columns.values(), strict=True)
    text = [",".join(columns), *(",".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(text) + "\n")


def test_a_report_names_the_networks_that_have_not_converged_and_no_other(tmp_path):
    write(tmp_path, "short", epoch=EPOCHS, val_loss=FALLING)
    write(tmp_path, "steady", epoch=EPOCHS, val_loss=FLAT)
    member = np.repeat([1, 2], 40)
    both = np.concatenate([FALLING, FLAT])
    write(tmp_path, "two", member=member, epoch=np.tile(EPOCHS, 2), val_loss=both)
    [said] = report_convergence.unfinished(tmp_path, ["short", "steady", "two", "absent"])
    assert said.startswith("Still falling at the last epoch, so not converged: the loss of short")
    assert "short and two (1 of 2 members), of 3 networks." in said and "steady" not in said
    assert report_convergence.unfinished(tmp_path, ["steady", "absent"]) == []
    # The tng arm judges another side.
    assert report_convergence.unfinished(tmp_path, ["short"], loss="test_loss") == []
