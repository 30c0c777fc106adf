"""What load a plan puts on a server, computed before anything is sent.

Everything is an expectation over the run: rates of the plan, multiplied by how many chat sessions
are open on average. The figures tell a person what they are about to do to a server, to about 10 %;
they are never mixed with what is measured.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from loadtest.workload.arrivals import Curve
from loadtest.workload.behaviour import Behaviour, Stays
from loadtest.workload.population import CellPlan, ChannelPlan
from loadtest.workload.shares import StayShares, ready_ratio, stay_shares
from loadtest.workload.typing import typing_figures
from loadtest.workload.visits import CellVisits

__all__ = ["LoadPlan", "plan_load"]

# Mean sizes of frames in recordings of the SDK of dialect 2 against a small server; resources of a
# real deployment differ, mostly by the properties that an application keeps in them.
_EVENT_BYTES: Mapping[str, int] = {
    "message": 2_064,
    "edit": 2_092,
    "notification": 6_969,
    "keystrokes": 485,
    "typing": 743,
    "typing_listed": 751,
    "participant": 750,
    "presence": 757,
    "contact": 745,
    "channel_update": 4_700,
    # The event, and the message that is relayed because of it.
    "read_receipt": 867 + 2_064,
    "read_receipt_copy": 867,
    "reaction": 900,
}
_SEND_BYTES: Mapping[str, int] = {
    "message": 214,
    "keystrokes": 187,
    "read": 164,
    "edit": 185,
    "channel_update": 2_766,
    "reaction": 172,
}
# A topic is subscribed and, some time later, unsubscribed.
_TOPICS_PER_CHAT_SESSION = 11
_TOPIC_BYTES = 177 + 70
_STOMP_RECEIPT_BYTES = 64
_ACK_BYTES = 112
_RELAY_BYTES = 118


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """The expected load of a run, averaged over its length."""

    cells: int = 0
    users: int = 0
    offline_users: int = 0
    """Users without a device: they get pushes, nothing on the wire."""
    devices: int = 0
    channels: int = 0
    memberships: int = 0
    largest_channel: int = 0
    """Members of the largest channel."""
    chat_sessions: float = 0.0
    """Chat sessions that are open at once."""
    chat_session_starts_per_s: float = 0.0
    messages_per_s: float = 0.0
    deliveries_per_s: float = 0.0
    """Messages that reach a device, the author's own included."""
    notifications_per_s: float = 0.0
    keystrokes_per_s: float = 0.0
    """At most: typing that does not fit into its chat session is not planned."""
    reads_per_s: float = 0.0
    reactions_per_s: float = 0.0
    edits_per_s: float = 0.0
    """At most: an edit that does not fit into its chat session is not planned."""
    channel_updates_per_s: float = 0.0
    offline_per_s: float = 0.0
    """Users that go offline."""
    events_per_s: float = 0.0
    """Events of all kinds that reach a device, deliveries and notifications included."""
    bytes_in_per_s: float = 0.0
    """From the server to all devices."""
    bytes_out_per_s: float = 0.0
    """From all devices to the server."""
    peak_factor: float = 1.0
    """How much higher messages and what follows from them are at the top of a curve."""

    def times(self, factor: float) -> "LoadPlan":
        """Return the load of ``factor`` times as many cells like these."""
        if factor == 1:
            return self
        values: dict[str, float] = {}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            is_largest = field.name in ("largest_channel", "peak_factor")
            grown = value if is_largest else value * factor
            values[field.name] = round(grown) if isinstance(value, int) else grown
        return LoadPlan(**values)  # type: ignore[arg-type]

    def plus(self, other: "LoadPlan") -> "LoadPlan":
        """Return the load of both plans together."""
        values = {}
        for field in dataclasses.fields(self):
            mine, theirs = getattr(self, field.name), getattr(other, field.name)
            is_largest = field.name in ("largest_channel", "peak_factor")
            values[field.name] = max(mine, theirs) if is_largest else mine + theirs
        return LoadPlan(**values)


@dataclass(frozen=True, slots=True)
class _Member:
    """A member of a channel that has devices."""

    connected: int
    """Devices."""
    visiting: int
    """Those of them that enter the channel."""
    author_share: float


@dataclass(frozen=True, slots=True)
class _Audience:
    """What one message in a channel meets, on average."""

    visiting: int
    """Devices that enter the channel."""
    sessions: float
    """Chat sessions of all members."""
    deliveries: float
    """Devices that get the message; the author's is one of them for certain."""
    others_devices: float
    """Those of them that do not belong to the author."""
    readers: float
    """Users that read it."""
    devices_per_reader: float
    """Connected devices of a user who reads or writes it."""
    unattended: float
    """Connected devices of other members without a chat session."""
    connected: float
    """Connected devices of all members."""


