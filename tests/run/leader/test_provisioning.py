"""What a run does about users and channels before its devices start."""

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from loadtest.errors import TargetError, UsageError
from loadtest.provisioning import Manifest, PathStyle
from loadtest.run.leader.provisioning import (
    Provisioner,
    api_access,
    check_answer,
    check_provisioning,
    provisioning_lines,
    wanted_population,
)
from loadtest.run.options import RunOptions, run_options
from loadtest.workload import CellPlanner, ExistingUser
from tests.support.locust_process import parsed
from tests.support.runs import server_stats
from tests.support.server_process import running_server

CREDENTIALS = {"LOADTEST_CLIENT_ID": "me", "LOADTEST_CLIENT_SECRET": "hush"}
PLATFORM = ("--set", "provisioning.mode=platform")
PEOPLE = """\
{"users": ["u0", "u1", "u2"],
 "channels": [{"name": "x", "type": "PUBLIC", "members": ["u0", "u1"]}]}
"""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running_server("--client-id", "me", "--client-secret", "hush") as address:
        yield address


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)


def options(tmp_path: Path, *arguments: str) -> RunOptions:
    given: Namespace = parsed(tmp_path, "--devices", "12", *arguments)
    return run_options(given)


def file_options(tmp_path: Path, *arguments: str) -> RunOptions:
    path = tmp_path / "people.json"
    path.write_text(PEOPLE)
    given = parsed(
        tmp_path,
        "--set",
        "provisioning.mode=file",
        "--set",
        f"provisioning.file={path}",
        *arguments,
    )
    return run_options(given)


class Provided:
    """A provisioner, what it says, and its manifest."""

    def __init__(self, tmp_path: Path, run: RunOptions, host: str, **changes: Any) -> None:
        self.said: list[str] = []
        self.folder = tmp_path / "20261122T191500Z-smoke-3f9a"
        self.folder.mkdir()
        settings: dict[str, Any] = {"is_embedded": False, "environment": CREDENTIALS, **changes}
        self.provisioner = Provisioner(
            run, host, folder=self.folder, names="run1", say=self.said.append, **settings
        )

    @property
    def manifest(self) -> Manifest:
        return Manifest.read(self.folder / "provisioned.jsonl")


# --- addresses and credentials ----------------------------------------------------------------


def test_the_platform_api_is_where_the_chat_is_unless_the_profile_says_more(tmp_path: Path) -> None:
    found = api_access(options(tmp_path), "ws://chat.test:8/x")
    other = api_access(
        options(
            tmp_path,
            *("--set", "provisioning.api_url=https://api.test/"),
            *("--set", "provisioning.token_url=https://auth.test/token"),
            *("--set", "provisioning.requests_at_once=3"),
        ),
        "ws://chat.test:8/x",
    )

    assert (found.api_url, found.token_url) == (
        "http://chat.test:8",
        "http://chat.test:8/oauth/token",
    )
    assert (other.api_url, other.token_url) == ("https://api.test", "https://auth.test/token")
    assert other.requests_at_once == 3


@pytest.mark.parametrize(
    ("arguments", "style"),
    [
        ((), PathStyle.PLAIN),
        (("--dialect", "1"), PathStyle.V1),
        (("--dialect", "1", "--set", "provisioning.path_style=plain"), PathStyle.PLAIN),
    ],
)
def test_the_style_of_paths_is_as_old_as_the_dialect(
    tmp_path: Path, arguments: tuple[str, ...], style: PathStyle
) -> None:
    assert api_access(options(tmp_path, *arguments), "http://chat.test").style is style


def test_credentials_must_be_there_for_a_named_server_only(tmp_path: Path) -> None:
    run = options(tmp_path, *PLATFORM)
    check_provisioning(run, None, {})
    check_provisioning(options(tmp_path), "http://chat.test", {})
    check_provisioning(run, "http://chat.test", CREDENTIALS)

    with pytest.raises(UsageError, match="LOADTEST_CLIENT_ID"):
        check_provisioning(run, "http://chat.test", {})


def test_a_platform_api_of_the_vendor_needs_the_user_s_word(tmp_path: Path) -> None:
    run = options(tmp_path, *PLATFORM, "--set", "provisioning.api_url=https://api.chatkitty.com")

    with pytest.raises(UsageError, match=r"^provisioning\.api_url https://api\.chatkitty\.com: "):
        check_provisioning(run, "http://127.0.0.1:1", CREDENTIALS)


