# make report: the default audit.  make test: the tests.  Both set everything up themselves.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
READY := .venv/.ready
# What tests and checks need on top; a report does without.
READY_TO_TEST := .venv/.ready-to-test
PEERS := .venv-bench/.ready
# Python may keep what it compiles, also where the environment says otherwise: each process of each run would compile
# all that it imports. Compiling everything at set-up instead takes twice as long, since most of it is never imported.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: report test endurance check format docs bench lock clean
report: $(READY)
	@$(BIN)/latent-audit run

test: $(READY_TO_TEST)
	@$(BIN)/python -m tests.run_tests

endurance: $(READY_TO_TEST)
	@$(BIN)/python -m tests.run_tests -m endurance -n 2

check: $(READY_TO_TEST)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/vulture
	$(BIN)/lint-imports

format: $(READY_TO_TEST)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The documentation site, in docs/_build/html; needs no network.
docs: $(READY_TO_TEST)
	@$(BIN)/python -m sphinx -W --keep-going -q -d docs/_build/doctrees docs docs/_build/html
	@echo "docs/_build/html/index.html"

bench: $(READY) $(PEERS)
	@$(BIN)/python -m benchmarks --peer-python .venv-bench/bin/python

# Peers live apart: what they pin must not bend what we run with.
$(PEERS): requirements.lock pyproject.toml
	@$(BIN)/uv venv -q --allow-existing --python $(BIN)/python .venv-bench
	@$(BIN)/uv pip install -q --python .venv-bench/bin/python -r requirements.lock -r pyproject.toml --extra bench
	@touch $(PEERS)

# A new set of pinned versions, from the ranges in pyproject.toml.
lock: $(READY)
	$(BIN)/uv pip compile -q pyproject.toml --python-version 3.11 -o requirements.lock --upgrade
	$(BIN)/uv pip compile -q pyproject.toml --extra dev -c requirements.lock --python-version 3.11 \
		-o requirements-dev.lock --upgrade

# uv comes by the pip that Python has; a pip of .venv's own, which takes four seconds to make, only where it has none.
# What a user installed beside the lock, for a model of their own, stays: nothing is removed.
$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "latent-audit needs Python 3.11 or newer; none was found (name one: make PYTHON=/path/to/python3)" >&2; exit 1; }
	@echo "Setting up .venv with $(PYTHON) (some seconds; minutes where packages must be downloaded)"
	@test -x $(BIN)/uv || $(PYTHON) -m venv --without-pip .venv
	@test -x $(BIN)/uv || $(PYTHON) -m pip --python $(BIN)/python install -q uv 2>/dev/null \
		|| { $(BIN)/python -m ensurepip >/dev/null && $(BIN)/python -m pip install -q uv; }
	@$(BIN)/uv pip install -q -r requirements.lock
	@$(BIN)/uv pip install -q --no-deps -e .
	@touch $(READY)

$(READY_TO_TEST): $(READY) requirements-dev.lock
	@$(BIN)/uv pip install -q -r requirements-dev.lock
	@$(BIN)/uv pip install -q --no-deps -e .
	@touch $(READY_TO_TEST)

clean:
	rm -rf docs/_build .venv .venv-bench .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
