"""Actions and relays on their way: written, accepted, completed, failed, or given up.

An action ends at its RECEIPT or at the first event that carries its receipt's id, fixed per action;
a relay ends at its one answer. The SDK waits for ever; here a deadline ends the wait, and a lost
connection ends all of them. Each ends once: it is awaited as long as it stands in
``DeviceCore.pending``, and whoever takes it out there tells how it ended.
"""

import re

import msgspec

from loadtest.chat.resources import ErrorBody, decode, type_of
from loadtest.clock import NS_PER_S
from loadtest.device.core import DeviceCore, Outcome, Pending
from loadtest.device.numbers import ACTION, RELAY, wire_id
from loadtest.errors import RemoteProtocolError
from loadtest.wire.stomp import Frame, encode

__all__ = [
    "accept",
    "act",
    "answer_relay",
    "complete_by_event",
    "error_of",
    "fail",
    "fail_actions",
    "fail_all",
    "fail_by_error",
    "relay",
]

_RATE_LIMITED = "RateLimitedError"
_COOL_OFF = re.compile(r"PT(\d{1,6}(?:\.\d{1,9})?)S")
_EXCERPT_BYTES = 80
_error_decoder = msgspec.json.Decoder(ErrorBody)


def relay(device: DeviceCore, destination: str, pending: Pending) -> None:
    """Read one resource; ``pending`` is completed by the answer."""
    pending.destination = destination
    if _is_writable(device, destination, pending):
        _write_relay(device, _await(device, RELAY, pending), pending)


def act(device: DeviceCore, destination: str, body: bytes, pending: Pending) -> None:
    """Write SEND; ``pending`` is completed by RECEIPT or event."""
    if not _is_writable(device, destination, pending):
        return
    number = _await(device, ACTION, pending)
    headers = (
        ("destination", destination),
        ("content-type", "application/json;charset=UTF-8"),
        ("receipt", wire_id("receipt", device.prefix, number)),
    )
    device.write(encode("SEND", headers, body))
    _set_deadline(device, number, pending)


def _is_writable(device: DeviceCore, destination: str, pending: Pending) -> bool:
    """Check a link, which came from the server, before it goes into a frame."""
    if "\0" not in destination:
        return True
    reason = f"the link {destination!r} holds a NUL; STOMP cannot carry it"
    fail(device, pending, reason, pending.written_ns)
    return False


def _await(device: DeviceCore, kind: int, pending: Pending) -> int:
    device.counter += 1
    number = kind | device.counter
    device.pending[number] = pending
    return number


def _write_relay(device: DeviceCore, number: int, pending: Pending) -> None:
    device.write_subscribe_bare(number, pending.destination, pending.parameters)
    _set_deadline(device, number, pending)


def _set_deadline(device: DeviceCore, number: int, pending: Pending) -> None:
    fleet = device.fleet
    deadline_ns = fleet.settings.action_deadline_ns
    fleet.timers.after(deadline_ns, pending.written_ns, _expire, device, number)


def _expire(device: DeviceCore, number: int, now_ns: int) -> None:
    pending = device.pending.pop(number, None)
    if pending is not None:
        missing = "RECEIPT" if pending.ends_at_receipt else "answer"
        deadline_s = device.fleet.settings.action_deadline_ns / NS_PER_S
        fail(device, pending, f"no {missing} within {deadline_s:g} s", now_ns)


# --- completed --------------------------------------------------------------------------------


def accept(device: DeviceCore, number: int, now_ns: int) -> None:
    """Take the RECEIPT of an action."""
    pending = device.pending.get(number)
    if pending is None:
        return
    pending.accepted_ns = now_ns
    if pending.ends_at_receipt:
        del device.pending[number]
        _complete(device, pending, b"", now_ns)


def answer_relay(device: DeviceCore, number: int, body: bytes, now_ns: int) -> None:
    """Take the answer to a relay; one that nobody waits for any more is dropped."""
    pending = device.pending.pop(number, None)
    if pending is not None:
        _complete(device, pending, body, now_ns)


