"""What the server does wrong now: the plan in force, and whatever carries it out.

Nobody else reads the plan. Other parts ask here when they act (may this CONNECT
pass, how late is this end noticed), and while no fault is on, asking costs one look at an
attribute. Stalls and cuts happen by the clock; those of an earlier plan end with it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from loadtest.clock import NS_PER_MS, NS_PER_S, Clock
from loadtest.server.events.connection import Connection, ConnectionState
from loadtest.server.faults.injector import Chance, FaultInjector
from loadtest.server.faults.plan import FaultPlan
from loadtest.server.faults.send_queue import SendQueue, ServiceLine
from loadtest.server.state.agenda import Agenda
from loadtest.server.state.fault_counts import FaultCounts, FaultKind

__all__ = ["ActionLine", "ActiveFaults", "Tools"]

_S_PER_MIN = 60


@dataclass(frozen=True, slots=True)
class Tools:
    """What faults are done with."""

    clock: Clock
    block: Callable[[float], None]
    """Stands still for so many seconds, and everything with it."""
    agenda: Agenda
    send_queue: SendQueue
    counts: FaultCounts
    connections: dict[Connection, None]
    """All that are open, the oldest first."""


class ActionLine:
    """Actions that wait for their turn, while the server does only so many per second."""

    def __init__(self, agenda: Agenda, counts: FaultCounts, clock: Clock) -> None:
        self._agenda = agenda
        self._counts = counts
        self._clock = clock
        self._service = ServiceLine()
        self._waiting_count = 0

    @property
    def is_empty(self) -> bool:
        """Whether no action waits."""
        return not self._waiting_count

    def set_rate(self, per_s: float) -> None:
        """Do so many per second from now on, 0 for no limit."""
        self._service.set_rate(per_s)

    def take(self, action: str, connection: Connection, perform: Callable[[], None]) -> None:
        """Perform an action when it is its turn, if its device is still there."""
        now_ns = self._clock()
        due_ns = self._service.done_ns(now_ns)
        if due_ns <= now_ns and self.is_empty:
            perform()
            return
        self._waiting_count += 1
        self._counts.note(FaultKind.ACTION_QUEUE, action)
        self._agenda.at(due_ns, partial(self._perform, action, connection, perform))

    def _perform(self, action: str, connection: Connection, perform: Callable[[], None]) -> None:
        self._waiting_count -= 1
        if connection.state is ConnectionState.ACTIVE:
            perform()
        else:
            self._counts.note(FaultKind.ACTION_ABANDONED, action)


class ActiveFaults:
    """Applies plans, and answers what goes wrong.

    Args:
        seed: Of everything that happens by chance.
        tools: What faults are done with.
    """

    def __init__(self, seed: int, tools: Tools) -> None:
        self.seed = seed
        self.plan = FaultPlan()
        self.injector: FaultInjector | None = None
        """None while no fault is on."""
        self.action_line: ActionLine | None = None
        """Where actions wait; None while nothing limits them."""
        self.end_lag_ns = 0
        self._unsubscribe_lag_ns = 0
        self._tools = tools
        self._actions = ActionLine(tools.agenda, tools.counts, tools.clock)

    def apply(self, plan: FaultPlan) -> None:
        """Do wrong what this plan says, and nothing else, from now on.

        What is delayed already stays so; what is held back for its successor is let go.
        """
        self.plan = plan
        is_clean = plan == FaultPlan()
        self.injector = None if is_clean else FaultInjector(plan, self.seed)
        self.end_lag_ns = round(plan.session_end_lag_ms * NS_PER_MS)
        self._unsubscribe_lag_ns = round(plan.unsubscribe_lag_ms * NS_PER_MS)
        self._tools.send_queue.use(self.injector)
        self._actions.set_rate(plan.actions_per_s)
        # First in, first out: nothing overtakes what still waits in the queue.
        is_limited = plan.actions_per_s > 0 or not self._actions.is_empty
        self.action_line = self._actions if is_limited else None
        if self.injector is not None:
            self._start_clocks(self.injector)

    # --- by chance ----------------------------------------------------------------------------

    def refuses_connect(self) -> bool:
        """Decide, and count, whether the next CONNECT is refused."""
        is_refused = self._happens(Chance.REFUSE_CONNECT)
        self._tools.counts.refuse_connect += is_refused
        return is_refused

    def refuses_socket(self) -> bool:
        """Decide, and count, whether the next socket is closed in its handshake."""
        is_refused = self._happens(Chance.REFUSE_SOCKET)
        self._tools.counts.refuse_socket += is_refused
        return is_refused

    def limits_action(self, action: str) -> bool:
        """Decide, and count, whether the next action hits a rate limit."""
        is_limited = self._happens(Chance.RATE_LIMIT)
        if is_limited:
            self._tools.counts.note(FaultKind.RATE_LIMIT, action)
        return is_limited

    def _happens(self, chance: Chance) -> bool:
        return self.injector is not None and self.injector.happens(chance)

    # --- ends of chat sessions ----------------------------------------------------------------

    def notice_end(self, notice: Callable[[], None]) -> None:
        """Notice the end of a chat session as late as the plan says."""
        if not self.end_lag_ns:
            notice()
            return
        self._tools.counts.session_end_lag += 1
        self._tools.agenda.after(self.end_lag_ns, notice)

    def end_delivery(self, end: Callable[[], None]) -> None:
        """End the delivery of a topic as long after its UNSUBSCRIBE as the plan says."""
        if self._unsubscribe_lag_ns:
            self._tools.agenda.after(self._unsubscribe_lag_ns, end)
        else:
            end()

    # --- by the clock -------------------------------------------------------------------------

    def _start_clocks(self, injector: FaultInjector) -> None:
        now_ns = self._tools.clock()
        plan = injector.plan
        if plan.stall_s:
            self._repeat(self._stall, injector, now_ns, round(plan.stall_every_s * NS_PER_S))
        if plan.cuts_per_min:
            period_ns = round(_S_PER_MIN * NS_PER_S / plan.cuts_per_min)
            self._repeat(self._cut_one, injector, now_ns, period_ns)

    def _repeat(
        self,
        fault: Callable[[FaultInjector], None],
        injector: FaultInjector,
        last_ns: int,
        period_ns: int,
    ) -> None:
        """Do a fault one period after ``last_ns`` and so on, while the injector is in force."""
        # From the schedule, not from now: the stalls of a long run must not drift.
        due_ns = last_ns + period_ns

        def happen() -> None:
            if self.injector is injector:
                fault(injector)
                self._repeat(fault, injector, due_ns, period_ns)

        self._tools.agenda.at(due_ns, happen)

    def _stall(self, injector: FaultInjector) -> None:
        started_ns = self._tools.clock()
        self._tools.block(injector.plan.stall_s)
        counts = self._tools.counts
        counts.stall += 1
        counts.stalled_ns += self._tools.clock() - started_ns

    def _cut_one(self, injector: FaultInjector) -> None:
        found = self._uncut()
        if found:
            found[injector.pick(len(found))].socket.abort()
            self._tools.counts.cut += 1

    def cut(self, count: int | None = None) -> int:
        """Cut connections without a word, the oldest first; all of them without a count.

        Returns how many there were to cut.
        """
        found = self._uncut()[:count]
        for connection in found:
            connection.socket.abort()
        self._tools.counts.cut += len(found)
        return len(found)

    def _uncut(self) -> list[Connection]:
        return [
            connection
            for connection in self._tools.connections
            if connection.state is ConnectionState.ACTIVE and connection.socket.is_open
        ]
