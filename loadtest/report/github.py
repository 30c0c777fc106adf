"""What GitHub Actions shows of a run: a summary of the step, and one annotation.

A step summary may have 1 MiB, and GitHub drops a longer one without a word. There are ten
annotations for a step, so that a run makes one. What a server or a profile controls is escaped: a
line that begins with two colons would be a command.
"""

from collections.abc import Mapping
from pathlib import Path

from loadtest.errors import UsageError
from loadtest.report.figures import Summary, at, plain_text
from loadtest.report.findings import verdict, verdict_sentence
from loadtest.report.reasons import reasons
from loadtest.report.tables import Tone

__all__ = ["LONGEST_SUMMARY_BYTES", "add_to_step_summary", "annotation", "run_annotation"]

LONGEST_SUMMARY_BYTES = 1024 * 1024 - 1
_SUMMARY = "GITHUB_STEP_SUMMARY"
_ACTIONS = "GITHUB_ACTIONS"
_CUT = "\n\nThe rest does not fit into a step summary; it is in the files of the run.\n"
_REASONS_SHOWN = 3
_COMMANDS = {Tone.BAD: "error", Tone.WARN: "warning"}


def add_to_step_summary(markdown: str, environment: Mapping[str, str]) -> None:
    """Add a text to the summary of the step that this process is part of, if it is of one.

    Raises:
        UsageError: The file that GitHub named cannot be written.
    """
    named = environment.get(_SUMMARY)
    if not named:
        return
    path = Path(named)
    try:
        room = LONGEST_SUMMARY_BYTES - (path.stat().st_size if path.exists() else 0)
        content = _within(f"{markdown.rstrip()}\n\n".encode(), room)
        with path.open("ab") as summary:
            summary.write(content)
    except OSError as error:
        raise UsageError(f"{_SUMMARY}={named}: cannot be written: {error.strerror}") from error


def run_annotation(summary: Summary, environment: Mapping[str, str]) -> str:
    """Return the one annotation of a run; nothing outside of GitHub Actions, or if it passed."""
    word = verdict(summary)
    tones = {"PASS": Tone.GOOD, "FAIL": Tone.BAD}
    told = [reason.text for reason in reasons(summary)]
    shown = told[:_REASONS_SHOWN]
    if len(told) > len(shown):
        shown.append(f"and {len(told) - len(shown)} more")
    title = f"Load test {plain_text(at(summary, 'profile', 'name'))}: {word}"
    text = f"{verdict_sentence(summary)} {'; '.join(shown)}".strip()
    return annotation(tones.get(word, Tone.WARN), title, text, environment)


def annotation(tone: Tone, title: str, text: str, environment: Mapping[str, str]) -> str:
    """Return the command that makes an annotation; nothing outside of GitHub Actions."""
    command = _COMMANDS.get(tone)
    if environment.get(_ACTIONS) != "true" or command is None:
        return ""
    # In a property, the signs that end it are escaped as well.
    named = _escaped(title).replace(":", "%3A").replace(",", "%2C")
    return f"::{command} title={named}::{_escaped(text)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _within(content: bytes, room: int) -> bytes:
    """Return as many whole lines as fit, and a word on the rest."""
    if len(content) <= room:
        return content
    cut = content[: max(0, room - len(_CUT.encode()))]
    kept = cut[: cut.rfind(b"\n") + 1]
    return kept + _CUT.encode() if kept else b""
