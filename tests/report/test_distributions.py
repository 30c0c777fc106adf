import pytest

from loadtest.metrics.catalogue.lookup import all_figures, figure_named
from loadtest.metrics.figures.figures import Figures
from loadtest.observations import Action, ChatEvent, Phase
from loadtest.report.distributions import distribution_of


def figures() -> Figures:
    """Return counts in which each distribution has another number of samples."""
    made = Figures()
    steady = made.phase(Phase.STEADY)
    places = (
        steady.event(ChatEvent.MESSAGE_CREATED).latency,
        steady.event(ChatEvent.MESSAGE_CREATED).service,
        steady.notifications.latency,
        steady.completed("3-10").last,
        steady.action(Action.MESSAGE).latency,
        steady.action(Action.MESSAGE).completion,
        made.action(Action.CHAT_SESSION_START).latency,
        made.notification(has_several=False).activation.at_most,
        made.push.latency,
        made.recovery.latency,
    )
    for place, histogram in enumerate(places, start=1):
        histogram.record_all([1000] * place)
    steady.completed("3-10").never["last"] = 100
    return made


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("fanout.p99", 1),
        ("fanout.service.p99", 2),
        ("notifications.p99", 3),
        ("delivery.notification.p99", 3),
        ("fanout.last.p99", 104),
        ("completion.3-10.last.p99_ms", 104),
        ("action.message.p99", 5),
        ("actions.message.completion.p99_ms", 6),
        ("chat_session.start.p99", 7),
        ("activation.p99", 8),
        ("push.p99", 9),
        ("recovery.p99", 10),
        ("action.edit.p99", 0),
    ],
)
def test_a_percentile_is_of_the_samples_that_the_summary_shows(name: str, count: int) -> None:
    figure = figure_named(name)
    assert figure is not None
    distribution = distribution_of(figure, figures())

    assert distribution is not None
    assert distribution.count == count


def test_what_is_no_percentile_has_none() -> None:
    for path in ("notifications.missed", "fanout.max", "load.users", "generator.lag.p99_ms"):
        figure = figure_named(path)
        assert figure is not None
        assert distribution_of(figure, figures()) is None


def test_every_figure_can_be_asked_for() -> None:
    for figure in all_figures().values():
        distribution_of(figure, Figures())
