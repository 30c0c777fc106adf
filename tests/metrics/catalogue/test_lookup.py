import re

import pytest

from loadtest.metrics.catalogue.declaration import DIMENSIONS, Better, Kind
from loadtest.metrics.catalogue.lookup import BLOCKS, all_figures, alternatives, figure_named


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("fanout.p99", "latency.channel.message.created.p99_ms"),
        ("fanout.last.p99", "completion.all.last.p99_ms"),
        ("fanout.incomplete", "completion.all.incomplete"),
        ("delivery.message.ratio", "ledger.channel.message.created.delivery_ratio"),
        ("delivery.presence.p95", "latency.participant.presence.changed.p95_ms"),
        ("notifications.missed", "notifications.missed"),
        ("notifications.p99", "notifications.latency.p99_ms"),
        ("session.start.p95", "sessions.user_session_start.p95_ms"),
        ("chat_session.start.errors", "sessions.chat_session_start.errors"),
        ("action.message.errors", "actions.message.errors"),
        ("readers.slow.p99", "by_device_class.slow.latency.p99_ms"),
        ("push.p99", "push.latency.p99_ms"),
        ("recovery.max", "recovery.max_ms"),
        ("generator.lag.p99", "generator.lag.p99_ms"),
        ("completion.11-100.last.p99_ms", "completion.11-100.last.p99_ms"),
    ],
)
def test_a_figure_has_a_path_and_short_names(name: str, path: str) -> None:
    figure = figure_named(name)

    assert figure is not None
    assert figure.path == path


def test_every_short_name_means_one_figure() -> None:
    seen: dict[str, str] = {}
    for figure in all_figures().values():
        for name in figure.names:
            assert seen.setdefault(name, figure.path) == figure.path, name
            assert name not in all_figures(), name


def test_a_figure_says_what_it_is() -> None:
    p99, lost = (figure_named(name) for name in ("fanout.p99", "delivery.message.lost"))

    assert p99 is not None
    assert (p99.unit, p99.kind, p99.better, p99.percentile) == (
        "ms",
        Kind.LATENCY,
        Better.LOWER,
        99,
    )
    assert p99.samples == ("latency.channel.message.created.count",)
    assert p99.short == "fanout.p99"
    assert lost is not None
    assert (lost.unit, lost.kind, lost.percentile) == ("deliveries", Kind.COUNT, None)
    assert lost.samples == ("ledger.channel.message.created.expected",)
    assert lost.values == ("channel.message.created",)
    assert lost.judged_by == "ledger.channel.message.created.judged_share"


def test_samples_are_figures_too() -> None:
    missing = {
        sample
        for figure in all_figures().values()
        for sample in figure.samples
        if sample not in all_figures()
    }

    assert missing == set()


def test_a_figure_that_cannot_be_is_none() -> None:
    """Messages may not be shed: there is nothing to say of coalesced ones."""
    assert figure_named("ledger.thread.typing.started.coalesced") is not None
    assert figure_named("ledger.channel.message.created.coalesced") is None
    assert figure_named("fanout.p98") is None


def test_brackets_stand_for_known_names() -> None:
    assert {each for block in BLOCKS for each in block.brackets} <= set(DIMENSIONS)


def test_a_meaning_is_a_plain_sentence_without_a_full_stop() -> None:
    wrong = [
        figure.path
        for figure in all_figures().values()
        if figure.meaning.endswith(".") or not re.match(r"[a-z0-9`]|CPU", figure.meaning)
    ]

    assert wrong == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("fanout.p97", "did you mean fanout.p99 or "),
        ("notifications.mised", "did you mean notifications.missed"),
        ("generator.speed", "generator has: clock_uncertainty_ms, cpu_ratio_peak"),
        ("speed", "figures begin with one of: action, actions, activation"),
    ],
)
def test_a_mistyped_name_is_answered_with_what_exists(name: str, said: str) -> None:
    assert said in alternatives(name)
