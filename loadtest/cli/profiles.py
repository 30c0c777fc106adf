"""The verb ``profiles``: which run profiles there are, what one does, and one made from events."""

import argparse
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from loadtest.errors import UsageError
from loadtest.profile import explain, load_profile, load_with_origins, profile_names
from loadtest.profile.events_file import read_events, write_events
from loadtest.profile.fit import fit_profile
from loadtest.profile.observed import observe
from loadtest.profile.sample_events import sample_events

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.add_argument(
        "what",
        nargs="?",
        choices=tuple(_TASKS),
        default="list",
        help="list all (default); explain one, check it, or show it with every key; fit one to an"
        " export of events (docs/fit.md); or write a sample of such an export",
    )
    parser.add_argument("name", nargs="?", help="name or path of a profile; of the export, for fit")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="change a key; repeatable"
    )
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="for fit and sample")


def run(options: argparse.Namespace) -> int:
    """Print or write what was asked for.

    Raises:
        UsageError: A profile, a file or an option cannot be used.
    """
    _TASKS[options.what](options)
    return 0


def _list(_options: argparse.Namespace) -> None:
    for name in profile_names():
        print(f"{name:<18} {load_profile(name).description}")


def _explain(options: argparse.Namespace) -> None:
    width = shutil.get_terminal_size().columns
    print(explain(load_with_origins(_name(options), options.set), width=width))


def _check(options: argparse.Namespace) -> None:
    profile = load_profile(_name(options), options.set)
    print(f"{profile.name}: every key is known and every value can be used")


def _show(options: argparse.Namespace) -> None:
    print(load_profile(_name(options), options.set).to_toml(), end="")


def _fit(options: argparse.Namespace) -> None:
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
    profile, output = load_profile(_name(options), options.set), _output(options)
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
    return Path(options.output)


_TASKS: Mapping[str, Callable[[argparse.Namespace], None]] = {
    "list": _list,
    "explain": _explain,
    "check": _check,
    "show": _show,
    "fit": _fit,
    "sample": _sample,
}
