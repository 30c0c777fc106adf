"""``docs/summary.md`` against summaries: a key that is written is a key that is explained."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from loadtest.report.figures import Summary
from loadtest.report.summary_page import declared_rows, with_declared_rows
from tests.support.summaries import (
    built_summary,
    failed_summary,
    figures,
    inconclusive_summary,
    passing_summary,
    stopped_summary,
    timeline,
    with_pushes,
    with_warnings,
)

PAGE = (Path(__file__).parents[2] / "docs" / "summary.md").read_text()
JSON_PAGE, TIMELINE_PAGE = PAGE.split("## `timeline.csv`")
ROW = re.compile(r"^\| `([^`]+)` \| ([^|]+) \|", flags=re.MULTILINE)
ROWS = {key: unit.strip() for key, unit in ROW.findall(JSON_PAGE)}
FILE_KINDS = {"json", "xml", "txt", "csv", "hlog", "html", "md", "toml", "log"}
FIGURES = set(figures(1, 1.0)) | {"never", "below_range", "above_range", "negative"}
NAMED_BY = {
    "ledger": "<event>",
    "latency": "<event>",
    "service_latency": "<event>",
    "staleness": "<event>",
    "cross_worker": "<event>",
    "unexpected": "<event>",
    "unexpected.<event>": "<kind>",
    "other_events": "<name>",
    "completion": "<size class>",
    "actions": "<action>",
    "by_device_class": "<device class>",
    "sessions": "<start>",
    "load.actions": "<action>",
    "work": "<part>",
    "phases": "<phase>",
    "phases.<phase>.latency": "<event>",
    "phases.<phase>.service_latency": "<event>",
    "phases.<phase>.completion": "<size class>",
    "phases.<phase>.actions": "<action>",
    "notifications.by_devices": "<class>",
}
NOT_OF_THIS_FORMAT = {"profile", "versions"}
SAME_AS_ABOVE = "notifications.by_devices.<class>."


def name_of(path: str, key: str) -> str:
    return "<reason>" if path.endswith("_by_reason") else NAMED_BY.get(path, key)


def leaves(part: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, bool]]:
    """Yield each path of a summary as the page writes it, and whether figures stand there."""
    for key, value in part.items():
        here = f"{path}.{name_of(path, key)}" if path else key
        here = here.replace(SAME_AS_ABOVE, "notifications.")
        if here in NOT_OF_THIS_FORMAT:
            yield here, False
        elif isinstance(value, Mapping):
            has_figures = "p50_ms" in value
            if has_figures or here.endswith(">"):
                yield here, has_figures
            rest = {k: v for k, v in value.items() if not (has_figures and k in FIGURES)}
            yield from leaves(rest, here)
        elif isinstance(value, list):
            yield here, False
            for each in value:
                if isinstance(each, Mapping):
                    yield from leaves(each, f"{here}[]")
        else:
            yield here, False


SUMMARIES = [
    pytest.param(built_summary(), id="built from figures"),
    pytest.param(passing_summary(), id="passed"),
    pytest.param(failed_summary(), id="failed"),
    pytest.param(inconclusive_summary(), id="inconclusive"),
    pytest.param(stopped_summary(), id="stopped"),
    pytest.param(with_pushes(), id="with a push sink"),
    pytest.param(with_warnings(), id="with a warning"),
]


@pytest.mark.parametrize("summary", SUMMARIES)
def test_every_key_is_documented(summary: Summary) -> None:
    written = {path for path, _ in leaves(summary)}
    containers = {path for path in written if any(row.startswith(f"{path}.") for row in ROWS)}

    assert written - containers - set(ROWS) == set()


@pytest.mark.parametrize("summary", SUMMARIES)
def test_every_block_of_figures_is_called_so(summary: Summary) -> None:
    blocks = {path for path, is_figures in leaves(summary) if is_figures}

    assert {path for path in blocks if ROWS[path] != "figures"} == set()


def test_rows_of_figures_are_those_of_their_declarations() -> None:
    """``python -m loadtest.report.summary_page docs/summary.md`` writes them."""
    assert with_declared_rows(PAGE) == PAGE


def test_every_declared_figure_has_a_row() -> None:
    repeated = {row for row in declared_rows() if row.startswith(SAME_AS_ABOVE)}

    assert set(declared_rows()) - repeated - set(ROWS) == set()


def test_every_figure_is_documented() -> None:
    assert set(ROWS) >= FIGURES


def test_nothing_is_documented_that_no_summary_has() -> None:
    known = {path for path, _ in leaves(built_summary())}
    known |= {path for path, _ in leaves(inconclusive_summary())}
    known |= {path for path, _ in leaves(with_warnings())}
    files = {name for name in ROWS if name.rpartition(".")[2] in FILE_KINDS}

    assert set(ROWS) - known - FIGURES - files - {"selftest"} == set()


def test_made_up_summaries_have_the_keys_of_built_ones() -> None:
    """The renderings are tested with the former, and shown the latter."""
    real = {path for path, _ in leaves(built_summary())}
    real |= {path for path, _ in leaves(inconclusive_summary()) if path.startswith("reasons[]")}

    assert {path for path, _ in leaves(failed_summary())} <= real | {"selftest", "push", "aborted"}
    assert {path for path, _ in leaves(with_pushes())} <= real | {"aborted"}


def test_every_column_of_the_timeline_is_documented() -> None:
    columns = [column for column, _ in ROW.findall(TIMELINE_PAGE)]

    assert set(columns) == set(timeline(2)[1])
