"""Named figures of a run, with what they mean, for every rendering.

A fact is a figure of the summary or a sum of some, never a judgement: sentences about a run are
made in ``findings``, columns in ``tables``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from loadtest.metrics.catalogue.declaration import Block
from loadtest.metrics.catalogue.notified import NOTIFICATIONS, PUSH
from loadtest.report.figures import (
    MISSING,
    Summary,
    action_label,
    at,
    count_text,
    event_label,
    items,
    listed,
    number,
    of_text,
    percent_text,
    plain_text,
    span_text,
)
from loadtest.report.tables import Tone

__all__ = [
    "WRONG_NOTIFICATIONS",
    "WRONG_PUSHES",
    "Fact",
    "deviation_facts",
    "error_facts",
    "generator_facts",
    "ledger_check",
    "load_facts",
    "notification_facts",
    "outside_facts",
    "push_facts",
    "run_facts",
    "unexpected_facts",
    "work_facts",
]


def _wrong(block: Block, *names: str) -> tuple[tuple[str, str, str], ...]:
    """Return key, words and meaning of some counts of a block."""
    figures = (block.figure(name) for name in names)
    return tuple((each.name, each.heading, each.meaning) for each in figures)


WRONG_NOTIFICATIONS = _wrong(
    NOTIFICATIONS, "missed", "duplicate", "spurious", "handoff_gap", "handoff_overlap"
)
WRONG_PUSHES = _wrong(PUSH, "missed", "duplicate", "spurious")
_REASONS_SHOWN = 5
_OUTSIDE = {
    "below_range": "below the range of a histogram",
    "above_range": "above the range of a histogram",
    "negative": "negative",
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One named figure, and what it means."""

    label: str
    text: str
    meaning: str = ""
    tone: Tone = Tone.PLAIN


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
        *connection_facts(summary),
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


def connection_facts(summary: Summary) -> tuple[Fact, ...]:
    """Return what was set about the way to the server, if anything."""
    notes = "; ".join(map(plain_text, listed(at(summary, "target", "connection"))))
    return (Fact("connections", notes, "values of headers and the like are not kept"),) * bool(
        notes
    )


def deviation_facts(summary: Summary) -> tuple[Fact, ...]:
    """Return what the devices did otherwise than the SDK, if anything."""
    deviations = "; ".join(map(plain_text, listed(at(summary, "deviations"))))
    meaning = "what devices did otherwise, because the run was told so"
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


def work_facts(summary: Summary) -> tuple[Fact, ...]:
    """Return what users wanted to do, and what became of it."""
    facts = []
    for name in ("actions", "starts"):
        block = at(summary, "work", name)
        if not number(at(block, "planned")):
            continue
        counts = [f"{count_text(at(block, 'planned'))} planned"]
        counts += [
            f"{count_text(at(block, key))} {key}"
            for key in ("completed", "failed", "refused", "dropped")
        ]
        is_bad = bool(number(at(block, "failed")) or number(at(block, "dropped")))
        share = percent_text(at(block, "failed_ratio"))
        text = f"{', '.join(counts)}; failed {share} of all that were tried"
        facts.append(Fact(f"all {name}", text, tone=Tone.WARN if is_bad else Tone.PLAIN))
    return tuple(facts)


def notification_facts(summary: Summary) -> tuple[Fact, ...]:
    """Return how many notifications were right, and each way in which some were wrong."""
    block = at(summary, "notifications")
    expected, delivered = at(block, "expected"), at(block, "delivered")
    is_complete = expected == delivered
    late = at(block, "late")
    right = Fact(
        "right",
        of_text(delivered, expected),
        "one on each connected device of a member without a chat session in the channel",
        Tone.PLAIN if is_complete else Tone.BAD,
    )
    wrong = tuple(
        Fact(label, count_text(at(block, key)), meaning, _bad_if(at(block, key)))
        for key, label, meaning in WRONG_NOTIFICATIONS
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
        Fact(
            "judged",
            percent_text(at(block, "judged_share")),
            NOTIFICATIONS.figure("judged_share").meaning,
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
        for key, label, meaning in WRONG_PUSHES
    )
    others = number(at(block, "unassigned"))
    return (
        Fact(
            "pushes right",
            of_text(delivered, expected),
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


def _counts(entry: object) -> tuple[float, ...]:
    known = (number(at(entry, key)) for key in ("delivered", "lost", "expected"))
    return tuple(count for count in known if count is not None)


def _adds_up(entry: object) -> bool:
    match _counts(entry):
        case (delivered, lost, expected):
            return delivered + lost == expected
    return False


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
