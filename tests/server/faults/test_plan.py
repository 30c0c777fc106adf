from pathlib import Path

import pytest

from loadtest.errors import UsageError
from loadtest.server.faults.plan import EVENT_TYPES, FaultPlan, number_for
from tests.support.chat_devices import ChatWorld
from tests.support.faults import plan

MESSAGE = "channel.message.created"


def test_a_number_holds_for_all_types_but_those_that_have_their_own() -> None:
    drop = plan("drop=0.5", f"drop.{MESSAGE}=0.25").drop

    assert number_for(drop, MESSAGE) == 0.25
    assert number_for(drop, "thread.typing.started") == 0.5


def test_a_0_exempts_one_type() -> None:
    faults = plan("drop=0.5", f"drop.{MESSAGE}=0")

    assert number_for(faults.drop, MESSAGE) == 0
    assert faults.as_json() == {"drop": 0.5, f"drop.{MESSAGE}": 0.0}


def test_changing_keeps_what_is_not_named() -> None:
    faults = plan("drop=0.5", "stall_s=1", "stall_every_s=10").changed([("delay_ms", "20")])

    assert faults.as_json() == {
        "drop": 0.5,
        "delay_ms": 20.0,
        "stall_s": 1.0,
        "stall_every_s": 10.0,
    }


def test_what_is_turned_off_again_leaves_nothing() -> None:
    faults = plan(f"drop.{MESSAGE}=0.5", "delay_ms=3", "cuts_per_min=4")

    off = faults.changed([(f"drop.{MESSAGE}", "0"), ("delay_ms", "0"), ("cuts_per_min", "0")])

    assert off == FaultPlan()


def test_a_plan_is_what_its_json_says() -> None:
    faults = plan("drop=0.1", f"reorder.{MESSAGE}=0.2", "jitter_ms=7", "cool_off_ms=5")

    again = FaultPlan().changed([(key, str(number)) for key, number in faults.as_json().items()])

    assert again == faults


def test_every_key_has_a_meaning_and_can_be_set() -> None:
    for key in FaultPlan.meanings():
        settings = {"stall_s": "1", "stall_every_s": "2"} if key.startswith("stall") else {key: "1"}

        assert key in FaultPlan().changed(settings.items()).as_json() or key.startswith("cool")


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        pytest.param("drip=1", "fault 'drip' does not exist; there are drop, dup", id="unknown"),
        pytest.param("drop=much", "fault drop is 'much'; it must be a number", id="no number"),
        pytest.param("drop=1.5", "fault drop is 1.5; it must be 0 to 1", id="share above 1"),
        pytest.param("drop=-1", "fault drop is -1; it must be 0 to 1", id="negative"),
        pytest.param("drop=nan", "fault drop is nan; it must be 0 to 1", id="not a number"),
        pytest.param("delay_ms=1e9", "it must be 0 to 600000", id="absurd delay"),
        pytest.param("reorder_limit_ms=0", "it must be 1 to 600000", id="no time to reorder"),
        pytest.param("drop.no.such.event=1", "drop can be of channel.message", id="unknown type"),
        pytest.param(f"stall_s.{MESSAGE}=1", "stall_s takes no event type", id="needless type"),
        pytest.param(
            "reorder.user.notification.created=1",
            "reorder can be of channel.message.created, thread.keystrokes.created, or of all",
            id="type without an order",
        ),
        pytest.param("stall_s=1", "must be given together", id="stall without a period"),
    ],
)
def test_an_impossible_setting_is_named_with_its_rule(setting: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        plan(setting)


def test_a_stall_must_be_shorter_than_its_period() -> None:
    with pytest.raises(UsageError, match=r"stall_s is 3 s; it must be below stall_every_s \(2 s\)"):
        plan("stall_s=3", "stall_every_s=2")


def test_a_copy_has_one_fate() -> None:
    with pytest.raises(UsageError, match=f"of {MESSAGE} add up to 1.2"):
        plan("drop=0.4", "duplicate=0.3", f"reorder.{MESSAGE}=0.5")

    assert plan("drop=0.7", "duplicate=0.2", "reorder=0.1").touches_copies


def test_all_problems_are_reported_together() -> None:
    with pytest.raises(UsageError) as caught:
        plan("drip=1", "drop=much", "delay_ms=-1")
    with pytest.raises(UsageError) as made:
        FaultPlan(drop={"": 2.0}, cuts_per_min=-1.0, stall_s=1.0)

    assert len(caught.value.problems) == 3
    assert len(made.value.problems) == 3


def test_every_published_type_can_be_named() -> None:
    world = ChatWorld()
    alice, bob = world.device("alice"), world.device("bob")
    channel = world.lobby(alice, "bob")
    alice.enter(channel)
    alice.result(alice.resource["_actions"]["createChannel"], {"type": "PUBLIC", "name": "lobby"})
    act = channel["_actions"]
    alice.act(act["keystrokes"], {"keys": "h"})
    message = alice.send_text(channel)
    of_message = message["_actions"]
    for name, body in (("react", {"emoji": "x"}), ("removeReaction", {"emoji": "x"})):
        bob.act(of_message[name], body)
    for name in ("read", "unread"):
        bob.act(of_message[name])
    alice.act(of_message["edit"], {"body": "b"})
    alice.act(of_message["delete"])
    world.device("carol")
    alice.act(act["invite"], {"user": {"username": "carol"}})
    alice.act(act["triggerEvent"], {"type": "x", "properties": {}})
    for state in ("ON", "OFF"):
        alice.act(act["mute"], {"state": state})
    alice.act(act["hide"])
    alice.act(act["clearHistory"])
    alice.act(act["update"], {"channel": channel})
    alice.act(alice.resource["_actions"]["update"], {"displayName": "A"})
    bob.act(act["leave"])
    alice.act(act["delete"])

    assert set(world.chat.counters.published) <= set(EVENT_TYPES)
    assert len(world.chat.counters.published) > 25


def test_every_key_is_documented() -> None:
    page = (Path(__file__).parents[3] / "docs" / "server.md").read_text()

    assert [key for key in FaultPlan.meanings() if f"`{key}`" not in page] == []
