import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from loadtest.profile.toml_text import toml_text

PLAIN = (
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


def test_plain_keys_come_first_then_sections() -> None:
    data = {
        "run": {"seed": 1},
        "name": "x",
        "channels": [{"group": "a"}, {"group": "b", "size": {"kind": "zipf"}}],
    }

    assert toml_text(data) == (
        'name = "x"\n\n[run]\nseed = 1\n\n[[channels]]\ngroup = "a"\n\n'
        '[[channels]]\ngroup = "b"\nsize = { kind = "zipf" }\n'
    )


def test_an_empty_table_is_kept() -> None:
    assert tomllib.loads(toml_text({"run": {}, "list": []})) == {"run": {}, "list": []}


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_what_is_written_reads_the_same(data: dict[str, Any]) -> None:
    assert tomllib.loads(toml_text(data)) == data
