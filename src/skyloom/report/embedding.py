"""Charts as data inside the page, and the library that draws them."""

import numpy as np
from bokeh.document import Document
from bokeh.models import ColumnDataSource
from bokeh.resources import Resources


def library():
    """Bokeh itself: the scripts of which it is made."""
    resources = Resources(mode="inline", components=["bokeh", "bokeh-widgets"])
    return resources.js_raw


def content(charts):
    """The charts as data, and the call that draws them.

    Bokeh's own ``components`` names places at random; here they are counted, and so are the
    models, so that the same charts give the same bytes whatever was drawn before.
    """
    document = Document()
    for _, model in charts:
        document.add_root(model)
    for source in document.select({"type": ColumnDataSource}):
        source.data = {name: _plain(values) for name, values in source.data.items()}
    packed = document.to_json(deferred=False)
    numbers = {}
    packed = _renumbered(packed, numbers)
    roots = {numbers[model.id]: place for place, model in charts}
    items = [{"docid": "report", "roots": roots, "root_ids": list(roots)}]
    for _, model in charts:
        document.remove_root(model)
    return {"documents": {"report": packed}, "items": items}


def _plain(values):
    """Columns of tables as arrays: Bokeh would announce their length in numbers, not bytes."""
    if isinstance(values, np.ma.MaskedArray) and values.dtype.kind == "f":
        values = values.filled(np.nan)
    return np.asarray(values) if isinstance(values, np.ndarray) else values


def _renumbered(value, numbers):
    if isinstance(value, dict):
        return {
            key: numbers.setdefault(inner, f"m{len(numbers) + 1}")
            if key == "id" and isinstance(inner, str)
            else _renumbered(inner, numbers)
            for key, inner in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_renumbered(inner, numbers) for inner in value]
    return value
