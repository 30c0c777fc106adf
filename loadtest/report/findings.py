"""What a run found, in sentences and short facts, for every rendering.

One rule: a sentence claims only what its figures say. Where nothing was measured it says so, and a
loss comes before any praise. Figures in columns live in ``tables``; nothing here draws.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from loadtest.observations import ChatEvent
from loadtest.report.figures import (
    MISSING,
    Summary,
    action_label,
    at,
    count_text,
    event_label,
    items,
    listed,
    measured,
    number,
    plain_text,
    share_text,
    span_text,
    was_measured,
)
from loadtest.report.tables import Tone

__all__ = [
    "Fact",
    "Finding",
    "Reason",
    "deviation_facts",
    "error_facts",
    "findings",
    "generator_facts",
    "ledger_check",
    "ledger_trouble",
    "load_facts",
    "notification_facts",
    "outside_facts",
    "push_facts",
    "reasons",
    "run_facts",
    "unexpected_facts",
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
_WRONG_NOTIFICATIONS = (
    ("missed", "missed", "a member without a chat session got none"),
    ("duplicate", "duplicate", "the same device got it again"),
    ("spurious", "spurious", "came although a chat session was active"),
    ("handoff_gap", "hand-off gap", "neither delivered nor notified while a session ended"),
    ("handoff_overlap", "hand-off overlap", "delivered and notified while a session ended"),
)
_WRONG_PUSHES = (
    ("missed", "missed", "a member who was not connected at all got none"),
    ("duplicate", "duplicate", "the sink got it again for the same user"),
    ("spurious", "spurious", "for somebody who was connected, or is no member"),
)
_REASONS_SHOWN = 5
_OUTSIDE = {
    "below_range": "below the range of a histogram",
    "above_range": "above the range of a histogram",
    "negative": "negative",
}
_FAULTS = ("lost", "duplicate", "out_of_order")
_TROUBLES = (
    ("lost", "lost"),
    ("late", "late"),
    ("duplicate", "duplicate"),
    ("out_of_order", "out of order"),
    ("unexpected", "unexpected"),
    ("refused", "refused"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about the run."""

    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the verdict is what it is, and what to do about it."""

    text: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Fact:
    """One named figure, and what it means."""

    label: str
    text: str
    meaning: str = ""
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
        return f"The run is valid and all its thresholds held ({len(thresholds)})."
    if word == "FAIL":
        broken = sum(1 for threshold in thresholds if at(threshold, "held") is False)
        return f"The run is valid and {broken} of {len(thresholds)} thresholds broke."
    if word == "STOPPED":
        return "A person stopped the run; what was measured until then is shown."
    return "This run cannot support a verdict."


def reasons(summary: Summary) -> tuple[Reason, ...]:
    """Return the reasons of the verdict, each with its figure, limit and remedy."""
    told = [
        Reason(_reason_text(reason), str(at(reason, "remedy") or ""))
        for reason in listed(at(summary, "reasons"))
    ]
    # A remedy for several reasons in a row is given once, after the last of them.
    for place, (reason, after) in enumerate(pairwise(told)):
        if reason.remedy == after.remedy:
            told[place] = replace(reason, remedy="")
    return tuple(told)


def findings(summary: Summary) -> tuple[Finding, ...]:
    """Return what the run says of deliveries, notifications, pushes, and the way back."""
    pushes = (_push_finding(summary),) if at(summary, "push") else ()
    return (
        *_delivery_findings(summary),
        *_reading_findings(summary),
        _notification_finding(summary),
        *pushes,
        *_recovery_findings(summary),
    )


def run_facts(summary: Summary) -> tuple[Fact, ...]:
    """Return what was run against what."""
    host = at(summary, "target", "host")
    is_embedded = at(summary, "target", "embedded")
    seconds = number(at(summary, "duration_s"))
    profile = at(summary, "profile", "name")
    target = f"embedded server ({host})" if is_embedded and host else plain_text(host)
    return (
        Fact("run", plain_text(at(summary, "run_id")), "sorts by the time it started"),
        Fact("profile", plain_text(profile)),
        Fact("target", target),
        Fact("dialect", plain_text(at(summary, "target", "dialect")), "of StompX"),
        Fact(
            "workload",
            plain_text(at(summary, "workload")),
            "open: a schedule decides, and a wait counts from when an action was due; closed: each "
            "user waits for the server, and time counts from sending",
        ),
        *deviation_facts(summary),
        Fact("duration", MISSING if seconds is None else f"{seconds:,.1f} s"),
        Fact("seed", str(at(summary, "seed") if at(summary, "seed") is not None else MISSING)),
    )


def deviation_facts(summary: Summary) -> tuple[Fact, ...]:
    """Return what the devices did otherwise than the SDK, if anything."""
    deviations = "; ".join(map(plain_text, listed(at(summary, "deviations"))))
    meaning = "what the profile made devices do otherwise"
    return (Fact("unlike the SDK", deviations, meaning, Tone.WARN),) if deviations else ()


def load_facts(summary: Summary) -> tuple[Fact, ...]:
    """Return what load was put on the server."""
    load = at(summary, "load")
    started = count_text(at(load, "chat_sessions_started"))
    ended = count_text(at(load, "chat_sessions_ended"))
    peak = count_text(at(load, "chat_sessions_peak"))
    broken = number(at(load, "connections_lost"))
    done = ", ".join(
        f"{action_label(name)} {count_text(n)}" for name, n in items(at(load, "actions"))
    )
    return (
        Fact("users", count_text(at(load, "users")), "chat identities"),
        Fact(
            "devices", f"{count_text(at(load, 'devices_peak'))} at the peak", "one connection each"
        ),
        Fact(
            "user sessions",
            f"{count_text(at(load, 'user_sessions'))} started, "
            f"{count_text(at(load, 'user_sessions_ended'))} ended",
            "from CONNECT to DISCONNECT",
        ),
        Fact(
            "chat sessions",
            f"{started} started, {ended} ended, {peak} at the peak",
            "a device live in one channel",
        ),
        Fact(
            "connections lost",
            _with_reasons(at(load, "connections_lost"), at(load, "connections_lost_by_reason")),
            "against the device's wish",
            Tone.WARN if broken else Tone.PLAIN,
        ),
        Fact("actions", done or MISSING, "what devices did"),
    )


def notification_facts(summary: Summary) -> tuple[Fact, ...]:
    """Return how many notifications were right, and each way in which some were wrong."""
    block = at(summary, "notifications")
    expected, delivered = at(block, "expected"), at(block, "delivered")
    is_complete = expected == delivered
    late = at(block, "late")
    right = Fact(
        "right",
        _of(delivered, expected),
        "one on each connected device of a member without a chat session in the channel",
        Tone.PLAIN if is_complete else Tone.BAD,
    )
    wrong = tuple(
        Fact(label, count_text(at(block, key)), meaning, _bad_if(at(block, key)))
        for key, label, meaning in _WRONG_NOTIFICATIONS
    )
    tone = Tone.WARN if number(late) else Tone.PLAIN
    return (
        right,
        *wrong,
        Fact("late", count_text(late), "right, but after the delivery deadline", tone),
        Fact(
            "boundary",
            count_text(at(block, "boundary")),
            "not judged: a session was starting or ending",
        ),
    )


def push_facts(summary: Summary) -> tuple[Fact, ...]:
    """Return what the push sink got and should have got; nothing if there was none."""
    block = at(summary, "push")
    if not block:
        return ()
    expected, delivered = at(block, "expected"), at(block, "delivered")
    wrong = tuple(
        Fact(f"pushes {label}", count_text(at(block, key)), meaning, _bad_if(at(block, key)))
        for key, label, meaning in _WRONG_PUSHES
    )
    others = number(at(block, "unassigned"))
    return (
        Fact(
            "pushes right",
            _of(delivered, expected),
            "one for each message and member who was not connected at all",
            Tone.PLAIN if expected == delivered else Tone.BAD,
        ),
        *wrong,
        Fact("pushes late", count_text(at(block, "late")), "after the delivery deadline"),
        Fact(
            "pushes not judged",
            count_text(at(block, "boundary")),
            "boundary: the user had just come or gone",
        ),
        Fact(
            "pushes unassigned",
            count_text(others),
            "of channels that are not of this run",
            Tone.WARN if others else Tone.PLAIN,
        ),
        Fact("push sink", plain_text(at(block, "url")), "what the deployment has to call"),
    )


def generator_facts(summary: Summary) -> tuple[Fact, ...]:
    """Return the health of the load generator, lags aside."""
    block = at(summary, "generator")
    cpu = number(at(block, "cpu_ratio_peak"))
    uncertainty = at(block, "clock_uncertainty_ms")
    dropped, gone = at(block, "dropped_arrivals"), at(block, "workers_lost")
    return (
        Fact(
            "CPU at the peak",
            MISSING if cpu is None else f"{cpu * 100:,.0f} %",
            "of one core; an engine near 100 % measures itself",
            Tone.WARN if (cpu or 0) >= 0.9 else Tone.PLAIN,
        ),
        Fact(
            "bytes unsent",
            count_text(at(block, "unsent_bytes_peak")),
            "the most that ever waited in send buffers",
        ),
        Fact("open files", count_text(at(block, "open_files_peak")), "the most at one time"),
        Fact(
            "dropped arrivals",
            count_text(dropped),
            "planned actions that could not be offered",
            Tone.WARN if number(dropped) else Tone.PLAIN,
        ),
        Fact("workers", count_text(at(block, "workers")), "processes that generated load"),
        Fact("workers lost", count_text(gone), "whose final report is missing", _bad_if(gone)),
        Fact(
            "clock uncertainty",
            span_text(uncertainty),
            "between workers, for what crosses from one to another",
        ),
    )


def ledger_check(summary: Summary) -> Fact:
    """Return whether delivered and lost make expected, for every event type."""
    entries = [entry for _, entry in items(at(summary, "ledger")) if _counts(entry)]
    wrong = sum(1 for entry in entries if not _adds_up(entry))
    meaning = "delivered + lost = expected, for each event type"
    if not entries:
        return Fact("ledger", MISSING, meaning)
    if wrong:
        return Fact("ledger", f"does not add up for {wrong} event types", meaning, Tone.BAD)
    if at(summary, "adds_up") is False:
        return Fact("ledger", "does not add up; see the reasons", meaning, Tone.BAD)
    return Fact("ledger", "adds up", meaning, Tone.GOOD)


def error_facts(summary: Summary) -> tuple[Fact, ...]:
    """Return why actions failed or could not be offered, for each action that did."""
    facts = []
    for section in ("sessions", "actions"):
        for name, block in items(at(summary, section)):
            for kind, tone in (("errors", Tone.BAD), ("dropped", Tone.WARN)):
                count = at(block, kind)
                if number(count):
                    said = _with_reasons(count, at(block, f"{kind}_by_reason"))
                    facts.append(Fact(f"{action_label(name)} {kind}", said, tone=tone))
    return tuple(facts)


def unexpected_facts(summary: Summary) -> tuple[Fact, ...]:
    """Return what arrived without a cause in this run, by event type and kind."""
    return tuple(
        Fact(event_label(event), _with_reasons(None, kinds), event, Tone.WARN)
        for event, kinds in items(at(summary, "unexpected"))
    )


def outside_facts(summary: Summary) -> tuple[Fact, ...]:
    """Return how many samples a histogram could only count, by where they belong."""
    return tuple(
        Fact(path, f"{count_text(count)} {_OUTSIDE[key]}", tone=Tone.WARN)
        for path, key, count in _outside(summary, "")
    )


def ledger_trouble(entry: object) -> str:
    """Return what went wrong with one event type: ``27 lost, 3 late``; empty if nothing did."""
    found = ((number(at(entry, key)), words) for key, words in _TROUBLES)
    return ", ".join(f"{count_text(count)} {words}" for count, words in found if count)


def _reason_text(reason: object) -> str:
    code, figure = at(reason, "code"), at(reason, "figure") or at(reason, "code")
    value, limit = at(reason, "value"), at(reason, "limit")
    if code == "does_not_add_up":
        return f"{figure} does not add up"
    if code == "too_few_samples":
        return f"{figure} rests on {count_text(value)} samples; needed {plain_text(limit)}"
    text = f"{figure} is {plain_text(value)}" if value is not None else f"{figure}: not measured"
    return text if limit is None else f"{text}; limit {plain_text(limit)}"


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
        counts = Finding(f"{_of(delivered, expected)} deliveries of messages arrived.", Tone.BAD)
    figures = at(summary, "latency", message)
    return (counts, Finding(_latency_sentence(summary, figures))) if figures else (counts,)


def _latency_sentence(summary: Summary, figures: object) -> str:
    if not was_measured(figures):
        return "No delivery latency was measured."
    text = (
        f"Half of them took at most {span_text(at(figures, 'p50_ms'))}, 99 % at most "
        f"{span_text(at(figures, 'p99_ms'))}, the slowest {span_text(at(figures, 'max_ms'))}."
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
    last = at(summary, "completion", "all", "last")
    if was_measured(last):
        p99 = span_text(at(last, "p99_ms"))
        text += f" 99 % of messages had reached their last receiver after {p99}."
    return text


def _notification_finding(summary: Summary) -> Finding:
    block = at(summary, "notifications")
    wrong = ", ".join(
        f"{count_text(at(block, key))} {label}"
        for key, label, _ in _WRONG_NOTIFICATIONS
        if number(at(block, key))
    )
    expected, delivered = at(block, "expected"), at(block, "delivered")
    if wrong:
        return Finding(f"Notifications: {_of(delivered, expected)} right; {wrong}.", Tone.BAD)
    if not number(expected):
        return Finding("No notification was expected, and none came wrongly.", Tone.QUIET)
    if delivered == expected:
        return Finding(f"All {count_text(expected)} expected notifications came, once.", Tone.GOOD)
    return Finding(f"Notifications: {_of(delivered, expected)} right.", Tone.BAD)


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
    return f"99 % of their deliveries took at most {p99}; {_of(lost, expected)} were lost."


def _recovery_findings(summary: Summary) -> tuple[Finding, ...]:
    block = at(summary, "recovery")
    lost, back = number(at(block, "chat_sessions_lost")), number(at(block, "count"))
    if not lost:
        return ()
    text = f"{_of(back, lost)} chat sessions whose connection broke came back"
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
        for key, label, _ in _WRONG_PUSHES
        if number(at(block, key))
    )
    expected, delivered = at(block, "expected"), at(block, "delivered")
    if wrong:
        return Finding(f"Pushes: {_of(delivered, expected)} right; {wrong}.", Tone.BAD)
    if not number(expected):
        return Finding("No push was expected, and none came wrongly.", Tone.QUIET)
    return Finding(f"All {count_text(expected)} expected pushes came, once.", Tone.GOOD)


def _counts(entry: object) -> tuple[float, ...]:
    known = (number(at(entry, key)) for key in ("delivered", "lost", "expected"))
    return tuple(count for count in known if count is not None)


def _adds_up(entry: object) -> bool:
    match _counts(entry):
        case (delivered, lost, expected):
            return delivered + lost == expected
    return False


def _of(part: object, whole: object) -> str:
    if part is None and whole is None:
        return MISSING
    return f"{count_text(part)} of {count_text(whole)}"


def _with_reasons(count: object, counts_by_name: object) -> str:
    """Return a count with what it is made of, the most frequent first."""
    parts = sorted(items(counts_by_name), key=lambda part: number(part[1]) or 0, reverse=True)
    named = ", ".join(f"{name} {count_text(n)}" for name, n in parts[:_REASONS_SHOWN])
    if len(parts) > _REASONS_SHOWN:
        named += f" and {len(parts) - _REASONS_SHOWN} more kinds"
    if count is None:
        return named or MISSING
    return f"{count_text(count)} ({named})" if named else count_text(count)


def _outside(part: object, path: str) -> Iterable[tuple[str, str, object]]:
    for key, value in items(part):
        if key in _OUTSIDE and number(value):
            yield path, key, value
        elif isinstance(value, Mapping) and key != "profile":
            yield from _outside(value, f"{path}.{key}" if path else key)


def _bad_if(value: object) -> Tone:
    return Tone.BAD if number(value) else Tone.PLAIN
