"""What the panel shows: states, verdict so far, thresholds, and what it costs."""

from pathlib import Path
from typing import Any

import pytest

from loadtest.clock import NS_PER_S
from loadtest.metrics.clocks.state import ClockState
from loadtest.web.course import Point
from loadtest.web.desk import WorkerState
from loadtest.web.live import WorkerView
from loadtest.web.screen import SCHEMA, Screen
from tests.support.summaries import built_summary, failed_summary, passing_summary
from tests.support.web_desk import FakeDesk, FakeRun


class Watching:
    def __init__(self, folder: Path, summary: dict[str, Any] | None = None) -> None:
        self.now_ns = 0
        self.desk = FakeDesk(folder)
        self.run = FakeRun(folder / "20261126T020053Z-smoke-26e8", summary)
        self.desk.run = self.run
        self.screen = Screen(self.desk, lambda: self.now_ns)
        assert self.run.live is not None
        for second in range(5):
            self.run.live.course.add(Point(second, second + 1, {"messages": second}))


@pytest.fixture
def watching(tmp_path: Path) -> Watching:
    return Watching(tmp_path)


@pytest.mark.parametrize(
    ("locust_state", "has_run", "is_draining", "is_finished", "state"),
    [
        pytest.param("ready", False, False, False, "empty", id="nothing was started"),
        pytest.param("spawning", False, False, False, "starting", id="users are being made"),
        pytest.param("running", True, False, False, "running", id="it runs"),
        pytest.param("stopping", True, True, False, "draining", id="it drains"),
        pytest.param("stopped", True, True, True, "ended", id="it is over"),
        pytest.param("stopped", False, False, False, "empty", id="it was refused"),
    ],
)
def test_each_state_has_its_word(
    watching: Watching,
    locust_state: str,
    *,
    has_run: bool,
    is_draining: bool,
    is_finished: bool,
    state: str,
) -> None:
    watching.desk.state = locust_state
    watching.run.is_draining, watching.run.is_finished = is_draining, is_finished
    if not has_run:
        watching.desk.run = None

    answer = watching.screen.answer()
    assert (answer["schema"], answer["state"]) == (SCHEMA, state)


def test_a_page_gets_the_whole_course_and_then_what_is_new(watching: Watching) -> None:
    first = watching.screen.answer()
    again = watching.screen.answer(first["run_id"], since_s=3)
    other = watching.screen.answer("another run", since_s=3)

    assert (len(first["points"]), first["is_whole"]) == (5, True)
    assert ([point["to_s"] for point in again["points"]], again["is_whole"]) == ([4, 5], False)
    assert len(other["points"]) == 5


def test_the_final_verdict_is_the_summary_s(tmp_path: Path) -> None:
    watching = Watching(tmp_path, failed_summary())
    watching.run.is_finished = True

    verdict = watching.screen.answer()["verdict"]
    assert (verdict["word"], verdict["tone"], verdict["is_final"]) == ("FAIL", "bad", True)
    assert verdict["reasons"]


def with_thresholds(*standing: tuple[str, float | None, bool | None, int]) -> dict[str, Any]:
    summary = passing_summary()
    summary["thresholds"] = [
        {"expression": expression, "value": value, "held": held, "samples": samples}
        for expression, value, held, samples in standing
    ]
    return summary


P99 = "latency.channel.message.created.p99_ms < 100"


@pytest.mark.parametrize(
    ("value", "held", "samples", "word", "stands"),
    [
        pytest.param(20.0, True, 2_000, "PASS so far", "holds", id="far from its limit"),
        pytest.param(90.0, True, 2_000, "PASS so far, at risk", "at risk", id="near its limit"),
        pytest.param(120.0, False, 2_000, "FAIL so far", "broken", id="beyond it"),
        pytest.param(20.0, None, 9, "Too early to say", "too few samples", id="not supported yet"),
        pytest.param(99.0, None, 2_000, "PASS so far, at risk", "too near to say", id="too near"),
    ],
)
def test_while_a_run_goes_on_the_thresholds_say_how_it_stands(
    tmp_path: Path, value: float, samples: int, *, held: bool | None, word: str, stands: str
) -> None:
    watching = Watching(tmp_path, with_thresholds((P99, value, held, samples)))
    answer = watching.screen.answer()

    assert answer["verdict"]["word"] == word
    [threshold] = answer["thresholds"]
    assert (threshold["stands"], threshold["samples_needed"]) == (stands, 1000)
    assert threshold["distance_ratio"] == pytest.approx((100 - value) / 100)


