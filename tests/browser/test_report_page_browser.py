"""The report as a reader meets it: in a real browser, from disk, with mouse, finger and keys."""

import re

import fake_tng_run
import numpy as np
import pytest

DEVICES = ("desktop", "phone")
POINTS = "Bokeh.documents[0].get_model_by_name('galaxies')"


def shown_names(page):
    return page.locator("#atlas-list > li .who button").all_inner_texts()


def click_point(page, index):
    """Click the point of a galaxy in the first scatter plot."""
    place = page.evaluate(
        """(index) => {
        const source = Bokeh.documents[0].get_model_by_name('galaxies');
        const find = (view) => {
          if (view.model.type === 'Figure' && view.model.renderers.some(
              (r) => r.data_source === source)) return view;
          for (const child of view.children?.() ?? []) {
            const found = find(child); if (found) return found;
          }
          return null;
        };
        for (const root of Object.values(Bokeh.index.roots ?? Bokeh.index)) {
          const view = find(root);
          if (!view) continue;
          view.el.scrollIntoView({block: 'center', behavior: 'instant'});
          const box = view.canvas_view.el.getBoundingClientRect();
          const x = view.frame.x_scale.compute(source.data.true[index]);
          const y = view.frame.y_scale.compute(source.data.predicted[index]);
          return [box.x + x, box.y + y];
        }
        return null;
    }""",
        index,
    )
    page.mouse.click(*place)


@pytest.mark.parametrize("device", DEVICES)
def test_the_page_fits_its_window_without_errors_or_requests(small_report, device, request):
    page = request.getfixturevalue(device)
    widths = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert widths[0] <= widths[1]
    assert page.get_by_text("Synthetic demonstration, not a result").is_visible()
    assert page.locator(".bokeh canvas").count() >= 6
    timing = "performance.getEntriesByType('navigation')[0].loadEventEnd"
    size_mb = small_report.stat().st_size / 1e6
    print(f"\nreport: {size_mb:.2f} MB, loaded after {page.evaluate(timing):.0f} ms")
    assert size_mb < 25


@pytest.mark.parametrize("device", DEVICES)
def test_axe_finds_nothing_that_keeps_readers_out(device, request):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe is not here: make test installs it"
    )
    page = request.getfixturevalue(device)
    page.locator("#atlas-list button").first.click()
    page.locator("details").evaluate_all("all => all.forEach((one) => { one.open = true; })")
    page.wait_for_timeout(300)
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}
    found = axe.Axe().run(page, options=rules)
    told = [
        f"{one['id']}: {[node['html'][:160] for node in one['nodes']][:4]}"
        for one in found.response["violations"]
    ]
    assert told == []


def test_tables_sort_by_click_and_by_key_both_ways(desktop):
    page = desktop
    table = page.locator("table.sortable").first
    heading = table.locator("thead th", has_text="Mean error")
    column = table.locator("thead th").all_inner_texts().index(heading.inner_text())
    cells = table.locator(f"tbody tr > :nth-child({column + 1})")
    heading.locator("button").click()
    values = [float(value) for value in cells.all_inner_texts()]
    assert values == sorted(values) and heading.get_attribute("aria-sort") == "ascending"
    heading.locator("button").press("Enter")
    values = [float(value) for value in cells.all_inner_texts()]
    assert values == sorted(values, reverse=True)
    assert heading.get_attribute("aria-sort") == "descending"


def test_the_atlas_sorts_by_every_key_and_filters(desktop):
    page = desktop
    data = page.evaluate("JSON.parse(document.getElementById('atlas-data').textContent)")
    error = np.abs(np.subtract(data["predicted"]["mass"], data["ssfr"]))
    page.select_option("#atlas-case", "mass")
    for key, values in (("error", error), ("mass", data["mass"]), ("ssfr", data["ssfr"])):
        page.select_option("#atlas-sort", key)
        wanted = [data["id"][i] for i in np.argsort(-np.asarray(values), kind="stable")]
        assert shown_names(page) == wanted[:12]
    page.select_option("#atlas-order", "up")
    assert shown_names(page) == wanted[::-1][:12]
    page.click("#atlas-more")
    assert len(shown_names(page)) == len(wanted)
    page.select_option("#atlas-snapshot", "91")
    assert all(name.startswith("091_") for name in shown_names(page))
    page.fill("#atlas-name", "no such galaxy")
    assert shown_names(page) == []
    assert "No galaxy fits" in page.inner_text("#atlas-count")


def test_the_value_under_the_pointer_is_that_of_the_map_in_its_unit(desktop):
    page = desktop
    name = shown_names(page)[0]
    snapshot, subhalo = (int(part) for part in name.split("_"))
    page.locator("#atlas-list button").first.click()
    page.locator(f"#atlas-about >> text={name}").wait_for()
    page.wait_for_timeout(200)
    canvas = page.locator(".maps .bokeh").nth(1)
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 130, box["y"] + 100)
    said = page.inner_text("#atlas-value")
    where = re.match(r"At \(([−\d.]+), ([−\d.]+)\) kpc", said)
    x, y = (float(word.replace("−", "-")) for word in where.groups())
    # The map as it was written, and its pixel there.
    kpc = 1 / (1 + fake_tng_run.REDSHIFTS[snapshot]) / fake_tng_run.HUBBLE
    pixel = fake_tng_run.WIDTH * kpc / fake_tng_run.BINS
    column, row = (int(n / pixel + fake_tng_run.BINS / 2) for n in (x, y))
    entropy, mass, temperature = fake_tng_run.galaxy_maps(snapshot, subhalo)[:, row, column]
    truth = {
        "entropy": (entropy, "keV cm²"),
        "gas mass": (mass * 1e10 / fake_tng_run.HUBBLE / pixel**2, "M☉/kpc²"),
        "temperature": (temperature, "K"),
    }
    for quantity, (value, unit) in truth.items():
        found = re.search(rf"{quantity} ([\d.]+)(?: × 10([⁰-⁹¹²³⁻]+))? {re.escape(unit)}", said)
        power = (found[2] or "⁰").translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-"))
        assert float(found[1]) * 10.0 ** int(power) == pytest.approx(value, rel=0.06)


