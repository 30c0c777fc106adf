"""How the cost of an event grows: ``python -m tests.benchmarks.curves``.

One thing is changed at a time: devices, channel size, rate, length of the run. Flat lines are the
claim: an event costs the same however many devices there are, and what is settled is forgotten. The
pictures are made of the measurements of the same call.
"""

import argparse
import dataclasses
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from loadtest.clock import utc_now
from loadtest.report.charts import NARROW, Axis, LineChart, Series, line_svg
from loadtest.report.scales import LogScale, Scale, counting_scale, decades_scale
from tests.benchmarks.client import Client
from tests.benchmarks.feeder import Feeder, FeedPlan
from tests.benchmarks.measure import Measurement, Settings, measure
from tests.benchmarks.native import build_programs
from tests.benchmarks.plan import Plan
from tests.benchmarks.rows import OURS, Row, rows_of
from tests.benchmarks.table import machine

__all__ = ["main"]

_DEVICES = (100, 1_000, 5_000, 10_000, 19_900)
_CHANNEL_SIZES = (2, 10, 100, 1_000, 5_000)
_RATES = (1_000, 2_000, 5_000, 10_000, 20_000)
_LONG_RUN_MESSAGES = 1_000_000
_SLICE_S = 10.0
_SOME_DEVICES = 1_000
_MANY_DEVICES = 5_000
_KIB = 1024
_MIB = 1024 * 1024
# Self-contained: the picture stands in a page that knows no styles of ours.
_STYLE = (
    "<style>text{font:12px sans-serif;fill:#57606a}.grid,.axis{stroke:#d0d7de;fill:none}"
    ".line{stroke:#0969da;stroke-width:2;fill:none}.dot{fill:#0969da}</style>"
    '<rect width="100%" height="100%" fill="#fff"/>'
)


@dataclass(frozen=True, slots=True)
class Slice:
    """One stretch of a long run."""

    messages: int
    """Sent until its end."""
    us_per_event: float
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class Curve:
    """One picture."""

    name: str
    title: str
    x_title: str
    points: Sequence[tuple[float, float]]
    unit: str


