"""What the panel shows, as one JSON answer: state, status line, course, marks and tables.

Words, columns and colours of the tables are those of the reports: they are made from the summary of
this instant by the same code. That summary costs as much as the figures are many, so that it is
made at most as often as its own cost allows, however many pages ask.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from loadtest.clock import NS_PER_MS, NS_PER_S, Clock, monotonic_ns
from loadtest.metrics.verdict.grammar import Consequence, parse
from loadtest.metrics.verdict.thresholds import samples_needed
from loadtest.observations import ChatEvent
from loadtest.report.facts import Fact, error_facts, generator_facts, notification_facts
from loadtest.report.figures import EVENT_LABELS, at, count_text, plain_text, span_text
from loadtest.report.findings import findings, verdict, verdict_sentence, verdict_tone
from loadtest.report.reasons import reasons
from loadtest.report.tables import (
    Column,
    Table,
    TableCell,
    TableRow,
    Tone,
    actions_table,
    completion_table,
    fan_out_table,
    generator_table,
    ledger_table,
    notification_latency_table,
    starts_table,
)
from loadtest.web.desk import Desk, WatchedRun

__all__ = ["SCHEMA", "Screen"]

SCHEMA = "chatkitty-loadtest-live/1"

_COST_SHARE = 100
"""A summary is made again after this many times the time it took: one hundredth of the time."""
_SHORTEST_NS = NS_PER_S
_RISK_SHARE = 0.8
"""A value beyond this share of its limit is at risk."""
_SILENT_S = 5
_BUSY_RATIO = 0.9
_RUNNING = ("spawning", "running")


class Screen:
    """Answers pages that ask how the run goes.

    Args:
        desk: The process that leads runs.
        clock: For tests.
    """

    def __init__(self, desk: Desk, clock: Clock = monotonic_ns) -> None:
        self._desk = desk
        self._clock = clock
        self._made_of: tuple[str, bool] = ("", False)
        self._made_ns = self._next_ns = 0
        self._figures: dict[str, Any] = {}
        self._broken: set[str] = set()

    def answer(self, run_id: str = "", since_s: float = 0.0) -> dict[str, Any]:
        """Return all there is to show; of the course only what is new since ``since_s``.

        A page that knows another run, or none, gets the whole course.
        """
        run = self._desk.run
        base = {"schema": SCHEMA, "state": self._state(run), "refusal": self._desk.refusal}
        live = run.live if run is not None else None
        if run is None or live is None:
            return {**base, "run_id": ""}
        is_known = run_id == run.run_id
        course = live.course
        return {
            **base,
            "run_id": run.run_id,
            "is_whole": not is_known,
            "step_s": course.step_s,
            "end_s": course.end_s,
            "points": course.rows(since_s if is_known else 0.0),
            "marks": [mark.to_dict() for mark in live.marks],
            "time": self._time(run),
            "planned": dict(self._desk.planned),
            "workers": _plain_table(_workers_table(run)),
            "slowest": live.slowest(),
            **self._summarised(run),
        }

    def _state(self, run: WatchedRun | None) -> str:
        if run is None:
            return "starting" if self._desk.state in _RUNNING else "empty"
        if run.is_finished:
            return "ended"
        return "draining" if run.is_draining else "running"

    def _time(self, run: WatchedRun) -> dict[str, Any]:
        planned_s = run.planned_s
        left_s = None if planned_s is None else max(planned_s - run.elapsed_s, 0.0)
        return {
            "elapsed_s": round(run.elapsed_s, 1),
            "planned_s": planned_s,
            "left_s": None if left_s is None or run.is_finished else round(left_s, 1),
        }

    # --- what is made from the summary ---------------------------------------------------------

    def _summarised(self, run: WatchedRun) -> dict[str, Any]:
        made_of = (run.run_id, run.is_finished)
        now_ns = self._clock()
        if made_of != self._made_of or (now_ns >= self._next_ns and not run.is_finished):
            if made_of[0] != self._made_of[0]:
                self._broken = set()
            self._figures = self._made(run)
            cost_ns = self._clock() - now_ns
            self._next_ns = now_ns + max(_SHORTEST_NS, cost_ns * _COST_SHARE) - 50 * NS_PER_MS
            self._made_of = made_of
        return self._figures

    def note(self) -> None:
        """Look at the thresholds although no page asks: charts show later when one broke."""
        run = self._desk.run
        if run is not None and not run.is_finished:
            self._summarised(run)

    def _made(self, run: WatchedRun) -> dict[str, Any]:
        summary = run.summary()
        thresholds = [_threshold(each) for each in summary["thresholds"]]
        generator = _generator(summary, run)
        self._mark_broken(run, summary)
        return {
            "profile": str(at(summary, "profile", "name") or ""),
            "target": _target(summary),
            "verdict": _final(summary) if run.is_finished else _so_far(thresholds, generator),
            "generator": generator,
            "findings": [
                {"text": each.text, "tone": each.tone.value} for each in findings(summary)
            ],
            "thresholds": thresholds,
            "tables": [_plain_table(table) for table in _tables(summary)],
            "facts": _facts(summary),
            "totals": _totals(summary),
            "event_labels": dict(EVENT_LABELS),
        }

    def _mark_broken(self, run: WatchedRun, summary: Mapping[str, Any]) -> None:
        for each in summary["thresholds"]:
            expression = each["expression"]
            if each["held"] is False and expression not in self._broken:
                self._broken.add(expression)
                if run.live is not None:
                    run.live.mark("threshold", f"broken: {expression}")


def _target(summary: Mapping[str, Any]) -> str:
    host = plain_text(at(summary, "target", "host"))
    return f"embedded server ({host})" if at(summary, "target", "embedded") else host


def _threshold(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return a threshold with its present value, how far off its limit is, and how it stands."""
    threshold = parse(entry["expression"])
    value, limit = entry["value"], threshold.limit
    distance = None
    if isinstance(value, int | float) and limit:
        distance = round((limit - value) / abs(limit), 4)
        if threshold.comparison.startswith(">"):
            distance = -distance
    needed = samples_needed(threshold.figure)
    samples = entry["samples"]
    is_thin = value is None or samples == 0 or (samples or 0) < needed
    unclear = "too few samples" if is_thin else "too near to say"
    stands = {True: "holds", False: "broken"}.get(entry["held"], unclear)
    is_upper = threshold.comparison.startswith("<")
    if stands == "holds" and is_upper and limit and value > _RISK_SHARE * limit:
        stands = "at risk"
    return {
        "expression": entry["expression"],
        "value": value,
        "limit": limit,
        "distance_ratio": distance,
        "samples": entry["samples"],
        "samples_needed": needed,
        "stands": stands,
        "is_gate": threshold.consequence is not Consequence.WARN,
    }


