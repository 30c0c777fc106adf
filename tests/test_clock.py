"""Instants only go forward, and what is random without a seed differs."""

import datetime

from loadtest.clock import (
    NS_PER_MS,
    NS_PER_US,
    clock_set_ahead,
    monotonic_ns,
    process_cpu_ns,
    unseeded_random,
    utc_now,
)


def test_instants_are_integers_that_never_go_back() -> None:
    for clock in (monotonic_ns, process_cpu_ns):
        instants = [clock() for _ in range(100)]
        assert instants == sorted(instants)
        assert all(isinstance(instant, int) for instant in instants)


def test_wall_clock_time_is_utc() -> None:
    assert utc_now().tzinfo is datetime.UTC


def test_two_generators_without_a_seed_differ() -> None:
    assert unseeded_random().getrandbits(256) != unseeded_random().getrandbits(256)


def test_a_clock_can_be_set_ahead_for_tests() -> None:
    before = monotonic_ns()
    ahead, back = clock_set_ahead("250"), clock_set_ahead("-0.5")

    assert ahead() - before >= 250 * NS_PER_MS
    assert back() - monotonic_ns() <= -500 * NS_PER_US
    assert clock_set_ahead(None)() - monotonic_ns() <= 0
