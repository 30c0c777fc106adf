"""Cleaning up in the embedded server, without sockets."""

from pathlib import Path

import pytest

from loadtest.provisioning import (
    Manifest,
    ManifestHeader,
    ManifestWriter,
    ProgressLines,
    Removal,
    WantedChannel,
    WantedPopulation,
    make_population,
    remove_population,
)
from loadtest.provisioning.manifest import ManifestStage, Thing
from tests.support.platform_worlds import PlatformWorld

WANTED = WantedPopulation(
    ["u0", "u1", "u2"],
    [
        WantedChannel("den", "PRIVATE", ("u0", "u1")),
        WantedChannel("lt-dm0", "DIRECT", ("u1", "u2")),
    ],
)


def header(*, is_marked: bool = True) -> ManifestHeader:
    return ManifestHeader(
        run_id="run-1",
        host="http://chat.test",
        is_embedded=False,
        api_url="http://chat.test",
        token_url="http://chat.test/oauth/token",
        style="plain",
        is_marked=is_marked,
    )


@pytest.fixture
def world() -> PlatformWorld:
    world = PlatformWorld()
    world.world.lobby(world.world.device("somebody"))
    return world


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "provisioned.jsonl"


def make(world: PlatformWorld, path: Path) -> None:
    with ManifestWriter(path, header()) as manifest:
        make_population(
            world.client(),
            WANTED,
            run_id="run-1",
            manifest=manifest,
            progress=ProgressLines(lambda _: None),
        )


def remove(world: PlatformWorld, path: Path) -> Removal:
    manifest = Manifest.read(path)
    removal = Removal()
    remove_population(world.client(), manifest, ProgressLines(lambda _: None), removal)
    return removal


def test_a_stop_leaves_the_rest_for_another_time(world: PlatformWorld, path: Path) -> None:
    before = world.counts
    make(world, path)
    client = world.client()
    removal = Removal()

    class OneStep(ProgressLines):
        def count(self, outcome: str) -> None:
            client.stop.set()

    remove_population(client, Manifest.read(path), OneStep(lambda _: None), removal)

    assert 1 <= removal.removed < 5
    assert counts(remove(world, path)) == (5 - removal.removed, 0, 0)
    assert world.counts == before


def counts(removal: Removal) -> tuple[int, int, int]:
    return removal.removed, removal.gone, removal.foreign


def test_all_that_a_run_made_is_removed_and_nothing_else(world: PlatformWorld, path: Path) -> None:
    before = world.counts
    make(world, path)

    assert counts(remove(world, path)) == (5, 0, 0)

    assert world.counts == before
    assert counts(remove(world, path)) == (0, 0, 0)


def test_what_somebody_else_removed_is_told_as_gone(world: PlatformWorld, path: Path) -> None:
    make(world, path)
    client = world.client()
    jane = client.find_user("u2")
    assert jane is not None
    client.delete_user(jane.id)  # and with it its direct channel

    assert counts(remove(world, path)) == (3, 2, 0)


def test_what_has_another_name_by_now_is_left_alone(world: PlatformWorld, path: Path) -> None:
    lobby = next(iter(world.world.chat.store.channels()))
    somebody = world.world.chat.store.user_named("somebody")
    with ManifestWriter(path, header()) as manifest:
        manifest.note(Thing(ManifestStage.MADE, "user", "u0", somebody.id))
        manifest.note(Thing(ManifestStage.MADE, "channel", "den", lobby.id, "PRIVATE"))
        direct = Thing(ManifestStage.MADE, "channel", "lt-dm0", lobby.id, "DIRECT", ("u0", "u1"))
        manifest.note(direct)
    before = world.counts

    assert counts(remove(world, path)) == (0, 0, 3)

    assert world.counts == before


def test_what_was_asked_for_when_the_run_was_killed_is_looked_for(
    world: PlatformWorld, path: Path
) -> None:
    before = world.counts
    make(world, path)
    with ManifestWriter(path, header()) as manifest:
        for name in (*WANTED.users, "never-made"):
            manifest.note(Thing(ManifestStage.ASKED, "user", name))
        for channel in WANTED.channels:
            members = channel.members if channel.type == "DIRECT" else ()
            manifest.note(
                Thing(
                    ManifestStage.ASKED, "channel", channel.name, 0, channel.type, members=members
                )
            )
    # A second header in the middle is not what a run writes.
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([lines[0], *(each for each in lines if b'"asked"' in each), b""]))

    removal = remove(world, path)
    assert (counts(removal), removal.never_made) == ((5, 0, 0), 1)

    assert world.counts == before


def test_what_was_only_asked_for_must_bear_the_runs_mark(world: PlatformWorld, path: Path) -> None:
    with ManifestWriter(path, header()) as manifest:
        manifest.note(Thing(ManifestStage.ASKED, "user", "somebody"))
        manifest.note(Thing(ManifestStage.ASKED, "channel", "lobby", 0, "PUBLIC"))

    assert counts(remove(world, path)) == (0, 0, 2)


def test_guests_bear_no_mark_and_are_known_by_their_names(world: PlatformWorld, path: Path) -> None:
    with ManifestWriter(path, header(is_marked=False)) as manifest:
        manifest.note(Thing(ManifestStage.ASKED, "user", "somebody"))
        manifest.note(Thing(ManifestStage.ASKED, "channel", "lobby", 0, "PUBLIC"))

    assert counts(remove(world, path)) == (2, 0, 0)
    assert world.counts == {"users": 0, "channels": 0, "messages": 0}
