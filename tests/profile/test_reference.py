from pathlib import Path

from loadtest.profile.reference import reference_page

PAGE = Path(__file__).parents[2] / "docs" / "profiles.md"


def test_the_page_is_up_to_date() -> None:
    """If not: python -m loadtest.profile.reference docs/profiles.md."""
    assert PAGE.read_text(encoding="utf-8") == reference_page()


def test_a_key_stands_with_default_meaning_and_reason() -> None:
    row = next(line for line in reference_page().splitlines() if line.startswith("| `dialect`"))

    assert row.split(" | ") == [
        "| `dialect`",
        "`2`",
        "Dialect of StompX: 1 as of the SDK's 1.x, 2 as of its 2.x.",
        "The SDK that is current. |",
    ]
