"""A Locust process that leads a run whose users live on workers.

Locust's own shutdown drops the last reports of its workers. Here the master asks every worker to
drain before Locust stops it, and waits, with a limit, for the final reports of those that are
there.
"""

import contextlib
from collections.abc import Sequence
from typing import Any

import gevent
from locust import User
from locust.dispatch import UsersDispatcher
from locust.env import Environment
from locust.runners import STATE_MISSING, MasterRunner, WorkerNode

from loadtest.clock import monotonic_ns
from loadtest.errors import LoadtestError, UsageError
from loadtest.metrics.clocks.state import ClockState
from loadtest.run.bus import TOKEN_VARIABLE
from loadtest.run.leader.admission import Admission
from loadtest.run.leader.leader import RunLeader
from loadtest.run.leader.locust_dispatch import CellDispatcher
from loadtest.run.messages import MessageKind, PushBatch, WorkerBatch, WorkerError, WorkerReport
from loadtest.run.presentation import presentation
from loadtest.sink.service import Arrival

__all__ = ["MasterLeader"]

_POLL_S = 0.05
# What a worker may need beyond its two drains, to close its ledger and to answer.
_SPARE_S = 10.0


class MasterLeader(RunLeader):
    """Leads runs and carries no users."""

    def __init__(self, environment: Environment, runner: MasterRunner) -> None:
        super().__init__(environment, runner)
        self._master = runner
        self._run = ""
        self._workers: list[str] = []
        """Locust's ids of the workers of the run, by their number in it."""
        self._dispatcher: UsersDispatcher | None = None
        self._refused: set[str] = set()
        """Workers that take no part in the run, for a reason that they told."""
        self._gone: set[int] = set()
        """Numbers of workers that the others know to be lost."""
        self._patience_s = 0.0
        self._admission = Admission(runner, self.token, presentation.complain)
        # Locust declares a class, and calls it.
        environment.dispatcher_class = self._dispatcher_for  # type: ignore[assignment]

    def listen(self) -> None:
        """Register with the events of this environment, with interrupts, and for messages."""
        super().listen()
        self._admission.listen()
        self._master.register_message(MessageKind.REPORT, self._take_report)
        self._master.register_message(MessageKind.IDLE, self._take_idle)
        self._master.register_message(MessageKind.ERROR, self._take_error)
        self._master.register_message(MessageKind.PING, self._take_ping)
        self._master.register_message(MessageKind.BATCH, self._relay)

    # --- the beginning -------------------------------------------------------------------------

    def _dispatcher_for(
        self, worker_nodes: Sequence[WorkerNode], user_classes: Sequence[type[User]]
    ) -> UsersDispatcher:
        """Return what deals users to workers; during a run, Locust asks again if one is lost."""
        if self._dispatcher is None or not self.is_running:
            nodes = sorted(worker_nodes, key=lambda node: node.id)
            users_per_cell = self._users_per_cell()
            self._dispatcher = CellDispatcher(nodes, user_classes, users_per_cell)
        return self._dispatcher

    def _users_per_cell(self) -> int:
        """Return how many users follow each other on one worker."""
        if not self.is_profile_driven:
            return 1
        with contextlib.suppress(LoadtestError):  # the beginning of the run will say it
            profile = self.read_options().profile
            if not profile.run.span_workers:
                return profile.population_plan().users_per_cell
        return 1

    def begin(self) -> None:
        """Begin a run on the target: every worker is told the plan before it starts users.

        Raises:
            LoadtestError: It cannot be begun; nothing was sent.
        """
        self._workers = sorted(node.id for node in self._master.clients.ready)
        self._refused.clear()
        self._gone.clear()
        if self.read_options().profile.run.span_workers and not self.is_profile_driven:
            raise UsageError(
                "run.span_workers is true; it is for users whom a profile drives: a locustfile with"
                " tasks makes channels itself"
            )
        self._check_secrets()
        plan = self.begin_results(workers=len(self._workers))
        self._run = plan.run
        for number, worker in enumerate(self._workers):
            message = plan.for_worker(number, len(self._workers)).to_message()
            self._master.send_message(MessageKind.PLAN, message, client_id=worker)

    def _check_secrets(self) -> None:
        """Check that only workers that have shown a token are told a secret.

        Raises:
            UsageError: There are secrets, and no token.
        """
        names = self.read_options().secrets
        if names and not self._admission.is_guarded:
            raise UsageError(
                f"{', '.join(names)}: secret, and everybody who reaches this master's port would be"
                f" told it; give master and workers a token, in {TOKEN_VARIABLE} or by --token-file"
            )

    def abandon(self) -> None:
        """End the run without waiting for it: at once without the web UI, else the test."""
        super().abandon()
        # Locust drops it only with a test that has begun, and would use it for the next one.
        self._master._users_dispatcher = None

    # --- what workers say ----------------------------------------------------------------------

    def _take_report(self, msg: Any, **_: object) -> None:  # noqa: ANN401 - Locust's message
        report = WorkerReport(**msg.data)
        if self.results is None or report.run != self._run:
            return  # of a run before this one
        try:
            if report.is_early:
                self.results.note_early(report.snapshot["worker"], msg.node_id)
            is_final = report.is_final and not report.is_early
            self.results.note_reader(report.reader)
            self.results.take(report.snapshot, is_final=is_final)
            if report.clock is not None:
                self.results.note_clock(report.snapshot["worker"], ClockState(**report.clock))
        except LoadtestError as error:
            self.note_error(str(error))

    def _take_idle(self, msg: Any, **_: object) -> None:  # noqa: ANN401 - Locust's message
        """Take note of a worker that the end has reached before its beginning."""
        if self.results is not None and msg.data["run"] == self._run:
            self.results.final_workers.add(self._workers.index(msg.node_id))

    def _take_ping(self, msg: Any, **_: object) -> None:  # noqa: ANN401 - Locust's message
        pong = {"sent_ns": msg.data["sent_ns"], "remote_ns": monotonic_ns()}
        self._master.send_message(MessageKind.PONG, pong, client_id=msg.node_id)

    def _relay(self, msg: Any, **_: object) -> None:  # noqa: ANN401 - Locust's message
        """Hand what one worker tells another on to it; tell all of them who is lost."""
        batch = WorkerBatch(**msg.data)
        if batch.run != self._run:
            return
        alive = self._alive()
        for number, worker in enumerate(self._workers):
            if worker not in alive and number not in self._gone:
                self._gone.add(number)
                self._master.send_message(MessageKind.GONE, {"run": self._run, "worker": number})
        if batch.to not in self._gone:
            to = self._workers[batch.to]
            self._master.send_message(MessageKind.BATCH, msg.data, client_id=to)

    def _take_error(self, msg: Any, **_: object) -> None:  # noqa: ANN401 - Locust's message
        error = WorkerError(**msg.data)
        self.note_error(f"worker {msg.node_id}: {error.text}")
        if error.is_fatal:
            self._refused.add(msg.node_id)
            self.abandon()

    def deliver_pushes(self, pushes: list[Arrival]) -> None:
        """Tell every worker of pushes: only the one whose channel it is takes one."""
        if self.is_running:
            self._master.send_message(MessageKind.PUSHES, PushBatch(self._run, pushes).to_message())

    # --- the end -------------------------------------------------------------------------------

    def drain(self) -> None:
        """End the run on all workers, and take their final reports."""
        results = self.results
        assert results is not None
        self._master.send_message(MessageKind.DRAIN)
        run = self.options.profile.run
        # Where channels span workers, each of them also waits for the others.
        drains = 5 if run.span_workers else 2
        self._patience_s = drains * run.drain_s + _SPARE_S
        while self._awaited() and self._patience_s > 0:
            gevent.sleep(_POLL_S)
            self._patience_s -= _POLL_S
        for number, worker in enumerate(self._workers):
            if number not in results.final_workers:
                results.note_lost(number, worker)
        if not self._alive() and self.is_headless:
            # Locust stops the test when its last worker is gone, and then waits for nothing.
            self.abandon()

    def _awaited(self) -> set[str]:
        """Return the workers that can still hand in a final report."""
        assert self.results is not None
        done = {self._workers[number] for number in self.results.final_workers}
        return self._alive() - done - self._refused

    def _alive(self) -> set[str]:
        nodes = self._master.clients.all
        return {node.id for node in nodes if node.state != STATE_MISSING} & set(self._workers)

    def hurry(self) -> None:
        """Let a drain that goes on end at once."""
        self._patience_s = min(self._patience_s, _SPARE_S)
        self._master.send_message(MessageKind.HURRY)
