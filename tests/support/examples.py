"""How many examples a property test tries: a share of what the profile in use says."""

from collections.abc import Callable
from typing import Any

from hypothesis import settings

__all__ = ["examples"]


def examples(*, share: float) -> Callable[[Any], Any]:
    """Return the decorator of a test that wants more or fewer examples than the others.

    The number follows the profile of ``tests/conftest.py``: fewer while one works, more in CI.
    """
    return settings(max_examples=round(settings().max_examples * share))
