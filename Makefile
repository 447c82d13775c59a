# Everything runs from .venv, which is made on first use and renewed when the requirements change.
.DEFAULT_GOAL := help
.PHONY: help demo test soak chaos check format benchmark lock

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PIP_COMPILE := CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --strip-extras \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host $(if $(UPGRADE),--upgrade)

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: export DEMO_PASSWORD ?= demo
demo: $(VENV)/run.stamp ## Run sandbox, workers and web pages on this machine (WEB_PORT=8000 SANDBOX_PORT=8900)
	@$(BIN)/python manage.py demo --prepare
	@$(BIN)/python manage.py demo

test: $(VENV)/dev.stamp ## Run the tests on SQLite and PostgreSQL (ARGS="tests/domain -x" passes on to pytest)
	@$(BIN)/python -m tests.run $(ARGS)

soak: $(VENV)/dev.stamp ## Compare many more made-up stories with the oracle (SOAK=2000 examples of each property)
	@SOAK=$(or $(SOAK),2000) $(BIN)/python -m tests.run tests/oracle $(ARGS)

chaos: export CHAOS = long
chaos: $(VENV)/dev.stamp ## Make syncs of 2,000 people go wrong in every way, and print what came of it
	@$(BIN)/python -m tests.run tests/chaos $(ARGS)

check: $(VENV)/dev.stamp ## Run everything that finds mistakes without running the program
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python manage.py check --fail-level WARNING
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python tests/audit.py requirements.txt

format: $(VENV)/dev.stamp ## Put the code into its one shape
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

benchmark: $(VENV)/run.stamp ## Measure syncing at size against the sandbox
	$(BIN)/python manage.py benchmark $(ARGS)

lock: $(BIN)/python ## Pin the requirements anew (UPGRADE=1 takes newer releases)
	$(PIP_INSTALL) pip-tools
	$(PIP_COMPILE) --output-file=requirements.txt requirements.in
	$(PIP_COMPILE) --output-file=requirements-dev.txt requirements-dev.in

$(BIN)/python:
	@test -n "$(PYTHON)" && "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "SyncAdmin needs Python 3.11 or newer; name it with: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	"$(PYTHON)" -m venv $(VENV)

$(VENV)/run.stamp: requirements.txt | $(BIN)/python
	$(PIP_INSTALL) --requirement requirements.txt
	@touch $@

$(VENV)/dev.stamp: requirements.txt requirements-dev.txt | $(BIN)/python
	$(PIP_INSTALL) --requirement requirements-dev.txt
	@touch $@ $(VENV)/run.stamp
