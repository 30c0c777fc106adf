"""The Chat tab as a person sees it: a browser, Locust's web UI, and runs that really happen.

One server serves many checks: starting it costs more than they do. Where there is no Chromium, the
tests are skipped. ``LOADTEST_SCREENSHOTS=DIR`` keeps pictures of what was seen.
"""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Error, Page, expect

from loadtest.report.figures import count_text, span_text
from tests.support.browser import WebUi, browser, opened, serious_faults, web_ui
from tests.support.runs import SMALL, two_processes

PANEL = "chat-panel .ck"


def shot(page: Page, name: str) -> None:
    """Keep a picture of the whole page, if somebody wants to look at it."""
    folder = os.environ.get("LOADTEST_SCREENSHOTS")
    if folder:
        page.wait_for_timeout(400)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def field(page: Page, name: str, value: str) -> None:
    page.locator(f".ck-start [name={name}]").fill(value)


def wait_for_state(page: Page, state: str) -> None:
    page.locator(f'{PANEL}[data-state="{state}"]').wait_for(timeout=60_000)


def planned_devices(page: Page) -> str:
    return page.locator(".ck-plan li").first.inner_text()


def start(page: Page) -> None:
    page.locator(".ck-start button[type=submit]").click()


def tile(page: Page, name: str) -> str:
    return page.locator(f'.ck-tiles [data-key="{name}"] dd').first.inner_text()


@pytest.mark.timeout(400)
def test_a_person_starts_watches_changes_stops_and_looks_back(tmp_path: Path) -> None:
    options = (*SMALL, "--set", "run.duration_s=60")
    with browser() as chromium, web_ui(tmp_path / "results", *options) as ui:
        with opened(chromium, ui.url, viewport={"width": 1600, "height": 1000}) as page:
            wrong_values_are_refused(page)
            the_tab_shows_a_run(page)
            users_can_be_changed(page)
            stopped = it_can_be_stopped(page)
            ended = another_profile_can_be_run(page, ui)
            nothing_keeps_anybody_out(page, "chat-panel")
            narrow_and_dark(page)
        with opened(chromium, f"{ui.url}/chat/runs") as page:
            earlier_runs_can_be_opened(page, ui, stopped, ended)
            nothing_keeps_anybody_out(page, "main")
            shot(page, "runs")
        with opened(chromium, f"{ui.url}/chat", color_scheme="dark") as page:
            a_late_browser_has_the_whole_course(page)
            nothing_keeps_anybody_out(page, "main")
            shot(page, "page-dark")


def wrong_values_are_refused(page: Page) -> None:
    page.locator(".ck-plan").wait_for()
    assert planned_devices(page).startswith("3")
    nothing_keeps_anybody_out(page, "chat-panel")
    shot(page, "start")
    field(page, "devices", "many")
    expect(page.locator("#ck-devices-problem")).to_contain_text("devices is 'many'")
    expect(page.locator(".ck-start button[type=submit]")).to_be_disabled()
    shot(page, "refused")
    field(page, "devices", "60")
    expect(page.locator(".ck-plan li").first).to_contain_text("6")
    field(page, "host", "http://127.0.0.1:9")
    expect(page.locator(".ck-start button[type=submit]")).to_be_enabled()
    start(page)
    expect(page.locator("#ck-host-problem")).to_contain_text("127.0.0.1:9")
    field(page, "host", "")
    field(page, "devices", "30")
    expect(page.locator(".ck-plan li").first).to_contain_text("3")


def the_tab_shows_a_run(page: Page) -> None:
    start(page)
    page.wait_for_url("**/?tab=chat")
    try:
        page.locator(PANEL).wait_for(timeout=15_000)
    except Error as error:
        raise AssertionError(
            "Locust's bundle does not mount <chat-panel> as the component of an extended tab any"
            " more: see loadtest/web/mount.py, and what extended_tabs are in the new version"
        ) from error
    wait_for_state(page, "running")
    charts = page.locator(".ck-charts[data-drawn]")
    charts.wait_for()
    drawn = float(charts.get_attribute("data-drawn") or 0)
    page.wait_for_function(
        f"Number(document.querySelector('.ck-charts').dataset.drawn) >= {drawn + 3}"
    )
    page.wait_for_function(
        "Number(document.querySelector('[data-key=delivered] dd').textContent.replace(',','')) > 0"
    )
    assert tile(page, "devices") == "30" or int(tile(page, "devices")) > 20
    shot(page, "running")


