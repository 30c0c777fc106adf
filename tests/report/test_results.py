import datetime
import random
from pathlib import Path

import pytest

from loadtest.errors import UsageError
from loadtest.report.files import RunFolder
from loadtest.report.latency_log import LatencyInterval
from loadtest.report.renderings import FORMATS
from loadtest.report.results import RunResults, render_again, write_results
from tests.support.summaries import passing_summary, timeline

RENDERED = {each.file for each in FORMATS.values()}
STARTED = datetime.datetime(2026, 11, 22, 19, 15, tzinfo=datetime.UTC)
RESULTS = RunResults(
    summary=passing_summary(),
    timeline=timeline(),
    latency=[LatencyInterval("channel.message.created", 0, 1, {1900: 40})],
    started=STARTED,
    profile_toml='name = "smoke"\n',
)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path, "smoke", STARTED, random.Random(1))


def test_a_run_leaves_all_its_files(folder: RunFolder) -> None:
    write_results(folder, RESULTS)

    measured = ("latency.hlog", "profile.toml", "summary.json", "timeline.csv")
    assert folder.names() == tuple(sorted((*measured, *RENDERED)))


def test_a_file_that_cannot_be_written_takes_no_other_with_it(folder: RunFolder) -> None:
    (folder.path / "timeline.csv").mkdir()
    (folder.path / "profile.toml").mkdir()

    with pytest.raises(UsageError) as caught:
        write_results(folder, RESULTS)

    assert [problem.partition(":")[0] for problem in caught.value.problems] == [
        str(folder.path / "timeline.csv"),
        str(folder.path / "profile.toml"),
    ]
    assert folder.names() == tuple(sorted(("latency.hlog", "summary.json", *RENDERED)))


def test_renderings_made_again_are_the_same(folder: RunFolder) -> None:
    write_results(folder, RESULTS)
    page = (folder.path / "report.html").read_text()
    (folder.path / "report.html").unlink()

    render_again(RunFolder.open(folder.path))

    assert (folder.path / "report.html").read_text() == page


def test_one_rendering_can_be_made_again_alone(folder: RunFolder) -> None:
    write_results(folder, RESULTS)
    for name in RENDERED:
        (folder.path / name).unlink()

    made = render_again(folder, ["junit", "csv"])

    assert made == (folder.path / "junit.xml", folder.path / "figures.csv")
    assert RENDERED & set(folder.names()) == {"junit.xml", "figures.csv"}
