"""What is counted and timed, in a form that adds up.

``Figures`` holds every count and histogram of a stretch of time: one second, one worker, one run.
``adding`` says how figures of two stretches add to those of both. Nothing here decides what counts
as what: the ledger's books do.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct, field

from loadtest.metrics.figures.adding import add, decoded, encoded, sum_of
from loadtest.metrics.figures.histogram import Histogram
from loadtest.metrics.figures.notified import (
    ActivationFigures,
    NotificationFigures,
    OutcomeFigures,
    PushFigures,
    judged_share,
)
from loadtest.metrics.figures.phases import CompletionFigures, PhaseFigures, TimingFigures
from loadtest.observations import ChatEvent

__all__ = [
    "SEVERAL_DEVICES",
    "SHEDDABLE",
    "SINGLE_DEVICE",
    "SIZE_CLASSES",
    "ActionFigures",
    "ActivationFigures",
    "CompletionFigures",
    "CrossWorkerFigures",
    "EventFigures",
    "Figures",
    "HealthFigures",
    "LoadFigures",
    "NotificationFigures",
    "OutcomeFigures",
    "PhaseFigures",
    "PushFigures",
    "RecoveryFigures",
    "SlowFigures",
    "TimingFigures",
    "add",
    "decoded",
    "encoded",
    "judged_share",
    "size_class",
]

SHEDDABLE = frozenset(
    {
        ChatEvent.KEYSTROKES_CREATED,
        ChatEvent.TYPING_STARTED,
        ChatEvent.TYPING_STOPPED,
        ChatEvent.PRESENCE_CHANGED,
    }
)
"""Events that a server may legally drop or merge: a loss among them is a ratio, not a defect."""

SINGLE_DEVICE = "single_device"
SEVERAL_DEVICES = "several_devices"

_SIZE_LIMITS = (("1", 1), ("2", 2), ("3-10", 10), ("11-100", 100), ("101-1000", 1000))
_LARGEST = "1001+"
SIZE_CLASSES = (*(label for label, _ in _SIZE_LIMITS), _LARGEST)
"""Labels of fan-out sizes: how many devices a message was expected at."""


def size_class(expected: int) -> str:
    """Return the label of the size class of a fan-out to ``expected`` devices."""
    for label, highest in _SIZE_LIMITS:
        if expected <= highest:
            return label
    return _LARGEST


class EventFigures(Struct):
    """One event type. ``delivered + lost`` is ``expected`` once everything is settled."""

    expected: int = 0
    delivered: int = 0
    lost: int = 0
    """Not seen by the deadline, and not since."""
    late: int = 0
    """Seen after the deadline; a part of ``delivered``."""
    duplicate: int = 0
    out_of_order: int = 0
    after_end: int = 0
    """Arrivals at a chat session that had ended before the cause was written."""
    boundary: int = 0
    """Pairs of cause and chat session that are not judged: it was starting or ending."""
    boundary_seen: int = 0
    """Of those, the ones that arrived."""
    in_flight: int = 0
    """Of those, the ones that were young when the run ended without waiting for them."""
    coalesced: int = 0
    """Lost, but a newer one of the same kind and subject was seen: shed or merged. Ratio: of
    ``expected``."""
    refused: int = 0
    """Causes that the server refused before anyone saw them: an error, not a loss."""
    unexpected: dict[str, int] = field(default_factory=dict)
    """Arrivals that match no cause, by kind."""
    latency: Histogram = field(default_factory=Histogram)
    """Arrival minus due: delivery latency."""
    service: Histogram = field(default_factory=Histogram)
    """Arrival minus written: service latency."""
    staleness: Histogram = field(default_factory=Histogram)
    """For an event overtaken by a newer one: arrival of the newer minus due of the older, which is
    for how long the device held what was out of date."""

    @property
    def judged_share(self) -> float | None:
        """Which share of the pairs of cause and chat session was judged; None without any."""
        return judged_share(self.expected, self.boundary)


class CrossWorkerFigures(Struct):
    """Deliveries of one event type that were caused on one worker and arrived on another.

    They are a part of what was delivered, and timed by two clocks: their latencies are here alone.
    """

    latency: Histogram = field(default_factory=Histogram)
    service: Histogram = field(default_factory=Histogram)


class ActionFigures(Struct):
    """One kind of action."""

    completed: int = 0
    latency: Histogram = field(default_factory=Histogram)
    """Accepted minus due; completed minus due where the action has no STOMP receipt."""
    completion: Histogram = field(default_factory=Histogram)
    """Completed minus due."""
    errors: dict[str, int] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)


class LoadFigures(Struct):
    """What the run put on the server."""

    users: int = 0
    devices: int = 0
    user_sessions_started: int = 0
    user_sessions_ended: int = 0
    connections_lost: dict[str, int] = field(default_factory=dict)
    chat_sessions_started: int = 0
    chat_sessions_ended: int = 0
    messages: int = 0
    keystrokes: int = 0
    edits: int = 0
    reads: int = 0
    channel_updates: int = 0


class RecoveryFigures(Struct):
    """What followed from connections that broke against the devices' wish."""

    chat_sessions_lost: int = 0
    """Active chat sessions whose connection broke."""
    latency: Histogram = field(default_factory=Histogram)
    """From the loss until the chat session was active again: one sample for each that came back."""
    lost_in_gap: int = 0
    """Pairs of a chat session that came back and a message that another user wrote in that time; no
    part of what is lost, because the device had no chat session then."""


