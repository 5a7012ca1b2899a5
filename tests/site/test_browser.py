"""The pages in headless Chromium, from a folder and without a network."""

import shutil
from contextlib import contextmanager

import pytest

from bench.site import build
from support import sites

pytest.importorskip("vl_convert")
playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")

PAGES = (
    "index.html",
    "across.html",
    "boards/faces.html",
    "methods/index.html",
    "methods/oe.html",
    "datasets/faces.html",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    sites.make_records(folder / "results")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "_facts", sites.facts)
        real = build.remembered
        patch.setattr(build, "remembered", lambda name, *rest: real(name, *rest) if name == "vega" else rest[-1]())
        build.build(sites.boards(folder / "results"), folder / "results", folder, folder / "site")
    return folder / "site"


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as running:
        started = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@contextmanager
def opened(browser, path, width=1280, scheme="light"):
    """A page; at the end nothing was said on the console and nothing was asked of a network."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True)
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda asked: None if asked.url.startswith(("file:", "data:")) else said.append(asked.url))
    page.goto(path.as_uri())
    yield page
    context.close()
    assert said == []


def names(page, table="#board"):
    return [text.strip() for text in page.locator(f"{table} tbody tr:not([hidden]) th").all_inner_texts()]


def press_until(page, selector, key="Tab", most=60):
    for _ in range(most):
        if page.evaluate(f"document.activeElement.matches({selector!r})"):
            return
        page.keyboard.press(key)
    raise AssertionError(f"{selector} is not reached by {key}")


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_every_page_fits_the_screen_and_draws_its_charts(site, browser, width, scheme):
    for name in PAGES:
        with opened(browser, site / name, width, scheme) as page:
            for chart in page.locator(".chart").all():
                chart.scroll_into_view_if_needed()
                chart.locator("svg").wait_for()
                assert chart.locator("svg").bounding_box()["width"] <= width
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name


def test_text_can_be_told_from_its_ground_in_light_and_dark(site, browser):
    grounds = {}
    for scheme in ("light", "dark"):
        with opened(browser, site / "index.html", scheme=scheme) as page:
            style = "getComputedStyle(document.body)"
            grounds[scheme] = page.evaluate(f"[{style}.backgroundColor, {style}.color]")
    assert grounds["light"][0] != grounds["dark"][0]
    for ground, ink in grounds.values():
        light, dark = (sum(int(x) for x in colour[4:-1].split(",")) for colour in (ground, ink))
        assert abs(light - dark) > 450


def test_a_board_is_sorted_by_the_keyboard_alone(site, browser):
    with opened(browser, site / "boards/faces.html") as page:
        by_place = names(page)
        press_until(page, "#board th:nth-child(2) button")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
        page.keyboard.press("Enter")
        head = page.locator("#board th:nth-child(2)")
        assert head.get_attribute("aria-sort") == "ascending"
        assert names(page) == by_place
        page.keyboard.press("Space")
        assert head.get_attribute("aria-sort") == "descending"
        assert names(page) == by_place[::-1]
        press_until(page, "#board th:first-child button", "Shift+Tab")
        page.keyboard.press("Enter")
        assert (names(page), head.get_attribute("aria-sort")) == (sorted(by_place), None)


def test_a_row_without_a_value_is_last_either_way(site, browser):
    with opened(browser, site / "boards/faces.html") as page:
        gain = page.locator("#board th:nth-child(3) button")
        for _ in range(2):
            gain.click()
            assert names(page)[-1] == "baseline"


def test_a_board_is_filtered_by_the_keyboard_alone(site, browser):
    with opened(browser, site / "boards/faces.html") as page:
        press_until(page, "input[name=words]")
        page.keyboard.type("oe")
        assert set(names(page)) == {"oe", "mt+oe"}
        assert page.locator("output").inner_text() == "2 of 5 rows"
        press_until(page, "input[name=single]")
        page.keyboard.press("Space")
        assert names(page) == ["oe"]
        press_until(page, "input[name=words]", "Shift+Tab")
        page.keyboard.press("Control+A")
        page.keyboard.press("Delete")
        assert set(names(page)) == {"oe", "mt", "baseline", "ranksim"}
        press_until(page, "input[name=best]")
        page.keyboard.press("Space")
        assert set(names(page)) == {"oe", "baseline"}


def test_a_chart_compares_the_method_that_is_chosen(site, browser):
    with opened(browser, site / "boards/faces.html") as page:
        chart = page.locator("#chart-curves")
        chart.scroll_into_view_if_needed()
        chart.locator("svg").wait_for()
        before = chart.locator("svg").inner_html()
        chart.locator("select").select_option("ranksim")
        page.wait_for_timeout(200)
        assert chart.locator("svg").inner_html() != before
