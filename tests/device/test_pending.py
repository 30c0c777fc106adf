"""Actions and relays end once: well, with an error, by their deadline, or with the connection."""

import pytest

from loadtest.chat.dialect import DIALECT_1
from loadtest.device import Outcome, actions
from loadtest.device.pending import Pending
from loadtest.observations import Action
from loadtest.wire.stomp import Frame
from tests.support import stompx_resources as resources
from tests.support.device_world import DeviceWorld, Rig
from tests.support.stompx_peer import message, receipt

ENDINGS = ("action_completed", "action_failed")
NOT_ASKED = (Action.RECONNECT, Action.RELAY)


class Asking:
    """A device that asks, and keeps how it ended."""

    def __init__(self, **settings: object) -> None:
        self.world = DeviceWorld(**settings)
        self.rig = self.world.active_rig()
        self.links = self.world.learn_channel()
        self.outcomes: list[Outcome] = []

    def done(self, outcome: Outcome, _now_ns: int) -> None:
        self.outcomes.append(outcome)

    def act(self) -> Frame:
        """Send a message; return its SEND."""
        actions.send_message(self.rig.device, self.links, "hello", self.rig.timing(self.done))
        return self.rig.read()[-1]

    def relay(self) -> Frame:
        """Read a channel; return its SUBSCRIBE."""
        actions.get_channel(self.rig.device, 4, self.rig.timing(self.done))
        return self.rig.read()[-1]

    def reasons(self) -> list[str]:
        """Return how everything has ended so far: the observer and ``done`` must agree."""
        ends = [end for end in self.world.observer.named(*ENDINGS) if end[1] not in NOT_ASKED]
        reasons = [end[-1] if end[0] == "action_failed" else "" for end in ends]
        assert reasons == [outcome.reason for outcome in self.outcomes]
        return reasons


def messages_topic(rig: Rig) -> str:
    """Return the subscription id of the user's topic for messages."""
    return rig.topic_id("messages")


def test_an_action_ends_at_the_event_with_its_receipt_id() -> None:
    asking = Asking()
    sent = asking.act()
    due_ns = asking.world.now_ns
    asking.world.advance(0.1)
    asking.rig.hear(receipt(sent.require("receipt")))
    accepted_ns = asking.world.now_ns
    assert asking.reasons() == []
    asking.world.advance(0.1)
    asking.rig.hear_event(
        messages_topic(asking.rig),
        "user.message.created",
        resources.message(6),
        receipt_id=sent.require("receipt"),
    )

    assert asking.reasons() == [""]
    assert b'"id": 6' in asking.outcomes[0].body
    assert asking.world.observer.named("action_completed") == [
        ("action_completed", Action.MESSAGE, 1, due_ns, due_ns, accepted_ns, asking.world.now_ns)
    ]


def test_an_event_before_the_receipt_completes_without_it() -> None:
    asking = Asking()
    identifier = asking.act().require("receipt")
    topic = messages_topic(asking.rig)
    asking.rig.hear_event(topic, "any.type", resources.message(6), receipt_id=identifier)
    asking.rig.hear(receipt(identifier))

    assert asking.reasons() == [""]
    assert asking.world.observer.named("action_completed")[0][-2] == 0


def test_an_event_without_the_receipt_id_completes_nothing() -> None:
    asking = Asking()
    asking.act()
    topic = messages_topic(asking.rig)
    asking.rig.hear_event(topic, "user.message.created", resources.message(6))
    asking.rig.hear_event(topic, "x", resources.message(6), receipt_id="receipt-of-another")
    assert asking.reasons() == []


def test_an_event_completes_an_action_whichever_way_its_frame_was_cut() -> None:
    asking = Asking()
    identifier = asking.act().require("receipt")
    body = resources.event("user.message.created", resources.message(6))
    extra = (("receipt-id", identifier),)
    frame = message(messages_topic(asking.rig), body, ack="a\\1", extra=extra)
    asking.rig.feed(asking.rig.peer.say(frame[:40], frame[40:]))

    assert asking.reasons() == [""]
    assert [ack.get("id") for ack in asking.rig.read()] == ["a\\1"]


def test_whoever_waits_goes_on_behind_the_ack() -> None:
    asking = Asking()
    rig = asking.rig

    def enter(_outcome: Outcome, _now_ns: int) -> None:
        rig.ask_to_enter(asking.links)

    actions.create_channel(rig.device, {"type": "PUBLIC"}, rig.timing(enter))
    rig.hear_event(
        rig.topic_id("channels"),
        "user.channel.created",
        resources.channel(asking.world.dialect),
        receipt_id=rig.read()[-1].require("receipt"),
    )
    assert [frame.command for frame in rig.read()] == ["ACK", "SUBSCRIBE"]