def test_the_first_lines_say_where_users_come_from(tmp_path: Path) -> None:
    assert provisioning_lines(options(tmp_path)) == []
    [made] = provisioning_lines(options(tmp_path, *PLATFORM))
    [named] = provisioning_lines(file_options(tmp_path))

    assert made == "users and channels are made by the Platform API: embedded server"
    assert named.endswith("people.json: 3 users, 1 channels, in 1 cell, which lives on one worker")


# --- whether a server answers -----------------------------------------------------------------


@pytest.mark.usefixtures("credentials")
def test_in_mode_platform_a_token_is_the_answer(tmp_path: Path, url: str) -> None:
    users = server_stats(url)["stored"]["users"]
    check_answer(options(tmp_path, *PLATFORM), url)

    assert server_stats(url)["stored"]["users"] == users, "no guest has asked"


def test_in_mode_file_the_first_user_asks(tmp_path: Path, url: str) -> None:
    check_answer(file_options(tmp_path), url)
    started = server_stats(url)["user_sessions"]["started"]
    check_answer(options(tmp_path), url)

    assert server_stats(url)["user_sessions"]["started"] == started + 1


# --- providing --------------------------------------------------------------------------------


def test_everything_of_the_plan_is_wanted(tmp_path: Path) -> None:
    profile = options(tmp_path).profile
    plans = list(CellPlanner(profile.population_plan(), seed=1, run="r").plans(1))
    wanted = wanted_population(plans)

    assert list(wanted.users) == [user.name for user in plans[0].users]
    assert [each.name for each in wanted.channels] == [each.name for each in plans[0].channels]
    for channel, planned in zip(wanted.channels, plans[0].channels, strict=True):
        assert channel.members == tuple(wanted.users[member] for member in planned.members)


def test_in_mode_platform_the_population_exists_afterwards(tmp_path: Path, url: str) -> None:
    run = options(tmp_path, *PLATFORM)
    provided = Provided(tmp_path, run, url)
    existing = provided.provisioner.provide()

    assert existing is not None
    assert not existing.is_population
    assert len(existing.users) == run.profile.users_in_run
    assert all(user.id and user.name.startswith("lt-run1-") for user in existing.users)
    assert all(channel.id for channel in existing.channels)
    assert len(provided.manifest.to_remove("user")) == len(existing.users)
    assert (provided.manifest.header.host, provided.manifest.header.is_marked) == (url, True)
    assert provided.said[0] == f"making users and channels through the Platform API {url}"


def test_in_mode_guest_the_names_are_noted_for_a_server_that_stays(
    tmp_path: Path, url: str
) -> None:
    run = options(tmp_path)
    provided = Provided(tmp_path, run, url)

    assert provided.provisioner.provide() is None
    assert len(provided.manifest.to_remove("user")) == run.profile.users_in_run
    assert not provided.manifest.header.is_marked
    assert not any(thing.id for thing in provided.manifest.things)


def test_in_mode_guest_an_embedded_server_needs_no_manifest(tmp_path: Path) -> None:
    provided = Provided(tmp_path, options(tmp_path), "http://127.0.0.1:1", is_embedded=True)

    assert provided.provisioner.provide() is None
    assert list(provided.folder.iterdir()) == []


def test_in_mode_file_those_of_the_file_exist(tmp_path: Path, url: str) -> None:
    run = file_options(tmp_path)
    existing = Provided(tmp_path, run, url).provisioner.provide()

    assert existing is run.existing
    assert existing is not None
    assert existing.users == (ExistingUser("u0"), ExistingUser("u1"), ExistingUser("u2"))


def test_a_stop_ends_it_with_a_hint_how_to_clean_up(tmp_path: Path, url: str) -> None:
    provided = Provided(tmp_path, options(tmp_path, *PLATFORM), url)
    provided.provisioner.stop.set()

    with pytest.raises(TargetError, match="stopped before its end"):
        provided.provisioner.provide()
    provided.provisioner.explain_remains()

    assert provided.said[-1].endswith(f"loadtest cleanup {provided.folder} --host {url}")


def test_an_embedded_server_takes_any_credentials_and_another_none(tmp_path: Path) -> None:
    with running_server() as url:
        run = options(tmp_path, *PLATFORM)
        embedded = Provided(tmp_path, run, url, is_embedded=True, environment={})

        assert embedded.provisioner.provide() is not None
        (embedded.folder / "provisioned.jsonl").unlink()
        embedded.folder.rmdir()
        named = Provided(tmp_path, run, url, environment={})
        with pytest.raises(UsageError, match="must be set"):
            named.provisioner.provide()
