"""Actions and relays on their way: written, accepted, completed, failed, or given up.

An action ends at its RECEIPT or at the first event that carries its receipt's id, fixed per action;
a relay ends at its one answer. The SDK waits for ever; here a deadline ends the wait, and a lost
connection ends all of them. Each ends once: it is awaited as long as it stands in ``awaited``, and
whoever takes it out there tells how it ended.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from loadtest.chat.resources import ErrorBody, decode, type_of
from loadtest.chat.texts import cleaned
from loadtest.clock import NS_PER_S
from loadtest.device.line import DeviceLine
from loadtest.device.numbers import ACTION, RELAY, wire_id
from loadtest.errors import RemoteProtocolError
from loadtest.observations import Action
from loadtest.wire.stomp import Frame, encode

__all__ = ["Done", "Outcome", "Pending", "PendingActions", "error_of"]

_RATE_LIMITED = "RateLimitedError"
_COOL_OFF = re.compile(r"PT(\d{1,6}(?:\.\d{1,9})?)S")
_EXCERPT_BYTES = 80
_error_decoder = msgspec.json.Decoder(ErrorBody)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an action ended: ``reason`` is empty if it ended well, and then ``body`` may be used."""

    reason: str = ""
    body: bytes = b""

    @property
    def is_ok(self) -> bool:
        """Whether the action was completed."""
        return not self.reason


Done = Callable[[Outcome, int], None]
"""Is told the outcome of an action, and the instant."""


@dataclass(slots=True)
class Pending:
    """An action or a relay that was written and is not completed."""

    action: Action
    due_ns: int
    written_ns: int
    done: Done | None = None
    ends_at_receipt: bool = False
    types: frozenset[str] | None = None
    """Event types that complete it; None: any."""
    destination: str = ""
    """Of a relay, to repeat it after a rate limit; empty for an action."""
    parameters: bytes = b""
    """Of a relay: header lines before its id."""
    check: Callable[[bytes], str] | None = None
    """Returns why the answer cannot be used; empty: it can. See ``answers``."""
    accepted_ns: int = 0
    limited: int = 0
    """How often a rate limit has delayed it."""


