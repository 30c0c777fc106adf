"""The promises of the search and of the law, counted over seeded repetitions."""

import pytest

from tests.benchmarks.capacity import main, search_counts, server_counts, usl_counts

pytestmark = pytest.mark.benchmark


def test_twenty_searches_keep_their_promises() -> None:
    right = {count.what: count.right for count in search_counts(20)}

    assert right["sharp limit: the interval contains it"] == 20
    assert right["sharp limit: the estimate is within 10 %"] == 20
    assert right["limit jitters by 8%: the interval contains it"] >= 18
    assert right["limit jitters by 8%: the estimate is within 10 %"] >= 18
    assert right["generator at half the limit: no limit is claimed"] == 20


@pytest.mark.timeout(1800)
def test_twenty_searches_of_the_embedded_server_keep_their_promises() -> None:
    right = {count.what: count.right for count in server_counts(20)}

    assert right["fixed rate: the interval contains it"] == 20
    assert right["fixed rate: the estimate is within 10 %"] == 20
    assert right["rate moves by 8%: the interval contains it"] >= 18
    assert right["rate moves by 8%: the estimate is within 10 %"] >= 18


def test_the_intervals_of_the_law_cover_at_their_rate() -> None:
    """Of 100 intervals at 95 %, 89 or fewer are right in one of a hundred experiments."""
    assert all(count.right >= 89 for count in usl_counts(100))


def test_the_command_prints_both_tables(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--repetitions", "2", "--server-repetitions", "0"]) == 0
    assert "2 of 2" in capsys.readouterr().out
