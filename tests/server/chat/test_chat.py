from tests.support.chat_devices import ChatWorld


def test_times_are_iso_8601_with_milliseconds_in_utc() -> None:
    world = ChatWorld()
    world.clock.now_ns += 7_000_000

    assert world.chat.now_text() == "2026-11-22T13:00:00.007Z"


def test_a_new_chat_has_counted_nothing() -> None:
    stats = ChatWorld().chat.counters.as_json(0, 0)

    assert stats["deliveries_total"] == 0
    assert stats["frames_in"] == {}
