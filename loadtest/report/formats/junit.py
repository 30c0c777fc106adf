"""``junit.xml``: a testcase for the validity of the run, and one for each threshold.

It keeps to the strict schema of Jenkins' xUnit plugin (junit-10), which others read as well. GitLab
shows the text of an element, groups by ``classname`` and drops names that come twice; Jenkins drops
a suite without a testcase. A broken threshold is a failure if the run is valid. What the run cannot
say is an error, never a success.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from loadtest.report.figures import (
    MISSING,
    Summary,
    at,
    count_text,
    listed,
    number,
    plain_text,
)
from loadtest.report.findings import verdict, verdict_sentence
from loadtest.report.reasons import reasons

__all__ = ["junit_report"]

_PRODUCT = "chatkitty-loadtest"
_VALIDITY = "the run is valid"
# What XML 1.0 cannot carry at all, not even escaped.
_ILLEGAL = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PROPERTIES = (
    ("run_id", ("run_id",)),
    ("verdict", ("verdict",)),
    ("host", ("target", "host")),
    ("dialect", ("target", "dialect")),
    ("seed", ("seed",)),
    ("loadtest", ("versions", "loadtest")),
)


@dataclass(frozen=True, slots=True)
class _Case:
    """One testcase; with an element it did not succeed."""

    name: str
    time_s: float = 0.0
    element: str = ""
    """``failure`` or ``error``; empty: it succeeded."""
    kind: str = ""
    message: str = ""
    text: str = ""
    output: str = ""


def junit_report(summary: Summary) -> str:
    """Return the thresholds of a run as JUnit XML."""
    profile = plain_text(at(summary, "profile", "name"))
    cases = _with_own_names([_validity(summary), *_thresholds(summary)])
    time_s = f"{number(at(summary, 'duration_s')) or 0:.3f}"
    counts = {
        "tests": str(len(cases)),
        "failures": str(sum(case.element == "failure" for case in cases)),
        "errors": str(sum(case.element == "error" for case in cases)),
    }
    root = _element("testsuites", name=_PRODUCT, time=time_s, **counts)
    suite = _element("testsuite", name=f"{_PRODUCT}.{profile}", time=time_s, **counts)
    root.append(suite)
    properties = _element("properties")
    suite.append(properties)
    for name, path in _PROPERTIES:
        properties.append(_element("property", name=name, value=plain_text(at(summary, *path))))
    suite.extend(_testcase(case, f"{_PRODUCT}.{profile}") for case in cases)
    ElementTree.indent(root)
    body = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _validity(summary: Summary) -> _Case:
    time_s = number(at(summary, "duration_s")) or 0.0
    word = verdict(summary)
    if word in ("PASS", "FAIL"):
        return _Case(_VALIDITY, time_s)
    told = reasons(summary)
    lines = [
        f"{reason.text}.{f' What to do: {reason.remedy}.' if reason.remedy else ''}"
        for reason in told
    ]
    message = told[0].text if told else verdict_sentence(summary)
    text = "\n".join([verdict_sentence(summary), *lines])
    return _Case(_VALIDITY, time_s, "error", word, message, text)


def _thresholds(summary: Summary) -> Iterator[_Case]:
    is_valid = verdict(summary) in ("PASS", "FAIL")
    for threshold in listed(at(summary, "thresholds")):
        name = plain_text(at(threshold, "expression"))
        held, value = at(threshold, "held"), plain_text(at(threshold, "value"))
        samples = at(threshold, "samples")
        said = f"{name}: measured {value}"
        if samples is not None:
            said += f", from {count_text(samples)} samples"
        if held is True:
            yield _Case(name, output=said)
        elif held is False and at(threshold, "consequence") == "warn":
            yield _Case(name, output=f"WARNING: broken, and only a warning: {said}")
        elif held is False and is_valid:
            yield _Case(name, 0.0, "failure", "FAIL", f"measured {value}", _why(summary, said))
        else:
            word = "broke, but the run is not valid" if held is False else "cannot be judged"
            text = _why(summary, f"{said}: {word}")
            yield _Case(name, 0.0, "error", "INCONCLUSIVE", f"{word}: measured {value}", text)


def _why(summary: Summary, said: str) -> str:
    run = plain_text(at(summary, "run_id"))
    host = plain_text(at(summary, "target", "host"))
    told = [f"{each.text}. What to do: {each.remedy or MISSING}." for each in reasons(summary)]
    return "\n".join([said, *told, f"Run {run} against {host}; see report.html in its folder."])


def _with_own_names(cases: list[_Case]) -> list[_Case]:
    """Return the cases with a number behind each name that came before."""
    seen: Counter[str] = Counter()
    named = []
    for case in cases:
        seen[case.name] += 1
        if seen[case.name] == 1:
            named.append(case)
            continue
        name = f"{case.name} ({seen[case.name]})"
        named.append(
            _Case(name, case.time_s, case.element, case.kind, case.message, case.text, case.output)
        )
    return named


def _testcase(case: _Case, classname: str) -> ElementTree.Element:
    testcase = _element("testcase", name=case.name, classname=classname, time=f"{case.time_s:.3f}")
    if case.element:
        element = _element(case.element, type=case.kind, message=case.message)
        element.text = _legal(case.text)
        testcase.append(element)
    if case.output:
        output = _element("system-out")
        output.text = _legal(case.output)
        testcase.append(output)
    return testcase


def _element(tag: str, **attributes: str) -> ElementTree.Element:
    return ElementTree.Element(tag, {name: _legal(text) for name, text in attributes.items()})


def _legal(text: str) -> str:
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)
