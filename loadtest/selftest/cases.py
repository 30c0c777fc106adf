"""Every case of the self-test: what is injected, and what the printed figures must say.

A case that is about time is compared with the clean case, which is therefore always run first. The
arithmetic is that of ``arithmetic``; the counts are those of ``counts``.
"""

from collections.abc import Mapping
from typing import Any

from loadtest.observations import ChatEvent
from loadtest.selftest.arithmetic import (
    jitter_error_ms,
    jitter_percentile_ms,
    queue_wait_ms,
    stall_percentile_ms,
)
from loadtest.selftest.case import Case, Judge
from loadtest.selftest.checks import Check, between, exact, near
from loadtest.selftest.counts import connection_checks, count_checks, happened, push_checks
from loadtest.selftest.moving import MOVING_CASES
from loadtest.selftest.trial import Evidence, Trial

__all__ = ["CASES", "CLEAN", "Case", "Judge"]

CLEAN = "clean"

_MS_PER_S = 1000
_NOTIFICATION = ChatEvent.NOTIFICATION_CREATED
_MESSAGES_ONLY = (
    "workload.keystroke_bursts=0",
    "workload.read_probability=0",
    "workload.edit_probability=0",
)
# So few copies that the server works off what has waited in no time.
_FEW = (
    "population.users=4",
    "channels.room.count=1",
    "channels.room.size=4",
    "chat_sessions.active_share_at_start=1",
    "device.acknowledge=false",
)
_SETTLED = ("chat_sessions.settle_s=2",)
_PATIENT = (
    "run.delivery_deadline_s=10",
    "run.action_deadline_s=10",
    "run.drain_s=11",
)
_DELAY_MS = 50.0
_JITTER_MS = 120.0
_STANDARD_ERRORS = 4
_MOST = 95
_LAG_MS = 300.0
# A message is held back until its sender's next one; the last one must still come in time.
_REORDER_LIMIT = "reorder_limit_ms=1000"
_HAND_OFF_USERS = 6
# They are handed out after the last message.
_AT_THE_END = frozenset(
    {
        "channel.participant.inactive",
        "participant.presence.changed",
        "contact.presence.changed",
    }
)


# --- counts --------------------------------------------------------------------------------------


def _counts(*kinds: str) -> Judge:
    """Return a judge of all counts, which also wants these kinds of faults to have happened."""

    def judge(evidence: Evidence, _clean: Evidence) -> list[Check]:
        return [*happened(evidence, kinds), *count_checks(evidence)]

    return judge


def _rate_limit(evidence: Evidence, clean: Evidence) -> list[Check]:
    checks = _counts("rate_limit")(evidence, clean)
    for event in (ChatEvent.TYPING_STARTED, ChatEvent.TYPING_STOPPED):
        checks.append(exact(f"{event} lost", 0, evidence.ledger(event)["lost"]))
    return checks


def _cuts(evidence: Evidence, _clean: Evidence) -> list[Check]:
    # What was on its way when a connection was cut is lost or not, and nobody knows: no counts.
    return [*happened(evidence, ("cut",)), *connection_checks(evidence)]


def _pushes(evidence: Evidence, _clean: Evidence) -> list[Check]:
    return [
        *happened(evidence, ("drop", "duplicate")),
        *push_checks(evidence),
        *count_checks(evidence),
    ]


def _counted(name: str, proves: str, *faults: str, is_quick: bool = False) -> Case:
    kinds = sorted({fault.partition("=")[0].partition(".")[0] for fault in faults})
    trial = Trial(faults=(*faults, _REORDER_LIMIT))
    return Case(name, proves, trial, _counts(*kinds), is_quick=is_quick)


# --- times ---------------------------------------------------------------------------------------


def _floor_ms(evidence: Evidence, clean: Evidence, figure: str = "p95") -> float:
    """Return the bound of a time: what nine in ten clean deliveries stay below, and the noise.

    The noise is how late the generator itself was in this run, as its report says: its p95 for
    figures up to that, the same figure for those above. On a machine that others use as well, a
    time cannot be told more exactly than that.
    """
    return clean.latency_ms("p90") + evidence.noise_ms(figure)


def _interval_ms(evidence: Evidence) -> float:
    """Return the mean time between two messages of the run, from the seconds full of them."""
    per_second = [int(row["messages"]) for row in evidence.rows if int(row["messages"])]
    full = per_second[1:-1]
    return _MS_PER_S * len(full) / sum(full) if sum(full) else float("nan")


def _window_s(evidence: Evidence) -> float:
    """Return for how long messages were due."""
    messages: int = evidence.summary["load"]["actions"]["message"]
    return messages * _interval_ms(evidence) / _MS_PER_S


