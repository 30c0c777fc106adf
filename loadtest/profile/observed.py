"""What an export of events holds, as numbers: who there was, and how long things lasted.

One pass over the events in order of time. A duration whose end the export does not show
is not a duration; it is counted, so that whoever fits can refuse if there are too many of them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from loadtest.profile.events_file import EventKind, UserEvent

__all__ = ["Durations", "Observed", "observe"]


@dataclass(slots=True)
class Durations:
    """Durations of one kind."""

    whole_s: list[float] = field(default_factory=list)
    cut: int = 0
    """Begun, and not ended within the export, or ended by something else."""


@dataclass(slots=True)
class Observed:
    """Everything that a fit starts from."""

    span_s: float = 0.0
    """From the first event to the last."""
    users: set[str] = field(default_factory=set)
    devices: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Of each user who has one."""
    members: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Of each channel."""
    types: dict[str, str] = field(default_factory=dict)
    """Of each channel."""
    messages: Counter[str] = field(default_factory=Counter)
    """By channel."""
    written: Counter[str] = field(default_factory=Counter)
    """Messages by user."""
    lengths: list[int] = field(default_factory=list)
    stays: Durations = field(default_factory=Durations)
    absences: Durations = field(default_factory=Durations)
    offline: Durations = field(default_factory=Durations)
    """Of users, with all their devices."""
    times_offline: int = 0
    open_s: float = 0.0
    """Time of all chat sessions together."""

    @property
    def channels_of_user(self) -> Counter[str]:
        """To how many channels each user belongs."""
        return Counter(user for members in self.members.values() for user in members)


def observe(events: Iterable[UserEvent]) -> Observed:
    """Return what the events, which are in order of time, hold."""
    watcher = _Watcher()
    for event in events:
        watcher.take(event)
    return watcher.finish()


class _Watcher:
    """Follows devices in and out of channels, and users on and off line."""

    def __init__(self) -> None:
        self._seen = Observed()
        self._first_s: float | None = None
        self._now_s = 0.0
        self._entered_s: dict[tuple[str, str], float] = {}
        self._left_s: dict[tuple[str, str], float] = {}
        self._online: dict[str, set[str]] = defaultdict(set)
        self._offline_s: dict[str, float] = {}

    def take(self, event: UserEvent) -> None:
        """Take the next event."""
        if self._first_s is None:
            self._first_s = event.at_s
        self._now_s = event.at_s
        self._seen.users.add(event.user)
        if event.device:
            self._seen.devices[event.user].add(event.device)
        place = (event.device, event.channel)
        match event.kind:
            case EventKind.MEMBER:
                self._seen.members[event.channel].add(event.user)
                self._seen.types[event.channel] = event.type
            case EventKind.MESSAGE:
                self._take_message(event)
            case EventKind.ENTER:
                self._enter(place)
            case EventKind.LEAVE:
                self._leave(place)
            case EventKind.ONLINE:
                self._go_online(event)
            case EventKind.OFFLINE:
                self._go_offline(event)

    def finish(self) -> Observed:
        """Return what was seen."""
        seen = self._seen
        for entered_s in self._entered_s.values():
            seen.stays.cut += 1
            seen.open_s += self._now_s - entered_s
        seen.absences.cut += len(self._left_s)
        seen.offline.cut += len(self._offline_s)
        seen.span_s = self._now_s - (self._first_s or 0.0)
        return seen

    def _take_message(self, event: UserEvent) -> None:
        self._seen.messages[event.channel] += 1
        self._seen.written[event.user] += 1
        if event.length:
            self._seen.lengths.append(event.length)

    def _enter(self, place: tuple[str, str]) -> None:
        left_s = self._left_s.pop(place, None)
        if left_s is not None:
            self._seen.absences.whole_s.append(self._now_s - left_s)
        self._entered_s.setdefault(place, self._now_s)

    def _leave(self, place: tuple[str, str]) -> None:
        entered_s = self._entered_s.pop(place, None)
        if entered_s is not None:
            self._seen.stays.whole_s.append(self._now_s - entered_s)
            self._seen.open_s += self._now_s - entered_s
            self._left_s[place] = self._now_s

    def _go_online(self, event: UserEvent) -> None:
        offline_s = self._offline_s.pop(event.user, None)
        if offline_s is not None:
            self._seen.offline.whole_s.append(self._now_s - offline_s)
        self._online[event.user].add(event.device)

    def _go_offline(self, event: UserEvent) -> None:
        online = self._online[event.user]
        if event.device in online:
            online.discard(event.device)
            if not online:
                self._seen.times_offline += 1
                self._offline_s[event.user] = self._now_s
        # The connection took its chats with it: how long they would have been, nobody knows.
        for place in [place for place in self._entered_s if place[0] == event.device]:
            self._seen.stays.cut += 1
            self._seen.open_s += self._now_s - self._entered_s.pop(place)
