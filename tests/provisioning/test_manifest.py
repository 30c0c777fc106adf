from pathlib import Path

import pytest

from loadtest.errors import UsageError
from loadtest.provisioning.manifest import (
    Manifest,
    ManifestHeader,
    ManifestStage,
    ManifestWriter,
    Thing,
)

HEADER = ManifestHeader(
    run_id="20261122T191500Z-smoke-3f9a",
    host="http://127.0.0.1:8080",
    is_embedded=False,
    api_url="http://127.0.0.1:8080",
    token_url="http://127.0.0.1:8080/oauth/token",
    style="plain",
    is_marked=True,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "provisioned.jsonl"


def write(path: Path, *things: Thing) -> None:
    with ManifestWriter(path, HEADER) as manifest:
        for thing in things:
            manifest.note(thing)


def test_what_was_written_is_read_again(path: Path) -> None:
    direct = Thing(ManifestStage.MADE, "channel", "lt-dm0", 9, "DIRECT", ("jane", "bob"))
    write(path, Thing(ManifestStage.MADE, "user", "jane", 7), direct)

    found = Manifest.read(path)

    assert found.header == HEADER
    assert found.things == (Thing(ManifestStage.MADE, "user", "jane", 7), direct)


def test_the_last_word_on_a_thing_counts(path: Path) -> None:
    write(
        path,
        Thing(ManifestStage.ASKED, "user", "jane"),
        Thing(ManifestStage.ASKED, "user", "bob"),
        Thing(ManifestStage.ASKED, "user", "eve"),
        Thing(ManifestStage.MADE, "user", "jane", 7),
        Thing(ManifestStage.FOUND, "user", "bob", 8),
        Thing(ManifestStage.MADE, "channel", "jane", 9, "PUBLIC"),
    )

    found = Manifest.read(path)

    assert found.to_remove("user") == [
        Thing(ManifestStage.MADE, "user", "jane", 7),
        Thing(ManifestStage.ASKED, "user", "eve"),
    ]
    assert [each.id for each in found.to_remove("channel")] == [9]

    with ManifestWriter(path) as manifest:
        manifest.note(Thing(ManifestStage.REMOVED, "user", "jane", 7))

    assert [each.name for each in Manifest.read(path).to_remove("user")] == ["eve"]


def test_each_line_is_there_before_the_next_call(path: Path) -> None:
    with ManifestWriter(path, HEADER) as manifest:
        manifest.note(Thing(ManifestStage.ASKED, "user", "jane"))

        assert len(Manifest.read(path).things) == 1


def test_a_last_line_that_was_cut_is_left_out_and_written_over(path: Path) -> None:
    write(
        path,
        Thing(ManifestStage.MADE, "user", "jane", 7),
        Thing(ManifestStage.MADE, "user", "bob", 8),
    )
    path.write_bytes(path.read_bytes()[:-9])

    assert [each.name for each in Manifest.read(path).things] == ["jane"]

    with ManifestWriter(path) as manifest:
        manifest.note(Thing(ManifestStage.MADE, "user", "eve", 9))

    assert [each.name for each in Manifest.read(path).things] == ["jane", "eve"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"", ":1: no header of a manifest"),
        (b'{"a":1}\n', ":1: no header"),
        (b"not json\n", ":1: no header"),
    ],
)
def test_what_is_no_manifest_is_refused(path: Path, text: bytes, problem: str) -> None:
    path.write_bytes(text)

    with pytest.raises(UsageError, match=problem):
        Manifest.read(path)


def test_a_line_that_cannot_be_read_is_named(path: Path) -> None:
    write(path, Thing(ManifestStage.MADE, "user", "jane", 7))
    path.write_bytes(path.read_bytes() + b"{}\n{}\n")

    with pytest.raises(UsageError, match=r"provisioned\.jsonl:3: this line"):
        Manifest.read(path)


def test_another_schema_is_refused(path: Path) -> None:
    write(path)
    path.write_bytes(path.read_bytes().replace(b"provisioned/1", b"provisioned/9"))

    with pytest.raises(UsageError, match="schema is 'chatkitty-loadtest/provisioned/9'"):
        Manifest.read(path)


def test_a_run_without_a_manifest_made_nothing(path: Path) -> None:
    with pytest.raises(UsageError, match="made nothing that could be removed"):
        Manifest.read(path)


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="it cannot be written"):
        ManifestWriter(tmp_path / "nowhere" / "provisioned.jsonl", HEADER)