def _steady_window_s(evidence: Evidence) -> float:
    """Return for how long messages were due in the steady phase, which percentiles are of."""
    messages: int = evidence.summary["completion"]["all"]["last"]["count"]
    return messages * _interval_ms(evidence) / _MS_PER_S


def _delay(evidence: Evidence, clean: Evidence) -> list[Check]:
    floor_ms = _floor_ms(evidence, clean)
    shifted_ms = clean.latency_ms("p50") + _DELAY_MS
    least_ms = evidence.latency_ms("min")
    return [
        exact("the ledger adds up", True, evidence.summary["adds_up"]),
        near("delivery p50, ms", shifted_ms, evidence.latency_ms("p50"), floor_ms),
        between(
            "delivery min, ms",
            least_ms,
            lowest=_DELAY_MS,
            highest=_DELAY_MS + floor_ms,
            injected=_DELAY_MS,
        ),
        near(
            "notification p50, ms",
            clean.latency_ms("p50", _NOTIFICATION),
            evidence.latency_ms("p50", _NOTIFICATION),
            floor_ms,
        ),
    ]


def _stall(stall_s: float) -> Judge:
    def judge(evidence: Evidence, clean: Evidence) -> list[Check]:
        window_s = _steady_window_s(evidence)
        count = evidence.faults("stall")
        checks = [
            exact("the ledger adds up", True, evidence.summary["adds_up"]),
            exact("stalls within the run", 2, count),
            between(
                "delivery p50, ms",
                evidence.latency_ms("p50"),
                lowest=0,
                highest=clean.latency_ms("p50") + _floor_ms(evidence, clean),
                injected=None,
            ),
        ]
        for figure, percentile in (("p90", 90), ("p95", 95), ("p99", 99), ("max", 100)):
            expected_ms = stall_percentile_ms(
                percentile, stall_s=stall_s, stall_count=max(count, 1), window_s=window_s
            )
            measured_ms = evidence.latency_ms(figure)
            noise_figure = figure if percentile > _MOST else "p95"
            # Within a stall the messages are those of an even schedule: three may more or less
            # fall in.
            tolerance_ms = _floor_ms(evidence, clean, noise_figure) + 3 * _interval_ms(evidence)
            checks.append(near(f"delivery {figure}, ms", expected_ms, measured_ms, tolerance_ms))
        return checks

    return judge


def _closed_stall(stall_s: float) -> Judge:
    def judge(evidence: Evidence, _clean: Evidence) -> list[Check]:
        stall_ms = stall_s * _MS_PER_S
        return [
            exact("the ledger adds up", True, evidence.summary["adds_up"]),
            exact("stalls within the run", 2, evidence.faults("stall")),
            # One message per user and stall waits, which is less than 1 %: see ``arithmetic``.
            between(
                "delivery p99, ms: unseen",
                evidence.latency_ms("p99"),
                lowest=0,
                highest=stall_ms / 2,
                injected=None,
            ),
            near(
                "delivery max, ms",
                stall_ms,
                evidence.latency_ms("max"),
                stall_ms / 10 + evidence.noise_ms("max"),
            ),
        ]

    return judge


def _jitter(jitter_ms: float) -> Judge:
    def judge(evidence: Evidence, clean: Evidence) -> list[Check]:
        checks = [exact("the ledger adds up", True, evidence.summary["adds_up"])]
        count = evidence.faults("delay", ChatEvent.MESSAGE_CREATED)
        for figure, percentile in (("p50", 50), ("p90", 90), ("p95", 95)):
            wait_ms = jitter_percentile_ms(percentile, jitter_ms=jitter_ms)
            error_ms = jitter_error_ms(percentile, jitter_ms=jitter_ms, count=max(count, 1))
            expected_ms = wait_ms + clean.latency_ms("p50")
            tolerance_ms = _STANDARD_ERRORS * error_ms + _floor_ms(evidence, clean)
            measured_ms = evidence.latency_ms(figure)
            checks.append(near(f"delivery {figure}, ms", expected_ms, measured_ms, tolerance_ms))
        return checks

    return judge


def _queue(per_s: float, kind: str) -> Judge:
    def judge(evidence: Evidence, clean: Evidence) -> list[Check]:
        queued = evidence.stats["faults"][kind]
        count = sum(n for subject, n in queued.items() if subject not in _AT_THE_END)
        last_ms = queue_wait_ms(count, per_s=per_s, window_s=_window_s(evidence))
        # What the start of the run left in the queue began to be worked off before the window.
        tolerance_ms = _floor_ms(evidence, clean, "max") + 0.1 * last_ms
        return [
            exact("the ledger adds up", True, evidence.summary["adds_up"]),
            near("delivery max, ms", last_ms, evidence.latency_ms("max"), tolerance_ms),
            near("delivery p50, ms", last_ms / 2, evidence.latency_ms("p50"), tolerance_ms),
        ]

    return judge


