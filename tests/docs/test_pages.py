"""The documentation builds offline, without a warning, and its formulas are drawn by browsers."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.workflow


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The built pages; fails with Sphinx's words on any warning."""
    pytest.importorskip("sphinx", reason="Sphinx is not here: install requirements-dev.txt")
    out = tmp_path_factory.mktemp("pages")
    words = ["-q", "-W", "-n", "--keep-going", "-b", "html", str(ROOT / "docs"), str(out)]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *words], capture_output=True, text=True, cwd=out
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return out


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
    text = (pages / "api" / "tng.html").read_text(encoding="utf-8")
    for name in ("skyloom.tng.gas.entropy", "skyloom.tng.images.lupton"):
        assert f'id="{name}"' in text
    # Shapes and units come through.
    assert "keV cm^2" in text and "(N,) array" in text
