"""Whatever a device reads is read by both readers: in Python, and compiled where it was built."""

from collections.abc import Iterator

import pytest

from loadtest.device.readers import VARIABLE, is_built

# Of the modules here, those in which a device reads.
_READING = {
    "test_actions",
    "test_chat_sessions",
    "test_connection",
    "test_counts",
    "test_device",
    "test_events",
    "test_fidelity",
    "test_hostile_server",
    "test_loss",
    "test_pending",
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of those modules with each reader."""
    if metafunc.module.__name__.rpartition(".")[2] in _READING:
        metafunc.fixturenames.append("reader")
        metafunc.parametrize("reader", ["python", "compiled"], indirect=True, scope="module")


@pytest.fixture(scope="module")
def reader(request: pytest.FixtureRequest) -> Iterator[None]:
    """Have devices use the reader that the parameter names."""
    if request.param == "compiled" and not is_built():
        pytest.skip("the compiled reader was not built")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, request.param)
        yield
