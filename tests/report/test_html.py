import re
from html.parser import HTMLParser

import pytest

from loadtest.report.figures import Summary
from loadtest.report.html import html_report
from tests.support.summaries import (
    failed_summary,
    inconclusive_summary,
    passing_summary,
    stopped_summary,
    timeline,
    with_warnings,
    without_notifications,
)

VOID = {"meta", "br", "link", "img", "input", "hr"}


class Outline(HTMLParser):
    """Reads a page and notes tags that were not closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.wrong: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def text_of(page: str) -> str:
    without_style = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", without_style).split())


@pytest.mark.parametrize(
    "summary",
    [
        passing_summary(),
        failed_summary(),
        inconclusive_summary(),
        stopped_summary(),
        without_notifications(),
        {},
    ],
)
def test_every_page_is_well_formed(summary: Summary) -> None:
    outline = Outline(html_report(summary, timeline()))

    assert outline.wrong == outline.open == []


def test_the_page_needs_no_network_and_no_script() -> None:
    page = html_report(passing_summary(), timeline())

    assert "script" not in Outline(page).tags
    # Links within the page are all there is.
    assert not re.search(r'\b(src|srcset|action)\s*=|\bhref="(?!#)', page)
    assert "url(" not in page
    assert "@import" not in page


def test_the_verdict_comes_before_everything_else() -> None:
    page = text_of(html_report(inconclusive_summary(), timeline()))

    assert page.startswith(
        "INCONCLUSIVE: 20261122T191500Z-smoke-3f9a INCONCLUSIVE 20261122T191500Z-smoke-3f9a "
        "This run cannot support a verdict. generator.lag.p99 is 180 ms; limit 20.0 ms "
        "(9.0 times as much) "
        "What to do: add workers or lower workload.message_rate_per_s."
    )


def test_every_section_is_there_in_the_order_of_a_reader_who_was_not_there() -> None:
    page = html_report(failed_summary(), timeline())

    assert re.findall("<h2[^>]*>(.*?)</h2>", page) == [
        "What was found",
        "What was promised and held",
        "Curves",
        "Fan-out of messages",
        "Deliveries: the ledger",
        "Notifications",
        "Phases",
        "Session starts and actions",
        "Latency of every event",
        "Load",
        "Load generator",
        "Environment and provenance",
    ]
    assert Outline(page).tags.count("svg") == 8


def test_figures_are_explained() -> None:
    page = text_of(html_report(passing_summary(), timeline()))

    assert "99 of 100 were at most this" in page
    assert "until every one of them had it" in page
    assert "delivered + lost = expected" in page


def test_the_page_is_light_or_dark_as_the_reader_prefers() -> None:
    page = html_report(passing_summary())

    assert "@media (prefers-color-scheme: dark)" in page
    assert "@media print" in page


def test_text_from_outside_is_escaped() -> None:
    hostile = "</style><script>alert(1)</script>\"'&"
    summary = failed_summary()
    summary["run_id"] = summary["profile"]["name"] = summary["profile"][hostile] = hostile
    summary["target"]["host"] = hostile
    summary["reasons"][0] |= {"figure": hostile, "remedy": hostile}
    summary["thresholds"][0]["expression"] = hostile
    for key in ("ledger", "latency", "actions", "completion"):
        summary[key] = {hostile: next(iter(summary[key].values()))}

    page = html_report(summary, timeline())

    assert "script" not in Outline(page).tags
    assert "<script" not in page
    assert Outline(page).wrong == []


def test_the_profile_is_shown_as_it_was_resolved() -> None:
    page = html_report(passing_summary())

    assert "<code>workload.message_rate_per_s</code></dt><dd>60<" in page
    assert "<code>channels[0].group</code></dt><dd>direct<" in page


def test_a_self_test_is_stamped() -> None:
    failed = passing_summary()
    failed["selftest"]["passed"] = False

    assert "self-test passed, version 0.1.0" in text_of(html_report(passing_summary()))
    assert "self-test failed, version 0.1.0" in text_of(html_report(failed))
    assert "self-test not run with this version" in text_of(html_report(inconclusive_summary()))


def test_latency_between_workers_has_a_table_where_something_crossed() -> None:
    assert "Delivery latency between workers" in text_of(html_report(inconclusive_summary(), []))
    assert "latency between workers" not in text_of(html_report(passing_summary(), []))


def test_the_first_lines_say_what_the_run_was() -> None:
    page = text_of(html_report(passing_summary(), timeline()))

    assert (
        "Profile smoke against embedded server (http://127.0.0.1:41873), for 20.0 s, with up to "
        "200 devices. The profile: twenty seconds of everything, light enough for a laptop." in page
    )


def test_a_warning_stands_beside_the_verdict() -> None:
    page = text_of(html_report(with_warnings(), timeline()))

    assert page.index("To know besides: only 61.30 % of what happened was judged") < page.index(
        "What was found Each of"
    )


def test_beside_a_pass_no_tile_is_an_alarm() -> None:
    summary = failed_summary() | {"verdict": "PASS"}
    tiles = html_report(summary).split('<dl class="tiles">')[1].split("</dl>")[0]

    assert '"bad"' not in tiles
    assert '"warn"' in tiles


def test_a_narrow_page_names_each_cell() -> None:
    """There a row is a card, so that no column is out of sight."""
    page = html_report(passing_summary(), timeline())

    assert '<td class="plain" data-name="p99">7.53</td>' in page
    assert "content: attr(data-name)" in page


def test_handoff_activation_and_phases_are_explained() -> None:
    page = text_of(html_report(failed_summary(), timeline()))

    assert "neither is a gap, both are an overlap" in page
    assert "activation, at most from that end to the first message" in page
    assert "what stands first in this report, and what thresholds judge" in page
    assert "all actions 5,611 planned, 5,611 completed, 0 failed" in page
