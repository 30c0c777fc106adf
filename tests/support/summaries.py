"""Summaries of made-up runs, as ``summary.json`` holds them, for everything that renders one."""

import copy
from collections.abc import Mapping
from typing import Any

from loadtest.metrics import Totals
from loadtest.metrics.figures.figures import SHEDDABLE, SIZE_CLASSES, Figures
from loadtest.metrics.figures.timeline import TimelineRow
from loadtest.metrics.verdict.abort import Abort
from loadtest.metrics.verdict.grammar import parse
from loadtest.observations import Action, ChatEvent, Phase
from loadtest.report.summary import RunFacts, build_summary

__all__ = [
    "built_summary",
    "failed_summary",
    "figures",
    "inconclusive_summary",
    "no_figures",
    "passing_summary",
    "stopped_summary",
    "timeline",
    "with_pushes",
    "with_slow_devices",
    "with_warnings",
    "without_notifications",
]

_WRONGS = (
    *("lost", "late", "duplicate", "out_of_order", "after_end", "unexpected"),
    *("boundary", "boundary_seen", "in_flight", "refused"),
)
SELFTEST: Mapping[str, Any] = {
    **{"version": "0.1.0", "passed": True, "quick": False},
    "at": "2026-11-22T19:00:00+00:00",
}
_SCALE = {"min": 0.24, "mean": 1.1, "p50": 1.0, "p90": 1.7, "p95": 2.3, "p99": 3.9, "p999": 8.2}


def figures(count: int, p50_ms: float, *, max_ms: float | None = None) -> dict[str, Any]:
    """Return a block of latency figures around a median."""
    block: dict[str, Any] = {"count": count}
    block |= {f"{name}_ms": round(p50_ms * factor, 3) for name, factor in _SCALE.items()}
    return block | {"max_ms": round(max_ms if max_ms is not None else p50_ms * 11.3, 3)}


def no_figures() -> dict[str, Any]:
    """Return the block of figures of something that never happened."""
    return {"count": 0} | {f"{name}_ms": None for name in (*_SCALE, "max")}


def _entry(event: ChatEvent, expected: int, **wrong: int) -> dict[str, Any]:
    entry: dict[str, Any] = dict.fromkeys(_WRONGS, 0)
    entry |= wrong
    delivered = expected - entry["lost"]
    entry = {"expected": expected, "delivered": delivered, **entry}
    entry["delivery_ratio"] = round(delivered / expected, 6)
    entry["judged_share"] = round(expected / (expected + entry["boundary"]), 6)
    if event in SHEDDABLE:
        entry |= {"coalesced": 0, "coalescing_ratio": 0.0}
    return entry


_EXPECTED: Mapping[ChatEvent, int] = {
    ChatEvent.MESSAGE_CREATED: 41_873,
    ChatEvent.KEYSTROKES_CREATED: 118_204,
    ChatEvent.TYPING_STARTED: 12_391,
    ChatEvent.TYPING_STOPPED: 12_391,
    ChatEvent.PARTICIPANT_ENTERED: 9_120,
    ChatEvent.PARTICIPANT_LEFT: 8_811,
    ChatEvent.PRESENCE_CHANGED: 1_402,
    ChatEvent.MESSAGE_UPDATED: 804,
    ChatEvent.CHANNEL_UPDATED: 112,
    ChatEvent.MESSAGE_READ: 36_020,
    ChatEvent.NOTIFICATION_CREATED: 2_318,
}
_COMPLETION = {"all": 1_204, "2": 411, "3-10": 598, "11-100": 195}
_STEPS = {"first": 0.6, "p50": 1.8, "p90": 2.9, "p99": 3.4, "last": 3.6, "spread": 2.9}


def _completion() -> dict[str, Any]:
    classes: dict[str, Any] = {}
    for place, (size, count) in enumerate(_COMPLETION.items()):
        slower = 1 + 0.3 * place
        steps = {step: figures(count, p50 * slower) for step, p50 in _STEPS.items()}
        classes[size] = {**steps, "incomplete": 0}
    return classes


def _profile() -> dict[str, Any]:
    return {
        "name": "smoke",
        "description": "twenty seconds of everything, light enough for a laptop",
        "run": {"duration_s": 20.0, "delivery_deadline_s": 10.0, "seed": 7},
        "population": {"users": 150, "devices_per_user": {"1": 3, "2": 1}},
        "channels": [{"group": "direct", "type": "DIRECT", "count": 100, "size": 2}],
        "workload": {"message_rate_per_s": 60.0, "arrivals": "poisson"},
        "thresholds": ["ledger.channel.message.created.lost == 0"],
    }


