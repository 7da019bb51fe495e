"""The figure of printed numbers beside ours, of every arm, from its file: reads it and draws."""

from skyloom.draw import published
from skyloom.io.files import read_table


def beside(files):
    """Draw what a document prints, beside ours.

    Every number that the document prints beside ours, with the interval of ours where it has one.
    Grey: this run's choices differ from the document's, with the reasons below.
    """
    table = read_table(files.published, need=("group", "quantity", "model", "printed", "reason"))
    return published.published(table, synthetic=table.meta["synthetic"])
