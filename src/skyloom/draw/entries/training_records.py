"""What the figures of trainings read."""

from astropy.table import Table

from skyloom.io.files import read_json


def read_trainings(files):
    """Metrics and history of each training, in their order.

    Parameters
    ----------
    files : object
        With ``metrics`` and ``history``, paths of the same trainings.

    Returns
    -------
    list of (dict, Table)
    """
    paths = zip(files.metrics, files.history, strict=True)
    return [(read_json(path), Table.read(log, format="ascii.csv")) for path, log in paths]


def synthetic(found):
    """Whether any of them learnt from synthetic data."""
    return any(known["synthetic"] for known, _ in found)
