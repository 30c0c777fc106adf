import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.server.state.timers import TimerWheel

TICK_NS = 50


def fired_at(deadline_ns: int, steps_ns: list[int]) -> int | None:
    """Return the time at which a timer fires if the wheel is advanced in these steps."""
    wheel = TimerWheel(TICK_NS, now_ns=1_000)
    times: list[int] = []
    wheel.schedule(deadline_ns, lambda: times.append(wheel.now_ns))
    now_ns = 1_000
    for step_ns in steps_ns:
        now_ns += step_ns
        wheel.advance(now_ns)
    assert len(times) <= 1
    return times[0] if times else None


def test_a_timer_fires_in_the_first_tick_at_its_deadline() -> None:
    assert fired_at(1_100, [99, 1]) == 1_100


def test_a_timer_does_not_fire_before_its_deadline() -> None:
    assert fired_at(1_101, [100]) is None


def test_a_deadline_in_the_past_fires_with_the_next_tick() -> None:
    assert fired_at(3, [10, 40]) == 1_050


@given(
    delay_ns=st.integers(0, 2_000),
    steps_ns=st.lists(st.integers(1, 300), min_size=1, max_size=30),
)
def test_a_timer_is_never_early_and_at_most_a_tick_and_a_step_late(
    delay_ns: int, steps_ns: list[int]
) -> None:
    deadline_ns = 1_000 + delay_ns

    at_ns = fired_at(deadline_ns, steps_ns)

    end_ns = 1_000 + sum(steps_ns)
    if at_ns is None:
        assert end_ns < deadline_ns + TICK_NS
    else:
        assert deadline_ns <= at_ns < deadline_ns + TICK_NS + max(steps_ns)


def test_timers_fire_in_the_order_of_their_ticks() -> None:
    wheel = TimerWheel(TICK_NS, now_ns=0)
    order: list[str] = []
    wheel.schedule(400, lambda: order.append("late"))
    wheel.schedule(100, lambda: order.append("early"))

    wheel.advance(1_000)

    assert order == ["early", "late"]


def test_a_timer_set_by_a_timer_fires_in_the_same_advance_if_it_is_due() -> None:
    wheel = TimerWheel(TICK_NS, now_ns=0)
    order: list[str] = []
    wheel.schedule(100, lambda: wheel.schedule(150, lambda: order.append("second")))

    wheel.advance(10_000)

    assert order == ["second"]


def test_a_callback_that_fails_keeps_no_other_from_firing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    wheel = TimerWheel(TICK_NS, now_ns=1_000)
    fired: list[str] = []

    def fail() -> None:
        raise ZeroDivisionError

    wheel.schedule(1_050, fail)
    wheel.schedule(1_050, lambda: fired.append("beside"))
    wheel.schedule(1_100, lambda: fired.append("later"))
    wheel.advance(1_200)

    assert fired == ["beside", "later"]
    assert "a timer's callback failed" in caplog.text
