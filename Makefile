# Every target is a one-liner over codex-leg or a tool; `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help install verify compare adopt serve reference canary record known alert nightly test lint bench mutants generated format lock clean

VENV := .venv
BIN := $(VENV)/bin
# What we are measured against is nothing that anybody needs else.
BENCH := .venv-bench
# Python 3.11 or newer; PYTHON=python3.13 make verify chooses one.
PYTHON ?= python3

# Where a nightly puts what its witnesses say, and who they are; add record if there is a login.
FOLDER ?= reports
WITNESSES ?= canary reference
# CANARIES="ID ..." asks only these. UNCHECKED=ok says what could not be looked at, and is no failure
# because of it: whoever opens a pull request can do nothing for it.
CANARIES ?=
FORGIVE = $(if $(filter ok,$(UNCHECKED)), || [ $$? -eq 6 ])
# REPORT=FILE keeps what a command says, as JSON; what the report BASELINE has is known already.
BASELINE ?= $(FOLDER)/known.json
SAYS = $(if $(REPORT),$(shell mkdir -p $(dir $(REPORT)))--format json --output $(REPORT)) \
  $(if $(wildcard $(BASELINE)),--baseline-report $(BASELINE))

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(VENV)/.installed  ## Make the environment (uv if it is there, venv and pip otherwise)

verify: $(VENV)/.installed  ## Replay every probe against its cassette, network blocked; exit 1 on drift
	@$(BIN)/codex-leg verify $(ARGS)

compare: $(VENV)/.installed  ## Say what has changed: make compare OLD=HEAD~1 NEW=.
	@$(BIN)/codex-leg compare "$(OLD)" "$(NEW)" $(ARGS)

adopt: $(VENV)/.installed  ## Show the drift, ask, and make the shapes of now the ones that hold
	@$(BIN)/codex-leg adopt $(ARGS)

serve: $(VENV)/.installed  ## Start the stand-in on loopback; ARGS="--scenario NAME" and so on
	@$(BIN)/codex-leg serve $(ARGS)

reference: $(VENV)/.installed  ## Look for a newer release of the Codex CLI, and say what is new in it
	@$(BIN)/codex-leg reference watch $(SAYS) $(ARGS)

canary: $(VENV)/.installed  ## Ask the live services what needs no login: do they answer as they did?
	@$(BIN)/codex-leg canary $(CANARIES) $(SAYS) $(ARGS)$(FORGIVE)

record: $(VENV)/.installed  ## Ask the live services with your login, and keep what they answer
	@$(BIN)/codex-leg record $(SAYS) $(ARGS)

known: $(VENV)/.installed  ## Write what alerts are open to BASELINE: it does not count a second time
	@mkdir -p $(dir $(BASELINE)) && $(BIN)/codex-leg alert --write-known $(BASELINE) $(ARGS)$(FORGIVE)

alert: $(VENV)/.installed  ## Tell people what WITNESSES say in FOLDER/NAME/NAME.json: once
	@$(BIN)/codex-leg alert $(foreach one,$(WITNESSES),$(FOLDER)/$(one)/$(one).json) $(if $(STATE),--state $(STATE)) $(ARGS)

nightly: $(VENV)/.installed  ## All WITNESSES, whatever becomes of each, then the alert
	@tools/nightly "$(MAKE)" "$(FOLDER)" $(WITNESSES)

test: $(VENV)/.installed  ## Run the whole test suite, over up to four cores
	@$(BIN)/pytest -n auto --maxprocesses 4 $(ARGS)

lint: $(VENV)/.installed  ## ruff, mypy --strict, import-linter; actionlint and zizmor for the workflows
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/actionlint
	@$(BIN)/zizmor --offline --quiet --no-progress --persona=pedantic .github

bench: $(BENCH)/.installed  ## What the leg, comparing, verifying and the reference client cost
	@$(BENCH)/bin/python -m benchmarks.run
	@$(BENCH)/bin/python -m benchmarks.compare
	@$(BENCH)/bin/python -m benchmarks.verify
	@$(BENCH)/bin/python -m benchmarks.reference

mutants: $(VENV)/.installed  ## Plant every single edit in every cassette: is it found, as what it is?
	@$(BIN)/python -m tests.mutation $(ARGS)

generated: $(VENV)/.installed  ## Write anew what is made out of other files (docs/rules.md and so on)
	@$(BIN)/python -m harness.generated

format: $(VENV)/.installed  ## Let ruff mend what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate
lock:  ## Write requirements.lock and that of the benchmarks anew from pyproject.toml (needs uv)
	$(LOCK) --extra harness --group dev pyproject.toml -o requirements.lock
	$(LOCK) --extra harness --group bench --constraints requirements.lock pyproject.toml \
	  -o benchmarks/requirements.lock

clean:  ## Remove the environment and all caches
	rm -rf $(VENV) $(BENCH) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache dist build
	find . -name __pycache__ -prune -exec rm -rf {} +

# A stamp, so that an installed environment costs nothing the next time.
$(VENV)/.installed: pyproject.toml requirements.lock
	@tools/install $(PYTHON) $(VENV)
	@touch $@

$(BENCH)/.installed: pyproject.toml benchmarks/requirements.lock
	@tools/install $(PYTHON) $(BENCH) benchmarks/requirements.lock
	@touch $@
