from pathlib import Path

from loadtest.metrics import HealthSample
from loadtest.observations import Action, ChatEvent
from loadtest.recording.calls import METHODS
from loadtest.recording.journal import CallsFrame, EndFrame, WorkerFrame, read_frames
from tests.support.observation_calls import RUN_ID, STARTED_NS, recorded


def test_the_ledger_gets_what_the_recorder_gets(tmp_path: Path) -> None:
    with recorded(tmp_path / "run.rec") as recorder:
        recorder.observer.message_sent(1, 1, 1, 1, STARTED_NS, STARTED_NS)
        recorder.observer.action_dropped(Action.MESSAGE, 1, STARTED_NS, "offline")
        recorder.settle(STARTED_NS + 1)
        recorder.health(HealthSample(STARTED_NS + 2, open_files=7))
        recorder.finish(STARTED_NS + 3, drained=True)
        interval = recorder.roll(STARTED_NS + 4)

    assert interval.figures.load.messages == 1
    assert interval.figures.action(Action.MESSAGE).dropped == {"offline": 1}
    assert interval.figures.health.open_files_peak == 7
    assert recorder.open_count == 0
    assert recorder.snapshot()["number"] == 1


def test_calls_are_written_in_their_order_and_the_end_counts_them(tmp_path: Path) -> None:
    with recorded(tmp_path / "run.rec", worker=2) as recorder:
        recorder.observer.member_joined(5, 6, STARTED_NS)
        recorder.observer.event_delivered(ChatEvent.TYPING_STOPPED, 1, 6, STARTED_NS)
        recorder.write(STARTED_NS)
        recorder.write(STARTED_NS)
        recorder.settle(STARTED_NS + 1)
        recorder.end()

    start, *calls, end = read_frames(tmp_path / "run.rec")
    assert isinstance(start, WorkerFrame)
    assert (start.run_id, start.worker, start.started_ns) == (RUN_ID, 2, STARTED_NS)
    assert calls == [
        CallsFrame(
            [
                (METHODS.index("member_joined"), [5, 6, STARTED_NS]),
                (METHODS.index("event_delivered"), [3, 1, 6, STARTED_NS]),
            ]
        ),
        CallsFrame([(METHODS.index("settle"), [STARTED_NS + 1])]),
    ]
    assert end == EndFrame(3)
