# Every target is a one-liner over codex-leg or a tool; `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help install verify snapshots serve test lint bench format lock clean

VENV := .venv
BIN := $(VENV)/bin
# Python 3.11 or newer; PYTHON=python3.13 make verify chooses one.
PYTHON ?= python3

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(VENV)/.installed  ## Make the environment (uv if it is there, venv and pip otherwise)

verify: $(VENV)/.installed  ## Replay every probe against its cassette, network blocked; exit 1 on drift
	@$(BIN)/codex-leg verify $(ARGS)

snapshots: $(VENV)/.installed  ## Write down the shapes as they are now; look at `git diff snapshots` then
	@$(BIN)/codex-leg verify --pytest=--snapshot-update

serve: $(VENV)/.installed  ## Start the stand-in on loopback; ARGS="--scenario NAME" and so on
	@$(BIN)/codex-leg serve $(ARGS)

test: $(VENV)/.installed  ## Run the whole test suite
	@$(BIN)/pytest $(ARGS)

lint: $(VENV)/.installed  ## ruff, mypy --strict, import-linter
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

bench: $(VENV)/.installed  ## What the leg costs, as ratios against httpx
	@$(BIN)/python -m benchmarks.run

format: $(VENV)/.installed  ## Let ruff mend what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock:  ## Write requirements.lock anew from pyproject.toml (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --extra harness --group dev pyproject.toml -o requirements.lock

clean:  ## Remove the environment and all caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache dist build
	find . -name __pycache__ -prune -exec rm -rf {} +

# A stamp, so that an installed environment costs nothing the next time.
$(VENV)/.installed: pyproject.toml requirements.lock
	@tools/install $(PYTHON) $(VENV)
	@touch $@