def _final(summary: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "word": verdict(summary),
        "tone": verdict_tone(summary).value,
        "sentence": verdict_sentence(summary),
        "reasons": [{"text": each.text, "remedy": each.remedy} for each in reasons(summary)],
        "is_final": True,
    }


def _so_far(thresholds: list[dict[str, Any]], generator: Mapping[str, str]) -> dict[str, Any]:
    """Return the verdict of a run that would end now; INCONCLUSIVE wins, as at the end."""
    gates = [each for each in thresholds if each["is_gate"]]
    counts = {stands: sum(each["stands"] == stands for each in gates) for stands in _STANDS}
    word, tone = "PASS so far", Tone.GOOD
    if generator["tone"] == Tone.BAD:
        word, tone = "INCONCLUSIVE so far", Tone.WARN
    elif counts["broken"]:
        word, tone = "FAIL so far", Tone.BAD
    elif counts["too few samples"]:
        word, tone = "Too early to say", Tone.QUIET
    elif counts["at risk"] or counts["too near to say"]:
        word, tone = "PASS so far, at risk", Tone.WARN
    sentence = ", ".join(f"{n} {_STANDS[stands]}" for stands, n in counts.items() if n)
    return {
        "word": word,
        "tone": tone.value,
        "sentence": f"Thresholds: {sentence}." if thresholds else "No threshold is set.",
        "reasons": [
            {"text": f"{each['expression']}: {each['stands']}", "remedy": ""}
            for each in thresholds
            if each["stands"] in ("broken", "at risk", "too near to say")
        ],
        "is_final": False,
    }


_STANDS = {
    "broken": "broken",
    "at risk": "at risk",
    "too near to say": "too near to their limit to say",
    "too few samples": "without enough samples yet",
    "holds": "held",
}


def _generator(summary: Mapping[str, Any], run: WatchedRun) -> dict[str, Any]:
    """Return whether the load generator keeps up: the answer to "is it me or the server?"."""
    block = at(summary, "generator")
    settings = at(summary, "profile", "generator")
    lags = (
        ("lag", "lag p99", at(settings, "lag_p99_limit_ms")),
        ("loop_lag", "loop lag p99", at(settings, "loop_lag_p99_limit_ms")),
    )
    late = [
        f"{words} {span_text(at(block, name, 'p99_ms'))}, limit {span_text(limit)}"
        for name, words, limit in lags
        if limit is not None and (at(block, name, "p99_ms") or 0) > limit
    ]
    lost = [state.view.number + 1 for state in run.worker_states() if state.is_lost]
    if lost:
        late.append(f"worker {', '.join(map(str, lost))} is lost")
    if late:
        return {"tone": "bad", "text": f"The load generator is the bottleneck: {'; '.join(late)}"}
    if not at(block, "lag", "count"):
        return {"tone": "quiet", "text": "Nothing is known of the load generator yet"}
    lag = at(block, "lag", "p99_ms")
    return {"tone": "good", "text": f"The load generator keeps up: lag p99 {span_text(lag)}"}


