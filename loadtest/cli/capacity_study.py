"""A study from its first trial to its report: the only place where its parts meet.

After each trial ``capacity.json`` and the report are written, so that whatever happens later, what
is known is kept, ``--resume`` goes on from there, and the web UI shows the course of the study.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import msgspec
from rich.console import Console

from loadtest.capacity.answer import load_text
from loadtest.capacity.judged import TrialPlan, judged
from loadtest.capacity.planning import AxisPlan, Lengths
from loadtest.capacity.progress import StudyProgress
from loadtest.capacity.rendering import render_study
from loadtest.capacity.running.prometheus import Prometheus, PrometheusError
from loadtest.capacity.running.server_use import ServerSampler, use_between
from loadtest.capacity.running.trial_process import TrialFailedError, run_trial
from loadtest.capacity.search import Next, Stop, StoppedBy
from loadtest.capacity.studied import StudyFacts, search_of, studied
from loadtest.capacity.study import ServerUse, Study, TrialRecord
from loadtest.capacity.study_tables import trial_table
from loadtest.capacity.terminal import printed_table, say
from loadtest.cli.locust_run import complain
from loadtest.clock import NS_PER_S, monotonic_ns, utc_now
from loadtest.metrics import ExitCode
from loadtest.report import RunFolder

__all__ = ["StudyRun", "Target"]

_LOG = "trials.log"
_LONGEST_SETTLE_S = 40.0
# At both ends of the hold, as it is not known to the second when a run's process began.
_MARGIN_S = 1.5


@dataclass(frozen=True, slots=True)
class Target:
    """What a trial runs, and who watches the server."""

    profile: str
    arguments: list[str]
    """Of ``loadtest run``, apart from the profile."""
    server_pid: int | None
    prometheus: Prometheus | None


class StudyRun:
    """One study.

    Args:
        console: Where it shows itself.
        plan: What a load means.
        facts: What is known beforehand.
        folder: Its folder.
        target: What a trial runs.
        earlier: The study that is resumed.
    """

    def __init__(
        self,
        console: Console,
        plan: AxisPlan,
        facts: StudyFacts,
        folder: Path,
        target: Target,
        earlier: Study | None,
    ) -> None:
        self._console = console
        self._plan = plan
        self._facts = facts
        self._folder = folder
        self._target = target
        self._trials: list[TrialRecord] = list(earlier.trials) if earlier is not None else []
        self._elapsed_before_s = earlier.elapsed_s if earlier is not None else 0.0
        self._settle_s = facts.settings.settle_s
        self._patience = 1.0
        self._started_ns = monotonic_ns()
        self._progress: StudyProgress | None = None
        self._has_complained = False
        self._interrupts = _Interrupts()

    @property
    def _spent_s(self) -> float:
        """Seconds of the budget that are gone."""
        return (monotonic_ns() - self._started_ns) / NS_PER_S

    def run(self) -> int:
        """Search until the end, write the report, and return the exit code."""
        self._progress = StudyProgress(self._console)
        try:
            with self._interrupts.taken():
                by = self._search()
        except TrialFailedError:
            self._write(None)
            raise
        finally:
            self._progress.close()
        study = self._write(by)
        self._print(study)
        if by is StoppedBy.PERSON:
            return ExitCode.STOPPED
        has_answer = study.limit is not None and by is not StoppedBy.GENERATOR
        return ExitCode.PASSED if has_answer else ExitCode.INCONCLUSIVE

    def _search(self) -> StoppedBy:
        assert self._progress is not None
        while True:
            if self._interrupts.count:
                return StoppedBy.PERSON
            decision = search_of(self._facts, self._trials).decide()
            if isinstance(decision, Stop):
                return decision.by
            load = self._plan.snapped(decision.load)
            lengths = self._plan.lengths(
                load, self._facts.settings, self._settle_s, patience=self._patience
            )
            left_s = self._facts.settings.budget_s - self._spent_s
            # The last trial may be a little longer than planned, but never begins too late.
            if self._trials and lengths.trial_s > left_s:
                return StoppedBy.BUDGET
            trial = self._trial(load, decision, lengths)
            if trial is None:
                return StoppedBy.PERSON
            self._trials.append(trial)
            study = self._write(None)
            self._progress.take(study, self._facts.settings.budget_s - self._spent_s)

    def _trial(self, load: float, decision: Next, lengths: Lengths) -> TrialRecord | None:
        """Run one trial; None if a person ended it."""
        watch = _Watch(self, load, lengths)
        done = run_trial(
            self._arguments(load, lengths),
            self._folder,
            self._folder / _LOG,
            each_tick=watch.tick,
            interrupts=lambda: self._interrupts.count,
        )
        if done.is_stopped or done.folder is None:
            return None
        can_wait_longer = 2 * self._settle_s <= _LONGEST_SETTLE_S
        plan = TrialPlan(
            load,
            decision.phase.value,
            lengths.ramp_s + lengths.settle_s,
            lengths.hold_s,
            is_settling_judged=can_wait_longer,
        )
        run = RunFolder.open(done.folder)
        trial = judged(
            plan,
            run.read_summary(),
            run.read_timeline(),
            length_s=done.length_s,
            server=watch.use(plan),
        )
        if trial.outcome == "invalid" and not trial.is_load_to_blame:
            self._be_patient(can_wait_longer)
        return trial

    def _be_patient(self, can_wait_longer: bool) -> None:
        """Let the next trial take longer: the last one was too short to decide anything."""
        if can_wait_longer:
            self._settle_s *= 2
        self._patience *= 2

    def _arguments(self, load: float, lengths: Lengths) -> list[str]:
        arguments = [self._target.profile, *self._target.arguments]
        for change in self._plan.overrides(load, lengths):
            arguments += ["--set", change]
        if self._plan.axis == "devices":
            arguments += ["--devices", f"{load:.0f}"]
        return arguments

    def begin(self, load: float, lengths: Lengths) -> None:
        """Say that a trial begins."""
        assert self._progress is not None
        shown = load_text(load, self._facts.axis)
        self._progress.begin(len(self._trials) + 1, shown, lengths.trial_s)

    def show(self, load: float, lengths: Lengths, at_s: float) -> None:
        """Show how far a trial is."""
        assert self._progress is not None
        number, shown = len(self._trials) + 1, load_text(load, self._facts.axis)
        self._progress.tick(f"trial {number} at {shown}: {at_s:.0f} of {lengths.trial_s:.0f} s")

    def _write(self, by: StoppedBy | None) -> Study:
        study = studied(self._facts, self._trials, by, self._elapsed_before_s + self._spent_s)
        render_study(self._folder, study)
        return study

    def _print(self, study: Study) -> None:
        console = self._console
        console.print()
        console.print(printed_table(trial_table(study), console))
        console.print()
        say(console, study.answer, "bold")
        if study.advice:
            say(console, f"What to do: {study.advice}.")
        if study.usl is not None:
            say(console, f"{study.usl.diagnosis[0].upper()}{study.usl.diagnosis[1:]}.")
        say(console, f"\n{self._folder}\n  capacity.json  capacity.md  report.html")

    @property
    def folder(self) -> Path:
        """The study's folder."""
        return self._folder

    @property
    def target(self) -> Target:
        """What a trial runs."""
        return self._target

    def queried(self, from_s: float, to_s: float) -> dict[str, float | None]:
        """Return the figures of Prometheus between two instants of the epoch."""
        if self._target.prometheus is None:
            return {}
        try:
            return self._target.prometheus.means(from_s, to_s)
        except PrometheusError as error:
            if not self._has_complained:
                self._has_complained = True
                complain(str(error))
            return {name: None for name, _ in self._target.prometheus.queries}