def plan_load(cells: Iterable[CellPlan], behaviour: Behaviour, *, seed: int) -> LoadPlan:
    """Return the load of some cells together.

    Raises:
        UsageError: Messages are wanted, but chat sessions are too short for any.
    """
    total = LoadPlan()
    for cell in cells:
        visits = CellVisits(cell, behaviour.stays.sessions_per_device_max, seed)
        total = total.plus(_load_of_cell(visits, behaviour))
    return total


def _shares(behaviour: Behaviour, devices: int) -> StayShares:
    return stay_shares(behaviour.stays, devices, behaviour.horizon_s)


def _load_of_cell(visits: CellVisits, behaviour: Behaviour) -> LoadPlan:
    cell = visits.cell
    plan = LoadPlan(
        cells=1,
        users=len(cell.users),
        offline_users=sum(user.device_count == 0 for user in cell.users),
        devices=cell.device_count,
        channels=len(cell.channels),
        memberships=sum(len(channel.members) for channel in cell.channels),
        largest_channel=max((len(channel.members) for channel in cell.channels), default=0),
        peak_factor=_peak_factor(behaviour),
    )
    devices_in = [visits.device_counts(user.member) for user in cell.users]
    author_shares = visits.author_shares()
    for channel in cell.channels:
        members = [
            _Member(
                connected=cell.users[member].device_count,
                visiting=devices_in[member].get(channel.index, 0),
                author_share=author_shares[channel.index].get(member, 0.0),
            )
            for member in channel.members
            if cell.users[member].device_count
        ]
        plan = plan.plus(_load_of_channel(channel, members, behaviour))
    connected_users = plan.users - plan.offline_users
    offline_per_s = _offline_per_s(connected_users, behaviour.stays)
    contacts = _contact_events_per_s(cell, behaviour) if offline_per_s else 0.0
    return plan.plus(
        LoadPlan(
            offline_per_s=offline_per_s,
            events_per_s=contacts,
            bytes_in_per_s=contacts * _EVENT_BYTES["contact"],
            bytes_out_per_s=contacts * _ACK_BYTES,
        )
    )


def _contact_events_per_s(cell: CellPlan, behaviour: Behaviour) -> float:
    """Return what the contacts of users who go and come are told: who shares a channel with them.

    That is who hears of presence at the embedded server; another may tell fewer.
    """
    devices = [user.device_count for user in cell.users]
    contacts: list[set[int]] = [set() for _ in cell.users]
    for channel in cell.channels:
        for member in channel.members:
            if devices[member]:
                contacts[member].update(channel.members)
    heard = sum(
        sum(devices[other] for other in known) - devices[member]
        for member, known in enumerate(contacts)
        if known
    )
    online_ratio = _shares(behaviour, 1).online_ratio
    return 2 * heard * _offline_per_s(1, behaviour.stays) * online_ratio


def _peak_factor(behaviour: Behaviour) -> float:
    arrivals = behaviour.arrivals
    if not isinstance(arrivals, Curve):
        return 1.0
    mean = _mean_factor(behaviour)
    return max(rate for _, rate in arrivals.points) / mean if mean else 1.0


def _mean_factor(behaviour: Behaviour) -> float:
    return behaviour.arrivals.expected_count(0.0, behaviour.horizon_s) / behaviour.horizon_s


def _audience(members: Sequence[_Member], behaviour: Behaviour) -> _Audience:
    sessions = deliveries = others = readers = unattended = connected = 0.0
    reader_devices = 0.0
    for member in members:
        shares = _shares(behaviour, max(1, member.visiting))
        active = member.visiting * shares.active_when_written
        present = shares.present_when_written if member.visiting else 0.0
        share, not_author = member.author_share, 1.0 - member.author_share
        sessions += member.visiting * shares.active_ratio
        # Of the author's devices, the one that writes is there for certain.
        deliveries += active * not_author + share * (1.0 + active - shares.active_when_written)
        others += active * not_author
        unread = (1.0 - behaviour.reading.probability) ** (active / present if present else 0.0)
        reads = present * (1.0 - unread) * not_author
        readers += reads
        reader_devices += (reads + share) * member.connected
        unattended += member.connected * max(0.0, shares.online_when_written - present) * not_author
        connected += member.connected * shares.online_when_written
    return _Audience(
        visiting=sum(member.visiting for member in members),
        sessions=sessions,
        deliveries=deliveries,
        others_devices=others,
        readers=readers,
        devices_per_reader=reader_devices / (readers + 1.0),
        unattended=unattended,
        connected=connected,
    )


