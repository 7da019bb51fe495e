"""What the pages take from elsewhere: texts of the project, figures of a finished run, notebooks.

A page says where they go in a comment, which other readers of Markdown leave out: ``<!-- file:
README.md -->``, ``<!-- gallery -->``, or ``<!-- figures: tng.ensemble tng.leakage -->``. Figures
are those of the run in `figures_of`, and their words those of the table of figures, the docstrings
of its functions. Of a figure that is not there a page shows nothing, and the gallery its words.
"""

import json
import os
import re
from importlib.util import find_spec
from pathlib import Path

from myst_parser.parsers.sphinx_ import MystParser

from skyloom.arms.registry import ARMS
from skyloom.record import syntax

ROOT = Path(__file__).parents[1]
_ENTRIES = "skyloom.draw.entries"
_ASKED = re.compile(r"<!-- (file|figures|gallery)(?:: ([^>]+))? -->")
_LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!\w+:|#)([^)#\s]+)([^)]*)\)")


def pages():
    """Texts of the project that are pages: {path: the page's name}."""
    found = {"config/README.md": "configuration.md"}
    for page in (ROOT / "docs").glob("*.md"):
        asked = _ASKED.match(page.read_text(encoding="utf-8"))
        if asked and asked[1] == "file":
            found[asked[2]] = page.name
    return found


def written(path):
    """A Markdown file of the project as a page of docs/: its links lead from there."""
    known = pages()

    def link(found):
        mark, words, target, rest = found.groups()
        target = Path(os.path.normpath(Path(path).parent / target)).as_posix()
        inside = known.get(target, target.removeprefix("docs/"))
        if inside != target or mark:
            return f"{mark}[{words}]({inside}{rest})"
        if (ROOT / target).is_dir():
            return words
        if target.endswith(".md"):
            return f"{{download}}`{words.replace('`', '')} <../{target}>`"
        return f"[{words}](../{target}{rest})"

    return _LINK.sub(link, (ROOT / path).read_text(encoding="utf-8"))


def captions():
    """What the table of figures says of each: {"tng.ensemble": text}, arm by arm."""
    found = {}
    for name in [*dict.fromkeys(arm.beside or own for own, arm in ARMS.items()), "published"]:
        shared = name == "published" or any(arm.beside == name for arm in ARMS.values())
        module = find_spec(f"{_ENTRIES}.{name}" if shared else f"skyloom.{name}.figures")
        for figure, text in syntax.described(Path(module.origin)).items() if module else ():
            if text and not figure.startswith("_"):
                found[f"{name}.{figure}"] = text
    return found


def picture(name, run):
    """The PNG of a figure in the results of a run: the first of a family, None without any."""
    own, _, figure = name.partition(".")
    arms = [arm for arm, entry in ARMS.items() if own in (arm, entry.beside, "published")]
    figure = own if own == "published" else figure
    for arm in arms:
        folder = run / arm / "figures"
        if found := [*folder.glob(f"{figure}.png"), *sorted(folder.glob(f"{figure}/*.png"))]:
            return found[0]
    return None


def shown(name, text, run, page):
    """A figure with its words, as Markdown of a page; its words alone where there is no picture."""
    words = re.sub(r"([\\`*_<>\[\]$])", r"\\\1", text)
    path = picture(name, run)
    if path is None:
        return f"{words}\n"
    title = name.partition(".")[2].replace("_", " ")
    place = Path(os.path.relpath(path, page.parent)).as_posix()
    return f"![{title}]({place})\n\n{words}\n"


def gallery(run, page):
    """Every figure, arm by arm, as Markdown."""
    parts, section = [], None
    for name, text in captions().items():
        own, _, figure = name.partition(".")
        if own != section:
            section = own
            titles = [e.title for arm, e in ARMS.items() if own in (arm, e.beside)]
            parts.append(f"## {' · '.join(titles) or 'Beside the printed numbers'}\n")
        if titles:
            parts.append(f"### {figure.replace('_', ' ').capitalize()}\n")
        parts.append(shown(name, text, run, page))
    return "\n".join(parts)


def _read(app, docname, source):
    page, run = Path(app.env.doc2path(docname)), Path(app.srcdir, app.config.figures_of)

    def made(found):
        if found[1] == "file":
            app.env.note_dependency(str(ROOT / found[2]))
            return written(found[2])
        if found[1] == "gallery":
            return gallery(run, page)
        known = captions()
        there = [name for name in found[2].split() if picture(name, run)]
        return "\n".join(shown(name, known[name], run, page) for name in there)

    source[0] = _ASKED.sub(made, source[0])


def notebook(text, name):
    """A notebook with what its file says came of its cells, as Markdown."""
    parts = []
    for cell in json.loads(text)["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
            continue
        parts.append(f"```python\n{source}\n```")
        for data in (output["data"] for output in cell["outputs"]):
            if "image/png" in data:
                parts.append(f"![what the cell shows](data:image/png;base64,{data['image/png']})")
            else:
                text = "".join(data["text/plain"])
                parts.append(f"```{{code-block}} text\n:class: output\n\n{text}\n```")
    parts.insert(1, f"The cells as a file: {{download}}`{name}`.")
    return "\n\n".join(parts)


class NotebookParser(MystParser):
    """Notebooks as pages."""

    supported = ("notebook",)

    def parse(self, inputstring, document):
        """Parse a notebook's text as Markdown."""
        super().parse(notebook(inputstring, Path(document["source"]).name), document)


def setup(app):
    """Tell Sphinx."""
    app.add_config_value("figures_of", "../results/demo", "env")
    app.connect("source-read", _read)
    app.add_source_suffix(".ipynb", "notebook")
    app.add_source_parser(NotebookParser)
    return {"parallel_read_safe": True}
