"""Evidence of made-up trials: everything agrees with the server, but for what a test changes."""

import copy
from collections.abc import Mapping
from typing import Any

from loadtest.observations import ChatEvent
from loadtest.selftest import Evidence

__all__ = ["evidence"]

_NOTHING = {
    **{"expected": 0, "delivered": 0, "lost": 0, "duplicate": 0, "out_of_order": 0},
    **{"unexpected": 0, "boundary": 0, "boundary_seen": 0, "after_end": 0, "judged_share": 1.0},
}
_LATENCY = {
    **{"min_ms": 0.5, "p50_ms": 2.0, "p90_ms": 4.0, "p95_ms": 5.0, "p99_ms": 6.0, "max_ms": 7.0},
}
_SUMMARY: dict[str, Any] = {
    "verdict": "PASS",
    "adds_up": True,
    "other_events": {},
    "ledger": {str(event): dict(_NOTHING) for event in ChatEvent},
    "latency": {str(event): dict(_LATENCY) for event in ChatEvent},
    "load": {
        "connections_lost": 0,
        "user_sessions": 24,
        "devices": 7,
        "actions": {"message": 480},
    },
    "completion": {"all": {"last": {"count": 480}}},
    "sessions": {"user_session_start": {"errors": 0}},
    "actions": {},
    "generator": {
        "lag": {"p95_ms": 0.1, "p99_ms": 0.2, "max_ms": 0.5},
        "loop_lag": {"p95_ms": None, "p99_ms": None, "max_ms": None},
        **{"workers": 1, "dropped_arrivals": 0},
    },
    "notifications": {
        **{"delivered": 100, "missed": 0, "duplicate": 0, "spurious": 0, "boundary": 0},
        "handoff_gap": 0,
        "activation": {
            "at_least": {"count": 20, "max_ms": 0.001},
            "at_most": {"count": 20, "min_ms": 0.2, "max_ms": 49.0},
            "resolution": {"count": 20, "p50_ms": 24.0},
            **{"gap_messages": 0, "overlap_messages": 0},
        },
        "by_devices": {},
    },
    "push": {
        **{"received": 50, "unassigned": 0, "expected": 50, "missed": 0},
        **{"duplicate": 0, "spurious": 0, "late": 0},
    },
}
_SUMMARY["ledger"][ChatEvent.MESSAGE_CREATED] |= {"expected": 900, "delivered": 900}
_KINDS = (
    *("drop", "duplicate", "reorder", "spurious_notification", "rate_limit", "queue"),
    *("action_queue", "delay", "after_end"),
)
_STATS: dict[str, Any] = {
    "user_sessions": {"started": 25},
    "deliveries_on_channel_topics": {"channel.message.created": 900},
    "notifications_delivered": 100,
    "push": {"created": 50, "sent": 50},
    "faults": {
        **{kind: {} for kind in _KINDS},
        **{"cut": 0, "refuse_connect": 0, "refuse_socket": 0, "stall": 0},
    },
    "faults_on_channel_topics": {},
}


def evidence(
    summary: Mapping[str, Any] | None = None,
    stats: Mapping[str, Any] | None = None,
    *,
    messages_per_s: int = 60,
) -> Evidence:
    """Return evidence of 8 s of messages, changed where ``summary`` and ``stats`` say so."""
    rows = tuple({"messages": str(messages_per_s)} for _ in range(8))
    return Evidence(_changed(_SUMMARY, summary or {}), _changed(_STATS, stats or {}), rows)


def _changed(whole: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    changed = copy.deepcopy(whole)
    for key, value in changes.items():
        known = changed.get(key)
        both = isinstance(known, dict) and isinstance(value, Mapping)
        changed[key] = _changed(known, value) if both and known is not None else value
    return changed
