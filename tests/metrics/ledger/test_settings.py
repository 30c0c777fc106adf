import pytest

from loadtest.metrics.ledger.settings import LedgerSettings


@pytest.mark.parametrize(
    ("name", "expected_ns"),
    [
        ("deadline_ns", 10_000_000_000),
        ("race_ns", 1_000_000_000),
        ("handoff_ns", 5_000_000_000),
        ("typing_timeout_ns", 3_000_000_000),
    ],
)
def test_windows_are_given_in_nanoseconds(name: str, expected_ns: int) -> None:
    assert getattr(LedgerSettings(), name) == expected_ns