def users_can_be_changed(page: Page) -> None:
    before = int(page.locator("[name=user_count]").input_value())
    page.locator("[name=user_count]").fill("none")
    page.get_by_role("button", name="Change users").click()
    expect(page.locator(".ck-users output")).to_contain_text("users is 'none'")
    page.locator("[name=user_count]").fill(str(before + 5))
    page.get_by_role("button", name="Change users").click()
    expect(page.locator(".ck-users output")).to_contain_text("messages/s")
    expect(page.locator(".ck-marks")).to_contain_text("users wanted")


def it_can_be_stopped(page: Page) -> str:
    report = page.get_by_role("link", name="report so far").get_attribute("href")
    assert "<!DOCTYPE html>" in page.request.get(report or "").text()
    page.locator(".ck-controls").get_by_role("button", name="Stop").click()
    wait_for_state(page, "ended")
    expect(page.locator(".ck-word")).to_have_text("STOPPED")
    return page.evaluate("fetch('chat/live').then(a => a.json()).then(a => a.run_id)")  # type: ignore[no-any-return]


def another_profile_can_be_run(page: Page, ui: WebUi) -> str:
    page.locator(".ck-again summary").click()
    page.locator(".ck-start [name=profile]").select_option("ci")
    field(page, "devices", "30")
    field(page, "duration", "5s")
    expect(page.locator(".ck-plan")).to_contain_text("0:05")
    start(page)
    wait_for_state(page, "running")
    wait_for_state(page, "ended")
    run_id: str = page.evaluate("fetch('chat/live').then(a => a.json()).then(a => a.run_id)")
    the_end_equals_the_summary(page, ui, run_id)
    shot(page, "ended")
    return run_id


def the_end_equals_the_summary(page: Page, ui: WebUi, run_id: str) -> None:
    """Compare what stands on the page with what stands in the file."""
    summary = ui.summary(run_id)
    message = summary["ledger"]["channel.message.created"]
    latency = summary["latency"]["channel.message.created"]

    assert summary["profile"]["name"] == "ci"
    expect(page.locator(".ck-word")).to_have_text(summary["verdict"])
    assert tile(page, "delivered") == count_text(message["delivered"])
    assert tile(page, "lost") == count_text(message["lost"])
    assert tile(page, "delivery p99").removeprefix("\u2248 ") == span_text(latency["p99_ms"])
    assert tile(page, "notified") == count_text(summary["notifications"]["delivered"])
    live = page.request.get(f"{ui.url}/chat/live").json()
    spans = [point["to_s"] - point["from_s"] for point in live["points"]]
    counted = sum(
        point["deliveries_per_s"] * span for point, span in zip(live["points"], spans, strict=True)
    )
    assert round(counted) == message["delivered"], "the charts add up to the ledger"
    assert live["totals"]["latency"] == latency


def nothing_keeps_anybody_out(page: Page, within: str) -> None:
    assert serious_faults(page, within) == []


def narrow_and_dark(page: Page) -> None:
    page.set_viewport_size({"width": 400, "height": 800})
    page.wait_for_timeout(1_200)
    width = page.evaluate("document.querySelector('chat-panel').scrollWidth")
    assert width <= 400, "nothing is wider than a narrow screen"
    shot(page, "narrow")
    page.set_viewport_size({"width": 1600, "height": 1000})
    # Locust's own switch: the last button of its header.
    page.locator("header button").last.click()
    expect(page.locator(PANEL)).to_have_attribute("data-theme", "dark")
    shot(page, "ended-dark")
    nothing_keeps_anybody_out(page, "chat-panel")


