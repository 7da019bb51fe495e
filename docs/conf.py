"""How the documentation becomes pages: ``make docs``, without a network and without warnings."""

import re
import sys
from pathlib import Path

from docutils.nodes import SkipNode
from docutils.utils.math.latex2mathml import tex2mathml

sys.path[:0] = [str(Path(__file__).parents[1] / "src"), str(Path(__file__).parent)]

project = "Skyloom"
author = "the Skyloom authors"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "modules", "pages"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "Skyloom"
html_show_sphinx = False
html_copy_source = False
html_show_copyright = False
html_theme_options = {"top_of_page_buttons": []}
html_static_path = html_css_files = ["style.css"]
# A block without a language is a command, of a line that may be long.
highlight_language = "none"

myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3
# Pages are read on the code's own site too: a link may leave docs/ for a file of the project.
myst_url_schemes = ["http", "https", "mailto"]

# The signatures and docstrings matter here, not what costs seconds to import.
autodoc_mock_imports = ["tensorflow", "keras", "cv2", "torch", "datasets"]
autodoc_use_type_comments = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"
napoleon_google_docstring = False
# "(N,) array" is a description, not the name of a type that could be linked.
napoleon_use_param = False
napoleon_use_rtype = False
napoleon_use_ivar = True
# The same short name, such as `low`, is an attribute of several results.
suppress_warnings = ["ref.python"]


_LITERAL = re.compile(r"(``.*?``|`[^`]*`)")
_TYPE = re.compile(
    r"(:(?:vartype [^:]*|type):) (?!`?skyloom\.|(?:bool|dict|float|int|list|str|tuple)$)(.*)"
)
_SEVERAL = re.compile(r":(ivar|vartype) ([^:]*, [^:]*):(.*)")
_OF_LAYERS = {"call", "compute_output_shape", "get_config"}
_said = {}
_MARKUP = re.compile(r"\||(?<=\w)_(?=\W|$)|(?<=, )\*(?=\w+\))")


def _inline(self, node):
    self.body.append(tex2mathml(node.astext()))
    raise SkipNode


def _block(self, node):
    formula = tex2mathml(node.astext(), as_block=True)
    self.body.append(f'<div class="math" style="margin: 1em 0">{formula}</div>')
    raise SkipNode


def _keep(app, what, name, obj, options, lines):
    """Remember what a comment says of a name: "Limits: the outer radius" has no type Limits."""
    if what in ("data", "attribute"):
        _said[name] = list(lines)


def _plain(app, what, name, obj, options, lines):
    """Docstrings are plain text: |x| is a magnitude there, z_ no link, and (N,) array no class."""
    made = []
    for line in _said.pop(name, lines):
        if kind := _TYPE.fullmatch(line):
            line = f"{kind[1]} *{kind[2]}*"
        elif not line.lstrip().startswith(".. "):
            parts = _LITERAL.split(line)
            parts[::2] = [_MARKUP.sub(r"\\\g<0>", part) for part in parts[::2]]
            line = "".join(parts)
        if several := _SEVERAL.fullmatch(line):
            # Sphinx takes the first of several names for the type of the second.
            field, names, text = several.groups()
            *first, last = names.split(", ")
            made += [f":{field} {one}:{text * (field == 'vartype')}" for one in first]
            line = f":{field} {last}:{text}"
        made.append(line)
    lines[:] = made


def _skip(app, what, name, obj, skip, options):
    """Leave out what Keras, which is not imported here, asks of each layer."""
    return True if what == "class" and name in _OF_LAYERS else None


def setup(app):
    """Formulas as MathML, which browsers draw themselves: MathJax would have to be fetched."""
    app.connect("autodoc-process-docstring", _keep, priority=100)
    app.connect("autodoc-process-docstring", _plain, priority=900)
    app.connect("autodoc-skip-member", _skip)
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))


html_math_renderer = "mathml"
