"""Names as the SDK writes them, and as they stand in paths and in the newer Platform API."""

import re

__all__ = ["snake_case"]

_CAPITAL = re.compile(r"[A-Z]")


def snake_case(name: str) -> str:
    """Return a name such as ``readReceipts`` as ``read_receipts``."""
    return _CAPITAL.sub(lambda found: f"_{found[0].lower()}", name)