def _below_the_knee(per_s: float) -> Judge:
    def judge(evidence: Evidence, clean: Evidence) -> list[Check]:
        # At a third of the rate few actions meet others, and hardly any more than two of them.
        highest_ms = clean.latency_ms("p95") + 3 * _MS_PER_S / per_s + evidence.noise_ms("p95")
        return [
            exact("the ledger adds up", True, evidence.summary["adds_up"]),
            exact("messages lost", 0, evidence.ledger(ChatEvent.MESSAGE_CREATED)["lost"]),
            between(
                "delivery p95, ms",
                evidence.latency_ms("p95"),
                lowest=0,
                highest=highest_ms,
                injected=None,
            ),
        ]

    return judge


def _activation(
    lag_ms: float, interval_ms: float, floor_ms: float, activation: Mapping[str, Any]
) -> list[Check]:
    return [
        # Known between two messages of the probe only: an interval, as wide as its cadence.
        between(
            "activation, at least, max ms",
            activation["at_least"]["max_ms"],
            lowest=0,
            # A message may take longer to the server than the UNSUBSCRIBE did.
            highest=lag_ms + floor_ms,
            injected=lag_ms,
        ),
        between(
            "activation, at most, min ms",
            activation["at_most"]["min_ms"],
            lowest=max(lag_ms - floor_ms, 0),
            highest=lag_ms + interval_ms + floor_ms,
            injected=lag_ms,
        ),
        between(
            "activation, at most, max ms",
            activation["at_most"]["max_ms"],
            lowest=max(lag_ms - floor_ms, 0),
            highest=lag_ms + 2 * interval_ms + floor_ms,
            injected=lag_ms + interval_ms,
        ),
        between(
            "resolution p50, ms",
            activation["resolution"]["p50_ms"],
            lowest=0,
            highest=interval_ms + floor_ms,
            injected=interval_ms,
        ),
    ]


def _hand_off(lag_ms: float) -> Judge:
    def judge(evidence: Evidence, clean: Evidence) -> list[Check]:
        activation = evidence.summary["notifications"]["activation"]
        interval_ms = _interval_ms(evidence)
        episodes = max(activation["at_most"]["count"], 1)
        several = evidence.summary["notifications"]["by_devices"].get("several_devices", {})
        return [
            exact("the ledger adds up", True, evidence.summary["adds_up"]),
            *_activation(lag_ms, interval_ms, _floor_ms(evidence, clean, "max"), activation),
            near(
                "gap, messages per end",
                lag_ms / interval_ms,
                round(activation["gap_messages"] / episodes, 3),
                1,
            ),
            # The one with two devices is among them.
            exact("devices", _HAND_OFF_USERS + 1, evidence.summary["load"]["devices"]),
            exact("overlap, messages", 0, activation["overlap_messages"]),
            exact("notifications missed", 0, evidence.summary["notifications"]["missed"]),
            exact("notifications spurious", 0, evidence.summary["notifications"]["spurious"]),
            exact(
                "activations, other device stays",
                0,
                several.get("activation", {}).get("at_most", {}).get("count", 0),
            ),
        ]

    return judge


# --- all of them ---------------------------------------------------------------------------------


def _stall_faults(stall_s: float, period_s: float) -> tuple[str, ...]:
    return (f"stall_s={stall_s:g}", f"stall_every_s={period_s:g}")


def _stall_cases(suffix: str, stall_s: float, period_s: float, *, is_quick: bool) -> list[Case]:
    # Long enough for two stalls and what lies around them, over before the third one.
    duration_s = 2.65 * period_s
    faults = _stall_faults(stall_s, period_s)
    return [
        Case(
            f"stall{suffix}",
            f"a stall of {stall_s:g} s every {period_s:g} s is in the percentiles of an open "
            "workload as arithmetic says",
            Trial(
                overrides=(*_MESSAGES_ONLY, *_FEW, *_PATIENT),
                live_faults=faults,
                duration_s=duration_s,
            ),
            _stall(stall_s),
            is_quick=is_quick,
            is_alone=True,
        ),
        Case(
            f"stall{suffix}-closed",
            "a closed workload does not see it: coordinated omission",
            Trial(
                locustfile="closed.py",
                overrides=_PATIENT,
                live_faults=faults,
                users=4,
                duration_s=duration_s,
            ),
            _closed_stall(stall_s),
            is_quick=is_quick,
            is_alone=True,
        ),
    ]


