"""What a run found, in sentences and short facts, for every rendering.

A sentence claims only what its figures say. Where nothing was measured it says so, and a
loss comes before any praise. Figures in columns live in ``tables``; nothing here draws.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from loadtest.metrics.catalogue.declaration import Gravity
from loadtest.metrics.catalogue.deliveries import LEDGER
from loadtest.metrics.catalogue.values import NEVER
from loadtest.metrics.verdict.grammar import Consequence
from loadtest.observations import ChatEvent
from loadtest.report.facts import WRONG_NOTIFICATIONS, WRONG_PUSHES
from loadtest.report.figures import (
    Summary,
    at,
    count_text,
    is_thin,
    listed,
    measured,
    number,
    of_text,
    share_text,
    span_text,
    was_measured,
)
from loadtest.report.tables import Tone

__all__ = [
    "Finding",
    "fault_tone",
    "findings",
    "ledger_trouble",
    "verdict",
    "verdict_sentence",
    "verdict_tone",
]

_VERDICT_TONES: Mapping[str, Tone] = {
    "PASS": Tone.GOOD,
    "FAIL": Tone.BAD,
    "INCONCLUSIVE": Tone.WARN,
    "STOPPED": Tone.WARN,
}
_NO_LIMIT = "No threshold of this run limits that."
_FAULTS = tuple(each.name for each in LEDGER.figures if each.gravity is Gravity.FAULT)
_TROUBLES = tuple(
    (each.name, each.heading) for each in LEDGER.figures if each.gravity is not Gravity.NOTHING
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about the run."""

    text: str
    tone: Tone = Tone.PLAIN


def verdict(summary: Summary) -> str:
    """Return the verdict's word; a summary without one is INCONCLUSIVE."""
    return str(at(summary, "verdict") or "INCONCLUSIVE")


def verdict_tone(summary: Summary) -> Tone:
    """Return the tone of the verdict."""
    return _VERDICT_TONES.get(verdict(summary), Tone.WARN)


def verdict_sentence(summary: Summary) -> str:
    """Return the verdict in one sentence."""
    word = verdict(summary)
    thresholds = listed(at(summary, "thresholds"))
    if word == "PASS":
        if not thresholds:
            return "The run is valid; no threshold was set."
        if any(at(threshold, "held") is False for threshold in thresholds):
            return "The run is valid; what broke was set to warn only."
        return f"The run is valid and all its thresholds held ({len(thresholds)})."
    if word == "FAIL":
        broken = sum(
            1
            for threshold in thresholds
            if at(threshold, "held") is False and at(threshold, "consequence") != Consequence.WARN
        )
        said = f"The run is valid and {broken} of {len(thresholds)} thresholds broke."
        ended_s = number(at(summary, "aborted", "at_s"))
        return said if ended_s is None else f"{said} One ended the run after {ended_s:,.0f} s."
    if word == "STOPPED":
        return "A person stopped the run; what was measured until then is shown."
    return "This run cannot support a verdict."


def fault_tone(summary: Summary) -> Tone:
    """Return the tone of a fault: beside a PASS nobody limits it, so it is no alarm."""
    return Tone.WARN if verdict(summary) == "PASS" else Tone.BAD


def findings(summary: Summary) -> tuple[Finding, ...]:
    """Return what the run says of deliveries, notifications, pushes, and the way back."""
    pushes = (_push_finding(summary),) if at(summary, "push") else ()
    found = (
        *_delivery_findings(summary),
        *_reading_findings(summary),
        _notification_finding(summary),
        *pushes,
        *_recovery_findings(summary),
    )
    if verdict(summary) != "PASS":
        return found
    # A fault that no threshold limits is told, but it is no reason to think that the run failed.
    return tuple(
        Finding(f"{each.text} {_NO_LIMIT}", Tone.WARN) if each.tone is Tone.BAD else each
        for each in found
    )


def ledger_trouble(entry: object) -> str:
    """Return what went wrong with one event type: ``27 lost, 3 late``; empty if nothing did."""
    found = ((number(at(entry, key)), words) for key, words in _TROUBLES)
    return ", ".join(f"{count_text(count)} {words}" for count, words in found if count)


def _delivery_findings(summary: Summary) -> tuple[Finding, ...]:
    message = ChatEvent.MESSAGE_CREATED.value
    entry = at(summary, "ledger", message)
    expected, delivered = at(entry, "expected"), at(entry, "delivered")
    if not number(expected):
        return (Finding("No delivery of a message was expected, so none was judged.", Tone.WARN),)
    trouble = ledger_trouble(entry)
    if trouble:
        arrived = f"{count_text(delivered)} of {count_text(expected)} expected deliveries of "
        share = share_text(delivered, expected)
        tone = Tone.BAD if any(number(at(entry, key)) for key in _FAULTS) else Tone.WARN
        counts = Finding(f"{arrived}messages arrived ({share}): {trouble}.", tone)
    elif delivered == expected:
        each = "Each of the {} expected deliveries of messages arrived once, in order."
        counts = Finding(each.format(count_text(expected)), Tone.GOOD)
    else:
        counts = Finding(
            f"{of_text(delivered, expected)} deliveries of messages arrived.", Tone.BAD
        )
    figures = at(summary, "latency", message)
    return (counts, Finding(_latency_sentence(summary, figures))) if figures else (counts,)


