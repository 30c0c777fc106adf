"""Who is typing: derived from keystrokes as the server derives it.

A user starts to type with keystrokes and stops after a pause, with a message, or with the last chat
session in the channel. Keystrokes that come about when the pause runs out, or a message from
another device at nearly the same time, leave open what the server saw; starts and stops are
boundary then, until the user has certainly stopped.

What the server refuses never happened to it, and that becomes known a little later: keystrokes that
were refused have started nothing and prolonged nothing, a refused message has stopped nothing.
"""

import heapq
import itertools

from loadtest.metrics.ledger.events import EventBook
from loadtest.metrics.ledger.model import (
    EventRecord,
    Match,
    Record,
    TrackedChannel,
    TrackedDevice,
    TrackedUser,
)
from loadtest.metrics.ledger.settings import LedgerSettings
from loadtest.observations import ChatEvent

__all__ = ["TypingBook"]

_REMEMBERED_KEYSTROKES = 32


class _Stretch:
    """From a start to a stop: what was written in it, as far as it was not refused."""

    __slots__ = ("is_certain", "keystrokes", "start", "stop")

    def __init__(self, start: EventRecord) -> None:
        self.start = start
        self.stop: EventRecord | None = None
        self.is_certain = True
        self.keystrokes: tuple[int, ...] = ()
        """The latest instants of writing; the oldest of a long one are not refused any more."""

    def press(self, written_ns: int) -> None:
        """Take note of keystrokes."""
        self.keystrokes = (*self.keystrokes, written_ns)[-_REMEMBERED_KEYSTROKES:]


class _Typist:
    """One user in one channel."""

    __slots__ = (
        "before",
        "channel",
        "device",
        "is_certain",
        "is_typing",
        "keystrokes_ns",
        "sent_by",
        "sent_ns",
        "stopped",
        "stops_ns",
        "stretch",
        "user",
    )

    def __init__(self, channel: TrackedChannel, user: TrackedUser) -> None:
        self.channel = channel
        self.user = user
        self.is_typing = False
        self.is_certain = True
        self.device: TrackedDevice | None = None
        self.keystrokes_ns = 0
        self.stops_ns = 0
        self.stopped: EventRecord | None = None
        """The latest stop by a pause."""
        self.stretch: _Stretch | None = None
        """The present one, or the last."""
        self.before: _Stretch | None = None
        """The one before it."""
        self.sent_by: TrackedDevice | None = None
        self.sent_ns = 0


