from collections.abc import Mapping

import pytest

from loadtest.profile.comments import comments_of

TEXT = """\
# What the file is for.

description = "x"           # of the description
# above,
# in two lines
[run]                       # of the section
duration_s = 20             # beside
# above
ramp_s = 4                  # and beside
seed = 1

[[channels]]                # first group
size = 2                    # small
[[channels]]
size = 9                    # large
"""


def test_a_comment_belongs_to_the_key_at_which_it_stands() -> None:
    found = comments_of(TEXT)

    assert found == {
        "description": "of the description",
        "run": "above, in two lines of the section",
        "run.duration_s": "beside",
        "run.ramp_s": "above and beside",
        "channels.0": "first group",
        "channels.0.size": "small",
        "channels.1.size": "large",
    }


@pytest.mark.parametrize(
    ("line", "found"),
    [
        pytest.param('a = "x # y"', {}, id="in a text"),
        pytest.param("a = 'x # y' # z", {"a": "z"}, id="behind a literal text"),
        pytest.param(r'a = "\" # y" # z', {"a": "z"}, id="behind an escaped quote"),
        pytest.param(r"a = '\' # z", {"a": "z"}, id="behind a backslash that escapes nothing"),
        pytest.param("a = { b = [1, 2] } # z", {"a": "z"}, id="behind a table"),
        pytest.param("a = [ # z\n  1, # one\n]\nb = 1 # y", {"a": "z", "b": "y"}, id="of a list"),
        pytest.param("# z\n\na = 1", {}, id="above a blank line"),
        pytest.param("# z", {}, id="at the end"),
        pytest.param("", {}, id="nothing"),
    ],
)
def test_what_is_no_comment_of_a_key_is_none(line: str, found: Mapping[str, str]) -> None:
    assert comments_of(line) == found
