"""What each topic brings is told, acknowledged in the SDK's order, and never dropped unseen."""

from typing import Any

import pytest

from loadtest.chat.correlation import PROPERTY, marked_keystrokes
from loadtest.chat.dialect import DIALECT_2
from loadtest.observations import Action, ChatEvent
from tests.support import stompx_resources as resources
from tests.support.device_world import RUN, DeviceWorld, HearingListener
from tests.support.stompx_peer import message


class Present:
    """A device with one active chat session, and what is told of its events."""

    def __init__(self, **settings: object) -> None:
        arguments = {"handled": settings.pop("handled_here", None)}
        self.world = DeviceWorld(**settings)
        self.rig = self.world.active_rig()
        self.chat_session = self.rig.enter(self.world.learn_channel(), **arguments)
        self.number = self.chat_session.number
        self.listener = HearingListener()
        self.rig.device.listener = self.listener
        self.now_ns = self.world.now_ns
        self.world.observer.calls.clear()

    def told(self) -> list[tuple[Any, ...]]:
        return self.world.observer.take()

    def hear(self, topic: str, kind: str, resource: dict[str, Any]) -> str:
        """Give one event of the channel; return the id that its ACK must carry."""
        return self.rig.hear_event(self.rig.topic_id(topic, 1), kind, resource)

    def hear_user(self, topic: str, kind: str, resource: dict[str, Any]) -> str:
        """Give one event of the user's topics; return the id that its ACK must carry."""
        return self.rig.hear_event(self.rig.topic_id(topic), kind, resource)

    def end(self) -> None:
        self.rig.device.chat_sessions.end(self.chat_session, self.now_ns)
        self.rig.read()
        self.told()


def marked(run: str = RUN, key: int = 9) -> dict[str, Any]:
    """Return the properties of a message with a mark."""
    return {"properties": {"n": 1, PROPERTY: [run, key, 7, 1, 50, 60]}}


def test_a_message_of_this_run_is_told_by_its_key() -> None:
    present = Present()
    ack = present.hear("messages", ChatEvent.MESSAGE_CREATED, resources.message(6, **marked()))

    assert present.told() == [("message_delivered", present.number, 9, 6, present.now_ns)]
    assert present.listener.heard == [("chat_event", 1, ChatEvent.MESSAGE_CREATED)]
    [written] = present.rig.read()
    subscription = present.rig.topic_id("messages", 1)
    assert written.headers == (("id", ack), ("subscription", subscription))


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="no mark"),
        pytest.param({"properties": None}, id="no properties"),
        pytest.param(marked(run="0000beef"), id="another run's mark"),
        pytest.param({"properties": {PROPERTY: None}}, id="an empty mark"),
    ],
)
def test_a_message_that_is_not_ours_is_unexplained(changes: dict[str, Any]) -> None:
    present = Present()
    present.hear("messages", ChatEvent.MESSAGE_CREATED, resources.message(6, **changes))
    assert present.told() == [
        ("event_unexplained", ChatEvent.MESSAGE_CREATED, 1, present.number, present.now_ns)
    ]
    assert len(present.rig.read()) == 1
    assert len(present.listener.heard) == 1


SUBJECTS = [
    ("typing", ChatEvent.TYPING_STARTED),
    ("typing", ChatEvent.TYPING_STOPPED),
    ("participants", ChatEvent.PARTICIPANT_ENTERED),
    ("participants", ChatEvent.PARTICIPANT_LEFT),
    ("participants", ChatEvent.PRESENCE_CHANGED),
    ("messages", ChatEvent.MESSAGE_UPDATED),
    ("self", ChatEvent.CHANNEL_UPDATED),
]


@pytest.mark.parametrize(("topic", "event"), SUBJECTS)
def test_events_with_a_subject_are_told_by_its_id(topic: str, event: ChatEvent) -> None:
    present = Present()
    present.hear(topic, event, {"id": 31, "name": "x"})
    assert present.told() == [("event_delivered", event, present.number, 31, present.now_ns)]
    assert present.listener.heard == [("chat_event", 1, event)]


