"""How a figure of the summary becomes text.

What was not measured is shown as a dash, never as 0, and nothing is rounded up to perfection: one
lost delivery among millions never reads "100 %". Nothing here computes a statistic; a share of two
counts that stand beside it is all the arithmetic there is.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from loadtest.metrics.catalogue.values import NEVER
from loadtest.metrics.verdict.thresholds import samples_needed
from loadtest.observations import ChatEvent

__all__ = [
    "EVENT_LABELS",
    "MISSING",
    "Summary",
    "TimelineRow",
    "action_label",
    "at",
    "count_text",
    "event_label",
    "is_thin",
    "items",
    "listed",
    "marked_span",
    "measured",
    "ms_text",
    "number",
    "number_at",
    "of_text",
    "percent_text",
    "plain_text",
    "share_text",
    "shown",
    "span_text",
    "value_at",
    "was_measured",
]

MISSING = "\N{EN DASH}"

Summary = Mapping[str, Any]
"""The content of ``summary.json``, or a part of it."""

TimelineRow = Mapping[str, float | int | str | None]
"""One second of a run, as a line of ``timeline.csv`` holds it."""

EVENT_LABELS: Mapping[str, str] = {
    ChatEvent.MESSAGE_CREATED: "message received",
    ChatEvent.KEYSTROKES_CREATED: "keystrokes received",
    ChatEvent.TYPING_STARTED: "typing started",
    ChatEvent.TYPING_STOPPED: "typing stopped",
    ChatEvent.PARTICIPANT_ENTERED: "participant entered",
    ChatEvent.PARTICIPANT_LEFT: "participant left",
    ChatEvent.PRESENCE_CHANGED: "presence changed",
    ChatEvent.MESSAGE_UPDATED: "message updated",
    ChatEvent.CHANNEL_UPDATED: "channel updated",
    ChatEvent.MESSAGE_READ: "message read",
    ChatEvent.NOTIFICATION_CREATED: "notification",
}
"""The words of the SDK's handlers for the wire's event types."""


def at(part: object, *path: str) -> Any:  # noqa: ANN401 -- any value of a JSON file
    """Return what stands at ``path``, or None where any step of it is absent."""
    for key in path:
        if not isinstance(part, Mapping):
            return None
        part = part.get(key)
    return part


def items(part: object) -> Iterable[tuple[str, Any]]:
    """Return the keys and values of an object of the summary; what is none has none."""
    return part.items() if isinstance(part, Mapping) else ()


def listed(part: object) -> Sequence[Any]:
    """Return the members of a list of the summary; what is no list has none."""
    return part if isinstance(part, list) else ()


def number(value: object) -> float | None:
    """Return ``value`` if it is a finite number, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if math.isfinite(value) else None


def number_at(summary: Summary, path: str) -> float | None:
    """Return the number at the path of a figure; None where there is none."""
    return number(value_at(summary, path))


def value_at(summary: Summary, path: str) -> object:
    """Return what stands at the path of a figure; the keys on the way may hold dots themselves."""
    if path in summary:
        return summary[path]
    for key, below in summary.items():
        if path.startswith(f"{key}.") and isinstance(below, Mapping):
            found = value_at(below, path[len(key) + 1 :])
            if found is not None:
                return found
    return None


def was_measured(figures: object) -> bool:
    """Tell whether a block of latency figures has at least one sample behind it."""
    return (number(at(figures, "count")) or 0) > 0


def measured(figures: object, key: str) -> float | None:
    """Return one figure of a block, or None where the block has no sample behind it."""
    return number(at(figures, key)) if was_measured(figures) else None


def shown(figures: object, key: str) -> float | str | None:
    """Return one figure of a block as a text may show it: a number, or that it never came."""
    value = at(figures, key)
    return NEVER if value == NEVER else measured(figures, key)


def is_thin(figures: object, key: str) -> bool:
    """Tell whether a percentile has fewer than ten samples beyond it."""
    return (number(at(figures, "count")) or 0) < samples_needed(key)


def marked_span(figures: object, key: str) -> str:
    """Return a time of a block with its unit, in parentheses if it has too few samples."""
    text = span_text(shown(figures, key))
    return f"({text})" if is_thin(figures, key) and text != MISSING else text


def count_text(value: object) -> str:
    """Return a count with thousands apart: ``41,873``."""
    known = number(value)
    return MISSING if known is None else f"{round(known):,}"


def ms_text(value: object) -> str:
    """Return milliseconds with up to three significant digits, without the unit; or "never"."""
    if value == NEVER:
        return NEVER
    known = number(value)
    if known is None:
        return MISSING
    size = abs(known)
    for least, decimals in ((100, 0), (10, 1), (0.1, 2)):
        if size >= least:
            return f"{known:,.{decimals}f}"
    return f"{known:.3f}" if size else "0"


def span_text(value_ms: object) -> str:
    """Return milliseconds with the unit that suits their size: ``7.41 ms``, ``2.10 s``."""
    if value_ms == NEVER:
        return NEVER
    known = number(value_ms)
    if known is None:
        return MISSING
    if abs(known) >= 1000:
        return f"{ms_text(known / 1000)} s"
    return f"{ms_text(known)} ms"


def share_text(part: object, whole: object) -> str:
    """Return ``part`` of ``whole`` in percent, rounded down: only all of it is ``100 %``."""
    counted, total = number(part), number(whole)
    if counted is None or not total:
        return MISSING
    if counted in (0, total):
        return "100 %" if counted else "0 %"
    for decimals in (2, 4, 6):
        # In integers: a product of floats may fall below the share that it stands for.
        cut = int(counted) * 10 ** (decimals + 2) // int(total) / 10**decimals
        if 0 < cut < 99.99:
            break
    return f"{cut:.{decimals}f} %" if cut else "below 0.000001 %"


def percent_text(ratio: object) -> str:
    """Return a ratio of the summary in percent, rounded down: only all of it is ``100 %``."""
    known = number(ratio)
    return MISSING if known is None else share_text(round(known * 1_000_000), 1_000_000)


def event_label(event: str) -> str:
    """Return the SDK's words for an event type; an unknown one keeps its own name."""
    return EVENT_LABELS.get(event, event)


def action_label(action: str) -> str:
    """Return an action's name in words: ``chat_session_start`` is ``chat session start``."""
    return action.replace("_", " ")


def plain_text(value: object) -> str:
    """Return any value of a profile or a threshold as a person writes it."""
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:,.3f}".rstrip("0").rstrip(".")
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list | tuple):
        return ", ".join(plain_text(each) for each in value)
    return str(value)


def of_text(part: object, whole: object) -> str:
    """Return a count beside the one it is a part of: ``3 of 40``."""
    if part is None and whole is None:
        return MISSING
    return f"{count_text(part)} of {count_text(whole)}"
