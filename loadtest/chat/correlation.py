"""Marks on what we send, so that it is recognised when it comes back.

A message carries the mark in its ``properties``, as an array under the name ``loadtest``: run,
key, sending device, sequence number of that sender in that channel, due and written instant.
Keystrokes have no properties; they carry run and key as a suffix of ``keys``. The run's name in the
mark keeps a channel that two runs share from mixing their figures.
"""

import itertools

import msgspec

from loadtest.observations import KEY_WORKER_SHIFT

__all__ = [
    "KEYSTROKES_SEPARATOR",
    "PROPERTY",
    "KeySequence",
    "Mark",
    "encoded_text",
    "key_of_keystrokes",
    "marked_keystrokes",
    "message_body",
    "worker_of_key",
]

PROPERTY = "loadtest"
KEYSTROKES_SEPARATOR = "#lt."

_encode_text = msgspec.json.Encoder().encode


class Mark(msgspec.Struct, array_like=True, gc=False):
    """The mark of one message, as it travels."""

    run: str
    key: int
    sender: int
    sequence: int
    due_ns: int
    written_ns: int


class KeySequence:
    """Hands out keys that no other worker of the run hands out."""

    def __init__(self, worker: int) -> None:
        self._next = itertools.count((worker << KEY_WORKER_SHIFT) + 1).__next__

    def __call__(self) -> int:
        """Return the next key."""
        return self._next()


def worker_of_key(key: int) -> int:
    """Return the index of the worker that handed out ``key``."""
    return key >> KEY_WORKER_SHIFT


def encoded_text(text: str) -> bytes:
    """Return ``text`` as JSON.

    Raises:
        UnicodeEncodeError: It holds half of a surrogate pair.
    """
    return _encode_text(text)


def message_body(text: bytes, mark: Mark) -> bytes:
    """Return the JSON body of a SEND of a text message with ``mark``, keys in the SDK's order.

    ``text`` is JSON already, see ``encoded_text``.
    """
    return b'{"type":"TEXT","body":%b,"properties":{"%b":%b}}' % (
        text,
        PROPERTY.encode(),
        _encode_text(mark),
    )


def marked_keystrokes(keys: str, run: str, key: int) -> str:
    """Return ``keys`` with our mark behind them."""
    return f"{keys}{KEYSTROKES_SEPARATOR}{run}.{key:x}"


def key_of_keystrokes(keys: str, run: str) -> int | None:
    """Return the key in ``keys``, or None if they do not carry a mark of ``run``."""
    _, separator, mark = keys.rpartition(KEYSTROKES_SEPARATOR)
    if not separator:
        return None
    marked_run, _, key = mark.rpartition(".")
    if marked_run != run:
        return None
    try:
        return int(key, 16)
    except ValueError:
        return None
