"""The check that every figure's axes say what their numbers are, and in which unit."""

import figure_axes
import pytest

from skyloom.draw import style


def drawn(label, *, ticks=None):
    figure = style.figure(4, 4, title="Two panels", synthetic=True)
    upper, lower = figure.subplots(2, 1)
    for axes in (upper, lower):
        axes.plot([0, 1], [0, 1])
        axes.set_ylabel("Loss")
    lower.set_xlabel(label)
    if ticks:
        for axes in (upper, lower):
            axes.set_xticks([0, 1], labels=ticks)
    return figure


@pytest.mark.parametrize("label", ["Wavelength [Å, air]", "Time / s", "Epoch", "Share of the mass"])
def test_a_label_at_the_edge_with_its_unit_holds_for_the_column(label):
    assert figure_axes.faults(drawn(label)) == []


@pytest.mark.parametrize("label", ["", "Wavelength", "Effective temperature", "log sSFR"])
def test_numbers_without_a_label_or_a_unit_are_found_in_each_panel(label):
    assert len(figure_axes.faults(drawn(label))) == 2


def test_names_of_cases_need_no_label():
    assert figure_axes.faults(drawn("", ticks=["Gaussian 3", "Unsharp 10"])) == []
