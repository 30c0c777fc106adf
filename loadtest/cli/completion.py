"""The verb ``completion``: a script that lets a shell complete verbs and options.

Making it means to know the options of every verb, which takes a second; the script itself does not
call ``loadtest``.
"""

import argparse
import importlib
from collections.abc import Mapping

import shtab

__all__ = ["add_arguments", "run"]

_SHELLS = ("bash", "zsh", "fish")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.add_argument("shell", choices=_SHELLS, help="for which shell")
    parser.epilog = (
        "bash: loadtest completion bash > ~/.local/share/bash-completion/completions/loadtest;"
        " zsh: > a file _loadtest in a folder of $fpath;"
        " fish: > ~/.config/fish/completions/loadtest.fish"
    )


def run(options: argparse.Namespace) -> int:
    """Print the script."""
    from loadtest.cli.main import VERBS

    print(shtab.complete(_whole_parser(VERBS), options.shell))
    return 0


def _whole_parser(verbs: Mapping[str, tuple[str, str]]) -> argparse.ArgumentParser:
    """Return one parser with every verb and its options."""
    whole = argparse.ArgumentParser(prog="loadtest", allow_abbrev=False)
    below = whole.add_subparsers(dest="verb")
    for verb, (module, text) in verbs.items():
        parser = below.add_parser(verb, help=text.replace("%", "%%"), allow_abbrev=False)
        importlib.import_module(f"loadtest.cli.{module}").add_arguments(parser)
    return whole
