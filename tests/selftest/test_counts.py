from collections.abc import Mapping
from typing import Any

import pytest

from loadtest.selftest.counts import connection_checks, count_checks, push_checks
from tests.support.selftest_evidence import evidence

_MESSAGE = "channel.message.created"
_NOTIFICATION = "user.notification.created"


def _failed(summary: Mapping[str, Any], stats: Mapping[str, Any]) -> list[str]:
    return [check.figure for check in count_checks(evidence(summary, stats)) if not check.held]


def test_a_run_that_agrees_with_the_server_passes() -> None:
    assert _failed({}, {}) == []


@pytest.mark.parametrize(
    ("count", "fault", "copies"),
    [("lost", "drop", 900), ("duplicate", "duplicate", 903), ("out_of_order", "reorder", 900)],
)
def test_a_message_fault_has_its_own_count(count: str, fault: str, copies: int) -> None:
    stats = {
        "faults_on_channel_topics": {fault: {_MESSAGE: 3}},
        "deliveries_on_channel_topics": {_MESSAGE: copies},
    }
    figure = f"messages {count.replace('_', ' ')}"

    assert _failed({"ledger": {_MESSAGE: {count: 3}}}, stats) == []
    assert figure in _failed({"ledger": {_MESSAGE: {count: 2}}}, stats)


def test_a_missing_copy_names_its_event_type() -> None:
    stats = {"deliveries_on_channel_topics": {"thread.typing.started": 5}}

    assert _failed({}, stats) == ["copies of events", "thread.typing.started"]


def test_copies_that_are_not_judged_are_copies() -> None:
    summary = {"ledger": {"thread.typing.started": {"boundary": 9, "boundary_seen": 5}}}
    stats = {"deliveries_on_channel_topics": {"thread.typing.started": 5}}

    assert _failed(summary, stats) == []


@pytest.mark.parametrize(
    ("count", "faults"),
    [
        ("missed", {"drop": {_NOTIFICATION: 4}}),
        ("duplicate", {"duplicate": {_NOTIFICATION: 4}}),
        ("spurious", {"spurious_notification": {_NOTIFICATION: 4}}),
    ],
)
def test_a_notification_fault_has_its_own_count(count: str, faults: dict[str, Any]) -> None:
    extra = 0 if count == "missed" else 4
    stats = {"faults": faults, "notifications_delivered": 100 + extra}

    assert _failed({"notifications": {count: 4}}, stats) == []
    assert f"notifications {count}" in _failed({"notifications": {count: 5}}, stats)


def test_notifications_that_are_not_judged_may_have_come_or_not() -> None:
    stats = {"notifications_delivered": 103}

    assert _failed({"notifications": {"boundary": 3}}, stats) == []
    assert _failed({"notifications": {"boundary": 2}}, stats) == ["copies of notifications"]


def test_a_refused_action_is_counted_by_its_reason() -> None:
    stats = {"faults": {"rate_limit": {"message": 2}}}
    reasons = {"RateLimitedError: too many": 2, "timeout": 1}

    assert _failed({"actions": {"message": {"errors_by_reason": reasons}}}, stats) == []
    assert _failed({}, stats) == ["message refused"]


def test_cut_and_refused_connections_are_lost_connections() -> None:
    stats = {"faults": {"cut": 2, "refuse_connect": 3, "refuse_socket": 1}}
    load = {"connections_lost": 5}
    starts = {"user_session_start": {"errors": 4}}
    checks = connection_checks(evidence({"load": load, "sessions": starts}, stats))

    assert all(check.held for check in checks)


def test_a_cut_may_hit_a_device_whose_user_session_is_only_starting() -> None:
    """The server has started it, the device has not: nobody is wrong."""
    stats = {"faults": {"cut": 2}, "user_sessions": {"started": 27}}
    load = {"connections_lost": 2, "user_sessions": 24}
    starts = {"user_session_start": {"errors": 1}}
    actions = {"reconnect": {"errors": 1}}
    found = evidence({"load": load, "sessions": starts, "actions": actions}, stats)
    assert [check.figure for check in connection_checks(found) if not check.held] == []

    without_cut = evidence({"load": load, "sessions": starts}, {"faults": {"cut": 0}})
    wrong = [check.figure for check in connection_checks(without_cut) if not check.held]
    assert "failed starts of user sessions" in wrong


@pytest.mark.parametrize(
    ("figure", "push", "stats"),
    [
        pytest.param("missed", {"missed": 3}, {"faults": {"drop": {"push": 3}}}, id="lost"),
        pytest.param(
            "duplicate",
            {"duplicate": 3, "received": 53},
            {"faults": {"duplicate": {"push": 3}}, "push": {"sent": 53}},
            id="doubled",
        ),
    ],
)
def test_a_push_fault_has_its_own_count(
    figure: str, push: dict[str, int], stats: dict[str, Any]
) -> None:
    assert all(check.held for check in push_checks(evidence({"push": push}, stats)))
    [wrong] = [
        each for each in push_checks(evidence({"push": push | {figure: 2}}, stats)) if not each.held
    ]
    assert wrong.figure == f"pushes {figure}"


def test_a_ledger_that_does_not_add_up_fails() -> None:
    assert _failed({"adds_up": False}, {}) == ["the ledger adds up"]
