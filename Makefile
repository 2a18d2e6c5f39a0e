# `make reproduce`: every figure and the claims table. `make test`: every check.
# `make explorer`: a page for the browser, from recorded tables where nothing was run.
# `make docs`: the site. `make report`: a run as Snakemake's report. `make teach`: the course.
# All need only git, make and Python >= 3.11; they set up .venv themselves.

PYTHON ?= python3
CORES ?= $(shell $(PYTHON) -c "import os; print(len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count())")
BIN := .venv/bin

.PHONY: reproduce explorer report docs teach test environment check readme clean

reproduce: environment
	$(BIN)/snakemake --cores $(CORES) --workflow-profile workflow/profiles/default
	@$(BIN)/stagewise claims --show
	@$(BIN)/stagewise times
	@echo "figures: results/laptop/figures   tables: results/laptop"

explorer: environment
	@$(BIN)/stagewise explorer

report: reproduce
	$(BIN)/snakemake --cores 1 --workflow-profile workflow/profiles/default --report results/laptop/report.zip
	$(BIN)/stagewise archive
	@echo "report: results/laptop/report.zip (unpack it, open report/report.html)"

test: environment
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pydoclint --quiet models analysis figures stagewise/attribution
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint
	$(BIN)/pytest -n $(CORES)

teach: environment
	$(BIN)/jupyter lab --notebook-dir notebooks

docs: environment
	$(BIN)/python -m stagewise.site

readme: environment
	$(BIN)/stagewise readme

environment: .venv/.installed

.venv/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c "import sys; sys.exit(0 if sys.version_info >= (3, 11) else 'Python >= 3.11 is needed, found ' + sys.version.split()[0] + ': make PYTHON=python3.11 ...')"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

clean:
	rm -rf results .snakemake docs/_build
