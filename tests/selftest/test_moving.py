"""Each case fails where the figure that it is about is not the injected one."""

from typing import Any

from loadtest.selftest import Evidence
from loadtest.selftest.moving import MOVING_CASES
from tests.support.selftest_evidence import evidence

_CASES = {case.name: case for case in MOVING_CASES}
_MESSAGE = "channel.message.created"


def _failed(name: str, found: Evidence) -> list[str]:
    return [check.figure for check in _CASES[name].judge(found, evidence()) if not check.held]


def _message(**counts: float) -> dict[str, Any]:
    return {"ledger": {_MESSAGE: counts}}


def _faults(kind: str, count: int) -> dict[str, Any]:
    by_type = {kind: {_MESSAGE: count}}
    return {"faults": by_type, "faults_on_channel_topics": by_type}


def test_a_loss_of_a_short_stay_may_be_unjudged_and_nothing_else() -> None:
    dropped = _faults("drop", 10)

    assert _failed("short-stays", evidence(_message(lost=10), dropped)) == []
    assert _failed("short-stays", evidence(_message(lost=8, boundary=2), dropped)) == []
    assert _failed("short-stays", evidence(_message(lost=7, boundary=2), dropped)) == [
        "messages lost"
    ]
    assert _failed("short-stays", evidence(_message(lost=11), dropped)) == ["messages lost"]


def test_most_of_a_short_stay_must_be_judged() -> None:
    found = evidence(_message(lost=10, judged_share=0.7), _faults("drop", 10))

    assert _failed("short-stays", found) == ["judged share of messages"]


def test_a_gap_may_be_one_of_the_losses_and_no_more() -> None:
    dropped = _faults("drop", 10)
    ledger = _message(lost=9, boundary=1)

    found = evidence(ledger | {"notifications": {"handoff_gap": 1}}, dropped)
    assert _failed("short-stays", found) == []
    found = evidence(ledger | {"notifications": {"handoff_gap": 2}}, dropped)
    assert _failed("short-stays", found) == ["hand-off gaps"]


def test_what_came_after_its_end_is_counted_as_such() -> None:
    late = _faults("after_end", 9)

    found = evidence(_message(after_end=7, boundary=2, boundary_seen=2), late)
    assert _failed("after-end", found) == []
    for wrong in (0, 10):
        assert _failed("after-end", evidence(_message(after_end=wrong), late)) == [
            "messages after their end"
        ]


def test_a_notification_of_an_unknown_message_must_be_right() -> None:
    dropped = _faults("drop", 9)

    assert _failed("unknown-ids", evidence(_message(lost=9), dropped)) == []
    wrong = {"notifications": {"missed": 3, "spurious": 3}}
    failed = _failed("unknown-ids", evidence(_message(lost=9) | wrong, dropped))
    assert failed[:2] == ["notifications missed", "notifications spurious"]


def test_a_run_of_which_half_is_refused_must_not_pass() -> None:
    stats = {"faults": {"rate_limit": {"message": 200}}}
    refused = {"actions": {"message": {"errors": 200}}}

    assert _failed("refused", evidence(refused | {"verdict": "FAIL"}, stats)) == []
    assert _failed("refused", evidence(refused, stats)) == ["a run of which half is refused passes"]


def test_a_run_that_lost_a_worker_must_not_pass() -> None:
    generator = {"generator": {"workers": 2, "dropped_arrivals": 40}}

    assert _failed("ended-worker", evidence(generator | {"verdict": "INCONCLUSIVE"})) == []
    assert _failed("ended-worker", evidence(generator)) == ["a run that lost a worker passes"]