class TypingBook:
    """Derives the start and stop of typing."""

    def __init__(self, settings: LedgerSettings, events: EventBook) -> None:
        self._settings = settings
        self._events = events
        # A wider one would reach from one pause into the next.
        self._margin_ns = min(settings.race_ns, settings.typing_timeout_ns // 2)
        self._typists: dict[tuple[int, int], _Typist] = {}
        self._stops: list[tuple[int, int, _Typist]] = []
        self._serial = itertools.count().__next__

    def keystrokes(
        self, device: TrackedDevice, channel: TrackedChannel, due_ns: int, written_ns: int
    ) -> None:
        """Take keystrokes: their user types from now on."""
        user = device.user
        if user is None:
            return
        typist = self._typist(channel, user)
        self._expire(typist, written_ns - self._margin_ns)
        was_typing, stops_ns = typist.is_typing, typist.stops_ns
        typist.is_typing = True
        typist.device = device
        typist.keystrokes_ns = written_ns
        typist.stops_ns = written_ns + self._settings.typing_timeout_ns
        if not was_typing:
            heapq.heappush(self._stops, (typist.stops_ns, self._serial(), typist))
            start = self._start(typist, due_ns, written_ns)
            typist.before, typist.stretch = typist.stretch, _Stretch(start)
        elif stops_ns - written_ns < self._margin_ns:
            self._unjudged(ChatEvent.TYPING_STOPPED, typist, written_ns)
            self._unjudged(ChatEvent.TYPING_STARTED, typist, written_ns)
        if typist.stretch is not None:
            typist.stretch.press(written_ns)

    def _start(self, typist: _Typist, due_ns: int, written_ns: int) -> EventRecord:
        margin_ns = self._margin_ns
        sent_elsewhere = (
            typist.sent_by is not None
            and typist.sent_by is not typist.device
            and written_ns - typist.sent_ns < margin_ns
        )
        stopped, typist.stopped = typist.stopped, None
        stopped_just_now = stopped is not None and written_ns - stopped.written_ns < margin_ns
        if sent_elsewhere or (stopped_just_now and self._events.withdraw_unseen(stopped)):
            typist.is_certain = False
        if typist.is_certain:
            match = _match(ChatEvent.TYPING_STARTED, typist)
            return self._events.cause(match, typist.channel, written_ns, due_ns=due_ns)
        return self._unjudged(ChatEvent.TYPING_STARTED, typist, written_ns)

    def message(self, device: TrackedDevice, channel: TrackedChannel, written_ns: int) -> None:
        """Take a message: its author types no more."""
        typist = self._known(device.user, channel)
        if typist is None:
            return
        self._expire(typist, written_ns)
        typist.sent_by, typist.sent_ns = device, written_ns
        if not typist.is_typing:
            return
        is_recent = written_ns - typist.keystrokes_ns < self._margin_ns
        if typist.device is not device and is_recent:
            # Did the server take the keystrokes first, or the message? Either way it will stop.
            typist.is_certain = False
            self._unjudged(ChatEvent.TYPING_STOPPED, typist, written_ns)
            self._unjudged(ChatEvent.TYPING_STARTED, typist, written_ns)
            return
        self._stop(typist, written_ns)

    def left(self, user: TrackedUser, channel: TrackedChannel, at_ns: int) -> None:
        """Take the end of a user's last chat session in a channel."""
        typist = self._known(user, channel)
        if typist is None:
            return
        self._expire(typist, at_ns)
        if typist.is_typing:
            self._stop(typist, at_ns)

    def settle(self, now_ns: int) -> None:
        """Stop everybody whose pause has run out."""
        while self._stops and self._stops[0][0] <= now_ns:
            _, _, typist = heapq.heappop(self._stops)
            if not typist.is_typing:
                continue
            if typist.stops_ns > now_ns:
                heapq.heappush(self._stops, (typist.stops_ns, self._serial(), typist))
            else:
                self._expire(typist, now_ns)

    def _expire(self, typist: _Typist, at_ns: int) -> None:
        if typist.is_typing and typist.stops_ns <= at_ns:
            typist.stopped = self._stop(typist, typist.stops_ns)

    def _stop(self, typist: _Typist, at_ns: int) -> EventRecord:
        typist.is_typing = False
        is_certain, typist.is_certain = typist.is_certain, True
        if not is_certain:
            stop = self._unjudged(ChatEvent.TYPING_STOPPED, typist, at_ns)
        else:
            match = _match(ChatEvent.TYPING_STOPPED, typist)
            stop = self._events.cause(match, typist.channel, at_ns)
        if typist.stretch is not None:
            typist.stretch.stop, typist.stretch.is_certain = stop, is_certain
        return stop

    # --- doubts -------------------------------------------------------------------------------

    def doubt(self, cause: Record) -> None:
        """Take note that the server may never have had keystrokes or a message.

        Starts and stops of typing that follow from them are as doubtful.
        """
        typist = self._known(cause.sender.user, cause.channel) if cause.sender else None
        for stretch in (typist.stretch, typist.before) if typist is not None else ():
            for record in (stretch.start, stretch.stop) if stretch is not None else ():
                if record is not None and record.written_ns == cause.written_ns:
                    record.suffer().is_doubtful = True

    # --- refusals -----------------------------------------------------------------------------

    def keystrokes_refused(
        self, device: TrackedDevice, channel: TrackedChannel, written_ns: int
    ) -> None:
        """Take back keystrokes that the server refused."""
        typist = self._known(device.user, channel)
        if typist is None:
            return
        for stretch in (typist.stretch, typist.before):
            if stretch is not None and written_ns in stretch.keystrokes:
                stretch.keystrokes = tuple(ns for ns in stretch.keystrokes if ns != written_ns)
                self._shorten(typist, stretch)

    def _shorten(self, typist: _Typist, stretch: _Stretch) -> None:
        """Let a stretch end by what is left of it; without anything left there was none."""
        is_present = stretch is typist.stretch and typist.is_typing
        if not stretch.keystrokes:
            self._events.refuse(stretch.start)
            if is_present:
                typist.is_typing, typist.is_certain = False, True
            elif stretch.stop is not None:
                self._events.refuse(stretch.stop)
        elif is_present:
            self._rest(typist, stretch)

    def message_refused(
        self, device: TrackedDevice, channel: TrackedChannel, written_ns: int
    ) -> None:
        """Take back a message that the server refused: its author goes on typing."""
        typist = self._known(device.user, channel)
        if typist is None:
            return
        for stretch in (typist.stretch, typist.before):
            stop = stretch.stop if stretch is not None else None
            if stretch is not None and stop is not None and stop.written_ns == written_ns:
                if self._events.refuse(stop):
                    stretch.stop = None
                    self._resume(typist, stretch)
                return

    def _resume(self, typist: _Typist, stretch: _Stretch) -> None:
        """Go on with a stretch that has not ended; what began since belongs to it."""
        later = typist.stretch
        if later is not None and later is not stretch and self._events.refuse(later.start):
            for written_ns in later.keystrokes:
                stretch.press(written_ns)
            stretch.stop = later.stop
            typist.stretch, typist.before = stretch, None
        elif later is stretch:
            typist.is_typing, typist.is_certain = True, stretch.is_certain
            self._rest(typist, stretch)

    def _rest(self, typist: _Typist, stretch: _Stretch) -> None:
        typist.keystrokes_ns = max(stretch.keystrokes)
        typist.stops_ns = typist.keystrokes_ns + self._settings.typing_timeout_ns
        # The queue knows the later stop that is none now.
        heapq.heappush(self._stops, (typist.stops_ns, self._serial(), typist))

    # --- who ----------------------------------------------------------------------------------

    def _unjudged(self, event: ChatEvent, typist: _Typist, at_ns: int) -> EventRecord:
        return self._events.cause_unjudged(_match(event, typist), typist.channel, at_ns)

    def _known(self, user: TrackedUser | None, channel: TrackedChannel) -> _Typist | None:
        return self._typists.get((channel.id, user.id)) if user is not None else None

    def _typist(self, channel: TrackedChannel, user: TrackedUser) -> _Typist:
        place = (channel.id, user.id)
        typist = self._typists.get(place)
        if typist is None:
            typist = self._typists[place] = _Typist(channel, user)
        return typist


def _match(event: ChatEvent, typist: _Typist) -> Match:
    return (event, typist.channel.id, typist.user.id, 0)
