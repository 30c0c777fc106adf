"""From what the workers report to results: progress, summary, verdict, files.

It lives in the process that leads a run. Whatever ends the run, what had been reported by then is
written, once.
"""

import logging
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

import loadtest
from loadtest.clock import NS_PER_S, US_PER_MS, Clock, monotonic_ns, utc_now
from loadtest.errors import UsageError
from loadtest.metrics import Collection, ExitCode, Totals, Verdict
from loadtest.metrics.clocks.state import ClockState, uncertainty_between_ms
from loadtest.metrics.figures.timeline import TimelineRow
from loadtest.metrics.verdict.abort import Abort, AbortWatch
from loadtest.metrics.verdict.grammar import parse_all
from loadtest.metrics.verdict.verdict import CODE_RAISED
from loadtest.recording import Journal
from loadtest.recording.journal import RunFrame
from loadtest.report import (
    Progress,
    ProgressView,
    RunFolder,
    html_report,
    print_summary,
    write_again,
    write_results,
)
from loadtest.report.figures import Summary
from loadtest.report.run_record import RunRecord, run_results
from loadtest.report.screen import printable
from loadtest.report.summary import END_TOLERANCE_S, RunFacts, build_summary, standing
from loadtest.run.leader.failures import failure_lines
from loadtest.run.leader.pipeline import tell_pipeline
from loadtest.run.leader.shortfall import add_shortfall
from loadtest.run.options import RunOptions
from loadtest.run.presentation import presentation
from loadtest.run.run_log import RunLog
from loadtest.run.versions import versions
from loadtest.selftest.outcome import latest_outcome
from loadtest.web.desk import WorkerState
from loadtest.web.live import LiveRun

__all__ = ["RunContext", "RunResults"]

_logger = logging.getLogger("loadtest")


@dataclass(frozen=True, slots=True)
class RunContext:
    """What a run is apart from its options."""

    host: str
    """The target's address."""
    is_embedded: bool
    """Whether that is our own reference server."""
    workers: int = 1
    """How many processes carry users."""
    is_open_workload: bool = True
    """Whether the profile's schedule decides what is due, and not a person's tasks."""
    has_implied_thresholds: bool = False
    """Whether the thresholds are those of a profile that nobody named."""
    duration_s: float | None = None
    """How long it is to last; None: until somebody stops it."""
    push_sink: Callable[[], dict[str, Any]] | None = None
    """Tells what the push sink got since the run began; None: there is none."""