def test_a_created_channel_is_known_by_its_event_s_type() -> None:
    asking = Asking()
    rig = asking.rig
    actions.create_channel(rig.device, {"type": "PUBLIC"}, rig.timing(asking.done))
    identifier = rig.read()[-1].require("receipt")
    channel = resources.channel(asking.world.dialect)
    for kind in ("user.channel.updated", "user.channel.joined"):
        rig.hear_event(rig.topic_id("channels"), kind, channel, receipt_id=identifier)
        assert asking.reasons() == []
    rig.hear_event(
        rig.topic_id("channels"), "user.channel.upserted", channel, receipt_id=identifier
    )
    assert asking.reasons() == [""]


def test_an_unreadable_event_does_not_complete_an_action_that_asks_for_a_type() -> None:
    asking = Asking()
    rig = asking.rig
    actions.create_channel(rig.device, {"type": "PUBLIC"}, rig.timing(asking.done))
    extra = (("receipt-id", rig.read()[-1].require("receipt")),)
    rig.hear(message(rig.topic_id("channels"), b"?", ack="a", extra=extra))

    assert asking.reasons() == []
    assert rig.device.is_active


def test_an_action_that_ends_at_its_receipt_ignores_events() -> None:
    asking = Asking()
    rig = asking.rig
    read = Pending(Action.READ, 1, 1, asking.done, ends_at_receipt=True)
    rig.device.pending.act("~read", b"{}", read)
    rig.device.flush()
    identifier = rig.read()[-1].require("receipt")
    rig.hear_event(messages_topic(rig), "x", resources.message(6), receipt_id=identifier)
    assert asking.reasons() == []
    rig.hear(receipt(identifier))
    assert asking.reasons() == [""]


def test_what_is_repeated_by_the_server_ends_nothing_twice() -> None:
    asking = Asking(heart_beats=False)
    rig = asking.rig
    identifier = asking.act().require("receipt")
    subscription = asking.relay().require("id")
    for _ in range(2):
        rig.hear(receipt(identifier))
        rig.hear_event(messages_topic(rig), "x", resources.message(6), receipt_id=identifier)
        rig.hear(message(subscription, resources.relayed(resources.channel(asking.world.dialect))))
    asking.world.advance(3_600)
    assert asking.reasons() == ["", ""]


# --- failures ---------------------------------------------------------------------------------


def test_an_action_without_its_event_fails_at_its_deadline() -> None:
    asking = Asking(action_deadline_ns=2_000_000_000, heart_beats=False)
    asking.rig.hear(receipt(asking.act().require("receipt")))
    asking.relay()
    asking.world.advance(1.9)
    assert asking.reasons() == []
    asking.world.advance(0.1)
    assert asking.reasons() == ["no answer within 2 s", "no answer within 2 s"]


def test_an_action_without_its_receipt_says_so() -> None:
    asking = Asking(heart_beats=False)
    read = Pending(
        Action.READ, asking.world.now_ns, asking.world.now_ns, asking.done, ends_at_receipt=True
    )
    asking.rig.device.pending.act("~read", b"{}", read)
    asking.world.advance(10)
    assert asking.reasons() == ["no RECEIPT within 10 s"]


def test_an_error_names_the_action_or_the_relay_that_failed() -> None:
    asking = Asking()
    sent, relay, other = asking.act(), asking.relay(), asking.act()
    asking.rig.hear_error(
        resources.error("AccessDeniedError", "not a member"), receipt_id=sent.require("receipt")
    )
    assert asking.reasons() == ["AccessDeniedError: not a member"]
    asking.rig.hear_error(
        resources.error("ResourceNotFoundError"), subscription_id=relay.require("id")
    )
    assert asking.reasons()[1:] == ["ResourceNotFoundError: no"]
    assert other.command == "SEND"
    assert len(asking.rig.device.pending.awaited) == 1


def test_an_error_that_names_nothing_fails_every_action_and_no_relay() -> None:
    asking = Asking()
    asking.act()
    asking.relay()
    asking.act()
    asking.rig.hear_error(resources.error("ClientError", "malformed"))

    assert asking.reasons() == ["an error that names no action: ClientError: malformed"] * 2
    assert len(asking.rig.device.pending.awaited) == 1
    assert asking.rig.read() == []  # the errors queue is not acknowledged


