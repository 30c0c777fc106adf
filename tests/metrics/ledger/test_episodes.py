from loadtest.metrics.ledger.episodes import Crossing, Episode, HandOff


def test_an_episode_begins_without_any_message() -> None:
    episode = Episode(950, is_clean=True)

    assert not episode.is_notified
    assert not episode.is_over
    assert episode.unnotified_us == 0


def test_a_hand_off_is_judged_until_something_speaks_against_it() -> None:
    handoff = HandOff(Crossing.END, (1, 2), episode=Episode(950, is_clean=True), device_count=2)

    assert handoff.is_judged
    assert not handoff.is_seen
    assert (handoff.slots, handoff.device_count) == ((1, 2), 2)