def test_a_threshold_that_breaks_becomes_a_mark_once(tmp_path: Path) -> None:
    watching = Watching(tmp_path, with_thresholds((P99, 120.0, False, 2_000)))
    watching.screen.answer()
    watching.now_ns += 100 * NS_PER_S
    watching.screen.note()

    assert watching.run.live is not None
    assert [mark.text for mark in watching.run.live.marks] == [f"broken: {P99}"]


def test_a_summary_is_not_made_for_each_page_that_asks(watching: Watching) -> None:
    for _ in range(5):
        watching.screen.answer()
    assert watching.run.summaries == 1
    watching.now_ns += NS_PER_S
    watching.screen.answer()
    assert watching.run.summaries == 2
    watching.run.is_finished = True
    watching.screen.answer()
    watching.now_ns += 10 * NS_PER_S
    watching.screen.answer()

    assert watching.run.summaries == 3, "the end is shown at once, and changes no more"


def test_a_dear_summary_is_made_less_often(watching: Watching) -> None:
    made = watching.run.summary

    def dear() -> Any:
        watching.now_ns += NS_PER_S // 10
        return made()

    watching.run.summary = dear  # type: ignore[method-assign]
    watching.screen.answer()
    watching.now_ns += 5 * NS_PER_S
    watching.screen.answer()
    assert watching.run.summaries == 1, "a tenth of a second is one hundredth of ten seconds"
    watching.now_ns += 6 * NS_PER_S
    watching.screen.answer()

    assert watching.run.summaries == 2


@pytest.mark.parametrize(
    ("p99_ms", "tone", "words"),
    [
        pytest.param(4.0, "good", "keeps up: lag p99 4.00 ms", id="in time"),
        pytest.param(48.0, "bad", "is the bottleneck: lag p99 48.0 ms, limit 20", id="late"),
    ],
)
def test_a_light_says_whether_the_generator_keeps_up(
    tmp_path: Path, p99_ms: float, tone: str, words: str
) -> None:
    summary = built_summary()
    summary["generator"]["lag"] |= {"count": 500, "p99_ms": p99_ms}
    summary["generator"]["loop_lag"] |= {"count": 50, "p99_ms": 1.0}
    summary["profile"] = {
        "name": "x",
        "generator": {"lag_p99_limit_ms": 20, "loop_lag_p99_limit_ms": 200},
    }
    answer = Watching(tmp_path, summary).screen.answer()
    light = answer["generator"]

    assert light["tone"] == tone
    assert answer["verdict"]["word"].startswith("INCONCLUSIVE") is (tone == "bad")
    assert words in light["text"]


def test_a_lost_worker_is_named(watching: Watching) -> None:
    view = WorkerView(1, 40, 50, 0.95, 3.0, 7.0)
    clock = ClockState(offset_ms=0.1, drift_ppm=1, uncertainty_ms=0.05, exchanges=9)
    watching.run.states = [WorkerState(view, clock, is_lost=True)]
    answer = watching.screen.answer()

    assert "worker 2 is lost" in answer["generator"]["text"]
    [row] = answer["workers"]["rows"]
    assert row["label"] == "worker 2"
    assert row["cells"] == [
        ["40", "plain"],
        ["50", "plain"],
        ["95 %", "warn"],
        ["3.00 ms", "plain"],
        ["0.050 ms", "plain"],
        ["lost", "bad"],
    ]


def test_tables_are_those_of_the_reports(tmp_path: Path) -> None:
    summary = passing_summary()
    outcomes = {"delivered": 3, "notified": 2, "neither": 1, "both": 1}
    summary["notifications"] |= {"handoff": outcomes, "entry": outcomes}
    answer = Watching(tmp_path, summary).screen.answer()
    titles = [table["title"] for table in answer["tables"]]

    assert titles[:2] == ["Fan-out of messages", "Deliveries"]
    facts = {fact["label"]: fact["tone"] for fact in answer["facts"]["notifications"]}
    assert (facts["hand-off: neither"], facts["hand-off: notified"]) == ("bad", "plain")
    assert facts["entry: both"] == "plain", "an entry has no wrong outcome"
