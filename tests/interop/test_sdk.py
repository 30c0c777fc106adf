"""The vendor's own SDK, in both dialects, against the embedded server: the SDK is the judge.

The SDK and a WebSocket for Node are installed from the npm registry into the user's cache folder,
outside of this checkout. Without Node the tests are skipped, with Node they must run.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.server_process import running_server

pytestmark = [pytest.mark.interop, pytest.mark.timeout(400)]

HERE = Path(__file__).parent
SDK_VERSIONS = {1: "1.11.0", 2: "2.106.2"}
WS_VERSION = "8.18.3"
API_KEY = "the right key"
INSTALL_TIMEOUT_S = 240
SCENARIO_TIMEOUT_S = 90

Report = dict[str, Any]


def _cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "chatkitty-loadtest" / "interop"


def _packages(dialect: int) -> Path:
    """Return a folder with the SDK in it; installs it the first time."""
    version = SDK_VERSIONS[dialect]
    folder = _cache_folder() / f"core-{version}-ws-{WS_VERSION}"
    if (folder / "complete").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text("{}")
    command = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"]
    packages = [f"@chatkitty/core@{version}", f"ws@{WS_VERSION}"]
    done = subprocess.run(
        [*command, "--prefix", str(folder), *packages],
        capture_output=True,
        text=True,
        timeout=INSTALL_TIMEOUT_S,
        check=False,
    )
    if done.returncode:
        reason = f"npm could not install {' and '.join(packages)}: {done.stderr.strip()[-800:]}"
        # On a developer's machine the registry may be out of reach; in CI that is a failure.
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    (folder / "complete").touch()
    return folder


@pytest.fixture(scope="module", params=sorted(SDK_VERSIONS), ids=lambda n: f"dialect {n}")
def report(request: pytest.FixtureRequest) -> Report:
    """What the SDK of one dialect saw of the scenario."""
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed; the vendor's SDK runs under Node")
    dialect: int = request.param
    packages = _packages(dialect)
    with running_server("--api-key", API_KEY, "--typing-timeout", "0.3") as url:
        host = url.removeprefix("http://")
        done = subprocess.run(
            ["node", str(HERE / "scenario.mjs"), str(dialect), str(packages), host, API_KEY],
            capture_output=True,
            text=True,
            timeout=SCENARIO_TIMEOUT_S,
            check=False,
        )
    assert done.returncode == 0, f"the scenario of dialect {dialect} broke:\n{done.stderr}"
    found: Report = json.loads(done.stdout)
    return found


def test_a_session_starts_with_the_user_it_was_started_for(report: Report) -> None:
    user = report["session"]

    assert user["name"] == "alice"
    assert user["isGuest"] is True
    assert user["presence"] == {"status": "AVAILABLE", "online": True}


def test_a_created_channel_comes_back_as_the_result(report: Report) -> None:
    channel = report["channel"]

    assert (channel["type"], channel["name"]) == ("PUBLIC", "lobby")
    assert channel["creator"]["name"] == "alice"
    assert channel["properties"] == {"a": 1}


@pytest.mark.parametrize(
    ("handler", "is_right"),
    [
        ("onMessageReceived", lambda message: message["body"] == "hello: \\ 1 é😀\nsecond line"),
        ("onKeystrokesReceived", lambda k: (k["username"], k["keys"]) == ("bob", "how are")),
        ("onTypingStarted", lambda user: user["name"] == "bob"),
        ("onTypingStopped", lambda user: user["name"] == "bob"),
        ("onParticipantEnteredChat", lambda user: user["name"] == "bob"),
        ("onParticipantLeftChat", lambda user: user["name"] == "bob"),
        (
            "onParticipantPresenceChanged",
            lambda user: user["name"] == "carol" and user["presence"]["online"] is False,
        ),
        ("onMessageUpdated", lambda message: message["body"] == "edited"),
        ("onChannelUpdated", lambda channel: channel["displayName"] == "New name"),
        ("onMessageRead", lambda message: message["body"] == "hello: \\ 1 é😀\nsecond line"),
    ],
)
def test_every_handler_of_a_chat_session_fires_with_its_argument(
    report: Report, handler: str, is_right: Callable[[Any], bool]
) -> None:
    first_argument = report["handled"][handler][0][0]

    assert is_right(first_argument)


def test_a_handler_of_a_read_message_gets_the_read_receipt_too(report: Report) -> None:
    _, read_receipt = report["handled"]["onMessageRead"][0]

    assert read_receipt["user"]["name"] == "alice"


def test_a_reply_arrives_with_its_parent(report: Report) -> None:
    message, parent = report["handled"]["onMessageReceived"][1]

    assert message["body"] == "reply"
    assert parent["id"] == report["sent"]["id"]


def test_handlers_fire_once_for_each_message(report: Report) -> None:
    bodies = [message["body"] for message, *_ in report["handled"]["onMessageReceived"]]

    assert bodies == ["hello: \\ 1 é😀\nsecond line", "reply", "are you there?"]


def test_a_message_after_the_end_arrives_as_a_notification(report: Report) -> None:
    (notification,) = report["notifications"]

    assert notification["data"]["type"] == "USER:SENT:MESSAGE"
    assert notification["data"]["message"]["id"] == report["late"]["id"]
    assert notification["data"]["recipient"]["name"] == "bob"
    assert notification["channel"]["id"] == report["channel"]["id"]


def test_actions_return_the_resource_they_made(report: Report) -> None:
    assert report["updated"]["displayName"] == "New name"
    assert report["reaction"]["emoji"]["character"] == "👍"
    assert report["reply"]["body"] == "reply"


def test_lists_and_counts_are_readable(report: Report) -> None:
    assert report["listed"] == ["are you there?", "reply", "edited"]
    assert report["channels"] == ["lobby"]
    assert report["unread"] == 1


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("missingChannel", "ResourceNotFoundError"),
        ("missingMessage", "ResourceNotFoundError"),
        ("wrongKey", "AccessDeniedError"),
    ],
)
def test_errors_surface_in_the_result_of_the_call(report: Report, place: str, kind: str) -> None:
    assert report["errors"][place]["error"] == kind
