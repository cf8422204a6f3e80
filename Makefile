# make demo   the pipeline on data/samples, in .venv (light install, no torch)
# make test   every check, in .venv-dev (all extras, torch included) and the demo in .venv
# make env    .venv-dev alone
# make format ruff's format and safe fixes
# make soak   the long form of the fault tests of batch work, 45 minutes
# Neither environment is ever touched by the other's command. A second call is instant: see the stamp files.

PYTHON ?= python3
LIGHT := .venv
DEV := .venv-dev
SAMPLES := $(sort $(wildcard data/samples/*.txt))
# whose stance the demo judges
TARGETS := --target росія --target Україна --target "Європейський Союз"

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# tests and demo must not reach for a network, nor a machine of many cores start a thread for each of them in each test
export HF_HUB_OFFLINE := 1
OMP_NUM_THREADS ?= 2
export OMP_NUM_THREADS

.PHONY: demo env test lint format soak
.DELETE_ON_ERROR:

demo: $(LIGHT)/.installed
	$(LIGHT)/bin/ukrnlp run $(SAMPLES) --to en $(TARGETS)

env: $(DEV)/.installed

test: lint $(LIGHT)/.installed
	$(DEV)/bin/python -m pytest $(PYTEST_ARGS)

lint: $(DEV)/.installed
	$(DEV)/bin/ruff check .
	$(DEV)/bin/ruff format --check .
	$(DEV)/bin/mypy
	$(DEV)/bin/lint-imports

format: $(DEV)/.installed
	$(DEV)/bin/ruff format .
	$(DEV)/bin/ruff check --fix .

soak: $(DEV)/.installed
	$(DEV)/bin/python scripts/soak_batch.py --kills 40 --speed --megabytes 1 --megabytes 100 --minutes 30

# editable, so that the models of this checkout are found and a changed source needs no new install
$(LIGHT)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(v < (3, 11) and f"ukrnlp needs Python 3.11 or newer, this is {v[0]}.{v[1]}: make PYTHON=python3.12 demo")'
	$(PYTHON) -m venv $(LIGHT)
	$(LIGHT)/bin/python -m pip install --quiet --editable .
	@touch $@

$(DEV)/.installed: pyproject.toml constraints-dev.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(v < (3, 11) and f"ukrnlp needs Python 3.11 or newer, this is {v[0]}.{v[1]}: make PYTHON=python3.12 test")'
	$(PYTHON) -m venv $(DEV)
	$(DEV)/bin/python -m pip install --quiet --constraint constraints-dev.txt --editable '.[dev]'
	@touch $@
