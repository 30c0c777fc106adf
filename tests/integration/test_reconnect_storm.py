"""What a storm reports agrees with what the server saw."""

from functools import cache

from loadtest.clock import NS_PER_MS, NS_PER_S
from loadtest.metrics.figures.figures import Figures
from tests.support.virtual_run import virtual_run

CUT_NS = 4 * NS_PER_S


@cache
def storm(*overrides: str) -> tuple[Figures, list[int], int]:
    """Return the figures, when the server took the reconnects, and how many devices there are."""
    run = virtual_run(
        "reconnect-storm",
        "run.duration_s=20",
        "run.ramp_s=1",
        "connection_cuts.at_s=4",
        *overrides,
        devices=30,
    )
    figures = Figures.from_plain(run["figures"])
    assert run["contradictions"] == []
    back_ns = sorted(at_ns for at_ns in run["connects_ns"] if at_ns > CUT_NS)
    return figures, back_ns, figures.load.devices


def test_the_times_until_sessions_are_back_are_those_of_the_server() -> None:
    """A device is back some round trips after its CONNECT: it has subscribed everything then."""
    figures, back_ns, _ = storm()
    latency = figures.action("reconnect").latency

    assert latency.count == len(back_ns) > 20
    for percent in (50, 90, 99):
        reported_us = latency.percentile_us(percent)
        at_server_ns = back_ns[len(back_ns) * percent // 100] - CUT_NS
        assert reported_us is not None
        assert 0 <= reported_us * 1_000 - at_server_ns < 20 * NS_PER_MS, percent


def test_everybody_is_cut_once_and_comes_back_with_all_chat_sessions() -> None:
    figures, back_ns, _ = storm()
    load = figures.load

    assert load.connections_lost == {"cut by the profile": len(back_ns)}
    assert not figures.action("reconnect").errors
    starts = figures.action("chat_session_start").completed
    assert load.chat_sessions_started == 2 * starts


def test_connections_that_break_together_lose_each_other_nothing() -> None:
    """Who is cut in the same instant cannot see the others leave, and need not."""
    figures, _, _ = storm()
    accused = {
        event: (each.lost, each.late, each.duplicate, each.unexpected)
        for event, each in figures.events.items()
        if each.lost or each.late or each.duplicate or each.unexpected
    }

    assert accused == {}
    assert figures.event("channel.participant.inactive").boundary > 0


def test_every_chat_session_is_back_when_its_device_is_and_missed_what_was_written() -> None:
    figures, back_ns, _ = storm("connection_cuts.share=0.5", "workload.message_rate_per_s=300")
    recovery = figures.recovery
    reconnect = figures.action("reconnect").latency

    assert recovery.latency.count == recovery.chat_sessions_lost > len(back_ns) > 5
    for theirs, ours in (
        (reconnect.min_us, recovery.latency.min_us),
        (reconnect.max_us, recovery.latency.max_us),
    ):
        assert theirs is not None
        assert ours is not None
        assert 0 <= ours - theirs < 20_000, "with the same burst, after the user's own topics"
    assert recovery.lost_in_gap > 0


def test_waves_cut_each_device_once() -> None:
    figures, back_ns, _ = storm("connection_cuts.waves=3", "connection_cuts.every_s=2")
    together = {at_ns // NS_PER_S for at_ns in back_ns}

    assert together == {9, 11, 13}
    assert sum(figures.load.connections_lost.values()) == len(back_ns) > 20


def test_a_share_leaves_the_others_alone() -> None:
    figures, back_ns, _ = storm("connection_cuts.share=0.3")

    assert 2 < len(back_ns) < 20
    assert figures.action("reconnect").completed == len(back_ns)
