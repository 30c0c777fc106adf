"""The recipes of docs/ci.md: each is valid, and its shell steps do what they say.

``pip`` is replaced, as there is no network, and ``loadtest run`` gets options that make it short.
Everything else is run as it stands, by bash, against embedded servers.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from tests.support.documents import TOP, Block, blocks_of
from tests.support.runs import SMALL
from tests.support.server_process import running_server

RECIPES = [block for block in blocks_of("yaml") if block.page == "docs/ci.md"]
# How fast a busy machine is, is not what these tests are about.
SHORT = shlex.join(
    (*SMALL, "--duration", "6s", "--set", 'thresholds=["delivery.message.lost == 0"]')
)
_STEP_KEYS = {"name", "uses", "with", "run", "if", "env", "id"}
_JOB_KEYS = {
    *("image", "script", "before_script", "after_script", "artifacts", "extends"),
    *("variables", "services", "rules", "stage"),
}


@dataclass(frozen=True)
class Job:
    """One job of a recipe: its shell steps, and the variables that they see."""

    name: str
    steps: list[str]
    """Those that stand for success, then those that always run."""
    variables: dict[str, str] = field(default_factory=dict)
    is_comparison: bool = False


def github_jobs(recipe: dict[Any, Any]) -> Iterator[Job]:
    """Yield the jobs of a workflow, and check its shape."""
    # In YAML 1.1, which PyYAML reads, ``on`` is true.
    assert recipe.keys() == {"name", True, "jobs"}
    for name, job in recipe["jobs"].items():
        assert job["runs-on"]
        assert job["timeout-minutes"] <= 60
        for step in job["steps"]:
            assert step.keys() <= _STEP_KEYS
            assert ("uses" in step) is not ("run" in step)
            assert re.fullmatch(r"[\w.-]+/[\w.-]+@v\d+", step.get("uses", "a/b@v1"))
        steps = [step["run"] for step in job["steps"] if "run" in step]
        yield Job(name, steps, job.get("env", {}), any("--against" in each for each in steps))


def gitlab_jobs(recipe: dict[str, Any]) -> Iterator[Job]:
    """Yield the jobs of a pipeline, and check its shape."""
    for name, job in recipe.items():
        assert job.keys() <= _JOB_KEYS
        whole = {**recipe.get(job.get("extends", ""), {}), **job}
        if name.startswith("."):
            continue
        assert whole["artifacts"].get("reports", {}).keys() <= {"junit", "metrics"}
        steps = [
            *whole["before_script"],
            *whole["script"],
            *whole.get("after_script", ()),
        ]
        assert all(isinstance(each, str) for each in steps)
        is_comparison = any("--against" in each for each in steps)
        yield Job(name, steps, whole.get("variables", {}), is_comparison)


def jobs_of(block: Block) -> list[Job]:
    recipe = yaml.safe_load(block.text)
    read = gitlab_jobs if block.file == ".gitlab-ci.yml" else github_jobs
    return list(read(recipe))


JOBS = [(block, job) for block in RECIPES for job in jobs_of(block)]


def loads(job: Job) -> list[list[str]]:
    """Return the commands of a job that start runs, word by word."""
    text = "\n".join(job.steps).replace("\\\n", " ")
    return [shlex.split(line) for line in text.splitlines() if "loadtest run" in line]


def test_both_systems_have_all_three_recipes_with_the_same_commands() -> None:
    commands = [
        [loads(job) for block, job in JOBS if block.file.startswith(system)]
        for system in (".github/workflows/", ".gitlab-ci.yml")
    ]

    assert commands[0] == commands[1]
    assert len(commands[0]) == 3
    assert len(RECIPES) == 4


@pytest.fixture
def shell(tmp_path: Path) -> dict[str, str]:
    """Return an environment in which ``loadtest`` is this one, with short runs."""
    programs = tmp_path / "bin"
    programs.mkdir()
    scripts = {
        "pip": "exit 0",
        "loadtest": (
            f'if [ "$1" = run ]; then set -- "$@" {SHORT}; fi\n'
            'words=("$@")\n'
            'for place in "${!words[@]}"; do\n'
            '  if [ "${words[$place]}" = --replicates ]; then words[$((place + 1))]=1; fi\n'
            "done\n"
            f'exec {sys.executable} -m loadtest "${{words[@]}}"'
        ),
    }
    for name, script in scripts.items():
        path = programs / name
        path.write_text(f"#!/usr/bin/env bash\n{script}\n")
        path.chmod(0o755)
    return {
        **os.environ,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PYTHONPATH": str(TOP),
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "step-summary.md"),
        "CHAT_API_KEY": "key",
        "COLUMNS": "100",
    }


@pytest.mark.timeout(110)
@pytest.mark.parametrize(
    ("block", "job"),
    # The other two of GitLab have the steps of GitHub's.
    [pytest.param(*each, id=f"{each[0].file} {each[1].name}") for each in JOBS[:4]],
)
def test_the_shell_steps_of_a_recipe_do_what_they_say(
    block: Block, job: Job, shell: dict[str, str], tmp_path: Path
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    with running_server() as url, running_server() as other:
        addresses = {"CHAT_URL": url, "CANDIDATE_URL": url, "BASE_URL": other}
        used = {name: each for name, each in addresses.items() if name in job.variables}
        finished = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", "\n".join(job.steps)],
            cwd=work,
            env={**shell, **used},
            capture_output=True,
            text=True,
            check=False,
        )

    assert finished.returncode == 0, finished.stdout + finished.stderr
    if job.is_comparison:
        assert len([*work.glob("results/*-ci-pairs-*/comparison.md")]) == 1
    else:
        (folder,) = work.glob("results/*-ci-*")
        assert (folder / "junit.xml").is_file()
    if block.file == ".gitlab-ci.yml" and not job.is_comparison:
        assert (work / "junit.xml").is_file()
        assert (work / "metrics.txt").is_file()
    assert (tmp_path / "step-summary.md").read_text().startswith("#")
