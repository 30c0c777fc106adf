"""What a worker process says of itself, about once a second."""

from dataclasses import dataclass

from loadtest.clock import NS_PER_US
from loadtest.metrics.figures.figures import HealthFigures

__all__ = ["HealthSample", "record_health"]


@dataclass(frozen=True, slots=True)
class HealthSample:
    """The state of the load generator at one instant; lags are the worst since the last sample."""

    at_ns: int
    loop_lag_ns: int = 0
    """How late the engine's loop ran a timer."""
    hub_lag_ns: int = 0
    """How late gevent's hub ran one."""
    gc_pause_ns: int = 0
    cpu_ratio: float = 0.0
    """Processor time of the process per second of one core."""
    unsent_bytes: int = 0
    open_files: int = 0


def record_health(figures: HealthFigures, sample: HealthSample) -> None:
    """Count one sample."""
    figures.samples += 1
    # A lag under a microsecond is none: as 1 us it stays in the range of the histogram.
    figures.loop_lag.record_all((max(1, sample.loop_lag_ns // NS_PER_US),))
    figures.hub_lag.record_all((max(1, sample.hub_lag_ns // NS_PER_US),))
    figures.gc_pause.record_all((max(1, sample.gc_pause_ns // NS_PER_US),))
    figures.cpu_ratio_peak = max(figures.cpu_ratio_peak, sample.cpu_ratio)
    figures.unsent_bytes_peak = max(figures.unsent_bytes_peak, sample.unsent_bytes)
    figures.open_files_peak = max(figures.open_files_peak, sample.open_files)
