"""What the pipeline shows of a run that it started."""

import os
import sys

from loadtest.errors import UsageError
from loadtest.report import Ending
from loadtest.report.figures import Summary
from loadtest.report.github import add_to_step_summary, run_annotation
from loadtest.report.markdown import markdown_report
from loadtest.run.presentation import presentation

__all__ = ["tell_pipeline"]


def tell_pipeline(summary: Summary) -> None:
    """Show a run in the pipeline that it is part of, if it is one of GitHub's."""
    try:
        add_to_step_summary(markdown_report(summary), os.environ)
    except UsageError as error:
        presentation.complain(str(error))
    line = run_annotation(summary, os.environ)
    if line:
        # What is on standard output may be the summary, and must stay JSON then.
        is_json = presentation.ending is Ending.JSON
        print(line, file=sys.stderr if is_json else sys.stdout, flush=True)
