"""What the verb refuses, removes and says; whole runs before it are in ``tests/integration``."""

import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadtest.cli.main import main
from loadtest.provisioning import (
    ApiAccess,
    Credentials,
    Manifest,
    ManifestHeader,
    ManifestWriter,
    PlatformClient,
    ProgressLines,
    WantedChannel,
    WantedPopulation,
    make_population,
)
from tests.support.runs import server_stats
from tests.support.server_process import running_server

RUN = "20261122T191500Z-smoke-3f9a"


@pytest.fixture(autouse=True)
def interrupts() -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOADTEST_CLIENT_ID", "LOADTEST_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def url() -> Iterator[str]:
    with running_server() as address:
        yield address


def manifest_of(results: Path, host: str, *, is_embedded: bool = False) -> ManifestWriter:
    folder = results / RUN
    folder.mkdir(parents=True)
    header = ManifestHeader(
        run_id=RUN,
        host=host,
        is_embedded=is_embedded,
        api_url=host,
        token_url=f"{host}/oauth/token",
        style="plain",
        is_marked=True,
    )
    return ManifestWriter.of_run(folder, header)


def make(results: Path, url: str) -> None:
    wanted = WantedPopulation(["u0", "u1"], [WantedChannel("den", "PRIVATE", ("u0", "u1"))])
    access = ApiAccess(url, f"{url}/oauth/token")
    client = PlatformClient(access, Credentials("a", "b"), random=random.Random(1))
    with client, manifest_of(results, url) as manifest:
        progress = ProgressLines(lambda _: None)
        make_population(client, wanted, run_id=RUN, manifest=manifest, progress=progress)


def call(results: Path, *arguments: str) -> int:
    return main(["cleanup", RUN, "--results", str(results), *arguments])


def test_what_a_run_made_is_removed_once(
    tmp_path: Path, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path, url)

    assert call(tmp_path, "--dry-run") == 0
    assert server_stats(url)["stored"]["users"] == 2
    assert call(tmp_path, "--host", f"{url}/", "--requests-at-once", "2") == 0
    assert server_stats(url)["stored"] == {"users": 0, "channels": 0, "messages": 0}
    assert call(tmp_path) == 0
    said = capsys.readouterr().out
    assert said.count(f"{RUN} on {url}: 2 users and 1 channels to remove") == 2
    assert "3 removed, 0 already gone" in said
    assert said.endswith("0 users and 0 channels to remove\n")


def test_what_is_not_the_run_s_by_now_is_left_and_told(
    tmp_path: Path, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path, url)
    path = tmp_path / RUN / "provisioned.jsonl"
    path.write_text(path.read_text().replace('"u0"', '"x0"'))

    assert call(tmp_path) == 1
    assert server_stats(url)["stored"]["users"] == 1
    assert "1 left, as they are not this run's" in capsys.readouterr().out


def test_a_run_may_be_named_by_the_path_of_its_folder(
    tmp_path: Path, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path, url)

    assert main(["cleanup", str(tmp_path / RUN)]) == 0
    assert "3 removed" in capsys.readouterr().out


def test_an_embedded_server_took_everything_along(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest_of(tmp_path, "http://127.0.0.1:1", is_embedded=True).__exit__(None, None, None)

    assert call(tmp_path) == 0
    assert "its embedded server ended with it" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("host", "arguments", "problem"),
    [
        pytest.param(
            "https://chat.test",
            (),
            "the run was on https://chat.test; to remove what it made there, give --host",
            id="another machine must be named",
        ),
        pytest.param(
            "http://127.0.0.1:1",
            ("--host", "http://127.0.0.1:2"),
            "--host is http://127.0.0.1:2; the run was on http://127.0.0.1:1",
            id="another server than the run's",
        ),
        pytest.param(
            "https://api.chatkitty.com",
            ("--host", "https://api.chatkitty.com"),
            "--i-am-allowed-to-load api.chatkitty.com",
            id="the vendor's",
        ),
        pytest.param(
            "https://chat.test",
            ("--host", "https://chat.test"),
            "LOADTEST_CLIENT_ID and LOADTEST_CLIENT_SECRET must be set",
            id="no credentials",
        ),
    ],
)
def test_what_may_not_be_is_refused_before_anything_is_sent(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    host: str,
    arguments: tuple[str, ...],
    problem: str,
) -> None:
    with manifest_of(tmp_path, host) as manifest:
        path = manifest.path
    path.write_bytes(path.read_bytes() + b'{"stage":"made","kind":"user","name":"u0","id":1}\n')

    assert call(tmp_path, *arguments) == 2
    assert problem in capsys.readouterr().err
    assert len(Manifest.read(path).to_remove("user")) == 1


def test_a_run_that_is_not_there_is_told_with_the_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(tmp_path) == 2
    assert f"{RUN}: there is no such folder, and no such run in {tmp_path}" in (
        capsys.readouterr().err
    )


def test_a_run_without_a_manifest_made_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / RUN).mkdir()

    assert call(tmp_path) == 2
    assert "made nothing that could be removed" in capsys.readouterr().err


def test_a_stop_is_told_and_the_rest_stays(
    tmp_path: Path, url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, url)
    monkeypatch.setattr(PlatformClient, "sign_in", lambda client: client.stop.set())

    assert call(tmp_path) == 130
    assert "stopped; call it again to go on" in capsys.readouterr().out
    assert server_stats(url)["stored"]["users"] == 2
