"""The table of states: every state can be reached, and left."""

import pytest

from loadtest.device.state import NEXT_STATE, State

UP = {
    State.OPENING,
    State.CONNECTING,
    State.LOADING_USER,
    State.LOADING_WRITE_GRANT,
    State.LOADING_READ_GRANT,
    State.SUBSCRIBING,
    State.ACTIVE,
}


def test_every_state_can_be_reached() -> None:
    assert {State.IDLE, *NEXT_STATE.values()} == set(State)


def test_the_start_of_the_sdk_leads_to_an_active_user_session() -> None:
    state = State.IDLE
    for trigger in ("start", "handshake", "connected", "answer", "answer", "answer", "receipts"):
        state = NEXT_STATE[state, trigger]
    assert state is State.ACTIVE


def test_a_reconnect_skips_what_is_known() -> None:
    state = State.ACTIVE
    for trigger in ("lost", "start", "handshake", "reconnected", "receipts"):
        state = NEXT_STATE[state, trigger]
    assert state is State.ACTIVE


@pytest.mark.parametrize("state", State)
def test_a_connection_can_be_lost_while_there_is_one_that_matters(state: State) -> None:
    assert (NEXT_STATE.get((state, "lost")) is State.WAITING) == (state in UP)
    assert (NEXT_STATE.get((state, "lost for good")) is State.ENDED) == (state in UP)


@pytest.mark.parametrize("state", State)
def test_a_user_session_can_be_ended_from_everywhere_but_its_end(state: State) -> None:
    is_over = state in (State.IDLE, State.ENDED, State.ENDING, State.CLOSING)
    assert ((state, "abandon") in NEXT_STATE) == (not is_over)
