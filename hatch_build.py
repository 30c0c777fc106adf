"""Builds the compiled reader where there is a compiler; the package works without it.

``LOADTEST_BUILD_EXTENSION`` says what a build does: ``yes`` fails without a compiler, ``no`` does
not try; otherwise the reader is left out, with one line that says so. A wheel takes only what its
own build has made: what lies in the source tree is never packed.
"""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MODULE = "loadtest.device._scanner"
SOURCE = "loadtest/device/_scanner.c"
VARIABLE = "LOADTEST_BUILD_EXTENSION"
CHOICES = ("", "yes", "no")


class CompiledReaderHook(BuildHookInterface):
    """The hook that hatchling calls for each wheel, and for an editable install."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the extension; an editable install has it beside its source."""
        choice = os.environ.get(VARIABLE, "")
        if choice not in CHOICES:
            raise ValueError(f"{VARIABLE} is {choice!r}; it must be yes, no, or unset")
        folder = Path(self.root, SOURCE).parent
        if version == "editable":
            for stale in folder.glob("_scanner.*.so"):
                stale.unlink()
        built = self._build() if choice != "no" else None
        if built is None:
            if choice == "yes":
                raise RuntimeError(
                    f"{VARIABLE} is 'yes', but {SOURCE} cannot be compiled here; install a C "
                    "compiler, or unset it to install without the compiled reader"
                )
            return
        build_data["pure_python"] = False
        build_data["infer_tag"] = True
        if version == "editable":
            shutil.copy(built, folder)
        else:
            build_data["force_include"][str(built)] = str(Path(SOURCE).parent / built.name)

    def _build(self) -> Path | None:
        """Return the extension, in a temporary folder; None: it cannot be built here."""
        from setuptools import Distribution, Extension
        from setuptools.command.build_ext import build_ext
        from setuptools.errors import BaseError, CCompilerError

        target = Path(tempfile.mkdtemp(prefix="loadtest-build-"))
        extension = Extension(MODULE, [str(Path(self.root, SOURCE))])
        command = build_ext(Distribution({"name": "loadtest", "ext_modules": [extension]}))
        command.build_lib, command.build_temp = str(target), str(target / "objects")
        try:
            command.ensure_finalized()
            command.run()
        except (BaseError, CCompilerError, OSError) as error:
            self.app.display_warning(f"the compiled reader is left out: {error}")
            return None
        return Path(command.get_ext_fullpath(MODULE))