@pytest.mark.parametrize("identifier", ["receipt-of-nobody", "", "é"])
def test_an_error_about_something_unknown_fails_nothing(identifier: str) -> None:
    asking = Asking()
    asking.relay()
    asking.rig.hear_error(resources.error("ClientError"), receipt_id=identifier)
    assert asking.reasons() == []
    assert asking.rig.device.is_active


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(b"overloaded", "UnknownChatKittyError: overloaded", id="no JSON"),
        pytest.param(b'["a"]', 'UnknownChatKittyError: ["a"]', id="no object"),
        pytest.param(b"", "UnknownChatKittyError: no body", id="nothing"),
    ],
)
def test_a_garbled_error_still_fails_what_it_names(body: bytes, reason: str) -> None:
    asking = Asking()
    asking.rig.hear_error(body, receipt_id=asking.act().require("receipt"))
    assert asking.reasons() == [reason]
    assert asking.rig.device.is_active


def test_a_lost_connection_fails_everything_on_its_way() -> None:
    asking = Asking()
    asking.act()
    asking.relay()
    asking.rig.close_link("reset")
    assert asking.reasons() == ["connection lost: reset"] * 2


def test_the_end_of_the_user_session_fails_what_is_left() -> None:
    asking = Asking()
    asking.act()
    asking.rig.device.end(asking.world.now_ns)
    assert asking.reasons() == []
    asking.rig.close_link()
    assert asking.reasons() == ["the user session ended"]


def test_a_link_with_a_nul_fails_the_action_and_nothing_else() -> None:
    asking = Asking()
    wait = Pending(Action.READ, 1, 1, asking.done)
    asking.rig.device.pending.act("~\0", b"{}", wait)
    assert asking.reasons() == [r"the link '~\x00' holds a NUL; STOMP cannot carry it"]
    assert asking.rig.device.pending.awaited == {}


# --- rate limits ------------------------------------------------------------------------------


def limited(asking: Asking, relay: Frame, cool_off: str) -> None:
    body = resources.error("RateLimitedError", "slow down", coolOffDuration=cool_off)
    asking.rig.hear_error(body, subscription_id=relay.require("id"))


def test_a_rate_limited_relay_is_repeated_with_a_new_id_after_exactly_the_cool_off() -> None:
    asking = Asking()
    relay = asking.relay()
    used = {relay.require("id")}
    for _ in range(3):
        limited(asking, relay, "PT1.5S")
        asking.world.advance(1.499)
        assert asking.rig.read() == []
        asking.world.advance(0.001)
        [relay] = asking.rig.read()
        assert relay.require("destination") == "/application/channels/4.relay"
        used.add(relay.require("id"))
    asking.rig.answer_relay(relay, resources.channel(asking.world.dialect))

    assert len(used) == 4
    assert asking.reasons() == [""]


def test_a_relay_that_is_limited_for_ever_says_so_at_the_end() -> None:
    asking = Asking()
    limited(asking, asking.relay(), "PT1S")
    asking.world.advance(1)
    asking.rig.close_link("connection closed by the server")

    [reason] = asking.reasons()
    assert reason == ("rate limited until connection lost: connection closed by the server")


def test_dialect_1_fails_a_rate_limited_relay() -> None:
    asking = Asking(dialect=DIALECT_1)
    limited(asking, asking.relay(), "PT1.5S")
    assert asking.reasons() == ["RateLimitedError: slow down"]


def test_a_rate_limited_action_fails_in_both_dialects() -> None:
    asking = Asking()
    body = resources.error("RateLimitedError", "slow down", coolOffDuration="PT1S")
    asking.rig.hear_error(body, receipt_id=asking.act().require("receipt"))
    assert asking.reasons() == ["RateLimitedError: slow down"]


@pytest.mark.parametrize("cool_off", ["", "1", "PT1M", "PT-1S", "PTS", "P1D", "PT9999999S"])
def test_a_cool_off_that_cannot_be_read_fails_the_relay(cool_off: str) -> None:
    asking = Asking()
    limited(asking, asking.relay(), cool_off)
    assert asking.reasons() == ["RateLimitedError: slow down"]


def test_a_loss_during_the_cool_off_ends_the_relay() -> None:
    asking = Asking()
    limited(asking, asking.relay(), "PT60S")
    asking.rig.close_link("reset")
    assert asking.reasons() == ["rate limited until connection lost: reset"]

    asking.world.advance(5)
    asking.rig.connect(heart_beat="0,0")
    asking.rig.grant_receipts(asking.rig.read())
    asking.world.advance(60)
    assert asking.reasons() == ["rate limited until connection lost: reset"]
    assert asking.rig.read() == []


def test_a_repeated_relay_has_a_deadline_of_its_own() -> None:
    asking = Asking(heart_beats=False)
    limited(asking, asking.relay(), "PT60S")
    asking.world.advance(69)
    assert asking.reasons() == []
    asking.world.advance(1)
    assert asking.reasons() == ["no answer within 10 s"]


def test_an_outcome_is_well_without_a_reason() -> None:
    assert Outcome(body=b"{}").is_ok
    assert not Outcome("no answer").is_ok
