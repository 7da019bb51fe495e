"""What a panel of a loss says where its training ended too early."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyloom.draw import style
from skyloom.learn import convergence

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes


_WORDS = "still falling at the last epoch:\n{}not converged"


def mark(axes: Axes, loss: np.ndarray, member: np.ndarray | None = None) -> None:
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
        style.say(
            axes, _WORDS.format(which), 0.98, 0.97, ha="right", color=style.ORANGE, fontsize=7
        )
