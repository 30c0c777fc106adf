"""Errors say whose fault it is, keep their data, and read as one line each."""

import pytest

from loadtest import errors
from loadtest.errors import (
    ActionFailedError,
    LoadtestError,
    LocalProtocolError,
    ProtocolError,
    RemoteProtocolError,
    TargetError,
    UsageError,
)


@pytest.mark.parametrize("name", errors.__all__)
def test_all_errors_are_of_one_tree(name: str) -> None:
    assert issubclass(getattr(errors, name), LoadtestError)


def test_a_broken_rule_is_ours_or_the_peer_s() -> None:
    assert {LocalProtocolError, RemoteProtocolError} == set(ProtocolError.__subclasses__())


def test_all_problems_are_shown_a_line_each() -> None:
    error = UsageError("a: is 1; must be 2", "b: is missing")
    assert error.problems == ("a: is 1; must be 2", "b: is missing")
    assert str(error) == "a: is 1; must be 2\nb: is missing"


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (TargetError("ws://chat:80", "connection refused"), "ws://chat:80: connection refused"),
        (ActionFailedError("message", "no answer within 10 s"), "message: no answer within 10 s"),
    ],
)
def test_an_error_names_its_place_first(error: LoadtestError, text: str) -> None:
    assert str(error) == text
    assert error.args == tuple(text.rsplit(": ", 1))
