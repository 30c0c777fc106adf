"""What is compared stands in a summary under the names that thresholds use."""

from loadtest.comparison.catalogue import (
    DEFAULT_GATES,
    LevelFigure,
    ShareFigure,
    figures,
    path_named,
)
from loadtest.comparison.judgement import MOST_GATES
from loadtest.comparison.shares import Share
from loadtest.metrics.catalogue.lookup import all_figures
from tests.support.summaries import failed_summary, passing_summary, stopped_summary

BY_PATH = {figure.path: figure for figure in figures()}


def test_every_figure_has_a_name_that_a_threshold_can_use() -> None:
    assert set(BY_PATH) <= set(all_figures())
    assert len(BY_PATH) == len(figures())


def test_the_default_gates_are_figures_and_few_enough() -> None:
    assert set(DEFAULT_GATES) <= set(BY_PATH)
    assert len(DEFAULT_GATES) <= MOST_GATES


def test_no_two_figures_have_the_same_label() -> None:
    assert len({figure.label for figure in figures()}) == len(figures())


def test_a_latency_is_read_with_its_samples() -> None:
    figure = BY_PATH["latency.channel.message.created.p99_ms"]
    summary = passing_summary()
    block = summary["latency"]["channel.message.created"]

    assert isinstance(figure, LevelFigure)
    assert figure.value(summary) == block["p99_ms"]
    assert figure.samples(summary) == block["count"]
    assert figure.samples_needed == 1_000
    assert figure.value(stopped_summary()) is None


def test_a_loss_is_a_share_of_what_was_expected() -> None:
    figure = BY_PATH["ledger.channel.message.created.lost"]

    assert isinstance(figure, ShareFigure)
    assert figure.share(failed_summary()) == Share(27, 41_873)
    assert figure.share(stopped_summary()) is None


def test_errors_of_an_action_are_a_share_of_all_that_were_tried() -> None:
    figure = BY_PATH["actions.message.errors"]
    summary = failed_summary()
    tried = summary["actions"]["message"]["count"] + 4

    assert isinstance(figure, ShareFigure)
    assert figure.share(summary) == Share(4, tried)


def test_what_is_declared_and_not_compared_has_no_path() -> None:
    assert path_named("load.users") is None
    assert path_named("fanout.p999") is None
    assert path_named("nothing") is None
