"""Whole runs among users and channels that were made beforehand, and what is left after them."""

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

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
from tests.support.runs import (
    SMALL,
    Finished,
    Run,
    run_loadtest,
    run_locust,
    server_stats,
    two_processes,
)
from tests.support.server_process import running_server

CLIENT = ("--client-id", "me", "--client-secret", "hush-hush")
PLATFORM = ("--set", "provisioning.mode=platform")
# Enough to be lost, and no threshold that needs what so short a run may not have.
BUSY = (
    *SMALL,
    *("--set", "workload.message_rate_per_s=40"),
    *("--set", 'thresholds=["ledger.channel.message.created.lost == 0"]'),
)
DURATION = ("--duration", "6s")
_TIMEOUT_S = 60


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOADTEST_CLIENT_ID", "me")
    monkeypatch.setenv("LOADTEST_CLIENT_SECRET", "hush-hush")


@pytest.fixture
def started() -> Iterator[list[Run]]:
    runs: list[Run] = []
    yield runs
    for run in runs:
        run.kill()


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return tmp_path / "results"


def stored(url: str) -> dict[str, int]:
    counts: dict[str, int] = server_stats(url)["stored"]
    return counts


def cleanup(results: Path, *options: str) -> subprocess.CompletedProcess[str]:
    (folder,) = results.iterdir()
    command = [sys.executable, "-m", "loadtest", "cleanup", folder.name]
    return subprocess.run(
        [*command, "--results", str(results), *options],
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )


def check_valid(finished: Finished) -> dict[str, Any]:
    """Check that nothing was lost; return what was counted of messages."""
    assert finished.exit_code == 0, finished.output + finished.errors
    summary = finished.summary
    message: dict[str, Any] = summary["ledger"]["channel.message.created"]
    assert summary["adds_up"] is True
    assert message["expected"] > 0
    assert message["delivered"] == message["expected"]
    assert "hush-hush" not in "".join(
        path.read_text(errors="replace") for path in finished.results.rglob("*") if path.is_file()
    )
    return message


def test_what_the_platform_api_made_is_run_and_then_removed(
    results: Path, started: list[Run]
) -> None:
    with running_server(*CLIENT) as url:
        before = stored(url)
        run = run_loadtest(results, "smoke", *BUSY, *DURATION, *PLATFORM, "--host", url)
        started.append(run)
        finished = run.finish()
        check_valid(finished)
        between = stored(url)
        planned = cleanup(results, "--dry-run")
        removed = cleanup(results)
        after = stored(url)
        again = cleanup(results)

    assert "users: 25 of 25 (25 made)" in finished.output
    assert "create_channel" not in finished.summary["actions"]
    assert between["users"] == 25
    assert between["channels"] > 1
    assert planned.stdout.endswith(f"25 users and {between['channels']} channels to remove\n")
    assert removed.returncode == 0, removed.stdout + removed.stderr
    assert f"{25 + between['channels']} removed, 0 already gone" in removed.stdout
    assert after == before
    assert "0 users and 0 channels to remove" in again.stdout


def test_two_processes_run_what_was_made_in_the_older_style(
    results: Path, started: list[Run]
) -> None:
    with running_server(*CLIENT) as url:
        run = run_locust(
            results,
            *BUSY,
            *PLATFORM,
            *two_processes(),
            *("--headless", "--dialect", "1"),
            *("--host", url, "--run-time", "7s"),
        )
        started.append(run)
        message = check_valid(run.finish())
        stats = server_stats(url)

    arrived = message["delivered"] + message["boundary_seen"] + message["duplicate"]
    assert arrived == stats["deliveries_on_channel_topics"]["channel.message.created"]
    assert stats["stored"]["users"] == 25


def test_a_second_run_of_that_name_finds_what_the_first_made(
    results: Path, started: list[Run]
) -> None:
    named = (*PLATFORM, "--set", "provisioning.name=nightly")
    with running_server(*CLIENT) as url:
        for folder in (results / "first", results / "second"):
            run = run_loadtest(folder, "smoke", *BUSY, *DURATION, *named, "--host", url)
            started.append(run)
            check_valid(run.finish())
        between = stored(url)
        second = cleanup(results / "second")
        left = stored(url)
        first = cleanup(results / "first")
        after = stored(url)

    assert between["users"] == 25
    assert "0 users and 0 channels to remove" in second.stdout
    assert left == between
    assert first.returncode == 0, first.stdout + first.stderr
    assert (after["users"], after["channels"]) == (0, 0)


