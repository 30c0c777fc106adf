"""The figures that people ask for first, in one line each."""

from loadtest.metrics.catalogue.values import NEVER
from loadtest.observations import ChatEvent
from loadtest.report.facts import Fact
from loadtest.report.figures import (
    MISSING,
    Summary,
    at,
    count_text,
    marked_span,
    number,
    of_text,
    percent_text,
    share_text,
    was_measured,
)
from loadtest.report.findings import fault_tone
from loadtest.report.tables import Tone

__all__ = ["THIN", "headline"]

THIN = "a figure in (parentheses) has fewer than ten samples beyond it"
_OFTEN = ("p50_ms", "p99_ms", "max_ms")


def headline(summary: Summary) -> tuple[Fact, ...]:
    """Return what arrived, how fast, who was notified, and how long sessions took to start."""
    facts = (
        _delivered(summary),
        Fact("delivery", _times(at(summary, "latency", ChatEvent.MESSAGE_CREATED.value))),
        _last_receiver(summary),
        _notified(summary),
        _starts(summary),
        Fact("generator lag", _times(at(summary, "generator", "lag"), ("p99_ms", "max_ms"))),
    )
    if any("(" in fact.text and "ms)" in fact.text for fact in facts):
        return (*facts, Fact("", THIN, tone=Tone.QUIET))
    return facts


def _delivered(summary: Summary) -> Fact:
    entry = at(summary, "ledger", ChatEvent.MESSAGE_CREATED.value)
    expected, delivered = at(entry, "expected"), at(entry, "delivered")
    text = f"{of_text(delivered, expected)}, {share_text(delivered, expected)}"
    tone = fault_tone(summary) if number(at(entry, "lost")) else Tone.PLAIN
    return Fact("delivered", text + _judged(entry), "deliveries of messages", tone)


def _judged(block: object) -> str:
    share = at(block, "judged_share")
    return "" if number(share) is None else f"; judged {percent_text(share)}"


def _times(block: object, keys: tuple[str, ...] = _OFTEN) -> str:
    """Return some figures of a distribution: ``p50 1.93 ms, p99 7.53 ms, max 21.8 ms``."""
    if not was_measured(block):
        return MISSING
    return ", ".join(f"{key.removesuffix('_ms')} {marked_span(block, key)}" for key in keys)


def _last_receiver(summary: Summary) -> Fact:
    last = at(summary, "completion", "all", "last")
    never = number(at(last, "never"))
    text = _times(last, ("p50_ms", "p99_ms"))
    if never:
        share = share_text(never, at(last, "count"))
        text += f"; {NEVER} for {count_text(never)} of {count_text(at(last, 'count'))} ({share})"
    return Fact("last receiver", text, tone=fault_tone(summary) if never else Tone.PLAIN)


def _notified(summary: Summary) -> Fact:
    block = at(summary, "notifications")
    expected, delivered = at(block, "expected"), at(block, "delivered")
    if not number(expected):
        return Fact("notifications", "none expected")
    text = f"{of_text(delivered, expected)}, {share_text(delivered, expected)}{_judged(block)}"
    latency = at(block, "latency")
    if was_measured(latency):
        text += f"; p99 {marked_span(latency, 'p99_ms')}"
    tone = fault_tone(summary) if number(at(block, "missed")) else Tone.PLAIN
    return Fact("notifications", text, tone=tone)


def _starts(summary: Summary) -> Fact:
    starts = ("user_session_start", "user"), ("chat_session_start", "chat")
    parts = [
        f"{word} p95 {marked_span(at(summary, 'sessions', name), 'p95_ms')}"
        for name, word in starts
        if was_measured(at(summary, "sessions", name))
    ]
    failed = number(at(summary, "work", "starts", "failed"))
    text = ", ".join(parts) or MISSING
    if failed:
        text += f"; {count_text(failed)} failed"
    return Fact("session starts", text, tone=fault_tone(summary) if failed else Tone.PLAIN)
