"""A notebook's cells, run with what the base install has.

``python notebook.py PATH`` writes into the notebook what comes of them.
"""

import base64
import json
import sys
import tempfile
from pathlib import Path

from interpreter import EXTRAS, HIDING, python

#: Runs the cells that it is told of and tells what each displays: text, and a PNG or null.
_RUN = f"""{HIDING}
import ast, base64, json
names, shown = {{}}, []
for source in json.load(open("cells.json")):
    body = ast.parse(source).body
    last = body.pop() if isinstance(body[-1], ast.Expr) else None
    exec(compile(ast.Module(body, []), "cell", "exec"), names)
    value = last and eval(compile(ast.Expression(last.value), "cell", "eval"), names)
    png = value._repr_png_() if hasattr(value, "_repr_png_") else None
    text = None if value is None else repr(value)
    shown.append([text, png and base64.b64encode(png).decode()])
json.dump(shown, sys.stdout)
"""


def code_cells(notebook):
    """The notebook's cells of code."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def run(notebook, folder):
    """Run the cells of code in an empty folder; what each displays: text, and a PNG's bytes."""
    sources = ["".join(cell["source"]) for cell in code_cells(notebook)]
    (Path(folder) / "cells.json").write_text(json.dumps(sources))
    done = python(_RUN, folder, *EXTRAS)
    assert done.returncode == 0, done.stderr
    return [(text, png and base64.b64decode(png)) for text, png in json.loads(done.stdout)]


def kept(cell):
    """What a cell displays, as the notebook's file has it."""
    data = {name: text for one in cell["outputs"] for name, text in one["data"].items()}
    text, png = data.get("text/plain"), data.get("image/png")
    return text and "".join(text), png and base64.b64decode(png)


def _keep(path):
    notebook = json.loads(path.read_text())
    with tempfile.TemporaryDirectory() as folder:
        shown = run(notebook, folder)
    for number, (cell, (text, png)) in enumerate(zip(code_cells(notebook), shown, strict=True), 1):
        data = {} if text is None else {"text/plain": text.splitlines(keepends=True)}
        data |= {"image/png": base64.b64encode(png).decode()} if png else {}
        output = {"output_type": "execute_result", "execution_count": number, "metadata": {}}
        cell |= {"execution_count": number, "outputs": [{**output, "data": data}] if data else []}
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    _keep(Path(sys.argv[1]))
