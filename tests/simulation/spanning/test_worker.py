"""Whole runs over several workers in scripted time: clocks differ, nobody is accused wrongly."""

import pytest

from loadtest.clock import NS_PER_MS, NS_PER_S, NS_PER_US
from loadtest.metrics.figures.figures import Figures
from loadtest.observations import ChatEvent
from loadtest.report.summary import contradictions
from tests.support.profiles import profile
from tests.support.spanning_world import HostClock, SpanningRun

CREATED = ChatEvent.MESSAGE_CREATED
SHORT = "chat_sessions.stay_s=4"
LONG = "chat_sessions.stay_s=60"  # whoever leaves before the deadline may have missed a message
WAY_US = 400
"""There and back over the network of the world; the server takes no time."""
BUSY = (
    "run.span_workers=true",
    "population.users=12",
    "channels.room.size=5",
    "workload.message_rate_per_s=8",
    "workload.read_probability=0.5",
    "workload.edit_probability=0.2",
    "chat_sessions.away_s=2",
    "chat_sessions.settle_s=0.2",
)


def clocks(*, error_us: int = 0) -> list[HostClock]:
    """Return three clocks that differ by hours; of each it is known to within 0.2 ms."""
    known_ns = 200 * NS_PER_US
    return [
        HostClock(0, error_us * NS_PER_US, known_ns),
        HostClock(250 * NS_PER_MS, -error_us * NS_PER_US, known_ns),
        HostClock(-500 * NS_PER_S, 0, known_ns),
    ]


def wrongs(figures: Figures) -> dict[str, int]:
    """Return whatever would accuse the server, by what it is."""
    found: dict[str, int] = {}
    for name, event in figures.events.items():
        for what in ("lost", "duplicate", "out_of_order", "late"):
            found[f"{name} {what}"] = getattr(event, what)
        found |= {f"{name} {kind}": count for kind, count in event.unexpected.items()}
    notifications = figures.all_notifications()
    for what in ("missed", "duplicate", "spurious", "handoff_gap"):
        found[f"notifications {what}"] = getattr(notifications, what)
    return {what: count for what, count in found.items() if count}


@pytest.mark.parametrize("error_us", [0, 200, -200], ids=lambda us: f"clocks wrong by {us} us")
def test_a_server_without_fault_is_accused_of_nothing(error_us: int) -> None:
    run = SpanningRun(profile(*BUSY, SHORT), clocks(error_us=error_us))
    totals = run.run()

    assert wrongs(totals.figures) == {}
    assert contradictions(totals) == ()
    message = totals.figures.event(CREATED)
    assert message.expected > 200
    assert message.delivered + message.boundary_seen == run.server_counts()[CREATED]
    assert not any(worker.errors for worker in run.workers)


def test_latency_between_workers_is_right_within_what_is_unknown_of_the_clocks() -> None:
    run = SpanningRun(profile(*BUSY, SHORT), clocks(error_us=200))
    figures = run.run().figures
    here, across = figures.event(CREATED).latency, figures.crossed(CREATED).latency

    assert here.min_us == here.percentile_us(50) == WAY_US
    assert across.count > here.count
    assert across.min_us == WAY_US - 400, "twice 0.2 ms, to the one side"
    assert across.max_us >= WAY_US + 400, "and to the other"


def test_with_right_clocks_it_is_exact() -> None:
    figures = SpanningRun(profile(*BUSY, SHORT), clocks()).run().figures

    assert figures.crossed(CREATED).latency.min_us == WAY_US
    assert figures.crossed(CREATED).latency.percentile_us(50) == WAY_US


def test_what_users_do_is_what_they_would_do_on_one_worker() -> None:
    """Actions are a matter of the schedule; who is on which worker is not."""
    sent = {
        len(found): SpanningRun(profile(*BUSY, SHORT), found).run().figures.load
        for found in (clocks()[:2], clocks())
    }

    assert sent[2].messages == sent[3].messages
    assert sent[2].chat_sessions_started == sent[3].chat_sessions_started
    assert sent[2].keystrokes == sent[3].keystrokes


def test_messages_that_the_server_forgets_are_lost_wherever_they_go() -> None:
    run = SpanningRun(profile(*BUSY, LONG), clocks())
    run.add_users(*range(12))
    run.complete()
    run.pass_time(10)
    deaf = run.workers[1]
    real = deaf.spanning.exchange.observer.message_delivered
    dropped: list[int] = []

    def message_delivered(session: int, key: int, message: int, arrived_ns: int) -> None:
        if len(dropped) < 5:
            dropped.append(key)
        else:
            real(session, key, message, arrived_ns)

    deaf.director._fleet.observer.message_delivered = message_delivered  # type: ignore[method-assign]
    run.pass_time(15)
    totals = run.finish()

    assert len(dropped) == 5
    assert totals.figures.event(CREATED).lost == 5
    assert contradictions(totals) == ()


def test_a_worker_that_is_killed_takes_nobody_s_deliveries_for_lost() -> None:
    run = SpanningRun(profile(*BUSY, SHORT), clocks())
    run.add_users(*range(12))
    run.complete()
    run.pass_time(10)
    run.kill(2)
    run.pass_time(10)
    totals = run.finish()

    assert totals.figures.event(CREATED).lost == 0
    assert totals.figures.all_notifications().missed == 0
    assert contradictions(totals) == ()
    [error] = run.workers[0].errors
    assert "worker 3 is gone" in error


def test_a_worker_that_leaves_after_its_end_is_no_error() -> None:
    run = SpanningRun(profile(*BUSY, SHORT), clocks()[:2])
    run.run(5)
    run.kill(1)

    assert run.workers[0].errors == []
