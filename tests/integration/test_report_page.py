"""The report of a run in a browser: what people can read, and what axe finds."""

from pathlib import Path

import pytest

from loadtest.report.html import html_report
from tests.support.browser import browser, opened, serious_faults
from tests.support.summaries import failed_summary, timeline


@pytest.fixture(scope="module")
def page_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    path: Path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(html_report(failed_summary(), timeline()), encoding="utf-8")
    return path.as_uri()


def test_nothing_keeps_anybody_from_reading_it(page_url: str) -> None:
    """Light and dark, on a wide screen and on a narrow one; no column is out of sight there."""
    with browser() as started:
        for width, scheme in ((1200, "light"), (1200, "dark"), (400, "light")):
            settings = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
            with opened(started, page_url, **settings) as page:
                assert serious_faults(page, "html") == []
                assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_each_line_of_the_contents_leads_to_its_section(page_url: str) -> None:
    with browser() as started, opened(started, page_url) as page:
        links = page.locator("nav.contents a")
        names = links.all_inner_texts()
        for place, name in enumerate(names):
            links.nth(place).click()
            target = page.evaluate("document.querySelector(':target').textContent")
            assert target == name

        assert len(names) > 8
