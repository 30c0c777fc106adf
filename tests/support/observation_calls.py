"""Any calls that a ledger can get, in the order of time, and recordings made of them.

The ids are few, so that calls meet: sessions start and end, messages arrive, come twice, or come
without a cause.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from loadtest.clock import NS_PER_MS
from loadtest.metrics import HealthSample, Ledger, LedgerSettings, Totals, merge
from loadtest.observations import Action, ChatEvent
from loadtest.recording import Journal, Recorder
from loadtest.recording.calls import OBSERVATIONS

__all__ = ["RUN_ID", "STARTED_NS", "calls", "play", "recorded", "totals_of"]

RUN_ID = "20261122T191500Z-smoke-3f9a"
STARTED_NS = 1_000_000_000_000

_small = st.integers(1, 4)
_user = st.integers(11, 13)
_message = st.integers(101, 104)
_wait_ms = st.integers(0, 900)
_reason = st.sampled_from(("timeout", "RateLimitedError: too many", "reset"))
_action = st.sampled_from(Action)
_instant = "instant"
"""Stands for the instant of the call."""

_SHAPES: dict[str, tuple[Any, ...]] = {
    "member_joined": (_small, _user, _instant),
    "member_left": (_small, _user, _instant),
    "user_session_starting": (_small, _instant),
    "user_session_started": (_small, _user, _instant),
    "device_slowed": (_small, _instant),
    "user_session_ending": (_small, _instant),
    "user_session_ended": (_small, _instant),
    "connection_lost": (_small, _instant, _reason),
    "chat_session_starting": (_small, _small, _small, _instant),
    "chat_session_started": (_small, _instant),
    "chat_session_ending": (_small, _instant),
    "chat_session_ended": (_small, _instant),
    "message_edited": (_small, _small, _message, _instant, _instant),
    "message_read": (_small, _small, _message, _instant, _instant),
    "channel_updated": (_small, _small, _instant, _instant),
    "message_delivered": (_small, _small, _message, _instant),
    "keystrokes_delivered": (_small, st.integers(201, 204), _instant),
    "event_delivered": (st.sampled_from(ChatEvent), _small, _user, _instant),
    "read_receipt_delivered": (_small, _message, _user, _instant),
    "notification_delivered": (_small, _small, _message, st.integers(0, 4), _instant),
    "push_received": (_user, _small, _message, _instant),
    "message_identified": (_small, _message, _instant),
    "event_unexplained": (st.just("channel.other"), _small, _small, _instant),
    "event_counted": (st.just("user.contact"), _small, _instant),
    "action_completed": (_action, _small, _instant, _instant, _instant, _instant),
    "action_failed": (_action, _small, _instant, _instant, _reason),
    "action_dropped": (_action, _small, _instant, _reason),
    "settle": (_instant,),
    "roll": (_instant,),
}


@st.composite
def calls(draw: st.DrawFn) -> list[tuple[str, tuple[Any, ...]]]:
    """Return calls on a ledger; every message is sent once, and so are keystrokes."""
    now_ns = STARTED_NS
    made: list[tuple[str, tuple[Any, ...]]] = []
    unsent = {"message_sent": [1, 2, 3, 4], "keystrokes_sent": [201, 202, 203, 204]}
    for _ in range(draw(st.integers(0, 60))):
        now_ns += draw(_wait_ms) * NS_PER_MS
        name = draw(st.sampled_from((*unsent, "health", *_SHAPES)))
        if name in unsent:
            if unsent[name]:
                key = unsent[name].pop(0)
                sequence = (key,) if name == "message_sent" else ()
                instants = (now_ns, now_ns)
                made.append((name, (key, draw(_small), draw(_small), *sequence, *instants)))
        elif name == "health":
            made.append((name, (HealthSample(now_ns, cpu_ratio=draw(st.floats(0, 2))),)))
        else:
            arguments = tuple(now_ns if s is _instant else draw(s) for s in _SHAPES[name])
            made.append((name, arguments))
    return made


def play(recorder: Recorder, made: list[tuple[str, tuple[Any, ...]]]) -> None:
    """Make the calls."""
    for name, arguments in made:
        taker = recorder.observer if name in OBSERVATIONS else recorder
        getattr(taker, name)(*arguments)


def totals_of(ledger: Ledger | Recorder, *, drained: bool = True) -> Totals:
    """End a run and return its totals, as a leading process has them at the end."""
    now_ns = STARTED_NS + 600_000 * NS_PER_MS
    ledger.finish(now_ns, drained=drained)
    ledger.roll(now_ns)
    return merge([ledger.snapshot()])


@contextmanager
def recorded(path: Path, worker: int = 0, run_id: str = RUN_ID) -> Iterator[Recorder]:
    """Record what a fresh ledger gets while the context is open."""
    ledger = Ledger(
        LedgerSettings(resent_rows=10_000, expects_pushes=True),
        worker=worker,
        started_ns=STARTED_NS,
    )
    journal = Journal(path)
    try:
        yield Recorder(ledger, journal, run_id=run_id, started_ns=STARTED_NS)
    finally:
        journal.close()
