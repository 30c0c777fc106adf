"""``loadtest run PROFILE --against HOST``: runs in interleaved pairs, and what they say together.

Each run is a ``loadtest run`` of its own, in a process of its own, so that it is measured exactly
as a single one. The candidate is what the other options describe; the base is the other host
(``--against``) or the same with other settings (``--against-set``). Everything is below one folder
of the results: ``base/`` and ``candidate/`` with the runs, ``pairs.json``, and the comparison.
"""

import argparse
import copy
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType

from rich.console import Console

from loadtest.cli.comparison_options import (
    add_decision_arguments,
    chosen_settings,
    json_comparison,
    render,
    tell_pipeline,
)
from loadtest.cli.locust_run import check_answers, checked_options, locust_arguments, print_plan
from loadtest.clock import unseeded_random, utc_now
from loadtest.comparison.comparable import obstacles
from loadtest.comparison.comparison import Comparison, compare
from loadtest.comparison.replicates import Replicate, Side
from loadtest.comparison.study import (
    Pair,
    SideName,
    Study,
    StudyStoppedError,
    make_pairs,
    planned_pairs,
    write_pairs,
)
from loadtest.comparison.terminal import print_comparison
from loadtest.comparison.texts import headline
from loadtest.errors import UsageError
from loadtest.report import Ending
from loadtest.report.figures import at, measured, plain_text, span_text
from loadtest.report.files import RunFolder
from loadtest.run.options import RunOptions

__all__ = ["add_paired_arguments", "is_paired", "run_pairs"]

_EXIT_USAGE = 2
_EXIT_STOPPED = 130
_SELFTEST = "selftest.json"
_SEED = "run.seed"
_OF_A_PIPELINE = frozenset({"GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"})
_MESSAGE = "channel.message.created"
_EMBEDDED = "embedded server"


