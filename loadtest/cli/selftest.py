"""The verb ``selftest``: whether the printed figures are the injected ones.

The exit code is 0 if every case passed and 1 if not.
"""

import argparse
from pathlib import Path

from rich.console import Console
from rich.table import Table

import loadtest
from loadtest.clock import utc_now
from loadtest.selftest.cases import Case
from loadtest.selftest.checks import Check
from loadtest.selftest.children import end_with_children
from loadtest.selftest.outcome import CaseResult, Outcome, write_outcome
from loadtest.selftest.runner import chosen_cases, run_cases

__all__ = ["add_arguments", "run"]

_WIDTH = 100
_EXIT_PASSED = 0
_EXIT_FAILED = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.add_argument("--quick", action="store_true", help="the short form: about a minute")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="NAME",
        help="run this case, and the clean one that it is compared with; repeatable",
    )
    parser.add_argument(
        "--results",
        type=Path,
        default=Path("results"),
        metavar="DIR",
        help="where selftest.json goes (%(default)s); later runs stamp it into their summaries",
    )


def run(options: argparse.Namespace) -> int:
    """Run the self-test, print its table, and return the exit code."""
    console = Console()
    # Where there is no terminal, a table must not be folded to the width of one.
    console.width = max(console.width, _WIDTH)
    cases = chosen_cases(options.only, is_quick=options.quick)
    console.print(f"self-test of loadtest {loadtest.__version__}: {len(cases)} cases")

    def tell(case: Case, result: CaseResult) -> None:
        console.print(f"  {'ok' if result.passed else 'FAILED':<7}{case.name}: {case.proves}")

    end_with_children()
    results = run_cases(cases, tell)
    console.print(_table(results))
    for result in results:
        if result.failure:
            console.print(f"{result.name}: {result.failure}", markup=False)
    outcome = Outcome(loadtest.__version__, utc_now(), options.quick, results)
    if not options.only:
        console.print(f"written to {write_outcome(options.results, outcome)}")
    console.print("passed" if outcome.passed else "FAILED: the figures above cannot be believed")
    return _EXIT_PASSED if outcome.passed else _EXIT_FAILED


def _table(results: tuple[CaseResult, ...]) -> Table:
    table = Table(box=None, header_style="bold")
    table.add_column("case")
    table.add_column("figure")
    for name in ("injected", "measured"):
        table.add_column(name, justify="right")
    table.add_column("bound")
    table.add_column("ok")
    for result in results:
        shown = [check for check in result.checks if check.is_notable]
        for number, check in enumerate(shown):
            table.add_row("" if number else result.name, *_cells(check))
        quiet = len(result.checks) - len(shown)
        if quiet:
            table.add_row(
                "" if shown else result.name, f"{quiet} more", "none", "none", "equal", "yes"
            )
    return table


def _cells(check: Check) -> tuple[str, str, str, str, str]:
    return (
        check.figure,
        _text(check.injected),
        _text(check.measured),
        check.bound,
        "yes" if check.held else "NO",
    )


def _text(value: float | int | bool | None) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}"
