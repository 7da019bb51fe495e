"""The documentation builds offline, without a warning, and its formulas are drawn by browsers."""

import html
import re
import subprocess
import sys
from pathlib import Path

import pytest

from skyloom.draw import entries
from skyloom.record import syntax

ENTRIES = Path(entries.__file__).parent
ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.workflow


#: Figures of a run, by their names in its results; the words of the others stand alone.
DRAWN = ("tng/figures/ensemble", "stellar/figures/predictions/clean", "sdss/figures/published")


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The built pages with some figures of a run; fails with Sphinx's words on any warning."""
    pytest.importorskip("sphinx", reason="Sphinx is not here: install requirements-dev.txt")
    out = tmp_path_factory.mktemp("pages")
    for name in DRAWN:
        picture = out / "run" / f"{name}.png"
        picture.parent.mkdir(parents=True, exist_ok=True)
        picture.write_bytes((ROOT / "docs" / "pictures" / "line.png").read_bytes())
    words = ["-q", "-W", "-n", "--keep-going", "-b", "html", "-D", f"figures_of={out / 'run'}"]
    words += [str(ROOT / "docs"), str(out / "html")]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *words], capture_output=True, text=True, cwd=out
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return out / "html"


def test_pages_ask_for_nothing_from_a_network(pages):
    fetched = re.compile(r"""<(?:script|link|img|iframe)[^>]*(?:src|href)=["'](?:https?:)?//""")
    assert [p.name for p in pages.rglob("*.html") if fetched.search(p.read_text())] == []


def test_formulas_are_mathml_and_none_is_left_as_tex(pages):
    text = (pages / "methods.html").read_text(encoding="utf-8")
    source = (ROOT / "docs" / "methods.md").read_text(encoding="utf-8")
    blocks = len(re.findall(r"^\$\$", source, re.MULTILINE))
    assert text.count('<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">') == blocks
    assert "$$" not in text and r"\frac" not in text


def test_library_pages_have_what_their_modules_define(pages):
    for module, name in (("tng.gas", "entropy"), ("tng.images", "lupton"), ("xmm.rebin", "rebin")):
        page = pages / "api" / "modules" / f"skyloom.arms.{module}.html"
        assert f'id="skyloom.arms.{module}.{name}"' in page.read_text(encoding="utf-8")
    # Shapes and units come through.
    text = (pages / "api" / "modules" / "skyloom.arms.tng.gas.html").read_text(encoding="utf-8")
    assert "keV cm^2" in text and "(N,) array" in text
    listed = (pages / "api" / "index.html").read_text(encoding="utf-8")
    assert 'href="modules/skyloom.judge.roc.html"' in listed


def text_of(page):
    """A page as its reader sees it, without its marks."""
    words = re.sub(r"<(script|style).*?</\1>|<[^>]*>", "", page.read_text("utf-8"), flags=re.DOTALL)
    straight = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-"})
    return " ".join(html.unescape(words).translate(straight).split())


def test_gallery_has_every_figure_of_the_workflow_with_its_caption(pages):
    said, named = text_of(pages / "gallery.html"), set()
    # Beside the name of its category stands that of its function.
    function = re.compile(r'"(?:data|results|beyond|galaxies)",\s*"(\w+\.\w+)"')
    for path in (ROOT / "workflow" / "rules").rglob("*.smk"):
        named |= {*function.findall(path.read_text(encoding="utf-8"))}
    assert len(named) > 40
    for name in sorted(named):
        module, _, figure = name.partition(".")
        caption = syntax.described(ENTRIES / f"{module}.py")[figure]
        assert caption and caption.replace("–", "-") in said, name


def test_figures_are_shown_where_a_run_drew_them(pages):
    shown = re.compile(r'<img alt="([\w ]+)" src="_images')
    assert shown.findall((pages / "gallery.html").read_text()) == [
        "ensemble",
        "predictions",
        "beside",
    ]
    assert "ensemble" in shown.findall((pages / "beyond.html").read_text())


def test_home_is_the_readme_and_its_links_are_pages(pages):
    home = (pages / "index.html").read_text(encoding="utf-8")
    assert "I have …, I want …" in home and 'href="data.html"' in home
    assert 'href="configuration.html"' in home and "docs/" not in re.sub(r"<[^>]*>", "", home)


def test_notebooks_are_pages_with_their_pictures(pages):
    for path in (ROOT / "docs" / "notebooks").glob("*.ipynb"):
        page = (pages / "notebooks" / f"{path.stem}.html").read_text(encoding="utf-8")
        assert (
            page.count('src="data:image/png;base64,') == path.read_text().count('"image/png"') > 1
        )
