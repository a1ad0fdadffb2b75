# make run, make test, make bench, make fuzz: each sets up .venv first, once.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Touched when the setup is complete; a change of pyproject.toml sets up again.
READY := $(VENV)/ready

.PHONY: run test format-check lint types tests bench fuzz format clean
# The checks run in the order of their list, also under `make -j`.
.NOTPARALLEL:

run: $(READY)
	$(BIN)/evosearch run configs/charlm.yaml

# The one list of checks: .ci/run and .pre-commit-config.yaml call these targets.
test: format-check lint types tests

format-check: $(READY)
	$(BIN)/ruff format --check .

lint: $(READY)
	$(BIN)/ruff check .

types: $(READY)
	$(BIN)/mypy

# A file stays with one process, which makes its fixtures once; tests/conftest.py puts
# the files in order. One revision, one answer: the examples are the same each time
# (plain pytest draws new ones, and so does fuzz).
tests: $(READY)
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not gpu" \
		--hypothesis-profile ci

bench: $(READY)
	$(BIN)/python -m tests.performance --save experiments/machine-speed
	$(BIN)/python -m tests.performance.workers
	$(BIN)/python -m tests.performance.driver
	$(BIN)/python -m tests.performance.exports

# The defaults take two minutes on two cores; TEXTS=1000000 PROGRAMS=100000 about an
# hour. What is found is printed as a test, and found again by its seed and number.
TEXTS ?= 25000
PROGRAMS ?= 2500
SEED ?= 0

fuzz: $(READY)
	$(BIN)/python -m tests.fuzz --texts $(TEXTS) --programs $(PROGRAMS) --seed $(SEED)

# Mends what format-check and lint can mend by themselves.
format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis

# pip reads [dependency-groups] since 25.1, and Python brings older ones: upgrade first.
$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "evosearch needs Python 3.11 or newer, which $(PYTHON) is not:" \
			"name one, as in make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Setting up $(VENV): a few minutes, once (2.1 GB of disk," \
		"and several more with PyTorch for CUDA: README.md says how to do without)."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --editable . --group dev
	@touch $(READY)
