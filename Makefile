# Each target sets up all it needs in .venv and runs; nothing outside this folder is touched.
#   make demo    environment, then every arm on its embedded synthetic input, and a report
#   make taste   environment, then one arm of the demo on fewer galaxies, and its page
#   make test    environment, lint, unit and workflow tests: what a change must pass
#   make test-all   those and the long ones: more faults and damaged files, the docs' long commands,
#                a real Slurm (root); about an hour
#   make models  the folders of trained networks, which predict from anybody's input (RUN=demo)
#   make lint    ruff, mypy, numpydoc, snakefmt, snakemake --lint
#   make bench   timings beside public peers
#   make verify  every result of a run against the record of how it was made (RUN=demo)
#   make crate   one RO-Crate that describes a whole run
#   make test-cluster   one arm through a real Slurm, installed from the distribution (root)
#   make test-faults    50 rounds of killed jobs, full disks, vanished files; goes on where it ended
#   make fuzz    a million damaged files for every reader; goes on where it ended
#   make config  config.yaml, its schema and the tables of config/README.md, of src/skyloom/config
#   make docs    the documentation as pages, in results/docs
#   make test-docs   every command of the README and the tutorial, the long ones too
PYTHON ?= python3
CORES ?= $(shell nproc)
VENV := .venv
BIN := $(VENV)/bin
RUN := $(shell sed -n 's/^run: *//p' config/config.yaml)

.DEFAULT_GOAL := help
.PHONY: help demo taste models test test-all lint bench verify crate test-cluster test-faults fuzz config docs test-docs clean check

help:
	@sed -n '2,/^[^#]/s/^# *//p' Makefile

check:
	@command -v $(PYTHON) >/dev/null || { echo "skyloom: there is no $(PYTHON): install Python 3.11 or newer (Debian: apt-get install python3 python3-venv), or name it with make PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "skyloom: $(PYTHON) is older than 3.11: install a newer one, or name it with make PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "skyloom: $(PYTHON) has no venv module: install it (Debian: apt-get install python3-venv)"; exit 1; }
	@command -v $${CC:-cc} >/dev/null || { echo "skyloom: there is no C compiler: install one (Debian: apt-get install gcc libc6-dev), or name it in CC"; exit 1; }

# A stamp is written last, so that a broken installation is done again.
$(VENV)/run.stamp: requirements.txt | check
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt $(VENV)/run.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

demo: $(VENV)/run.stamp
	$(BIN)/snakemake --cores $(CORES)
	@echo "skyloom: done. Open results/$(RUN)/report/index.html in a browser; datasets, models and figures are in results/$(RUN)/."

taste: $(VENV)/run.stamp
	$(BIN)/snakemake --cores $(CORES) --configfile config/taste.yaml
	@echo "skyloom: done. Open results/taste/report/index.html in a browser; make demo makes all arms."

models: $(VENV)/run.stamp
	$(BIN)/snakemake --cores $(CORES) models

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/numpydoc lint $$(find src/skyloom -name "*.py")
	$(BIN)/snakefmt --check workflow
	$(BIN)/snakemake --lint

# Two files of tests at a time: each waits a good part of its time for one process or another.
TESTS := $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

test: lint
	$(TESTS)

test-all: lint
	$(TESTS) --long

bench: $(VENV)/dev.stamp
	PYTHONPATH=src $(BIN)/python benchmarks/run.py

verify: $(VENV)/run.stamp
	$(BIN)/python scripts/verify.py results/$(RUN)

crate: $(VENV)/run.stamp
	$(BIN)/snakemake --cores $(CORES) crate

test-cluster: $(VENV)/dev.stamp
	$(BIN)/python tests/cluster/run.py

test-faults: $(VENV)/dev.stamp
	$(BIN)/python tests/faults/rounds.py --rounds 50 --results results/campaigns/faults.jsonl

fuzz: $(VENV)/dev.stamp
	$(BIN)/python tests/fuzz/fuzz_campaign.py --results results/campaigns/fuzz.jsonl

config: $(VENV)/dev.stamp
	PYTHONPATH=src $(BIN)/python -m skyloom.config

docs: $(VENV)/dev.stamp
	$(BIN)/sphinx-build -q -W -n -b html docs results/docs
	@echo "skyloom: done. Open results/docs/index.html in a browser."

test-docs: $(VENV)/dev.stamp
	$(BIN)/python -m pytest --long -s tests/docs

clean:
	rm -rf $(VENV) .snakemake .pytest_cache .ruff_cache .hypothesis
