"""What a panel of a loss says where its training ended too early."""

from skyloom.figures.style import ORANGE
from skyloom.networks import convergence

_WORDS = "still falling at the last epoch:\n{}not converged"


def mark(axes, loss, member=None):
    """Say in a panel that its loss was still falling; nothing where it was not.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    loss : (E,) array
        Of the side that is judged.
    member : (E,) array, optional
        Which of several networks each epoch is of.
    """
    falling, members = convergence.members_falling(member, loss)
    if falling:
        which = f"{falling} of {members} members " if members > 1 else ""
        place = {"ha": "right", "va": "top", "transform": axes.transAxes, "zorder": 6}
        text = axes.text(0.98, 0.97, _WORDS.format(which), color=ORANGE, fontsize=7, **place)
        text.set_bbox({"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1})
