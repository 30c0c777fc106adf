"""Populations made in the embedded server, without sockets."""

from pathlib import Path

import pytest

from loadtest.errors import TargetError
from loadtest.provisioning import (
    Manifest,
    ManifestHeader,
    ManifestWriter,
    PathStyle,
    ProgressLines,
    WantedChannel,
    WantedPopulation,
    make_population,
)
from loadtest.provisioning.maker import Made
from tests.support.platform_worlds import PlatformWorld

HEADER = ManifestHeader(
    run_id="run-1",
    host="http://chat.test",
    is_embedded=False,
    api_url="http://chat.test",
    token_url="http://chat.test/oauth/token",
    style="plain",
    is_marked=True,
)
WANTED = WantedPopulation(
    [f"u{n}" for n in range(30)],
    [
        WantedChannel("lobby", "PUBLIC", tuple(f"u{n}" for n in range(30))),
        WantedChannel("den", "PRIVATE", ("u1", "u2")),
        WantedChannel("lt-dm0", "DIRECT", ("u3", "u4")),
    ],
)


@pytest.fixture
def world() -> PlatformWorld:
    return PlatformWorld()


def make(
    world: PlatformWorld, path: Path, run_id: str = "run-1", style: PathStyle = PathStyle.PLAIN
) -> tuple[Made, Manifest, list[str]]:
    said: list[str] = []
    with ManifestWriter(path, HEADER) as manifest, world.client(style) as client:
        made = make_population(
            client, WANTED, run_id=run_id, manifest=manifest, progress=ProgressLines(said.append)
        )
    return made, Manifest.read(path), said


@pytest.mark.parametrize("style", list(PathStyle))
def test_everything_that_is_wanted_is_there_with_its_members(
    world: PlatformWorld, tmp_path: Path, style: PathStyle
) -> None:
    made, manifest, said = make(world, tmp_path / "m", style=style)

    store = world.world.chat.store
    assert world.counts == {"users": 30, "channels": 3, "messages": 0}
    assert made.users["u7"] == store.user_named("u7").id
    assert not store.user_named("u7").is_guest
    lobby = store.channel(made.channels["lobby"])
    assert {user.name for user in lobby.members.values()} == set(WANTED.users)
    direct = store.channel(made.channels["lt-dm0"])
    assert {user.name for user in direct.members.values()} == {"u3", "u4"}
    assert (len(manifest.to_remove("user")), len(manifest.to_remove("channel"))) == (30, 3)
    assert said[-1] == "channels: 3 of 3 (3 made)"


def test_a_second_run_finds_what_is_there_and_does_not_call_it_its_own(
    world: PlatformWorld, tmp_path: Path
) -> None:
    first, _, _ = make(world, tmp_path / "first")
    second, manifest, said = make(world, tmp_path / "second", "run-2")

    assert second == first
    assert world.counts == {"users": 30, "channels": 3, "messages": 0}
    assert manifest.to_remove("user") == manifest.to_remove("channel") == []
    assert said[-1] == "channels: 3 of 3 (3 found)"


def test_the_same_run_may_go_on_where_it_was_broken_off(
    world: PlatformWorld, tmp_path: Path
) -> None:
    make(world, tmp_path / "first")
    _, manifest, _ = make(world, tmp_path / "again")

    assert (len(manifest.to_remove("user")), len(manifest.to_remove("channel"))) == (30, 3)


def test_what_was_made_is_ours_also_if_the_answer_was_lost(
    world: PlatformWorld, tmp_path: Path
) -> None:
    world.broken = {("POST", "/users"): 2, ("POST", "/channels"): 1}

    _, manifest, _ = make(world, tmp_path / "m")

    assert world.counts == {"users": 30, "channels": 3, "messages": 0}
    assert (len(manifest.to_remove("user")), len(manifest.to_remove("channel"))) == (30, 3)


def test_a_refusal_ends_it_and_what_was_made_is_in_the_manifest(
    world: PlatformWorld, tmp_path: Path
) -> None:
    world.world.device("u0")
    wanted = WantedPopulation(["u0", "u1"], [WantedChannel("x", "DIRECT", ("u0",))])

    with (
        ManifestWriter(tmp_path / "m", HEADER) as manifest,
        pytest.raises(TargetError, match="a direct channel of 1 existing users"),
    ):
        make_population(
            world.client(),
            wanted,
            run_id="run-1",
            manifest=manifest,
            progress=ProgressLines(lambda _: None),
        )

    found = Manifest.read(tmp_path / "m")
    assert [each.name for each in found.to_remove("user")] == ["u1"]
    assert [each.name for each in found.to_remove("channel")] == ["x"]


def test_a_stop_is_an_error_of_its_own(world: PlatformWorld, tmp_path: Path) -> None:
    client = world.client()
    client.stop.set()

    with (
        ManifestWriter(tmp_path / "m", HEADER) as manifest,
        pytest.raises(TargetError, match="stopped before its end"),
    ):
        make_population(
            client,
            WANTED,
            run_id="run-1",
            manifest=manifest,
            progress=ProgressLines(lambda _: None),
        )

    assert world.counts["users"] == 0
