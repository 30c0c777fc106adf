"""A text names secrets; they are read from the environment or a file, and never repeated."""

from pathlib import Path

import pytest

from loadtest.errors import UsageError
from loadtest.run.secrets import revealed


def test_references_are_replaced_wherever_they_stand(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from file\n")
    text = f"Bearer {{env:TOKEN}}/{{file:{tmp_path / 'token'}}}"

    assert revealed(text, named="--header X", environment={"TOKEN": "t"}) == "Bearer t/from file"


@pytest.mark.parametrize("text", ["plain", "{json: 1}", "{}", "{envelope:X}"])
def test_other_braces_stay_as_they_are(text: str) -> None:
    assert revealed(text, named="x", environment={}) == text


@pytest.mark.parametrize("environment", [{}, {"TOKEN": ""}])
def test_a_variable_that_is_not_set_is_named(environment: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="--header X: the variable TOKEN of the environment is"):
        revealed("{env:TOKEN}", named="--header X", environment=environment)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the file /no/such cannot be read: No such file"):
        revealed("{file:/no/such}", named="--proxy")
    (tmp_path / "binary").write_bytes(b"\xff")
    with pytest.raises(UsageError, match="it is not UTF-8"):
        revealed(f"{{file:{tmp_path / 'binary'}}}", named="--proxy")
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(UsageError, match="is not set or empty"):
        revealed(f"{{file:{tmp_path / 'empty'}}}", named="--proxy")
