# Every command of the project. `make` alone lists them.

# The first of these that really is 3.11 or 3.12; another one: make venv PYTHON=/path/to/python3.12
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))
PYTHON ?= $(shell for p in python3.12 python3.11 python3; do $$p -c '$(FITS)' 2>/dev/null && { command -v $$p; break; }; done)
PY := .venv/bin/python

# How many processes share the tests; each has a MongoDB of its own.
JOBS ?= 2

# Read by the service.
export PORT ?= 8000

.DEFAULT_GOAL := help
.PHONY: help venv run test check fuzz figures lint house schema-check format schema lock hooks clean

help: ## list the commands
	@echo "Ratchet: make COMMAND, where COMMAND is one of"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: venv ## start a database, the demo organisations and the service (PORT=8000)
	@$(PY) -m gql serve --demo

test: venv ## run all tests (ARGS="-x tests/okr" runs some; JOBS=0 in one process)
	@$(PY) -m pytest -q -n $(JOBS) --dist loadfile $(ARGS)

check: lint house schema-check ## everything a change must pass: style, types, floors, schema, all tests, coverage
	@$(MAKE) --no-print-directory test ARGS="--cov=okr --cov-branch --cov-report="
	@echo "The trade (okr/) is covered line by line and branch by branch, or this fails:"
	@$(PY) -m coverage report --fail-under=100 --include='okr/*'

fuzz: venv ## the engine against the reference evaluator over 1,000,000 random pairs (ARGS="--pairs N --seed N")
	@$(PY) -m bench.fuzz $(ARGS)

figures: venv ## measure what is promised in numbers, two minutes; run it alone on the machine
	@$(PY) -m bench.policies; met=$$?; $(PY) -m bench.preview && exit $$met

lint: venv ## style, types and floors: seconds, no tests
	@$(PY) -m ruff format --check --quiet .
	@$(PY) -m ruff check --quiet .
	@$(PY) -m mypy
	@.venv/bin/lint-imports --no-logo

house: venv ## what may not be committed: index hosts, machine paths, unexplained exceptions
	@$(PY) -m tests.house

schema-check: venv ## gql/schema.graphql is what the code serves
	@$(PY) -m gql --check

format: venv ## put the code into the house's form
	@$(PY) -m ruff check --quiet --fix-only .
	@$(PY) -m ruff format .

schema: venv ## write gql/schema.graphql anew
	@$(PY) -m gql --write

hooks: ## run `make lint house` before each of your commits
	@git config core.hooksPath .githooks
	@echo "Done. To undo: git config --unset core.hooksPath"

clean: ## remove what the commands above made, except the data of the embedded database (.data)
	@rm -rf .venv .locker .coverage .coverage.* htmlcov .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

venv: .venv/.complete ## make the virtual environment .venv from the pinned requirements

# Made anew whenever a requirement changes, never patched. durable-rules is C source, and its build tool is pinned as well;
# that is why there are two steps (docs/decisions/0004-hashed-lock-without-an-index.md).
INSTALL := $(PY) -m pip install --quiet --disable-pip-version-check --no-input --require-hashes
.venv/.complete: requirements-build.txt requirements-dev.txt
	@test -n "$(PYTHON)" && "$(PYTHON)" -c '$(FITS)' 2>/dev/null || { \
	    echo "Ratchet needs Python 3.11 or 3.12; found: $(or $(PYTHON),neither). On Debian 12 or Ubuntu 24.04:"; \
	    echo "    apt-get install python3 python3-venv python3-dev gcc"; \
	    echo "Elsewhere install one, then: make venv PYTHON=/path/to/python3.12"; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
	    echo "$(PYTHON) cannot make virtual environments. On Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	@"$(PYTHON)" -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))' || { \
	    echo "durable-rules is built from C, which needs Python's headers. On Debian or Ubuntu: apt-get install python3-dev"; exit 1; }
	@command -v gcc >/dev/null || command -v cc >/dev/null || { \
	    echo "durable-rules is built from C, which needs a compiler. On Debian or Ubuntu: apt-get install gcc libc6-dev"; exit 1; }
	@echo "Making .venv with $$("$(PYTHON)" --version): about a minute, once."
	@"$(PYTHON)" -m venv --clear .venv
	@{ $(INSTALL) -r requirements-build.txt && $(INSTALL) --no-build-isolation -r requirements-dev.txt; } >.venv/install.log 2>&1 \
	    || { cat .venv/install.log; echo "The installation failed; what it printed is above."; exit 1; }
	@touch $@

# The locker lives in an environment of its own, and what it writes holds for Python 3.11 and 3.12 alike.
export UV_CUSTOM_COMPILE_COMMAND := make lock
COMPILE := .locker/bin/uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes $(UPGRADE)
lock: ## pin the requirements of pyproject.toml anew (UPGRADE=--upgrade takes the newest releases)
	@test -x .locker/bin/uv || "$(PYTHON)" -m venv .locker
	@.locker/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	@$(COMPILE) --group build -o requirements-build.txt
	@$(COMPILE) pyproject.toml -o requirements.txt
	@$(COMPILE) pyproject.toml --group dev -c requirements.txt -o requirements-dev.txt