def test_a_galaxy_chosen_before_the_charts_are_drawn_has_its_maps(chromium, small_report):
    with chromium.new_context(viewport={"width": 1440, "height": 900}) as context:
        page = context.new_page()
        # The charts are drawn only when its maps have been unpacked.
        page.add_init_script("""document.addEventListener('readystatechange', () => {
            if (document.readyState !== 'interactive') return;
            document.querySelectorAll('#atlas-list button')[2].focus();
        });
        let library;
        Object.defineProperty(window, 'Bokeh', {get: () => library, set: (value) => {
            library = value;
            const draw = value.embed?.embed_items;
            if (!draw) return;
            value.embed.embed_items = async (...all) => {
                await new Promise((done) => setTimeout(done, 500));
                return draw(...all);
            };
        }, configurable: true});""")
        page.goto(small_report.as_uri())
        page.evaluate("window.skyloom.drawn")
        page.wait_for_timeout(300)
        assert page.locator("#atlas-list > li.viewed").count() == 1
        finite = """Bokeh.documents[0].get_model_by_name('atlas-maps').data.mass[0]
            .some((value) => Number.isFinite(value))"""
        assert page.evaluate(finite)


def test_a_clicked_point_shows_its_galaxy_and_a_chosen_galaxy_its_point(desktop):
    page = desktop
    data = page.evaluate("JSON.parse(document.getElementById('atlas-data').textContent)")
    # The lowest of all: its row is not among the first.
    lowest = int(np.argmin(data["ssfr"]))
    click_point(page, lowest)
    row = page.locator(f'#atlas-list > li[data-index="{lowest}"]')
    row.and_(page.locator(".kept")).wait_for()
    assert row.locator("button").get_attribute("aria-pressed") == "true"
    page.wait_for_timeout(900)
    assert row.locator("button").evaluate(
        "(e) => { const b = e.getBoundingClientRect();return b.top > 0 && b.bottom < innerHeight; }"
    )
    assert data["id"][lowest] in page.inner_text("#atlas-about")
    other = page.locator("#atlas-list > li:not(.kept)").last
    index = int(other.get_attribute("data-index"))
    other.locator("button").click()
    assert page.evaluate(f"{POINTS}.selected.indices") == [index]
    page.keyboard.press("Escape")
    assert page.evaluate(f"{POINTS}.selected.indices") == []


def test_the_case_is_the_same_in_the_atlas_and_in_the_plots(desktop):
    page = desktop
    page.select_option("#scatter-case", "unsharp_3")
    assert page.input_value("#atlas-case") == "unsharp_3"
    data = page.evaluate("JSON.parse(document.getElementById('atlas-data').textContent)")
    plotted = page.evaluate(f"Array.from({POINTS}.data.predicted)")
    assert plotted == pytest.approx(data["predicted"]["unsharp_3"], abs=1e-4)


def test_keys_alone_reach_a_galaxy_its_maps_and_its_point(desktop):
    page = desktop
    page.focus("a.skip")
    assert page.locator("a.skip").bounding_box()["x"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    page.focus("#atlas-more")
    page.keyboard.press("Shift+Tab")
    chosen = page.evaluate("document.activeElement.innerText")
    page.keyboard.press("Enter")
    assert chosen in page.inner_text("#atlas-about")
    assert len(page.evaluate(f"{POINTS}.selected.indices")) == 1
    page.focus("#atlas-cross")
    page.wait_for_timeout(200)
    page.keyboard.press("ArrowRight")
    first = page.inner_text("#atlas-value")
    page.keyboard.press("Shift+ArrowUp")
    second = page.inner_text("#atlas-value")
    assert first != second and all(
        "keV cm²" in said or "no gas" in said for said in (first, second)
    )


def test_a_tap_opens_the_maps_below_their_row_on_a_phone(phone):
    page = phone
    row = page.locator("#atlas-list > li").nth(3)
    row.locator(".tiles").tap()
    assert row.locator(".inspector").count() == 1
    boxes = page.locator(".maps .bokeh").all()
    assert all(one.bounding_box()["x"] + one.bounding_box()["width"] <= 390 for one in boxes)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_finger_can_scroll_over_charts(phone):
    page = phone
    held = page.evaluate(
        """() => {
        const found = [];
        const walk = (root) => root.querySelectorAll('*').forEach((e) => {
          if (getComputedStyle(e).touchAction === 'none') found.push(e.className);
          if (e.shadowRoot) walk(e.shadowRoot);
        });
        walk(document);
        return found;
    }"""
    )
    assert held == []
