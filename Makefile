# make report: the default audit.  make test: the tests.  Both set everything up themselves.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
READY := .venv/.ready
PURE := vae_models reports tasks/datasets tasks/analyses

.PHONY: report test check format bench bench-setup lock clean
report: $(READY)
	@$(BIN)/latent-audit run

test: $(READY)
	@$(BIN)/python -m tests.run_tests

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: bench-setup
	$(BIN)/python -m benchmarks.training_speed

bench-setup: $(READY)
	$(BIN)/uv pip install -q --no-deps -r benchmarks/requirements.txt

# A new set of pinned versions, from the ranges in pyproject.toml.
lock: $(READY)
	$(BIN)/uv pip compile -q pyproject.toml --extra dev --python-version 3.11 -o requirements.lock --upgrade

$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "latent-audit needs Python 3.11 or newer; none was found (name one: make PYTHON=/path/to/python3)" >&2; exit 1; }
	@echo "Setting up .venv with $(PYTHON) (about a minute the first time)"
	@test -x $(BIN)/uv || { $(PYTHON) -m venv .venv && $(BIN)/python -m pip install -q uv; }
	@# Compiled once here: every process of a run would else compile what it imports.
	@$(BIN)/uv pip sync -q --compile-bytecode requirements.lock
	@$(BIN)/uv pip install -q --no-deps -e .
	@touch $(READY)

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
