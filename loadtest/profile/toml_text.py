"""Writes TOML: as much of it as a profile needs.

The standard library reads TOML and does not write it. Tables may hold numbers, texts, booleans,
lists, and tables; a list of tables becomes an array of tables, a table inside a section an inline
table.
"""

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["toml_text", "value_text"]

_BARE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


def toml_text(data: Mapping[str, Any]) -> str:
    """Return a document: plain keys first, then a section for each table."""
    plain = {key: value for key, value in data.items() if not _is_section(value)}
    blocks = [_lines(plain)] if plain else []
    for key, value in data.items():
        if isinstance(value, Mapping):
            blocks.append(f"[{_key(key)}]\n{_lines(value)}")
        elif _is_section(value):
            blocks += [f"[[{_key(key)}]]\n{_lines(table)}" for table in value]
    return "\n".join(blocks)


def _is_section(value: object) -> bool:
    return isinstance(value, Mapping) or (
        isinstance(value, list) and bool(value) and all(isinstance(v, Mapping) for v in value)
    )


def _lines(table: Mapping[str, Any]) -> str:
    return "".join(f"{_key(key)} = {value_text(value)}\n" for key, value in table.items())


def _key(key: str) -> str:
    return key if key and set(key) <= _BARE else _text(key)


def _text(text: str) -> str:
    # JSON's escapes are TOML's too, except DEL, which TOML wants escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def value_text(value: object) -> str:
    """Return one value, as it stands behind an equals sign."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(key)} = {value_text(item)}" for key, item in value.items())
        return f"{{ {inside} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(value_text(item) for item in value)}]"
    # Python writes integers and finite floats as TOML does.
    return repr(value)
