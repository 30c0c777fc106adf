"""A headless browser and a web UI that really runs, for what only both together prove."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.support.runs import REPOSITORY, free_port

__all__ = ["WebUi", "browser", "opened", "serious_faults", "web_ui"]

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_START_S = 40
_ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
_EXPECTED = ("status of 4", "ERR_FAILED")
"""What a browser writes of an answer that a test asked for."""


@contextmanager
def browser() -> Iterator[Browser]:
    """Start the system's Chromium, or skip the test where there is none."""
    path = next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        pytest.skip("there is no Chromium: install it (apt-get install chromium)")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=[*_ARGUMENTS])
        try:
            yield started
        finally:
            started.close()


@contextmanager
def opened(browser: Browser, url: str, **settings: Any) -> Iterator[Page]:
    """Open a page; afterwards it must have written no error to its console."""
    errors: list[str] = []

    def take(message: ConsoleMessage) -> None:
        if message.type == "error" and not any(word in message.text for word in _EXPECTED):
            errors.append(f"{message.text} ({message.location['url']})")

    context = browser.new_context(accept_downloads=True, **settings)
    try:
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("console", take)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(url)
        yield page
        assert errors == []
    finally:
        context.close()


def serious_faults(page: Page, within: str) -> list[str]:
    """Return what axe finds that keeps somebody from using a part of a page."""
    found = Axe().run(page, context=within)
    return [
        f"{each['id']}: {each['help']}: {each['nodes'][0]['html'][:200]}"
        for each in found.response["violations"]
        if each["impact"] in ("serious", "critical")
    ]


class WebUi:
    """A web UI in a process of its own."""

    def __init__(self, command: Sequence[str], results: Path, base: str, environment: Any) -> None:
        self.results = results
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}{base}"
        arguments = ["--web-port", str(self.port), "--results", str(results)]
        self._log = (results.parent / "web-ui.log").open("w")
        self._process = subprocess.Popen(
            [*command, *arguments],
            stdout=self._log,
            stderr=subprocess.STDOUT,
            cwd=REPOSITORY,
            start_new_session=True,
            env={**os.environ, **environment},
        )
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline:
            assert self._process.poll() is None, self.log
            try:
                with urlopen(f"{self.url}/chat/static/panel.js", timeout=5):
                    return
            except (TimeoutError, URLError, ConnectionError):
                time.sleep(0.2)
        raise AssertionError(f"the web UI does not answer: {self.log}")

    @property
    def log(self) -> str:
        """What the process has written."""
        return Path(self._log.name).read_text()

    def summary(self, run_id: str) -> dict[str, Any]:
        """Return the summary that a run left."""
        summary: dict[str, Any] = json.loads((self.results / run_id / "summary.json").read_text())
        return summary

    def close(self) -> None:
        """End the process and all its children."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
        self._log.close()


@contextmanager
def web_ui(
    results: Path, *arguments: str, base: str = "", password: str = "", locustfile: bool = False
) -> Iterator[WebUi]:
    """Serve a web UI until the block ends."""
    path = str(REPOSITORY / "locustfiles" / "chat.py")
    start = ["-m", "locust", "-f", path] if locustfile else ["-m", "loadtest", "ui"]
    where = ["--web-base-path", base] if base else []
    environment = {"LOADTEST_WEB_PASSWORD": password} if password else {}
    ui = WebUi([sys.executable, *start, *where, *arguments], results, base, environment)
    try:
        yield ui
    finally:
        ui.close()
