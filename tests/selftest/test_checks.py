import pytest

from loadtest.selftest.checks import Check, between, exact, near


@pytest.mark.parametrize(("injected", "measured", "held"), [(3, 3, True), (3, 4, False)])
def test_counts_must_be_equal(injected: int, measured: int, held: bool) -> None:
    assert exact("messages lost", injected, measured).held is held


@pytest.mark.parametrize(
    ("measured", "held"), [(995.0, True), (1_006.0, True), (1_006.1, False), (None, False)]
)
def test_a_time_may_be_off_by_the_tolerance_and_the_rounding(
    measured: float | None, held: bool
) -> None:
    check = near("p99, ms", 1_000.0, measured, 5.0)

    assert check.held is held
    assert check.bound == "± 6"


def test_what_was_not_measured_is_never_near() -> None:
    assert not near("p99, ms", 1.0, float("nan"), 100.0).held
    assert not between("p99, ms", None, lowest=0, highest=1, injected=None).held


@pytest.mark.parametrize(("measured", "held"), [(50.0, True), (55.0, True), (49.9, False)])
def test_a_range_includes_its_ends(measured: float, held: bool) -> None:
    check = between("min, ms", measured, lowest=50, highest=55, injected=50)

    assert check.held is held
    assert check.bound == "50 to 55"


@pytest.mark.parametrize(
    ("check", "is_notable"),
    [
        pytest.param(exact("lost", 0, 0), False, id="nothing injected, nothing seen"),
        pytest.param(exact("adds up", True, True), False, id="a claim that holds"),
        pytest.param(exact("lost", 0, 1), True, id="nothing injected, something seen"),
        pytest.param(exact("lost", 2, 2), True, id="something injected"),
        pytest.param(exact("adds up", True, False), True, id="a claim that does not hold"),
        pytest.param(
            between("p99", 3, lowest=0, highest=9, injected=None), True, id="a time to look at"
        ),
    ],
)
def test_the_table_shows_what_says_something(check: Check, is_notable: bool) -> None:
    assert check.is_notable is is_notable


def test_a_check_is_kept_as_it_was() -> None:
    assert exact("messages lost", 3, 4).to_dict() == {
        "figure": "messages lost",
        "injected": 3,
        "measured": 4,
        "bound": "equal",
        "held": False,
    }
