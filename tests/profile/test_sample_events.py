from itertools import islice, pairwise
from pathlib import Path

from loadtest.profile import load_profile
from loadtest.profile.events_file import EventKind, read_events, write_events
from loadtest.profile.sample_events import sample_events
from tests.support.profiles import profile

PAGE = Path(__file__).parents[2] / "docs" / "fit.md"


def test_a_sample_is_a_function_of_the_profile() -> None:
    assert list(sample_events(profile())) == list(sample_events(profile()))
    assert list(sample_events(profile())) != list(sample_events(profile("run.seed=2")))


def test_a_sample_holds_who_there_is_and_what_they_do() -> None:
    lively = profile(
        "chat_sessions.stay_s=8", "chat_sessions.away_s=4", "workload.offline_rate_per_s=0.5"
    )
    events = list(sample_events(lively))
    kinds = {kind: [event for event in events if event.kind is kind] for kind in EventKind}

    assert all(kinds.values())
    assert len(kinds[EventKind.MEMBER]) == 2 * 8
    assert len({event.user for event in kinds[EventKind.ONLINE] if not event.at_s}) == 20
    assert all(event.length for event in kinds[EventKind.MESSAGE])
    assert all(earlier.at_s <= later.at_s for earlier, later in pairwise(events))
    assert events[-1].at_s < lively.run.duration_s


def test_a_sample_is_an_export(tmp_path: Path) -> None:
    path = tmp_path / "e.csv"
    write_events(path, sample_events(profile()))

    assert len(read_events(path)) == len(list(sample_events(profile())))


def test_the_documented_lines_are_those_of_the_sample(tmp_path: Path) -> None:
    path = tmp_path / "e.csv"
    write_events(path, sample_events(load_profile("smoke")))
    lines = path.read_text(encoding="utf-8").splitlines()
    page = PAGE.read_text(encoding="utf-8").splitlines()
    shown = page[page.index("```csv") + 1 :]
    shown = [line for line in shown[: shown.index("```")] if line != "…"]

    assert shown[:3] == list(islice(lines, 3))
    assert set(shown) <= set(lines)
