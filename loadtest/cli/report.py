"""The verb ``report``: the reports of an earlier run, from its summary or from its recording."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from loadtest.cli.run import add_ending_arguments
from loadtest.errors import UsageError
from loadtest.recording import Replay, replay
from loadtest.report import RunFolder, print_summary, render_again, write_results
from loadtest.report.renderings import FORMATS
from loadtest.report.run_record import RunRecord, run_results

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.add_argument(
        "folder",
        nargs="?",
        metavar="RUN",
        help="run id, folder or summary.json of the run (default: the latest one)",
    )
    parser.add_argument("--results", type=Path, default=Path("results"), metavar="DIR")
    parser.add_argument(
        "--format",
        action="append",
        default=[],
        choices=tuple(FORMATS),
        dest="formats",
        help="make only this file again, and print where it is; repeatable (default: all)",
    )
    add_ending_arguments(parser)
    parser.add_argument(
        "--from-recording",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="judge the run again from its recording: FILE, and FILE.1 … of its workers",
    )
    parser.add_argument(
        "--into",
        type=Path,
        metavar="DIR",
        help="new folder for the results of a recording (default: FILE.report)",
    )


def run(options: argparse.Namespace) -> int:
    """Write the reports again and print the summary."""
    if options.folder and options.from_recording:
        raise UsageError("name either the folder of a run or, with --from-recording, its recording")
    if options.from_recording:
        folder = _judge_again(options.from_recording, options.into)
    else:
        folder = _folder(options.folder, options.results)
        made = render_again(folder, options.formats)
        if options.formats:
            for path in made:
                print(path)
            return 0
    print_summary(Console(), folder.read_summary(), folder.path, options.ending)
    return 0


def _folder(named: str | None, results: Path) -> RunFolder:
    """Return the folder of the run that is named, or of the latest one.

    Raises:
        UsageError: There is none.
    """
    if named is None:
        found = sorted(results.glob("*/summary.json"))
        if not found:
            raise UsageError(
                f"{results}: there is no run in it; name one, or another --results DIR"
            )
        return RunFolder.open(found[-1].parent)  # run ids sort by time
    path = Path(named)
    if path.name == "summary.json":
        return RunFolder.open(path.parent)
    return RunFolder.open(path if path.is_dir() or "/" in named else results / named)


def _judge_again(paths: list[Path], into: Path | None) -> RunFolder:
    played = replay(paths)
    if played.record is None:
        raise UsageError(
            f"{paths[0]}: the run's facts are not in it; name the file without a number, too"
        )
    record = RunRecord.from_plain(played.record)
    for problem in _problems(played, record):
        print(f"loadtest report: {problem}", file=sys.stderr)
    results = run_results(played.totals, _completed(record, played))
    folder = RunFolder(into or paths[0].with_name(f"{paths[0].name}.report"))
    try:
        folder.path.mkdir()
    except OSError as error:
        raise UsageError(f"{folder.path}: cannot be made: {error.strerror}; use --into") from error
    write_results(folder, results)
    return folder


def _missing(played: Replay, record: RunRecord) -> list[int]:
    return [n for n in range(record.facts.workers) if n not in played.totals.workers]


def _problems(played: Replay, record: RunRecord) -> list[str]:
    problems = [*played.cuts.values()]
    problems += [f"worker {n} is missing: name its file, too" for n in _missing(played, record)]
    return problems


def _completed(record: RunRecord, played: Replay) -> RunRecord:
    """Return the record with what is known better now: a worker without an end is lost."""
    facts = record.facts
    unfinished = len(played.cuts) + len(_missing(played, record))
    facts = replace(
        facts, workers_lost=max(unfinished, facts.workers_lost if record.is_final else 0)
    )
    if not record.is_final:
        facts = replace(facts, duration_s=played.length_s)
    return replace(record, facts=facts)
