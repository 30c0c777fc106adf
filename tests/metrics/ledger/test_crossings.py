"""Devices on several workers, judged by one ledger: what two clocks have timed stays apart."""

import pytest

from loadtest.metrics.ledger.crossings import device_number, home_of_device, worker_of_device
from loadtest.observations import KEY_WORKER_SHIFT, ChatEvent
from loadtest.report.summary import contradictions
from tests.support.scenes import MESSAGE, ROOM, Scene, ns

HERE, ALSO_HERE = (device_number(serial, worker=0, home=1, workers=2) for serial in (1, 2))
THERE, ALSO_THERE = (device_number(serial, worker=1, home=1, workers=2) for serial in (1, 2))
EVERYBODY = (HERE, ALSO_HERE, THERE, ALSO_THERE)
CREATED = ChatEvent.MESSAGE_CREATED
NOTIFIED = ChatEvent.NOTIFICATION_CREATED


def spanning(*away: int) -> Scene:
    """Return a room over two workers; those ``away`` are online only."""
    scene = Scene(spanned_workers=2)
    scene.members(*EVERYBODY)
    for device in EVERYBODY:
        scene.online(device)
    for device in EVERYBODY:
        if device not in away:
            scene.enter(device)
    scene.settle(100)
    return scene


@pytest.mark.parametrize("workers", [1, 2, 7])
def test_a_device_s_number_says_its_worker_and_its_home(workers: int) -> None:
    seen = set()
    for serial in range(1, 4):
        for worker in range(workers):
            for home in range(workers):
                number = device_number(serial, worker=worker, home=home, workers=workers)
                assert worker_of_device(number, workers) == worker
                assert home_of_device(number, workers) == home
                seen.add(number)

    assert len(seen) == 3 * workers * workers


def test_deliveries_to_another_worker_are_timed_apart() -> None:
    scene = spanning()
    scene.send(1, HERE)
    scene.see(1, 1_004, HERE, ALSO_HERE)
    scene.see(1, 1_009, THERE)
    scene.see(1, 1_010, ALSO_THERE)
    totals = scene.totals()
    message = totals.figures.event(CREATED)
    crossed = totals.figures.crossed(CREATED)

    assert (message.expected, message.delivered, message.lost) == (4, 4, 0)
    assert (message.latency.count, message.latency.max_us) == (2, 4_000)
    assert (crossed.latency.count, crossed.latency.min_us) == (2, 9_000)
    assert crossed.service.max_us == 10_000
    assert totals.figures.all_completion().last.max_us == 10_000, "the last is the last of all"
    assert contradictions(totals) == ()


def test_an_arrival_before_its_cause_by_two_clocks_is_counted_as_it_is() -> None:
    scene = spanning()
    scene.send(1, HERE)
    scene.see(1, 999, THERE)
    scene.see(1, 1_004, HERE, ALSO_HERE, ALSO_THERE)
    crossed = scene.figures().crossed(CREATED)

    assert (crossed.latency.count, crossed.latency.negative_count) == (2, 1)
    assert crossed.latency.min_us == -1_000


def test_a_late_delivery_to_another_worker_is_timed_apart_as_well() -> None:
    scene = spanning()
    scene.send(1, HERE)
    scene.see(1, 1_004, HERE, ALSO_HERE, THERE)
    scene.settle(20_000)
    scene.see(1, 20_001, ALSO_THERE)
    totals = scene.totals()

    assert (totals.figures.event(CREATED).late, totals.figures.event(CREATED).lost) == (1, 0)
    assert totals.figures.crossed(CREATED).latency.max_us == 19_001_000
    assert contradictions(totals) == ()


def test_a_loss_on_another_worker_is_a_loss() -> None:
    scene = spanning()
    scene.send(1, HERE)
    scene.see(1, 1_004, HERE, ALSO_HERE, THERE)
    message = scene.messages()

    assert (message.delivered, message.lost) == (3, 1)


def test_notifications_of_another_worker_s_messages_are_timed_apart() -> None:
    scene = spanning(ALSO_HERE, THERE)
    scene.send(1, HERE)
    scene.see(1, 1_004, HERE, ALSO_THERE)
    scene.notify(1, 1_005, ALSO_HERE)
    scene.notify(1, 1_007, THERE)
    totals = scene.totals()
    notifications = totals.figures.all_notifications()

    assert (notifications.expected, notifications.delivered) == (2, 2)
    assert (notifications.latency.count, notifications.latency.max_us) == (1, 5_000)
    assert totals.figures.crossed(NOTIFIED).latency.max_us == 7_000
    assert contradictions(totals) == ()


@pytest.mark.parametrize("user", [HERE, THERE])
def test_an_event_without_a_sender_came_from_its_user_s_worker(user: int) -> None:
    """Of the three who stay, one is on the worker of the one who leaves."""
    scene = spanning()
    scene.leave(user, 1_000)
    rest = [device for device in EVERYBODY if device != user]
    scene.event(ChatEvent.PARTICIPANT_LEFT, user, 1_005, *rest)
    figures = scene.figures()

    assert figures.event(ChatEvent.PARTICIPANT_LEFT).delivered == 3
    assert figures.crossed_count(ChatEvent.PARTICIPANT_LEFT) == 2


def test_a_read_receipt_came_from_its_reader_s_worker() -> None:
    scene = spanning()
    scene.send(1, HERE)
    scene.see(1, 1_004, *EVERYBODY)
    scene.ledger.message_read(THERE, ROOM, 1 + MESSAGE, ns(2_000), ns(2_000))
    for session in EVERYBODY:
        scene.ledger.read_receipt_delivered(session, 1 + MESSAGE, THERE, ns(2_003))
    figures = scene.figures()

    assert figures.event(ChatEvent.MESSAGE_READ).delivered == 4
    assert figures.crossed_count(ChatEvent.MESSAGE_READ) == 2


def test_a_key_that_no_worker_gave_out_is_unknown_between_the_keys_of_two() -> None:
    scene = spanning()
    of_other = (1 << KEY_WORKER_SHIFT) + 5
    for key, device in ((5, HERE), (of_other, THERE)):
        scene.send(key, device)
        scene.see(key, 1_004, *EVERYBODY)
    scene.settle(60_000)
    scene.see(of_other, 60_001, HERE)
    scene.see(77, 60_001, HERE)
    message = scene.messages()

    assert message.duplicate == 1, "the record is forgotten, and its key is not"
    assert message.unexpected == {"unknown_key": 1}
