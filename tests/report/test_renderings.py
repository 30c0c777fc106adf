from typing import Any

import pytest

from loadtest.report.renderings import FORMATS
from tests.support.summaries import built_summary, failed_summary, stopped_summary, timeline


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("summary", [failed_summary(), stopped_summary(), built_summary()])
def test_each_can_be_made_of_any_summary(name: str, summary: dict[str, Any]) -> None:
    assert FORMATS[name].text(summary, timeline(3)).strip()


def test_no_two_have_the_same_file() -> None:
    assert len({each.file for each in FORMATS.values()}) == len(FORMATS)