def _latency_sentence(summary: Summary, figures: object) -> str:
    if not was_measured(figures):
        return "No delivery latency was measured."
    percent, key = _supported(figures)
    most = f"{percent} % at most {span_text(at(figures, key))}, " if key != "p50_ms" else ""
    text = (
        f"Half of them took at most {span_text(at(figures, 'p50_ms'))}, {most}the slowest "
        f"{span_text(at(figures, 'max_ms'))}."
    )
    between = at(summary, "cross_worker", ChatEvent.MESSAGE_CREATED.value, "latency")
    if was_measured(between):
        uncertainty = span_text(at(summary, "generator", "clock_uncertainty_ms"))
        text = (
            f"Within one worker, half took at most {span_text(at(figures, 'p50_ms'))}, 99 % at "
            f"most {span_text(at(figures, 'p99_ms'))}. Between workers, half took at most "
            f"{span_text(at(between, 'p50_ms'))}, 99 % at most {span_text(at(between, 'p99_ms'))}, "
            f"give or take {uncertainty} by their clocks."
        )
    return f"{text} {_last_receiver_sentence(summary)}".rstrip()


def _supported(figures: object) -> tuple[str, str]:
    """Return the highest percentile of which a sentence may speak, and its key."""
    for percent, key in (("99", "p99_ms"), ("90", "p90_ms")):
        if not is_thin(figures, key):
            return percent, key
    return "50", "p50_ms"


def _last_receiver_sentence(summary: Summary) -> str:
    """Return when messages were everywhere, over all messages and not over those that were."""
    last = at(summary, "completion", "all", "last")
    if not was_measured(last):
        return ""
    never = number(at(last, "never"))
    if at(last, _supported(last)[1]) == NEVER:
        share = share_text(never, at(last, "count"))
        return f"The last receiver: never for {share} of messages."
    percent, key = _supported(last)
    text = f"{percent} % of messages had reached their last receiver after "
    text += span_text(at(last, key))
    return f"{text}, {count_text(never)} never did." if never else f"{text}."


def _notification_finding(summary: Summary) -> Finding:
    block = at(summary, "notifications")
    wrong = ", ".join(
        f"{count_text(at(block, key))} {label}"
        for key, label, _ in WRONG_NOTIFICATIONS
        if number(at(block, key))
    )
    expected, delivered = at(block, "expected"), at(block, "delivered")
    if wrong:
        return Finding(f"Notifications: {of_text(delivered, expected)} right; {wrong}.", Tone.BAD)
    if not number(expected):
        return Finding("No notification was expected, and none came wrongly.", Tone.QUIET)
    if delivered == expected:
        return Finding(_all_came(expected, "notification"), Tone.GOOD)
    return Finding(f"Notifications: {of_text(delivered, expected)} right.", Tone.BAD)


def _reading_findings(summary: Summary) -> tuple[Finding, ...]:
    slow, others = (at(summary, "by_device_class", name) for name in ("slow", "others"))
    if not number(at(slow, "devices")):
        return ()
    text = (
        f"{count_text(at(slow, 'devices'))} devices read slowly, on purpose. {_class_text(slow)} "
        f"Of the others, {count_text(at(others, 'devices'))}: {_class_text(others)}"
    )
    return (Finding(text, Tone.BAD if number(at(others, "lost")) else Tone.PLAIN),)


def _class_text(block: object) -> str:
    """Return the deliveries of one class of devices in a sentence."""
    p99 = span_text(measured(at(block, "latency"), "p99_ms"))
    lost, expected = at(block, "lost"), at(block, "expected")
    return f"99 % of their deliveries took at most {p99}; {of_text(lost, expected)} were lost."


def _recovery_findings(summary: Summary) -> tuple[Finding, ...]:
    block = at(summary, "recovery")
    lost, back = number(at(block, "chat_sessions_lost")), number(at(block, "count"))
    if not lost:
        return ()
    text = f"{of_text(back, lost)} chat sessions whose connection broke came back"
    if back:
        text += (
            f": half of them after {span_text(at(block, 'p50_ms'))}, 90 % after "
            f"{span_text(at(block, 'p90_ms'))}, 99 % after {span_text(at(block, 'p99_ms'))}"
        )
    missed = at(block, "lost_in_gap")
    gap = (
        "Deliveries of messages lost in the gap, which others wrote before the chat session was "
        f"back: {count_text(missed)}."
        if number(missed)
        else "No message was lost in the gap."
    )
    return (Finding(f"{text}. {gap}", Tone.PLAIN if back == lost else Tone.WARN),)


def _push_finding(summary: Summary) -> Finding:
    block = at(summary, "push")
    wrong = ", ".join(
        f"{count_text(at(block, key))} {label}"
        for key, label, _ in WRONG_PUSHES
        if number(at(block, key))
    )
    expected, delivered = at(block, "expected"), at(block, "delivered")
    if wrong:
        return Finding(f"Pushes: {of_text(delivered, expected)} right; {wrong}.", Tone.BAD)
    if not number(expected):
        return Finding("No push was expected, and none came wrongly.", Tone.QUIET)
    return Finding(_all_came(expected, "push", "pushes"), Tone.GOOD)


def _all_came(expected: object, one: str, several: str = "") -> str:
    if expected == 1:
        return f"The one {one} that was expected came, once."
    return f"All {count_text(expected)} expected {several or one + 's'} came, once."
