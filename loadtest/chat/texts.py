"""Text on its way to the wire and from it.

What cannot be encoded is refused before anything is written. What a server sends ends up on
terminals, in logs and in tables, so it is made harmless, short, and the same for the same kind of
trouble, once, where it enters.
"""

import re

import msgspec

__all__ = ["LONGEST_REASON", "cleaned", "folded", "json_problem", "text_problem"]

LONGEST_REASON = 160

_BLANKS = re.compile(r"\s+")
_UNIQUE = re.compile(
    # A UUID or the like, a word with digits in it, a number: all may differ from one to the next.
    r"[0-9A-Fa-f]{8}-[0-9A-Fa-f-]{9,27}|\b\w*\d(?:[\w.:,]*\w)?"
)
_QUOTED = re.compile(r"b?'(?:[^'\\]|\\.)*'|b?\"(?:[^\"\\]|\\.)*\"")
_encode = msgspec.json.Encoder().encode


def text_problem(text: object) -> str:
    """Return why ``text`` cannot be sent as text; empty: it can."""
    if not isinstance(text, str):
        return f"it is of the type {type(text).__name__}; it must be text"
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return (
            f"its character {error.start + 1} is U+{ord(text[error.start]):04X}, half of a"
            " surrogate pair; UTF-8 cannot carry it"
        )
    return ""


def json_problem(value: object) -> str:
    """Return why ``value`` cannot be sent as JSON; empty: it can."""
    try:
        _encode(value)
    except UnicodeEncodeError:
        return "it holds half of a surrogate pair; UTF-8 cannot carry it"
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError) as error:
        return f"it is no JSON: {error}"
    return ""


def cleaned(text: str, longest: int = LONGEST_REASON) -> str:
    """Return ``text`` on one line of ``longest`` characters, without what a terminal obeys."""
    # So much more than is kept that cutting first cannot show.
    text = text[: 4 * longest]
    if not text.isprintable():
        text = _BLANKS.sub(" ", text)
        text = "".join(each if each.isprintable() else "\ufffd" for each in text)
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def folded(text: str) -> str:
    """Return what a server said as a kind: cleaned, with ``#`` for what differs each time.

    Ids, numbers and what stands in quotation marks differ, so that a thousand times the same
    trouble is one line of a report.
    """
    return cleaned(_UNIQUE.sub("#", _QUOTED.sub("#", cleaned(text, 4 * LONGEST_REASON))))
