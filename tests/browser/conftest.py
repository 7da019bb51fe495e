"""A browser without a window, and a small report to open in it."""

import shutil
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))

import fake_tng_run

from skyloom.report import atlas, page, tng_ranking

FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"),
    *("--disable-component-update", "--disable-sync"),
)
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="session")
def chromium():
    """Headless Chromium; tests that need it say so and skip where it is absent."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("Chromium is not here: install it (Debian: apt-get install chromium)")
    api = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not here: make test installs it"
    )
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def small_report(tmp_path_factory):
    """The report of a made-up run of three cases."""
    folder = fake_tng_run.write(tmp_path_factory.mktemp("run") / "tng")
    path = folder.parent / "report #1 (ü).html"
    sections = [tng_ranking.section(folder), *atlas.sections(folder)]
    made = page.write(
        sections,
        title=tng_ranking.TITLE,
        lead=tng_ranking.lead(folder),
        synthetic=True,
        made="Made up.",
    )
    path.write_text(made, encoding="utf-8")
    return path


class Visit:
    """A report that is open in the browser, and what there was to complain about."""

    def __init__(self, browser, path, size, **options):
        self.complaints = []
        self.context = browser.new_context(viewport=size, **options)
        self.context.set_default_timeout(20_000)
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._said)
        self.page.on("request", lambda request: self._asked(unquote(request.url), path))
        self.page.goto(Path(path).as_uri())
        self.page.evaluate("window.skyloom.drawn")

    def _said(self, message):
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _asked(self, address, path):
        own = address.startswith("file:") and address.endswith(Path(path).name)
        if not own and not address.startswith(("data:", "blob:")):
            self.complaints.append(f"asked for {address}")


_AS_OPENED = """() => {
    window.scrollTo({top: 0, behavior: 'instant'});
    document.querySelectorAll('form').forEach((form) => form.reset());
    for (const id of ['atlas-case', 'atlas-sort']) {
        document.getElementById(id).dispatchEvent(new Event('input'));
    }
    window.skyloom.atlas.choose(null);
    document.activeElement.blur();
}"""


def _used(visit):
    """The open page as it was when it opened; after a test nothing may have gone wrong."""
    visit.page.evaluate(_AS_OPENED)
    yield visit.page
    assert visit.complaints == []


@pytest.fixture(scope="session")
def _desktop(chromium, small_report):
    return Visit(chromium, small_report, DESKTOP)


@pytest.fixture(scope="session")
def _phone(chromium, small_report):
    return Visit(chromium, small_report, PHONE, has_touch=True, is_mobile=True)


@pytest.fixture
def desktop(_desktop):
    """The small report on a desktop's screen: opened once, as new for each test."""
    yield from _used(_desktop)


@pytest.fixture
def phone(_phone):
    """The small report on a phone."""
    yield from _used(_phone)
