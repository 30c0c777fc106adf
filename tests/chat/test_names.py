"""Names of the SDK as they stand in paths."""

import pytest

from loadtest.chat.names import snake_case


@pytest.mark.parametrize(
    ("name", "expected"),
    [("self", "self"), ("readReceipts", "read_receipts"), ("updateReadGrant", "update_read_grant")],
)
def test_a_name_of_several_words_is_written_with_underscores(name: str, expected: str) -> None:
    assert snake_case(name) == expected
