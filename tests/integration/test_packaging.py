"""Wheels, sdists and editable installs, with the compiled reader where it can be built.

Each is built from a copy of the tracked files in which an old binary lies, as in a tree that was
worked in, and is used from a folder that nothing but it was installed to.
"""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VARIABLE = "LOADTEST_BUILD_EXTENSION"
NO_COMPILER = {"CC": "/nonexistent/cc"}
STALE = "loadtest/device/_scanner.cpython-39-x86_64-linux-gnu.so"
HAS_COMPILER = shutil.which("cc") is not None or shutil.which("gcc") is not None
needs_compiler = pytest.mark.skipif(not HAS_COMPILER, reason="there is no C compiler")

Build = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what builds the package, as an isolated build has it."""
    folder = tmp_path_factory.mktemp("backend")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder)]
    done = subprocess.run(
        [*command, "hatchling>=1.25", "setuptools>=70", "editables"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"the build backend cannot be installed: {done.stderr.strip()[-200:]}")
    return folder


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the tracked files, with an old binary in it."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("this is no git checkout, so nobody knows which files are the package's")
    copy = tmp_path / "tree"
    for name in filter(None, listed.stdout.decode().split("\0")):
        if not name.startswith(("tests/", "docs/")) and (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
    (copy / STALE).write_bytes(b"built long ago")
    return copy


@pytest.fixture
def build(backend: Path, tree: Path, tmp_path: Path) -> Build:
    """Calls a hook of the build backend in the tree, as pip does."""

    def call(hook: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        code = f"import hatchling.build as b; b.{hook}({str(tmp_path / 'dist')!r})"
        clean = {name: value for name, value in os.environ.items() if name != VARIABLE}
        (tmp_path / "dist").mkdir(exist_ok=True)
        return subprocess.run(
            [sys.executable, "-c", code],
            cwd=tree,
            env=clean | {"PYTHONPATH": str(backend)} | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return call


def binaries(wheel: Path) -> list[str]:
    return [name for name in zipfile.ZipFile(wheel).namelist() if name.endswith((".so", ".c"))]


def only_file(folder: Path, pattern: str) -> Path:
    [found] = folder.glob(pattern)
    return found


def reader_of(wheel: Path, folder: Path) -> str:
    """Install a wheel into a folder of its own, and return which reader it has there."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    subprocess.run([*command, "--target", str(folder), str(wheel)], check=True)
    code = (
        "import loadtest, loadtest.device.readers as r; print(loadtest.__file__, r.reader_name())"
    )
    clean = {name: value for name, value in os.environ.items() if name != "LOADTEST_READER"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=clean | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    place, reader = done.stdout.split()
    assert place.startswith(str(folder))
    return reader


@needs_compiler
def test_a_wheel_has_what_its_own_build_made(build: Build, tmp_path: Path) -> None:
    assert build("build_wheel", **{VARIABLE: "yes"}).returncode == 0
    wheel = only_file(tmp_path / "dist", "*.whl")

    assert "none-any" not in wheel.name
    [binary] = binaries(wheel)
    assert binary.startswith("loadtest/device/_scanner.")
    assert binary != STALE
    assert reader_of(wheel, tmp_path / "site") == "compiled"


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        pytest.param({VARIABLE: "no"}, "", id="not wanted"),
        pytest.param(NO_COMPILER, "the compiled reader is left out", id="no compiler"),
    ],
)
def test_a_wheel_without_it_is_pure_and_works(
    build: Build, tmp_path: Path, environment: dict[str, str], said: str
) -> None:
    done = build("build_wheel", **environment)
    wheel = only_file(tmp_path / "dist", "*.whl")

    assert done.returncode == 0
    assert [line for line in done.stderr.splitlines() if "left out" in line][1:] == []
    assert said in done.stdout + done.stderr
    assert wheel.name.endswith("py3-none-any.whl")
    assert binaries(wheel) == []
    assert reader_of(wheel, tmp_path / "site") == "python"


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        (NO_COMPILER | {VARIABLE: "yes"}, "install a C compiler, or unset it"),
        ({VARIABLE: "perhaps"}, "LOADTEST_BUILD_EXTENSION is 'perhaps'; it must be yes, no"),
    ],
)
def test_a_build_that_cannot_be_as_it_was_asked_for_fails(
    build: Build, environment: dict[str, str], words: str
) -> None:
    done = build("build_wheel", **environment)
    assert done.returncode != 0
    assert words in done.stderr


@needs_compiler
def test_an_editable_install_has_it_beside_its_source(build: Build, tree: Path) -> None:
    assert build("build_editable", **{VARIABLE: "yes"}).returncode == 0
    [built] = (tree / "loadtest" / "device").glob("*.so")
    assert built != tree / STALE

    assert build("build_editable", **{VARIABLE: "no"}).returncode == 0
    assert list((tree / "loadtest" / "device").glob("*.so")) == []


def test_an_sdist_has_the_source_and_no_binary(build: Build, tmp_path: Path) -> None:
    assert build("build_sdist").returncode == 0
    with tarfile.open(only_file(tmp_path / "dist", "*.tar.gz")) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    assert {"hatch_build.py", "loadtest/device/_scanner.c", ".gitignore"} <= names
    assert [name for name in names if name.endswith(".so")] == []
