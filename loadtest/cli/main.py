"""The way in: ``loadtest VERB …``.

A verb's module is imported when it is asked for: some of them import Locust, which patches the
process and takes half a second.
"""

import argparse
import importlib
import sys
import traceback
from collections.abc import Sequence
from types import ModuleType

import loadtest
from loadtest.cli.parser import VerbParser, suggestion
from loadtest.errors import LoadtestError, UsageError
from loadtest.run.output import guard_output

__all__ = ["VERBS", "main", "verb_parser"]

_EXIT_USAGE = 2
_EXIT_STOPPED = 130
_EXIT_DEFECT = 70
_DEFECT = "this is a defect of loadtest; please report it with what stands above"

VERBS = {
    "run": ("run", "run a profile without the web UI, and report on it"),
    "ui": ("ui", "the same with Locust's web UI"),
    "serve": ("serve", "the embedded reference server alone"),
    "sink": ("sink", "take the push webhook of a deployment"),
    "profiles": ("profiles", "list, explain or check run profiles"),
    "selftest": ("selftest", "inject known faults, and check that the figures say so"),
    "size": ("size", "nodes and cost for a population, by the limit that a study found"),
    "capacity": ("capacity", "search for the highest load that keeps every threshold"),
    "cleanup": ("cleanup", "remove the users and channels that a run made"),
    "compare": ("compare", "say whether one set of runs is worse than another"),
    "baseline": ("baseline", "keep runs under a name, to compare later ones with"),
    "report": ("report", "render the report of an earlier run again"),
    "doctor": ("doctor", "what this machine has, and what load it can carry"),
    "completion": ("completion", "a script that completes verbs and options in a shell"),
}
"""Each verb: its module, and what it is for."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return the exit code of the process."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    verb = given[0] if given else ""
    output = guard_output()
    try:
        if verb == "help":
            code = _help(given[1:])
        elif verb in VERBS:
            code = _run_verb(verb, given[1:])
        else:
            _parser().parse_args(given or ["--help"])
            return _EXIT_USAGE
        output.check()
    except LoadtestError as error:
        place = f"loadtest {verb}" if verb in VERBS else "loadtest"
        for problem in getattr(error, "problems", (error,)):
            print(f"{place}: {problem}", file=sys.stderr)
        return _EXIT_USAGE
    except KeyboardInterrupt:
        return _EXIT_STOPPED
    except Exception:
        # The outermost edge: a defect of ours must not look like a threshold that broke.
        traceback.print_exc()
        print(f"loadtest {verb}: {_DEFECT}", file=sys.stderr)
        return _EXIT_DEFECT
    return code


def _help(given: Sequence[str]) -> int:
    """Say what there is, or what one verb takes.

    Raises:
        UsageError: There is no such verb.
    """
    verb = given[0] if given else ""
    if verb and verb not in VERBS:
        raise UsageError(f"there is no verb {verb}{suggestion(verb, VERBS)}")
    (verb_parser(verb) if verb else _parser()).print_help()
    return 0


def _run_verb(verb: str, given: Sequence[str]) -> int:
    return int(_module(verb).run(verb_parser(verb).parse_args(given)))


def verb_parser(verb: str) -> argparse.ArgumentParser:
    """Return the parser of what stands after a verb."""
    parser = VerbParser(prog=f"loadtest {verb}", description=VERBS[verb][1], allow_abbrev=False)
    _module(verb).add_arguments(parser)
    return parser


class _Version(argparse.Action):
    """Says the versions that matter, and which reader devices have: looked for only when asked."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from loadtest.device.readers import reader_name
        from loadtest.run.versions import versions

        others = {name: version for name, version in versions().items() if name != "loadtest"}
        print(f"loadtest {loadtest.__version__}, reader: {reader_name()}")
        print(", ".join(f"{name} {version}" for name, version in others.items()))
        parser.exit()


def _parser() -> argparse.ArgumentParser:
    verbs = "\n".join(f"  {verb:<10} {text}" for verb, (_, text) in VERBS.items())
    parser = VerbParser(
        prog="loadtest",
        description=loadtest.__doc__,
        epilog=f"verbs:\n{verbs}\n\n`loadtest help VERB` tells more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="loadtest [--version] VERB …",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="say version and reader")
    parser.add_argument("verb", choices=tuple(VERBS), metavar="VERB", help=argparse.SUPPRESS)
    return parser


def _module(verb: str) -> ModuleType:
    return importlib.import_module(f"loadtest.cli.{VERBS[verb][0]}")


if __name__ == "__main__":
    sys.exit(main())