def _heard_per_s(behaviour: Behaviour, member: _Member) -> float:
    """Return how often a member enters or leaves, times the share of devices that hear of it."""
    if not member.visiting:
        return 0.0
    shares = _shares(behaviour, member.visiting)
    return shares.entered_heard_per_s + shares.left_heard_per_s


def _sends_per_s(
    channel: ChannelPlan, behaviour: Behaviour, audience: _Audience
) -> dict[str, float]:
    """Return what the devices in a channel send, by kind."""
    rate = behaviour.message_rate_per_s * channel.message_share * _mean_factor(behaviour)
    messages = rate if audience.connected else 0.0
    updates = behaviour.channel_update_rate_per_s * channel.update_share
    if messages or updates:
        ready_ratio(behaviour.stays, 1, behaviour.horizon_s)
    return {
        "message": messages,
        "keystrokes": messages * typing_figures(behaviour.writing).keystrokes,
        "edit": messages * behaviour.writing.edit_probability,
        "read": messages * audience.others_devices * behaviour.reading.probability,
        "reaction": messages * audience.others_devices * behaviour.reacting.probability,
        "channel_update": updates,
    }


def _events_per_s(
    sends: Mapping[str, float],
    changes: Mapping[str, float],
    audience: _Audience,
    typed_ratio: float,
) -> dict[str, float]:
    """Return what reaches the devices of a channel's members, by kind."""
    # Typing starts and stops once for each message, however many keystrokes there are.
    typing = 2 * sends["message"] * typed_ratio
    receipts = sends["message"] * audience.readers
    return {
        "message": sends["message"] * audience.deliveries,
        "edit": sends["edit"] * audience.deliveries,
        "notification": sends["message"] * audience.unattended,
        "keystrokes": sends["keystrokes"] * audience.deliveries,
        "typing": typing * audience.deliveries,
        "typing_listed": typing * audience.connected,
        "participant": changes["heard"] * audience.visiting,
        "presence": 2 * changes["offline"] * audience.sessions,
        "channel_update": sends["channel_update"] * (audience.deliveries + audience.connected),
        "read_receipt": receipts * audience.deliveries,
        # To the author and to the reader, wherever they are.
        "read_receipt_copy": 2 * receipts * audience.devices_per_reader,
        "reaction": sends["reaction"] * audience.deliveries,
    }


def _offline_per_s(users: int, stays: Stays) -> float:
    if stays.presence is None:
        return 0.0
    return users / (stays.presence.online_s.expectation() + stays.presence.offline_s.expectation())


def _load_of_channel(
    channel: ChannelPlan, members: Sequence[_Member], behaviour: Behaviour
) -> LoadPlan:
    audience = _audience(members, behaviour)
    changes = {
        "start": audience.visiting * _shares(behaviour, 1).starts_per_s,
        "heard": sum(_heard_per_s(behaviour, member) for member in members),
        "offline": _offline_per_s(len(members), behaviour.stays),
    }
    sends = _sends_per_s(channel, behaviour, audience)
    typed_ratio = typing_figures(behaviour.writing).typed_ratio
    events = _events_per_s(sends, changes, audience, typed_ratio)
    # At most: a message is a reply only if there is one to reply to.
    reply_relays = events["message"] * behaviour.writing.reply_probability
    sent_bytes = sum(rate * _SEND_BYTES[kind] for kind, rate in sends.items())
    event_bytes = sum(rate * _EVENT_BYTES[kind] for kind, rate in events.items())
    return LoadPlan(
        chat_sessions=audience.sessions,
        chat_session_starts_per_s=changes["start"],
        messages_per_s=sends["message"],
        deliveries_per_s=events["message"],
        notifications_per_s=events["notification"],
        keystrokes_per_s=sends["keystrokes"],
        reads_per_s=sends["read"],
        reactions_per_s=sends["reaction"],
        edits_per_s=sends["edit"],
        channel_updates_per_s=sends["channel_update"],
        events_per_s=sum(events.values()),
        bytes_in_per_s=event_bytes
        + reply_relays * _EVENT_BYTES["message"]
        + (sum(sends.values()) + changes["start"] * _TOPICS_PER_CHAT_SESSION)
        * _STOMP_RECEIPT_BYTES,
        bytes_out_per_s=sent_bytes
        + changes["start"] * _TOPICS_PER_CHAT_SESSION * _TOPIC_BYTES
        + sum(events.values()) * _ACK_BYTES
        + (events["read_receipt"] + reply_relays) * _RELAY_BYTES,
    )