def test_keystrokes_are_told_by_the_key_in_them() -> None:
    present = Present()
    keys = {"username": "bob", "keys": marked_keystrokes("how are", RUN, 12)}
    present.hear("keystrokes", ChatEvent.KEYSTROKES_CREATED, keys)
    assert present.told() == [("keystrokes_delivered", present.number, 12, present.now_ns)]


@pytest.mark.parametrize("keys", ["how are", marked_keystrokes("how", "0000beef", 12)])
def test_keystrokes_of_others_are_unexplained(keys: str) -> None:
    present = Present()
    present.hear("keystrokes", ChatEvent.KEYSTROKES_CREATED, {"keys": keys})
    assert present.told()[0][:2] == ("event_unexplained", ChatEvent.KEYSTROKES_CREATED)


@pytest.mark.parametrize(
    ("topic", "kind"),
    [
        ("messages", "channel.message.deleted"),
        ("keystrokes", "thread.keystrokes.deleted"),
        ("participants", "participant.danced"),
        ("self", "channel.self.deleted"),
        ("readReceipts", "message.read_receipt.deleted"),
    ],
)
def test_a_type_that_is_not_judged_is_unexplained_but_heard(topic: str, kind: str) -> None:
    present = Present()
    resource = {"keys": "x", **resources.read_receipt(6), **resources.message(6)}
    resource["_relays"] = {"message": "~m", "self": "~s"}
    ack = present.hear(topic, kind, resource)

    assert present.told() == [("event_unexplained", kind, 1, present.number, present.now_ns)]
    assert present.listener.heard == [("chat_event", 1, kind)]
    assert [frame.get("id") for frame in present.rig.read()] == [ack]


@pytest.mark.parametrize("topic", ["reactions", "events", "members", "blockRecords"])
def test_topics_that_nobody_judges_are_counted(topic: str) -> None:
    present = Present()
    present.hear(topic, "some.event", {"id": 1})
    assert present.told() == [("event_counted", "some.event", 1, present.now_ns)]
    assert present.listener.heard == [("chat_event", 1, "some.event")]


@pytest.mark.parametrize("topic", DIALECT_2.channel_topics)
@pytest.mark.parametrize(
    "body",
    [b"", b"?", b"[]", b'{"resource":{}}', b'{"type":1,"resource":{"id":1}}', b'{"type":"\xff"}'],
    ids=["empty", "no JSON", "no object", "no type", "a number as type", "not UTF-8"],
)
def test_a_body_that_cannot_be_read_is_unexplained_and_acknowledged(
    topic: str, body: bytes
) -> None:
    present = Present()
    frame = message(present.rig.topic_id(topic, 1), body.replace(b"\xff", b"\\ud800"), ack="a")
    present.rig.hear(frame)

    assert present.told() == [
        ("event_unexplained", "unreadable", 1, present.number, present.now_ns)
    ]
    assert present.listener.heard == []
    assert [frame.command for frame in present.rig.read()] == ["ACK"]
    assert present.rig.device.is_active


@pytest.mark.parametrize("body", [b"?", b'{"type":"x"}', b"[]"])
@pytest.mark.parametrize("topic", ["notifications", "messages"])
def test_an_unreadable_event_of_the_user_is_unexplained(topic: str, body: bytes) -> None:
    present = Present()
    present.rig.hear(message(present.rig.topic_id(topic), body, ack="a"))
    assert present.told() == [("event_unexplained", "unreadable", 1, 0, present.now_ns)]
    assert present.listener.heard == []


def test_an_event_in_flight_when_the_chat_session_ended_is_observed_only() -> None:
    present = Present()
    present.end()
    present.hear("messages", ChatEvent.MESSAGE_CREATED, resources.message(6, **marked()))
    present.hear("readReceipts", ChatEvent.MESSAGE_READ, resources.read_receipt(6))

    assert [call[0] for call in present.told()] == ["message_delivered", "event_unexplained"]
    assert present.rig.read() == []
    assert present.listener.heard == []


