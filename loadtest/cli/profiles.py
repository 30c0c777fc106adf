"""The verb ``profiles``: which run profiles there are, what one does, and one made from events."""

import argparse
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from loadtest.errors import UsageError
from loadtest.profile import (
    LoadedProfile,
    explain,
    load_profile,
    load_with_origins,
    profile_names,
)
from loadtest.profile.events_file import read_events, write_events
from loadtest.profile.fit import fit_profile
from loadtest.profile.observed import observe
from loadtest.profile.sample_events import sample_events
from loadtest.run.durations import duration_s

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verbs of this verb, each with a help page of its own."""
    below = parser.add_subparsers(dest="what", metavar="WHAT", title="what to do")
    for name, task in _TASKS.items():
        text = str(task.__doc__).partition(".")[0]
        page = below.add_parser(name, help=_lowered(text), description=text, allow_abbrev=False)
        if name == "list":
            continue
        takes_profile = name != "fit"
        page.add_argument(
            "name",
            nargs="?",
            metavar="PROFILE" if takes_profile else "EXPORT",
            help="a name such as smoke, or a path" if takes_profile else "see docs/fit.md",
        )
        if takes_profile:
            _add_overrides(page)
        if name in ("fit", "sample"):
            page.add_argument("-o", "--output", type=Path, metavar="FILE", help="file to write")
            page.add_argument(
                "--force", action="store_true", help="write over a file that is there"
            )


def _lowered(text: str) -> str:
    return text[0].lower() + text[1:]


def _add_overrides(page: argparse.ArgumentParser) -> None:
    """Add the options that change a profile, as ``run`` has them."""
    page.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="change a key; repeatable"
    )
    page.add_argument("--duration", metavar="TIME", help="length of the run, such as 30s or 1h30m")
    page.add_argument("--devices", type=int, default=0, metavar="N", help="scale to N devices")
    page.add_argument("--scale", type=float, default=0.0, metavar="F", help="scale by a factor")
    page.add_argument("--dialect", type=int, choices=(1, 2), help="dialect of StompX")
    page.add_argument("--seed", type=int, help="seed of everything random in the workload")


def run(options: argparse.Namespace) -> int:
    """Print or write what was asked for.

    Raises:
        UsageError: A profile, a file or an option cannot be used.
    """
    _TASKS[options.what or "list"](options)
    return 0


def _list(_options: argparse.Namespace) -> None:
    """List all profiles that are known by name."""
    for name in profile_names():
        print(f"{name:<18} {load_profile(name).description}")


def _explain(options: argparse.Namespace) -> None:
    """Explain a profile: its load, what it changes, and why."""
    width = shutil.get_terminal_size().columns
    print(explain(_loaded(options), width=width))


def _check(options: argparse.Namespace) -> None:
    """Check a profile: every key is known, and every value can be used."""
    profile = _loaded(options).profile
    print(f"{profile.name}: every key is known and every value can be used")


def _show(options: argparse.Namespace) -> None:
    """Show a profile as TOML with every key; a secret is hidden."""
    profile = _loaded(options).profile
    has_secret = profile.target.api_key != type(profile.target)().api_key
    print((profile.without_secrets() if has_secret else profile).to_toml(), end="")


def _loaded(options: argparse.Namespace) -> LoadedProfile:
    """Return the profile with the overrides that were given.

    Raises:
        UsageError: The profile or an override cannot be used.
    """
    overrides = list(options.set)
    for key, value in (("target.dialect", options.dialect), ("run.seed", options.seed)):
        if value is not None:
            overrides.append(f"{key}={value}")
    if options.duration is not None:
        overrides.append(f"run.duration_s={duration_s(options.duration)}")
    loaded = load_with_origins(_name(options), overrides)
    if options.devices and options.scale:
        raise UsageError("--devices and --scale both scale the profile; give one of them")
    if options.devices:
        return replace(loaded, profile=loaded.profile.scaled(devices=options.devices))
    if options.scale:
        return replace(loaded, profile=loaded.profile.scaled_by(options.scale))
    return loaded


def _fit(options: argparse.Namespace) -> None:
    """Fit a profile to an export of events."""
    source, output = Path(_name(options, "the path of an export of events")), _output(options)
    fitted = fit_profile(observe(read_events(source)), source.name)
    try:
        output.write_text(fitted.toml, encoding="utf-8")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"{output}: it cannot be written: {reason}") from error
    print("\n".join(fitted.report))
    print(f"{output}: written; `loadtest profiles explain {output}` shows the load it plans")


def _sample(options: argparse.Namespace) -> None:
    """Write a sample of the export of events that fit takes."""
    profile, output = _loaded(options).profile, _output(options)
    write_events(output, sample_events(profile))
    print(f"{output}: {profile.run.duration_s:g} s of what the users of {profile.name} do")


def _name(
    options: argparse.Namespace, what: str = "a profile: a name such as smoke, or a path"
) -> str:
    if not options.name:
        raise UsageError(
            f"profiles {options.what}: there is nothing to {options.what}; name {what}"
        )
    return str(options.name)


def _output(options: argparse.Namespace) -> Path:
    if options.output is None:
        raise UsageError(f"profiles {options.what}: -o is missing; it names the file to write")
    if options.output.exists() and not options.force:
        raise UsageError(f"{options.output}: it is there already; --force writes over it")
    return Path(options.output)


_TASKS: Mapping[str, Callable[[argparse.Namespace], None]] = {
    "list": _list,
    "explain": _explain,
    "check": _check,
    "validate": _check,
    "show": _show,
    "fit": _fit,
    "sample": _sample,
}