class _Watch:
    """Looks at the server while a trial goes on, and at the clock."""

    def __init__(self, study: StudyRun, load: float, lengths: Lengths) -> None:
        self._study = study
        self._load = load
        self._lengths = lengths
        self._sampler = ServerSampler(study.target.server_pid)
        self._before = set(study.folder.iterdir())
        self._began_s: float | None = None
        self._started_epoch_s = utc_now().timestamp()
        study.begin(load, lengths)

    def tick(self, pid: int, at_s: float) -> None:
        """Take a sample, and show how far the trial is."""
        if self._began_s is None and any(
            path.is_dir() for path in set(self._study.folder.iterdir()) - self._before
        ):
            self._began_s = at_s
        self._sampler.sample(pid, at_s)
        self._study.show(self._load, self._lengths, at_s)

    def use(self, plan: TrialPlan) -> ServerUse | None:
        """Return what the server used while the load was held."""
        if self._began_s is None:
            return None
        from_s = self._began_s + plan.hold_from_s + _MARGIN_S
        to_s = self._began_s + plan.hold_from_s + plan.hold_s - _MARGIN_S
        start = self._started_epoch_s
        queries = self._study.queried(start + from_s, start + to_s)
        use = use_between(self._sampler.samples, from_s, to_s)
        if use is None and not queries:
            return None
        return msgspec.structs.replace(use or ServerUse(), queries=queries)


class _Interrupts:
    """Counts how often a person wanted an end, by Ctrl-C or SIGTERM.

    Nothing is raised: gevent, under which this process runs, would print a traceback for it.
    """

    def __init__(self) -> None:
        self.count = 0

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Take both signals while the context is open."""
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = [(number, signal.signal(number, self._take)) for number in numbers]
        try:
            yield
        finally:
            for number, handler in before:
                signal.signal(number, handler)

    def _take(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
