"""The API reference: a page a module of the library, written while the pages are built.

They lie in docs/api/modules, which git ignores: a module's docstring and its members. A page asks
for the list of a package's own modules, each with its first line, by a comment: ``<!-- modules:
skyloom.judge -->``. docs/api/index.md asks for those of every package.
"""

import ast
import re
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src"
FOLDER = Path(__file__).parent / "api" / "modules"
_ASKED = re.compile(r"<!-- modules: ([\w.]+) -->")
_PAGE = """# {name}

```{{eval-rst}}
.. automodule:: {name}
   :members:
```
"""


def modules():
    """Source files by the dotted names of their modules: all but those that are run."""
    found = {}
    for path in sorted((SOURCE / "skyloom").rglob("*.py")):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        if parts[-1] != "__main__":
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def packages():
    """Names of the packages among them."""
    return [name for name, path in modules().items() if path.name == "__init__.py"]


def write(folder=FOLDER):
    """Write the pages that are not there as they should be, and remove all others."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {folder / f"{name}.md": _PAGE.format(name=name) for name in modules()}
    for path in set(folder.iterdir()) - set(wanted):
        path.unlink()
    for path, text in wanted.items():
        # Sphinx reads anew what is written anew.
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def listed(package):
    """A package and its own modules, with links and first lines, as Markdown."""
    inside = {
        name: path
        for name, path in modules().items()
        if name == package or (name.rpartition(".")[0] == package and path.name != "__init__.py")
    }
    lines, entries = [], []
    for name, path in inside.items():
        first = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))).splitlines()[0]
        lines.append(f"- [{name}](modules/{name}.md): {_plain(first)}")
        entries.append(f"{name} <modules/{name}>")
    return "\n".join([*lines, "", "```{toctree}", ":hidden:", "", *entries, "```"])


def _plain(text):
    return re.sub(r"([*_<>\[\]$])", r"\\\1", text)


def _read(app, docname, source):
    source[0] = _ASKED.sub(lambda asked: listed(asked[1]), source[0])


def setup(app):
    """Tell Sphinx, which looks for pages after this."""
    app.connect("builder-inited", lambda app: write())
    app.connect("source-read", _read)
    return {"parallel_read_safe": True}
