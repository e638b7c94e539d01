# Every target sets up what it needs by itself, once: all that must be there is Python 3.11 or newer (and, for
# `make bench`, what bench/README.md says). Another interpreter: make PYTHON=python3.12 test

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo test check lint format bench endurance fuzz docs clean

help: ## show this
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(READY) ## a gateway, two backends, and requests to try
	@$(BIN)/hotgate demo $(ARGS)

test: $(READY) ## all tests, on every core; ARGS="tests/unit -k jwt" for some
	$(BIN)/pytest --numprocesses auto --dist loadfile $(ARGS)

check: lint test ## everything that must pass before a change is taken

lint: $(READY) ## style, types, and who imports whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY) ## rewrite the code in the common style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY) ## measure Hotgate beside other gateways and write docs/benchmarks.md (some twenty minutes)
	$(BIN)/python -m bench --write-docs $(ARGS)

endurance: $(READY) ## hours under load while things fail; ARGS="soak --minutes 60", "slow", "dead" or "limits"
	$(BIN)/python -m bench.endurance $(ARGS)

fuzz: $(READY) ## look for inputs that others read differently, 60 s per target; ARGS="requests --seconds 600" for one
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[fuzz]'
	PYTHONPATH=tests $(BIN)/python -m fuzz $(ARGS)

docs: $(READY) ## write the generated pages again
	$(BIN)/hotgate schema --markdown > docs/configuration.md
	$(BIN)/hotgate admin openapi --markdown > docs/admin-api.md

clean: ## remove everything that was made here
	rm -rf $(VENV) .bench .fuzz .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .node

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Hotgate needs Python 3.11 or newer: make PYTHON=…" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@
