"""The verb ``run``: a profile without the web UI, a summary, and an exit code that CI can use."""

import argparse

from loadtest.cli.locust_run import (
    add_run_arguments,
    call_locust,
    check_answers,
    checked_options,
    locust_arguments,
    print_plan,
)
from loadtest.cli.paired_run import add_paired_arguments, is_paired, run_pairs
from loadtest.profile.possible import refuse_impossible
from loadtest.report import Ending
from loadtest.run.output import guard_output
from loadtest.run.presentation import presentation

__all__ = ["add_arguments", "add_ending_arguments", "run"]

_QUIETLY = ("--headless", "--only-summary", "--loglevel", "WARNING")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    add_paired_arguments(parser)
    add_ending_arguments(parser)
    add_run_arguments(parser)


def add_ending_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how much is printed at the end."""
    group = parser.add_mutually_exclusive_group()
    texts = {
        Ending.DETAILS: "print every section at the end, not one screen of it",
        Ending.QUIET: "print the verdict alone",
        Ending.JSON: "print summary.json on standard output, and nothing else",
    }
    for ending, text in texts.items():
        group.add_argument(
            f"--{ending}", action="store_const", const=ending, dest="ending", help=text
        )
    parser.set_defaults(ending=Ending.SHORT)


def run(options: argparse.Namespace) -> int:
    """Run the profile and return the exit code that its verdict asks for."""
    if is_paired(options):
        return run_pairs(options)
    checked = checked_options(options)
    refuse_impossible(checked.profile)
    is_silent = options.ending in (Ending.QUIET, Ending.JSON)
    if options.dry_run or not is_silent:
        print_plan(checked)
    if options.dry_run:
        return 0
    presentation.ending = options.ending
    guard_output().check()
    check_answers(checked)
    return call_locust([*_QUIETLY, *locust_arguments(options)])
