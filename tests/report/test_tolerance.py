"""A summary may lack anything: of a run that broke, or from another version."""

import copy
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from loadtest.report.ending import Ending, print_summary
from loadtest.report.html import html_report
from loadtest.report.markdown import markdown_report
from tests.support.consoles import ascii_console
from tests.support.examples import examples
from tests.support.summaries import built_summary, failed_summary, timeline

Place = tuple[str, ...]


def places(part: Mapping[str, Any], above: Place = ()) -> Iterator[Place]:
    for key, value in part.items():
        yield (*above, key)
        if isinstance(value, Mapping):
            yield from places(value, (*above, key))


def render(summary: Mapping[str, Any], rows: list[dict[str, Any]]) -> None:
    html_report(summary, rows)
    markdown_report(summary)
    print_summary(ascii_console(), summary, Path("results/none"), Ending.DETAILS)


def holder_of(summary: dict[str, Any], place: Place) -> dict[str, Any] | None:
    """Return the block in which a place stands, unless it is gone already."""
    holder: Any = summary
    for key in place[:-1]:
        holder = holder.get(key) if isinstance(holder, dict) else None
    return holder if isinstance(holder, dict) and place[-1] in holder else None


PLACES = sorted(set(places(failed_summary())))
MISSING = object()
REPLACEMENTS = st.sampled_from([MISSING, None, 0, "x", {}, []])


def test_a_summary_built_from_figures_can_be_rendered() -> None:
    render(built_summary(), timeline(2))


@examples(share=0.5)
@given(st.lists(st.tuples(st.sampled_from(PLACES), REPLACEMENTS), max_size=8))
def test_every_rendering_bears_the_lack_of_any_part(changes: list[tuple[Place, object]]) -> None:
    summary = copy.deepcopy(failed_summary())
    for place, value in changes:
        holder = holder_of(summary, place)
        if holder is None:
            continue
        if value is MISSING:
            del holder[place[-1]]
        else:
            holder[place[-1]] = value

    render(summary, timeline(3))


@examples(share=0.25)
@given(st.lists(st.sampled_from(sorted(timeline(3)[2])), max_size=12))
def test_a_timeline_may_lack_any_column(lacking: list[str]) -> None:
    rows = [{key: row[key] for key in row if key not in lacking} for row in timeline(3)]

    render(failed_summary(), rows)
