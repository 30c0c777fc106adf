"""The two C programs of the benchmarks, and how they are built.

``feeder`` is the server that is never the limit; ``limit`` is the client that does nothing but read
and write. They link nothing but libc, so a compiler is all they need.
"""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.errors import BenchmarkError

__all__ = ["Programs", "build_programs"]

_SOURCES = Path(__file__).parent
_FEEDER_SOURCES = (
    "feeder.c",
    "chat.c",
    "connection.c",
    "resources.c",
    "stomp.c",
    "websocket.c",
)
_LIMIT_SOURCES = ("limit.c",)
_FLAGS = ("-O2", "-std=c11", "-Wall", "-Wextra", "-Werror")


@dataclass(frozen=True, slots=True)
class Programs:
    """Where the built programs are."""

    feeder: Path
    limit: Path


def build_programs(folder: Path) -> Programs:
    """Compile both programs into ``folder``.

    Raises:
        BenchmarkError: There is no C compiler, or it failed.
    """
    compiler = shutil.which("cc")
    if compiler is None:
        raise BenchmarkError("no C compiler: `cc` is not on the path; install gcc or clang")
    programs = Programs(folder / "feeder", folder / "limit")
    _compile(compiler, _FEEDER_SOURCES, programs.feeder)
    _compile(compiler, _LIMIT_SOURCES, programs.limit)
    return programs


def _compile(compiler: str, sources: tuple[str, ...], program: Path) -> None:
    command = [compiler, *_FLAGS, "-o", str(program), *(str(_SOURCES / name) for name in sources)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchmarkError(f"{program.name} does not compile: {done.stderr.strip()}")