def test_an_event_without_an_ack_id_is_not_acknowledged() -> None:
    present = Present()
    body = resources.event(ChatEvent.MESSAGE_CREATED, resources.message(6, **marked()))
    present.rig.hear(message(present.rig.topic_id("messages", 1), body))
    assert len(present.told()) == 1
    assert present.rig.read() == []


def test_acknowledgements_can_be_switched_off() -> None:
    present = Present(acknowledge=False)
    present.hear("messages", ChatEvent.MESSAGE_CREATED, resources.message(6, **marked()))
    present.hear_user("contacts", "contact.presence.changed", {"id": 2})
    assert present.rig.read() == []


def test_all_acknowledgements_of_a_read_go_out_in_one_piece() -> None:
    present = Present()
    body = resources.event(ChatEvent.MESSAGE_CREATED, resources.message(6, **marked()))
    topic = present.rig.topic_id("messages", 1)
    present.rig.hear(*[message(topic, body, ack=f"a{number}") for number in range(5)])

    assert len(present.rig.link.written) == 1
    assert [frame.get("id") for frame in present.rig.read()] == [f"a{n}" for n in range(5)]


def test_a_topic_number_beyond_the_dialect_s_is_counted_not_crashed_upon() -> None:
    present = Present()
    stray = f"subscription-id-{present.rig.device.prefix}{(1 << 4) | 13:012x}"
    present.rig.hear_event(stray, "odd", {"id": 1})
    stray = f"subscription-id-{present.rig.device.prefix}{14:012x}"
    present.rig.hear_event(stray, "odd", {"id": 1})
    assert [call[:2] for call in present.told()] == [("event_counted", "odd")] * 2


# --- read receipts ----------------------------------------------------------------------------


def test_a_read_receipt_costs_a_relay_that_is_written_before_the_ack() -> None:
    present = Present()
    present.world.fleet.learn_message_link("~message-relay~6~self", 6)
    ack = present.hear("readReceipts", ChatEvent.MESSAGE_READ, resources.read_receipt(6, reader=2))
    relay, acknowledged = present.rig.read()

    assert relay.command == "SUBSCRIBE"
    assert [name for name, _ in relay.headers] == ["id", "destination"]
    assert relay.require("destination") == "~message-relay~6~self"
    assert (acknowledged.command, acknowledged.get("id")) == ("ACK", ack)
    assert present.told() == [("read_receipt_delivered", present.number, 6, 2, present.now_ns)]
    assert present.listener.heard == []
    present.rig.answer_relay(relay, resources.message(6))
    assert present.listener.heard == [
        ("relayed_event", 1, ChatEvent.MESSAGE_READ, resources.relayed(resources.message(6)))
    ]
    assert [call[0] for call in present.told()] == ["action_completed"]


def test_an_unknown_link_is_identified_by_the_relay_s_answer() -> None:
    present = Present()
    present.hear("readReceipts", ChatEvent.MESSAGE_READ, resources.read_receipt(6, reader=2))
    assert present.told() == []
    relay = present.rig.read()[0]
    present.world.advance(0.5)
    present.rig.answer_relay(relay, resources.message(6))
    delivered = ("read_receipt_delivered", present.number, 6, 2, present.now_ns)
    assert delivered in present.told()

    present.hear("readReceipts", ChatEvent.MESSAGE_READ, resources.read_receipt(6, reader=3))
    assert present.told()[0][:4] == ("read_receipt_delivered", present.number, 6, 3)


@pytest.mark.parametrize("answer", [b"?", b'{"resource":{}}', None])
def test_a_receipt_that_stays_unidentified_is_unexplained(answer: bytes | None) -> None:
    present = Present()
    present.hear("readReceipts", ChatEvent.MESSAGE_READ, resources.read_receipt(6))
    relay = present.rig.read()[0]
    if answer is None:
        error = resources.error("ResourceNotFoundError")
        present.rig.hear_error(error, subscription_id=relay.require("id"))
    else:
        present.rig.hear(message(relay.require("id"), answer))

    told = present.told()
    assert told[-1] == (
        "event_unexplained",
        ChatEvent.MESSAGE_READ,
        1,
        present.number,
        present.now_ns,
    )
    assert present.rig.device.is_active


