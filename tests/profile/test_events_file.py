from pathlib import Path

import pytest

from loadtest.errors import UsageError
from loadtest.profile.events_file import EventKind, UserEvent, read_events, write_events

EVENTS = [
    UserEvent(0.0, EventKind.MEMBER, "jane", channel="lobby", type="PUBLIC"),
    UserEvent(0.5, EventKind.ONLINE, "jane", "phone"),
    UserEvent(1.0, EventKind.ENTER, "jane", "phone", "lobby"),
    UserEvent(2.25, EventKind.MESSAGE, "jane", channel="lobby", length=12),
    UserEvent(3.0, EventKind.LEAVE, "jane", "phone", "lobby"),
    UserEvent(4.0, EventKind.OFFLINE, "jane", "phone"),
]


def problems(folder: Path, text: str | bytes) -> tuple[str, ...]:
    """Return what is wrong with a text, without the path of its file."""
    path = folder / "e.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UsageError) as caught:
        read_events(path)
    return tuple(problem.removeprefix(str(path)) for problem in caught.value.problems)


def read(folder: Path, *lines: str) -> list[UserEvent]:
    path = folder / "e.csv"
    path.write_text("\n".join(("time,event,user,device,channel,type,length", *lines)))
    return read_events(path)


def test_events_survive_a_file(tmp_path: Path) -> None:
    path = tmp_path / "e.csv"
    write_events(path, EVENTS)

    assert read_events(path) == EVENTS


def test_events_are_read_in_order_of_time(tmp_path: Path) -> None:
    path = tmp_path / "e.csv"
    write_events(path, reversed(EVENTS))

    assert read_events(path) == EVENTS


def test_columns_may_stand_in_any_order_among_others(tmp_path: Path) -> None:
    path = tmp_path / "e.csv"
    path.write_text("user,country,time,event,device\njane,PT,7,online,phone\n")

    assert read_events(path) == [UserEvent(7.0, EventKind.ONLINE, "jane", "phone")]


def test_time_may_be_a_date(tmp_path: Path) -> None:
    first, second = read(
        tmp_path,
        "2026-11-22T13:00:00+00:00,online,jane,phone",
        "2026-11-22T15:00:01.500+02:00,offline,jane,phone",
    )

    assert second.at_s - first.at_s == 1.5


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        pytest.param(
            "noon,online,jane,phone,,,",
            "time is 'noon'; it must be seconds, or ISO 8601 with a time zone",
            id="no time",
        ),
        pytest.param(
            "2026-11-22T13:00:00,online,jane,phone,,,", "time is '2026", id="no time zone"
        ),
        pytest.param("nan,online,jane,phone,,,", "time is 'nan'", id="not a number"),
        pytest.param("1,sleep,jane,,,,", "event is 'sleep'; it must be one of", id="no event"),
        pytest.param("1,online,,phone,,,", "user is empty", id="no user"),
        pytest.param("1,online,jane,,,,", "device is empty; online needs it", id="no device"),
        pytest.param("1,message,jane,,,,", "channel is empty; message needs it", id="no channel"),
        pytest.param("1,member,jane,,lobby,OPEN,", "type is 'OPEN'; it must be one of", id="type"),
        pytest.param("1,message,jane,,lobby,,-3", "length is '-3'; it must be a", id="length"),
    ],
)
def test_a_wrong_line_is_named_with_its_number(tmp_path: Path, line: str, problem: str) -> None:
    header = "time,event,user,device,channel,type,length\n0,online,jane,phone,,,\n"
    (found,) = problems(tmp_path, f"{header}{line}\n")

    assert found.startswith(f":3: {problem}")


def test_the_first_wrong_lines_are_said_together(tmp_path: Path) -> None:
    found = problems(tmp_path, "time,event,user\n" + "x,online,\n" * 9)

    assert len(found) == 10
    assert found[0].startswith(":2: time")


def test_a_file_that_is_no_export_is_refused(tmp_path: Path) -> None:
    assert problems(tmp_path, "a,b\n1,2\n")[0].startswith(
        ":1: the columns are a, b; time, event, user must be among them"
    )
    assert problems(tmp_path, "")[0].startswith(":1: the columns are none")
    assert problems(tmp_path, "time,event,user\n")[0].startswith(": it has no events")
    assert problems(tmp_path, b"time,event,user\n\xff")[0] == ": byte 16 is not UTF-8"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="it cannot be read: no such file or directory"):
        read_events(tmp_path / "none.csv")
    with pytest.raises(UsageError, match="it cannot be written: no such file or directory"):
        write_events(tmp_path / "no" / "folder.csv", EVENTS)
