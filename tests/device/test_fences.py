"""A chat session has certainly ended once a later frame of its device was answered."""

import pytest

from loadtest.chat.resources import ChannelLinks
from loadtest.device.pending import Pending
from loadtest.observations import Action
from loadtest.wire.stomp import Frame
from tests.support import stompx_resources as resources
from tests.support.device_world import DeviceWorld, Rig
from tests.support.stompx_peer import receipt


class Leaving:
    """A device with a chat session that it is about to end."""

    def __init__(self) -> None:
        self.world = DeviceWorld(heart_beats=False)
        self.rig: Rig = self.world.active_rig()
        self.chat_session = self.rig.enter(self.world.learn_channel())
        self.rig.read()

    def end(self) -> None:
        self.rig.device.chat_sessions.end(self.chat_session, self.world.now_ns)
        self.rig.read()

    def relay(self) -> Frame:
        now_ns = self.world.now_ns
        self.rig.device.pending.relay("~r", Pending(Action.RELAY, now_ns, now_ns))
        self.rig.device.flush()
        [frame] = self.rig.read()
        return frame

    def act(self) -> Frame:
        now_ns = self.world.now_ns
        pending = Pending(Action.READ, now_ns, now_ns, ends_at_receipt=True)
        self.rig.device.pending.act("~a", b"{}", pending)
        self.rig.device.flush()
        [frame] = self.rig.read()
        return frame

    def other_channel(self) -> ChannelLinks:
        return self.world.learn_channel(5)

    def ended(self) -> list[tuple[int, int]]:
        """Return number and instant of each end that is told."""
        return [call[1:] for call in self.world.observer.named("chat_session_ended")]


def test_nothing_is_known_before_a_later_frame_is_answered() -> None:
    leaving = Leaving()
    earlier = leaving.relay()
    action = leaving.act()
    leaving.end()
    leaving.rig.answer_relay(earlier, {"id": 1})
    leaving.rig.grant_receipts([action])

    assert leaving.ended() == []


def test_the_answer_to_a_later_relay_is_a_fence() -> None:
    leaving = Leaving()
    leaving.end()
    later = leaving.relay()
    leaving.world.advance(0.02)
    leaving.rig.answer_relay(later, {"id": 1})
    leaving.rig.answer_relay(leaving.relay(), {"id": 1})

    assert leaving.ended() == [(leaving.chat_session.number, leaving.world.now_ns)]


def test_the_receipt_of_a_later_action_is_a_fence() -> None:
    leaving = Leaving()
    leaving.end()
    leaving.rig.grant_receipts([leaving.act()])

    assert len(leaving.ended()) == 1


def test_a_refusal_of_a_later_action_is_a_fence() -> None:
    leaving = Leaving()
    leaving.end()
    refused = leaving.act()
    leaving.rig.hear_error(
        resources.error("RateLimitedError"), receipt_id=refused.require("receipt")
    )

    assert len(leaving.ended()) == 1


def test_the_receipt_of_a_later_chat_session_is_a_fence_and_one_of_an_earlier_is_none() -> None:
    leaving = Leaving()
    leaving.rig.ask_to_enter(leaving.other_channel())
    [earlier] = leaving.rig.read()
    leaving.end()
    leaving.rig.grant_receipts([earlier])
    leaving.rig.read()
    assert leaving.ended() == []

    leaving.rig.ask_to_enter(leaving.world.learn_channel(6))
    leaving.rig.grant_receipts(leaving.rig.read())
    assert len(leaving.ended()) == 1


def test_the_answer_to_disconnect_is_a_fence_for_all() -> None:
    leaving = Leaving()
    other = leaving.rig.enter(leaving.other_channel())
    leaving.rig.device.end(leaving.world.now_ns)
    assert leaving.ended() == []

    leaving.rig.hear(receipt("close-0"))
    numbers = [leaving.chat_session.number, other.number]
    assert [number for number, _ in leaving.ended()] == numbers


@pytest.mark.parametrize("is_wished", [False, True], ids=["lost", "closed while it ended"])
def test_without_an_answer_nobody_knows(is_wished: bool) -> None:
    leaving = Leaving()
    leaving.end()
    if is_wished:
        leaving.rig.device.end(leaving.world.now_ns)
    leaving.rig.close_link("reset")

    assert leaving.ended() == []
