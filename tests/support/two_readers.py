"""The same bytes to two devices that differ in their reader alone, and what each made of them."""

import os
from typing import Any

from loadtest.device.readers import VARIABLE
from tests.support.device_world import DeviceWorld, HearingListener, Rig

__all__ = ["assert_same", "outcome"]

_MASK = 0x01020304
_PROBE_TOPICS = ("typing", "messages")


def _rig(reader: str) -> Rig:
    """Return a device with a chat session, a relay and an action under way."""
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = reader
    try:
        # Whichever order masks are asked for in, what is written must be the same.
        world = DeviceWorld(random_bits=lambda _bits: _MASK)
    finally:
        os.environ.pop(VARIABLE)
        if before is not None:
            os.environ[VARIABLE] = before
    rig = world.active_rig()
    links = world.learn_channel()
    rig.enter(links)
    world.fleet.learn_message_link("~link", 6)
    rig.device.listener = HearingListener()
    rig.act_and_relay(links)
    rig.link.take()
    world.observer.calls.clear()
    return rig


def outcome(reader: str, pieces: list[bytes]) -> dict[str, Any]:
    """Return all that can be seen of a device that was given ``pieces``, and how it goes on."""
    rig = _rig(reader)
    for piece in pieces:
        rig.feed(piece)
    seen = _seen(rig)
    # What is kept of an incomplete frame shows in what becomes of the next bytes.
    for topic in _PROBE_TOPICS:
        rig.hear_event(rig.topic_id(topic, 1), "thread.typing.started", {"id": 5})
    return {"at first": seen, "then": _seen(rig)}


def _seen(rig: Rig) -> dict[str, Any]:
    listener = rig.device.listener
    assert isinstance(listener, HearingListener)
    return {
        "told": rig.world.observer.take(),
        "heard": list(listener.heard),
        "written": b"".join(rig.link.written),
        "state": rig.device.state,
        "awaited": sorted(rig.device.pending.awaited),
        "is closed": (rig.link.is_closed, rig.link.is_aborted),
    }


def assert_same(pieces: list[bytes]) -> None:
    """Give ``pieces`` to both readers.

    Raises:
        AssertionError: They differ in what was told, written, or kept.
    """
    by_python, by_compiled = outcome("python", pieces), outcome("compiled", pieces)
    for moment, python in by_python.items():
        compiled = by_compiled[moment]
        for what, value in python.items():
            assert compiled[what] == value, (
                f"{moment}, {what}: Python {value!r}, compiled {compiled[what]!r}, of {pieces!r}"
            )
