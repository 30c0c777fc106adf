"""The curves of a study: throughput, latency and what the server used, over the load.

Each trial is a dot; passed, failed and invalid ones have a colour each. The band is the interval of
the limit. Only the dots are measured: a line is the fitted law or a promise.
"""

from collections.abc import Callable, Sequence

from loadtest.capacity.study import Study, TrialRecord, UslRecord
from loadtest.capacity.study_tables import load_digits
from loadtest.metrics.verdict.grammar import parse
from loadtest.observations import ChatEvent
from loadtest.report.charts import NARROW, WIDE, Axis, Band, LineChart, Series, Size, line_svg
from loadtest.report.figures import count_text
from loadtest.report.plots import Figure, latency_scale, latency_text
from loadtest.report.scales import Scale, counting_scale

__all__ = ["study_figures"]

_OUTCOMES = (
    ("pass", "passed", "s-good"),
    ("fail", "failed", "s-bad"),
    ("invalid", "invalid", "s-warn"),
)
_CURVE_POINTS = 80
_DELIVERY_P99 = f"latency.{ChatEvent.MESSAGE_CREATED.value}.p99_ms"
_NARROW_TICKS, _WIDE_TICKS = 4, 8

Value = Callable[[TrialRecord], float | None]


def study_figures(study: Study) -> tuple[Figure, ...]:
    """Return the charts for which the trials have figures."""
    if not study.trials:
        return ()
    drawn = (
        _throughput(study),
        _latency(study),
        *_server(study),
    )
    return tuple(figure for figure in drawn if figure is not None)


def _throughput(study: Study) -> Figure | None:
    series = _dots(study, lambda each: each.deliveries_per_s)
    if study.usl is not None:
        series = [*series, _law(study, study.usl)]
    law = " The line is the fitted scalability law." if study.usl is not None else ""
    return _figure(
        study,
        "Throughput",
        "Deliveries that arrived per second of the hold, by offered load. Where they no longer"
        f" follow the load, the deployment is full.{law}",
        series,
        counting_scale,
        count_text,
    )


def _latency(study: Study) -> Figure | None:
    series = _dots(study, lambda each: each.p99_ms)
    promised = _promised_ms(study)
    if promised is not None and series:
        low, high = _loads(study)
        series = [
            *series,
            Series("promised", "s-limit", [(low, promised), (high, promised)], has_dots=False),
        ]
    return _figure(
        study,
        "Delivery latency, p99",
        "From due to arrival at a device, logarithmic, by offered load.",
        series,
        lambda highest: latency_scale([*_values(series), highest]),
        latency_text,
    )


def _server(study: Study) -> list[Figure | None]:
    used: list[tuple[str, str, Value, Callable[[float], str]]] = [
        ("Server: processor", "cores", lambda each: _of_server(each, "cpu_cores"), "{:g}".format),
        ("Server: memory", "MB", lambda each: _of_server(each, "memory_mb"), count_text),
        ("Server: connections", "open", lambda each: _of_server(each, "sockets"), count_text),
    ]
    queries = {name for each in study.trials if each.server for name in each.server.queries}
    used += [
        (f"Server: {name}", "of Prometheus", _queried(name), "{:.3g}".format)
        for name in sorted(queries)
    ]
    return [
        _figure(
            study,
            title,
            f"In {unit}, while the load was held." if unit != "open" else "Open at the highest.",
            _dots(study, value),
            counting_scale,
            text,
        )
        for title, unit, value, text in used
    ]


def _of_server(each: TrialRecord, name: str) -> float | None:
    return None if each.server is None else getattr(each.server, name)


def _queried(name: str) -> Value:
    return lambda each: None if each.server is None else each.server.queries.get(name)


def _dots(study: Study, value: Value) -> list[Series]:
    series = []
    for outcome, name, css in _OUTCOMES:
        points = [
            (each.load, found)
            for each in study.trials
            if each.outcome == outcome and (found := value(each)) is not None
        ]
        if points:
            series.append(Series(name, css, points, has_line=False))
    return series


def _law(study: Study, usl: UslRecord) -> Series:
    low, high = _loads(study)
    step = (high / low) ** (1 / _CURVE_POINTS)
    loads = [low * step**number for number in range(_CURVE_POINTS + 1)]
    points = [
        (
            load,
            usl.scale * load / (1 + usl.sigma * (load - 1) + usl.kappa * load * (load - 1)),
        )
        for load in loads
    ]
    return Series("scalability law", "s-1", points, has_dots=False)


def _promised_ms(study: Study) -> float | None:
    for expression in study.settings.thresholds:
        threshold = parse(expression)
        if threshold.figure == _DELIVERY_P99 and threshold.comparison in ("<", "<="):
            return threshold.limit
    return None


def _figure(
    study: Study,
    title: str,
    caption: str,
    series: Sequence[Series],
    scale: Callable[[float], Scale],
    text: Callable[[float], str],
) -> Figure | None:
    if not any(each.has_dots for each in series):
        return None
    y = Axis(scale(max(_values(series))), title, text)
    bands, legend = _band(study), [(each.css, each.name) for each in series]
    if bands:
        legend.append(("band", bands[0].name))
    wide, narrow = (
        line_svg(LineChart(title, tuple(series), _x_axis(study, size), y, bands), size)
        for size in (WIDE, NARROW)
    )
    return Figure(title, caption, tuple(legend), wide, narrow)


def _band(study: Study) -> tuple[Band, ...]:
    if study.limit is None or study.limit.high is None:
        return ()
    name = f"limit, {study.limit.level:.0%} interval"
    return (Band(study.limit.low, study.limit.high, name),)


def _x_axis(study: Study, size: Size) -> Axis:
    ticks = _NARROW_TICKS if size is NARROW else _WIDE_TICKS
    return Axis(counting_scale(_loads(study)[1], ticks), study.unit, load_digits)


def _loads(study: Study) -> tuple[float, float]:
    loads = [each.load for each in study.trials]
    return min(loads), max(loads) if max(loads) > min(loads) else 2 * min(loads)


def _values(series: Sequence[Series]) -> list[float]:
    return [y for each in series for _, y in each.points if y is not None]
