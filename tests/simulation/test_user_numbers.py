"""Numbers for users that come and go."""

from hypothesis import given
from hypothesis import strategies as st

from loadtest.simulation.user_numbers import UserNumbers


def test_numbers_count_up_from_0() -> None:
    numbers = UserNumbers()

    assert [numbers.take() for _ in range(3)] == [0, 1, 2]


@given(st.lists(st.booleans(), max_size=60), st.randoms())
def test_the_number_handed_out_is_always_the_lowest_that_is_free(
    takes: list[bool], rng: object
) -> None:
    numbers, taken = UserNumbers(), set[int]()
    for is_take in takes:
        if is_take or not taken:
            number = numbers.take()
            assert number == min(set(range(len(taken) + 1)) - taken)
            taken.add(number)
        else:
            number = rng.choice(sorted(taken))  # type: ignore[attr-defined]
            taken.remove(number)
            numbers.give_back(number)
