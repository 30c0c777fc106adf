"""The start of a run is over once the last user has come and has settled."""

from typing import Any, cast

import pytest

from loadtest.clock import NS_PER_S
from loadtest.device.state import State
from loadtest.simulation.director import Director
from loadtest.simulation.scripted_fleet import ScriptedFleet
from loadtest.simulation.settling import SETTLING_NS, Settling
from tests.support.device_states import rig_in
from tests.support.device_world import DeviceWorld

PATIENCE_NS = 20 * NS_PER_S


class _Started:
    """A director and scripted devices, as far as they have started."""

    def __init__(self) -> None:
        self.has_started = False
        self.devices: list[Any] = []
        self.settling = Settling(
            cast(Director, self), cast(ScriptedFleet, self), patience_ns=PATIENCE_NS
        )

    def is_over(self, at_s: float) -> bool:
        return self.settling.is_over_now(round(at_s * NS_PER_S))


def test_it_is_over_a_while_after_everybody_has_started_and_is_told_once() -> None:
    run = _Started()
    run.settling.spawning_completed(0)
    before = run.is_over(3)
    run.has_started = True
    told = [run.is_over(at_s) for at_s in (4, 4.9, 5, 5.1)]

    assert SETTLING_NS == NS_PER_S
    assert not before
    assert told == [False, False, True, False]


def test_it_is_not_over_before_the_last_user_was_started() -> None:
    run = _Started()
    run.has_started = True

    assert not run.is_over(100)


@pytest.mark.parametrize(
    ("state", "is_waited_for"),
    [
        (State.OPENING, True),
        (State.SUBSCRIBING, True),
        (State.WAITING, True),
        (State.ACTIVE, False),
        (State.ENDED, False),
    ],
)
def test_scripted_devices_are_waited_for_until_their_user_session_is_up(
    state: State, is_waited_for: bool
) -> None:
    run = _Started()
    run.has_started = True
    run.devices = [rig_in(state, DeviceWorld()).device]
    run.settling.spawning_completed(0)
    run.is_over(1)

    assert run.is_over(3) is not is_waited_for


def test_nobody_is_waited_for_without_end() -> None:
    run = _Started()
    run.settling.spawning_completed(0)

    assert [run.is_over(at_s) for at_s in (19, 20, 21)] == [False, False, True]
