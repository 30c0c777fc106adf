"""``report.html`` and ``capacity.md`` of a study."""

import json
from collections.abc import Iterable
from importlib.resources import files
from typing import Any

from markupsafe import Markup

from loadtest.capacity.assumptions import INPUTS, Assumption, sizing_of
from loadtest.capacity.curves import study_figures
from loadtest.capacity.size_tables import (
    assumption_table,
    size_sentence,
    size_table,
    value_text,
)
from loadtest.capacity.sizing import populations, sized
from loadtest.capacity.study import Study
from loadtest.capacity.study_facts import (
    answer_word,
    environment_facts,
    law_facts,
    limit_facts,
    method_facts,
    tiles,
    tone,
    validity,
    workload_facts,
)
from loadtest.capacity.study_tables import trial_table
from loadtest.report.facts import Fact
from loadtest.report.markdown import escaped, markdown_table
from loadtest.report.page import drawn, render_page

__all__ = ["html_page", "markdown_page", "sizing_assumptions"]

_PACKAGE = "loadtest.capacity"


def html_page(study: Study) -> str:
    """Return the report of a study as one HTML page."""
    found = sizing_assumptions(study)
    values: dict[str, object] = {
        "study": study,
        "word": answer_word(study),
        "tone": tone(study).value,
        "tiles": tiles(study),
        "limit": limit_facts(study)[1:],
        "trials": trial_table(study),
        "figures": [drawn(figure) for figure in study_figures(study)],
        "law": law_facts(study),
        "workload": workload_facts(study),
        "environment": environment_facts(study),
        "method": method_facts(study),
        "validity": validity(study),
        "settings": tuple(_settings(study.profile)),
        "sizing": None if found is None else _sizing(found),
    }
    title = f"Capacity: {answer_word(study)}"
    return render_page("capacity.html.jinja", title=title, values=values, package=_PACKAGE)


def markdown_page(study: Study) -> str:
    """Return the report of a study as Markdown."""
    found = sizing_assumptions(study)
    blocks = [
        f"# {escaped(study.question)}",
        f"**{escaped(study.answer)}**",
        f"What to do: {escaped(study.advice)}." if study.advice else "",
        _facts(limit_facts(study)[1:]),
        "## Workload",
        _facts(workload_facts(study)),
        "## Environment",
        _facts(environment_facts(study)),
        "## Method",
        _facts(method_facts(study)),
        "## Trials",
        markdown_table(trial_table(study)) or "None.",
        _reasons(study),
        "## Scalability",
        _facts(law_facts(study)),
        *(_size_blocks(found) if found is not None else ()),
        "## Limits of validity",
        "\n".join(f"- {escaped(text)}" for text in validity(study)),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def sizing_assumptions(study: Study) -> tuple[Assumption, ...] | None:
    """Return what the size in a study rests on; None if it has none."""
    if study.sizing is None:
        return None
    known = study.sizing["assumptions"]
    return tuple(
        Assumption(each, float(known[each.name]["value"]), str(known[each.name]["source"]))
        for each in INPUTS
    )


def _reasons(study: Study) -> str:
    rows = trial_table(study).rows
    return "\n".join(
        f"- {escaped(row.label)}: {escaped(row.meaning)}" for row in rows if row.meaning
    )


def _size_blocks(found: tuple[Assumption, ...]) -> tuple[str, ...]:
    sizing = sizing_of(found)
    return (
        "## Size of a deployment",
        escaped(size_sentence(sized(sizing))),
        markdown_table(assumption_table(found)),
        markdown_table(size_table(populations(sizing))),
    )


def _facts(facts: Iterable[Fact]) -> str:
    return "\n".join(
        f"- {escaped(fact.label)}: {escaped(fact.text)}"
        + (f" ({escaped(fact.meaning.rstrip('.'))})" if fact.meaning else "")
        for fact in facts
    )


def _sizing(found: tuple[Assumption, ...]) -> dict[str, Any]:
    sizing = sizing_of(found)
    values = {
        each.input.name: {"value": each.value, "is_ratio": each.input.is_ratio} for each in found
    }
    return {
        "inputs": [
            {
                "name": each.input.name,
                "label": each.input.label,
                "unit": "% " + each.input.unit if each.input.is_ratio else each.input.unit,
                "shown": value_text(each).removesuffix("%").replace(",", ""),
                "source": each.source,
            }
            for each in found
        ],
        "sentence": size_sentence(sized(sizing)),
        "table": size_table(populations(sizing)),
        "script": Markup((files(_PACKAGE) / "templates" / "sizing.js").read_text("utf-8")),
        "given": Markup(_json(values)),
    }


def _json(value: object) -> str:
    """Return JSON that cannot end a script element."""
    return json.dumps(value).replace("<", "\\u003c")


def _settings(block: dict[str, Any], prefix: str = "") -> Iterable[tuple[str, str]]:
    for key, value in block.items():
        if isinstance(value, dict):
            yield from _settings(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", json.dumps(value)