def community(url: str, folder: Path) -> dict[str, int]:
    """Make users and channels by hand; return the server's ids."""
    access = ApiAccess(url, f"{url}/oauth/token")
    header = ManifestHeader(
        run_id="by-hand",
        host=url,
        is_embedded=False,
        api_url=url,
        token_url=access.token_url,
        style="plain",
        is_marked=True,
    )
    users = [f"person{n}" for n in range(20)]
    channels = [
        WantedChannel("lobby", "PUBLIC", tuple(users)),
        *(WantedChannel(f"team{n}", "PRIVATE", tuple(users[n : n + 4])) for n in range(0, 16, 4)),
        WantedChannel("pair", "DIRECT", (users[0], users[9])),
    ]
    client = PlatformClient(access, Credentials("me", "hush-hush"), random=random.Random(1))
    with client, ManifestWriter.of_run(folder, header) as manifest:
        made = make_population(
            client,
            WantedPopulation(users, channels),
            run_id="by-hand",
            manifest=manifest,
            progress=ProgressLines(lambda _line: None),
        )
    assert len(Manifest.read(manifest.path).things) == 26
    return made.users | made.channels


@pytest.mark.parametrize(
    ("scale", "users"), [((), 20), (("--scale", "0.5"), 10)], ids=["all of them", "half of them"]
)
def test_users_of_a_file_log_in_with_their_params_and_find_their_channels(
    tmp_path: Path, results: Path, started: list[Run], scale: tuple[str, ...], users: int
) -> None:
    params = {"password": "hush-hush"}
    with running_server(*CLIENT, "--auth-params", json.dumps(params)) as url:
        ids = community(url, tmp_path)
        people = [f"person{n}" for n in range(20)]
        rows = {
            "users": [{"name": name, "auth_params": params} for name in people],
            "channels": [
                {"name": "lobby", "type": "PUBLIC", "id": ids["lobby"], "members": people},
                {"name": "team4", "type": "PRIVATE", "members": people[4:8]},
                {"type": "DIRECT", "members": [people[9], people[0]]},
            ],
        }
        path = tmp_path / "people.json"
        path.write_text(json.dumps(rows))
        before = stored(url)
        run = run_loadtest(
            results,
            "smoke",
            *BUSY[2:],  # the file says how many there are
            *DURATION,
            *("--set", "provisioning.mode=file", "--set", f"provisioning.file={path}"),
            *("--host", url),
            *scale,
        )
        started.append(run)
        finished = run.finish()
        check_valid(finished)
        after = stored(url)

    assert f": {users} users, " in finished.output
    assert "create_channel" not in finished.summary["actions"]
    assert finished.summary["load"]["users"] == users
    assert (after["users"], after["channels"]) == (before["users"], before["channels"])
    assert not list(results.glob("*/provisioned.jsonl")), "nothing was made"


def test_what_guests_made_is_found_by_name_and_removed(results: Path, started: list[Run]) -> None:
    with running_server(*CLIENT) as url:
        run = run_loadtest(results, "smoke", *BUSY, *DURATION, "--host", url)
        started.append(run)
        check_valid(run.finish())
        between = stored(url)
        removed = cleanup(results)
        after = stored(url)

    assert between["users"] > 20
    assert removed.returncode == 0, removed.stdout + removed.stderr
    # The user that asked whether the server lets anyone in belongs to no run.
    assert (after["users"], after["channels"]) == (1, 0)


def test_wrong_credentials_are_said_before_anything_is_made(
    results: Path, started: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOADTEST_CLIENT_SECRET", "wrong-one")
    with running_server(*CLIENT) as url:
        run = run_loadtest(results, "smoke", *SMALL, *PLATFORM, "--host", url)
        started.append(run)
        finished = run.finish()

        assert stored(url)["users"] == 0
    assert finished.exit_code == 2, finished.output + finished.errors
    assert "check LOADTEST_CLIENT_ID and LOADTEST_CLIENT_SECRET" in finished.errors
    assert "wrong-one" not in finished.output + finished.errors
    assert not results.exists()


def test_the_embedded_server_takes_everything_along(results: Path, started: list[Run]) -> None:
    run = run_loadtest(results, "smoke", *BUSY, *DURATION, *PLATFORM)
    started.append(run)
    check_valid(run.finish())
    done = cleanup(results)

    assert done.returncode == 0
    assert "its embedded server ended with it" in done.stdout