def complete_by_event(device: DeviceCore, identifier: bytes, body: bytes, now_ns: int) -> None:
    """Take an event that carries the receipt's id of an action of ours."""
    number = device.number_of_id(identifier)
    pending = None if number is None else device.pending.get(number)
    if number is None or pending is None or pending.ends_at_receipt:
        return
    if pending.types is None or _is_of_type(body, pending.types):
        del device.pending[number]
        _complete(device, pending, body, now_ns)


def _is_of_type(body: bytes, types: frozenset[str]) -> bool:
    try:
        return type_of(body) in types
    except RemoteProtocolError:
        return False  # the topic's own rule has told that it is unreadable


def _complete(device: DeviceCore, pending: Pending, body: bytes, now_ns: int) -> None:
    device.fleet.observer.action_completed(
        pending.action,
        device.number,
        pending.due_ns,
        pending.written_ns,
        pending.accepted_ns,
        now_ns,
    )
    if pending.done is not None:
        pending.done(Outcome(body=body), now_ns)


# --- failed -----------------------------------------------------------------------------------


def fail(device: DeviceCore, pending: Pending, reason: str, now_ns: int) -> None:
    """Tell everyone that ``pending``, which is not awaited, failed."""
    device.fleet.observer.action_failed(
        pending.action, device.number, pending.due_ns, now_ns, reason
    )
    if pending.done is not None:
        pending.done(Outcome(reason), now_ns)


def fail_all(device: DeviceCore, reason: str, now_ns: int) -> None:
    """Fail everything that is on its way."""
    pending = list(device.pending.values())
    device.pending.clear()
    for each in pending:
        fail(device, each, reason, now_ns)


def fail_actions(device: DeviceCore, reason: str, now_ns: int) -> None:
    """Fail every action that is on its way; relays go on."""
    for number in [number for number in device.pending if number >= ACTION]:
        pending = device.pending.pop(number, None)
        if pending is not None:
            fail(device, pending, reason, now_ns)


def error_of(frame: Frame) -> ErrorBody:
    """Return the error in an ERROR frame or in a message of the errors queue, however garbled."""
    try:
        return decode(_error_decoder, frame.body)
    except RemoteProtocolError:
        excerpt = frame.body[:_EXCERPT_BYTES].decode("utf-8", "replace")
        return ErrorBody(message=excerpt or frame.get("message") or "no body")


def fail_by_error(device: DeviceCore, identifier: str, error: ErrorBody, now_ns: int) -> bool:
    """Fail what the server says has failed; return whether it was on its way.

    A relay that hit a rate limit is repeated after the cool-off that the server names, any number
    of times, as the SDK of dialect 2 does.
    """
    number = device.number_of_id(identifier.encode())
    pending = None if number is None else device.pending.pop(number, None)
    if pending is None:
        return False
    cool_off_ns = _cool_off_ns(device, pending, error)
    if cool_off_ns is None:
        fail(device, pending, f"{error.error}: {error.message}", now_ns)
    else:
        # It keeps its place among what is awaited, so that a loss ends it too.
        number = _await(device, RELAY, pending)
        device.fleet.timers.after(cool_off_ns, now_ns, _repeat_relay, device, number)
    return True


def _cool_off_ns(device: DeviceCore, pending: Pending, error: ErrorBody) -> int | None:
    """Return how long to wait before ``pending`` is repeated; None: it has failed."""
    is_relay = bool(pending.destination)
    is_dialect_2 = device.fleet.settings.dialect.number == 2
    if error.error != _RATE_LIMITED or not is_relay or not is_dialect_2:
        return None
    cool_off = _COOL_OFF.fullmatch(error.cool_off_duration or "")
    return round(float(cool_off[1]) * NS_PER_S) if cool_off else None


def _repeat_relay(device: DeviceCore, number: int, now_ns: int) -> None:
    pending = device.pending.get(number)
    if pending is not None:
        pending.written_ns = now_ns
        _write_relay(device, number, pending)
        device.flush()
