"""``docs/fidelity.md`` against the tests: what holds a row exists."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "fidelity.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`([a-z_/]+\.py)::(test_\w+)`", PAGE)


def test_most_rows_name_a_test() -> None:
    assert len(NAMED) > 25


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_every_test_that_the_page_names_is_there(path: str, name: str) -> None:
    source = (TESTS / path).read_text(encoding="utf-8")

    assert f"\ndef {name}(" in source
