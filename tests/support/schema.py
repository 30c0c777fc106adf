"""Summaries against the JSON Schema that ships with the package."""

import json
from functools import cache

from jsonschema import Draft202012Validator

from loadtest.report.figures import Summary
from loadtest.report.schema import SCHEMA_FILE

__all__ = ["broken_rules"]


def broken_rules(summary: Summary) -> list[str]:
    """Return what the schema says against a summary, as its file would hold it."""
    written = json.loads(json.dumps(summary))
    return [
        f"{'.'.join(map(str, error.absolute_path))}: {error.message}"
        for error in _validator().iter_errors(written)
    ]


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))
