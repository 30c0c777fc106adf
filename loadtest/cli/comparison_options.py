"""Options and outputs that every comparison has: of stored runs, and of runs made in pairs."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import orjson
from rich.console import Console

from loadtest.comparison.catalogue import figures
from loadtest.comparison.comparison import Comparison, settings_for
from loadtest.comparison.judgement import Settings
from loadtest.comparison.markdown import markdown_comparison
from loadtest.comparison.page import html_comparison
from loadtest.comparison.plain import plain_comparison
from loadtest.comparison.replicates import Side
from loadtest.comparison.terminal import print_comparison
from loadtest.comparison.texts import TONES, headline
from loadtest.errors import UsageError
from loadtest.report.github import add_to_step_summary, annotation

__all__ = [
    "add_decision_arguments",
    "add_output_arguments",
    "chosen_settings",
    "json_comparison",
    "per_cent",
    "print_figures",
    "render",
    "show",
    "tell_pipeline",
]


def add_decision_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how a comparison decides."""
    group = parser.add_argument_group("comparison")
    group.add_argument(
        "--gate",
        action="append",
        default=[],
        metavar="FIGURE",
        help="a figure that decides the exit code, such as fanout.p99; repeatable, at most 5",
    )
    group.add_argument(
        "--confidence", type=per_cent, default=0.9, metavar="P", help="of the intervals (90%%)"
    )
    group.add_argument(
        "--tolerance", type=per_cent, default=0.05, metavar="P", help="that does not matter (5%%)"
    )
    group.add_argument(
        "--share-tolerance",
        type=per_cent,
        default=0.0001,
        metavar="P",
        help="the same of shares such as losses, in percentage points (0.01%%)",
    )
    group.add_argument(
        "--power",
        type=per_cent,
        nargs="?",
        const=0.1,
        metavar="P",
        help="say what change so many replicates find, and how many a change of P needs (10%%)",
    )
    group.add_argument(
        "--require-decision",
        action="store_true",
        help="exit with 3 if no gate is worse but one is undecided",
    )


def add_output_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what a comparison leaves behind."""
    group = parser.add_argument_group("output")
    group.add_argument("--details", action="store_true", help="print every figure")
    group.add_argument("--html", type=Path, metavar="FILE", help="write one page")
    group.add_argument("--markdown", type=Path, metavar="FILE", help="for a pull request")
    group.add_argument("--json", type=Path, metavar="FILE", help="for programs", dest="json_file")


def per_cent(text: str) -> float:
    """Return the share that ``5%`` or ``0.05`` names, between 0 and 1."""
    number, is_per_cent = text.removesuffix("%").strip(), text.endswith("%")
    try:
        share = float(number) / (100 if is_per_cent else 1)
    except ValueError:
        share = 0.0
    if not 0 < share < 1:
        raise argparse.ArgumentTypeError(
            f"it is {text!r}; it must be a share between 0 and 1 such as 0.05, or 5%"
        )
    return share


def chosen_settings(options: argparse.Namespace, base: Side | None) -> Settings:
    """Return how to decide; the usual gates are chosen for the runs of ``base``.

    Raises:
        UsageError: A gate is no figure, or there are too many.
    """
    return settings_for(
        options.gate,
        confidence=options.confidence,
        tolerance=options.tolerance,
        share_tolerance=options.share_tolerance,
        base=base,
    )


def print_figures() -> None:
    """Print every figure that is compared, as ``--gate`` takes it."""
    for figure in figures():
        print(f"{figure.label:<40} {figure.path}")


def show(compared: Comparison, options: argparse.Namespace) -> int:
    """Write the files that were asked for, print the table, and return the exit code."""
    wanted = {
        "html": options.html,
        "md": options.markdown,
        "json": options.json_file,
    }
    render(compared, {kind: path for kind, path in wanted.items() if path is not None})
    print_comparison(Console(), compared, has_details=options.details)
    tell_pipeline(compared)
    return int(compared.exit_code(requires_decision=options.require_decision))


def tell_pipeline(compared: Comparison, stream: TextIO | None = None) -> None:
    """Show a comparison in the pipeline that it is part of, if it is one of GitHub's.

    Args:
        compared: What was found.
        stream: Where the annotation goes; None: standard output.

    Raises:
        UsageError: The file for the summary of the step cannot be written.
    """
    add_to_step_summary(markdown_comparison(compared), os.environ)
    title = f"Load test: {compared.change.value}"
    line = annotation(TONES[compared.change], title, headline(compared), os.environ)
    if line:
        print(line, file=stream or sys.stdout, flush=True)


def json_comparison(compared: Comparison, beside: Path) -> str:
    """Return a comparison as the text of a JSON file in the folder ``beside``."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(plain_comparison(compared, beside), option=options).decode()


def render(compared: Comparison, files: dict[str, Path]) -> None:
    """Write a comparison in each of the kinds ``html``, ``md`` and ``json``.

    Raises:
        UsageError: A file cannot be written, a problem for each.
    """
    made: dict[str, Callable[[Path], bytes]] = {
        "html": lambda path: html_comparison(compared).encode(),
        "md": lambda path: markdown_comparison(compared).encode(),
        "json": lambda path: json_comparison(compared, path.parent).encode(),
    }
    problems = []
    for kind, path in files.items():
        try:
            path.write_bytes(made[kind](path))
        except OSError as error:
            problems.append(f"{path}: cannot be written: {error.strerror or error}")
    if problems:
        raise UsageError(*problems)
