"""The two frames that a device gets most, read without taking them apart.

Never a wrong answer. What is not plainly one whole frame gives None, and the caller asks
``stomp.FrameParser``, which decides. Only the raw bytes of the few headers that each delivery needs
are read here; a body is left alone. Size is the carrier's to limit.
"""

import re

__all__ = ["message_head", "receipt_id"]

_NUL = 0x00
_CR = 0x0D
_BACKSLASH = 0x5C

# Usual names first, as they are compared at once; other names must hold no colon.
_OTHERS = (
    rb"(?:(?:destination|content-type|message-id|receipt-id):[^\n]*+\n"
    rb"|(?!subscription:|ack:|content-length:)[^:\n]++:[^\n]*+\n)*+"
)
# No group stands inside a possessive repeat: early releases of Python 3.11 crash on that. Each name
# occurs once at most, so a repeated header, where the first counts, is left to the parser.
_MESSAGE_HEAD = re.compile(
    rb"MESSAGE\n"
    + _OTHERS
    + rb"subscription:([^\n]*+)\n"
    + _OTHERS
    + rb"(?:ack:([^\n]*+)\n)?"
    + _OTHERS
    + rb"(?:content-length:([0-9]{1,10})\n)?"
    + _OTHERS
    + rb"\n"
)

# Printable ASCII but for the backslash: what needs no unescaping and no complaint.
_RECEIPT = re.compile(rb"RECEIPT\nreceipt-id:([ -\[\]-~]*+)\n\n\0")


def message_head(payload: bytes) -> tuple[bytes, bytes | None, int] | None:
    """Return what a delivery needs from one MESSAGE: subscription, ack id, start of the body.

    The ack id is None if the frame has none. Both are raw bytes that need no unescaping and can be
    written into an ACK as they are. The body ends before the last byte of ``payload``.

    None: this is not plainly one whole MESSAGE frame.
    """
    # One regex for all headers: half the time of a find for each and a check of the lines.
    found = _MESSAGE_HEAD.match(payload)
    if found is None:
        return None
    start = found.end()
    head = payload[:start]
    if _BACKSLASH in head or _CR in head or _NUL in head or not head.isascii():
        return None
    subscription, ack, content_length = found.groups()
    end = len(payload) - 1
    if content_length is None:
        if payload.find(_NUL, start) != end:
            return None
    elif int(content_length) != end - start or payload[end] != _NUL:
        return None
    return subscription, ack, start


def receipt_id(payload: bytes) -> bytes | None:
    """Return the raw ``receipt-id`` of one RECEIPT that has no other header.

    None: this is not plainly one whole such frame.
    """
    found = _RECEIPT.fullmatch(payload)
    return found[1] if found is not None else None
