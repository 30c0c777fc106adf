"""Progress of a study: a table on a terminal, lines elsewhere."""

import io

from rich.console import Console

from loadtest.capacity.progress import StudyProgress
from tests.support.studies import study


def shown(*, is_terminal: bool) -> str:
    console = Console(file=io.StringIO(), width=100, force_terminal=is_terminal)
    progress = StudyProgress(console)
    progress.tick("trial 1 at 20 messages/s: 3 of 50 s")
    progress.begin(1, "20 messages/s", 50)
    progress.take(study(), 120)
    progress.tick("trial 9 at 180 messages/s: 3 of 50 s")
    progress.close()
    progress.close()
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_without_a_terminal_each_trial_is_a_line() -> None:
    assert shown(is_terminal=False).splitlines() == [
        "trial 1: 20 messages/s, about 50 s",
        "trial 8: 176 messages/s PASS, p99 49.0 ms, 1,408 deliveries/s",
        "the limit is 170 to 190 messages/s (95% interval); at most 2 min left",
    ]


def test_a_terminal_shows_the_trials_the_interval_and_the_time_left() -> None:
    text = shown(is_terminal=True)

    assert "3 of 50 s" in text
    assert "deliveries/s" in text
    assert "at most 2 min left" in text
