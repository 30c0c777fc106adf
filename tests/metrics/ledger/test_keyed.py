from loadtest.observations import Action, ChatEvent
from tests.support.scenes import ROOM, Scene, ns

KEYSTROKES = ChatEvent.KEYSTROKES_CREATED


def keystrokes(scene: Scene, key: int, at_ms: float, device: int = 1) -> None:
    scene.ledger.keystrokes_sent(key, device, ROOM, ns(at_ms), ns(at_ms))


def deliver(scene: Scene, key: int, at_ms: float, *sessions: int) -> None:
    for session in sessions:
        scene.ledger.keystrokes_delivered(session, key, ns(at_ms))


def test_keystrokes_are_expected_at_every_active_chat_session() -> None:
    scene = Scene()
    scene.room(3)
    keystrokes(scene, 1, 1000)
    deliver(scene, 1, 1004, 1, 2)

    figures = scene.events(KEYSTROKES)
    assert (figures.expected, figures.delivered, figures.lost) == (3, 2, 1)
    assert figures.latency.max_us == 4_000


def test_lost_keystrokes_are_coalesced_if_newer_ones_were_seen() -> None:
    """A server may shed or merge them; staleness is how long the device knew less."""
    scene = Scene()
    scene.room(2)
    keystrokes(scene, 1, 1000)
    keystrokes(scene, 2, 1200)
    deliver(scene, 2, 1210, 1)

    figures = scene.events(KEYSTROKES)
    assert (figures.expected, figures.delivered, figures.lost) == (4, 1, 3)
    assert figures.coalesced == 1
    assert (figures.staleness.count, figures.staleness.max_us) == (1, 210_000)


def test_keystrokes_that_come_after_newer_ones_are_out_of_order_and_not_coalesced() -> None:
    for late_ms in (1220, 12_000):
        scene = Scene()
        scene.room(1)
        keystrokes(scene, 1, 1000)
        keystrokes(scene, 2, 1200)
        deliver(scene, 2, 1210, 1)
        scene.settle(late_ms)
        deliver(scene, 1, late_ms, 1)

        figures = scene.events(KEYSTROKES)
        assert (figures.delivered, figures.lost, figures.coalesced) == (2, 0, 0)
        assert figures.out_of_order == 1


def test_keystrokes_seen_twice_are_duplicates_also_after_they_are_forgotten() -> None:
    scene = Scene()
    scene.room(1)
    keystrokes(scene, 1, 1000)
    deliver(scene, 1, 1001, 1, 1)
    scene.settle(20_000)
    deliver(scene, 1, 20_001, 1)
    deliver(scene, 2, 20_001, 1)

    figures = scene.events(KEYSTROKES)
    assert figures.duplicate == 2
    assert figures.unexpected == {"unknown_key": 1}


def test_refused_keystrokes_are_no_loss() -> None:
    scene = Scene()
    scene.room(2)
    keystrokes(scene, 1, 1000)
    scene.ledger.action_failed(
        Action.KEYSTROKES, 1, ns(1000), ns(1001), "RateLimitedError: too fast"
    )

    figures = scene.events(KEYSTROKES)
    assert (figures.expected, figures.boundary, figures.refused) == (0, 0, 1)


def test_a_refusal_of_keystrokes_that_somebody_saw_excuses_nothing() -> None:
    scene = Scene()
    scene.room(2)
    keystrokes(scene, 1, 1000)
    deliver(scene, 1, 1001, 1)
    scene.ledger.action_failed(Action.KEYSTROKES, 1, ns(1000), ns(1002), "OddError: no")

    figures = scene.events(KEYSTROKES)
    assert (figures.expected, figures.lost, figures.refused) == (2, 1, 0)
