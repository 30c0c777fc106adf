"""A Locust process that carries users of a run led elsewhere.

It ends when its leader says so. If it ends for another reason (a signal, an eviction), its last
report says that it is early: the leader must not take the run for a whole one.
"""

import logging
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gevent
import gevent.event
from locust.env import Environment
from locust.runners import WorkerRunner

from loadtest.clock import utc_now
from loadtest.device.readers import reader_name
from loadtest.errors import LoadtestError, UsageError
from loadtest.metrics import ExitCode
from loadtest.profile import Profile
from loadtest.recording import Journal
from loadtest.run.bus import token_of
from loadtest.run.hang_up import end_at_hang_up
from loadtest.run.interrupts import Interrupts
from loadtest.run.messages import MessageKind, PushBatch, WorkerBatch, WorkerError, WorkerReport
from loadtest.run.output import guard_output
from loadtest.run.parent_death import is_orphan
from loadtest.run.presentation import presentation, quiet_locust
from loadtest.run.run_plan import RunPlan
from loadtest.run.worker.active_run import clear_runtime, note_over, set_runtime
from loadtest.run.worker.admission import Introduction
from loadtest.run.worker.clock_sync import ClockSync
from loadtest.run.worker.leader_watch import SILENCE_S, LeaderWatch
from loadtest.run.worker.locust_stats import add_rows
from loadtest.run.worker.runtime import Report, WorkerRuntime

__all__ = ["RunWorker"]

# A Ctrl-C reaches all processes of a terminal. If the master has not said by then that the run
# ends, it was meant for this worker alone.
_MASTER_DECIDES_WITHIN_S = 2

_logger = logging.getLogger("loadtest")


