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

__all__ = ["add_arguments", "run"]

_QUIETLY = ("--headless", "--only-summary", "--loglevel", "WARNING")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    add_paired_arguments(parser)
    add_run_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Run the profile and return the exit code that its verdict asks for."""
    if is_paired(options):
        return run_pairs(options)
    checked = checked_options(options)
    refuse_impossible(checked.profile)
    print_plan(checked)
    if options.dry_run:
        return 0
    check_answers(checked)
    return call_locust([*_QUIETLY, *locust_arguments(options)])
