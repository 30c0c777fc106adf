"""Capacity studies for tests, without a run behind them."""

from typing import Any

from loadtest.capacity.study import (
    UNITS,
    Axis,
    Bracket,
    FirstBroken,
    Limit,
    Settings,
    Study,
    TrialRecord,
)

__all__ = ["study", "trial"]

_THRESHOLD = "latency.channel.message.created.p99_ms < 500"


def trial(load: float, outcome: Any = "pass", **changes: Any) -> TrialRecord:
    """Return a trial at ``load`` on a deployment whose limit is near 180."""
    broken = [FirstBroken(expression=_THRESHOLD, value=812.0, limit="< 500")]
    known: dict[str, Any] = {
        "run_id": f"20261126T10{round(load) % 60:02}00Z-capacity-3f9a",
        "load": load,
        "outcome": outcome,
        "phase": "narrowing the interval",
        "devices": 1200,
        "messages_per_s": min(load, 185.0),
        "deliveries_per_s": 8 * min(load, 185.0),
        "p50_ms": 2.0 + load / 40,
        "p99_ms": 5.0 + load / 4 if outcome == "pass" else 812.0,
        "lost": 0,
        "generator_lag_p99_ms": 0.8,
        "cpu": load / 400,
        "hold_s": 30.0,
        "length_s": 47.0,
        "broken": broken if outcome == "fail" else [],
    }
    return TrialRecord(**{**known, **changes})


def study(axis: Axis = "message_rate", **changes: Any) -> Study:
    """Return a study that found a limit of 180 (170 to 190)."""
    known: dict[str, Any] = {
        "study_id": "20261126T100000Z-capacity-message-rate-11aa",
        "axis": axis,
        "unit": UNITS[axis],
        "question": "How many messages/s does this deployment carry?",
        "answer": "It carries 180 messages/s (95 % interval 170 to 190).",
        "limit": Limit(estimate=180, low=170, high=190, level=0.95),
        "bracket": Bracket(highest_passed=176, lowest_failed=184),
        "is_at_least": False,
        "first_broken": FirstBroken(expression=_THRESHOLD, value=812.0, limit="< 500"),
        "stopped_by": "precision",
        "settings": Settings(
            lowest=2.5,
            first=20,
            highest=1280,
            precision=0.1,
            level=0.95,
            budget_s=900,
            hold_s=30,
            settle_s=5,
            thresholds=[_THRESHOLD],
        ),
        "trials": [
            trial(20),
            trial(40),
            trial(80),
            trial(160),
            trial(320, "fail"),
            trial(226, "fail"),
            trial(184, "fail"),
            trial(176),
        ],
        "usl": None,
        "usl_refused": "not fitted here",
        "devices": 1200,
        "devices_per_unit": 0.0,
        "messages_per_unit": 1.0,
        "deliveries_per_unit": 8.0,
        "connected_users": 900,
        "largest_channel": 88,
        "started": "2026-11-26T10:00:00Z",
        "elapsed_s": 400.0,
        "host": "http://127.0.0.1:4000",
        "is_embedded": True,
        "environment": {"cores": 2, "python": "3.11.7", "loadtest": "0.1.0"},
        "profile": {"name": "capacity", "workload": {"message_rate_per_s": 20.0}},
        "command": ["capacity"],
    }
    return Study(**{**known, **changes})
