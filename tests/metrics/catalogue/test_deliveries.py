import pytest

from loadtest.metrics.catalogue.declaration import Block, Gravity, Kind
from loadtest.metrics.catalogue.deliveries import (
    BY_DEVICE_CLASS,
    COMPLETION,
    CROSS_WORKER,
    LATENCY,
    LEDGER,
    SERVICE_LATENCY,
    STALENESS,
)
from loadtest.metrics.catalogue.values import block_values
from loadtest.metrics.figures.figures import (
    SHEDDABLE,
    CompletionFigures,
    CrossWorkerFigures,
    EventFigures,
    SlowFigures,
)
from loadtest.observations import ChatEvent


@pytest.mark.parametrize(
    ("block", "counts"),
    [
        (LEDGER, EventFigures()),
        (LATENCY, EventFigures()),
        (SERVICE_LATENCY, EventFigures()),
        (STALENESS, EventFigures()),
        (CROSS_WORKER, CrossWorkerFigures()),
        (COMPLETION, CompletionFigures()),
        (BY_DEVICE_CLASS, SlowFigures()),
    ],
)
def test_each_figure_comes_from_a_field_that_exists(block: Block, counts: object) -> None:
    assert block_values(block, counts, ChatEvent.TYPING_STARTED)


def test_only_what_may_be_shed_can_be_coalesced() -> None:
    typing = block_values(LEDGER, EventFigures(), ChatEvent.TYPING_STARTED)
    message = block_values(LEDGER, EventFigures(), ChatEvent.MESSAGE_CREATED)

    assert set(typing) - set(message) == {"coalesced", "coalescing_ratio"}
    assert LEDGER.figure("coalesced").only == SHEDDABLE


def test_faults_are_what_a_server_may_never_do() -> None:
    faults = {each.name for each in LEDGER.figures if each.gravity is Gravity.FAULT}

    assert faults == {"lost", "duplicate", "out_of_order", "after_end"}


def test_the_steps_of_a_fan_out_are_in_their_order() -> None:
    assert COMPLETION.keys(Kind.LATENCY) == ("first", "p50", "p90", "p99", "last", "spread")
