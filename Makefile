# What one does with this project. `make` alone lists it.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
export PYTHONUTF8 := 1

# The first Python here that is new enough; name another with PYTHON=…
PYTHON ?= $(shell for each in python3 python3.13 python3.12 python3.11; do \
	"$$each" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$each" && break; done)
VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python

# Passed through to the program and to pytest: make demo DEMO_ARGS="--slides 20", make test PYTEST_ARGS="-k barcode"
RUN_ARGS ?=
DEMO_ARGS ?=
PYTEST_ARGS ?=
# Modules side by side, for many tests wait for other programs; make test PYTEST_ARGS="-n 0 --pdb" does without
SIDE_BY_SIDE ?= --numprocesses logical --maxprocesses 4 --dist loadfile
BENCH_ARGS ?=
# A part of the path of the proofs to run, such as soak; all without it
PROVE_ARGS ?=
# A word of the name of the mutants to try; all without it
MUTANT ?=

.PHONY: help setup run demo test check format bench prove mutants package screenshots clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.libraries $(VENV)/.installed ## Get everything the program needs (.venv, and system libraries where allowed)
	@:

$(VENV)/.installed: requirements.lock | $(VENV)/.libraries
	@echo "Installing what requirements.lock lists into $(VENV)"
	@$(PY) -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	@touch $@

# Made anew when its Python is gone. Needed before the check of libraries leaves its mark in it.
$(PY):
	@if [ -z "$(PYTHON)" ]; then echo "Python 3.11 or newer is needed; name it with PYTHON=…" >&2; exit 1; fi
	@$(PYTHON) packaging/system_libraries.py || true
	@$(PYTHON) -m venv --clear $(VENV)

# Without the mark the check is made again next time; until then one line says what to type.
$(VENV)/.libraries: packaging/system_libraries.py | $(PY)
	@if $(PY) packaging/system_libraries.py; then touch $@; fi

$(VENV)/.programs: packaging/system_libraries.py | $(VENV)/.installed
	@if $(PY) packaging/system_libraries.py --tests; then touch $@; fi

run: setup ## The window, with the settings of this machine
	@$(PY) main.py $(RUN_ARGS)

# Headless it ends with 1 by design: some of the demo's slides need a person.
demo: setup ## The window on a made-up lab with a virtual scanner (headless where there is no display)
	@$(PY) main.py demo $(DEMO_ARGS) || [ $$? -eq 1 ]

test: setup $(VENV)/.programs ## All quick tests
	@$(PY) -m pytest $(SIDE_BY_SIDE) $(PYTEST_ARGS)

check: setup ## Style, types, import directions
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(PY) -m pip check --disable-pip-version-check

format: setup ## Put the style right
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: setup $(VENV)/.programs ## Measure against other programs; writes docs/proof/benchmarks.json
	@$(PY) -m tests.benchmarks --out docs/proof/benchmarks.json $(BENCH_ARGS)

prove: setup $(VENV)/.programs ## The long proofs (hours); each writes its docs/proof/*.json
	@SLIDEFERRY_PROVE=1 $(PY) -m tests.prove $(PROVE_ARGS)

mutants: setup $(VENV)/.programs ## Break the engine on purpose, once a mutant; a test must notice each. Writes docs/proof/mutants.json
	@SLIDEFERRY_PROVE=1 $(PY) -m tests.mutants "$(MUTANT)"

package: setup ## The program as one folder, dist/slideferry, that needs no Python
	@$(BIN)/pyinstaller --noconfirm --clean --log-level ERROR --distpath dist --workpath build packaging/slideferry.spec
	@$(PY) packaging/try_frozen.py dist/slideferry

screenshots: setup $(VENV)/.programs ## Pictures of the window and of the report; writes docs/screenshots/*.png
	@$(PY) packaging/screenshots.py

clean: ## Remove what was made, but not .venv
	@rm -rf build dist demo-lab .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage
	@find app packaging tests -name __pycache__ -type d -prune -exec rm -rf {} +
