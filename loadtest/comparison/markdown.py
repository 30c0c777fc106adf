"""A comparison for a pull request: verdict, gates, what changed, and the rest folded away."""

from collections.abc import Iterable

from loadtest.comparison.comparison import Comparison
from loadtest.comparison.judgement import Change, Finding
from loadtest.comparison.texts import (
    findings_table,
    headline,
    notes,
    power_lines,
    what_was_compared,
)
from loadtest.report.markdown import escaped, markdown_table

__all__ = ["markdown_comparison"]

_MARKS = {
    Change.WORSE: "\N{CROSS MARK}",
    Change.BETTER: "\N{WHITE HEAVY CHECK MARK}",
    Change.NONE: "\N{WHITE HEAVY CHECK MARK}",
    Change.UNDECIDED: "\N{WHITE QUESTION MARK ORNAMENT}",
}


def markdown_comparison(compared: Comparison) -> str:
    """Return the comparison as Markdown; what came from outside cannot change the page."""
    mark, word = _MARKS[compared.change], compared.change.value
    changed = [
        each for each in compared.information if each.change in (Change.WORSE, Change.BETTER)
    ]
    rest = [each for each in compared.information if each not in changed]
    blocks = [
        f"## {mark} Load test: {word}",
        escaped(headline(compared)),
        f"Base {_code(compared.base.label)}, candidate {_code(compared.candidate.label)}."
        f" {escaped(what_was_compared(compared))}.",
        _section("Gates", compared.gates),
        _section("For information: changed", changed),
        "\n".join(f"- {escaped(note)}" for note in (*notes(compared), *power_lines(compared))),
        _folded(f"{len(rest)} more figures without a certain change", _table(rest)),
        _folded("What differs between base and candidate", _apart(compared)),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _section(title: str, findings: Iterable[Finding]) -> str:
    drawn = _table(findings)
    return f"### {title}\n\n{drawn}" if drawn else ""


def _table(findings: Iterable[Finding]) -> str:
    return markdown_table(findings_table("", findings))


def _folded(title: str, body: str) -> str:
    if not body:
        return ""
    return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>"


def _apart(compared: Comparison) -> str:
    lines = [
        f"| {escaped(each.name)} | {escaped(each.base)} | {escaped(each.candidate)} |"
        for each in compared.apart
    ]
    return "\n".join(["| setting | base | candidate |", "| --- | --- | --- |", *lines]) * bool(
        lines
    )


def _code(text: str) -> str:
    return f"`{' '.join(text.replace('`', chr(39)).split())}`"
