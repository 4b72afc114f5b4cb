# Everything happens in .venv; the only things needed beforehand are Python 3.10 or newer and make.

PYTHON ?= python3
RUN := .venv/bin/python
TORCH := torch==2.13.0

export PIP_DISABLE_PIP_VERSION_CHECK := 1
unexport PYTHONPATH PYTHONHOME

.PHONY: help demo test test-lowering test-versions corpus bench-typing bench-index bench-project docs clean

help:  ## what can be made (this list)
	@echo "make demo            set up .venv and show what dryfit finds in examples/ (a minute the first time)"
	@echo "make test            set up .venv with torch and lightning and run all tests (some minutes)"
	@echo "make test-lowering   compare both parsers on every file of torch, lightning and torchmetrics"
	@echo "make test-versions   check one project in environments with other versions of Lightning (downloads 12 MB)"
	@echo "make corpus CORPUS=F compare what is found in public code below folder F with what was judged (minutes)"
	@echo "make bench-typing    measure what a keystroke costs in files of 100 to 5,000 lines"
	@echo "make bench-index     measure what the project index costs for 500 files and for lightning"
	@echo "make bench-project   measure what an edit of a base class costs in a project of 500 files"
	@echo "make docs            write docs/rules/ anew from the rules"
	@echo "make clean           remove .venv and everything else that can be made again"

# It is a demonstration, so findings are a success.
demo: .venv/installed
	$(RUN) -m dryfit check examples/ --exit-zero

# `loadfile` keeps the tests of a file together: the witnesses share one interpreter that has the frameworks imported.
test: .venv/testable
	$(RUN) -m pytest -n auto --maxprocesses 4 --dist loadfile

test-lowering: .venv/testable
	$(RUN) tests/syntax/lowering_agreement.py

test-versions: .venv/testable
	$(RUN) tests/versions/environments.py .venv/versions

corpus: .venv/testable
	$(RUN) tests/corpus/compare.py "$(or $(CORPUS),$(error CORPUS=folder: what lies in it is said in tests/corpus/compare.py))"

bench-typing: .venv/testable
	$(RUN) tests/benchmarks/bench_typing.py

bench-index: .venv/testable
	$(RUN) tests/benchmarks/bench_index.py

bench-project: .venv/testable
	$(RUN) tests/benchmarks/bench_project.py

docs: .venv/installed
	$(RUN) docs/rule_pages.py

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find server rules tests docs -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps are younger than pyproject.toml as long as what it asks for is installed; then nothing is downloaded.
.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 10) or sys.exit("dryfit needs Python 3.10 or newer, this is " + sys.version.split()[0] + "; try: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv

.venv/installed: pyproject.toml | .venv/bin/pip
	$(RUN) -m pip install --quiet --editable .
	@touch $@

# torch by itself first, in the plainest way: a machine that keeps a build for the CPU then takes that one.
.venv/testable: pyproject.toml | .venv/bin/pip
	$(RUN) -m pip install --quiet "$(TORCH)"
	$(RUN) -m pip install --quiet --editable ".[test]"
	@touch $@ .venv/installed
