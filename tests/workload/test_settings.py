import pytest

from loadtest.errors import UsageError
from loadtest.workload.settings import is_number, nearest, not_above_zero, not_known, refuse


def test_refuse_says_all_problems_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        refuse(["a is 1; it must be 2", None, "b is 3; it must be 4"])

    assert caught.value.problems == ("a is 1; it must be 2", "b is 3; it must be 4")


def test_refuse_is_silent_without_a_problem() -> None:
    refuse([None, None])


@pytest.mark.parametrize("value", [0, -1, float("inf"), float("nan")])
def test_only_finite_values_above_zero_pass(value: float) -> None:
    assert not_above_zero("mean", 0.5) is None
    assert str(not_above_zero("mean", value)).endswith("it must be above 0")


def test_a_boolean_is_no_number() -> None:
    assert is_number(1)
    assert is_number(1.5)
    assert not is_number(True)
    assert not is_number("1")


def test_advice_names_the_nearest_or_all() -> None:
    assert nearest("sigm", ["median", "sigma"]) == "did you mean sigma?"
    assert nearest("zzz", ["median", "sigma"]) == "known here: median, sigma"
    assert nearest("zzz", []) == "known here: none"
    assert not_known("fixed", "x", ["value"]) == (
        "x is not a parameter of fixed; known here: value"
    )
