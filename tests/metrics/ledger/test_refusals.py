import pytest

from loadtest.metrics.figures.figures import EventFigures
from loadtest.observations import Action
from tests.support.scenes import Scene, ns


def refused(action: Action, reason: str, *, seen_by: tuple[int, ...] = ()) -> EventFigures:
    """Return the figures of messages after an action of device 1 has failed."""
    scene = Scene()
    scene.room(3)
    scene.send(1)
    scene.see(1, 1001, *seen_by)
    scene.ledger.action_failed(action, 1, ns(1000), ns(1003), reason)
    return scene.messages()


@pytest.mark.parametrize("action", [Action.MESSAGE, Action.REPLY])
def test_what_is_refused_by_name_is_an_error_and_no_loss(action: Action) -> None:
    figures = refused(action, "RateLimitedError: too fast")

    assert (figures.expected, figures.lost, figures.refused) == (0, 0, 1)


@pytest.mark.parametrize("reason", ["no answer within 10 s", "connection lost: reset", ""])
def test_what_failed_without_a_name_is_expected_all_the_same(reason: str) -> None:
    figures = refused(Action.MESSAGE, reason)

    assert (figures.expected, figures.lost, figures.refused) == (3, 3, 0)


def test_a_refusal_of_what_was_seen_takes_nothing_back() -> None:
    figures = refused(Action.MESSAGE, "ClientError: no", seen_by=(2,))

    assert (figures.expected, figures.delivered, figures.refused) == (3, 1, 0)


def test_a_refusal_of_another_kind_of_action_concerns_no_message() -> None:
    figures = refused(Action.EDIT, "ClientError: no")

    assert (figures.expected, figures.refused) == (3, 0)


def test_a_refusal_after_the_deadline_comes_too_late() -> None:
    scene = Scene()
    scene.room(2)
    scene.send(1)
    scene.settle(30_000)
    scene.ledger.action_failed(Action.MESSAGE, 1, ns(1000), ns(30_001), "ClientError: no")

    assert scene.messages().lost == 2
