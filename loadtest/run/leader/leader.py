"""What every process that leads a run does: options, target, results, and the way to the end.

A run begins whole or not at all. What is wrong with the options or the target is said before
anything is sent. It ends the process with the exit code for usage, or the attempt in the web UI.
"""

import contextlib
import logging
import sys
import traceback
from argparse import Namespace
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import gevent
from locust.env import Environment
from locust.runners import STATE_INIT, STATE_STOPPED, Runner

from loadtest.clock import unseeded_random
from loadtest.errors import LoadtestError, UsageError
from loadtest.metrics import ExitCode
from loadtest.profile.possible import refuse_impossible
from loadtest.recording.journal import check_unused
from loadtest.run.bus import token_of
from loadtest.run.hang_up import end_at_hang_up
from loadtest.run.interrupts import Interrupts
from loadtest.run.leader.embedded_server import EmbeddedServer
from loadtest.run.leader.failures import raised_errors
from loadtest.run.leader.otel import export_figures
from loadtest.run.leader.provisioning import Provisioner, check_answer, check_provisioning
from loadtest.run.leader.push_sink import RunPushSink
from loadtest.run.leader.results import RunContext, RunResults
from loadtest.run.leader.run_defaults import fill_in_defaults
from loadtest.run.leader.screens import Screens
from loadtest.run.leader.target_consent import check_target
from loadtest.run.options import RunOptions, run_options
from loadtest.run.output import guard_output
from loadtest.run.plan_lines import plan_lines
from loadtest.run.presentation import presentation, quiet_locust
from loadtest.run.run_plan import RunPlan
from loadtest.sink.service import Arrival
from loadtest.workload import Existing

__all__ = ["RunLeader"]

_logger = logging.getLogger("loadtest")
_TARGET_POLL_S = 0.25