@pytest.mark.parametrize(
    "settings",
    [{"handled_here": frozenset()}, {"handled": frozenset()}],
    ids=["no handler in this chat session", "no handler in the whole run"],
)
def test_without_a_handler_the_relay_is_saved(settings: dict[str, Any]) -> None:
    present = Present(**settings)
    present.world.fleet.learn_message_link("~message-relay~6~self", 6)
    for number in (6, 7):
        present.hear("readReceipts", ChatEvent.MESSAGE_READ, resources.read_receipt(number))

    assert [frame.command for frame in present.rig.read()] == ["ACK", "ACK"]
    assert [call[0] for call in present.told()] == ["read_receipt_delivered", "event_unexplained"]


def test_a_read_receipt_on_a_wrong_topic_is_unexplained() -> None:
    present = Present()
    resource = {**resources.read_receipt(6), "id": 6}
    present.hear("messages", ChatEvent.MESSAGE_READ, resource)
    assert [call[0] for call in present.told()] == ["event_unexplained"]
    assert [frame.command for frame in present.rig.read()] == ["ACK"]


# --- replies and reactions --------------------------------------------------------------------

PARENT_LINK = "~message-relay~5~self"


def reply(number: int = 6) -> dict[str, Any]:
    """Return a reply to message 5."""
    links = {"self": f"~message-relay~{number}~self", "parent": PARENT_LINK}
    return resources.message(number, **marked(), _relays=links)


def test_the_parent_of_a_reply_is_relayed_before_its_ack_and_before_its_handler() -> None:
    present = Present()
    ack = present.hear("messages", ChatEvent.MESSAGE_CREATED, reply())
    relay, acknowledgement = present.rig.read()

    assert present.told() == [("message_delivered", present.number, 9, 6, present.now_ns)]
    assert relay.command == "SUBSCRIBE"
    assert [name for name, _ in relay.headers] == ["id", "destination"]
    assert relay.get("destination") == PARENT_LINK
    assert acknowledgement.get("id") == ack
    assert present.listener.heard == []

    parent = resources.relayed(resources.message(5))
    present.rig.hear(message(relay.require("id"), parent))

    heard = ("relayed_event", 1, ChatEvent.MESSAGE_CREATED, parent)
    assert present.listener.heard == [heard]
    [(name, action, *_)] = present.told()
    assert (name, action) == ("action_completed", Action.RELAY)
    assert present.rig.read() == []


def test_a_reply_whose_parent_cannot_be_read_reaches_no_handler() -> None:
    present = Present()
    present.hear("messages", ChatEvent.MESSAGE_CREATED, reply())
    relay, _ = present.rig.read()
    error = resources.error("ResourceNotFoundError")
    present.rig.hear_error(error, subscription_id=relay.require("id"))

    assert present.listener.heard == []
    assert [call[0] for call in present.told()] == ["message_delivered", "action_failed"]


@pytest.mark.parametrize("settings", [{"handled_here": frozenset()}, {"handled": frozenset()}])
def test_without_a_handler_for_messages_no_parent_is_relayed(settings: dict[str, Any]) -> None:
    present = Present(**settings)
    present.hear("messages", ChatEvent.MESSAGE_CREATED, reply())

    assert [frame.command for frame in present.rig.read()] == ["ACK"]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"properties": {"parent": "a word"}}, id="in the properties"),
        pytest.param({"body": 'the "parent" of it'}, id="in the text"),
        pytest.param({"_relays": {"self": "~s", "parent": None}}, id="a link to nothing"),
        pytest.param({"_relays": {"self": "~s", "parent": 5}}, id="no link at all"),
    ],
)
def test_a_message_that_only_mentions_a_parent_is_no_reply(changes: dict[str, Any]) -> None:
    present = Present()
    present.hear("messages", ChatEvent.MESSAGE_CREATED, resources.message(6, **changes))

    assert [frame.command for frame in present.rig.read()] == ["ACK"]
    assert present.listener.heard == [("chat_event", 1, ChatEvent.MESSAGE_CREATED)]


