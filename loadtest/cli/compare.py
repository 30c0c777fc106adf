"""The verb ``compare``: whether the runs of one side are worse than those of another.

Exit codes: 0 no gate is worse, 1 a gate is worse, 2 the runs cannot be compared, 3 undecided where
``--require-decision`` is given.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from loadtest.cli.comparison_options import (
    add_decision_arguments,
    add_output_arguments,
    chosen_settings,
    print_figures,
    show,
)
from loadtest.comparison.baselines import DEFAULT_BASELINES
from loadtest.comparison.comparable import obstacles
from loadtest.comparison.comparison import compare
from loadtest.comparison.replicates import read_side
from loadtest.comparison.study import StoredPairs, read_pairs
from loadtest.errors import UsageError

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    named = "folder of a run, folder of several, pattern in quotes, or name of a baseline"
    parser.add_argument("base", nargs="?", metavar="BASE", help=named)
    parser.add_argument(
        "candidate",
        nargs="?",
        metavar="CANDIDATE",
        help="the same; without it, BASE is the folder that `loadtest run --against` made",
    )
    parser.add_argument("--baselines", type=Path, default=DEFAULT_BASELINES, metavar="DIR")
    parser.add_argument(
        "--force", action="store_true", help="compare what should not be, and mark it"
    )
    parser.add_argument("--figures", action="store_true", help="list what --gate can name")
    add_decision_arguments(parser)
    add_output_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Compare, print the table and return the exit code.

    Raises:
        UsageError: There are no such runs, or they cannot be compared.
    """
    if options.figures:
        print_figures()
        return 0
    if options.base is None:
        raise UsageError("name two sets of runs: loadtest compare BASE CANDIDATE")
    if options.candidate is None:
        pairs = read_pairs(Path(options.base))
        return _compared(options, pairs, is_paired=True)
    base = read_side(options.base, options.baselines)
    candidate = read_side(options.candidate, options.baselines)
    return _compared(options, StoredPairs(base, candidate, (), ()), is_paired=False)


def _compared(options: argparse.Namespace, sides: StoredPairs, *, is_paired: bool) -> int:
    base, candidate = sides.base, sides.candidate
    found = obstacles(base.replicates, candidate.replicates, expected=sides.expected)
    if found and not options.force:
        raise UsageError(*found, "these runs cannot be compared; --force compares and marks them")
    settings = chosen_settings(options, base)
    compared = compare(base, candidate, settings, is_paired=is_paired, wanted=options.power)
    return show(replace(compared, warnings=found, left_out=sides.left_out), options)
