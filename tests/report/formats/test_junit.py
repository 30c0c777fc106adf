"""Held against the rules of the strict schema (junit-10 of Jenkins' xUnit plugin), written out."""

import copy
import re
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.report.formats.junit import junit_report
from tests.support.summaries import (
    built_summary,
    failed_summary,
    inconclusive_summary,
    passing_summary,
    stopped_summary,
)

# By element: what it may contain, its required and its other attributes, whether it holds text.
SCHEMA: dict[str, tuple[set[str], set[str], set[str], bool]] = {
    "testsuites": ({"testsuite"}, set(), {"name", "time", "tests", "failures", "errors"}, False),
    "testsuite": (
        {"testsuite", "properties", "testcase", "system-out", "system-err"},
        {"name", "tests", "failures", "errors"},
        {
            *("group", "time", "skipped", "timestamp", "hostname", "id", "package", "file"),
            *("log", "url"),
        },
        False,
    ),
    "properties": ({"property"}, set(), set(), False),
    "property": (set(), {"name", "value"}, set(), False),
    "testcase": (
        {"skipped", "error", "failure", "system-out", "system-err"},
        {"name"},
        {"time", "classname", "group"},
        False,
    ),
    "error": (set(), set(), {"type", "message"}, True),
    "failure": (set(), set(), {"type", "message"}, True),
    "system-out": (set(), set(), set(), True),
}
SUREFIRE_TIME = re.compile(r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]*)?")
SUMMARIES = [
    pytest.param(passing_summary(), id="passing"),
    pytest.param(failed_summary(), id="failed"),
    pytest.param(inconclusive_summary(), id="inconclusive"),
    pytest.param(stopped_summary(), id="stopped"),
    pytest.param(built_summary(), id="built from figures"),
    pytest.param({}, id="empty"),
]


def check(element: ElementTree.Element) -> None:
    """Check an element and all below it."""
    children, required, optional, has_text = SCHEMA[element.tag]
    assert required <= element.attrib.keys() <= required | optional, element.tag
    assert has_text or not (element.text or "").strip(), element.tag
    assert not (element.tail or "").strip()
    if element.tag in ("testsuites", "testsuite"):
        assert SUREFIRE_TIME.fullmatch(element.attrib["time"])
    for child in element:
        assert child.tag in children, f"{child.tag} in {element.tag}"
        check(child)


def parsed(summary: dict[str, Any]) -> ElementTree.Element:
    root = ElementTree.fromstring(junit_report(summary))
    check(root)
    return root


def elements(root: ElementTree.Element) -> dict[str, str]:
    """Return what each testcase ended with, by its name."""
    return {
        case.attrib["name"]: next((child.tag for child in case if child.tag != "system-out"), "")
        for case in root.iter("testcase")
    }


@pytest.mark.parametrize("summary", SUMMARIES)
def test_it_keeps_the_schema_and_its_counts_are_those_of_its_cases(
    summary: dict[str, Any],
) -> None:
    root = parsed(summary)
    found = list(elements(root).values())

    for suite in (root, root[0]):
        assert int(suite.attrib["tests"]) == len(found)
        assert int(suite.attrib["failures"]) == found.count("failure")
        assert int(suite.attrib["errors"]) == found.count("error")
    assert root.attrib.keys() <= {"name", "time", "tests", "failures", "errors"}


def test_a_run_without_thresholds_has_a_testcase_all_the_same() -> None:
    """Jenkins drops a suite that has none."""
    assert elements(parsed({**passing_summary(), "thresholds": []})) == {"the run is valid": ""}


def test_a_broken_threshold_of_a_valid_run_is_a_failure_that_says_why() -> None:
    root = parsed(failed_summary())
    failure = root.find(".//failure")

    assert elements(root) == {
        "the run is valid": "",
        "latency.channel.message.created.p99_ms < 250": "",
        "ledger.channel.message.created.lost == 0": "failure",
    }
    assert failure is not None
    assert failure.text is not None
    assert "lost == 0: measured 27, from 41,873 samples" in failure.text
    assert "What to do: look for the second of the losses" in failure.text
    assert "http://127.0.0.1:41873; see report.html" in failure.text


def test_what_cannot_be_said_is_an_error_and_never_a_success() -> None:
    root = parsed(inconclusive_summary())
    error = root.find(".//error")

    assert elements(root) == {
        "the run is valid": "error",
        "latency.channel.message.created.p99_ms < 250": "error",
        "ledger.channel.message.created.lost == 0": "",
    }
    assert error is not None
    assert error.attrib["type"] == "INCONCLUSIVE"
    assert "generator.lag.p99 is 180 ms; limit 20.0 ms" in (error.text or "")


def test_a_threshold_that_broke_in_an_invalid_run_is_no_failure() -> None:
    summary = inconclusive_summary()
    summary["thresholds"][1]["held"] = False
    assert list(elements(parsed(summary)).values()) == ["error", "error", "error"]


def test_a_threshold_that_only_warns_fails_nothing() -> None:
    summary = passing_summary()
    summary["thresholds"][0] |= {"held": False, "consequence": "warn"}
    root = parsed(summary)

    assert set(elements(root).values()) == {""}
    assert "WARNING: broken" in junit_report(summary)


def test_names_that_come_twice_are_told_apart() -> None:
    """GitLab drops the second of the same name."""
    summary = passing_summary()
    summary["thresholds"].append(copy.deepcopy(summary["thresholds"][1]))
    names = [case.attrib["name"] for case in parsed(summary).iter("testcase")]

    assert len(set(names)) == len(names) == 4


@given(st.text())
def test_whatever_stands_in_a_name_the_xml_can_be_read(text: str) -> None:
    summary = failed_summary()
    summary["profile"]["name"] = text
    summary["target"]["host"] = text
    summary["reasons"][0]["remedy"] = text
    summary["thresholds"][1]["expression"] = text
    root = parsed(summary)

    assert root.find(".//failure") is not None
