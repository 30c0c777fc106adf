from loadtest.metrics.figures.figures import RecoveryFigures
from loadtest.observations import ChatEvent
from tests.support.scenes import ROOM, Scene, ns


def room_with_one_lost() -> Scene:
    """Return a room of three in which the connection of device 3 breaks at second 2."""
    scene = Scene()
    scene.room(3)
    scene.lose(3, 2000)
    return scene


def come_back(scene: Scene, device: int, starting_ms: float, active_ms: float) -> None:
    scene.online(device, starting_ms)
    scene.start(device, at_ms=starting_ms)
    scene.ledger.chat_session_started(device, ns(active_ms))


def recovery(scene: Scene) -> RecoveryFigures:
    return scene.figures().recovery


def test_messages_between_the_loss_and_the_new_active_state_are_lost_in_the_gap() -> None:
    scene = Scene()
    scene.room(3)
    scene.send(1, at_ms=1999)
    scene.lose(3, 2000)
    scene.send(2, at_ms=2001)
    scene.send(3, at_ms=6999)
    come_back(scene, 3, 7000, 7100)
    scene.send(4, at_ms=7101)

    assert recovery(scene).lost_in_gap == 2


def test_a_message_that_comes_while_a_chat_session_starts_again_is_not_lost_in_the_gap() -> None:
    for seen_ms in (7060, 7160):
        scene = room_with_one_lost()
        scene.online(3, 7000)
        scene.start(3, at_ms=7000)
        scene.send(1, at_ms=7050)
        scene.see(1, 7051, 1, 2)
        if seen_ms < 7100:
            scene.see(1, seen_ms, 3)
        scene.ledger.chat_session_started(3, ns(7100))
        if seen_ms > 7100:
            scene.see(1, seen_ms, 3)

        assert recovery(scene).lost_in_gap == 0, seen_ms
        assert scene.messages().lost == 0


def test_a_message_that_is_not_seen_while_a_chat_session_starts_again_is_lost_in_the_gap() -> None:
    scene = room_with_one_lost()
    scene.online(3, 7000)
    scene.start(3, at_ms=7000)
    scene.send(1, at_ms=7050)
    scene.see(1, 7051, 1, 2)
    scene.ledger.chat_session_started(3, ns(7100))

    assert recovery(scene).lost_in_gap == 1


def test_what_a_user_writes_on_another_device_is_not_missed() -> None:
    scene = Scene()
    scene.room(3)
    scene.online(30, user=3)
    scene.enter(30)
    scene.lose(3, 2000)
    scene.send(1, device=30, at_ms=3000)
    scene.send(2, device=1, at_ms=3000)
    come_back(scene, 3, 7000, 7001)

    assert recovery(scene).lost_in_gap == 1


def test_a_gap_lasts_until_the_chat_session_is_active_again() -> None:
    scene = room_with_one_lost()
    come_back(scene, 3, 7000, 7025)
    figures = recovery(scene)

    assert (figures.chat_sessions_lost, figures.latency.count) == (1, 1)
    assert figures.latency.max_us == 5_025_000


def test_a_second_loss_before_it_is_back_is_the_same_gap() -> None:
    scene = room_with_one_lost()
    scene.send(1, at_ms=3000)
    scene.online(3, 7000)
    scene.start(3, at_ms=7000)
    scene.lose(3, 7010)
    scene.send(2, at_ms=8000)
    come_back(scene, 3, 12_000, 12_001)
    figures = recovery(scene)

    assert (figures.chat_sessions_lost, figures.lost_in_gap) == (1, 2)
    assert figures.latency.max_us == 10_001_000


def test_each_gap_of_a_chat_session_counts() -> None:
    scene = room_with_one_lost()
    scene.send(1, at_ms=3000)
    come_back(scene, 3, 7000, 7001)
    scene.send(2, at_ms=8000)
    scene.see(2, 8001, 1, 2, 3)
    scene.lose(3, 9500)
    scene.send(3, at_ms=10_000)
    come_back(scene, 3, 14_500, 14_501)
    figures = recovery(scene)

    assert (figures.chat_sessions_lost, figures.lost_in_gap) == (2, 2)
    assert figures.latency.count == 2


