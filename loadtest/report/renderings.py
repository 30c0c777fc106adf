"""Every file that is made from the summary of a run alone, so that it can be made again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import orjson

from loadtest.report.figures import Summary, TimelineRow
from loadtest.report.formats.benchmarks import bencher, benchmarks_bigger, benchmarks_smaller
from loadtest.report.formats.figures_csv import figures_csv
from loadtest.report.formats.junit import junit_report
from loadtest.report.formats.openmetrics import openmetrics
from loadtest.report.html import html_report
from loadtest.report.markdown import markdown_report

__all__ = ["FORMATS", "Rendering"]


@dataclass(frozen=True, slots=True)
class Rendering:
    """A file that is made from the summary alone, and can be made again."""

    file: str
    text: Callable[[Summary, Sequence[TimelineRow]], str]


def _json(value: object) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


FORMATS: Mapping[str, Rendering] = {
    "markdown": Rendering("summary.md", lambda summary, _: markdown_report(summary)),
    "html": Rendering("report.html", html_report),
    "junit": Rendering("junit.xml", lambda summary, _: junit_report(summary)),
    "benchmark-smaller": Rendering(
        "benchmark-smaller.json", lambda summary, _: _json(benchmarks_smaller(summary))
    ),
    "benchmark-bigger": Rendering(
        "benchmark-bigger.json", lambda summary, _: _json(benchmarks_bigger(summary))
    ),
    "bencher": Rendering("bencher.json", lambda summary, _: _json(bencher(summary))),
    "openmetrics": Rendering("metrics.txt", lambda summary, _: openmetrics(summary)),
    "csv": Rendering("figures.csv", lambda summary, _: figures_csv(summary)),
}
"""Every rendering of a run, by the name that ``loadtest report --format`` gives it."""
