"""``report.html``: the report of one run.

What the page says is decided in ``findings``, ``tables`` and ``plots``; how a page of any report is
made and looks is in ``page``.
"""

from collections.abc import Iterable, Mapping, Sequence

from loadtest.metrics.catalogue.values import NEVER
from loadtest.observations import ChatEvent
from loadtest.report.facts import (
    Fact,
    error_facts,
    generator_facts,
    ledger_check,
    load_facts,
    notification_facts,
    outside_facts,
    push_facts,
    run_facts,
    unexpected_facts,
    work_facts,
)
from loadtest.report.figures import (
    Summary,
    TimelineRow,
    at,
    count_text,
    marked_span,
    number,
    plain_text,
    share_text,
    shown,
)
from loadtest.report.findings import (
    fault_tone,
    findings,
    verdict,
    verdict_sentence,
    verdict_tone,
)
from loadtest.report.page import drawn, render_page
from loadtest.report.plots import figures
from loadtest.report.reasons import reasons, warnings
from loadtest.report.tables import (
    Table,
    Tone,
    actions_table,
    between_workers_table,
    completion_table,
    device_classes_table,
    fan_out_table,
    generator_table,
    handoff_table,
    latency_table,
    ledger_table,
    notification_latency_table,
    phases_table,
    reading_table,
    recovery_table,
    starts_table,
    thresholds_table,
)

__all__ = ["html_report"]


def html_report(summary: Summary, timeline: Sequence[TimelineRow] = ()) -> str:
    """Return the report of a run as one HTML page; without a timeline it has fewer charts."""
    run = run_facts(summary)
    values = {
        "verdict": verdict(summary),
        "verdict_sentence": verdict_sentence(summary),
        "verdict_tone": verdict_tone(summary),
        "reasons": reasons(summary),
        "warnings": warnings(summary),
        "about": _about(summary),
        "work": work_facts(summary),
        "findings": findings(summary),
        "run": run,
        "tiles": _tiles(summary),
        "figures": [drawn(figure) for figure in figures(summary, timeline)],
        "load": load_facts(summary),
        "ledger": (ledger_check(summary),),
        "unexpected": unexpected_facts(summary),
        "errors": error_facts(summary),
        "outside": outside_facts(summary),
        "other": tuple(_settings(at(summary, "other_events"))),
        "notifications": (*notification_facts(summary), *push_facts(summary)),
        "generator": generator_facts(summary),
        "tables": _tables(summary),
        "settings": tuple(_settings(at(summary, "profile"))),
        "versions": tuple(_settings(at(summary, "versions"))),
        "selftest": _selftest(summary),
    }
    title = f"{verdict(summary)}: {run[0].text}"
    return render_page("run.html.jinja", title=title, values=values)


def _about(summary: Summary) -> str:
    """Return in one sentence what the run was, for a reader who was not there."""
    facts = {fact.label: fact.text for fact in run_facts(summary)}
    said = f"Profile {facts['profile']} against {facts['target']}, for {facts['duration']}"
    devices = count_text(at(summary, "load", "devices_peak"))
    description = at(summary, "profile", "description")
    said = f"{said}, with up to {devices} devices."
    return f"{said} The profile: {plain_text(description)}." if description else said


def _tables(summary: Summary) -> dict[str, Table]:
    return {
        "thresholds": thresholds_table(summary),
        "fan_out": fan_out_table(summary),
        "completion": completion_table(summary),
        "ledger": ledger_table(summary),
        "latency": latency_table(summary, "latency"),
        "service_latency": latency_table(summary, "service_latency"),
        "staleness": latency_table(summary, "staleness"),
        "between_workers": between_workers_table(summary),
        "notifications": notification_latency_table(summary),
        "handoff": handoff_table(summary),
        "phases": phases_table(summary),
        "device_classes": device_classes_table(summary),
        "starts": starts_table(summary),
        "reading": reading_table(summary),
        "recovery": recovery_table(summary),
        "actions": actions_table(summary),
        "generator": generator_table(summary),
    }


def _tiles(summary: Summary) -> tuple[Fact, ...]:
    """Return the few figures that a reader looks for first."""
    message, fault = ChatEvent.MESSAGE_CREATED.value, fault_tone(summary)
    entry = at(summary, "ledger", message)
    lost = number(at(entry, "lost"))
    latency = at(summary, "latency", message)
    last = at(summary, "completion", "all", "last")
    notices = at(summary, "notifications")
    missed = number(at(notices, "missed"))
    return (
        Fact(
            "delivered",
            share_text(at(entry, "delivered"), at(entry, "expected")),
            "of the expected deliveries of messages",
            fault if lost else Tone.PLAIN,
        ),
        Fact("delivery p50", marked_span(latency, "p50_ms"), "half took at most this"),
        Fact("delivery p99", marked_span(latency, "p99_ms"), "99 of 100 took at most this"),
        Fact(
            "last receiver p99",
            marked_span(last, "p99_ms"),
            "until a message was everywhere",
            fault if shown(last, "p99_ms") == NEVER else Tone.PLAIN,
        ),
        Fact(
            "notified",
            share_text(at(notices, "delivered"), at(notices, "expected")),
            "of the expected notifications",
            fault if missed else Tone.PLAIN,
        ),
        Fact(
            "generator lag p99",
            marked_span(at(summary, "generator", "lag"), "p99_ms"),
            "how late we sent ourselves",
        ),
    )


def _settings(block: object, prefix: str = "") -> Iterable[tuple[str, str]]:
    """Return the leaves of nested settings as pairs of a dotted name and a value."""
    if not isinstance(block, Mapping):
        return
    for key, value in block.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from _settings(value, f"{name}.")
        elif isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
            for place, each in enumerate(value):
                yield from _settings(each, f"{name}[{place}].")
        else:
            yield name, plain_text(value)


def _selftest(summary: Summary) -> str:
    stamp = at(summary, "selftest")
    if stamp is None:
        return "not run with this version"
    outcome = "passed" if at(stamp, "passed") else "failed"
    return f"{outcome}, version {plain_text(at(stamp, 'version'))}"