class _Measuring:
    """Measures our row with one setting changed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.row: Row = next(row for row in rows_of(None) if row.key == OURS)

    def at(self, devices: int, *, channel_size: int = 100, rate_per_s: float = 0) -> Measurement:
        """Measure once."""
        settings = replace(self._settings, channel_size=channel_size, rate_per_s=rate_per_s)
        with tempfile.TemporaryDirectory() as folder:
            found = measure(self.row, devices, 1, settings, Path(folder))
        sys.stdout.write(
            f"{devices:,} devices, channels of {channel_size:,}, "
            f"{f'{rate_per_s:,.0f}/s' if rate_per_s else 'as fast as it goes'}: "
            f"{_us(found):.1f} us of CPU per event\n"
        )
        sys.stdout.flush()
        return found

    def long_run(self, messages: int, slice_s: float) -> list[Slice]:
        """Send so many messages into channels of two; measure each stretch of time."""
        with (
            Feeder(
                self._settings.programs.feeder, _SOME_DEVICES, is_fanning_out=True, is_busy=True
            ) as feeder,
            tempfile.TemporaryDirectory() as folder,
        ):
            plan = Plan(
                port=feeder.port,
                devices=_SOME_DEVICES,
                channel_size=2,
                rate_per_s=0,
                open_rate_per_s=0,
                window=self._settings.window,
                folder=Path(folder),
                scratch=self._settings.scratch,
                limit_program=self._settings.programs.limit,
            )
            with Client(self.row.command(plan)) as client:
                client.wait_until_ready()
                client.tell("go")
                feeder.wait_for("active", 120)
                client.tell("feed")
                return self._slices(client, feeder, messages, slice_s)

    def _slices(self, client: Client, feeder: Feeder, wanted: int, slice_s: float) -> list[Slice]:
        found: list[Slice] = []
        messages = 0
        feed = FeedPlan(seconds=slice_s, window=self._settings.window, is_watching=True)
        while messages < wanted:
            feeder.begin(feed)
            before_ns = client.cpu_ns()
            fed = feeder.finish(feed)
            us_per_event = (client.cpu_ns() - before_ns) / fed.events / 1_000
            messages += fed.events // 2
            found.append(Slice(messages, us_per_event, client.usage().proportional_bytes))
            sys.stdout.write(
                f"{messages:,} messages: {us_per_event:.1f} us of CPU per event, "
                f"{found[-1].memory_bytes / _MIB:.1f} MiB\n"
            )
            sys.stdout.flush()
        return found


def _us(measurement: Measurement) -> float:
    return measurement.cpu_ns / measurement.events / 1_000


def _curves(measuring: _Measuring, *, is_short: bool) -> tuple[list[Curve], list[object]]:
    devices = [measuring.at(each) for each in _cut(_DEVICES, is_short=is_short)]
    many = 100 if is_short else _MANY_DEVICES
    sizes = _cut(_CHANNEL_SIZES, is_short=is_short)
    by_size = [measuring.at(many, channel_size=each) for each in sizes]
    rates = _cut(_RATES, is_short=is_short)
    some = 100 if is_short else _SOME_DEVICES
    by_rate = [measuring.at(some, rate_per_s=each) for each in rates]
    slices = measuring.long_run(
        2_000 if is_short else _LONG_RUN_MESSAGES, 0.5 if is_short else _SLICE_S
    )
    curves = [
        _curve("cost-by-devices", "devices", [(each.devices, _us(each)) for each in devices]),
        _curve(
            "cost-by-channel-size",
            "devices in a channel",
            [(size, _us(each)) for size, each in zip(sizes, by_size, strict=True)],
        ),
        _curve(
            "cost-by-rate",
            "deliveries per second",
            [(rate, _us(each)) for rate, each in zip(rates, by_rate, strict=True)],
        ),
        _curve(
            "cost-over-a-run",
            "messages sent so far",
            [(each.messages, each.us_per_event) for each in slices],
        ),
        Curve(
            "memory-by-devices",
            "memory of an idle device",
            "devices",
            [(each.devices, each.idle_bytes_per_device / _KIB) for each in devices],
            "KiB",
        ),
        Curve(
            "memory-over-a-run",
            "memory of the process",
            "messages sent so far",
            [(each.messages, each.memory_bytes / _MIB) for each in slices],
            "MiB",
        ),
    ]
    measured: list[object] = [*devices, *by_size, *by_rate, *slices]
    return curves, measured


def _cut(values: Sequence[int], *, is_short: bool) -> Sequence[int]:
    return values[:2] if is_short else values


def _curve(name: str, x_title: str, points: Sequence[tuple[float, float]]) -> Curve:
    return Curve(name, "CPU time per event", x_title, points, "us")


def picture(curve: Curve) -> str:
    """Return a curve as an SVG file that needs nothing else."""
    highest = max(y for _, y in curve.points)
    x_scale: Scale = _x_scale([x for x, _ in curve.points])
    chart = LineChart(
        f"{curve.title}, {curve.unit}",
        (Series(curve.title, "curve", curve.points),),
        Axis(x_scale, curve.x_title, _count_text),
        Axis(counting_scale(highest * 1.2), curve.title, _unit_text(curve.unit)),
    )
    svg = line_svg(chart, NARROW)
    sized = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{NARROW.width}" height="{NARROW.height}" '
    )
    return svg.replace("<svg ", sized, 1).replace(">", f">{_STYLE}", 1) + "\n"


def _x_scale(values: Sequence[float]) -> LogScale | Scale:
    lowest, highest = min(values), max(values)
    if highest / lowest > 9:
        return decades_scale(lowest, highest)
    return counting_scale(highest, most_ticks=4)


def _count_text(value: float) -> str:
    """Return a count in few characters: the last tick has little room."""
    return f"{value / 1_000:g}k" if value >= 1_000 else f"{value:g}"


def _unit_text(unit: str) -> Callable[[float], str]:
    return lambda value: f"{value:,.3g} {unit}"


def main(words: Sequence[str] | None = None) -> int:
    """Measure, write pictures and JSON; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.curves", description=__doc__)
    add = parser.add_argument
    add("--short", action="store_true", help="a few small points: does everything run?")
    add("--seconds", type=float, default=3, help="length of each feed (%(default)s)")
    add("--pictures", type=Path, default=Path("docs/pictures"), help="folder (%(default)s)")
    add("--results", type=Path, default=Path("results"), help="folder of the JSON (%(default)s)")
    add(
        "--scratch",
        type=Path,
        default=Path(tempfile.gettempdir()) / "chatkitty-loadtest-benchmarks",
        help="folder for programs, outside the repository (%(default)s)",
    )
    arguments = parser.parse_args(words)
    arguments.scratch.mkdir(parents=True, exist_ok=True)
    settings = Settings(
        programs=build_programs(arguments.scratch),
        scratch=arguments.scratch,
        channel_size=100,
        seconds=0.3 if arguments.short else arguments.seconds,
        rate_per_s=0,
        open_rate_per_s=0,
        window=1024,
        heart_beat="0,0",
        is_server_busy=True,
    )
    curves, measured = _curves(_Measuring(settings), is_short=arguments.short)
    arguments.pictures.mkdir(parents=True, exist_ok=True)
    for curve in curves:
        (arguments.pictures / f"{curve.name}.svg").write_text(picture(curve))
    now = utc_now()
    document = {
        "at": now.isoformat(timespec="seconds"),
        "machine": machine(),
        "curves": [dataclasses.asdict(each) for each in curves],
        "measured": [dataclasses.asdict(each) for each in measured],  # type: ignore[call-overload]
    }
    arguments.results.mkdir(parents=True, exist_ok=True)
    path = arguments.results / f"curves-{now:%Y%m%dT%H%M%SZ}.json"
    path.write_text(json.dumps(document, indent=2) + "\n")
    sys.stdout.write(f"pictures in {arguments.pictures}, figures in {path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
