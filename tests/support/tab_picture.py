"""Makes the picture of the Chat tab that stands in the README.

    python -m tests.support.tab_picture docs/pictures/chat-tab.png

A run of the profile ``smoke`` against the embedded server, in a headless Chromium.
"""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page

from tests.support.browser import browser, opened, web_ui

__all__ = ["take_picture"]

_WIDTH, _HEIGHT = 1280, 900
_AFTER_MS = 18_000


def take_picture(path: Path) -> None:
    """Run ``smoke`` and write a picture of the tab."""
    with (
        tempfile.TemporaryDirectory() as folder,
        browser() as chromium,
        web_ui(Path(folder) / "results", "--devices", "120", "--set", "run.duration_s=40") as ui,
        opened(chromium, ui.url, viewport={"width": _WIDTH, "height": _HEIGHT}) as page,
    ):
        _start(page)
        page.wait_for_timeout(_AFTER_MS)
        page.screenshot(path=path)


def _start(page: Page) -> None:
    page.locator(".ck-plan").wait_for()
    page.locator(".ck-start button[type=submit]").click()
    page.locator(".ck-charts[data-drawn]").wait_for()


if __name__ == "__main__":
    take_picture(Path(sys.argv[1]))
