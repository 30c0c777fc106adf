"""The verb ``baseline``: runs kept under a name, to compare later ones with."""

import argparse
from pathlib import Path

from loadtest.comparison.baselines import (
    DEFAULT_BASELINES,
    baseline_names,
    baseline_path,
    remove_baseline,
    save_baseline,
)
from loadtest.comparison.comparable import why_unusable
from loadtest.comparison.replicates import Side, read_side
from loadtest.errors import UsageError
from loadtest.report.figures import at, count_text, measured, plain_text, span_text

__all__ = ["add_arguments", "run"]

_MESSAGE = "channel.message.created"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.add_argument("what", choices=("save", "list", "show", "remove"))
    parser.add_argument("name", nargs="?", metavar="NAME", help="of the baseline")
    parser.add_argument(
        "runs",
        nargs="*",
        metavar="RUN",
        help="to save: folders of runs, folders that hold some, or patterns in quotes",
    )
    parser.add_argument("--baselines", type=Path, default=DEFAULT_BASELINES, metavar="DIR")
    parser.add_argument(
        "--force", action="store_true", help="save runs that no comparison would take"
    )


def run(options: argparse.Namespace) -> int:
    """Do what was asked for and return the exit code.

    Raises:
        UsageError: There is no such baseline or run, or a run is not fit for a baseline.
    """
    if options.what == "list":
        for name in baseline_names(options.baselines):
            print(_line(name, read_side(str(options.baselines / name), options.baselines)))
        return 0
    if options.name is None:
        raise UsageError(f"baseline {options.what}: name the baseline")
    baseline_path(options.baselines, options.name)
    if options.what == "save":
        _save(options)
    elif options.what == "remove":
        count = remove_baseline(options.baselines, options.name)
        print(f"{options.name}: removed, with {count} runs")
    else:
        _show(options)
    return 0


def _save(options: argparse.Namespace) -> None:
    if not options.runs:
        raise UsageError(f"baseline save {options.name}: name the runs, such as results/2026…")
    runs = [run for named in options.runs for run in read_side(named, options.baselines).replicates]
    unfit = [f"{run.folder}: {why}" for run in runs if (why := why_unusable(run.summary))]
    if unfit and not options.force:
        raise UsageError(*unfit, "a baseline of such runs says nothing; --force saves them")
    path = save_baseline(options.baselines, options.name, runs)
    print(f"{options.name}: {len(runs)} runs in {path}")


def _show(options: argparse.Namespace) -> None:
    known = baseline_names(options.baselines)
    if options.name not in known:
        raise UsageError(
            f"baseline {options.name}: there is none in {options.baselines}; there are:"
            f" {', '.join(known) or 'none'}"
        )
    side = read_side(str(options.baselines / options.name), options.baselines)
    print(_line(options.name, side))
    for run in side.replicates:
        latency = at(run.summary, "latency", _MESSAGE)
        lost = count_text(at(run.summary, "ledger", _MESSAGE, "lost"))
        print(
            f"  {run.name}  {plain_text(at(run.summary, 'verdict'))}"
            f"  seed {plain_text(at(run.summary, 'seed'))}"
            f"  p50 {span_text(measured(latency, 'p50_ms'))}"
            f"  p99 {span_text(measured(latency, 'p99_ms'))}  lost {lost}"
        )


def _line(name: str, side: Side) -> str:
    profiles = {plain_text(at(run.summary, "profile", "name")) for run in side.replicates}
    count = len(side.replicates)
    return f"{name}: {count} run{'s' * (count != 1)} of {', '.join(sorted(profiles))}"
