"""The figure of printed numbers beside ours, of every arm, from its file: reads it and draws."""

from skyloom.figures import published
from skyloom.io import read_table


def beside(files):
    """Draw what a document prints, beside ours."""
    table = read_table(files.published, need=("group", "quantity", "model", "printed", "reason"))
    return published.published(table, synthetic=table.meta["synthetic"])
