"""The report of a study: whole, escaped, and able to stand alone."""

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from loadtest.capacity.page import html_page, markdown_page, sizing_assumptions
from loadtest.capacity.search import StoppedBy
from loadtest.capacity.studied import StudyFacts, studied
from loadtest.capacity.study import FirstBroken, Study
from loadtest.profile import load_profile
from tests.support.studies import study, trial


def made(**changes: Any) -> Study:
    facts = StudyFacts.of(study(profile=load_profile("capacity").resolved(), **changes))
    return studied(facts, study().trials, StoppedBy.BUDGET, 400)


class Headings(HTMLParser):
    """Collects the headings of the second level, and what is loaded from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.loaded: list[str] = []
        self._is_heading = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._is_heading = tag == "h2"
        self.loaded += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        if self._is_heading:
            self.found.append(data)
            self._is_heading = False


def test_the_page_has_every_part_of_a_study() -> None:
    page = Headings()
    page.feed(html_page(made()))

    assert page.found == [
        "Workload",
        "Environment",
        "Method",
        "Trials",
        "Scalability",
        "Size of a deployment",
        "Limits of validity",
        "Raw data",
    ]
    assert all(each.startswith("#") for each in page.loaded), "the page needs the network"


def test_a_study_without_a_limit_has_a_page_without_a_size() -> None:
    nothing = study(limit=None, answer="Nothing passed.", trials=[trial(20, "fail")])

    text = html_page(nothing)
    assert "No limit found" in text
    assert "<script>" not in text
    assert "Size of a deployment" not in markdown_page(nothing)


def test_what_came_from_outside_is_escaped() -> None:
    evil = "<script>alert(1)</script>"
    broken = FirstBroken(expression=evil, value=evil, limit=evil)
    hostile = made(host=evil, is_embedded=False, environment={evil: evil})

    text = html_page(hostile)
    assert evil not in text
    assert evil not in html_page(study(first_broken=broken, answer=evil, question=evil))
    assert evil not in markdown_page(hostile)


def test_the_markdown_has_trials_and_size() -> None:
    text = markdown_page(made())

    assert text.startswith("# How many messages per second does this deployment carry?\n")
    assert "| 320 messages/s | fail |" in text
    assert "## Size of a deployment" in text
    assert "share the load evenly" in text


def test_the_size_in_the_page_rests_on_that_of_the_study() -> None:
    found = sizing_assumptions(made())

    assert found is not None
    assert {each.input.name: each.value for each in found}["users"] == 10_000
    assert sizing_assumptions(study()) is None


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
def test_a_figure_that_is_changed_in_the_page_changes_the_size(tmp_path: Path) -> None:
    """The page's script with a document of a few lines: a form, a sentence, a table."""
    text = html_page(made())
    script = re.search(r"<script>(.*)</script>", text, re.DOTALL)
    sentence = re.search(r'role="status">(.*?)</p>', text)
    assert script is not None
    assert sentence is not None
    program = f"""
const elements = {{}};
let listener;
const field = () => ({{value: "", setCustomValidity(text) {{ this.problem = text; }}}});
const form = {{elements: new Proxy(elements, {{get: (all, name) => all[name] ??= field()}}),
  addEventListener: (name, given) => {{ listener = given; }}}};
const sentence = {{textContent: ""}};
globalThis.document = {{
  getElementById: (name) => name === "sizing" ? form : sentence,
  querySelectorAll: () => [],
}};
eval({json.dumps(script[1])} + `
const said = [];
update(); said.push(sentence.textContent);
for (const [name, value] of [["users", "20000"], ["headroom", "100"]]) {{
  form.elements[name].value = value;
  listener({{target: {{name}}}});
  said.push(sentence.textContent);
}}
process.stdout.write(JSON.stringify([...said, form.elements.headroom.problem]));
`);
"""
    path = tmp_path / "page.js"
    path.write_text(program)
    done = subprocess.run(
        ["node", str(path)], capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 0, done.stderr
    unchanged, doubled, impossible, problem = json.loads(done.stdout)
    assert unchanged == sentence[1]
    assert doubled.startswith("20,000 users need")
    assert doubled != unchanged
    assert (impossible, problem) == (
        "A figure above is not possible; it is marked.",
        "not possible",
    )
