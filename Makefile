# The two commands that do all: `make demo` and `make test`. Everything else is for those who change Mirabelle.
.DEFAULT_GOAL := help
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
KILLS ?= 1000
INPUTS := pyproject.toml setup.py constraints.txt scripts/environment src/mirabelle/media/build_loop.py

.PHONY: help demo test test-integration test-acceptance test-chaos test-unit lint format bench bench-ingest bench-queue bench-vxml chaos clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.ready ## set everything up, place a call, show it
	@$(BIN)/mirabelle demo

test: $(VENV)/.ready-dev ## set everything up, run the whole test suite
	@scripts/peers
	@$(MAKE) --no-print-directory -k -j4 test-integration test-acceptance test-chaos test-unit

# Four runs side by side: the tests that start processes wait far more than they compute. One is shown while it runs,
# the others when they are over.
test-integration: $(VENV)/.ready-dev
	@$(BIN)/pytest --ignore tests/acceptance --ignore tests/chaos --ignore tests/unit

test-acceptance test-chaos test-unit: test-%: $(VENV)/.ready-dev
	@told=$$(mktemp); $(BIN)/pytest tests/$* > $$told 2>&1; status=$$?; cat $$told; rm -f $$told; exit $$status

lint: $(VENV)/.ready-dev ## style, strict types, direction of imports
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: $(VENV)/.ready-dev ## rewrite the code in the house's format
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

bench: $(VENV)/.ready-dev ## calls per core, CPU per call, time to first audio, pages per second
	@$(BIN)/python -m tests.bench

bench-ingest: $(VENV)/.ready-dev ## a million lines through queuecalls.php, beside the raw driver, on both stores
	@$(BIN)/python -m tests.bench.ingest

bench-queue: $(VENV)/.ready-dev ## what leaves next beside millions of waiting calls: time, lag and CPU, on both stores
	@$(BIN)/python -m tests.bench.queue

bench-vxml: $(VENV)/.ready-dev ## ten pages over HTTP without a telephone: rate, CPU per page, and 1,000 sessions in one process
	@$(BIN)/python -m tests.bench.vxml

chaos: $(VENV)/.ready-dev ## kill servers at every crash point on both stores, and hold the books against each other; KILLS=1000
	@$(BIN)/python -m tests.chaos --kills $(KILLS)

clean: ## forget the environment and what was built
	rm -rf $(VENV) build src/*.egg-info src/mirabelle/media/_loop.* demo-output

$(VENV)/.ready: $(INPUTS)
	@scripts/environment $(VENV)
	@touch $@

$(VENV)/.ready-dev: $(INPUTS)
	@scripts/environment $(VENV) dev
	@touch $(VENV)/.ready $@
