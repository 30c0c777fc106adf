import csv
import datetime
import errno
import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from loadtest.errors import UsageError
from loadtest.report.files import RunFolder, run_id
from loadtest.report.latency_log import LatencyInterval
from loadtest.report.summary import SCHEMA
from tests.support.summaries import passing_summary, timeline

STARTED = datetime.datetime(2026, 11, 22, 19, 15, tzinfo=datetime.UTC)


def new_folder(results: Path, seed: int = 1) -> RunFolder:
    return RunFolder.create(results, "smoke", STARTED, random.Random(seed))


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        pytest.param("smoke", "smoke", id="a plain name"),
        pytest.param(
            "Busy Room/2", "busy-room-2", id="what a path or shell would read is replaced"
        ),
        pytest.param("../..", "run", id="nothing usable"),
        pytest.param("x" * 90, "x" * 40, id="a long name is cut"),
    ],
)
def test_a_run_id_names_time_and_profile(name: str, slug: str) -> None:
    stamp, _, rest = run_id(name, STARTED, random.Random(7)).partition("-")

    assert stamp == "20261122T191500Z"
    assert rest[:-5] == slug
    assert int(rest[-4:], 16) >= 0


def test_run_ids_sort_by_time_whatever_the_zone() -> None:
    east = datetime.timezone(datetime.timedelta(hours=9))
    moments = [STARTED.astimezone(east), STARTED + datetime.timedelta(seconds=1)]

    ids = [run_id("z", moments[0], random.Random(1)), run_id("a", moments[1], random.Random(1))]

    assert ids == sorted(ids)


def test_two_runs_of_one_second_have_two_folders(tmp_path: Path) -> None:
    first, second = new_folder(tmp_path), new_folder(tmp_path)

    assert first.path != second.path
    assert first.run_id == first.path.name


def test_a_folder_that_cannot_be_made_is_refused_with_a_remedy(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()

    with pytest.raises(
        UsageError, match=r"results: cannot be written: not a directory; use --results"
    ):
        new_folder(blocked / "results")


def test_a_generator_that_never_varies_ends_in_an_error(tmp_path: Path) -> None:
    class Stuck(random.Random):
        def getrandbits(self, k: int, /) -> int:
            return 0

    RunFolder.create(tmp_path, "smoke", STARTED, Stuck())

    with pytest.raises(UsageError, match="no unused run id"):
        RunFolder.create(tmp_path, "smoke", STARTED, Stuck())


def test_the_summary_comes_back_as_it_was(tmp_path: Path) -> None:
    folder = new_folder(tmp_path)

    path = folder.write_summary(passing_summary())

    assert folder.read_summary() == passing_summary()
    assert path.read_text().startswith(f'{{\n  "schema": "{SCHEMA}"')
    assert path.read_text().endswith("}\n")


def test_the_summary_holds_no_value_that_json_lacks(tmp_path: Path) -> None:
    folder = new_folder(tmp_path)

    counts: dict[Any, int] = {3: 4}
    folder.write_summary({"mean_ms": float("nan"), "path": tmp_path, "counts": counts})

    assert json.loads((folder.path / "summary.json").read_text()) == {
        "schema": SCHEMA,
        "mean_ms": None,
        "path": str(tmp_path),
        "counts": {"3": 4},
    }


def test_what_was_measured_is_never_overwritten(tmp_path: Path) -> None:
    folder = new_folder(tmp_path)
    folder.write_summary({"a": 1})

    with pytest.raises(UsageError, match="never overwritten"):
        folder.write_summary({"a": 2})

    assert folder.read_summary()["a"] == 1


def test_a_rendering_may_be_made_again(tmp_path: Path) -> None:
    folder = new_folder(tmp_path)
    folder.write_text("report.html", "old")

    folder.write_text("report.html", "new")

    assert (folder.path / "report.html").read_text() == "new"


def test_the_timeline_has_a_column_per_key_and_blanks_for_the_unknown(tmp_path: Path) -> None:
    folder = new_folder(tmp_path)

    path = folder.write_timeline([{"t_s": 0, "p99_ms": None}, {"t_s": 1, "p99_ms": 2.5, "lost": 3}])

    assert path.read_text() == "t_s,p99_ms,lost\n0,,\n1,2.5,3\n"
    assert folder.read_timeline() == [
        {"t_s": 0, "p99_ms": None, "lost": None},
        {"t_s": 1, "p99_ms": 2.5, "lost": 3},
    ]


def test_a_timeline_of_a_run_that_never_began_is_empty(tmp_path: Path) -> None:
    folder = new_folder(tmp_path)

    assert folder.read_timeline() == []
    folder.write_timeline([])

    assert folder.read_timeline() == []


def test_any_csv_reader_takes_the_timeline(tmp_path: Path) -> None:
    path = new_folder(tmp_path).write_timeline(timeline())

    with path.open(newline="") as lines:
        rows = list(csv.DictReader(lines))

    assert len(rows) == 20
    assert rows[0]["delivery_p50_ms"] == ""


def test_every_file_has_its_name(tmp_path: Path) -> None:
    folder = new_folder(tmp_path)

    folder.write_profile('name = "smoke"\n')
    folder.write_latency_log([LatencyInterval("e", 0, 1, {1: 1})], STARTED)
    folder.log_path.touch()

    assert folder.names() == ("latency.hlog", "profile.toml", "run.log")


@pytest.mark.parametrize(
    ("number", "said"),
    [
        pytest.param(errno.ENOSPC, "no space left on device; free some space", id="a full disk"),
        pytest.param(errno.EACCES, "permission denied; make it writable", id="no permission"),
    ],
)
def test_a_file_that_cannot_be_written_leaves_no_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, said: str
) -> None:
    folder = new_folder(tmp_path)

    def refuse(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)

    with pytest.raises(UsageError, match=f"summary.json: cannot be written: {said}"):
        folder.write_summary({})

    assert folder.names() == ()


def test_a_folder_without_a_summary_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no summary\.json in it; name the folder of a run"):
        RunFolder.open(tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"{", "not JSON", id="half a file"),
        pytest.param(b"[]", "schema is None", id="something else"),
        pytest.param(b'{"schema": "chatkitty-loadtest/9"}', "this version reads", id="newer"),
    ],
)
def test_a_summary_of_another_kind_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "summary.json").write_bytes(content)

    with pytest.raises(UsageError, match=said):
        RunFolder.open(tmp_path).read_summary()


@pytest.mark.parametrize("name", ["summary.json", "timeline.csv"])
def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    folder = new_folder(tmp_path)
    folder.write_summary({})
    folder.write_timeline([{"t_s": 0}])

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr(Path, "read_bytes", refuse)

    with pytest.raises(UsageError, match=f"{name}: cannot be read: Input/output error"):
        folder.read_summary() if name == "summary.json" else folder.read_timeline()


def test_a_cell_that_is_no_number_is_unknown(tmp_path: Path) -> None:
    folder = new_folder(tmp_path)
    folder.write_timeline([{"t_s": 0, "phase": "running"}])

    assert folder.read_timeline() == [{"t_s": 0, "phase": None}]
