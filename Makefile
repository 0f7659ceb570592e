# What can be done here; `make` alone lists it. Needs Python 3.11 or newer, git and make. All else goes into .venv.
#
# Another interpreter: make test PYTHON=python3.13 VENV=.venv313

PYTHON ?= python3
VENV ?= .venv
ARGS ?=

# Relative names of make's own would break where the recipe changes folders; none does.
IN := $(VENV)/bin
PIP := $(IN)/python -m pip --disable-pip-version-check --no-input --require-virtualenv -qq
# Extras stay: pip 23 takes `coverage[toml]` for a project that `coverage==…` says nothing about (tests/test_locks.py).
COMPILE := $(IN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-strip-extras --no-header --no-annotate --no-emit-index-url --no-emit-find-links pyproject.toml
UV := uv==0.13.9
AUDIT := pip-audit==2.10.1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SILENT:
.PHONY: help demo test lint bench soak language pictures lock audit clean

help: ## this list
	grep -E '^[a-z]+:.*##' Makefile | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

demo: $(VENV)/.for-demo ## the bot on stand-ins, with a chat page in the browser (ARGS="--telegram-port 9081" …)
	exec $(IN)/python -m bot demo $(ARGS)

test: $(VENV)/.for-working ## all tests; bot/core and bot/views must be covered to the last line (ARGS="-k cancel" …)
	$(IN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder --cov=bot.core --cov=bot.views --cov-branch \
		--cov-report=term-missing:skip-covered $(if $(ARGS),,--cov-fail-under=100) $(ARGS)

lint: $(VENV)/.for-working ## style, types, direction of imports, catalogues
	$(IN)/ruff check .
	$(IN)/ruff format --check --quiet .
	$(IN)/mypy
	$(IN)/lint-imports --no-logo
	$(IN)/python -c 'from bot.i18n import Translators; print("catalogues:", *Translators.load().supported)'

bench: $(VENV)/.for-working ## all benches, or some (ARGS="load isolation"; ARGS=--help lists them)
	$(IN)/python -m bench $(ARGS)

soak: $(VENV)/.for-working ## kill the bot while citizens book, and count (ARGS="--bookings 150 --kills 30 --seed 1")
	$(IN)/python -m bench.soak $(ARGS)

language: $(VENV)/.for-working ## an empty catalogue for a new language (LOCALE=ff)
	$(IN)/python -m tests.new_catalogue $(LOCALE)

pictures: $(VENV)/.for-working ## the pictures of the documents, taken again from the running bot (needs Chromium)
	PICTURES=docs $(IN)/python -m pytest tests/browser/test_pictures.py $(ARGS)

lock: $(VENV)/.made ## all locks again from pyproject.toml (the newest versions that fit: LOCK=--upgrade)
	$(PIP) install $(UV)
	$(COMPILE) --extra postgresql $(LOCK) --output-file requirements.lock
	$(COMPILE) --extra postgresql --extra sandbox --constraint requirements.lock $(LOCK) \
		--output-file requirements-sandbox.lock
	$(COMPILE) --extra postgresql --extra sandbox --extra dev --constraint requirements-sandbox.lock $(LOCK) \
		--output-file tests/requirements.lock

audit: $(VENV)/.made ## search the locks for known vulnerabilities (needs PyPI itself: an index has no advisories)
	$(IN)/python -m venv $(VENV)/audit
	$(VENV)/audit/bin/python -m pip --disable-pip-version-check --no-input -qq install $(AUDIT)
	$(VENV)/audit/bin/pip-audit --strict --require-hashes --disable-pip --requirement tests/requirements.lock

clean: ## remove what all this made: the environment, caches, the demo's data
	rm -rf $(VENV) .sandbox .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find bot tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

# --- the environment: made once, brought up to date when a lock changes --------------------------------------------

$(VENV)/.made:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed; '$(PYTHON)' is not. Name another: make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "'$(PYTHON)' cannot make environments; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/.for-demo: requirements-sandbox.lock $(VENV)/.made
	echo "Installing what the bot and its stand-ins need into $(VENV) …"
	$(PIP) install --require-hashes --requirement requirements-sandbox.lock
	touch $@

$(VENV)/.for-working: tests/requirements.lock $(VENV)/.made
	echo "Installing what the bot and its tests need into $(VENV) …"
	$(PIP) install --require-hashes --requirement tests/requirements.lock
	touch $@ $(VENV)/.for-demo
