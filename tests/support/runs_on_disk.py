"""Folders of runs that were never made: a summary, and latencies if wanted."""

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from loadtest.comparison.replicates import Replicate, Side
from loadtest.metrics.figures.histogram import bucket_index
from loadtest.report.files import RunFolder
from loadtest.report.latency_log import LatencyInterval
from tests.support.replicates import MESSAGE

__all__ = ["write_run", "write_side"]

_STARTED = datetime.datetime(2026, 11, 22, 19, 15, tzinfo=datetime.UTC)


def write_run(
    folder: Path, summary: Mapping[str, Any], latencies_ms: Sequence[float] = ()
) -> Replicate:
    """Write the folder of a run and return it."""
    folder.mkdir(parents=True)
    run = RunFolder(folder)
    run.write_summary(summary)
    if latencies_ms:
        counts: dict[int, int] = {}
        for value in latencies_ms:
            index = bucket_index(round(1000 * value))
            counts[index] = counts.get(index, 0) + 1
        run.write_latency_log([LatencyInterval(MESSAGE, 0, 1, counts)], _STARTED)
    return Replicate(folder, run.read_summary())


def write_side(
    place: Path, summaries: Sequence[Mapping[str, Any]], latencies_ms: Sequence[float] = ()
) -> Side:
    """Write a folder of runs, numbered, and return them as a side."""
    runs = [
        write_run(place / f"run-{number}", summary, latencies_ms)
        for number, summary in enumerate(summaries, start=1)
    ]
    return Side(place.name, tuple(runs))
