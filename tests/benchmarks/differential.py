"""Both readers on many streams: ``python -m tests.benchmarks.differential --streams 100000``.

Each stream of bytes is made from one number: right frames of a server, most of them changed, cut or
hostile. Both readers must tell, write and keep the same of it. The same is a test of a few hundred
streams; this is the long run, and the one under the compiler's sanitizers:

    python -m tests.benchmarks.differential --sanitize --streams 2000

builds the compiled reader with the address and the undefined-behaviour sanitizer and runs itself
with it; it says so where the compiler has none.
"""

import argparse
import importlib.util
import os
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path

__all__ = ["main", "sanitizer_library"]

_SOURCE = Path(__file__).parents[2] / "loadtest" / "device" / "_scanner.c"
_MODULE = "loadtest.device._scanner"
_BUILT = "LOADTEST_BENCHMARK_SCANNER"
_FLAGS = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def main(words: Sequence[str] | None = None) -> int:
    """Compare, print how far it went; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first stream")
    parser.add_argument("--sanitize", action="store_true", help="with sanitizers")
    arguments = parser.parse_args(words)
    if arguments.sanitize:
        return _sanitized(arguments)
    _use(os.environ.get(_BUILT))
    from tests.support.reader_streams import pieces_of
    from tests.support.two_readers import assert_same

    for seed in range(arguments.first, arguments.first + arguments.streams):
        try:
            assert_same(pieces_of(seed))
        except AssertionError as error:
            print(f"stream {seed}: {error}")
            return 1
    print(f"{arguments.streams} streams from {arguments.first}: both readers say the same")
    return 0


def sanitizer_library() -> str | None:
    """Return the library that a process with the address sanitizer begins with, if there is one."""
    try:
        asked = subprocess.run(
            ["cc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    found = Path(asked.stdout.strip())
    return str(found.resolve()) if found.is_absolute() and found.exists() else None


def _sanitized(arguments: argparse.Namespace) -> int:
    library = sanitizer_library()
    if library is None:
        print("the compiler here has no address sanitizer: nothing was compared")
        return 0
    with tempfile.TemporaryDirectory(prefix="loadtest-scanner-") as folder:
        built = Path(folder, "_scanner.so")
        include = f"-I{sysconfig.get_path('include')}"
        command = ["cc", *_FLAGS, "-shared", "-fPIC", include, str(_SOURCE), "-o", str(built)]
        subprocess.run(command, check=True)
        # Memory of Python's own allocator has no edges that the sanitizer could watch.
        watched = {"LD_PRELOAD": library, "PYTHONMALLOC": "malloc", _BUILT: str(built)}
        # What the interpreter itself never frees is none of our business.
        options = {"ASAN_OPTIONS": "detect_leaks=0"}
        words = ["--streams", str(arguments.streams), "--first", str(arguments.first)]
        run = [sys.executable, "-m", "tests.benchmarks.differential", *words]
        return subprocess.run(run, env=os.environ | watched | options, check=False).returncode


def _use(built: str | None) -> None:
    """Have the package import the extension in a file instead of its own."""
    if built is None:
        return
    spec = importlib.util.spec_from_file_location(_MODULE, built)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules[_MODULE] = module


if __name__ == "__main__":
    sys.exit(main())
