"""Consoles that keep what is printed on them, whatever the environment of the tests says."""

import io

from rich.console import Console

__all__ = ["ascii_console", "live_console", "plain_console", "printed"]


def plain_console(width: int = 80) -> Console:
    """Return a console without a terminal, as in a pipe or a CI log."""
    return Console(file=io.StringIO(), width=width, legacy_windows=False, _environ={})


def ascii_console(width: int = 80) -> Console:
    """Return a console whose stream can carry nothing but ASCII."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)
    return Console(file=stream, width=width, legacy_windows=False, _environ={})


def live_console(width: int = 80) -> Console:
    """Return a console that looks like a terminal with colours."""
    return Console(
        file=io.StringIO(),
        width=width,
        force_terminal=True,
        color_system="standard",
        legacy_windows=False,
        _environ={"TERM": "xterm-256color"},
    )


def printed(console: Console) -> str:
    """Return all that was printed on the console."""
    stream = console.file
    if isinstance(stream, io.TextIOWrapper):
        buffer = stream.buffer
        assert isinstance(buffer, io.BytesIO)
        return buffer.getvalue().decode("ascii")
    assert isinstance(stream, io.StringIO)
    return stream.getvalue()
