"""Answers of the wrong form, or about something else, are failed actions; nobody waits for ever."""

from typing import Any

import pytest

from loadtest.chat.dialect import DIALECT_2
from loadtest.device import actions
from loadtest.device.actions import Timing
from loadtest.device.pending import Outcome
from loadtest.observations import Action
from tests.support import stompx_resources as resources
from tests.support.device_world import DeviceWorld, Rig
from tests.support.stompx_peer import message


def asked(world: DeviceWorld, rig: Rig, channel: int = 4) -> tuple[str, list[Outcome]]:
    """Have a device read a channel; return the id of its relay, and what is told of it."""
    outcomes: list[Outcome] = []
    timing = Timing(world.now_ns, world.now_ns, lambda outcome, _at_ns: outcomes.append(outcome))
    actions.get_channel(rig.device, channel, timing)
    return rig.read()[-1].require("id"), outcomes


def without_topics() -> dict[str, Any]:
    channel = resources.channel(DIALECT_2, 4)
    del channel["_topics"]["messages"]
    return channel


@pytest.mark.parametrize(
    ("body", "words"),
    [
        pytest.param(b"no JSON", "the answer cannot be used: body 'no JSON'", id="no JSON"),
        pytest.param(b"{}", "the answer cannot be used", id="no resource"),
        pytest.param(b'{"resource":{"id":"4"}}', "the answer cannot be used", id="text for an id"),
        pytest.param(
            resources.relayed(without_topics()), "channel 4 has no topic 'messages'", id="no topic"
        ),
        pytest.param(
            resources.relayed(resources.channel(DIALECT_2, 5)),
            "the answer is channel 5, and channel 4 was asked for",
            id="another channel",
        ),
    ],
)
def test_an_answer_that_cannot_be_used_is_a_failed_action(body: bytes, words: str) -> None:
    world = DeviceWorld()
    rig = world.active_rig()
    relay, outcomes = asked(world, rig)
    rig.hear(message(relay, body))

    [outcome] = outcomes
    assert words in outcome.reason
    assert rig.device.is_active
    [failed] = [call for call in world.observer.calls if call[0] == "action_failed"]
    assert failed[1] is Action.GET_CHANNEL
    assert failed[-1] == outcome.reason


def test_the_channel_that_was_asked_for_completes_the_action() -> None:
    world = DeviceWorld()
    rig = world.active_rig()
    relay, outcomes = asked(world, rig)
    rig.hear(message(relay, resources.relayed(resources.channel(DIALECT_2, 4))))

    assert [outcome.is_ok for outcome in outcomes] == [True]