class RunLeader:
    """One process that leads runs, one after the other.

    Args:
        environment: Locust's.
        runner: Locust's.

    A problem with the options ends the process: Locust only logs what else a listener raises.
    """

    def __init__(self, environment: Environment, runner: Runner) -> None:
        self.environment = environment
        self.runner = runner
        self.results: RunResults | None = None
        """The run that goes on, or the last one."""
        self.options: RunOptions
        self._server: EmbeddedServer | None = None
        self._provisioner: Provisioner | None = None
        """At work right now, before users are started."""
        self.run_time_s: float | None = None
        """How long the run lasts, from when it has begun; None: Locust knows it, or nobody."""
        self._is_stopped = False
        self._is_stop_due = False
        """Whether a person wants an end while the run is only beginning."""
        self._intake: RunPushSink | None = None
        self._checked_host = presentation.checked_host
        self._timer: gevent.Greenlet | None = None
        """Ends the run when its time is up."""
        self.refusal = ""
        """Why the last attempt to begin a run failed, for the web UI; empty: it did not."""
        self.screens: Screens | None = None
        """The pages in the browser; None: there is no web UI."""
        guard_output()
        end_at_hang_up()
        if presentation.hides_locust:
            quiet_locust()
        elif getattr(self.parsed, "json", False):
            presentation.keeps_output_free = True
        try:
            self.token = token_of(self.parsed)
            """What workers must show; empty: nothing."""
            self.options = self.read_options()
            if self.options.record:
                check_unused(Path(self.options.record))
            check_provisioning(self.options, self.options.host)
            self._prepare_target(self.options)
            self.parsed.host = environment.host
            self.run_time_s = fill_in_defaults(
                self.parsed, self.options.profile, is_driven=self.is_profile_driven
            )
            if environment.web_ui is not None:
                self.screens = Screens(self, environment)
            if getattr(self.parsed, "otel", False):
                export_figures(self)
        except LoadtestError as error:
            _complain(error)
            sys.exit(ExitCode.USAGE)
        self._show_plan()

    def _show_plan(self) -> None:
        """Say what a run will do, where our command line has not said it."""
        if presentation.hides_locust or not self.is_profile_driven:
            return
        with contextlib.suppress(LoadtestError):  # the beginning of the run will say it
            for line in plan_lines(self.options):
                _logger.info(line)

    def listen(self) -> None:
        """Register with the events of this environment, and with interrupts."""
        hooks = self.environment.events
        self._add(hooks.test_start, self._test_start)
        self._add(hooks.test_stopping, self._test_stopping)
        self._add(hooks.quitting, self._quitting)
        if self.is_headless and self.is_profile_driven:
            self._guard_size()
        Interrupts((self._stop, self._hurry), is_running=lambda: self.is_running).install()

    def _guard_size(self) -> None:
        """Let nobody change the number of users of a run: Locust's hidden keys would.

        Locust itself starts a run anew with the same number, when it deals the users again.
        """
        start: Callable[..., None] = self.runner.start

        def start_as_planned(user_count: int, *others: Any, **named: Any) -> None:  # noqa: ANN401
            if self.is_running and user_count != self.parsed.num_users:
                presentation.complain("the number of users is that of the plan, and stays")
            else:
                start(user_count, *others, **named)

        self.runner.start = start_as_planned  # type: ignore[method-assign]

    def begin(self) -> None:
        """Begin a run on the target."""
        raise NotImplementedError

    def drain(self) -> None:
        """End the run on all workers, and take their final reports."""
        raise NotImplementedError

    def deliver_pushes(self, pushes: list[Arrival]) -> None:
        """Tell whoever carries users what the push sink got."""
        raise NotImplementedError

    def hurry(self) -> None:
        """Let a drain that goes on end at once."""
        raise NotImplementedError

    @property
    def is_running(self) -> bool:
        """Whether a run goes on or is being ended."""
        return self.results is not None and not self.results.is_finished

    @property
    def is_headless(self) -> bool:
        """Whether there is no web UI, so that the end of the run is the end of the process."""
        return bool(self.parsed.headless)

    @property
    def is_profile_driven(self) -> bool:
        """Whether the profile says what all users do."""
        classes = self.environment.user_classes
        return all(getattr(each, "is_profile_driven", False) for each in classes)

    @property
    def _has_implied_thresholds(self) -> bool:
        """Whether scripted users are held to the promises of a profile that nobody named."""
        if self.is_profile_driven or self.parsed.profile:
            return False
        return not any(each.startswith("thresholds") for each in self.parsed.loadtest_set or ())

    @property
    def parsed(self) -> Namespace:
        """What Locust's parser made of the command line, and the web form of it since."""
        return self.environment.parsed_options or Namespace()

    @property
    def state(self) -> str:
        """Locust's word for what its runner does."""
        return str(self.runner.state)

    @property
    def embedded_address(self) -> str:
        """Address of the embedded server; empty: it does not run."""
        server = self._server
        return server.address if server is not None and server.is_running else ""

    @staticmethod
    def _add(hook: Any, listener: Callable[..., None]) -> None:  # noqa: ANN401 - Locust's hook
        hook.add_listener(listener)

    # --- before a run --------------------------------------------------------------------------

    def read_options(self) -> RunOptions:
        """Return what is asked for now: the web form may have changed it since the last run.

        Raises:
            UsageError: The profile or an option cannot be used.
        """
        asked = Namespace(**vars(self.parsed))
        if self.is_headless:
            asked.run_time = self.run_time_s or asked.run_time
        return self.options_of(asked)

    def options_of(self, parsed: Namespace) -> RunOptions:
        """Return what these options ask for.

        Raises:
            UsageError: The profile or an option cannot be used.
        """
        options = run_options(parsed, is_profile_driven=self.is_profile_driven)
        if self.is_profile_driven:
            refuse_impossible(options.profile)
            return options
        mode = options.profile.provisioning.mode
        if mode != "guest":
            raise UsageError(
                f'provisioning.mode is "{mode}"; users written by hand make their own channels, so'
                ' it must be "guest"'
            )
        if not self.environment.locustfile:
            return options
        # The profile gives thresholds and a length; what is run is the locustfile.
        name = Path(self.environment.locustfile).stem
        described = {"name": name, "description": f"users written by hand, of {name}.py"}
        return replace(options, profile=options.profile.model_copy(update=described))

    def _prepare_target(self, options: RunOptions) -> None:
        """Have a target whose address can be shown; without the web UI, one that answers."""
        self._settle_sink(options.profile.push.sink)
        if options.host is None:
            self.environment.host = self._embedded_server().address
        elif self.is_headless:
            self.check_host(options, options.host)
        else:
            # Whoever uses the UI may start the server, or change the address, before the run.
            check_target(options.host, allowed_host=options.allowed_host)

    def _embedded_server(self) -> EmbeddedServer:
        push_url = self._intake.url if self._intake is not None else ""
        if self._server is not None and self._server.push_url != push_url:
            self._server.stop()
        if self._server is None or not self._server.is_running:
            self._server = EmbeddedServer(push_url=push_url)
        return self._server

    def _settle_sink(self, address: str) -> None:
        """Have a push sink at the address that the profile names, or none."""
        if self._intake is not None and self._intake.address != address:
            self._intake.stop()
            self._intake = None
        if address and self._intake is None:
            self._intake = RunPushSink(address, self.deliver_pushes)

    def check_host(self, options: RunOptions, host: str) -> None:
        """Check that a server may be loaded and answers; what was checked is not asked again.

        Raises:
            LoadtestError: It may not, or does not.
        """
        check_target(host, allowed_host=options.allowed_host)
        if host != self._checked_host:
            check_answer(options, host)
            self._checked_host = host

    # --- the beginning -------------------------------------------------------------------------

    def _test_start(self, **_: object) -> None:
        self.results = None
        self._is_stop_due = False
        self.refusal = ""
        try:
            self.begin()
            self._begin_time()
            if self._is_stop_due:
                gevent.spawn(self._stop)
        except LoadtestError as error:
            self._refuse(error)
        except Exception as error:
            # The outer edge of a run: a defect here must not let Locust run on without us.
            self._refuse(UsageError(*traceback.format_exception(error)))

    def _begin_time(self) -> None:
        """Let the run last from now on."""
        if self.results is not None:
            self.results.note_begun()
            if self._server is not None and self._server.address == self.environment.host:
                gevent.spawn(self._watch_target, self.results)
        if self.run_time_s is None:
            return
        if self.is_headless:
            self.parsed.run_time = self.run_time_s  # other parts of Locust read it
        end = self.runner.quit if self.is_headless else self.runner.stop
        self._timer = gevent.spawn_later(self.run_time_s, end)

    def begin_results(self, workers: int) -> RunPlan:
        """Begin the results of a run, after the last checks, and return its plan.

        The web form may have changed options and target since the last run.

        Raises:
            LoadtestError: It cannot be begun; nothing was sent.
        """
        self.options = options = self.read_options()
        random = unseeded_random()
        context = self._context(options, workers)
        self.results = results = RunResults(options, context, random=random, end=self.abandon)
        if self.screens is not None:
            self.screens.watch(results, options)
        elif getattr(self.parsed, "otel", False):
            results.watch()
        run = f"{random.getrandbits(32):08x}"
        names = options.profile.names_of_run(run)
        existing = self._provide(options, context, results, names)
        return RunPlan(
            run=run,
            run_id=results.run_id,
            names=names,
            existing=existing.to_plain() if existing is not None else None,
            profile=options.profile.resolved(),
            host=str(self.environment.host),
            seed=options.profile.run.seed,
            network=options.network.to_plain(),
            record=str(results.journal.path) if results.journal else "",
            workers=workers,
            duration_s=context.duration_s,
        )

    def _provide(
        self, options: RunOptions, context: RunContext, results: RunResults, names: str
    ) -> Existing | None:
        """Have the users and channels that are to exist before the devices start.

        Raises:
            LoadtestError: They cannot be had; the run has no results then.
        """
        if not self.is_profile_driven:
            return None
        provisioner = Provisioner(
            options,
            context.host,
            context.is_embedded,
            results.folder,
            names,
            results.say,
        )
        self._provisioner = provisioner
        try:
            existing = provisioner.provide()
        except LoadtestError:
            results.give_up()
            self.results = None
            provisioner.explain_remains()
            raise
        finally:
            self._provisioner = None
        return existing

    def _context(self, options: RunOptions, workers: int) -> RunContext:
        self._settle_sink(options.profile.push.sink)
        is_embedded = self._settle_target(options)
        if self._intake is not None and not is_embedded:
            presentation.complain(f"push sink: the deployment must call {self._intake.url}")
        run_time = self.run_time_s or self.parsed.run_time
        return RunContext(
            host=str(self.environment.host),
            is_embedded=is_embedded,
            workers=workers,
            is_open_workload=self.is_profile_driven,
            has_implied_thresholds=self._has_implied_thresholds,
            duration_s=float(run_time) if run_time else None,
            push_sink=self._intake.begin_run() if self._intake is not None else None,
        )

    def _settle_target(self, options: RunOptions) -> bool:
        """Have a target that answers; return whether it is the embedded server."""
        host = str(self.environment.host or "")
        if not host or (self._server is not None and host == self._server.address):
            self.environment.host = self._embedded_server().address
            return True
        self.check_host(options, host)
        self._checked_host = ""  # the next run asks again
        return False

    def _refuse(self, error: LoadtestError) -> None:
        """End the attempt to begin a run."""
        _complain(error)
        self.refusal = str(error)
        code = ExitCode.STOPPED if self._is_stopped else ExitCode.USAGE
        self.environment.process_exit_code = int(code)
        self.abandon()
        # Ends the greenlet in which Locust would go on to start users, without a word.
        raise gevent.GreenletExit

    def abandon(self) -> None:
        """End the run without waiting for it: at once without the web UI, else the test."""
        gevent.spawn(self.runner.quit if self.is_headless else self.runner.stop)

    # --- the end -------------------------------------------------------------------------------

    def note_error(self, text: str) -> None:
        """Tell a person, and the results, that the load generator itself failed."""
        if self.results is not None:
            self.results.note_error(text)
        else:
            _complain(UsageError(text))

    def _test_stopping(self, **_: object) -> None:
        results = self.results
        if results is None or results.is_finished:
            return
        if self._timer is not None and self._timer is not gevent.getcurrent():
            self._timer.kill(block=False)
        if not self.is_headless and results.ends_early:
            results.note_stopped()  # at the web UI
        results.note_draining()
        self._drain_or_explain(results)
        self._note_target_gone(results)
        results.note_user_errors(raised_errors(self.runner))
        results.finish()

    def _note_target_gone(self, results: RunResults) -> bool:
        """Take note if the embedded server is gone; return whether it is."""
        how = self._server.end if self._server is not None else ""
        if how:
            results.note_target_gone(how)
        return bool(how)

    def _watch_target(self, results: RunResults) -> None:
        """End the run as soon as its embedded server is gone: nothing is left to measure."""
        while not results.is_finished:
            if self._note_target_gone(results):
                self.abandon()
                return
            gevent.sleep(_TARGET_POLL_S)

    def _drain_or_explain(self, results: RunResults) -> None:
        """Take the last reports; whatever goes wrong, the results of the rest are written."""
        try:
            self.drain()
        except Exception as error:
            # The outer edge of a run: what had been reported is kept.
            results.note_error("".join(traceback.format_exception(error)))

    def _stop(self) -> None:
        """End the run because a person wants it, and the process after it."""
        if self._provisioner is not None:
            self._is_stopped = True
            self._provisioner.stop.set()
            return
        self._note_stopped()
        if self.results is not None and self.results.is_draining:
            self.hurry()
            return
        if self.runner.state == STATE_INIT and self.is_running:
            # Locust does not know yet that it has begun, and would begin all the same.
            self._is_stop_due = True
            return
        self.runner.quit()
        if self.environment.web_ui is not None:
            self.environment.web_ui.stop()  # type: ignore[no-untyped-call]

    def _hurry(self) -> None:
        presentation.complain("stopping at once: what is still awaited is given up")
        self.hurry()

    def _note_stopped(self) -> None:
        if self.is_running and self.results is not None:
            self.results.note_stopped()

    def _quitting(self, **_: object) -> None:
        """Finish what still runs, write the results, and say how it went."""
        self._note_stopped()
        if self.runner.state not in (STATE_INIT, STATE_STOPPED):
            self.runner.quit()
        if self.results is not None:
            asked = int(self.parsed.exit_code_on_error)
            self.environment.process_exit_code = self.results.process_exit_code(asked)
            presentation.is_judged = True
        if self._server is not None:
            self._server.stop()
        if self._intake is not None:
            self._intake.stop()
            self._intake = None


def _complain(error: LoadtestError) -> None:
    for line in str(error).splitlines():
        presentation.complain(line)
