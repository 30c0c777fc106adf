"""The contract between devices and what measures: plain arguments, known names."""

import inspect
import typing

import pytest

from loadtest.observations import Action, ChatEvent, Observer

METHODS = [name for name, _ in inspect.getmembers(Observer, inspect.isfunction) if name[0] != "_"]


def test_there_are_ten_chat_events_and_the_notification() -> None:
    assert len(ChatEvent) == 11
    assert len({str(event) for event in ChatEvent}) == 11


def test_names_of_actions_are_what_reports_print() -> None:
    assert all(action.value == action.name.lower() for action in Action)


@pytest.mark.parametrize("name", METHODS)
def test_an_observation_can_be_written_to_a_file(name: str) -> None:
    """Its arguments are integers, strings, or members of the two enumerations."""
    hints = typing.get_type_hints(getattr(Observer, name))
    assert hints.pop("return") is type(None)
    assert set(hints.values()) <= {int, str, Action, ChatEvent}


@pytest.mark.parametrize("name", METHODS)
def test_an_observation_has_an_instant(name: str) -> None:
    assert any(
        argument.endswith("_ns")
        for argument in inspect.signature(getattr(Observer, name)).parameters
    )
