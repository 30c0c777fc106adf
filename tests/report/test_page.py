import re

from loadtest.report.page import Contents, drawn, render_page
from loadtest.report.plots import Figure


def rendered(*titles: str) -> str:
    """Return the page of a small report of another part."""
    values = {"titles": titles}
    return render_page("small.html.jinja", title="A & B", values=values, package="tests.support")


def test_the_table_of_contents_lists_the_headings_that_come_after_it() -> None:
    page = rendered("What held", "<Other>")

    assert re.findall("<li>.*</li>", page) == [
        '<li><a href="#what-held">What held</a></li>',
        '<li><a href="#other">&lt;Other&gt;</a></li>',
    ]
    assert page.index("<header>") < page.index("<nav") < page.index("<main>")


def test_each_line_of_the_table_of_contents_leads_to_a_heading() -> None:
    page = rendered("What held", "<Other>")

    anchors = re.findall('href="#(.*?)"', page)
    assert anchors == re.findall('<h2 id="(.*?)"', page)
    assert len(anchors) == 2


def test_a_page_of_one_heading_has_no_table_of_contents() -> None:
    assert "<nav" not in rendered("Alone")


def test_a_report_of_another_part_has_the_same_head() -> None:
    page = rendered("What held")

    assert page.startswith("<!DOCTYPE html>")
    assert "<title>A &amp; B</title>" in page
    assert "prefers-color-scheme: dark" in page


def test_a_heading_is_known_by_its_words() -> None:
    assert Contents().heading("Fan-out of messages") == (
        '<h2 id="fan-out-of-messages">Fan-out of messages</h2>'
    )


def test_only_a_chart_passes_as_it_is() -> None:
    chart = drawn(Figure("<t>", "c", (("s-1", "n"),), "<svg></svg>", "<svg></svg>"))

    assert hasattr(chart["wide"], "__html__")
    assert not hasattr(chart["title"], "__html__")
