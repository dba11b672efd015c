# Every command a developer needs, one line each. `make help` prints them.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
UV_VERSION := 0.13.9
BIN := .venv/bin
BENCH ?= search,turn,calibration,vault,widget,log

.PHONY: help
help: ## print these lines
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Made anew when what it is made of has changed; uv itself is pinned and lives inside it.
.venv/ready: pyproject.toml uv.lock
	@command -v python3 >/dev/null || { echo "python3 is missing: install Python 3.11 or newer."; exit 1; }
	@test -x $(BIN)/python || python3 -m venv .venv || { echo "venv is missing: on Debian, apt-get install python3-venv."; exit 1; }
	@$(BIN)/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv sync --frozen --quiet --compile-bytecode
	@touch $@

# Packages that pages load and what checks them; nothing of it is needed where the wheel is installed.
node_modules/ready: package.json package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing: install Node.js 20 or newer (on Debian, apt-get install nodejs npm)."; exit 1; }
	@npm ci --ignore-scripts --no-audit --no-fund --silent
	@npm run --silent build
	@touch $@

.PHONY: run
run: .venv/ready node_modules/ready ## start everything and print the addresses; Ctrl-C stops it
	@exec $(BIN)/answerable run

.PHONY: test
test: .venv/ready node_modules/ready ## every test, on PostgreSQL 18
	@$(BIN)/pytest -n 2 --dist loadgroup -q

.PHONY: test-pg16
test-pg16: .venv/ready ## migrations and what talks to the database, on PostgreSQL 16
	@TEST_PG_MAJOR=16 $(BIN)/pytest -n 2 --dist loadgroup -q tests/migrations tests/audit tests/vault tests/tenancy tests/conversations tests/knowledge tests/answering tests/handoff tests/isolation tests/infra/jobs tests/widget

.PHONY: check
check: .venv/ready node_modules/ready ## format, lint, types, floors, lock files, docs
	@$(BIN)/ruff format --check --quiet . || { echo "Run make fmt."; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/basedpyright
	@$(BIN)/lint-imports --no-logo
	@npm run --silent check
	@$(BIN)/uv lock --check --quiet
	@$(BIN)/python docs/reference/generate.py --check

.PHONY: fmt
fmt: .venv/ready ## format, sort imports, write the generated pages anew
	@$(BIN)/ruff check --fix --quiet --select I,F401 . ; $(BIN)/ruff format --quiet .
	@$(BIN)/python docs/reference/generate.py

.PHONY: bench
bench: .venv/ready ## measure; BENCH=search,turn,calibration,vault,widget,log chooses
	@$(BIN)/python -m benchmarks $(BENCH)

.PHONY: demo-vectors
demo-vectors: .venv/ready ## after a change of the demo's documents or of docs: make their vectors anew
	@$(BIN)/python -m benchmarks.demo_vectors

.PHONY: pictures
pictures: .venv/ready node_modules/ready ## take the README's pictures anew, from the demo
	@$(BIN)/python -m benchmarks.pictures

.PHONY: clean
clean: ## remove the environment and caches, never the data in .answerable
	@rm -rf .venv node_modules .pytest_cache .ruff_cache .hypothesis
