# One command per task; each makes the environment it needs. `make help` lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PROFILE ?= smoke
# Under ten minutes: make bench BENCH='--time-limit 400 --rounds 2 --only limit,loadtest,loadtest-python,locust,node'
BENCH ?= --time-limit 640

.DEFAULT_GOAL := help
.PHONY: help run ui test check format bench curves picture clean

help:  ## list the tasks
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

# Made again when what it is made from has changed.
$(VENV)/.run: pyproject.toml constraints.txt hatch_build.py loadtest/device/_scanner.c
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 …")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.test: $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $@

run: $(VENV)/.run  ## run a profile against the embedded server and report (PROFILE=smoke)
	$(BIN)/loadtest run $(PROFILE)

ui: $(VENV)/.run  ## the same with the web UI on http://127.0.0.1:8089
	$(BIN)/loadtest ui $(PROFILE)

# Whole runs mostly wait: more processes than cores.
test: $(VENV)/.test  ## all tests
	$(BIN)/python -m pytest -n 4 --dist loadgroup --no-loadscope-reorder --durations=20

check: $(VENV)/.test  ## format, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/.test  ## format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.test  ## measure the engine against its limit and its rivals, and its parts
	$(BIN)/python -m tests.benchmarks.run $(BENCH)
	$(BIN)/python -m tests.benchmarks.parts
	$(BIN)/python -m tests.benchmarks.cores

curves: $(VENV)/.test  ## measure how the cost of an event grows, and draw it for the docs
	$(BIN)/python -m tests.benchmarks.curves

picture: $(VENV)/.test  ## take the picture of the Chat tab for the README (needs Chromium)
	$(BIN)/python -m tests.support.tab_picture docs/pictures/chat-tab.png

clean:  ## remove the environment and caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
