"""``docs/thresholds.md`` says what the grammar says, and every example in it can be used."""

import re
from pathlib import Path

from loadtest.metrics.catalogue.lookup import figure_named
from loadtest.metrics.verdict import grammar
from loadtest.metrics.verdict.grammar import parse

PAGE = (Path(__file__).parents[3] / "docs" / "thresholds.md").read_text(encoding="utf-8")
FIGURES = PAGE.split("## Figures")[1].split("Filters choose")[0]


def test_the_grammar_is_that_of_the_source() -> None:
    (stated,) = re.findall("```bnf\n(.*?)```", PAGE, flags=re.DOTALL)
    source = grammar.__doc__ or ""

    assert stated.splitlines() == [
        line.strip() for line in source.splitlines() if re.match(r" {4}[a-z]+ +=", line)
    ]


def test_every_expression_can_be_read() -> None:
    expressions = re.findall(r"`([a-z_.0-9]+(?:\{[^}`]*\})? (?:<|==) [^`]+)`", PAGE)
    expressions += re.findall(r"--threshold '([^'E]+)'", PAGE)

    assert len(expressions) >= 6
    for expression in expressions:
        parse(expression)


def test_every_short_name_is_one() -> None:
    wrong = []
    for row in re.findall(r"^\| (`.*?`) \| (.*) \|$", FIGURES, flags=re.MULTILINE):
        names = re.findall(r"`([a-z_.0-9]+)`", row[0])
        stem = names[0].rpartition(".")[0]
        names += [f"{stem}{more}" for more in re.findall(r"`(\.[a-z_.0-9]+)`", row[1])]
        wrong += [name for name in names if figure_named(name) is None]

    assert wrong == []
