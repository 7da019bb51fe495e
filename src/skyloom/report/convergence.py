"""Which trainings of a run ended before they were done, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from astropy.table import Table

from skyloom.learn import convergence
from skyloom.report import wording


def unfinished(
    folder: Path, models: Iterable[str], *, loss: str = "val_loss", called: Callable = str
) -> list[str]:
    """One sentence on the networks whose loss was still falling at the last epoch.

    Parameters
    ----------
    folder : Path
        ``results/<run>/<arm>``, with ``models/<model>/history.csv``.
    models : iterable of str
    loss : str
        Column of the loss of the side that is judged.
    called : callable
        How a model is named.

    Returns
    -------
    list of str
        Nothing where all have converged, or no history is there.
    """
    models = list(dict.fromkeys(map(str, models)))
    paths = {model: folder / "models" / model / "history.csv" for model in models}
    logs = {
        model: Table.read(path, format="ascii.csv")
        for model, path in paths.items()
        if path.is_file()
    }
    falling = []
    for model, log in logs.items():
        if loss in log.colnames:
            member = log["member"] if "member" in log.colnames else None
            count, members = convergence.members_falling(member, log[loss])
            if count:
                of = f" ({count} of {members} members)" if members > 1 else ""
                falling.append(f"{called(model)}{of}")
    if not falling:
        return []
    return [
        f"Still falling at the last epoch, so not converged: the loss of {wording.listed(falling)}"
        f"{', of ' + str(len(logs)) + ' networks' if len(logs) > 1 else ''}. A longer training "
        "would change these numbers."
    ]
