"""What can go wrong with a benchmark, apart from its figures."""

from loadtest.errors import LoadtestError

__all__ = ["BenchmarkError", "SilentError", "UnavailableError"]


class BenchmarkError(LoadtestError):
    """A benchmark could not be carried out; the text says what failed."""


class SilentError(BenchmarkError):
    """A process said nothing for as long as was allowed."""


class UnavailableError(BenchmarkError):
    """A row cannot be measured on this machine; the text says why, and what would help."""
