"""The figures of the load generator itself: is it me or the server?"""

from loadtest.metrics.catalogue.declaration import (
    Better,
    Block,
    Gravity,
    amount,
    count,
    latency,
    level,
    ratio,
)

__all__ = ["GENERATOR", "MACHINE_BLOCKS"]

GENERATOR = Block(
    "generator",
    (
        latency("lag", "how late frames were sent: from due to written", title="generator lag"),
        latency(
            "loop_lag",
            "how late timers of the engine's loop fired, in seconds in which something was sent or "
            "arrived",
            title="engine loop lag",
        ),
        latency("hub_lag", "how late Locust's greenlets were scheduled", title="hub lag"),
        latency(
            "gc_pause",
            "CPU time of a garbage collection, which stops the process",
            title="collection pause",
        ),
        level(
            "cpu_ratio_peak",
            "share of one core",
            "highest CPU use of one process; 1 is a full core",
            Better.LOWER,
        ),
        level("unsent_bytes_peak", "bytes", "most that ever waited in send buffers", Better.LOWER),
        level("open_files_peak", "files", "most open files of one process", Better.LOWER),
        count(
            "dropped_arrivals",
            "actions",
            "planned, but the device was not ready for them",
            Gravity.REMARK,
        ),
        ratio(
            "dropped_ratio",
            "dropped_arrivals",
            (),
            "of all planned actions; `null`: nothing was planned",
            Better.LOWER,
        ),
        count(
            "errors",
            "count",
            "failures of the load generator itself; any makes the run INCONCLUSIVE",
            Gravity.REMARK,
        ),
        count(
            "exhausted",
            "connections",
            "not opened because this machine had no local port or no open file left; any makes "
            "the run INCONCLUSIVE",
            Gravity.REMARK,
        ),
        count(
            "user_errors",
            "count",
            "exceptions of tasks and handlers of the locustfile; any takes a `PASS` away",
            Gravity.REMARK,
        ),
        amount("workers", "processes", "processes that generated load"),
        count(
            "workers_lost",
            "processes",
            "whose final report is missing, or came before anybody asked for it",
            Gravity.REMARK,
        ),
        count(
            "workers_early",
            "processes",
            "of the lost ones, those that ended in order, but before they were told to",
            Gravity.REMARK,
        ),
        level(
            "clock_uncertainty_ms",
            "ms",
            "how far the instants of two workers may be off against each other, at worst; `null` "
            "with one worker",
            Better.LOWER,
        ),
    ),
)

MACHINE_BLOCKS = (GENERATOR,)