class RunWorker:
    """One worker, through all runs of its master."""

    def __init__(self, environment: Environment, runner: WorkerRunner) -> None:
        self._environment = environment
        self._worker = runner
        self._plan: RunPlan | None = None
        self._runtime: WorkerRuntime | None = None
        self._journal: Journal | None = None
        self._clocks: ClockSync | None = None
        self._watch: LeaderWatch | None = None
        try:
            token = token_of(environment.parsed_options or Namespace())
        except UsageError as error:
            presentation.complain(str(error))
            sys.exit(ExitCode.USAGE)
        self._introduction = Introduction(runner, token)
        self._is_told_to_end = gevent.event.Event()
        self._is_at_planned_end = False
        self._ends_early = False
        guard_output()
        end_at_hang_up()
        if presentation.hides_locust:
            quiet_locust()

    def listen(self) -> None:
        """Register with the events of this environment, with interrupts, and for messages."""
        hooks = self._environment.events
        listeners: tuple[tuple[Any, Callable[..., None]], ...] = (
            (hooks.test_start, self._test_start),
            (hooks.spawning_complete, self._spawning_complete),
            (hooks.test_stopping, self._finish),
            (hooks.quitting, self._quitting),
            (hooks.heartbeat_received, self._heard_leader),
        )
        for hook, listener in listeners:
            hook.add_listener(listener)
        self._worker.register_message(MessageKind.PLAN, self._take_plan)
        self._worker.register_message(MessageKind.PUSHES, self._take_pushes)
        self._worker.register_message(MessageKind.PONG, self._take_pong)
        self._worker.register_message(MessageKind.BATCH, self._take_batch)
        self._worker.register_message(MessageKind.GONE, self._take_gone)
        # In greenlets of their own: the one that takes messages must go on taking them.
        self._worker.register_message(MessageKind.DRAIN, self._drain, concurrent=True)
        self._worker.register_message(MessageKind.HURRY, self._hurry, concurrent=True)
        self._introduction.begin()
        Interrupts((self._interrupted, self._leave), is_running=lambda: True).install()

    # --- the beginning -------------------------------------------------------------------------

    def _take_plan(self, msg: Any, **_: object) -> None:  # noqa: ANN401 - Locust's message
        self._is_told_to_end.clear()
        self._is_at_planned_end = self._ends_early = False
        if not self._introduction.is_leader_known:
            return  # it was said why, when it did not show the token
        try:
            self._plan = RunPlan.from_message(msg.data)
        except LoadtestError as error:
            self._refuse(str(error))

    def _test_start(self, **_: object) -> None:
        forget = note_over if self._is_told_to_end.is_set() else clear_runtime
        forget(self._environment)
        plan, self._plan = self._plan, None
        if plan is None:
            return  # the master was told, or starts users without us
        try:
            self._journal = Journal(Path(plan.record)) if plan.record else None
            runtime = WorkerRuntime(
                plan,
                Profile.from_resolved(plan.profile),
                on_report=lambda report: self._tell(plan, report),
                on_error=self._note_error,
                journal=self._journal,
            )
        except LoadtestError as error:
            self._refuse(str(error))
            return
        self._runtime = runtime
        set_runtime(self._environment, runtime)
        self._clocks = ClockSync(self._ping, runtime.set_clock_offset)
        if runtime.spanning is not None:
            runtime.spanning.send_with(lambda to, content: self._send_batch(plan, to, content))
        self._clocks.start()
        self._watch = LeaderWatch(plan.duration_s, self._end_as_planned, self._lose_leader)
        self._watch.start()
        runtime.start()

    def _refuse(self, text: str) -> None:
        self._worker.send_message(MessageKind.ERROR, WorkerError(text, is_fatal=True).to_message())

    def _spawning_complete(self, **_: object) -> None:
        if self._runtime is not None:
            self._runtime.spawning_completed()

    # --- while it goes on ----------------------------------------------------------------------

    def _ping(self, sent_ns: int) -> None:
        self._worker.send_message(MessageKind.PING, {"sent_ns": sent_ns})

    def _take_pong(self, msg: Any, **_: object) -> None:  # noqa: ANN401 - Locust's message
        if self._clocks is not None:
            self._clocks.take_pong(msg.data["sent_ns"], msg.data["remote_ns"])

    def _send_batch(self, plan: RunPlan, to: int, content: bytes) -> None:
        self._worker.send_message(
            MessageKind.BATCH, WorkerBatch(plan.run, to, content).to_message()
        )

    def _take_batch(self, msg: Any, **_: object) -> None:  # noqa: ANN401 - Locust's message
        batch = WorkerBatch(**msg.data)
        if self._runtime is not None and batch.run == self._runtime.plan.run:
            self._runtime.take_batch(batch.content)

    def _take_gone(self, msg: Any, **_: object) -> None:  # noqa: ANN401 - Locust's message
        if self._runtime is not None and msg.data["run"] == self._runtime.plan.run:
            self._runtime.lose_worker(msg.data["worker"])

    def _tell(self, plan: RunPlan, report: Report) -> None:
        add_rows(self._environment.stats, report.interval, utc_now().timestamp())
        clock = self._clocks.state if self._clocks is not None else None
        message = WorkerReport(
            plan.run,
            report.snapshot,
            report.is_final,
            is_early=report.is_final and self._ends_early,
            clock=clock.to_plain() if clock else None,
            reader=reader_name(),
        )
        self._worker.send_message(MessageKind.REPORT, message.to_message())

    def _note_error(self, text: str) -> None:
        self._worker.send_message(MessageKind.ERROR, WorkerError(text).to_message())

    def _take_pushes(self, msg: Any, **_: object) -> None:  # noqa: ANN401 - Locust's message
        batch = PushBatch(**msg.data)
        if self._runtime is not None and self._runtime.plan.run == batch.run:
            self._runtime.take_pushes(batch.pushes)

    # --- the end -------------------------------------------------------------------------------

    def _heard_leader(self, **_: object) -> None:
        if self._watch is not None:
            self._watch.heard()

    def _drain(self, **_: object) -> None:
        self._is_told_to_end.set()
        if self._plan is not None:
            # Its users are on their way; they must not begin after the end.
            run, self._plan = self._plan.run, None
            note_over(self._environment)
            self._worker.send_message(MessageKind.IDLE, {"run": run})
            return
        self._finish()

    def _hurry(self, **_: object) -> None:
        if self._runtime is not None:
            self._runtime.hurry()

    def _finish(self, **_: object) -> None:
        if self._runtime is not None:
            if self._runtime.is_sending:
                is_due = self._is_told_to_end.is_set() or self._is_at_planned_end
                self._ends_early = not is_due
            self._runtime.finish()
        if self._clocks is not None:
            self._clocks.stop()
        journal, self._journal = self._journal, None
        if journal is not None:
            journal.close()
            if journal.problem is not None:
                self._note_error(journal.problem)

    def _end_as_planned(self) -> None:
        """End the run here: its planned end has passed, and the leader has not said so."""
        self._is_at_planned_end = True
        self._finish()

    def _lose_leader(self) -> None:
        """End this worker: nobody is there any more who could take its reports."""
        if self._is_carrying:
            _logger.error("nothing came from the leader for %g s: this worker ends", SILENCE_S)
        self._end_at_once()
        self._worker.quit()

    def _end_at_once(self) -> None:
        if self._runtime is not None:
            self._runtime.hurry()
        self._finish()

    @property
    def _is_carrying(self) -> bool:
        return self._runtime is not None and self._runtime.is_sending

    def _quitting(self, **_: object) -> None:
        """End with the process, for whatever reason that ends."""
        if self._watch is not None:
            self._watch.stop()
        if is_orphan():
            self._end_at_once()
            return
        if self._is_carrying:
            # A signal to all processes of a host reaches the leader as well: it decides.
            self._is_told_to_end.wait(_MASTER_DECIDES_WITHIN_S)
        self._finish()

    def _interrupted(self) -> None:
        if not self._is_told_to_end.wait(_MASTER_DECIDES_WITHIN_S):
            self._leave()

    def _leave(self) -> None:
        """End this worker alone, with its final report."""
        if not self._is_told_to_end.is_set():
            self._finish()
            self._worker.quit()
