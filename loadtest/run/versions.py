"""The versions that a figure depends on."""

import importlib.metadata
import platform

import loadtest

__all__ = ["versions"]

_LIBRARIES = ("locust", "gevent", "websockets", "uvloop", "orjson", "msgspec")


def versions() -> dict[str, str]:
    """Return the versions of what a run depends on."""
    found = {name: importlib.metadata.version(name) for name in _LIBRARIES}
    return {"loadtest": loadtest.__version__, "python": platform.python_version(), **found}
