from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from loadtest.server.faults.injector import Chance, Fate, FaultInjector
from loadtest.server.faults.plan import FaultPlan
from tests.support.faults import plan

MESSAGE = "channel.message.created"
KEYSTROKES = "thread.keystrokes.created"
TYPING = "thread.typing.started"

shares = st.floats(0, 0.33)


@given(drop=shares, duplicate=shares, reorder=shares, seed=st.integers())
def test_the_same_seed_decides_the_same(
    drop: float, duplicate: float, reorder: float, seed: int
) -> None:
    faults = plan(f"drop={drop}", f"duplicate={duplicate}", f"reorder={reorder}", "jitter_ms=9")
    one, two = FaultInjector(faults, seed), FaultInjector(faults, seed)

    first = [(one.fate(MESSAGE), one.delay_ns(MESSAGE)) for _ in range(50)]

    assert first == [(two.fate(MESSAGE), two.delay_ns(MESSAGE)) for _ in range(50)]


@given(st.lists(st.sampled_from([MESSAGE, KEYSTROKES, TYPING]), max_size=100))
def test_what_happens_to_one_type_does_not_depend_on_the_others(asked: list[str]) -> None:
    faults = plan("drop=0.3", "duplicate=0.3", "reorder=0.3")
    mixed, alone = FaultInjector(faults, 7), FaultInjector(faults, 7)

    fates = [mixed.fate(each) for each in asked]

    expected = [alone.fate(MESSAGE) for each in asked if each == MESSAGE]
    assert [fate for fate, each in zip(fates, asked, strict=True) if each == MESSAGE] == expected


def test_another_seed_decides_otherwise() -> None:
    faults = plan("drop=0.5")
    one, two = FaultInjector(faults, 1), FaultInjector(faults, 2)

    assert [one.fate(MESSAGE) for _ in range(64)] != [two.fate(MESSAGE) for _ in range(64)]


def test_each_fate_has_its_share() -> None:
    injector = FaultInjector(plan("drop=0.1", "duplicate=0.2", "reorder=0.3"), 1)

    fates = Counter(injector.fate(MESSAGE) for _ in range(20_000))

    # Four standard deviations of the largest share are 280.
    expected = {Fate.DROP: 2_000, Fate.DUPLICATE: 4_000, Fate.HOLD: 6_000, Fate.SEND: 8_000}
    assert all(abs(fates[fate] - count) < 280 for fate, count in expected.items())


def test_a_share_of_1_is_always_and_of_0_never() -> None:
    always = FaultInjector(plan("drop=1", "rate_limit=1"), 1)
    never = FaultInjector(FaultPlan(), 1)

    assert {always.fate(MESSAGE) for _ in range(99)} == {Fate.DROP}
    assert all(always.happens(Chance.RATE_LIMIT) for _ in range(99))
    assert {never.fate(MESSAGE) for _ in range(99)} == {Fate.SEND}
    assert not any(never.happens(chance) or never.can_happen(chance) for chance in Chance)


def test_only_types_with_an_order_are_reordered() -> None:
    injector = FaultInjector(plan("reorder=1"), 1)

    fates = [injector.fate(each) for each in (MESSAGE, KEYSTROKES, TYPING)]

    assert fates == [Fate.HOLD, Fate.HOLD, Fate.SEND]


def test_jitter_comes_on_top_of_the_delay() -> None:
    injector = FaultInjector(plan("delay_ms=20", "jitter_ms=10", f"jitter_ms.{TYPING}=0"), 1)

    delays = [injector.delay_ns(MESSAGE) for _ in range(1_000)]

    assert 20_000_000 <= min(delays) < 20_100_000
    assert 29_900_000 < max(delays) <= 30_000_000
    assert injector.delay_ns(TYPING) == 20_000_000


def test_a_connection_to_cut_is_one_of_those_that_are_there() -> None:
    injector = FaultInjector(plan("cuts_per_min=1"), 1)

    assert {injector.pick(3) for _ in range(100)} == {0, 1, 2}
