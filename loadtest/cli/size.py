"""The verb ``size``: how many nodes a population needs, by the limit that a study found."""

import argparse
import re
from pathlib import Path

from rich.console import Console

from loadtest.capacity.assumptions import (
    INPUTS,
    Assumption,
    Given,
    Input,
    assumptions,
    population_of,
    sizing_of,
)
from loadtest.capacity.folder import read_study, study_file
from loadtest.capacity.rendering import render_study
from loadtest.capacity.size_tables import (
    LIMITS_OF_SIZING,
    assumption_table,
    size_sentence,
    size_table,
)
from loadtest.capacity.sizing import check_sizing, node_capacity, populations, sized
from loadtest.capacity.studied import with_size
from loadtest.capacity.study import Study
from loadtest.capacity.terminal import printed_table, say
from loadtest.errors import UsageError
from loadtest.profile import load_profile

__all__ = ["add_arguments", "run"]

_NUMBER = re.compile(r"([\d_,]*\.?\d+)\s*(%|/h|/month)?")
_HOURS = {"/h": 1.0, "/month": 730.0}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.add_argument(
        "study",
        nargs="+",
        type=Path,
        metavar="STUDY",
        help="folder of a capacity study; of several, the better limit on each axis counts",
    )
    parser.add_argument(
        "--population",
        metavar="PROFILE",
        default="",
        help="take users and what they do from a profile, such as `loadtest profiles fit` makes",
    )
    for each in INPUTS:
        default = "from the study" if each.default is None else _default_text(each)
        parser.add_argument(
            each.option,
            dest=each.name,
            metavar="N%" if each.is_ratio else "N/h" if each.name == "node_cost_per_h" else "N",
            help=f"{each.label} {each.unit}".strip().replace("%", "%%") + f" ({default})",
        )
    parser.add_argument(
        "--table", metavar="N,N,…", default="", help="numbers of users for the table"
    )
    parser.add_argument(
        "--save", action="store_true", help="put the size into capacity.json and the report"
    )


def run(options: argparse.Namespace) -> int:
    """Print the size of the population."""
    studies = {path.resolve().name: read_study(path) for path in options.study}
    first = next(iter(studies.values()))
    node = node_capacity(studies)
    found = assumptions(first, node, _given(options))
    sizing = sizing_of(found)
    check_sizing(sizing, node.deliveries_per_message)
    console = Console()
    say(console, size_sentence(sized(sizing)), "bold")
    tables = (
        assumption_table(found),
        size_table(populations(sizing, _table_users(options.table))),
    )
    for table in tables:
        console.print()
        say(console, table.title, "bold")
        console.print(printed_table(table, console))
    console.print()
    for text in LIMITS_OF_SIZING:
        say(console, text)
    if options.save:
        _save(options.study[0], first, found)
    return 0


def _given(options: argparse.Namespace) -> Given:
    given: dict[str, tuple[float, str]] = {}
    if options.population:
        given.update(population_of(load_profile(options.population)))
    problems: list[str] = []
    for each in INPUTS:
        text = getattr(options, each.name)
        if text is None:
            continue
        try:
            given[each.name] = (_number(each, text), "given")
        except UsageError as error:
            problems += error.problems
    if problems:
        raise UsageError(*problems)
    return given


def _number(each: Input, text: str) -> float:
    match = _NUMBER.fullmatch(text.strip().removeprefix("-"))
    is_cost = each.name == "node_cost_per_h"
    unit = match[2] if match else None
    allowed = (None, "%") if each.is_ratio else (None, "/h", "/month") if is_cost else (None,)
    if match is None or unit not in allowed:
        shape = "12% or 0.12" if each.is_ratio else "0.19/h or 140/month" if is_cost else "1.3"
        raise UsageError(f"{each.option} is {text!r}; it must be a number such as {shape}")
    value = float(match[1].replace(",", "").replace("_", ""))
    if text.strip().startswith("-"):
        value = -value
    if unit == "%":
        return value / 100
    return value / _HOURS[unit or "/h"] if is_cost else value


def _table_users(text: str) -> tuple[float, ...]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise UsageError(f"--table is {text!r}; it must be numbers of users such as 10000,50000")
    return tuple(float(part) for part in parts)


def _default_text(each: Input) -> str:
    assert each.default is not None
    return f"{100 * each.default:g}%%" if each.is_ratio else f"{each.default:g}"


def _save(path: Path, study: Study, found: tuple[Assumption, ...]) -> None:
    folder = study_file(path).parent
    render_study(folder, with_size(study, found))