def test_a_chat_session_that_does_not_come_back_has_no_gap() -> None:
    scene = room_with_one_lost()
    scene.send(1, at_ms=3000)
    scene.leave(3, 4000)
    figures = recovery(scene)

    assert (figures.chat_sessions_lost, figures.latency.count, figures.lost_in_gap) == (1, 0, 0)


def test_messages_of_other_channels_are_not_missed() -> None:
    scene = room_with_one_lost()
    scene.members(1, 2, channel=ROOM + 1)
    scene.ledger.message_sent(9, 1, ROOM + 1, 1, ns(3000), ns(3000))
    come_back(scene, 3, 7000, 7001)

    assert recovery(scene).lost_in_gap == 0


def test_nothing_is_lost_in_a_gap_where_nothing_was_lost() -> None:
    scene = Scene()
    scene.room(2)
    scene.send(1)
    scene.see(1, 1001, 1, 2)

    assert recovery(scene) == RecoveryFigures()


# --- what a lost connection takes with it -----------------------------------------------------


def test_what_was_pending_on_a_lost_connection_for_less_than_the_race_window_is_boundary() -> None:
    """The server may have noticed the loss before it took the message."""
    scene = Scene()
    scene.room(3)
    scene.send(1)
    scene.see(1, 1005, 1, 2)
    scene.lose(2, 1006)
    scene.lose(3, 2000)

    figures = scene.figures()
    messages = figures.event(ChatEvent.MESSAGE_CREATED)
    assert (messages.expected, messages.delivered, messages.boundary) == (2, 2, 1)
    assert messages.lost == 0
    assert figures.all_completion().last.count == 1, "it has reached all that must see it"


def test_what_is_pending_when_a_connection_breaks_within_the_race_window_is_not_judged() -> None:
    scene = Scene()
    scene.room(2, present=[1])
    scene.send(1)
    scene.see(1, 1005, 1)
    scene.lose(2, 1006)

    figures = scene.notifications()
    assert (figures.expected, figures.missed, figures.boundary) == (0, 0, 1)


def test_when_a_whole_channel_breaks_down_nobody_is_to_see_anybody_leave() -> None:
    count = 40
    scene = Scene()
    scene.room(count)
    scene.send(1, at_ms=30_000)
    scene.see(1, 30_001, *range(1, 11))
    for device in range(1, count + 1):
        scene.lose(device, 30_002 + device / 10)
    figures = scene.figures()
    message = figures.event(ChatEvent.MESSAGE_CREATED)

    assert (message.expected, message.delivered, message.boundary) == (10, 10, 30)
    for event in (ChatEvent.PARTICIPANT_LEFT, ChatEvent.PRESENCE_CHANGED):
        # Each was expected at those that were not lost yet; before, each saw the others come.
        left = figures.event(event)
        assert left.boundary >= count * (count - 1) // 2, event
    assert figures.event(ChatEvent.PARTICIPANT_LEFT).expected == 0


def test_what_stays_is_still_expected_when_others_break_down() -> None:
    scene = Scene()
    scene.room(5)
    scene.send(1, at_ms=30_000)
    scene.see(1, 30_001, 1)
    for device in (3, 5):
        scene.lose(device, 30_002)
    scene.see(1, 30_003, 2)
    message = scene.messages()

    assert (message.expected, message.delivered, message.lost, message.boundary) == (3, 2, 1, 2)


def test_who_is_back_at_once_does_not_see_what_was_on_its_way_before() -> None:
    scene = Scene()
    scene.room(3)
    scene.lose(3, 30_000)
    scene.lose(2, 30_000)
    scene.online(2, 30_001)
    scene.enter(2, at_ms=30_001)
    scene.event(ChatEvent.PARTICIPANT_LEFT, 3, 30_002, 1)
    left = scene.figures().event(ChatEvent.PARTICIPANT_LEFT)

    assert left.lost == 0
    assert left.delivered == 1
