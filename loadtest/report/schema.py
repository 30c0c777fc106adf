"""The JSON Schema of ``summary.json``, made from the declarations of its figures.

``python -m loadtest.report.schema loadtest/report/summary.schema.json`` writes it; a test compares
the two, and another validates every summary that the tests make. It ships with the package. More
keys may be added within one version of the format: the schema asks for those that stay, and says
what they are. A change that takes one away or gives it another meaning has another version.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from loadtest.metrics.catalogue.declaration import LATENCY_KEYS, Block, Declaration, Kind
from loadtest.metrics.catalogue.lookup import BLOCKS
from loadtest.metrics.catalogue.values import NEVER
from loadtest.metrics.verdict.grammar import Consequence
from loadtest.metrics.verdict.verdict import Verdict
from loadtest.report.summary import SCHEMA

__all__ = ["SCHEMA_FILE", "summary_schema"]

SCHEMA_FILE = Path(__file__).with_name("summary.schema.json")
"""Where the schema of this version is in the package."""

_Schema = dict[str, Any]
_COUNT: _Schema = {"type": "integer"}
_TEXT: _Schema = {"type": "string"}
_NUMBER: _Schema = {"type": "number"}
_FLAG: _Schema = {"type": "boolean"}
_TIMES: _Schema = {"$ref": "#/$defs/times"}
_COUNTS_BY_NAME: _Schema = {"type": "object", "additionalProperties": _COUNT}


def summary_schema() -> _Schema:
    """Return the schema of a summary."""
    schema = _object(_RUN)
    for block in BLOCKS:
        _put(schema, block)
    properties = schema["properties"]
    for name in ("load", "work", "generator", "sessions"):
        properties[name]["required"] = sorted(properties[name]["properties"])
    for path, more in _BESIDE_FIGURES.items():
        _at(schema, path)["properties"] |= more
    # There is a push sink, or there is none.
    properties["push"]["type"] = ["object", "null"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:{SCHEMA.replace('/', ':')}",
        "title": f"summary.json of {SCHEMA}",
        **schema,
        "$defs": {"times": _times()},
    }


def _object(properties: Mapping[str, _Schema], optional: Iterable[str] = ()) -> _Schema:
    required = sorted(set(properties) - set(optional))
    return {"type": "object", "properties": dict(properties), "required": required}


def _or_null(schema: _Schema) -> _Schema:
    kind = schema["type"]
    return schema | {"type": [*([kind] if isinstance(kind, str) else kind), "null"]}


def _listed(schema: _Schema) -> _Schema:
    return {"type": "array", "items": schema}


_REASON = _object(
    {
        "code": _TEXT,
        "figure": _TEXT,
        "value": {"type": ["number", "string", "null"]},
        "limit": {"type": ["number", "string", "null"]},
        "remedy": _TEXT,
    }
)
_THRESHOLD = _object(
    {
        "expression": _TEXT,
        "figure": _TEXT,
        "limit": _NUMBER,
        "value": {"type": ["number", "string", "null"]},
        "held": _or_null(_FLAG),
        "samples": _or_null(_COUNT),
        "interval": _or_null(_listed({"type": ["number", "string"]})),
        "consequence": {"enum": [each.value for each in Consequence]},
    }
)
_RUN: Mapping[str, _Schema] = {
    "schema": {"const": SCHEMA},
    "run_id": _TEXT,
    "verdict": {"enum": [each.value for each in Verdict]},
    "reasons": _listed(_REASON),
    "warnings": _listed(_REASON),
    "target": _object({"host": _TEXT, "dialect": _COUNT, "embedded": _FLAG}),
    "profile": {"type": "object"},
    "workload": {"enum": ["open", "closed"]},
    "deviations": _listed(_TEXT),
    "seed": _COUNT,
    "duration_s": _NUMBER,
    "planned_s": _or_null(_NUMBER),
    "sending_s": _or_null(_NUMBER),
    "aborted": _or_null(_object({"expression": _TEXT, "value": _NUMBER, "at_s": _NUMBER})),
    "versions": {"type": "object", "additionalProperties": _TEXT},
    "adds_up": _FLAG,
    "thresholds": _listed(_THRESHOLD),
    "selftest": _or_null(_object({"version": _TEXT, "passed": _FLAG})),
    "unexpected": {"type": "object", "additionalProperties": _COUNTS_BY_NAME},
    "other_events": _COUNTS_BY_NAME,
}
_BESIDE_FIGURES: Mapping[str, Mapping[str, _Schema]] = {
    "load": {"connections_lost_by_reason": _COUNTS_BY_NAME, "actions": _COUNTS_BY_NAME},
    "actions.<action>": {
        "errors_by_reason": _COUNTS_BY_NAME,
        "dropped_by_reason": _COUNTS_BY_NAME,
    },
    "sessions.<start>": {
        "errors_by_reason": _COUNTS_BY_NAME,
        "dropped_by_reason": _COUNTS_BY_NAME,
    },
    "push": {"url": _TEXT},
    "generator": {"clocks": _listed({"type": "object"})},
}
"""What stands beside declared figures, by the path of its object."""


def _put(schema: _Schema, block: Block) -> None:
    """Add what the declarations of a block ask of its object."""
    place = _at(schema, block.path)
    for figure in block.figures:
        if not figure.name:
            place |= {"description": figure.meaning, "allOf": [_TIMES]}
            continue
        place["properties"][figure.name] = _of(figure)
        if not figure.only:
            place["required"] = sorted({*place["required"], figure.name})


def _at(schema: _Schema, path: str) -> _Schema:
    """Return the schema of the object at a path, which is there from then on."""
    for part in path.split("."):
        if part.startswith("<"):
            schema = schema.setdefault("additionalProperties", _object({}))
        else:
            schema = schema["properties"].setdefault(part, _object({}))
    return schema


def _of(figure: Declaration) -> _Schema:
    if figure.kind is Kind.LATENCY:
        return {**_TIMES, "description": figure.meaning}
    described = _COUNT if figure.kind is Kind.COUNT else _or_null(_NUMBER)
    if figure.kind is Kind.RATIO:
        described = described | {"minimum": 0, "maximum": 1}
    return described | {"description": f"{figure.meaning} ({figure.unit})"}


def _times() -> _Schema:
    """Return the schema of a distribution of times."""
    time = {"anyOf": [{"type": ["number", "null"]}, {"const": NEVER}]}
    keys = {key: _COUNT if key == "count" else time for key in LATENCY_KEYS}
    rare = dict.fromkeys(("never", "below_range", "above_range", "negative"), _COUNT)
    return _object({**keys, **rare}, optional=rare)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(summary_schema(), indent=2) + "\n", encoding="utf-8")