class RunResults:
    """One run, as the process sees it that leads it.

    Args:
        options: What the user asked for.
        context: What the run is apart from its options.
        random: For the run id.
        end: Ends the run before its time, because a threshold wants it.
        clock: For tests.

    Raises:
        UsageError: The results folder or the recording cannot be made.
    """

    def __init__(
        self,
        options: RunOptions,
        context: RunContext,
        *,
        random: random.Random,
        end: Callable[[], object] = lambda: None,
        clock: Clock = monotonic_ns,
    ) -> None:
        self._profile = profile = options.profile
        self._load = options.planned_load
        self._network = options.network
        self._context = context
        self._clock = clock
        self._started = utc_now()
        self._started_ns = clock()
        self._folder = RunFolder.create(Path(options.results), profile.name, self._started, random)
        self._collection = Collection()
        self.final_workers: set[int] = set()
        """Numbers of the workers that have handed in their last report."""
        self._early: set[int] = set()
        """Numbers of the workers that have ended in order, but before anybody told them to."""
        self._sent_s: float | None = None
        """How long sending took; None: it goes on."""
        self._clocks: dict[int, ClockState] = {}
        self._readers: set[str] = set()
        self._errors: dict[str, int] = {}
        self._user_errors: dict[str, int] = {}
        self._target_gone = ""
        self._is_stopped = False
        self.is_draining = False
        """Whether sending has ended and what is in flight is awaited."""
        self._verdict: Verdict | None = None
        self._codes: set[str] = set()
        """Codes of the reasons for the verdict."""
        self._unwritten: tuple[str, ...] = ()
        """Which files of the results could not be written, and why."""
        self._end = end
        self._watch = AbortWatch(parse_all(profile.thresholds))
        self._aborted: Abort | None = None
        self.journal: Journal | None = None
        """The recording of this process."""
        self.live: LiveRun | None = None
        """Its course for the screens in a browser; None: there are none."""
        self._final: Summary | None = None
        """The summary, once the run is over."""
        if options.record:
            self._begin_recording(Path(options.record))
        self._log = RunLog(self._folder.log_path)
        self._begin_showing(context.duration_s or profile.run.duration_s)

    def _begin_showing(self, duration_s: float) -> None:
        self._console = Console(stderr=presentation.keeps_output_free)
        shows_progress = presentation.shows_progress
        self._progress = Progress(self._console, duration_s) if shows_progress else None

    def _begin_recording(self, path: Path) -> None:
        # Only a later run of the same process finds the file there.
        self.journal = Journal(Path(f"{path}.{self.run_id}") if path.exists() else path)
        self._keep(self._record(is_final=False))

    @property
    def run_id(self) -> str:
        """Name of the results folder."""
        return self._folder.run_id

    @property
    def profile(self) -> dict[str, Any]:
        """The profile as it was resolved, without its secrets."""
        return self._profile.without_secrets().resolved()

    @property
    def planned_s(self) -> float | None:
        """How long the run is to last; None: until somebody stops it."""
        return self._context.duration_s

    @property
    def folder(self) -> Path:
        """Folder of the results."""
        return self._folder.path

    @property
    def is_finished(self) -> bool:
        """Whether the results are written."""
        return self._verdict is not None

    @property
    def ends_early(self) -> bool:
        """Whether the planned end of the run has not come yet."""
        planned_s = self._context.duration_s
        return planned_s is not None and self.elapsed_s < planned_s - END_TOLERANCE_S

    @property
    def elapsed_s(self) -> float:
        """How long it has lasted; once it is over, how long it did."""
        if self._final is not None:
            return float(self._final["duration_s"])
        return (self._clock() - self._started_ns) / NS_PER_S

    @property
    def exit_code(self) -> ExitCode:
        """What the process should end with."""
        if self._verdict is None:
            return ExitCode.INCONCLUSIVE
        return self._verdict.exit_code

    def process_exit_code(self, asked: int) -> int:
        """Return the exit code of the process; ``asked`` is Locust's ``--exit-code-on-error``."""
        if not self.has_only_user_errors:
            return int(self.exit_code)
        # Locust's default is 1, which says here that a threshold broke, and nothing else.
        return int(ExitCode.CODE_RAISED) if asked == ExitCode.FAILED else asked

    @property
    def has_only_user_errors(self) -> bool:
        """Whether nothing but code of the locustfile has taken a PASS away."""
        return self._verdict is Verdict.INCONCLUSIVE and self._codes == {CODE_RAISED}

    # --- while the run goes on -----------------------------------------------------------------

    def take(self, snapshot: dict[str, Any], *, is_final: bool) -> None:
        """Take what a worker reports.

        Raises:
            UsageError: The worker has another version of this package.
        """
        self._collection.take(snapshot)
        if is_final:
            self.final_workers.add(snapshot["worker"])
        if self.live is not None and not self.is_finished:
            self.live.take(self._collection, snapshot["worker"], is_last=is_final)
        if self._progress is not None and not self.is_finished:
            self._progress.update(self._view())
        self._abort_if_broken()

    def _abort_if_broken(self) -> None:
        """End the run if a threshold broke that wants it."""
        is_over = self.is_draining or self._aborted is not None or self.is_finished
        if is_over or not self._watch.is_needed:
            return
        if not self._watch.is_due(self.elapsed_s):
            return
        figures = self._collection.figures_so_far()
        summary = build_summary(Totals(figures), self._facts())
        self._aborted = self._watch.broken(
            lambda threshold: standing(threshold, summary, figures), self.elapsed_s
        )
        if self._aborted is not None:
            self.say(f"threshold {self._aborted.expression!r} broke: the run ends")
            self._end()

    def say(self, text: str) -> None:
        """Tell a person how the preparation goes; the run's log gets it too."""
        self._log.detail(text)
        if presentation.shows_progress:
            self._console.print(Text(printable(text, self._console)), soft_wrap=True)
        else:
            _logger.info(text)

    def note_begun(self) -> None:
        """Take note that what was to be there is there: the run lasts from now on."""
        self._started_ns = self._clock()
        if self.live is not None:
            self.live.restart(self._started_ns)

    def give_up(self) -> None:
        """End a run that cannot begin: it has no results, only its log."""
        if self._progress is not None:
            self._progress.close()
        if self.journal is not None:
            self.journal.close()
        self._log.close()

    def note_clock(self, worker: int, clock: ClockState) -> None:
        """Take what a worker knows of its clock."""
        self._clocks[worker] = clock

    def note_reader(self, name: str) -> None:
        """Take which reader the devices of a worker have."""
        self._readers.add(name)

    def note_draining(self) -> None:
        """Take note that sending has ended and what is in flight is awaited."""
        self.is_draining = True
        self._sent_s = self.elapsed_s

    def note_stopped(self) -> None:
        """Take note that a person stopped the run."""
        self._is_stopped = True

    def note_user_errors(self, raised: Iterable[tuple[str, str, int]]) -> None:
        """Take what tasks and handlers have raised: each text, a traceback of it, and how often."""
        for text, trace, times in raised:
            if text not in self._user_errors:
                self._log.detail(f"raised {times} times in the locustfile:\n{trace}", logging.ERROR)
            self._user_errors[text] = times

    def note_error(self, text: str) -> None:
        """Take note of a defect of our own, which makes the run inconclusive.

        The terminal gets the last line, which says what it is; the run's log gets everything.
        """
        self._errors[text] = self._errors.get(text, 0) + 1
        if self._errors[text] == 1:
            lines = text.strip().splitlines() or ["an error without a text"]
            self._mark("error", lines[-1])
            self._log.detail(text, logging.ERROR)
            presentation.complain(f"{lines[-1]} (see {self._folder.log_path})")

    def note_target_gone(self, how: str) -> None:
        """Take note that the embedded server has ended before the run, and ``how``."""
        if not self._target_gone:
            self._target_gone = how
            self._mark("error", f"the embedded server is {how}")
            presentation.complain(f"the embedded server is {how}: the run ends")

    def note_early(self, number: int, name: str) -> None:
        """Take note that a worker has ended before anybody told it to."""
        self._early.add(number)
        self._mark("worker", f"worker {number + 1} ended early")
        text = (
            f"worker {number + 1} of {self._context.workers} ({name}) ended before it was told to,"
            f" {self.elapsed_s:.0f} s into the run: its users are missing from then on"
        )
        self._log.detail(text, logging.ERROR)
        presentation.complain(text)

    def note_lost(self, number: int, name: str) -> None:
        """Take note that a worker has handed in no final report."""
        if number in self._early:
            return  # this was said when it ended
        self._mark("worker", f"worker {number + 1} is lost")
        known = self._collection.newest_number(number)
        text = (
            f"worker {number + 1} of {self._context.workers} ({name}) is lost: its figures "
            f"end with its report number {known}, of one each second"
        )
        self._log.detail(text, logging.ERROR)
        presentation.complain(text)

    def _view(self) -> ProgressView:
        row = self._collection.latest_row() or TimelineRow()
        p99_us = row.latency.percentile_us(99)
        lag_us = row.lag.percentile_us(99)
        return ProgressView(
            phase="draining" if self.is_draining else "running",
            elapsed_s=self.elapsed_s,
            devices=row.devices,
            devices_planned=self._profile.devices_in_run,
            user_sessions=row.user_sessions,
            chat_sessions=row.chat_sessions,
            messages_per_s=float(row.messages),
            deliveries_per_s=float(row.deliveries),
            p99_ms=None if p99_us is None else p99_us / US_PER_MS,
            lost=self._collection.lost_count(),
            lag_ms=None if lag_us is None else lag_us / US_PER_MS,
        )

    def _mark(self, kind: str, text: str) -> None:
        if self.live is not None:
            self.live.mark(kind, text)

    # --- for the screens in a browser ----------------------------------------------------------

    def watch(self) -> LiveRun:
        """Keep the course of the run from now on, for the screens in a browser."""
        self.live = LiveRun(self._started_ns, self._clock)
        return self.live

    def summary(self) -> Summary:
        """Return the summary of this instant, as if the run ended well now; then the final one."""
        if self._final is not None:
            return self._final
        totals = self._collection.totals_so_far(final=self.final_workers)
        seconds = tuple(self.live.seconds) if self.live is not None else ()
        return build_summary(replace(totals, timeline=seconds), self._facts_so_far())

    def report(self) -> str:
        """Return the HTML report of this instant."""
        totals = self._collection.totals(final=self.final_workers)
        summary = self._final or build_summary(totals, self._facts_so_far())
        return html_report(summary, [row.columns() for row in totals.timeline])

    def _facts_so_far(self) -> RunFacts:
        """Return what is known of the run; final reports cannot be there yet."""
        lost = len(self._early)
        return replace(self._facts(), workers_lost=lost, planned_s=None, sending_s=None)

    def worker_states(self) -> list[WorkerState]:
        """Return what is known of each worker."""
        if self.live is None:
            return []
        return [
            WorkerState(view, self._clocks.get(view.number), view.number in self._early)
            for view in self.live.workers(self._collection)
        ]

    # --- the end -------------------------------------------------------------------------------

    def finish(self) -> None:
        """Judge the run, write its files and print its summary; only the first call counts.

        The summary is printed whatever happens to the files, and says so if they are not there.
        """
        if self.is_finished:
            return
        if self._progress is not None:
            self._progress.close()
        totals = self._collection.totals(final=self.final_workers)
        self._count_shortfall(totals)
        record = self._record(is_final=True)
        self._keep(record)
        results = run_results(totals, record)
        for line in failure_lines(totals):
            self._log.detail(line)
        self._log.close()
        try:
            write_results(self._folder, results)
        except UsageError as error:
            presentation.complain(str(error))
            self._unwritten = error.problems
            results = run_results(totals, self._record(is_final=True))
            write_again(self._folder, results)
        self._final = results.summary
        self._verdict = Verdict(results.summary["verdict"])
        self._codes = {reason["code"] for reason in results.summary["reasons"]}
        print_summary(self._console, results.summary, self._folder.path, presentation.ending)
        tell_pipeline(results.summary)

    def _count_shortfall(self, totals: Totals) -> None:
        """Count what was planned for workers that were not there to the end, as dropped."""
        context, sent_s = self._context, self._sent_s
        if not context.is_open_workload or sent_s is None:
            return
        absent_s = 0.0
        for number in set(range(context.workers)) - self.final_workers:
            missing_s = max(sent_s - self._collection.latest_s(number), 0)
            absent_s += missing_s * self._share_of(number)
        if absent_s:
            add_shortfall(totals.figures, self._load(), absent_s)

    def _share_of(self, number: int) -> float:
        """Return the share of the users that a worker was to carry."""
        cells, workers = self._profile.cells_in_run, self._context.workers
        if self._profile.run.span_workers:
            return 1 / workers
        return len(range(number, cells, workers)) / cells

    def _record(self, *, is_final: bool) -> RunRecord:
        """Return what is known of the run."""
        toml = self._profile.without_secrets().to_toml()
        return RunRecord(self._facts(), self._started, toml, is_final=is_final)

    def _keep(self, record: RunRecord) -> None:
        """Write what is known of the run into the recording, if there is one."""
        if self.journal is None:
            return
        self.journal.write(RunFrame(self.run_id, record.to_plain()))
        if record.is_final:
            self.journal.close()
            if self.journal.problem is not None:
                presentation.complain(self.journal.problem)

    def _facts(self) -> RunFacts:
        profile, context = self._profile, self._context
        workers_lost = max(context.workers - len(self.final_workers), 0)
        return RunFacts(
            run_id=self.run_id,
            host=context.host,
            dialect=profile.target.dialect,
            is_embedded=context.is_embedded,
            profile=profile.without_secrets().resolved(),
            seed=profile.run.seed,
            duration_s=self.elapsed_s,
            planned_s=context.duration_s,
            sending_s=self._sent_s,
            versions=versions(),
            readers=tuple(sorted(self._readers)),
            lag_p99_limit_ms=profile.generator.lag_p99_limit_ms,
            loop_lag_p99_limit_ms=profile.generator.loop_lag_p99_limit_ms,
            dropped_ratio_limit=profile.generator.dropped_ratio_limit,
            thresholds=parse_all(profile.thresholds),
            workers=context.workers,
            workers_lost=workers_lost,
            workers_early=len(self._early),
            clock_uncertainty_ms=uncertainty_between_ms(self._clocks.values()),
            clocks=tuple(sorted(self._clocks.items())),
            is_stopped=self._is_stopped,
            aborted=self._aborted,
            errors=tuple(self._errors),
            user_errors=tuple(sorted(self._user_errors.items(), key=lambda each: -each[1])),
            target_gone=self._target_gone,
            unwritten=self._unwritten,
            is_open_workload=context.is_open_workload,
            deviations=(*profile.deviations, *self._network.deviations),
            connection=self._network.notes(),
            has_implied_thresholds=context.has_implied_thresholds,
            selftest=latest_outcome(self._folder.path.parent, loadtest.__version__),
            push_sink=context.push_sink() if context.push_sink is not None else None,
        )