def earlier_runs_can_be_opened(page: Page, ui: WebUi, stopped: str, ended: str) -> None:
    rows = page.locator(".ck-runs tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text(ended)
    page.get_by_role("button", name="run").first.click()
    expect(rows.first).to_contain_text(stopped)
    page.get_by_label("profile").select_option("ci")
    expect(rows).to_have_count(1)
    rows.first.locator("summary").click()
    with page.expect_download() as download:
        rows.first.get_by_role("link", name="summary.json").click()
    saved = Path(download.value.path())
    assert saved.read_bytes() == (ui.results / ended / "summary.json").read_bytes()
    href = rows.first.get_by_role("link", name=ended).get_attribute("href") or ""
    answer = page.request.get(href)
    assert answer.ok
    assert "ci" in answer.text()


def a_late_browser_has_the_whole_course(page: Page) -> None:
    page.locator(".ck-charts[data-drawn]").wait_for()
    expect(page.locator(".ck-table").first).to_be_visible()
    # The server goes away for this page: it says so, and keeps what it knows.
    page.route("**/chat/live*", lambda route: route.abort())
    expect(page.locator(".ck-trouble")).to_contain_text("does not answer", timeout=10_000)
    page.unroute("**/chat/live*")
    expect(page.locator(".ck-trouble")).to_be_hidden(timeout=10_000)


@pytest.mark.timeout(400)
def test_two_workers_behind_a_login_and_a_base_path_show_merged_figures(tmp_path: Path) -> None:
    rate = ("--set", "workload.message_rate_per_s=20")
    options = (*SMALL, "--set", "run.duration_s=12", *rate, *two_processes())
    place = {"base": "/lt", "password": "open sesame", "locustfile": True}
    with (
        browser() as chromium,
        web_ui(tmp_path / "results", "--web-login", *options, **place) as ui,  # type: ignore[arg-type]
        opened(chromium, f"{ui.url}/") as page,
    ):
        assert page.request.get(f"{ui.url}/chat/live", max_redirects=0).status == 302
        page.get_by_label("Password").fill("wrong")
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_text("The password is wrong.")).to_be_visible()
        page.get_by_label("Password").fill("open sesame")
        page.get_by_role("button", name="Log in").click()
        page.locator(".ck-plan").wait_for()
        start(page)
        page.wait_for_url("**/lt/?tab=chat")
        wait_for_state(page, "running")
        expect(page.locator(".ck-tables")).to_contain_text("worker 2", timeout=20_000)
        wait_for_state(page, "ended")
        run_id = page.request.get(f"{ui.url}/chat/live").json()["run_id"]
        summary = ui.summary(run_id)

        delivered = summary["ledger"]["channel.message.created"]["delivered"]
        assert delivered > 0
        assert tile(page, "delivered") == count_text(delivered)
        assert summary["generator"]["workers"] == 2
        assert "open sesame" not in ui.log
        for _ in range(5):
            # An answer that is on its way brings the cookie back.
            page.context.clear_cookies()
            page.wait_for_timeout(2_500)
            if page.locator(".ck-trouble").is_visible():
                break
        expect(page.locator(".ck-trouble")).to_contain_text("not logged in", timeout=10_000)
        shot(page, "logged-out")


@pytest.mark.timeout(400)
def test_locust_s_own_form_is_checked_as_well_and_two_browsers_see_the_run(tmp_path: Path) -> None:
    options = (*SMALL, "--set", "run.duration_s=6")
    with (
        browser() as chromium,
        web_ui(tmp_path / "results", *options) as ui,
        opened(chromium, f"{ui.url}/") as page,
    ):
        page.locator(".ck-plan").wait_for()
        page.get_by_role("button", name="Show Locust").click()
        own = page.locator("#root")
        own.get_by_label("Number of users").fill("0")
        own.get_by_role("button", name="Start", exact=True).click()
        expect(own.get_by_role("alert")).to_contain_text("users is '0'")
        own.get_by_label("Number of users").fill("20")
        own.get_by_role("button", name="Start", exact=True).click()
        page.wait_for_url("**/?tab=chat")
        with opened(chromium, f"{ui.url}/?tab=chat") as second:
            second.locator(".ck-charts[data-drawn]").wait_for()
            wait_for_state(second, "ended")
            wait_for_state(page, "ended")

            assert tile(second, "delivered") == tile(page, "delivered")
        run_id = page.request.get(f"{ui.url}/chat/live").json()["run_id"]
        assert ui.summary(run_id)["load"]["users"] == 20
