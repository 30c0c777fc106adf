"""From the summary of a run to files, pages and a terminal.

Everything a person reads of a run is made here from one summary, and can be made again later from
``summary.json`` and ``timeline.csv``. Nothing here measures or judges: that is done in ``metrics``.
"""

from loadtest.report.ending import Ending, print_summary
from loadtest.report.files import RunFolder, run_id
from loadtest.report.html import html_report
from loadtest.report.latency_log import LatencyInterval
from loadtest.report.markdown import markdown_report
from loadtest.report.progress import Progress, ProgressView
from loadtest.report.results import RunResults, render_again, write_again, write_results

__all__ = [
    "Ending",
    "LatencyInterval",
    "Progress",
    "ProgressView",
    "RunFolder",
    "RunResults",
    "html_report",
    "markdown_report",
    "print_summary",
    "render_again",
    "run_id",
    "write_again",
    "write_results",
]
