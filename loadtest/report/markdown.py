"""``summary.md``: what a run found, for a pull request, a ticket or a chat.

Text that came from outside cannot change the page: what Markdown would read as markup is
escaped. What is said is decided in ``findings`` and ``tables``.
"""

import re
from collections.abc import Iterable

from loadtest.report.facts import (
    Fact,
    error_facts,
    generator_facts,
    ledger_check,
    load_facts,
    notification_facts,
    push_facts,
    run_facts,
    unexpected_facts,
)
from loadtest.report.figures import Summary, at
from loadtest.report.findings import (
    findings,
    verdict,
    verdict_sentence,
)
from loadtest.report.reasons import reasons, warnings
from loadtest.report.tables import (
    Table,
    actions_table,
    between_workers_table,
    completion_table,
    device_classes_table,
    fan_out_table,
    generator_table,
    ledger_table,
    notification_latency_table,
    phases_table,
    reading_table,
    recovery_table,
    starts_table,
    thresholds_table,
)

__all__ = ["escaped", "markdown_report", "markdown_table"]

_FIGURES = ("count", "p50_ms", "p95_ms", "p99_ms", "max_ms", "errors", "dropped")
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~])")


def markdown_report(summary: Summary) -> str:
    """Return the summary of a run as Markdown."""
    facts = {fact.label: fact.text for fact in run_facts(summary)}
    blocks = [
        f"# {escaped(verdict(summary))}: {escaped(facts['run'])}",
        escaped(verdict_sentence(summary)),
        *_reasons(summary),
        "\n".join(f"- {escaped(finding.text)}" for finding in findings(summary)),
        *_section("Thresholds", thresholds_table(summary)),
        *_section("Fan-out of messages", fan_out_table(summary).only(*_FIGURES)),
        markdown_table(completion_table(summary)),
        markdown_table(reading_table(summary)),
        *_section(
            "Deliveries", ledger_table(summary), (ledger_check(summary), *unexpected_facts(summary))
        ),
        *_section(
            "Notifications",
            notification_latency_table(summary).only(*_FIGURES),
            (*notification_facts(summary), *push_facts(summary)),
        ),
        markdown_table(device_classes_table(summary)),
        *(
            _section(
                "Between workers", between_workers_table(summary).only(*_FIGURES, "negative_count")
            )
            if at(summary, "cross_worker")
            else ()
        ),
        *_section("Phases", phases_table(summary).only("span", *_FIGURES)),
        *_section("Session starts", starts_table(summary).only(*_FIGURES)),
        markdown_table(recovery_table(summary)),
        *_section("Actions", actions_table(summary).only(*_FIGURES), error_facts(summary)),
        *_section(
            "Load generator", generator_table(summary).only(*_FIGURES), generator_facts(summary)
        ),
        "## Run and load",
        _facts((*run_facts(summary), *load_facts(summary))),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _reasons(summary: Summary) -> Iterable[str]:
    for reason in (*reasons(summary), *warnings(summary)):
        remedy = f" What to do: {escaped(reason.remedy)}." if reason.remedy else ""
        yield f"> **{escaped(reason.text)}.**{remedy}"


def _section(title: str, table: Table, facts: tuple[Fact, ...] = ()) -> tuple[str, ...]:
    return (f"## {title}", markdown_table(table) or "Nothing measured.", _facts(facts))


def _facts(facts: Iterable[Fact]) -> str:
    return "\n".join(f"- {escaped(fact.label)}: {escaped(fact.text)}" for fact in facts)


def markdown_table(table: Table) -> str:
    """Return a table in Markdown; nothing for one without rows."""
    if not table.rows:
        return ""
    unit = f", {table.unit}" if table.unit else ""
    lines = [
        _row([f"{table.subject}{unit}", *(column.title for column in table.columns)]),
        _row(["---", *("---:" for _ in table.columns)], is_rule=True),
    ]
    lines += [_row([row.label, *(cell.text for cell in row.cells)]) for row in table.rows]
    return "\n".join(lines)


def _row(texts: list[str], *, is_rule: bool = False) -> str:
    shown = texts if is_rule else [escaped(text) for text in texts]
    return f"| {' | '.join(shown)} |"


def escaped(text: str) -> str:
    """Return text that Markdown shows as it is, in one line."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))