class PendingActions:
    """What one device has written and waits for."""

    __slots__ = ("_line", "awaited")

    def __init__(self, line: DeviceLine) -> None:
        self._line = line
        self.awaited: dict[int, Pending] = {}
        """By the number in the id of its SUBSCRIBE or of its receipt."""

    def relay(self, destination: str, pending: Pending) -> None:
        """Read one resource; ``pending`` is completed by the answer."""
        pending.destination = destination
        if self._is_writable(destination, pending):
            self._write_relay(self._await(RELAY, pending), pending)

    def act(self, destination: str, body: bytes, pending: Pending) -> None:
        """Write SEND; ``pending`` is completed by RECEIPT or event."""
        if not self._is_writable(destination, pending):
            return
        number = self._await(ACTION, pending)
        headers = (
            ("destination", destination),
            ("content-type", "application/json;charset=UTF-8"),
            ("receipt", wire_id("receipt", self._line.prefix, number)),
        )
        self._line.write(encode("SEND", headers, body))
        self._set_deadline(number, pending)

    def _is_writable(self, destination: str, pending: Pending) -> bool:
        """Check a link, which came from the server, before it goes into a frame."""
        if "\0" not in destination:
            return True
        reason = f"the link {destination!r} holds a NUL; STOMP cannot carry it"
        self.fail(pending, reason, pending.written_ns)
        return False

    def _await(self, kind: int, pending: Pending) -> int:
        fences = self._line.fences
        fences.counter += 1
        number = kind | fences.counter
        self.awaited[number] = pending
        return number

    def _write_relay(self, number: int, pending: Pending) -> None:
        self._line.write_subscribe_bare(number, pending.destination, pending.parameters)
        self._set_deadline(number, pending)

    def _set_deadline(self, number: int, pending: Pending) -> None:
        fleet = self._line.fleet
        deadline_ns = fleet.settings.action_deadline_ns
        fleet.timers.after(deadline_ns, pending.written_ns, self._expire, number)

    def _expire(self, number: int, now_ns: int) -> None:
        pending = self.awaited.pop(number, None)
        if pending is not None:
            missing = "RECEIPT" if pending.ends_at_receipt else "answer"
            deadline_s = self._line.fleet.settings.action_deadline_ns / NS_PER_S
            self.fail(pending, f"no {missing} within {deadline_s:g} s", now_ns)

    # --- completed -----------------------------------------------------------------------------

    def accept(self, number: int, now_ns: int) -> None:
        """Take the RECEIPT of an action."""
        self._line.fences.answer_received(number, now_ns)
        pending = self.awaited.get(number)
        if pending is None:
            return
        pending.accepted_ns = now_ns
        if pending.ends_at_receipt:
            del self.awaited[number]
            self._complete(pending, b"", now_ns)

    def answer_relay(self, number: int, body: bytes, now_ns: int) -> None:
        """Take the answer to a relay; one that nobody waits for any more is dropped."""
        self._line.fences.answer_received(number, now_ns)
        pending = self.awaited.pop(number, None)
        if pending is not None:
            self._complete(pending, body, now_ns)

    def complete_by_event(self, number: int, body: bytes, now_ns: int) -> None:
        """Take an event that carries the receipt's id of an action of ours."""
        self._line.fences.answer_received(number, now_ns)
        pending = self.awaited.get(number)
        if pending is None or pending.ends_at_receipt:
            return
        if pending.types is None or _is_of_type(body, pending.types):
            del self.awaited[number]
            self._complete(pending, body, now_ns)

    def _complete(self, pending: Pending, body: bytes, now_ns: int) -> None:
        problem = pending.check(body) if pending.check is not None else ""
        if problem:
            self.fail(pending, problem, now_ns)
            return
        self._line.fleet.observer.action_completed(
            pending.action,
            self._line.number,
            pending.due_ns,
            pending.written_ns,
            pending.accepted_ns,
            now_ns,
        )
        if not self.awaited:
            # An emptied table keeps its room, a cleared one gives it back: idle devices are many.
            self.awaited.clear()
        if pending.done is not None:
            pending.done(Outcome(body=body), now_ns)

    # --- failed --------------------------------------------------------------------------------

    def fail(self, pending: Pending, reason: str, now_ns: int) -> None:
        """Tell everyone that ``pending``, which is not awaited, failed."""
        self._line.fleet.observer.action_failed(
            pending.action, self._line.number, pending.due_ns, now_ns, reason
        )
        if pending.done is not None:
            pending.done(Outcome(reason), now_ns)

    def fail_all(self, reason: str, now_ns: int) -> None:
        """Fail everything that is on its way."""
        pending = list(self.awaited.values())
        self.awaited.clear()
        for each in pending:
            # The limit is the cause: it would have been answered long ago.
            limit = "rate limited until " if each.limited else ""
            self.fail(each, f"{limit}{reason}", now_ns)

    def fail_actions(self, reason: str, now_ns: int) -> None:
        """Fail every action that is on its way, as an error names none; relays go on.

        The reason says so: nobody knows that the server has refused any one of them.
        """
        reason = f"an error that names no action: {reason}"
        for number in [number for number in self.awaited if number >= ACTION]:
            pending = self.awaited.pop(number, None)
            if pending is not None:
                self.fail(pending, reason, now_ns)

    def fail_by_error(self, identifier: str, error: ErrorBody, now_ns: int) -> bool:
        """Fail what the server says has failed; return whether it was on its way.

        A relay that hit a rate limit is repeated after the cool-off that the server names, any
        number of times, as the SDK of dialect 2 does.
        """
        number = self._line.number_of_id(identifier.encode())
        if number is None:
            return False
        self._line.fences.answer_received(number, now_ns)
        pending = self.awaited.pop(number, None)
        if pending is None:
            return False
        cool_off_ns = self._cool_off_ns(pending, error)
        if cool_off_ns is None:
            self.fail(pending, f"{error.error}: {error.message}", now_ns)
        else:
            pending.limited += 1
            # It keeps its place among what is awaited, so that a loss ends it too.
            number = self._await(RELAY, pending)
            self._line.fleet.timers.after(cool_off_ns, now_ns, self._repeat_relay, number)
        return True

    def _cool_off_ns(self, pending: Pending, error: ErrorBody) -> int | None:
        """Return how long to wait before ``pending`` is repeated; None: it has failed."""
        is_relay = bool(pending.destination)
        is_dialect_2 = self._line.fleet.settings.dialect.number == 2
        if error.error != _RATE_LIMITED or not is_relay or not is_dialect_2:
            return None
        cool_off = _COOL_OFF.fullmatch(error.cool_off_duration or "")
        return round(float(cool_off[1]) * NS_PER_S) if cool_off else None

    def _repeat_relay(self, number: int, now_ns: int) -> None:
        pending = self.awaited.get(number)
        if pending is not None:
            pending.written_ns = now_ns
            self._write_relay(number, pending)
            self._line.flush()


def _is_of_type(body: bytes, types: frozenset[str]) -> bool:
    try:
        return type_of(body) in types
    except RemoteProtocolError:
        return False  # the topic's own rule has told that it is unreadable


def error_of(frame: Frame) -> ErrorBody:
    """Return the error in an ERROR frame or in a message of the errors queue, however garbled."""
    try:
        error = decode(_error_decoder, frame.body)
    except RemoteProtocolError:
        excerpt = frame.body[:_EXCERPT_BYTES].decode("utf-8", "replace")
        error = ErrorBody(message=excerpt or frame.get("message") or "no body")
    error.error = cleaned(error.error)
    error.message = cleaned(error.message)
    return error
