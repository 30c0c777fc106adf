"""What the rivals need, and where it comes from: nothing is installed into the project.

Node packages go into a scratch folder outside the repository, once. Their install scripts are not
run: Artillery's fetches a browser, which its ws engine does not need. Debian packages are not
installed by a benchmark; a missing one is said with the command that brings it.
"""

import importlib.util
import shutil
import subprocess
from pathlib import Path

from tests.benchmarks.errors import UnavailableError

__all__ = ["node_modules", "require_module", "require_program"]

_NPM_TIMEOUT_S = 300


def require_program(name: str, remedy: str) -> str:
    """Return the path of a program.

    Raises:
        UnavailableError: It is not installed.
    """
    path = shutil.which(name)
    if path is None:
        raise UnavailableError(f"`{name}` is not installed; {remedy}")
    return path


def require_module(name: str, remedy: str) -> None:
    """Make sure that a Python module can be imported.

    Raises:
        UnavailableError: It cannot.
    """
    if importlib.util.find_spec(name) is None:
        raise UnavailableError(f"the Python module {name} is not installed; {remedy}")


def node_modules(scratch: Path, package: str) -> Path:
    """Return the folder ``node_modules`` that holds ``package``, installed on first use.

    Raises:
        UnavailableError: There is no Node or npm, or the package cannot be installed.
    """
    require_program("node", "install nodejs")
    npm = require_program("npm", "install npm")
    name = package.rpartition("@")[0]
    # A folder for each package: Artillery brings hundreds, and a failure there must not spoil ws.
    folder = scratch / "npm" / name
    modules = folder / "node_modules"
    if (modules / name / "package.json").is_file():
        return modules
    folder.mkdir(parents=True, exist_ok=True)
    command = [npm, "install", "--prefix", str(folder), "--ignore-scripts", "--no-audit"]
    try:
        done = subprocess.run(
            [*command, "--no-fund", package],
            capture_output=True,
            text=True,
            check=False,
            timeout=_NPM_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired as error:
        raise UnavailableError(f"npm install {package}: not done in {_NPM_TIMEOUT_S} s") from error
    if done.returncode != 0:
        reason = done.stderr.strip().splitlines()
        raise UnavailableError(f"npm install {package}: {reason[-1] if reason else 'failed'}")
    return modules
