"""``metrics.txt``: every figure of a run as OpenMetrics text, for GitLab and for Prometheus.

A distribution is a summary in seconds with its quantiles, a count a counter, all else a gauge. The
names are made from the paths of the figures: letters, digits and underscores; what stands for an
event, an action or a class in a path is a label.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import product

from loadtest.metrics.catalogue import PERCENTILES, Block, Declaration, Kind
from loadtest.metrics.catalogue.declaration import DIMENSIONS
from loadtest.metrics.catalogue.lookup import BLOCKS
from loadtest.metrics.catalogue.values import NEVER
from loadtest.report.figures import Summary, at, number, plain_text

__all__ = ["openmetrics"]

_PREFIX = "loadtest"
_MS_PER_S = 1000
_NOT_A_NAME = re.compile(r"[^a-zA-Z0-9]+")
_VERDICTS = ("PASS", "FAIL", "INCONCLUSIVE", "STOPPED")


def openmetrics(summary: Summary) -> str:
    """Return all figures that were measured; the text ends with ``# EOF``."""
    lines = [*_about(summary)]
    for block in BLOCKS:
        for declaration in block.figures:
            lines += _family(summary, block, declaration)
    return "\n".join([*lines, "# EOF"]) + "\n"


def _about(summary: Summary) -> Iterator[str]:
    labels = {
        "run_id": plain_text(at(summary, "run_id")),
        "profile": plain_text(at(summary, "profile", "name")),
        "host": plain_text(at(summary, "target", "host")),
        "seed": plain_text(at(summary, "seed")),
        "version": plain_text(at(summary, "versions", "loadtest")),
    }
    yield f"# TYPE {_PREFIX}_run info"
    yield f"# HELP {_PREFIX}_run What was run."
    yield f"{_PREFIX}_run_info{_labelled(labels)} 1"
    yield f"# TYPE {_PREFIX}_verdict stateset"
    yield f"# HELP {_PREFIX}_verdict How the run ended."
    found = plain_text(at(summary, "verdict"))
    for word in _VERDICTS:
        labels = {f"{_PREFIX}_verdict": word}
        yield f"{_PREFIX}_verdict{_labelled(labels)} {int(word == found)}"
    seconds = number(at(summary, "duration_s"))
    if seconds is not None:
        yield f"# TYPE {_PREFIX}_duration_seconds gauge"
        yield f"# UNIT {_PREFIX}_duration_seconds seconds"
        yield f"# HELP {_PREFIX}_duration_seconds Length of the run."
        yield f"{_PREFIX}_duration_seconds {seconds}"


def _family(summary: Summary, block: Block, declaration: Declaration) -> list[str]:
    """Return one metric family; nothing if nothing of it was measured."""
    names = [bracket.strip("<>").replace(" ", "_") for bracket in block.brackets]
    path = block.path
    for bracket in block.brackets:
        path = path.replace(bracket, "")
    name = _name(path, declaration)
    samples: list[str] = []
    for values in product(*(DIMENSIONS[bracket] for bracket in block.brackets)):
        part = at(summary, *_keys(block, values))
        samples += _samples(name, part, declaration, dict(zip(names, values, strict=True)))
    if not samples:
        return []
    kinds = {Kind.LATENCY: "summary", Kind.COUNT: "counter"}
    head = [f"# TYPE {name} {kinds.get(declaration.kind, 'gauge')}"]
    if name.endswith("_seconds"):
        head.append(f"# UNIT {name} seconds")
    return [*head, f"# HELP {name} {_escaped(declaration.meaning)}.", *samples]


def _keys(block: Block, values: Iterable[str]) -> tuple[str, ...]:
    """Return the keys that lead to a block; a value is one key, dots and all."""
    of = dict(zip(block.brackets, values, strict=True))
    return tuple(str(of.get(key, key)) for key in block.path.split(".") if key)


def _name(path: str, declaration: Declaration) -> str:
    words = _NOT_A_NAME.sub("_", f"{_PREFIX}.{path}.{declaration.name}").strip("_")
    if declaration.kind is Kind.LATENCY:
        return f"{words}_seconds"
    if words.endswith("_ms"):
        return f"{words.removesuffix('_ms')}_seconds"
    return words


def _samples(
    name: str,
    part: object,
    declaration: Declaration,
    labels: Mapping[str, str],
) -> Iterator[str]:
    if declaration.kind is Kind.LATENCY:
        yield from _distribution(
            name, at(part, declaration.name) if declaration.name else part, labels
        )
        return
    value = number(at(part, declaration.name))
    if value is None:
        return
    if declaration.kind is Kind.COUNT:
        yield f"{name}_total{_labelled(labels)} {value:.0f}"
    else:
        scale = _MS_PER_S if declaration.name.endswith("_ms") else 1
        yield f"{name}{_labelled(labels)} {value / scale:.9g}"


def _distribution(name: str, block: object, labels: Mapping[str, str]) -> Iterator[str]:
    count = number(at(block, "count"))
    if not count:
        return
    for key, percentile in PERCENTILES.items():
        value = at(block, key)
        quantile = {**labels, "quantile": f"{percentile / 100:g}"}
        if value == NEVER:
            yield f"{name}{_labelled(quantile)} +Inf"
        elif (known := number(value)) is not None:
            yield f"{name}{_labelled(quantile)} {known / _MS_PER_S:.9g}"
    yield f"{name}_count{_labelled(labels)} {count:.0f}"
    mean = number(at(block, "mean_ms"))
    if mean is not None:
        yield f"{name}_sum{_labelled(labels)} {mean * count / _MS_PER_S:.9g}"


def _labelled(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items()) + "}"


def _escaped(text: str) -> str:
    r"""Return text as a label or a help line may hold it: ``\``, ``"`` and newlines escaped."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", " ")
