"""Ids on the wire that need no table: each is a number in the shape of a UUID.

The SDK calls a subscription ``subscription-id-<uuid4>`` and a receipt ``receipt-<uuid4>``; servers
take them as opaque. Ours have the same length, but their last twelve hexadecimal digits are a
number that tells what the id stands for, so that an idle device keeps no string per subscription:

* a topic: ordinal of the chat session on its device (0: the user's own topics) and index of the
  topic in the dialect's order
* a relay or an action: its own mark and a counter

The digits before them name run and device, so that what was meant for another device is noticed.
"""

__all__ = [
    "ACTION",
    "ERRORS_QUEUE_INDEX",
    "RELAY",
    "TOPIC_BITS",
    "TOPIC_MASK",
    "device_in_run",
    "device_of_session",
    "id_prefix",
    "number_of_id",
    "session_number",
    "topic_number",
    "wire_id",
]

TOPIC_BITS = 4
TOPIC_MASK = (1 << TOPIC_BITS) - 1
ERRORS_QUEUE_INDEX = 15
RELAY = 1 << 44
ACTION = 1 << 45
_ORDINAL_BITS = 28
_DIGITS = 12
_UUID_LENGTH = 36


def device_in_run(serial: int, *, worker: int, workers: int) -> int:
    """Return the number of a worker's ``serial``-th device, which no other of the run has."""
    return serial * workers + worker


def id_prefix(run: str, device: int) -> str:
    """Return the first 24 characters of every id of ``device`` in ``run`` (8 hex digits).

    Its 40 bits stand around the digits that a UUID keeps for its version and variant.
    """
    top = device >> 28 & 0xFFF
    return f"{run}-{device >> 12 & 0xFFFF:04x}-4{device & 0xFFF:03x}-8{top:03x}-"


def wire_id(kind: str, prefix: str, number: int) -> str:
    """Return the id of ``number``; ``kind`` is ``subscription-id`` or ``receipt``."""
    return f"{kind}-{prefix}{number:012x}"


def number_of_id(identifier: bytes, prefix: bytes) -> int | None:
    """Return the number in an id with this prefix, or None if it is not one."""
    if identifier[-_UUID_LENGTH:-_DIGITS] != prefix:
        return None
    try:
        return int(identifier[-_DIGITS:], 16)
    except ValueError:
        return None


def topic_number(ordinal: int, index: int) -> int:
    """Return the number of a topic's subscription."""
    return ordinal << TOPIC_BITS | index


def session_number(device: int, ordinal: int) -> int:
    """Return a number for a chat session that no other of the run has."""
    return device << _ORDINAL_BITS | ordinal


def device_of_session(number: int) -> int:
    """Return the device that a chat session's number was made from."""
    return number >> _ORDINAL_BITS
