"""What the tests of the benchmarks share: the two C programs, built once."""

import shutil
from pathlib import Path

import pytest

from tests.benchmarks.native import Programs, build_programs


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Programs:
    if shutil.which("cc") is None:
        pytest.skip("no C compiler: `cc` is not on the path")
    folder: Path = tmp_path_factory.mktemp("native")
    return build_programs(folder)
