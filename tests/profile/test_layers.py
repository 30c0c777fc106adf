from pathlib import Path

import pytest

from loadtest.errors import UsageError
from loadtest.profile.layers import Origin, WrittenProfile, read_file, read_text
from loadtest.profile.load import load_profile
from tests.support.profiles import MINIMAL


def written(folder: Path, **files: str) -> WrittenProfile:
    """Write the files and read the one that is called top."""
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return read_file(folder / "top.toml", "top")


def test_a_key_of_a_section_replaces_that_of_the_base(tmp_path: Path) -> None:
    found = written(
        tmp_path,
        low='name = "low"\ndescription = "d"\n[run]\nseed = 1\nramp_s = 2\n'
        "[device]\nslow_share = 1",
        top='base = "low"\n[run]\nseed = 9 # mine',
    )

    assert found.data == {"run": {"seed": 9, "ramp_s": 2}, "device": {"slow_share": 1}}
    low, top = str(tmp_path / "low.toml"), str(tmp_path / "top.toml")
    assert found.origins == {
        "run.seed": Origin(top, "mine"),
        "run.ramp_s": Origin(low),
        "device.slow_share": Origin(low),
    } | {"base": Origin(top)}


def test_channels_replace_all_of_the_base(tmp_path: Path) -> None:
    found = written(
        tmp_path,
        low='[[channels]]\ngroup = "a"\nsize = 2\n[[channels]]\ngroup = "b"',
        top='base = "low"\n[[channels]] # one\ngroup = "c"\ncount = 4 # four',
    )

    assert found.data["channels"] == [{"group": "c", "count": 4}]
    assert {key for key in found.origins if key.startswith("channels")} == {
        "channels",
        "channels.c",
        "channels.c.group",
        "channels.c.count",
    }
    assert found.origins["channels.c"].comment == "one"
    assert found.origins["channels.c.count"].comment == "four"


def test_bases_have_bases(tmp_path: Path) -> None:
    found = written(
        tmp_path,
        ground="[run]\nseed = 1\nramp_s = 1\ndrain_s = 1",
        low='base = "ground"\n[run]\nseed = 2\nramp_s = 2',
        top='base = "low"\n[run]\nseed = 3',
    )

    assert found.data["run"] == {"seed": 3, "ramp_s": 2, "drain_s": 1}
    assert found.origins["run.drain_s"].place.endswith("ground.toml")


def test_a_base_may_be_a_path_or_a_profile_of_the_library(tmp_path: Path) -> None:
    folder = tmp_path / "deep"
    folder.mkdir()
    (folder / "low.toml").write_text("[run]\nseed = 5", encoding="utf-8")

    assert written(tmp_path, top='base = "deep/low.toml"').data == {"run": {"seed": 5}}
    assert written(tmp_path, top='base = "smoke"').data["population"]["users"] == 210
    assert read_text('base = "smoke"', "a text").data["population"]["users"] == 210


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        pytest.param(
            {"top": 'base = "top"'}, "base is 'top', which leads back to", id="its own base"
        ),
        pytest.param(
            {"top": 'base = "low"', "low": 'base = "top"'},
            "low.toml: base is 'top', which leads back to",
            id="a circle",
        ),
        pytest.param(
            {"top": 'base = "smok"'},
            "base is 'smok'; there is no such profile, did you mean smoke?",
            id="an unknown name",
        ),
        pytest.param(
            {"top": 'base = "x.toml"'}, "base is 'x.toml'; there is no such profile", id="no file"
        ),
        pytest.param({"top": "base = 7"}, "base is 7; it must be a profile's name", id="no text"),
        pytest.param(
            {"top": 'base = "low"', "low": "a = \n"},
            "low.toml:1:5: not TOML: invalid value",
            id="a base that is not TOML",
        ),
    ],
)
def test_a_base_that_cannot_be_used_is_refused(
    tmp_path: Path, files: dict[str, str], problem: str
) -> None:
    with pytest.raises(UsageError) as caught:
        written(tmp_path, **files)

    assert problem in str(caught.value)


def test_problems_name_the_file_that_gave_the_key(tmp_path: Path) -> None:
    low, top = tmp_path / "low.toml", tmp_path / "top.toml"
    low.write_text(MINIMAL.replace("users = 20", "users = 1"), encoding="utf-8")
    top.write_text('base = "low"\ndescription = "d"\n[run]\nseed = -1', encoding="utf-8")

    with pytest.raises(UsageError) as caught:
        load_profile(str(top), ["run.ramp_s=-1"])

    assert caught.value.problems == (
        "--set run.ramp_s=-1: run.ramp_s is -1; it must be at least 0 (seconds)",
        f"{top}: run.seed is -1; it must be at least 0",
        f"{low}: population.users is 1; it must be at least 2 (users)",
    )


def test_a_profile_describes_itself(tmp_path: Path) -> None:
    """A base's description would be that of another profile."""
    low, top = tmp_path / "low.toml", tmp_path / "top.toml"
    low.write_text(MINIMAL, encoding="utf-8")
    top.write_text('base = "low"', encoding="utf-8")

    with pytest.raises(UsageError, match="description is missing"):
        load_profile(str(top))
