"""What became of messages that crossed the end or the start of a user's chat sessions.

*Activation* is what the end of a user's last chat session in a channel costs. It is known only
between two messages: it took longer than to the last one that did not come as a notification, and
no longer than to the first one that did. Ending one of two chat sessions ends nothing.
"""

from loadtest.clock import NS_PER_US
from loadtest.metrics.figures.notified import (
    ActivationFigures,
    NotificationFigures,
    OutcomeFigures,
)
from loadtest.metrics.ledger.model import (
    BOUNDARY_SEEN,
    DELIVERED,
    Attendance,
    Crossing,
    Episode,
    HandOff,
    MessageRecord,
    Record,
    TrackedDevice,
    TrackedUser,
)

__all__ = [
    "has_come",
    "judge_handoff",
    "notified_count",
    "slots_of",
    "was_delivered",
    "was_overtaken",
]


def slots_of(attendance: Attendance) -> tuple[int, ...]:
    """Return the slots of all chat sessions of a user in a channel."""
    return tuple(chat_session.slot for chat_session in attendance.chat_sessions)


def notified_count(record: MessageRecord, user: TrackedUser) -> int:
    """Return on how many devices of a user a notification has come."""
    return sum(device in record.notified for device in user.devices)


def was_delivered(record: MessageRecord, handoff: HandOff) -> bool:
    """Return whether a message has reached a chat session of the user."""
    state = record.state
    return handoff.is_seen or any(
        slot < len(state) and state[slot] in (DELIVERED, BOUNDARY_SEEN) for slot in handoff.slots
    )


def has_come(record: MessageRecord, user: TrackedUser, handoff: HandOff) -> bool:
    """Return whether a message has come to a user in any way."""
    return notified_count(record, user) > 0 or was_delivered(record, handoff)


def was_overtaken(record: MessageRecord, device: TrackedDevice) -> bool:
    """Return whether a device was notified of a later message of the same sender."""
    later: Record | None = record.next
    while later is not None:
        if isinstance(later, MessageRecord) and device in later.notified:
            return True
        later = later.next
    return False


def judge_handoff(
    figures: NotificationFigures, record: MessageRecord, user: TrackedUser, handoff: HandOff
) -> None:
    """Count what became of a message that crossed an end or a start."""
    is_notified = notified_count(record, user) > 0
    is_delivered = was_delivered(record, handoff)
    if handoff.crossing is Crossing.END or (
        handoff.crossing is Crossing.PAST_END and handoff.device_count
    ):
        _count(figures.handoff, delivered=is_delivered, notified=is_notified)
    elif handoff.crossing is Crossing.START:
        _count(figures.entry, delivered=is_delivered, notified=is_notified)
    episode = handoff.episode
    if episode is None or not episode.is_clean or handoff.crossing is Crossing.START:
        return
    if episode.is_over and handoff.crossing is Crossing.PAST_END:
        return
    figures.activation.gap_messages += not is_notified and not is_delivered
    figures.activation.overlap_messages += is_notified and is_delivered
    if not episode.is_over:
        _follow(figures.activation, episode, record, is_notified=is_notified)


def _count(figures: OutcomeFigures, *, delivered: bool, notified: bool) -> None:
    figures.both += delivered and notified
    figures.neither += not delivered and not notified
    figures.delivered += delivered and not notified
    figures.notified += notified and not delivered


def _follow(
    figures: ActivationFigures, episode: Episode, record: MessageRecord, *, is_notified: bool
) -> None:
    """Take the next message after the end of a last chat session.

    Messages are closed in the order of their writing, so the first one that came as a notification
    ends the episode.
    """
    after_us = (record.written_ns - episode.ended_ns) // NS_PER_US
    if not is_notified:
        episode.unnotified_us = after_us
        return
    episode.is_over = True
    # Nothing is 1 us: 0 is outside the range of the histograms.
    figures.at_least.record_all((max(1, episode.unnotified_us),))
    figures.at_most.record_all((max(1, after_us),))
    figures.resolution.record_all((max(1, after_us - episode.unnotified_us),))
