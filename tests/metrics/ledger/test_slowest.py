"""The slowest messages of a second: kept for a person to look at, and no figure."""

from typing import Any

from loadtest.metrics.ledger.slowest import KEPT_PER_INTERVAL
from tests.support.scenes import ROOM, Scene, ns


def slowest(scene: Scene, at_ms: float = 2_000) -> list[dict[str, Any]]:
    scene.ledger.roll(ns(at_ms))
    kept: list[dict[str, Any]] = scene.ledger.snapshot()["slowest"]
    return kept


def test_a_message_is_told_with_its_steps_and_who_was_last() -> None:
    scene = Scene()
    scene.room(3)
    scene.send(1, due_ms=990)
    scene.see(1, 1_010, 1)
    scene.see(1, 1_020, 3)
    scene.see(1, 1_500, 2)

    [message] = slowest(scene)
    assert (message["channel"], message["devices"], message["last_device"]) == (ROOM, 3, 2)
    assert (message["due_s"], message["first_ms"], message["half_ms"]) == (0.99, 20, 30)
    assert (message["most_ms"], message["last_ms"]) == (510, 510)


def test_of_many_messages_the_slowest_are_kept_in_order() -> None:
    scene = Scene()
    scene.room(1)
    delays = [*range(1, 20), 7, 50, 3]
    for key, delay_ms in enumerate(delays, 1):
        scene.send(key, at_ms=1_000)
        scene.see(key, 1_000 + delay_ms, 1)

    kept = [message["last_ms"] for message in slowest(scene)]
    assert kept == sorted(delays, reverse=True)[:KEPT_PER_INTERVAL]


def test_each_second_has_its_own() -> None:
    scene = Scene()
    scene.room(1)
    scene.send(1)
    scene.see(1, 1_900, 1)
    assert len(slowest(scene)) == 1
    scene.send(2, at_ms=2_100)
    scene.see(2, 2_101, 1)

    assert [message["last_ms"] for message in slowest(scene, 3_000)] == [1]


def test_a_message_with_a_loss_has_no_last() -> None:
    scene = Scene()
    scene.room(2)
    scene.send(1)
    scene.see(1, 1_010, 1)

    assert slowest(scene) == []
