import argparse
import json
import signal
import subprocess
import sys
import urllib.request

import pytest

from loadtest.cli.sink import add_arguments, run
from loadtest.errors import UsageError

# As the verb is run, without depending on the table of verbs.
SCRIPT = (
    "import argparse, sys; from loadtest.cli.sink import add_arguments, run; "
    "parser = argparse.ArgumentParser(); add_arguments(parser); sys.exit(run(parser.parse_args()))"
)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_takes_pushes_until_a_signal(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().removeprefix("listening on ").strip()
        body = json.dumps({"user": {"id": 1}, "channelId": 2, "messageId": 3}).encode()
        with urllib.request.urlopen(f"{url}hook", data=body, timeout=10) as answer:
            assert answer.status == 200
        with urllib.request.urlopen(f"{url}stats", timeout=10) as answer:
            assert json.load(answer)["received"] == 1
        process.send_signal(number)
        _, complaints = process.communicate(timeout=20)

    assert (process.returncode, complaints) == (0, "")


def test_a_port_that_cannot_be_is_refused() -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)

    with pytest.raises(UsageError, match="port is -1"):
        run(parser.parse_args(["--port=-1"]))