def passing_summary() -> dict[str, Any]:
    """Return a run in which everything arrived and every threshold held."""
    actions = {"message": 1_204, "keystrokes": 3_381, "read": 980, "edit": 40, "update_channel": 6}
    ledger = {e.value: _entry(e, n, boundary=n // 500) for e, n in _EXPECTED.items()}
    return {
        "schema": "chatkitty-loadtest/1",
        "run_id": "20261122T191500Z-smoke-3f9a",
        "verdict": "PASS",
        "reasons": [],
        "warnings": [],
        "target": {"host": "http://127.0.0.1:41873", "dialect": 2, "embedded": True},
        "profile": _profile(),
        "workload": "open",
        "deviations": [],
        "seed": 7,
        "duration_s": 20.013,
        "planned_s": 20.0,
        "aborted": None,
        "sending_s": 20.0,
        "versions": {"chatkitty-loadtest": "0.1.0", "python": "3.11.9", "locust": "2.47.0"},
        "engine": {"reader": "compiled"},
        "load": {
            "users": 150,
            "devices": 204,
            "devices_peak": 200,
            "user_sessions": 212,
            "user_sessions_ended": 209,
            "connections_lost": 0,
            "connections_lost_by_reason": {},
            "chat_sessions_started": 612,
            "chat_sessions_ended": 598,
            "chat_sessions_peak": 402,
            "actions": actions,
        },
        "work": {
            name: _outcomes(n) for name, n in (("all", 6_435), ("actions", 5_611), ("starts", 824))
        },
        "ledger": ledger,
        "adds_up": True,
        "latency": {event.value: figures(n, 1.93) for event, n in _EXPECTED.items()},
        "cross_worker": {},
        "service_latency": {event.value: figures(n, 1.71) for event, n in _EXPECTED.items()},
        "staleness": {event.value: no_figures() for event in ChatEvent if event in SHEDDABLE},
        "completion": _completion(),
        "actions": {name: _work(n, 2.2) for name, n in actions.items()},
        "sessions": {
            "user_session_start": _work(212, 14.8),
            "chat_session_start": _work(612, 5.1),
        },
        "notifications": _notifications(),
        "by_device_class": {
            "slow": _device_class(0, 0),
            "others": _device_class(204, _EXPECTED[ChatEvent.MESSAGE_CREATED]),
        },
        "recovery": {**no_figures(), "chat_sessions_lost": 0, "lost_in_gap": 0},
        "push": None,
        "generator": _generator(),
        "phases": _phases(),
        "unexpected": {},
        "other_events": {},
        "thresholds": [
            {
                "expression": "latency.channel.message.created.p99_ms < 250",
                "figure": "latency.channel.message.created.p99_ms",
                "limit": 250.0,
                "value": 7.527,
                "held": True,
                "samples": 41_873,
                "interval": [7.45, 7.61],
                "consequence": "fail",
            },
            {
                "expression": "ledger.channel.message.created.lost == 0",
                "figure": "ledger.channel.message.created.lost",
                "limit": 0.0,
                "value": 0,
                "held": True,
                "samples": 41_873,
                "interval": None,
                "consequence": "fail",
            },
        ],
        "selftest": dict(SELFTEST),
    }


def _work(count: int, p50_ms: float) -> dict[str, Any]:
    times = {**figures(count, p50_ms), "completion": figures(count, p50_ms * 1.2)}
    nothing = {"errors": 0, "errors_by_reason": {}, "dropped": 0, "dropped_by_reason": {}}
    return {**times, "completed": count, **nothing}


def _outcomes(completed: int) -> dict[str, Any]:
    nothing = dict.fromkeys(("failed", "refused", "dropped", "not_offered"), 0)
    ratios = {"failed_ratio": 0.0, "not_offered_ratio": 0.0}
    return {"planned": completed, "completed": completed, **nothing, **ratios}


def _phases() -> dict[str, Any]:
    spans = {"ramp": (0.0, 4.2), "steady": (4.2, 20.0), "drain": (20.0, 20.4), "whole": (0.0, 20.4)}
    return {name: _phase(*span) for name, span in spans.items()}


def _phase(from_s: float, to_s: float) -> dict[str, Any]:
    message = ChatEvent.MESSAGE_CREATED.value
    action = {**figures(300, 2.2), "completion": figures(300, 2.6)}
    return {
        "from_s": from_s,
        "to_s": to_s,
        "notification_latency": figures(600, 2.6),
        "latency": {message: figures(10_000, 1.93)},
        "service_latency": {message: figures(10_000, 1.71)},
        "completion": {"all": _completion()["all"]},
        "actions": {"message": action},
    }


def _notifications() -> dict[str, Any]:
    everyone = _notification_class(2_318, 88)
    return {**everyone, "by_devices": {"single_device": _notification_class(2_318, 88)}}


def _notification_class(expected: int, activations: int) -> dict[str, Any]:
    wrongs = ("missed", "late", "duplicate", "spurious", "handoff_gap", "handoff_overlap")
    return {
        "expected": expected,
        "delivered": expected,
        **dict.fromkeys(wrongs, 0),
        "boundary": 17,
        "in_flight": 0,
        "delivery_ratio": 1.0,
        "judged_share": round(expected / (expected + 17), 6),
        "latency": figures(expected, 2.6),
        "handoff": {"delivered": 31, "notified": 212, "neither": 0, "both": 0},
        "entry": {"delivered": 8, "notified": 19, "neither": 4, "both": 1},
        "activation": _activation(activations),
    }


def _activation(ends: int) -> dict[str, Any]:
    interval = {"at_least": 18.0, "at_most": 41.0, "resolution": 24.0}
    times = {name: figures(ends, p50) if ends else no_figures() for name, p50 in interval.items()}
    return {"count": ends, **times, "gap_messages": 0, "overlap_messages": 0}


def _device_class(devices: int, expected: int, lost: int = 0) -> dict[str, Any]:
    delivered = expected - lost
    latency = figures(delivered, 1.93) if delivered else no_figures()
    counts = {"expected": expected, "delivered": delivered, "lost": lost, "late": 0}
    return {"devices": devices, **counts, "latency": latency}


def with_slow_devices(others_lost: int = 0) -> dict[str, Any]:
    """Return a run in which some devices read slowly."""
    summary = passing_summary()
    summary["by_device_class"] = {
        "slow": _device_class(10, 2_000, 1_200),
        "others": _device_class(194, 39_873, others_lost),
    }
    return summary


def _generator() -> dict[str, Any]:
    return {
        "lag": figures(4_600, 0.21),
        "loop_lag": figures(200, 0.12),
        "hub_lag": figures(200, 0.8),
        "gc_pause": figures(31, 0.4),
        "cpu_ratio_peak": 0.41,
        "unsent_bytes_peak": 18_432,
        "open_files_peak": 231,
        "dropped_arrivals": 0,
        "dropped_ratio": 0.0,
        "errors": 0,
        "exhausted": 0,
        "user_errors": 0,
        "workers": 1,
        "workers_lost": 0,
        "workers_early": 0,
        "clock_uncertainty_ms": None,
        "clocks": [],
    }


def with_pushes(**wrong: int) -> dict[str, Any]:
    """Return a passing run with a push sink, and what went wrong with pushes."""
    summary = passing_summary()
    counts = dict.fromkeys(
        ("unassigned", "unreadable", "missed", "late", "duplicate", "spurious", "in_flight"), 0
    )
    expected = 310
    summary["push"] = {
        "url": "http://127.0.0.1:8085/",
        "received": 312,
        "expected": expected,
        "delivered": expected - wrong.get("missed", 0),
        "boundary": 4,
        "boundary_seen": 2,
        "delivery_ratio": 1.0,
        "judged_share": 0.987261,
        "latency": figures(expected, 6.1),
        "service_latency": figures(expected, 5.9),
        **counts,
        **wrong,
    }
    return summary


def with_warnings() -> dict[str, Any]:
    """Return a passing run of which little was judged."""
    summary = passing_summary()
    summary["warnings"] = [
        {
            "code": "little_judged",
            "figure": "notifications.judged_share",
            "value": 0.613,
            "limit": ">= 0.95",
            "remedy": "let sessions stay longer",
        }
    ]
    return summary


def failed_summary() -> dict[str, Any]:
    """Return a valid run with losses, duplicates, late messages and wrong notifications."""
    summary = passing_summary()
    message = ChatEvent.MESSAGE_CREATED.value
    summary["verdict"] = "FAIL"
    summary["reasons"] = [
        {
            "code": "threshold",
            "figure": "ledger.channel.message.created.lost",
            "value": 27,
            "limit": "== 0",
            "remedy": "look for the second of the losses in timeline.csv and in the server's log",
        }
    ]
    wrong = {"lost": 27, "late": 3, "duplicate": 5, "out_of_order": 2, "unexpected": 1}
    typing = ChatEvent.TYPING_STARTED
    summary["ledger"][message] = _entry(ChatEvent.MESSAGE_CREATED, 41_873, boundary=83, **wrong)
    summary["ledger"][typing.value] = _entry(typing, 12_391, lost=240) | {"coalesced": 212}
    summary["unexpected"] = {message: {"unknown_key": 1}}
    summary["other_events"] = {"channel.member.updated": 402}
    summary["notifications"]["by_devices"] = {
        "single_device": _notification_class(1_502, 60),
        "several_devices": _notification_class(816, 28) | {"spurious": 3},
    }
    summary["load"] |= {"connections_lost": 3, "connections_lost_by_reason": {"closed (1006)": 3}}
    back = {"chat_sessions_lost": 12, "lost_in_gap": 1_047}
    summary["recovery"] = {**figures(11, 5_290.0), **back}
    summary["latency"][message] = figures(41_846, 4.1, max_ms=10_412.0)
    summary["completion"]["all"]["incomplete"] = 19
    summary["latency"][message]["above_range"] = 2
    reasons = {"no STOMP receipt within 10 s": 3, "ClientError: too many requests": 1}
    summary["actions"]["message"] |= {"errors": 4, "errors_by_reason": reasons}
    summary["actions"]["read"] |= {"dropped": 5, "dropped_by_reason": {"no chat session": 5}}
    summary["notifications"] |= {"delivered": 2_306, "missed": 12, "spurious": 3, "handoff_gap": 2}
    summary["notifications"]["handoff"] |= {"neither": 2}
    last = summary["completion"]["all"]["last"]
    last |= {"mean_ms": "never", "p999_ms": "never", "max_ms": "never", "never": 19}
    summary["thresholds"][1] |= {"value": 27, "held": False}
    return summary


def inconclusive_summary() -> dict[str, Any]:
    """Return a run whose generator was late, lost a worker and has too few samples."""
    summary = passing_summary()
    summary["verdict"] = "INCONCLUSIVE"
    summary["reasons"] = [
        {
            "code": "generator_lag",
            "figure": "generator.lag.p99_ms",
            "value": 180.2,
            "limit": 20.0,
            "remedy": "add workers or lower workload.message_rate_per_s",
        },
        {
            "code": "worker_lost",
            "figure": "generator.workers_lost",
            "value": 1,
            "limit": 0,
            "remedy": "look in the worker's log; it had reported 14 of 20 seconds",
        },
    ]
    summary["generator"] |= {"lag": figures(4_600, 46.2), "workers": 2, "workers_lost": 1}
    summary["generator"] |= {"cpu_ratio_peak": 0.98, "clock_uncertainty_ms": 0.083}
    clock = {"offset_ms": 250.012, "drift_ppm": -1.4, "uncertainty_ms": 0.041, "exchanges": 112}
    summary["generator"]["clocks"] = [{"worker": number, **clock} for number in (1, 2)]
    summary["cross_worker"] = {
        ChatEvent.MESSAGE_CREATED.value: {
            "latency": figures(20_100, 4.3),
            "service_latency": figures(20_100, 4.2),
            "negative_count": 0,
        }
    }
    summary["thresholds"][0] |= {"value": None, "held": None, "samples": 40, "interval": None}
    summary["selftest"] = None
    return summary


def stopped_summary() -> dict[str, Any]:
    """Return a run that a person stopped before anything was measured."""
    nothing = passing_summary()
    nothing |= {"verdict": "STOPPED", "duration_s": 0.812, "seed": 0, "selftest": None}
    nothing["load"] = dict.fromkeys(nothing["load"], 0) | {
        "connections_lost_by_reason": {},
        "actions": {},
    }
    for key in ("ledger", "latency", "service_latency", "staleness", "actions", "sessions"):
        nothing[key] = {}
    nothing["other_events"] = {}
    steps: dict[str, Any] = {step: no_figures() for step in _STEPS}
    nothing["completion"] = {"all": {**steps, "incomplete": 0}}
    nothing["phases"] = {}
    notified = _notifications()
    counts = {key: 0 for key, value in notified.items() if isinstance(value, int)}
    outcomes = {key: dict.fromkeys(notified[key], 0) for key in ("handoff", "entry")}
    ratios = {"delivery_ratio": None, "judged_share": None}
    times = {"latency": no_figures(), "activation": _activation(0)}
    nothing["notifications"] = {**counts, **outcomes, **ratios, **times}
    nothing["notifications"]["by_devices"] = {}
    lags = ("lag", "loop_lag", "hub_lag", "gc_pause")
    nothing["generator"] |= {key: no_figures() for key in lags} | {"cpu_ratio_peak": None}
    nothing["thresholds"] = [
        {**threshold, "value": None, "held": None, "samples": 0}
        for threshold in nothing["thresholds"]
    ]
    return nothing


def without_notifications() -> dict[str, Any]:
    """Return a passing run in which nobody was away, so no notification was due."""
    summary = passing_summary()
    summary["notifications"] = copy.deepcopy(stopped_summary()["notifications"])
    summary["ledger"].pop(ChatEvent.NOTIFICATION_CREATED.value)
    summary["latency"].pop(ChatEvent.NOTIFICATION_CREATED.value)
    return summary


def timeline(seconds: int = 20) -> list[dict[str, Any]]:
    """Return a row per second of a run that ramps up, runs, and has one bad second."""
    rows: list[dict[str, Any]] = []
    for second in range(seconds):
        load = min(1.0, (second + 1) / 5)
        is_bad = second == seconds * 2 // 3
        deliveries = round(2_093 * load * (1 + 0.08 * ((second * 7) % 5 - 2)))
        sick = 20 if is_bad else 1
        row = TimelineRow(
            t_s=second + 1,
            devices=round(200 * load),
            user_sessions=round(200 * load),
            chat_sessions=round(402 * load),
            messages=round(60 * load),
            expected=deliveries,
            deliveries=deliveries // (3 if is_bad else 1),
            lost=27 if is_bad else 0,
        ).columns()
        if second:
            row |= {"delivery_p50_ms": 1.9 * sick / 4, "delivery_p99_ms": 7.5 * sick}
            row |= {"delivery_max_ms": 21.0 * sick, "generator_lag_p99_ms": 0.4}
        rows.append(row)
    return rows


def built_summary() -> dict[str, Any]:
    """Return what ``build_summary`` makes of a run in which everything happened once."""
    measured = Figures()
    for event in ChatEvent:
        figures_of = measured.event(event)
        figures_of.expected = figures_of.delivered = 1
        figures_of.unexpected["stray"] = 1
        for histogram in (figures_of.latency, figures_of.service, figures_of.staleness):
            histogram.record_ns(1_000_000)
            histogram.record_ns(-1)
    for size in SIZE_CLASSES:
        measured.completed(size).first.record_ns(1_000_000)
    for has_several in (False, True):
        measured.notification(has_several=has_several).expected = 1
    for action in Action:
        work = measured.action(action)
        work.completed = 1
        work.errors["refused"] = work.dropped["not ready"] = 1
    for phase in Phase:
        part = measured.phase(phase)
        part.from_s_low, part.to_s_peak = 0.0, 1.0
        part.event(ChatEvent.MESSAGE_CREATED).latency.record_ns(1_000_000)
        part.action(Action.MESSAGE).latency.record_ns(1_000_000)
        for size in SIZE_CLASSES:
            part.completed(size).first.record_ns(1_000_000)
            part.completed(size).never["last"] = 1
    measured.counted["channel.member.updated"] = 1
    measured.load.connections_lost["closed"] = 1
    measured.health.samples = 1
    row = TimelineRow(t_s=1, devices=1)
    run = RunFacts(
        run_id="20261122T191500Z-smoke-3f9a",
        host="http://127.0.0.1:41873",
        dialect=2,
        is_embedded=True,
        profile=_profile(),
        seed=7,
        duration_s=20.0,
        versions={"python": "3.11.9"},
        lag_p99_limit_ms=20.0,
        thresholds=(parse("notifications.missed == 0"),),
        selftest=SELFTEST,
        aborted=Abort("notifications.missed == 0", 1.0, 12.0),
        push_sink={"url": "http://127.0.0.1:8085/", "received": 5, "unreadable": 0},
    )
    return build_summary(Totals(figures=measured, timeline=(row,)), run)