def _tables(summary: Mapping[str, Any]) -> Iterable[Table]:
    makers: tuple[Callable[[Mapping[str, Any]], Table], ...] = (
        fan_out_table,
        ledger_table,
        completion_table,
        notification_latency_table,
        starts_table,
        actions_table,
        generator_table,
    )
    for make in makers:
        yield make(summary)


def _facts(summary: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
    return {
        "notifications": [*map(_plain_fact, notification_facts(summary)), *_outcomes(summary)],
        "generator": [*map(_plain_fact, generator_facts(summary))],
        "errors": [*map(_plain_fact, error_facts(summary))],
    }


def _outcomes(summary: Mapping[str, Any]) -> Iterable[dict[str, str]]:
    """Yield the outcomes of hand-offs and entries, which are judged on their own."""
    for name, label, is_judged in (("handoff", "hand-off", True), ("entry", "entry", False)):
        for outcome, count in (at(summary, "notifications", name) or {}).items():
            is_wrong = is_judged and outcome in ("neither", "both") and count
            tone = Tone.BAD if is_wrong else Tone.PLAIN
            words = f"{label}: {outcome}"
            yield _plain_fact(Fact(words, count_text(count), _MEANINGS[name], tone))


_MEANINGS = {
    "handoff": "messages while the user's last chat session ended",
    "entry": "messages while the user's first chat session started; none of these is a fault",
}


def _totals(summary: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures that stand in tiles, as numbers of the summary."""
    message = str(ChatEvent.MESSAGE_CREATED)
    return {
        "ledger": at(summary, "ledger", message),
        "latency": at(summary, "latency", message),
        "last_receiver": at(summary, "completion", "all", "last"),
        "notifications": {
            name: at(summary, "notifications", name)
            for name in ("expected", "delivered", "missed", "duplicate", "spurious")
        },
        "load": at(summary, "load"),
        "errors": sum(
            at(block, "errors") or 0
            for section in ("actions", "sessions")
            for block in (at(summary, section) or {}).values()
        ),
    }


def _workers_table(run: WatchedRun) -> Table:
    columns = (
        Column("devices", "devices", "with a connection"),
        Column("chat_sessions", "chat sessions", "that are active"),
        Column("cpu", "CPU", "of one core, at the last second"),
        Column("lag", "lag p99", "generator lag of the last second"),
        Column("clock", "clock +-", "uncertainty of its clock against the leading process"),
        Column("heard", "last heard", "since its last report"),
    )
    rows = []
    for state in run.worker_states():
        view, clock = state.view, state.clock
        is_silent = not run.is_finished and view.heard_s_ago > _SILENT_S
        heard = "at the end" if run.is_finished else f"{view.heard_s_ago:.0f} s ago"
        heard = "lost" if state.is_lost else heard
        cells = (
            TableCell(count_text(view.devices)),
            TableCell(count_text(view.chat_sessions)),
            TableCell(
                f"{view.cpu_ratio * 100:.0f} %",
                Tone.WARN if view.cpu_ratio > _BUSY_RATIO else Tone.PLAIN,
            ),
            TableCell(span_text(view.lag_p99_ms)),
            TableCell(span_text(clock.uncertainty_ms if clock is not None else None)),
            TableCell(heard, Tone.BAD if is_silent or state.is_lost else Tone.PLAIN),
        )
        rows.append(TableRow(f"worker {view.number + 1}", cells))
    return Table("Workers", "worker", columns, tuple(rows))


def _plain_fact(fact: Fact) -> dict[str, str]:
    return {
        "label": fact.label,
        "text": fact.text,
        "meaning": fact.meaning,
        "tone": fact.tone.value,
    }


def _plain_table(table: Table) -> dict[str, Any]:
    return {
        "title": table.title,
        "subject": table.subject,
        "unit": table.unit,
        "columns": [{"title": each.title, "meaning": each.meaning} for each in table.columns],
        "rows": [
            {
                "label": row.label,
                "meaning": row.meaning,
                "cells": [[cell.text, cell.tone.value] for cell in row.cells],
            }
            for row in table.rows
        ],
    }