def add_paired_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of runs in pairs."""
    group = parser.add_argument_group("runs in pairs")
    group.add_argument(
        "--against", metavar="HOST", help="compare with this server, in interleaved pairs of runs"
    )
    group.add_argument(
        "--against-set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="compare with the same run with this key of the profile; repeatable",
    )
    group.add_argument(
        "--replicates", type=_count, default=5, metavar="K", help="pairs to make (%(default)s)"
    )
    group.add_argument(
        "--repeats",
        type=int,
        default=None,
        metavar="N",
        help="pairs that may be made again because a run was not valid (as many as --replicates)",
    )
    add_decision_arguments(parser)


def is_paired(options: argparse.Namespace) -> bool:
    """Whether a comparison is asked for, and not a single run."""
    return bool(options.against or options.against_set)


def run_pairs(options: argparse.Namespace) -> int:
    """Make the runs, compare them, and return the exit code of the comparison.

    Raises:
        UsageError: An option cannot be used, or a run could not begin.
        TargetError: A server does not answer.
    """
    # Wrong gates are found before anything is sent.
    chosen_settings(options, None)
    sides = _sides(options)
    checked = {name: checked_options(_copied(side)) for name, side in sides.items()}
    candidate = checked[SideName.CANDIDATE]
    pairs = planned_pairs(options.replicates, candidate.profile.run.seed)
    labels = _labels(options, candidate)
    is_silent = options.ending in (Ending.QUIET, Ending.JSON)
    if options.dry_run or not is_silent:
        print_plan(candidate)
        _print_pairs(pairs, labels, candidate)
    if options.dry_run:
        return 0
    for each in checked.values():
        check_answers(each)
    folder = _new_folder(options, candidate)
    expected = [entry.partition("=")[0] for entry in options.against_set]
    repeats = options.replicates if options.repeats is None else options.repeats
    stop = _Stop()
    with stop.answering():
        study = make_pairs(
            pairs,
            _Runs(sides, folder, stop, (lambda line: None) if is_silent else _say),
            repeats=repeats,
            note=lambda made: write_pairs(folder, made, labels, expected),
        )
    compared = _compared(options, study, labels, expected)
    render(compared, {kind: folder / f"comparison.{kind}" for kind in ("html", "md", "json")})
    _print_end(compared, folder, options.ending)
    if study.is_stopped:
        return _EXIT_STOPPED
    return int(compared.exit_code(requires_decision=options.require_decision))


def _print_end(compared: Comparison, folder: Path, ending: Ending) -> None:
    """Print as much as was asked for; the whole comparison is in the folder."""
    if ending is Ending.JSON:
        print(json_comparison(compared, folder), end="")
        tell_pipeline(compared, sys.stderr)
        return
    if ending is Ending.QUIET:
        print(f"{compared.change.value.upper()}: {headline(compared)}")
    else:
        print_comparison(Console(), compared, has_details=ending is Ending.DETAILS)
        print(folder)
    tell_pipeline(compared)


def _say(line: str) -> None:
    print(line, flush=True)


def _count(text: str) -> int:
    count = int(text) if text.isdecimal() else 0
    if count < 1:
        raise argparse.ArgumentTypeError(f"it is {text!r}; it must be a number of 1 or more")
    return count


def _copied(options: argparse.Namespace) -> argparse.Namespace:
    return copy.deepcopy(options)


def _sides(options: argparse.Namespace) -> dict[SideName, argparse.Namespace]:
    """Return the options of a single run of each side."""
    if options.record:
        raise UsageError("--record names one file; it cannot hold the runs of several pairs")
    candidate, base = _copied(options), _copied(options)
    for side in (candidate, base):
        side.against, side.against_set = None, []
    if options.against:
        base.host = options.against
    for entry in options.against_set:
        key = entry.partition("=")[0].strip()
        base.loadtest_set = [
            each for each in base.loadtest_set if each.partition("=")[0].strip() != key
        ]
        base.loadtest_set.append(entry)
    return {SideName.BASE: base, SideName.CANDIDATE: candidate}


def _labels(options: argparse.Namespace, candidate: RunOptions) -> tuple[str, str]:
    hosts = options.against or candidate.host or _EMBEDDED, candidate.host or _EMBEDDED
    if not options.against_set:
        return hosts
    keys = [entry.partition("=")[0].strip() for entry in options.against_set]
    ours = [
        next(
            (each for each in options.loadtest_set if each.partition("=")[0].strip() == key),
            f"{key} as in the profile",
        )
        for key in keys
    ]
    return f"{hosts[0]}, {', '.join(options.against_set)}", f"{hosts[1]}, {', '.join(ours)}"


def _print_pairs(pairs: Sequence[Pair], labels: tuple[str, str], candidate: RunOptions) -> None:
    minutes = 2 * len(pairs) * candidate.profile.run.duration_s / 60
    print(f"  {len(pairs)} pairs, at least {minutes:.1f} min: base {labels[0]}")
    print(f"  candidate {labels[1]}", flush=True)


def _new_folder(options: argparse.Namespace, candidate: RunOptions) -> Path:
    """Return a new folder with one for the runs of each side.

    Raises:
        UsageError: It cannot be made.
    """
    results = Path(options.results)
    name = f"{candidate.profile.name}-pairs"
    folder = RunFolder.create(results, name, utc_now(), unseeded_random()).path
    for side in SideName:
        (folder / side).mkdir()
        # So that the outcome of the self-test is stamped into these runs as well.
        if (results / _SELFTEST).is_file():
            shutil.copy2(results / _SELFTEST, folder / side / _SELFTEST)
    return folder


def _compared(
    options: argparse.Namespace, study: Study, labels: tuple[str, str], expected: Sequence[str]
) -> Comparison:
    base, candidate = Side(labels[0], tuple(study.base)), Side(labels[1], tuple(study.candidate))
    warnings: tuple[str, ...] = ()
    if study.base:
        warnings = obstacles(base.replicates, candidate.replicates, expected=expected)
    settings = chosen_settings(options, base)
    compared = compare(base, candidate, settings, is_paired=True, wanted=options.power)
    return replace(compared, warnings=warnings, left_out=tuple(study.left_out))


class _Stop:
    """Whether a person wants the study to end, whenever that is said.

    Python's own answer, an exception at any instant, could come between two runs and take the
    comparison of what was measured with it.
    """

    def __init__(self) -> None:
        self.is_wanted = False
        self.process: subprocess.Popen[str] | None = None
        """The run that goes on."""

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Answer interrupts while the context is open."""
        before = {
            signal.SIGINT: signal.signal(signal.SIGINT, self._interrupted),
            signal.SIGTERM: signal.signal(signal.SIGTERM, self._terminated),
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _interrupted(self, _number: int, _frame: FrameType | None) -> None:
        # The terminal tells the run as well: it drains, writes its results and ends.
        self.is_wanted = True

    def _terminated(self, _number: int, _frame: FrameType | None) -> None:
        self.is_wanted = True
        if self.process is not None:
            self.process.terminate()


class _Runs:
    """Makes one run after the other and tells how each ended."""

    def __init__(
        self,
        sides: dict[SideName, argparse.Namespace],
        folder: Path,
        stop: _Stop,
        say: Callable[[str], None],
    ) -> None:
        self._sides = sides
        self._folder = folder
        self._stop = stop
        self._say = say

    def __call__(self, side: SideName, pair: Pair) -> Replicate:
        """Make the run of a side.

        Raises:
            StudyStoppedError: A person stopped it.
            UsageError: It could not begin.
        """
        results = self._folder / side
        before = set(results.iterdir())
        if self._stop.is_wanted:
            raise StudyStoppedError
        code, errors = _call(self._command(side, pair, results), self._stop)
        made = [path for path in results.iterdir() if path not in before and path.is_dir()]
        if self._stop.is_wanted or code == _EXIT_STOPPED:
            raise StudyStoppedError
        if code == _EXIT_USAGE or not made:
            raise UsageError(*(errors or (f"the {side} run ended with exit code {code}",)))
        replicate = Replicate(made[0], RunFolder.open(made[0]).read_summary())
        self._tell(side, pair, replicate)
        return replicate

    def _command(self, side: SideName, pair: Pair, results: Path) -> list[str]:
        options = _copied(self._sides[side])
        if options.duration is not None:
            options.passed_on = [*options.passed_on, "--duration", options.duration]
        options.loadtest_set = [
            each for each in options.loadtest_set if each.partition("=")[0].strip() != _SEED
        ]
        options.seed, options.results = pair.seed, str(results)
        # The first four name Locust's file and, as an option, the profile.
        arguments = locust_arguments(options)[4:]
        return [sys.executable, "-m", "loadtest", "run", options.profile, *arguments]

    def _tell(self, side: SideName, pair: Pair, run: Replicate) -> None:
        latency = at(run.summary, "latency", _MESSAGE)
        self._say(
            f"  pair {pair.number}  {side:<9}  {plain_text(at(run.summary, 'verdict')):<12}"
            f"  p50 {span_text(measured(latency, 'p50_ms'))}"
            f"  p99 {span_text(measured(latency, 'p99_ms'))}"
        )


def _call(command: Sequence[str], stop: _Stop) -> tuple[int, tuple[str, ...]]:
    """Run a command and return its exit code and the lines of its errors."""
    stop.process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        # The pipeline hears of the comparison, and not of each run.
        env={name: text for name, text in os.environ.items() if name not in _OF_A_PIPELINE},
    )
    _, errors = stop.process.communicate()
    lines = [line.removeprefix("loadtest: ") for line in errors.splitlines() if line.strip()]
    return stop.process.returncode, tuple(lines)
