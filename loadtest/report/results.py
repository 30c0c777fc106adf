"""Every file of a run from what the run left behind, and the renderings again later.

The summary is written first, and a file that cannot be written takes no other with it.
"""

import contextlib
import datetime
import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from loadtest.errors import UsageError
from loadtest.report.figures import Summary, TimelineRow
from loadtest.report.files import RunFolder
from loadtest.report.latency_log import LatencyInterval
from loadtest.report.renderings import FORMATS, Rendering

_logger = logging.getLogger("loadtest")

__all__ = ["RunResults", "render_again", "write_again", "write_results"]


@dataclass(frozen=True, slots=True)
class RunResults:
    """What a run leaves behind."""

    summary: Summary
    timeline: Sequence[TimelineRow]
    """A row per second, in the order of time."""
    latency: Iterable[LatencyInterval]
    started: datetime.datetime
    profile_toml: str


def write_results(folder: RunFolder, results: RunResults) -> None:
    """Write every file of a run into its folder.

    Raises:
        UsageError: files could not be written, a problem for each; the others are there.

    """
    _write_each(
        (
            lambda: folder.write_summary(results.summary),
            lambda: folder.write_timeline(results.timeline),
            lambda: folder.write_profile(results.profile_toml),
            lambda: folder.write_latency_log(results.latency, results.started),
            *_renderings(folder, results.summary, results.timeline),
        )
    )


def write_again(folder: RunFolder, results: RunResults) -> None:
    """Write what says how the run went once more, after files of it could not be written.

    What cannot be written now is removed: no file may say another verdict than the process does.
    """
    folder.forget_verdict()
    with contextlib.suppress(UsageError):  # the caller has told of it
        _write_each(
            (
                lambda: folder.write_summary(results.summary),
                *_renderings(folder, results.summary, results.timeline),
            )
        )


def render_again(folder: RunFolder, formats: Collection[str] = ()) -> tuple[Path, ...]:
    """Make renderings anew from the files of an earlier run, and return where they are.

    Args:
        folder: The run.
        formats: Keys of ``FORMATS``; none: all of them.

    Raises:
        UsageError: its summary cannot be read, or a file cannot be written.

    """
    summary, timeline = folder.read_summary(), folder.read_timeline()
    _write_each(_renderings(folder, summary, timeline, formats or FORMATS))
    return tuple(folder.path / FORMATS[each].file for each in formats or FORMATS)


def _renderings(
    folder: RunFolder,
    summary: Summary,
    timeline: Sequence[TimelineRow],
    formats: Iterable[str] = FORMATS,
) -> tuple[Callable[[], Path], ...]:
    return tuple(
        partial(_write_rendering, folder, FORMATS[each], summary, timeline) for each in formats
    )


def _write_rendering(
    folder: RunFolder, rendering: Rendering, summary: Summary, timeline: Sequence[TimelineRow]
) -> Path:
    return folder.write_text(rendering.file, rendering.text(summary, timeline))


def _write_each(files: Iterable[Callable[[], Path]]) -> None:
    problems: list[str] = []
    for write in files:
        try:
            write()
        except UsageError as error:
            problems += error.problems
        except Exception as error:
            # A defect in one rendering must not take the others with it, nor the verdict.
            _logger.exception("a file of the results could not be made")
            problems.append(f"a file could not be made: {error!r}; please report it")
    if problems:
        raise UsageError(*problems)
