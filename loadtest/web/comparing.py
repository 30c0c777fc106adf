"""Two earlier runs beside each other, as ``loadtest compare`` renders them."""

from dataclasses import replace
from pathlib import Path

from loadtest.comparison.comparable import obstacles
from loadtest.comparison.comparison import compare, settings_for
from loadtest.comparison.judgement import Settings
from loadtest.comparison.page import html_comparison
from loadtest.comparison.replicates import read_side

__all__ = ["comparison_page"]

_USUAL = Settings(gates=())


def comparison_page(base: Path, candidate: Path) -> str:
    """Return the comparison of two runs as an HTML page; what makes it doubtful stands in it.

    One run a side decides nothing, and the page says so.

    Raises:
        UsageError: A summary cannot be read.
    """
    before, after = (read_side(str(folder), Path()) for folder in (base, candidate))
    settings = settings_for(
        (), confidence=_USUAL.confidence, tolerance=_USUAL.tolerance, base=before
    )
    compared = compare(before, after, settings, is_paired=False)
    warnings = obstacles(before.replicates, after.replicates)
    return html_comparison(replace(compared, warnings=warnings))
