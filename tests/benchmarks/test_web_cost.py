"""An open page must stay cheap for the process that leads a run."""

import pytest

from tests.benchmarks.web_cost import web_cost

pytestmark = pytest.mark.benchmark

_MOST_RATIO = 0.02


def test_an_open_page_adds_at_most_two_percent_of_a_core() -> None:
    cost = web_cost(seconds=60)
    print(cost)

    assert cost.page_ratio <= _MOST_RATIO