class SlowFigures(Struct):
    """Deliveries of messages to devices that read slowly by the workload's wish.

    They are among those of all devices; those of the others are the difference.
    """

    devices: int = 0
    delivered: int = 0
    lost: int = 0
    late: int = 0
    latency: Histogram = field(default_factory=Histogram)
    """Arrival minus due."""

    @property
    def expected(self) -> int:
        """Deliveries of messages that had to happen."""
        return self.delivered + self.lost


class HealthFigures(Struct):
    """How well the load generator itself was."""

    lag: Histogram = field(default_factory=Histogram)
    """Written minus due of every planned cause."""
    loop_lag: Histogram = field(default_factory=Histogram)
    hub_lag: Histogram = field(default_factory=Histogram)
    gc_pause: Histogram = field(default_factory=Histogram)
    samples: int = 0
    cpu_ratio_peak: float = 0.0
    unsent_bytes_peak: int = 0
    open_files_peak: int = 0


class Figures(Struct):
    """Every figure of one stretch of time."""

    events: dict[str, EventFigures] = field(default_factory=dict)
    counted: dict[str, int] = field(default_factory=dict)
    """Events that are known side effects and are not judged."""
    completion: dict[str, CompletionFigures] = field(default_factory=dict)
    notifications: dict[str, NotificationFigures] = field(default_factory=dict)
    push: PushFigures = field(default_factory=PushFigures)
    cross_worker: dict[str, CrossWorkerFigures] = field(default_factory=dict)
    """By event type, for channels that span workers."""
    actions: dict[str, ActionFigures] = field(default_factory=dict)
    load: LoadFigures = field(default_factory=LoadFigures)
    recovery: RecoveryFigures = field(default_factory=RecoveryFigures)
    slow: SlowFigures = field(default_factory=SlowFigures)
    health: HealthFigures = field(default_factory=HealthFigures)
    phases: dict[str, PhaseFigures] = field(default_factory=dict)
    """By the name of a phase, what was timed of the causes that were due in it."""

    def phase(self, name: str) -> PhaseFigures:
        """Return the timings of one phase, which is then listed."""
        figures = self.phases.get(name)
        if figures is None:
            figures = self.phases[str(name)] = PhaseFigures()
        return figures

    def fill_whole(self) -> None:
        """Give events, actions and completion the timings of all phases together.

        They are those of the phases and of nothing else: a snapshot leaves them out.
        """
        whole = sum_of(PhaseFigures(), self.phases)
        for event, timing in whole.events.items():
            figures = self.event(event)
            figures.latency, figures.service = timing.latency, timing.service
        for action, timing in whole.actions.items():
            acted = self.action(action)
            acted.latency, acted.completion = timing.latency, timing.completion
        self.completion.update(whole.completion)

    def event(self, event: str) -> EventFigures:
        """Return the figures of one event type, which are then listed."""
        figures = self.events.get(event)
        if figures is None:
            figures = self.events[str(event)] = EventFigures()
        return figures

    def notification(self, *, has_several: bool) -> NotificationFigures:
        """Return the figures of the users with one device, or of those with several."""
        name = SEVERAL_DEVICES if has_several else SINGLE_DEVICE
        figures = self.notifications.get(name)
        if figures is None:
            figures = self.notifications[name] = NotificationFigures()
        return figures

    def action(self, action: str) -> ActionFigures:
        """Return the figures of one kind of action, which are then listed."""
        figures = self.actions.get(action)
        if figures is None:
            figures = self.actions[str(action)] = ActionFigures()
        return figures

    def crossed(self, event: str) -> CrossWorkerFigures:
        """Return the cross-worker figures of one event type, which are then listed."""
        figures = self.cross_worker.get(event)
        if figures is None:
            figures = self.cross_worker[str(event)] = CrossWorkerFigures()
        return figures

    def crossed_latency(self, event: str) -> Histogram:
        """Return the latencies of one event type that were timed by two clocks."""
        figures = self.cross_worker.get(event)
        return figures.latency if figures is not None else Histogram()

    def crossed_count(self, event: str) -> int:
        """Return how many deliveries of one event type were timed by two clocks."""
        return self.crossed_latency(event).count

    def completed(self, label: str) -> CompletionFigures:
        """Return the fan-out completion of one size class, which is then listed."""
        figures = self.completion.get(label)
        if figures is None:
            figures = self.completion[label] = CompletionFigures()
        return figures

    def all_notifications(self) -> NotificationFigures:
        """Return the figures of all users, whatever their number of devices."""
        return sum_of(NotificationFigures(), self.notifications)

    def all_completion(self) -> CompletionFigures:
        """Return the fan-out completion over all size classes."""
        return sum_of(CompletionFigures(), self.completion)

    def to_plain(self) -> dict[str, Any]:
        """Return these figures in dicts, lists and numbers."""
        plain: dict[str, Any] = msgspec.to_builtins(self, enc_hook=encoded)
        return plain

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Figures":
        """Return the figures that ``to_plain`` gave away.

        Raises:
            msgspec.ValidationError: ``plain`` is something else.
        """
        return msgspec.convert(plain, cls, dec_hook=decoded)