def test_an_edited_reply_is_not_relayed_again() -> None:
    present = Present()
    present.hear("messages", ChatEvent.MESSAGE_UPDATED, reply())

    assert [frame.command for frame in present.rig.read()] == ["ACK"]


@pytest.mark.parametrize("change", ["created", "removed"])
def test_a_reaction_costs_a_relay_only_where_a_handler_hears_it(change: str) -> None:
    """None of the ten of a chat session does."""
    event = f"message.reaction.{change}"
    reaction = {"emoji": {"character": "x"}, "_relays": {"message": "~message-relay~6~self"}}
    for handled, commands in ((None, ["ACK"]), (frozenset({event}), ["SUBSCRIBE", "ACK"])):
        present = Present(handled_here=handled)
        present.hear("reactions", event, reaction)

        assert [frame.command for frame in present.rig.read()] == commands


# --- topics of the user -----------------------------------------------------------------------


def test_a_notification_names_its_message_and_channel() -> None:
    present = Present()
    ack = present.hear_user(
        "notifications", ChatEvent.NOTIFICATION_CREATED, resources.notification(8, 4)
    )
    assert present.told() == [("notification_delivered", 1, 4, 8, 0, present.now_ns)]
    assert present.listener.heard == [("user_event", ChatEvent.NOTIFICATION_CREATED)]
    assert [frame.get("id") for frame in present.rig.read()] == [ack]


@pytest.mark.parametrize(
    ("run", "key"),
    [pytest.param(RUN, 9, id="of this run"), pytest.param("0badc0de", 0, id="of another run")],
)
def test_a_notification_carries_the_mark_of_its_message(run: str, key: int) -> None:
    """So it is known although the message itself may never arrive anywhere."""
    present = Present()
    resource = resources.notification(8, 4)
    resource["data"]["message"] = resources.message(8, **marked(run))
    present.hear_user("notifications", ChatEvent.NOTIFICATION_CREATED, resource)

    assert present.told() == [("notification_delivered", 1, 4, 8, key, present.now_ns)]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        pytest.param({"channel": None}, ("notification_delivered", 1, 0, 8, 0), id="no channel"),
        pytest.param({"data": {"type": "SYSTEM"}}, ("event_unexplained",), id="no message"),
    ],
)
def test_a_notification_may_lack_what_is_optional(
    changes: dict[str, Any], told: tuple[Any, ...]
) -> None:
    present = Present()
    resource = {**resources.notification(8), **changes}
    present.hear_user("notifications", ChatEvent.NOTIFICATION_CREATED, resource)
    assert present.told()[0][: len(told)] == told


def test_our_own_message_is_identified_outside_a_chat_session() -> None:
    present = Present()
    present.hear_user("messages", "user.message.created", resources.message(6, **marked()))
    present.hear_user("messages", "user.message.created", resources.message(7))
    assert present.told() == [
        ("message_identified", 9, 6, present.now_ns),
        ("event_counted", "user.message.created", 1, present.now_ns),
        ("event_counted", "user.message.created", 1, present.now_ns),
    ]


def test_other_events_of_the_user_are_counted() -> None:
    present = Present()
    present.hear_user("contacts", "contact.presence.changed", {"id": 2})
    assert present.told() == [("event_counted", "contact.presence.changed", 1, present.now_ns)]
    assert present.listener.heard == [("user_event", "contact.presence.changed")]


def test_an_event_in_flight_when_the_user_session_ended_is_observed_only() -> None:
    present = Present()
    present.rig.device.end(present.now_ns)
    present.rig.read()
    present.told()
    present.hear_user("notifications", ChatEvent.NOTIFICATION_CREATED, resources.notification(8))

    assert [call[0] for call in present.told()] == ["notification_delivered"]
    assert present.listener.heard == []
    assert present.rig.read() == []
