"""The figures of notifications, of pushes, and of the way back after a lost connection."""

from loadtest.metrics.catalogue.declaration import (
    Block,
    Gravity,
    amount,
    count,
    latency,
    ratio,
)

__all__ = [
    "ACTIVATION",
    "ENTRY",
    "HANDOFF",
    "NOTIFICATIONS",
    "NOTIFICATIONS_BY_DEVICES",
    "NOTIFICATION_BLOCKS",
    "PUSH",
    "RECOVERY",
]

_EXPECTED = ("expected",)
_HANDOFFS = ("handoff.delivered", "handoff.notified", "handoff.neither", "handoff.both")
_JUDGED = ratio(
    "judged_share",
    "expected",
    ("expected", "boundary"),
    "share of what happened that could be judged: expected of expected and boundary",
    title="judged",
)

NOTIFICATIONS = Block(
    "notifications",
    (
        amount("expected", "notifications", "notifications that had to come"),
        amount("delivered", "notifications", "expected notifications that came", of=_EXPECTED),
        count(
            "missed",
            "notifications",
            "expected notifications that did not come",
            Gravity.FAULT,
            of=_EXPECTED,
        ),
        count(
            "late",
            "notifications",
            "notifications that came after the delivery deadline",
            Gravity.REMARK,
            of=_EXPECTED,
        ),
        count(
            "duplicate",
            "notifications",
            "notifications that came again to the same device",
            Gravity.FAULT,
            of=_EXPECTED,
        ),
        count(
            "spurious",
            "notifications",
            "notifications that came although a chat session was active",
            Gravity.FAULT,
        ),
        count(
            "handoff_gap",
            "messages",
            "messages that came as neither while a chat session ended",
            Gravity.FAULT,
            of=_HANDOFFS,
            title="hand-off gap",
        ),
        count(
            "handoff_overlap",
            "messages",
            "messages that came as both while it ended",
            Gravity.FAULT,
            of=_HANDOFFS,
            title="hand-off overlap",
        ),
        count("boundary", "notifications", "not judged: a session was starting or ending"),
        count(
            "in_flight",
            "notifications",
            "of the unjudged ones, still young when the run ended without waiting for them",
        ),
        ratio("delivery_ratio", "delivered", _EXPECTED, "delivered of expected", short="ratio"),
        _JUDGED,
        latency("latency", "from due of the message to arrival of its notification", short=""),
    ),
    short=("notifications",),
    judged_by="notifications.judged_share",
)
NOTIFICATIONS_BY_DEVICES = Block(
    "notifications.by_devices.<class>",
    NOTIFICATIONS.figures,
    short=("notifications.<class>",),
    judged_by="notifications.by_devices.<class>.judged_share",
)


_OUTCOMES = (
    amount("delivered", "messages", "delivered, and not notified"),
    amount("notified", "messages", "notified, and not delivered"),
    amount("neither", "messages", "neither delivered nor notified"),
    amount("both", "messages", "both delivered and notified"),
)
HANDOFF = Block(
    "notifications.handoff",
    _OUTCOMES,
    short=("handoff",),
    title="the user's last chat session in the channel ended: neither is a gap, both an overlap",
)
ENTRY = Block(
    "notifications.entry",
    _OUTCOMES,
    short=("entry",),
    title="the user's chat session started: each outcome is right",
)
OUTCOMES_BY_DEVICES = tuple(
    Block(f"notifications.by_devices.<class>.{part}", block.figures)
    for part, block in (("handoff", HANDOFF), ("entry", ENTRY))
)

_ACTIVATION = (
    amount("count", "ends", "ends of a last chat session that a notification followed"),
    latency(
        "at_least",
        "from that end to the last message that did not come as a notification; 0 without one",
    ),
    latency(
        "at_most",
        "from that end to the first message that came as a notification",
        short="",
    ),
    latency("resolution", "at most minus at least: how narrow the interval is"),
    count("gap_messages", "messages", "after that end, that came as neither"),
    count("overlap_messages", "messages", "after that end, that came as both"),
)
ACTIVATION = Block(
    "notifications.activation",
    _ACTIVATION,
    # Until it was an interval, its upper end stood in the block itself.
    short=("notifications.activation", "activation"),
    crosses_workers=True,
)
ACTIVATION_BY_DEVICES = Block(
    "notifications.by_devices.<class>.activation",
    _ACTIVATION,
    short=("notifications.by_devices.<class>.activation",),
    crosses_workers=True,
)

PUSH = Block(
    "push",
    (
        amount("received", "pushes", "pushes that the sink received"),
        count("unassigned", "pushes", "of channels that are not of this run", Gravity.REMARK),
        count("unreadable", "requests", "requests that held no push", Gravity.REMARK),
        amount("expected", "pushes", "one for each message and member who was not connected"),
        amount("delivered", "pushes", "expected pushes that came", of=_EXPECTED),
        count("missed", "pushes", "expected pushes that did not come", Gravity.FAULT, of=_EXPECTED),
        count(
            "late",
            "pushes",
            "pushes that came after the delivery deadline",
            Gravity.REMARK,
            of=_EXPECTED,
        ),
        count(
            "duplicate",
            "pushes",
            "pushes that came again for the same user",
            Gravity.FAULT,
            of=_EXPECTED,
        ),
        count(
            "spurious",
            "pushes",
            "for somebody who was connected, is no member, or wrote the message",
            Gravity.FAULT,
        ),
        count("boundary", "pushes", "not judged: the user had just come or gone"),
        count("boundary_seen", "pushes", "boundary pushes that came"),
        count(
            "in_flight",
            "pushes",
            "of the unjudged ones, still young when the run ended without waiting for them",
        ),
        ratio("delivery_ratio", "delivered", _EXPECTED, "delivered of expected", short="ratio"),
        _JUDGED,
        latency("latency", "from due of the message until the push sink had the push", short=""),
        latency("service_latency", "the same from the instant of writing", source="service"),
    ),
    short=("push",),
    judged_by="push.judged_share",
)
RECOVERY = Block(
    "recovery",
    (
        latency(
            "",
            "from the loss of a chat session's connection until the chat session is active again; "
            "`count` is how many came back",
            source="latency",
        ),
        amount("chat_sessions_lost", "chat sessions", "active ones whose connection broke"),
        count(
            "lost_in_gap",
            "deliveries",
            "messages that other users wrote into the channel between the loss and the new active "
            "state, for each chat session that came back; but for those that arrived while it "
            "started",
        ),
    ),
)

NOTIFICATION_BLOCKS = (
    NOTIFICATIONS,
    HANDOFF,
    ENTRY,
    ACTIVATION,
    NOTIFICATIONS_BY_DEVICES,
    *OUTCOMES_BY_DEVICES,
    ACTIVATION_BY_DEVICES,
    PUSH,
    RECOVERY,
)
