from pathlib import Path

import pytest

from loadtest.profile import resources
from loadtest.profile.resources import find_profile, profile_folders, profile_names

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("", encoding="utf-8")
    return path


def test_a_checkout_has_its_profiles_from_anywhere(elsewhere: Path) -> None:
    assert CHECKOUT / "profiles" in profile_folders()
    assert find_profile("smoke") == CHECKOUT / "profiles" / "smoke.toml"


def test_profiles_of_the_working_directory_win(elsewhere: Path) -> None:
    write(elsewhere / "profiles", "smoke.toml")
    write(elsewhere / "profiles", "mine.toml")

    assert find_profile("smoke") == Path("profiles/smoke.toml")
    assert {"mine", "smoke"} <= set(profile_names())


def test_an_installed_package_has_the_profiles_that_came_with_it(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside the package is site-packages then, where a `profiles` would be somebody else's."""
    package = elsewhere / "site-packages" / "loadtest"
    carried = write(package / "_profiles", "ci.toml")
    write(elsewhere / "site-packages" / "profiles", "other.toml")
    monkeypatch.setattr(resources, "_PACKAGE", package)

    assert find_profile("ci") == carried
    assert profile_names() == ["ci"]


def test_a_folder_is_not_searched_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CHECKOUT)

    assert len({folder.resolve() for folder in profile_folders()}) == len(profile_folders())
    assert find_profile("no-such-profile") is None
