import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.clock import NS_PER_MS
from loadtest.errors import UsageError
from loadtest.metrics import Totals
from loadtest.observations import ChatEvent
from loadtest.recording import replay
from loadtest.recording.journal import Journal, RunFrame, WorkerFrame, read_frames
from tests.support.observation_calls import (
    RUN_ID,
    STARTED_NS,
    calls,
    play,
    recorded,
    totals_of,
)


def _at(ms: int) -> int:
    return STARTED_NS + ms * NS_PER_MS


def _message(path: Path, worker: int = 0, run_id: str = RUN_ID) -> Totals:
    """Record a run of one message to one device, and return its totals."""
    with recorded(path, worker, run_id) as recorder:
        recorder.observer.user_session_started(1, 11, _at(0))
        recorder.observer.chat_session_starting(1, 1, 1, _at(1))
        recorder.observer.chat_session_started(1, _at(2))
        recorder.observer.message_sent(1, 2, 1, 1, _at(2_000), _at(2_001))
        recorder.write(_at(2_001))
        recorder.observer.message_delivered(1, 1, 101, _at(2_050))
        recorder.roll(_at(3_000))
        totals = totals_of(recorder)
        recorder.end()
    return totals


@given(made=calls(), drained=st.booleans())
def test_any_observations_give_the_same_totals_again(
    made: list[tuple[str, tuple[Any, ...]]], drained: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.rec"
        with recorded(path) as recorder:
            play(recorder, made)
            totals = totals_of(recorder, drained=drained)
            recorder.end()
        again = replay([path])

    assert again.totals == totals
    assert again.totals.figures.to_plain() == totals.figures.to_plain()
    assert not again.cuts


def test_workers_add_up_in_any_order_of_files(tmp_path: Path) -> None:
    one, two = tmp_path / "run.1", tmp_path / "run.2"
    _message(one, 0)
    _message(two, 1)

    assert replay([one, two]).totals == replay([two, one]).totals
    assert replay([one, two]).totals.figures.load.messages == 2


def test_a_cut_recording_gives_what_was_known_by_then_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "run.rec"
    _message(path)
    content = path.read_bytes()
    offset = content.rindex(b"calls")
    path.write_bytes(content[: offset + 8])
    again = replay([path])
    message = again.totals.figures.event(ChatEvent.MESSAGE_CREATED)

    assert (message.expected, message.boundary, message.in_flight) == (0, 1, 1)
    assert again.totals.open_count == 0
    assert "run.rec: cut 0.0 s after the start, after 4 calls: it ends within" in again.cuts[0]


def test_a_run_that_was_killed_between_two_frames_is_cut_as_well(tmp_path: Path) -> None:
    path = tmp_path / "run.rec"
    with recorded(path) as recorder:
        recorder.settle(_at(1_500))
        recorder.write(_at(1_500))
    again = replay([path])

    assert "cut 1.5 s after the start" in again.cuts[0]
    assert "did not come to its end" in again.cuts[0]
    assert again.length_s == 1.5


def test_the_last_record_of_the_run_counts(tmp_path: Path) -> None:
    path = tmp_path / "run.rec"
    journal = Journal(path)
    journal.write(RunFrame(RUN_ID, {"is_final": False}))
    journal.write(RunFrame(RUN_ID, {"is_final": True}))
    journal.close()
    again = replay([path])

    assert again.record == {"is_final": True}
    assert again.totals == Totals()


def test_files_of_two_runs_are_refused(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    _message(one, 0)
    _message(two, 1, run_id="another")
    with pytest.raises(UsageError, match="of another run"):
        replay([one, two])


def test_a_worker_that_is_named_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.rec"
    _message(path)
    with pytest.raises(UsageError, match=r"worker 0 is in .*run\.rec, too"):
        replay([path, path])


def test_a_call_that_this_version_does_not_know_is_refused(tmp_path: Path) -> None:
    path, other = tmp_path / "run.rec", tmp_path / "other.rec"
    _message(path)
    start = next(iter(read_frames(path)))
    assert isinstance(start, WorkerFrame)
    start.methods = (*start.methods, "message_sung")
    journal = Journal(other)
    journal.write(start)
    journal.close()
    with pytest.raises(UsageError, match="does not know: message_sung"):
        replay([other])


def test_calls_without_a_worker_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.rec"
    journal = Journal(path)
    journal.write(("calls", []))
    journal.close()
    with pytest.raises(UsageError, match="before the worker"):
        replay([path])
