"""Ten runs in one process, as the web UI makes them: does its memory come back after each?

    python -m tests.benchmarks.run_after_run --devices 300 --runs 10

Each line is the memory of the process after a run, and how many devices of earlier runs are still
there. The first runs fill caches; what comes after them must not grow with the number of runs.
"""

import argparse
import gc

import gevent
import psutil

from loadtest.device import Device
from loadtest.profile import Profile, load_profile
from loadtest.run.run_plan import RunPlan
from loadtest.run.worker.runtime import Report, WorkerRuntime
from tests.support.server_process import running_server

__all__ = ["main"]


def main() -> None:
    """Make the runs and print what each leaves."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=300)
    parser.add_argument("--runs", type=int, default=10)
    options = parser.parse_args()
    profile = load_profile("smoke", ["run.ramp_s=0"]).scaled(devices=options.devices)
    process = psutil.Process()
    print(f"{profile.devices_in_run} devices in each run")
    print("run  resident MiB  devices that are there")
    with running_server() as url:
        for number in range(1, options.runs + 1):
            make_run(profile, url, number)
            gc.collect()
            resident = process.memory_info().rss / (1 << 20)
            there = sum(isinstance(each, Device) for each in gc.get_objects())
            print(f"{number:>3}  {resident:>12.1f}  {there:>22}", flush=True)


def make_run(profile: Profile, url: str, number: int) -> None:
    """Connect all devices of a profile and end them again."""
    errors: list[str] = []
    reports: list[Report] = []
    plan = RunPlan(f"{number:08x}", f"run {number}", profile.resolved(), url, seed=number)
    runtime = WorkerRuntime(plan, profile, on_report=reports.append, on_error=errors.append)
    runtime.start()
    for slot in range(profile.users_in_run):
        runtime.add_user(slot)
    runtime.spawning_completed()
    while not runtime.engine.call(
        lambda: all(device.is_active for device in runtime.director.devices())
    ):
        gevent.sleep(0.05)
    runtime.finish()
    assert not errors, errors


if __name__ == "__main__":
    main()
