"""What simulated users write."""

import pytest

from loadtest.simulation.message_texts import keys_typed, text_of_length


@pytest.mark.parametrize("length", [1, 2, 100, 5_000])
def test_a_text_has_the_length_that_was_asked_for(length: int) -> None:
    assert len(text_of_length(length)) == length
    assert len(keys_typed(length)) == length


def test_a_message_is_never_empty() -> None:
    assert len(text_of_length(0)) == 1