def _hand_off_case(name: str, proves: str, lag_ms: float, *, is_quick: bool) -> Case:
    faults = (f"session_end_lag_ms={lag_ms:g}",) if lag_ms else ()
    trial = Trial(locustfile="hand_off.py", faults=faults, users=_HAND_OFF_USERS, duration_s=9)
    return Case(name, proves, trial, _hand_off(lag_ms), is_quick=is_quick)


CASES: tuple[Case, ...] = (
    Case(
        CLEAN,
        "every copy of every event that the server handed out was seen once, and nothing else",
        Trial(),
        _counts(),
        is_alone=True,
    ),
    Case(
        "delay",
        "a delay of 50 ms shifts the latency of messages by 50 ms, and no other",
        Trial(faults=(f"delay_ms.channel.message.created={_DELAY_MS:g}",)),
        _delay,
        is_alone=True,
    ),
    *_stall_cases("", 1, 4.5, is_quick=True),
    *_stall_cases("-long", 2, 10, is_quick=False),
    Case(
        "queue",
        "a server with a known service rate makes the wait that its queue makes",
        Trial(overrides=_MESSAGES_ONLY, faults=("deliveries_per_s=550",)),
        _queue(550, "queue"),
        is_quick=False,
        is_alone=True,
    ),
    Case(
        "jitter",
        "waits that are evenly spread have the percentiles of an even spread",
        # So few messages that the copies to one device do not wait for each other.
        Trial(
            overrides=(*_MESSAGES_ONLY, "workload.message_rate_per_s=12"),
            faults=(f"jitter_ms.channel.message.created={_JITTER_MS:g}",),
        ),
        _jitter(_JITTER_MS),
        is_quick=False,
        is_alone=True,
    ),
    Case(
        "action-queue",
        "above the rate of actions that a server does, the wait is that of its queue",
        Trial(overrides=(*_MESSAGES_ONLY, *_PATIENT), live_faults=("actions_per_s=45",)),
        _queue(45, "action_queue"),
        is_quick=False,
        is_alone=True,
    ),
    Case(
        "action-rate",
        "below it there is next to none: the knee is where it was put",
        Trial(overrides=(*_MESSAGES_ONLY, *_PATIENT), live_faults=("actions_per_s=180",)),
        _below_the_knee(180),
        is_quick=False,
        is_alone=True,
    ),
    _counted(
        "mixed",
        "losses, duplicates and disorder are told apart, to the last one",
        "drop.channel.message.created=0.01",
        "duplicate.channel.message.created=0.01",
        "reorder.channel.message.created=0.01",
        "drop.user.notification.created=0.02",
        "duplicate.user.notification.created=0.02",
        "spurious_notification=0.01",
        is_quick=True,
    ),
    _hand_off_case(
        "session-end-lag",
        "the end of a chat session that is noticed 300 ms late costs 300 ms and their messages",
        _LAG_MS,
        is_quick=True,
    ),
    _hand_off_case(
        "session-end",
        "without that lag the end of a chat session costs nothing",
        0.0,
        is_quick=False,
    ),
    Case(
        "push",
        "each push for somebody who is not connected came once, but for those lost and doubled",
        Trial(
            # A quarter of the users is never connected; what is sent begins well after they were
            # made known.
            overrides=("population.devices_per_user={ 0 = 0.25, 1 = 0.75 }", *_SETTLED),
            faults=("drop.push=0.05", "duplicate.push=0.05"),
            has_push_sink=True,
        ),
        _pushes,
    ),
    Case(
        "cuts",
        "every cut connection is counted, and comes back",
        Trial(faults=("cuts_per_min=40",)),
        _cuts,
    ),
    _counted(
        "drop", "1 % of messages lost: all of them counted", "drop.channel.message.created=0.01"
    ),
    _counted("drop-all", "1 % of all events lost", "drop=0.01"),
    _counted("duplicate", "1 % of messages doubled", "duplicate.channel.message.created=0.01"),
    _counted("reorder", "1 % of messages out of order", "reorder.channel.message.created=0.01"),
    _counted("missed", "notifications that never come", "drop.user.notification.created=0.05"),
    _counted("notified-twice", "notifications twice", "duplicate.user.notification.created=0.05"),
    _counted("spurious", "notifications for who is in the chat", "spurious_notification=0.02"),
    _counted("refused-connect", "refused CONNECT frames", "refuse_connect=0.3"),
    _counted("refused-socket", "sockets closed in the handshake", "refuse_socket=0.3"),
    Case(
        "rate-limit",
        "what the server refuses is no loss, nor is the typing that it would have made",
        Trial(
            faults=("rate_limit=0.1", _REORDER_LIMIT), overrides=("workload.keystroke_bursts=3",)
        ),
        _rate_limit,
        is_quick=False,
    ),
    *MOVING_CASES,
)
"""In the order of the table; those that need the machine for themselves are run first."""
