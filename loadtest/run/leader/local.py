"""A Locust process that leads a run and carries all its users."""

from locust.env import Environment
from locust.runners import Runner

from loadtest.clock import utc_now
from loadtest.device.readers import reader_name
from loadtest.run.leader.leader import RunLeader
from loadtest.run.worker.active_run import set_runtime
from loadtest.run.worker.locust_stats import add_rows
from loadtest.run.worker.runtime import Report, WorkerRuntime
from loadtest.sink.service import Arrival

__all__ = ["LocalLeader"]


class LocalLeader(RunLeader):
    """Leads runs and carries their users, in one process."""

    def __init__(self, environment: Environment, runner: Runner) -> None:
        super().__init__(environment, runner)
        self._runtime: WorkerRuntime | None = None

    def listen(self) -> None:
        """Register with the events of this environment, and with interrupts."""
        super().listen()
        self._add(self.environment.events.spawning_complete, self._spawning_complete)

    def begin(self) -> None:
        """Begin a run on the target.

        Raises:
            LoadtestError: It cannot be begun; nothing was sent.
        """
        plan = self.begin_results(workers=1)
        assert self.results is not None
        self._runtime = runtime = WorkerRuntime(
            plan,
            self.options.profile,
            on_report=self._take,
            on_error=self.note_error,
            journal=self.results.journal,
        )
        set_runtime(self.environment, runtime)
        runtime.start()

    def deliver_pushes(self, pushes: list[Arrival]) -> None:
        """Tell the run of pushes."""
        if self._runtime is not None and self.is_running:
            self._runtime.take_pushes(pushes)

    def drain(self) -> None:
        """End the run, and take the final report."""
        if self._runtime is not None:
            self._runtime.finish()

    def hurry(self) -> None:
        """Let a drain that goes on end at once."""
        if self._runtime is not None:
            self._runtime.hurry()

    def _take(self, report: Report) -> None:
        add_rows(self.environment.stats, report.interval, utc_now().timestamp())
        if self.results is not None:
            self.results.note_reader(reader_name())
            self.results.take(report.snapshot, is_final=report.is_final)

    def _spawning_complete(self, **_: object) -> None:
        if self._runtime is not None:
            self._runtime.spawning_completed()
