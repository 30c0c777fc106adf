"""The reference page of all keys and profiles, made from those, so that it cannot tell a lie.

``python -m loadtest.profile.reference docs/profiles.md`` writes it; a test compares the two.
"""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import BaseModel

from loadtest.profile.load import load_profile
from loadtest.profile.provisioning_section import ProvisioningSection
from loadtest.profile.resources import profile_names
from loadtest.profile.sections import (
    ChannelSection,
    DeviceSection,
    GeneratorSection,
    MetricsSection,
    PopulationSection,
    ProfileSections,
    PushSection,
    RunSection,
    TargetSection,
)
from loadtest.profile.toml_text import toml_text
from loadtest.profile.workload_sections import (
    ChatSessionSection,
    ConnectionCutSection,
    WorkloadSection,
)

__all__ = ["reference_page"]

_SECTIONS: Mapping[str, type[BaseModel]] = {
    "[run]": RunSection,
    "[target]": TargetSection,
    "[provisioning]": ProvisioningSection,
    "[population]": PopulationSection,
    "[[channels]]": ChannelSection,
    "[workload]": WorkloadSection,
    "[chat_sessions]": ChatSessionSection,
    "[connection_cuts]": ConnectionCutSection,
    "[device]": DeviceSection,
    "[metrics]": MetricsSection,
    "[push]": PushSection,
    "[generator]": GeneratorSection,
}

_INTRODUCTION = """\
# Profiles

A profile is a TOML file that says what a run is: who exists, what they do, and by when things must
have happened. `loadtest run smoke` takes `profiles/smoke.toml`; a path ending in `.toml` works as
well. Only `description`, `population.users` and `workload.message_rate_per_s` must be given, and
for each channel group its name, count and size. Everything else has a default, named below with its
reason. Unknown keys and impossible values are refused, all of them at once, before anything starts.

Single keys are changed on the command line; a channel group is found by its name:

    loadtest run smoke --set workload.message_rate_per_s=50 --set channels.large.size=80

## Bases

`base = "baseline"`, before the first section, makes a profile of the changes to another one: a name
as on the command line, or the path of a `.toml` file. A key of a section replaces that key of the
base; `[[channels]]`, if there are any, replace all of the base's. Name and description are never
taken over. A comment behind a key or right above it is the reason for its value, and
`loadtest profiles explain` shows it.

## Distributions

Where a key takes a duration, a size or a count, it takes a number (always that value) or a table:

| `kind` | Parameters | Values |
| --- | --- | --- |
| `fixed` | `value` | always the same |
| `uniform` | `low`, `high` | any between the two |
| `exponential` | `mean` | many short, few long, without memory |
| `lognormal` | `median`, `sigma` | two thirds within a factor of `exp(sigma)` of the median |
| `zipf` | `exponent`, `low`, `high` | whole numbers, `n` as often as `n ** -exponent` says |
| `table` | `values`, `weights` | each value as often as its weight says |

    stay_s = { kind = "exponential", mean = 300 }

## Cells and scaling

The population is divided into cells: communities that share no channel. Channel number `j` of a
group lives in cell `floor(j * cells / count)`. `--devices N` runs more or fewer of the same cells,
so the shape stays and the rates go along; the first cells are the same users and channels, doing
the same, in every run with that seed. Below one cell, the cell itself is made smaller.
"""


def reference_page() -> str:
    """Return the page as Markdown."""
    top = [name for name, field in ProfileSections.model_fields.items() if field.description]
    parts = [_INTRODUCTION, _library(), "## Keys at the top\n", _table(ProfileSections, top)]
    for title, section in _SECTIONS.items():
        parts += [
            f"## `{title}`\n",
            f"{_docstring(section)}\n",
            _table(section, section.model_fields),
        ]
    return "\n".join(parts)


def _library() -> str:
    rows = [f"| `{name}` | {load_profile(name).description} |" for name in profile_names()]
    head = ["## The library", "", "`loadtest profiles explain NAME` explains one.", ""]
    return "\n".join([*head, "| Profile | What it is for |", "| --- | --- |", *rows, ""])


def _docstring(section: type[BaseModel]) -> str:
    return " ".join((section.__doc__ or "").split())


def _table(section: type[BaseModel], names: Iterable[str]) -> str:
    rows = ["| Key | Default | Meaning | Why this default |", "| --- | --- | --- | --- |"]
    return "\n".join([*rows, *(_row(section, name) for name in names), ""])


def _row(section: type[BaseModel], name: str) -> str:
    field = section.model_fields[name]
    facts = field.json_schema_extra if isinstance(field.json_schema_extra, Mapping) else {}
    unit = f" *({facts['unit']})*" if facts.get("unit") else ""
    cells = (
        f"`{name}`",
        _default(section, name),
        f"{field.description}{unit}",
        str(facts.get("why", "")),
    )
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"


def _default(section: type[BaseModel], name: str) -> str:
    """Return a default as a profile would write it."""
    field = section.model_fields[name]
    if section is ProfileSections and name == "name":
        return "that of the file"
    if field.is_required():
        return "must be given"
    if field.default is None:
        return "none"
    if name == "handlers":
        return "all ten"
    data = section.model_construct().model_dump(mode="json", include={name})
    # As an item of a list, so that a table comes as it stands behind an equals sign.
    line = toml_text({"x": [data[name], 0]})
    return f"`{line.removeprefix('x = [').strip().removesuffix(', 0]')}`"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(reference_page(), encoding="utf-8")
