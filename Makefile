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

.PHONY: report test endurance check format docs bench gpu-check gpu-wheels lock clean
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

# What a GPU computes and how fast, in at most eight minutes; figures after every part. In small, on a CPU:
# make gpu-check GPU_CHECK="--device cpu --quick --results FILE". Where there is no .venv, as on a machine without
# network: python3 there, which must have torch, scikit-learn, scipy, pandas and safetensors, and what gpu-wheels fetched.
GPU_CHECK ?= --document docs/scale.md
gpu-check:
	@if test -x $(BIN)/python; then $(BIN)/python -m benchmarks.gpu.check $(GPU_CHECK); \
	else PYTHONPATH=$(GPU_WHEELS) python3 -m benchmarks.gpu.check $(GPU_CHECK); fi

# In the versions of the locks, for Linux on x86-64 and Python 3.12, unpacked, so that nothing is installed there.
GPU_WHEELS := .gpu-wheels
GPU_PACKAGES := annotated-types captum cloudpickle imageio pydantic pydantic-core pythae typing-extensions typing-inspection
gpu-wheels: $(READY)
	@rm -rf $(GPU_WHEELS)
	@$(BIN)/uv pip install -q --no-deps --only-binary :all: --python-platform x86_64-manylinux_2_28 --python-version 3.12 \
		--target $(GPU_WHEELS) $(foreach name,$(GPU_PACKAGES),$(shell grep -h '^$(name)==' requirements.lock requirements-dev.lock | head -1))
	@rm -rf $(GPU_WHEELS)/bin && du -sh $(GPU_WHEELS)

# Peers live apart: what they pin must not bend what we run with.
$(PEERS): requirements.lock pyproject.toml
	@$(BIN)/uv venv -q --allow-existing --python $(BIN)/python .venv-bench
	@$(BIN)/uv pip install -q --python .venv-bench/bin/python -r requirements.lock -r pyproject.toml --extra bench
	@touch $(PEERS)

# A new set of pinned versions, from the ranges in pyproject.toml. The package dataclasses, which pythae names, is for
# Python 3.6: where it comes before Python's own module, Prefect's server does not start.
lock: $(READY)
	$(BIN)/uv pip compile -q pyproject.toml --python-version 3.11 -o requirements.lock --upgrade
	$(BIN)/uv pip compile -q pyproject.toml --extra dev -c requirements.lock --python-version 3.11 \
		--no-emit-package dataclasses \
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
	@$(BIN)/uv pip install -q --no-deps -r requirements-dev.lock
	@$(BIN)/uv pip install -q --no-deps -e .
	@touch $(READY_TO_TEST)

clean:
	rm -rf docs/_build .venv .venv-bench .gpu-wheels .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
