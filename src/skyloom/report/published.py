"""Printed numbers beside ours: the part of a section that is the same for all arms."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from skyloom.draw.published import cells
from skyloom.io.columns import texts
from skyloom.judge.published import NOT_PRINTED
from skyloom.report import page, wording


def part(folder: Path) -> list[str]:
    """Printed numbers beside ours, those that may not be compared apart, grey, with the reasons.

    Parameters
    ----------
    folder : Path
        ``results/<run>/<arm>``, whose ``evaluation/published.ecsv`` is told.

    Returns
    -------
    list of str
        Parts of a section; nothing where nothing was compared.
    """
    table = wording.maybe(folder / "evaluation" / "published.ecsv")
    return [] if table is None else beside(table)


def beside(table):
    """What `part` says of a table as `skyloom.judge.published.table` makes it."""
    document = str(table.meta["document"])
    table = table[texts(table["reason"]) != NOT_PRINTED]
    good = np.asarray(table["comparable"], dtype=bool)
    reasons = [_parts(reason) for reason in texts(table["reason"])]
    made = []
    if good.any():
        caption = f"Numbers that {document} prints, and ours"
        made.append(_shown(table[good], [""] * int(good.sum()), caption, muted=False))
    if good.all():
        return made
    grey = [parts for parts, fit in zip(reasons, good, strict=True) if not fit]
    shared = [reason for reason in grey[0] if all(reason in other for other in grey)]
    said = page.paragraph(
        f"This run was not made as in {document}, so these numbers say nothing of each other: "
        f"{'; '.join(shared) or 'each row has its reason'}.",
        note=True,
    )
    own = ["; ".join(reason for reason in parts if reason not in shared) for parts in grey]
    title = f"{wording.counted(len(grey), 'number')} of {document} that may not stand beside ours"
    shown = _shown(table[~good], own, "Not comparable", muted=True)
    return [*made, page.details(title, said, shown)]


def _parts(reason):
    return [part for part in reason.split("; ") if part]


def _shown(table, reasons, caption, *, muted):
    group, *named = (texts(table[name]) for name in ("group", "quantity", "unit", "model"))
    quantity, unit, model = named
    ours, printed = zip(*map(cells, table), strict=True)
    columns = [
        ("Where", group),
        ("Quantity", [f"{a} [{b}]" if b else a for a, b in zip(quantity, unit, strict=True)]),
        ("Model", model),
        ("This run", ours),
        ("Printed", printed),
        ("Also because", reasons),
    ]
    # Nothing is said of where and why in a table that has it in no row.
    columns = [pair for pair in columns if pair[0] not in ("Where", "Also because") or any(pair[1])]
    return page.table(*columns, caption=caption, muted=[muted] * len(table))
